//! Questions that no set of things answers: how something is done, why, and what to do about it. Documents say that.

use crate::plan::tokens::Token;

/// Who does something.
const WHO: &[&str] = &[
    "i", "we", "you", "one", "someone", "somebody", "people", "everyone",
];
/// What stands between `how` and who does it.
const AUXILIARIES: &[&str] = &[
    "do", "did", "can", "could", "should", "would", "must", "may", "might", "shall",
];

/// Whether a question asks for a way of doing something, a reason, or advice: `how do I get a notebook`, `what now`.
pub(super) fn asks_for_a_way(tokens: &[Token]) -> bool {
    let word = |at: usize| {
        let token = tokens.get(at).filter(|token| !token.quoted);
        token.map_or("", |token| &*token.text)
    };
    (0..tokens.len()).any(|at| {
        let (next, third, fourth) = (word(at + 1), word(at + 2), word(at + 3));
        match word(at) {
            "why" => true,
            "how" => next == "to" || (AUXILIARIES.contains(&next) && WHO.contains(&third)),
            "what" => {
                matches!(next, "now" | "next" | "happened")
                    || (next, third) == ("to", "do")
                    || (next, third) == ("went", "wrong")
                    || (AUXILIARIES.contains(&next) && WHO.contains(&third) && fourth == "do")
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tokens::tokens;

    #[test]
    fn ways_are_told_from_things() {
        let asks = |question: &str| asks_for_a_way(&tokens(question));
        for way in [
            "How do I get a GPU notebook?",
            "how to deploy a model",
            "A password was committed to a repository. What now?",
            "My step did not run. What happened?",
            "Why is the model slow?",
            "The alert fires; what should I do?",
        ] {
            assert!(asks(way), "{way}");
        }
        for thing in [
            "How many models are there?",
            "How often does it run?",
            "How does data get from orders to the model?",
            "What happens if I drop orders.email?",
            "What do we serve in production?",
            "Who should I ask about orders?",
        ] {
            assert!(!asks(thing), "{thing}");
        }
    }
}
