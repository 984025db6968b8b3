//! The part of a sentence that asks, and what people say around it: `Before we approve a change to X, tell me which dataset it
//! takes its data from, so that I can warn the owner.`
//!
//! Clauses are told apart by commas and conjunctions, and the asking one by its question word or order. What stands around it
//! may name what is asked about, but its other words say nothing that an answer depends on.

use std::ops::Range;

use crate::plan::tokens::Token;

/// Words that open a question or an order.
const WH: &[&str] = &[
    "which", "what", "who", "whom", "whose", "where", "when", "how",
];
/// Verbs of an order for an answer.
const ORDERS: &[&str] = &[
    "list",
    "show",
    "give",
    "tell",
    "name",
    "find",
    "count",
    "get",
    "please",
    "fetch",
    "display",
    "enumerate",
    "trace",
    "print",
    "dump",
    "resolve",
    "point",
    "walk",
    "take",
];
/// Verbs that stand in front of a question clause: `I would like to know which`.
const WONDER: &[&str] = &[
    "know",
    "ask",
    "asks",
    "asked",
    "asking",
    "wonder",
    "wondering",
    "see",
    "tell",
    "told",
    "find",
    "understand",
    "check",
    "show",
    "remind",
    "figure",
    "explain",
    "say",
    "list",
    "sure",
    "idea",
    "curious",
    "forgot",
    "remember",
    "learn",
    "hear",
    "decide",
    "wants",
    "needs",
    "need",
    "want",
    "mean",
    "read",
    "confirm",
    "report",
    "verify",
    "asking",
    "looking",
    "look",
];
/// Verbs in front of what is wanted: `we need all datasets that …`.
const WANT: &[&str] = &[
    "need", "needs", "want", "wants", "after", "see", "show", "give", "list", "quote", "get",
    "find", "have", "praise", "invite", "report", "name", "for", "like",
];
/// Who speaks, and who wants to know.
const SPEAKERS: &[&str] = &[
    "i",
    "we",
    "my",
    "our",
    "somebody",
    "someone",
    "people",
    "everyone",
    "everybody",
    "they",
    "there",
    "it",
];
/// Openers of clauses that say when, why or what for.
const REASONS: &[&str] = &[
    "before", "because", "since", "so", "as", "to", "while", "after", "though", "although",
    "until", "during", "judging", "when", "they", "he", "she",
];
/// All that an echo of a question consists of: `and which ones are they?`.
const ECHO: &[&str] = &[
    "which", "what", "who", "whom", "and", "or", "one", "ones", "are", "is", "they", "it", "that",
    "those", "the", "a", "an", "please", "name", "list", "tell", "me", "show", "them", "there",
    "if", "so", "any", "would", "be", "called", "can", "could", "i", "have", "get", "give", "on",
    "see", "'s", "complete", "full", "exactly", "you", "by", "would", "like", "to", "'d", "also",
];

/// What a sentence asks with, and what stands around that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parted {
    /// Runs of words that ask for nothing.
    pub(super) asides: Vec<Range<usize>>,
    /// Runs of words that only ask again what is asked already.
    pub(super) echoes: Vec<Range<usize>>,
}

/// Whether words only ask again: `Which ones?`, `Name them, please.`
pub(super) fn is_echo(words: &[Token]) -> bool {
    is_left_out(words)
        || !words.is_empty()
            && words.len() <= 8
            && words
                .iter()
                .all(|token| !token.quoted && (token.text == "," || ECHO.contains(&&*token.text)))
            && words.iter().any(|token| {
                WH.contains(&&*token.text)
                    || matches!(
                        &*token.text,
                        "name" | "list" | "tell" | "show" | "give" | "them" | "those"
                    )
            })
}

/// Whether a question leaves out what was said before: `Which services do?`
fn is_left_out(words: &[Token]) -> bool {
    let is = |token: Option<&Token>, of: &[&str]| {
        token.is_some_and(|token| !token.quoted && of.contains(&&*token.text))
    };
    (3..=5).contains(&words.len())
        && is(words.first(), &["which", "what"])
        && is(
            words.last(),
            &["do", "does", "did", "are", "is", "have", "has"],
        )
}

