//! Whether two texts affirm and deny the same things.
//!
//! A negator holds for the next words of its clause. A word that one text only affirms and the other only denies
//! is a contradiction, and so is a word whose opposite stands in its place.

use std::collections::{HashMap, HashSet};

use super::tokens::Token;

/// How many content words a negator holds for.
const REACH: usize = 3;

/// How a text speaks of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Spoken {
    affirmed: bool,
    denied: bool,
}

/// Words that deny what follows.
const NEGATORS: &[&str] = &[
    "not",
    "never",
    "cannot",
    "without",
    "neither",
    "nor",
    "no",
    "none",
    "nothing",
    "nobody",
    "unless",
    "except",
    "hardly",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "doesn't",
    "don't",
    "didn't",
    "can't",
    "won't",
    "wouldn't",
    "shouldn't",
    "couldn't",
    "mustn't",
    "hasn't",
    "haven't",
    "needn't",
];

/// Words that begin another clause without punctuation.
const JOINING: &[&str] = &[
    "and", "but", "while", "because", "so", "whereas", "since", "although", "if", "when",
];

/// Words behind which a denial no longer holds once it has met what it denies.
const PREPOSITIONS: &[&str] = &[
    "on", "of", "in", "for", "to", "by", "with", "from", "at", "into", "beyond", "without",
];

/// Words that deny by their meaning: what follows them may be told either way.
const DENYING: &[&str] = &[
    "stop", "fail", "refus", "reject", "prevent", "avoid", "lack", "miss", "disabl", "omit",
    "exclud", "forbid", "lose", "lost", "instead", "rather", "than", "onli", "beyond", "unlik",
    "away", "off", "free", "absent", "ignor", "drop", "remov", "rid", "other", "longer",
];

/// Opposites, by stem.
const OPPOSITES: &[(&str, &str)] = &[
    ("enabl", "disabl"),
    ("allow", "forbid"),
    ("allow", "deni"),
    ("maximum", "minimum"),
    ("maxim", "minim"),
    ("increas", "decreas"),
    ("ascend", "descend"),
    ("upstream", "downstream"),
    ("requir", "option"),
    ("mandatori", "option"),
    ("internal", "extern"),
    ("success", "fail"),
    ("succeed", "fail"),
    ("includ", "exclud"),
    ("start", "stop"),
    ("public", "privat"),
    ("least", "most"),
    ("best", "worst"),
    ("first", "last"),
    ("older", "newer"),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("accept", "reject"),
    ("push", "pull"),
    ("input", "output"),
    ("nest", "flat"),
];

/// Opposites among words that carry too little meaning to be compared otherwise.
const SMALL_OPPOSITES: &[(&str, &str)] = &[
    ("before", "after"),
    ("above", "below"),
    ("more", "less"),
    ("more", "fewer"),
    ("always", "never"),
    ("all", "none"),
    ("with", "without"),
    ("inside", "outside"),
];

/// Whether `claim` denies what `evidence` affirms, affirms what it denies, or says its opposite.
pub(super) fn contradicts(claim: &[Token], evidence: &[Token]) -> bool {
    let (said, known) = (spoken(claim), spoken(evidence));
    let flipped = said.iter().any(|(stem, said)| {
        known.get(stem).is_some_and(|known| {
            (said.affirmed && !said.denied && known.denied && !known.affirmed)
                || (said.denied && !said.affirmed && known.affirmed && !known.denied)
        })
    });
    flipped || says_the_opposite(&said, &known) || small_opposite(claim, evidence)
}

fn says_the_opposite(said: &HashMap<&str, Spoken>, known: &HashMap<&str, Spoken>) -> bool {
    let pairs = OPPOSITES
        .iter()
        .flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
    pairs.into_iter().any(|(mine, theirs)| {
        let (Some(mine_said), Some(theirs_known)) = (said.get(mine), known.get(theirs)) else {
            return false;
        };
        !said.contains_key(theirs)
            && !known.contains_key(mine)
            // `not enabled` says what `disabled` says.
            && (mine_said.denied == theirs_known.denied)
    })
}

