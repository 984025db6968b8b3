//! What a question asks for: the names in it, the kind of thing that would answer it, and whether documents can.

use std::sync::LazyLock;

use regex::Regex;

/// A word, an option, or an identifier with its separators.
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"-{0,2}\w[\w./-]*\w|\w"));

/// Signs inside a word that it is an identifier.
static IDENTIFIER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"_|^--|[a-z][A-Z]|\w\.\w|[a-z][0-9]|[0-9][a-z]|\w-"));

/// What changes by the hour.
static NOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(right now|at the moment|yesterday|today|tomorrow|tonight|last (week|month|night|used|year)|this (week|month|morning)|currently (running|used))\b",
    )
});

/// How a kind of answer is asked for, and how it looks. The first that fits counts.
static KINDS: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    [
        // Money.
        (
            r"(?i)\b(costs?|prices?|pricing|expensive|earns?|salary|fees?|pays?|revenue|turnover)\b",
            r"(?i)[$€£]\s?\d|\d[\d.,]*\s?(?:€|\$|EUR|USD|GBP|euros?\b|dollars?\b|cents?\b)",
        ),
        (r"(?i)\b(tele)?phone\b", r"\+\d[\d ()/-]{5,}\d"),
        // A rate.
        (
            r"(?i)\bper (second|minute|hour)\b",
            r"(?i)\d[\d.,]*\s?(\w+\s)?(per|/)\s?(s|second|min|minute|h|hour)\b",
        ),
        // A duration or the end of one.
        (
            r"(?i)\bhow long\b|\b(how many|which|what) (seconds|minutes|hours|days|weeks|months|years)\b|\buntil when\b",
            r"(?i)\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a|an|each|every)\s?-?(ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hours?|d|days?|weeks?|months?|years?|quarters?)\b|\b\d{4}-\d\d|\b(19|20)\d\d\b|daily|weekly|hourly|nightly|P\d+D",
        ),
        // A number.
        (
            r"(?i)\bhow (many|much|large|big|small|high)\b|\bmaximum\b",
            r"(?i)\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|none|no)\b",
        ),
        // A time or an occasion.
        (
            r"(?i)^when\b|\bwhen (was|were|did|is|are|will|may)\b",
            r"(?i)\b\d{4}-\d\d|\b(19|20)\d\d\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|daily|weekly|hourly|nightly|night|quarter|noon|midnight|morning|afternoon|evening|every|after|before|until|once|whenever)\b|\d:\d\d|\bwhen\b|\bif\b|\buse(ful|d)?\b",
        ),
    ]
    .into_iter()
    .map(|(asked, looks)| (pattern(asked), pattern(looks)))
    .collect()
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

/// Whether `question` asks for what changes by the hour.
pub(crate) fn asks_for_now(question: &str) -> bool {
    NOW.is_match(question)
}

/// How an answer to `question` looks, if it asks for something of a recognisable form.
pub(crate) fn form_of_answer(question: &str) -> Option<&'static Regex> {
    KINDS
        .iter()
        .find(|(asked, _)| asked.is_match(question))
        .map(|(_, looks)| looks)
}

/// The words of `question` that look like names: identifiers, options, abbreviations, and capitalised words that do not begin a
/// sentence.
pub(crate) fn names(question: &str) -> Vec<&str> {
    WORD.find_iter(question)
        .filter(|found| {
            let word = found.as_str();
            let before = question[..found.start()].trim_end();
            let begins = before.is_empty() || before.ends_with(['.', '?', '!', ':']);
            let capitals = word.chars().filter(|c| c.is_uppercase()).count();
            let capitalised = word.chars().next().is_some_and(char::is_uppercase);
            IDENTIFIER.is_match(word) || capitals >= 2 || (capitalised && !begins && word != "I")
        })
        .map(|found| found.as_str())
        .collect()
}

