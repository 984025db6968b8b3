//! Examples as a language model is shown them: questions with the queries that answer them.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use crate::plan::planned::ExplainedExample;
use crate::plan::tokens::tokens;

use super::asked::{Asked, Typed};
use super::bank::{Example, Wording};
use super::features::{cosine, dot, spoken};
use super::mentions::{Mention, mentions};
use super::near::Examples;
use super::slots::{SlotKind, fill};
use super::{Asker, Embed, MOST_TOKENS};

/// How many examples are compared by meaning, those first that are most alike by their words.
const MOST_COMPARED: usize = 12;
/// How many of the examples that take the question's names go first.
const MOST_FITTING: usize = 2;
/// What stands for names in what is shown.
const NAMES: [&str; 3] = ["NAME", "OTHER_NAME", "THIRD_NAME"];

/// A question and the query that answers it, with placeholders for names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShownExample {
    pub(crate) question: String,
    pub(crate) query: Json,
}

impl Examples {
    /// The `most` examples that are most like a question, by their words and by meaning, whether or not they stand for it. Some of
    /// `fitting`, which take the names that the question has, go first.
    pub(crate) fn nearest(
        &self,
        text: &str,
        fitting: &[ExplainedExample],
        asker: Asker<'_>,
        embed: &Embed<'_>,
        most: usize,
    ) -> Vec<ShownExample> {
        let tokens = tokens(text);
        if tokens.len() > MOST_TOKENS {
            return Vec::new();
        }
        let mentions = mentions(&tokens, asker.names, asker.lexicon);
        let typed = Typed {
            text,
            tokens: &tokens,
            mentions: &mentions,
        };
        let asked = Asked::new(
            typed,
            apart(&mentions),
            asker.lexicon,
            &self.rarity,
            self.unseen,
        );
        let best_of = |(example, features): (&Example, &Vec<_>)| {
            let alike = features.iter().map(|other| cosine(&asked.features, other));
            let best = alike.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            best.map(|(wording, words)| (example.wordings[wording].clone(), words))
        };
        let mut near: Vec<(&Example, Wording, f32)> = self
            .bank
            .examples
            .iter()
            .zip(&self.features)
            .filter_map(|(example, features)| {
                let (wording, words) = best_of((example, features))?;
                (words > 0.0).then_some((example, wording, words))
            })
            .collect();
        near.sort_by(|left, right| right.2.total_cmp(&left.2));
        near.truncate(MOST_COMPARED);
        let texts: Vec<String> = std::iter::once(spoken(&asked.units))
            .chain(near.iter().map(|(_, wording, _)| spoken(&wording.units)))
            .collect();
        if let Some(vectors) = embed(&texts) {
            for ((_, _, likeness), vector) in near.iter_mut().zip(&vectors[1..]) {
                *likeness = f32::midpoint(*likeness, dot(&vectors[0], vector));
            }
            near.sort_by(|left, right| right.2.total_cmp(&left.2));
        }
        let fitting = fitting.iter().take(MOST_FITTING).filter_map(|fitting| {
            let mut examples = self.bank.examples.iter();
            let example = examples.find(|example| example.id == fitting.example)?;
            let mut wordings = example.wordings.iter();
            let wording = wordings.find(|wording| wording.text == fitting.wording)?;
            Some((example, wording))
        });
        let near = near.iter().map(|(example, wording, _)| (*example, wording));
        let mut taken: Vec<&str> = Vec::new();
        fitting
            .chain(near)
            .filter(|(example, _)| {
                let is_new = !taken.contains(&example.id.as_str());
                taken.push(&example.id);
                is_new
            })
            .take(most)
            .map(|(example, wording)| shown(example, wording))
            .collect()
    }
}

/// The mentions of things that do not overlap; where some do, the longest.
fn apart(mentions: &[Mention]) -> Vec<usize> {
    let mut things: Vec<usize> = (0..mentions.len())
        .filter(|number| !mentions[*number].things.is_empty())
        .collect();
    things.sort_by_key(|number| std::cmp::Reverse(mentions[*number].end - mentions[*number].start));
    let mut chosen: Vec<usize> = Vec::new();
    for number in things {
        let is_apart = |other: &usize| {
            mentions[*other].end <= mentions[number].start
                || mentions[number].end <= mentions[*other].start
        };
        if chosen.iter().all(is_apart) {
            chosen.push(number);
        }
    }
    chosen.sort_unstable();
    chosen
}

fn shown(example: &Example, wording: &Wording) -> ShownExample {
    let mut said: HashMap<&str, String> = HashMap::new();
    let mut meant: HashMap<&str, Json> = HashMap::new();
    let mut names = NAMES.iter().cycle();
    for slot in &wording.slots {
        let (word, value) = match &slot.what {
            SlotKind::Thing(_) => {
                let name = names.next().copied().unwrap_or_default();
                (name.to_owned(), json!(name))
            }
            SlotKind::Number => ("3".to_owned(), json!(3)),
            SlotKind::Value(attribute) => (
                "VALUE".to_owned(),
                json!({"attribute": {"name": attribute, "op": "eq", "value": "VALUE"}}),
            ),
            SlotKind::Kinds => {
                let kind = example.kinds.list().next();
                let kind = kind.unwrap_or(virgil_model::Kind::Dataset);
                let noun = format!("{}s", kind.name().replace('_', " "));
                (noun, json!({"all": [kind.name()]}))
            }
        };
        said.insert(&slot.marker, word);
        meant.insert(&slot.marker, value);
    }
    let mut question = wording.text.clone();
    for (marker, word) in &said {
        question = question.replace(*marker, word);
    }
    ShownExample {
        question,
        query: fill(&example.query, &|marker| meant.get(marker).cloned()),
    }
}

#[cfg(test)]
mod tests {
    use virgil_graph::Query;

    use super::*;
    use crate::plan::Lexicon;

    #[test]
    fn every_example_is_shown_as_a_query_that_passes_the_check() {
        let lexicon = Lexicon::load(None).expect("the built-in lexicon");
        let examples = Examples::load(&[], &lexicon).expect("the built-in examples");
        for example in &examples.bank.examples {
            for wording in &example.wordings {
                let shown = shown(example, wording);
                assert!(!shown.question.contains(['{', '}']), "{}", shown.question);
                let query: Query = serde_json::from_value(shown.query.clone())
                    .unwrap_or_else(|error| panic!("{}: {error}", example.id));
                crate::plan::check(&query)
                    .unwrap_or_else(|error| panic!("{}: {error}: {}", example.id, shown.query));
            }
        }
    }
}
