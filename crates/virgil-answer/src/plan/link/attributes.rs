//! What attributes, their values and numbers may mean.

use virgil_graph::Op;
use virgil_model::Value;

use crate::plan::chart::{Item, Leaf};
use crate::plan::link::{HOMONYM, PHRASE};
use crate::plan::phrases::Cat;
use crate::plan::sem::{Clause, Mod};
use crate::plan::tokens::Token;
use crate::plan::traits::{Traits, below};

/// The value of an attribute that is a name too.
const NAMED: f32 = 0.3;
/// The value of an attribute, where nothing names the attribute.
const VALUE: f32 = 0.22;
/// The same, where the value has the shape of an identifier.
const IDENTIFIER: f32 = 0.12;
/// The most tokens of an attribute's name or value.
const MOST_TRAIT_TOKENS: usize = 5;
/// How many attributes one word may mean.
const MOST_SENSES: usize = 4;

/// Adds what attributes and their values may mean, and numbers.
pub(super) fn attributes(
    tokens: &[Token],
    traits: &Traits,
    meant: &[bool],
    named: &[(usize, usize)],
    covered: &mut [bool],
    leaves: &mut Vec<Leaf>,
) {
    let mut add = |start: usize, end: usize, cat: Cat, cost: f32| {
        covered[start..end].fill(true);
        let item = Item { cat, cost };
        leaves.push(Leaf { start, end, item });
    };
    for start in 0..tokens.len() {
        if let Some(value) = number(&tokens[start].text) {
            add(start, start + 1, Cat::Range(Op::Eq, value), PHRASE);
        }
        if let Some(place) = below(&tokens[start]) {
            let cat = Cat::Trait(place.test, place.name, place.kinds);
            add(start, start + 1, cat, VALUE);
        }
        let mut joined = String::new();
        for end in start + 1..=tokens.len().min(start + MOST_TRAIT_TOKENS) {
            // An operator is no part of a value.
            if tokens[end - 1].parts.is_empty() {
                break;
            }
            for part in &tokens[end - 1].parts {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                joined.push_str(part);
            }
            // A word that means something else too is less likely to be meant so; a run of three hardly has another meaning.
            let homonym = if end < start + 3
                && meant[start..end].iter().any(|meant| *meant)
                && !tokens[start..end].iter().any(Token::is_identifier)
            {
                HOMONYM
            } else {
                0.0
            };
            let mut attributes = traits.named(&joined);
            if attributes.is_empty()
                && let Some(singular) = crate::plan::inflect::singular(&joined)
            {
                attributes = traits.named(&singular);
            }
            if !attributes.is_empty() && attributes.len() <= MOST_SENSES {
                for name in attributes {
                    add(
                        start,
                        end,
                        Cat::Attribute(vec![name]),
                        PHRASE + 0.05 + homonym,
                    );
                }
            }
            let is_named = named.contains(&(start, end));
            for value in traits.valued(&joined).iter().take(MOST_SENSES) {
                let cat = Cat::Trait(value.test.clone(), value.name.clone(), value.kinds);
                // What has the shape of an identifier can hardly be anything else.
                let is_identifier = tokens[start..end].iter().any(Token::is_identifier);
                let value = if is_identifier { IDENTIFIER } else { VALUE };
                let cost = value + homonym + if is_named { NAMED } else { 0.0 };
                add(start, end, cat, cost);
            }
            for flag in traits.flagged(&joined).iter().take(MOST_SENSES) {
                let cat = Cat::Adjective(flag.test.clone(), flag.kinds);
                add(start, end, cat, PHRASE + 0.05 + homonym);
                let said = Mod::one(Clause::Test(flag.test.clone()), flag.kinds);
                add(start, end, Cat::Mod(said), PHRASE + 0.05 + homonym);
            }
        }
    }
}

pub(crate) fn number(text: &str) -> Option<Value> {
    let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    if let Some(value) = small.iter().position(|word| *word == text) {
        return i64::try_from(value).ok().map(Value::Integer);
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(Value::Integer(value));
    }
    let value = text.parse::<f64>().ok()?;
    value.is_finite().then_some(Value::Number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_words_and_digits() {
        assert_eq!(number("three"), Some(Value::Integer(3)));
        assert_eq!(number("12"), Some(Value::Integer(12)));
        assert_eq!(number("0.5"), Some(Value::Number(0.5)));
        for text in ["many", "v3", "inf", "nan", ""] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
