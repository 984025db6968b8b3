//! Words that compare with something that is not said: `which notebooks still use the old image?`.
//!
//! What counts as old, nobody states. What can be compared, is: the things that are asked for, each with the value in question.

use std::collections::BTreeSet;

use virgil_graph::{Column, Op, Order, OrderDirection, Query, Set, Test};
use virgil_model::Kind;

use crate::plan::about::noun;
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::tokens::{Token, tokens};
use crate::plan::ways::asks_for_a_way;

const VAGUE: &[&str] = &[
    "old", "older", "oldest", "outdated", "obsolete", "stale", "new", "newer", "newest", "latest",
    "recent", "current", "modern", "ancient", "big", "bigger", "large", "larger", "small",
    "smaller", "wrong", "right",
];

/// A question that compares with what is not said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vague {
    /// The word that compares.
    pub(crate) word: String,
    /// What is compared.
    pub(crate) value: String,
    /// The things that are asked for, each with its value, the highest first.
    pub(crate) query: Query,
}

/// Reads a question that asks for things of a kind and compares one value of theirs by a vague word.
pub(crate) fn vague(question: &str, lexicon: &Lexicon) -> Option<Vague> {
    let tokens: Vec<Token> = tokens(question);
    if asks_for_a_way(&tokens) {
        return None;
    }
    let is_vague = |token: &Token| !token.quoted && VAGUE.contains(&&*token.text);
    let mut places = (0..tokens.len()).filter(|at| is_vague(&tokens[*at]));
    let at = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let value = value(&tokens, at + 1, lexicon)?;
    let asked = (0..at).find_map(|start| Some((start, noun(&tokens, start, lexicon)?)));
    let (start, (_, kinds)) = asked?;
    let asks = tokens[..start]
        .iter()
        .any(|token| matches!(&*token.text, "which" | "what"));
    let names_value = kinds.len() == 1 && kinds.iter().all(|kind| kind.name() == value);
    if !asks || names_value {
        return None;
    }
    let has_value = Test::Attribute {
        name: value.clone(),
        op: Op::Exists,
        value: None,
    };
    let column = Column::Attribute(value.clone());
    let things: BTreeSet<Kind> = kinds;
    let set = Set::Where {
        set: Box::new(Set::All(things)),
        test: Box::new(has_value),
    };
    Some(Vague {
        word: tokens[at].raw.clone(),
        value,
        query: Query {
            columns: vec![column.clone()],
            order: Some(Order {
                by: column,
                direction: OrderDirection::Descending,
            }),
            ..Query::rows(set)
        },
    })
}

/// The attribute that a word names, itself or as what has it.
fn value(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<String> {
    let named = lexicon
        .at(tokens, at)
        .into_iter()
        .find_map(|(_, meaning)| match meaning {
            Meaning::Attribute(name) => Some(name.clone()),
            _ => None,
        });
    named.or_else(|| {
        let (_, kinds) = noun(tokens, at, lexicon)?;
        let kind = kinds.first().filter(|_| kinds.len() == 1)?;
        Some(kind.name().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_shown_with_the_value_that_a_vague_word_compares() {
        let lexicon = Lexicon::load(None).expect("the built-in lexicon");
        let told = |question: &str| {
            vague(question, &lexicon).map(|vague| {
                let json = serde_json::to_value(&vague.query.set).expect("a set serialises");
                let kinds = json["where"]["set"]["all"].to_string();
                format!("{}: {} of {kinds}", vague.word, vague.value)
            })
        };
        assert_eq!(
            told("which notebooks still use the old image?").as_deref(),
            Some("old: image of [\"notebook\"]")
        );
        for other in [
            "which notebooks are there?",
            "how do I use the old image?",
            "which images are old?",
            "who owns the old image?",
            "which old images does a new notebook use?",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
