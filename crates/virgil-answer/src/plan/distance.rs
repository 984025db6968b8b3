//! Clauses that only say how far a question reaches: `, whether directly or by way of another`, `, just the nearest ones`.
//!
//! There are more ways to say that than a lexicon lists, but they are made of few words. A clause of nothing but these becomes one
//! word that the lexicon knows.

use crate::plan::tokens::Token;

/// Words that say a walk goes on.
const FAR: &[&str] = &[
    "through",
    "via",
    "indirectly",
    "indirect",
    "far",
    "transitive",
    "transitively",
    "transitives",
    "detours",
    "detour",
    "however",
    "several",
    "chain",
    "further",
    "intermediate",
    "distance",
    "depth",
    "deep",
    "back",
    "hops",
    "steps",
    "levels",
    "later",
];
/// Words that say it ends.
const NEAR: &[&str] = &[
    "nearest",
    "immediate",
    "immediately",
    "directly",
    "direct",
    "one",
    "first",
    "no",
    "not",
    "without",
    "straight",
    "itself",
];
/// What else such a clause consists of.
const OTHER: &[&str] = &[
    "whether",
    "even",
    "if",
    "only",
    "just",
    "be",
    "it",
    "is",
    "or",
    "and",
    "but",
    "by",
    "of",
    "the",
    "a",
    "an",
    "ones",
    "those",
    "that",
    "these",
    "themselves",
    "counting",
    "including",
    "include",
    "included",
    "also",
    "too",
    "through",
    "something",
    "anything",
    "someone",
    "else",
    "other",
    "others",
    "another",
    "need",
    "needs",
    "rely",
    "relies",
    "depend",
    "depends",
    "use",
    "uses",
    "on",
    "up",
    "down",
    "away",
    "later",
    "earlier",
    "before",
    "after",
    "step",
    "steps",
    "hop",
    "hops",
    "level",
    "levels",
    "matter",
    "how",
    "to",
    "very",
    "right",
    "source",
    "start",
    "beginning",
    "origin",
    "at",
    "as",
    "possible",
    "going",
    "goes",
    "go",
    "follow",
    "some",
    "near",
    "in",
    "between",
    "stages",
    "stage",
    "they",
    "ways",
    "please",
    "dependencies",
    "dependency",
    "course",
    "them",
    "from",
    "with",
    "way",
    "any",
    "many",
    "everything",
    "all",
];

/// What others a walk goes through.
const OTHERS: &[&str] = &[
    "tables",
    "features",
    "datasets",
    "columns",
    "components",
    "tasks",
    "assets",
    "things",
];

/// A sentence in which clauses of distance have become one word each.
pub(super) fn said_shortly(words: &[Token]) -> Vec<Token> {
    let mut shorter: Vec<Token> = Vec::new();
    let mut clause: Vec<Token> = Vec::new();
    let mut is_first = true;
    for token in words {
        if token.text == "," && !token.quoted {
            flush(&mut shorter, &mut clause, is_first);
            is_first = false;
            clause.push(token.clone());
        } else {
            clause.push(token.clone());
        }
    }
    flush(&mut shorter, &mut clause, is_first);
    shorter
}

fn flush(shorter: &mut Vec<Token>, clause: &mut Vec<Token>, is_first: bool) {
    let clause = std::mem::take(clause);
    match distance(&clause) {
        Some(word) if !is_first => shorter.push(Token::word(word)),
        _ => shorter.extend(clause),
    }
}

/// What a clause says of how far a question reaches, if it says nothing else.
pub(super) fn distance(clause: &[Token]) -> Option<&'static str> {
    let mut words = clause.iter().filter(|token| token.text != ",").peekable();
    words.peek()?;
    let is_any = |of: &[&str]| {
        let mut words = clause.iter();
        words.any(|token| of.contains(&&*token.text))
    };
    let is_through = is_any(&["through", "via"]);
    let is_of_distance = words.all(|token| {
        let text = &*token.text;
        let is_other = is_through && OTHERS.contains(&text);
        !token.quoted
            && (is_other || FAR.contains(&text) || NEAR.contains(&text) || OTHER.contains(&text))
    });
    if !is_of_distance || clause.len() < 3 {
        return None;
    }
    let is_far = is_any(FAR);
    let is_ended = is_any(&[
        "nearest",
        "immediate",
        "immediately",
        "no",
        "not",
        "without",
        "itself",
    ]);
    let is_either = is_any(&[
        "or",
        "and",
        "whether",
        "even",
        "including",
        "counting",
        "matter",
        "included",
        "also",
        "however",
    ]);
    match (
        is_far || is_any(&["directly", "direct", "straight"]) && is_either,
        is_ended,
    ) {
        // `no matter how far`, `directly or not`
        (true, true)
            if is_any(&["matter"]) || is_any(&["or"]) && is_any(&["directly", "direct"]) =>
        {
            Some("transitively")
        }
        // `one step up and no further`
        (_, true)
            if is_any(&["nearest", "immediate", "immediately"])
                || is_any(&["no"]) && is_any(&["further"]) =>
        {
            Some("directly")
        }
        (true, false) => Some("transitively"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tokens::tokens;

    #[test]
    fn clauses_of_distance_become_one_word() {
        for (clause, expect) in [
            (
                "whether directly or by way of another",
                Some("transitively"),
            ),
            (
                "counting those that only need it through something else",
                Some("transitively"),
            ),
            (
                "even if only through other tables and features",
                Some("transitively"),
            ),
            ("however far back", Some("transitively")),
            ("no matter how many steps later", Some("transitively")),
            ("directly or not", Some("transitively")),
            ("including the ones several hops up", Some("transitively")),
            ("one step up and no further", Some("directly")),
            ("just the nearest ones", Some("directly")),
            ("not the tables", None),
            ("and no other owner", None),
            ("only the tables please", None),
            ("all of them", None),
            ("and models", None),
        ] {
            assert_eq!(distance(&tokens(clause)), expect, "{clause}");
        }
    }

    #[test]
    fn the_question_itself_stays() {
        let said = |text: &str| -> String {
            let words: Vec<Token> = said_shortly(&tokens(text));
            words
                .iter()
                .map(|word| &*word.raw)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            said("Which tables, however far back, does it rely on"),
            "Which tables transitively , does it rely on"
        );
        assert_eq!(
            said("Which tables, models and columns"),
            "Which tables , models and columns"
        );
    }
}