/// Whether a sentence says what somebody does or wants.
pub(super) fn is_spoken(words: &[Token]) -> bool {
    let first = words.first().map_or("", |token| &*token.text);
    SPEAKERS.contains(&first) && wanted(words).is_none()
}

/// Parts a sentence into the clause that asks and what stands around it; nothing where no clause asks.
pub(super) fn parted(words: &[Token]) -> Parted {
    let mut parted = Parted::default();
    let mut clauses = clauses(words);
    // `…, and which one?`
    if let Some(last) = clauses.last().cloned()
        && clauses.len() > 1
        && is_echo(&words[last.clone()])
    {
        parted.echoes.push(last);
        clauses.pop();
    }
    let of = |clause: &Range<usize>| opens(&words[clause.clone()]);
    let is_reason = |clause: &Range<usize>| {
        let first = words[clause.clone()].iter().find(|token| token.text != ",");
        first.is_some_and(|first| REASONS.contains(&&*first.text))
    };
    let Some(asking) = clauses
        .iter()
        .position(|clause| of(clause) == Some(0))
        .or_else(|| {
            clauses
                .iter()
                .position(|clause| of(clause).is_some() && !is_reason(clause))
        })
        .or_else(|| clauses.iter().position(|clause| of(clause).is_some()))
        .or_else(|| {
            clauses
                .iter()
                .position(|clause| wanted(&words[clause.clone()]).is_some())
        })
    else {
        return parted;
    };
    for (index, clause) in clauses.iter().enumerate() {
        let said = &words[clause.clone()];
        if index == asking {
            let start = opens(said).or_else(|| wanted(said)).unwrap_or_default();
            if start > 0 {
                parted.asides.push(clause.start..clause.start + start);
            }
        } else if (opens(said).is_none() || is_reason(clause))
            && (is_aside(said) || index < asking && !is_about(said))
        {
            parted.asides.push(clause.clone());
        }
    }
    parted
}

/// The clauses of a sentence.
fn clauses(words: &[Token]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let text = |at: usize| words.get(at).map_or("", |token| &*token.text);
    for at in 1..words.len() {
        if words[at].quoted {
            continue;
        }
        let is_speaker = |at: usize| matches!(text(at), "i" | "we" | "they" | "that");
        let begins = match text(at) {
            "," => true,
            "because" | "plus" if at + 1 < words.len() && is_speaker(at + 1) => true,
            "so" => is_speaker(at + 1),
            "and" | "but" | "since" | "as" | "before" => matches!(text(at + 1), "i" | "we"),
            _ => false,
        };
        if begins && at > start {
            found.push(start..at);
            start = at;
        }
    }
    found.push(start..words.len());
    found
}

/// Where the question or order of a clause begins, if it has one; words before it only say that somebody asks.
fn opens(words: &[Token]) -> Option<usize> {
    let first = words
        .iter()
        .position(|token| !matches!(&*token.text, "," | "and" | "so" | "but" | "then" | "now"))?;
    let text = |at: usize| words.get(at).map_or("", |token| &*token.text);
    let is = |at: usize, of: &[&str]| !words[at].quoted && of.contains(&text(at));
    if is(first, ORDERS) || is(first, WH) {
        return Some(0);
    }
    // `is there`, `does it`
    if matches!(
        text(first),
        "is" | "are" | "does" | "do" | "did" | "has" | "have" | "can" | "could" | "was" | "were"
    ) {
        return Some(0);
    }
    // `in which tables`, `of all the models, which`
    if is_preposition(text(first)) && first + 1 < words.len() && is(first + 1, WH) {
        return Some(0);
    }
    let wh = (first..words.len()).find(|at| is(*at, WH))?;
    let wonders = (first..wh).rev().find(|at| is(*at, WONDER));
    let is_near = wonders.is_some();
    if !is_near {
        return None;
    }
    // The preposition belongs to the question: `asks on which fields`.
    let start = if is_preposition(text(wh - 1)) {
        wh - 1
    } else {
        wh
    };
    Some(start)
}