/// The words of `question` for which `is_missing` holds, and the question without them.
pub(crate) fn leave_out(
    question: &str,
    is_missing: impl Fn(&str) -> bool,
) -> (Vec<String>, String) {
    let mut missing = Vec::new();
    let mut rest = String::new();
    let mut end = 0;
    for found in WORD.find_iter(question) {
        if is_missing(found.as_str()) {
            missing.push(found.as_str().to_owned());
            rest.push_str(&question[end..found.start()]);
            end = found.end();
        }
    }
    rest.push_str(&question[end..]);
    let words: Vec<&str> = rest.split_whitespace().collect();
    (missing, words.join(" "))
}

/// The sentences and list items of `text`.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, current) in text.char_indices() {
        let ends = current == '\n'
            && text[at + 1..]
                .trim_start_matches([' ', '\t'])
                .starts_with(['-', '*', '|', '#', '\n']);
        if ends || (current.is_whitespace() && matches!(before, '.' | '!' | '?')) {
            sentences.push(&text[start..at]);
            start = at;
        }
        before = current;
    }
    sentences.push(&text[start..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_told_from_words() {
        let check = |question, expect: &[&str]| assert_eq!(names(question), expect, "{question}");
        check("Which image has a Julia kernel?", &["Julia"]);
        check("Can I use IPv6?", &["IPv6"]);
        check(
            "What does --turbo-compile of the KFP compiler do?",
            &["--turbo-compile", "KFP"],
        );
        check("Who owns fct_payment_risk? Say it.", &["fct_payment_risk"]);
        check("How is a pipeline compiled?", &[]);
        check("", &[]);
    }

    #[test]
    fn the_form_of_an_answer_is_recognised() {
        let fits = |question: &str, answer: &str| {
            form_of_answer(question).expect(question).is_match(answer)
        };
        assert!(fits("What does a GPU cost?", "It costs 3.50 EUR an hour."));
        assert!(!fits("What does a GPU cost?", "There are 8 GPUs."));
        assert!(fits("How long does it take?", "It takes about 3 minutes."));
        assert!(!fits("How long does it take?", "It takes a while."));
        assert!(fits("When was 1.4 released?", "2021-10-12"));
        assert!(fits("When is it deployed?", "It is deployed at noon."));
        assert!(fits("When is it deployed?", "After every merge."));
        assert!(!fits("When is it deployed?", "It is deployed."));
        assert!(fits(
            "How many requests per second are allowed?",
            "100 requests per second"
        ));
        assert!(!fits(
            "How many requests per second are allowed?",
            "100 requests"
        ));
        assert!(form_of_answer("How do I install it?").is_none());
        assert!(asks_for_now("What was the revenue yesterday?"));
        assert!(!asks_for_now("What is the revenue?"));
    }

    #[test]
    fn words_are_left_out() {
        let check = |question: &str, missing: &[&str], rest: &str| {
            let left = leave_out(question, |word| missing.contains(&word));
            assert_eq!(
                left,
                (
                    missing.iter().map(|&word| word.to_owned()).collect(),
                    rest.to_owned()
                )
            );
        };
        check(
            "How do I switch the dashboard to dark mode?",
            &["dark", "mode"],
            "How do I switch the dashboard to ?",
        );
        check("Zwölf Äpfel?", &["Zwölf"], "Äpfel?");
        check("dark mode", &["dark", "mode"], "");
        check("Is it dark?", &[], "Is it dark?");
    }

    #[test]
    fn sentences_end_at_full_stops_and_items() {
        assert_eq!(
            sentences("One. Two\nstill two!\n- item\n\nLast"),
            ["One.", " Two\nstill two!", "\n- item", "\n\nLast"]
        );
        assert!(sentences(" \n").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_whole(text in "\\PC{0,200}") {
            let length: usize = sentences(&text).iter().map(|sentence| sentence.trim().len()).sum();
            prop_assert!(length <= text.len());
            names(&text);
            leave_out(&text, |word| word.len() % 2 == 0);
            form_of_answer(&text);
        }
    }
}