fn small_opposite(claim: &[Token], evidence: &[Token]) -> bool {
    let said: HashSet<&str> = claim.iter().map(|token| token.word.as_str()).collect();
    let known: HashSet<&str> = evidence.iter().map(|token| token.word.as_str()).collect();
    let pairs = SMALL_OPPOSITES
        .iter()
        .flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
    pairs.into_iter().any(|(mine, theirs)| {
        said.contains(mine)
            && !said.contains(theirs)
            && known.contains(theirs)
            && !known.contains(mine)
            && mine != "with"
    })
}

/// How a text speaks of each of its content words.
fn spoken(tokens: &[Token]) -> HashMap<&str, Spoken> {
    let mut found: HashMap<&str, Spoken> = HashMap::new();
    let denied = denials(tokens);
    for (token, denied) in tokens.iter().zip(denied) {
        if token.stem.is_empty() {
            continue;
        }
        let entry = found.entry(&token.stem).or_default();
        match denied {
            Denial::None => entry.affirmed = true,
            Denial::Denied => entry.denied = true,
            Denial::Open => (entry.affirmed, entry.denied) = (true, true),
        }
    }
    found
}

/// How a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    None,
    Denied,
    /// It cannot be told.
    Open,
}

fn denials(tokens: &[Token]) -> Vec<Denial> {
    let mut denials = vec![Denial::None; tokens.len()];
    for (at, token) in tokens.iter().enumerate() {
        let denies_a_thing = matches!(
            token.word.as_str(),
            "no" | "none" | "nothing" | "nobody" | "neither"
        );
        let reach = |denials: &mut Vec<Denial>, how: Denial, most: usize| {
            let mut reached = 0;
            for next in at + 1..tokens.len() {
                let word = tokens[next].word.as_str();
                if tokens[next].starts_clause
                    || reached == most
                    || JOINING.contains(&word)
                    || (denies_a_thing && reached > 0 && PREPOSITIONS.contains(&word))
                {
                    break;
                }
                if !tokens[next].stem.is_empty() {
                    denials[next] = match (denials[next], how) {
                        (Denial::Denied, Denial::Denied) => Denial::None,
                        (_, how) => how,
                    };
                    reached += 1;
                }
            }
        };
        if NEGATORS.contains(&token.word.as_str()) {
            reach(&mut denials, Denial::Denied, REACH);
            // `has no effect` denies the having.
            if matches!(
                token.word.as_str(),
                "no" | "none" | "nothing" | "nobody" | "neither"
            ) && !token.starts_clause
                && at > 0
                && !tokens[at - 1].stem.is_empty()
            {
                denials[at - 1] = Denial::Open;
            }
        } else if DENYING.contains(&token.stem.as_str()) || DENYING.contains(&token.word.as_str()) {
            reach(&mut denials, Denial::Open, REACH);
        }
    }
    denials
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn check(claim: &str, evidence: &str, expect: bool) {
        assert_eq!(
            contradicts(&tokens(claim), &tokens(evidence)),
            expect,
            "{claim} / {evidence}"
        );
    }

    #[test]
    fn a_denial_of_what_is_affirmed_contradicts() {
        check("It does not run daily.", "The job runs daily at 3.", true);
        check(
            "Caching is enabled.",
            "Caching is not enabled by default.",
            true,
        );
        check(
            "Caching is enabled.",
            "Caching is disabled by default.",
            true,
        );
        check(
            "Caching is not enabled.",
            "Caching is disabled by default.",
            false,
        );
        check(
            "It runs after the import.",
            "It runs before the import.",
            true,
        );
        check("It has an effect.", "This method has no effect.", true);
    }

    #[test]
    fn what_agrees_does_not_contradict() {
        check("It runs daily.", "The job runs daily, not weekly.", false);
        check("Nothing may be passed.", "Do not pass any input.", false);
        check(
            "It tries no further combinations.",
            "It stops trying more combinations.",
            false,
        );
        check(
            "Only Docker works.",
            "It works with no runtime other than Docker.",
            false,
        );
    }
}