/// Where what a clause wants begins: behind `I need`.
fn wanted(words: &[Token]) -> Option<usize> {
    let text = |at: usize| words.get(at).map_or("", |token| &*token.text);
    let subject = (0..words.len().min(6)).find(|at| {
        let next = text(at + 1);
        SPEAKERS[..2].contains(&text(*at)) || matches!(next, "needs" | "wants")
    })?;
    let verb = (subject + 1..words.len()).find(|at| {
        !words[*at].quoted
            && WANT.contains(&text(*at))
            && !(text(*at) == "have" && *at > subject + 1)
    })?;
    let mut end = verb + 1;
    while matches!(text(end), "to") && WANT.contains(&text(end + 1)) {
        end += 2;
    }
    (end < words.len()).then_some(end)
}

/// Whether a clause says when, why or what for, or what somebody does.
fn is_aside(words: &[Token]) -> bool {
    let mut said = words
        .iter()
        .filter(|token| !matches!(&*token.text, "," | "and" | "but"));
    let first = said.next().map_or("", |token| &*token.text);
    SPEAKERS.contains(&first) || REASONS.contains(&first)
}

/// Whether a clause in front of a question says what it is asked of: `of the models in production, which …`.
fn is_about(words: &[Token]) -> bool {
    let narrows = |token: &Token| {
        matches!(
            &*token.text,
            "not" | "no" | "only" | "except" | "without" | "excluding" | "leaving" | "apart" | "if"
        )
    };
    words.iter().any(narrows)
        || words.first().is_some_and(|first| {
            matches!(
                &*first.text,
                "of" | "among"
                    | "within"
                    | "in"
                    | "on"
                    | "from"
                    | "under"
                    | "with"
                    | "given"
                    | "those"
            )
        })
}

fn is_preposition(word: &str) -> bool {
    matches!(
        word,
        "in" | "on" | "of" | "from" | "for" | "by" | "at" | "to" | "into" | "with"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tokens::tokens;

    /// A sentence with its asides in brackets and its echoes in braces.
    fn shown(sentence: &str) -> String {
        let words = tokens(sentence);
        let words: Vec<Token> = words.into_iter().filter(|word| word.text != "|").collect();
        let parted = parted(&words);
        let mut shown = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let mut text = word.raw.clone();
            for (ranges, open, close) in [(&parted.asides, '[', ']'), (&parted.echoes, '{', '}')] {
                for range in ranges {
                    if range.start == at {
                        text.insert(0, open);
                    }
                    if range.end == at + 1 {
                        text.push(close);
                    }
                }
            }
            shown.push(text);
        }
        shown.join(" ")
    }

    #[test]
    fn what_stands_around_a_question_is_told_from_it() {
        for (sentence, expect) in [
            ("Which tables does it read?", "Which tables does it read"),
            (
                "Before we approve a change to X, tell me which dataset it takes.",
                "[Before we approve a change to X] , tell me which dataset it takes",
            ),
            (
                "Marketing asks which version it works with",
                "[Marketing asks] which version it works with",
            ),
            (
                "Finance asks on which fields it is based",
                "[Finance asks] on which fields it is based",
            ),
            (
                "Please tell me the jobs that run on it so I can chase people",
                "Please tell me the jobs that run on it [so I can chase people]",
            ),
            (
                "For our register I need all the datasets that are personal",
                "[For our register I need] all the datasets that are personal",
            ),
            (
                "To see where we save money, show me the services",
                "[To see where we save money] , show me the services",
            ),
            (
                "Is there a dashboard that reads it, and which one?",
                "Is there a dashboard that reads it {, and which one}",
            ),
            (
                "models that are served, but not monitored",
                "models that are served , but not monitored",
            ),
        ] {
            assert_eq!(shown(sentence), expect);
        }
    }

    #[test]
    fn an_echo_asks_for_nothing_new() {
        for echo in [
            "Which ones?",
            "Name them, please.",
            "Which are they?",
            "and which one",
        ] {
            assert!(
                is_echo(
                    &tokens(echo)
                        .into_iter()
                        .filter(|word| word.text != "|")
                        .collect::<Vec<_>>()
                ),
                "{echo}"
            );
        }
        for question in [
            "Which tables?",
            "How many?",
            "Who owns them?",
            "List the models.",
        ] {
            assert!(!is_echo(&tokens(question)), "{question}");
        }
    }
}
