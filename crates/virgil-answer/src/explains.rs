//! Questions that ask for an explanation: how something is done, why, what it is.
//!
//! Prose explains; code and configuration do what it explains, and often hold more of the question's words. Where an explanation is asked
//! for, prose goes before them (`rank.rs`).

use std::sync::LazyLock;

use regex::Regex;

static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:how (?:do|does|can|could|should|would|is|are|to)|why|when should)\b|^\W*what(?:'s|\u{2019}s| is| are| do| does| should)\b",
    )
    .expect("the pattern is valid")
});

/// Whether `question` asks for a way, a reason or a meaning.
pub(crate) fn asks_for_explanation(question: &str) -> bool {
    ASKED.is_match(question)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_are_told_from_facts() {
        for question in [
            "How do I run the app?",
            "how to deploy a model",
            "The build fails. Why?",
            "What is bottega?",
            "what's a feature view",
            "When should I rebuild the index?",
        ] {
            assert!(asks_for_explanation(question), "{question}");
        }
        for question in [
            "Which Node version is needed?",
            "How many models are there?",
            "How often does the job run?",
            "Who owns orders?",
            "At what time does the build start?",
            "",
        ] {
            assert!(!asks_for_explanation(question), "{question}");
        }
    }
}
