//! In what a question differs from a wording, however alike they are.

use std::collections::BTreeSet;

use super::asked::Asked;
use super::bank::{Example, Wording};
use super::hard::Hard;
use super::turns::{End, Turn, ends};

/// How many times as many wordings may relate their words the other way round.
const MOST_TURNED: usize = 3;

/// In what a question and a wording differ that may make them ask for different things.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::plan) struct Differences {
    /// Hard words that only the question has.
    pub(in crate::plan) only_asked: BTreeSet<Hard>,
    /// Hard words that only the wording has.
    pub(in crate::plan) only_said: BTreeSet<Hard>,
    /// Hard words in which the question differs from most wordings of the example.
    pub(in crate::plan) unusual: BTreeSet<Hard>,
    /// What most wordings of the example say, and this one, but not the question.
    pub(in crate::plan) lacking: Vec<String>,
    /// Whether the names stand the other way round.
    pub(in crate::plan) crossed: bool,
    /// Whether no wording of the example relates its words like the question, and some do the other way round.
    pub(in crate::plan) turned: bool,
    /// How many nouns the question has that no wording of the example asks with.
    pub(in crate::plan) nouns: usize,
    /// Words of the question that no wording of the example has.
    pub(in crate::plan) unknown: Vec<String>,
    /// How many of these can only be rhythm.
    pub(in crate::plan) harmless: usize,
}

impl Differences {
    /// What tells a question from a wording, words that the example does not know aside.
    pub(super) fn of(example: &Example, wording: &Wording, asked: &Asked) -> Differences {
        // Words that some wordings of an example have and others lack make no difference to it.
        let varies = |hard: &Hard| {
            let has = |wording: &&Wording| wording.hard.iter().any(|(class, _)| *class == *hard);
            let with = example.wordings.iter().filter(has).count();
            hard.may_vary() && with > 0 && with < example.wordings.len()
        };
        let beyond = |more: &BTreeSet<(Hard, usize)>, less: &BTreeSet<(Hard, usize)>| {
            let classes = more.difference(less).map(|(class, _)| *class);
            classes.filter(|class| !varies(class)).collect()
        };
        let classes: BTreeSet<Hard> = asked.hard.iter().map(|(class, _)| *class).collect();
        let unusual = example.usual.symmetric_difference(&classes);
        // `who owns the models that break` is no wording for `which models break`.
        let lacks = |stem: &&String| wording.says(stem) && !asked.content.contains(*stem);
        let (asked_ends, ends) = (ends(&asked.units), ends(&wording.units));
        let crossed = |(left, right): (&Option<End>, &Option<End>)| matches!((left, right), (Some(left), Some(right)) if left != right);
        Differences {
            only_asked: beyond(&asked.hard, &wording.hard),
            only_said: beyond(&wording.hard, &asked.hard),
            unusual: unusual.filter(|class| !class.may_vary()).copied().collect(),
            lacking: example.marks.iter().filter(lacks).cloned().collect(),
            crossed: ends.len() > 1 && asked_ends.iter().zip(&ends).any(crossed),
            turned: is_turned(
                &asked.turns,
                example.wordings.iter().map(|wording| &wording.turns),
            ),
            nouns: 0,
            unknown: Vec::new(),
            harmless: 0,
        }
    }

    /// Whether nothing tells them apart.
    pub(super) fn is_none(&self) -> bool {
        *self == Differences::default()
    }

    /// The gravest difference, in words.
    pub(in crate::plan) fn told(&self) -> Option<String> {
        let of = |classes: &BTreeSet<Hard>| -> Vec<Hard> { classes.iter().copied().collect() };
        if !self.only_asked.is_empty() {
            return Some(format!("only the question says {:?}", of(&self.only_asked)));
        }
        if !self.only_said.is_empty() {
            return Some(format!("only the wording says {:?}", of(&self.only_said)));
        }
        if !self.unusual.is_empty() {
            return Some(format!(
                "other wordings of the example differ in {:?}",
                of(&self.unusual)
            ));
        }
        if self.crossed {
            return Some("the names stand the other way round".to_owned());
        }
        if self.turned {
            return Some("its wordings relate their words the other way round".to_owned());
        }
        if let Some(stem) = self.lacking.first() {
            return Some(format!("the question does not say `{stem}`"));
        }
        if self.nouns > 0 {
            return Some("no wording asks with these nouns".to_owned());
        }
        (!self.unknown.is_empty())
            .then(|| format!("no wording has `{}`", self.unknown.join("`, `")))
    }
}

/// Whether the wordings of an example are read the other way round than a question.
fn is_turned<'w>(
    asked: &BTreeSet<Turn>,
    wordings: impl Iterator<Item = &'w BTreeSet<Turn>> + Clone,
) -> bool {
    asked.iter().any(|turn| {
        let say = |turn: &Turn| {
            wordings
                .clone()
                .filter(|known| known.contains(turn))
                .count()
        };
        say(&turn.opposite()) > say(turn) * MOST_TURNED
    })
}
