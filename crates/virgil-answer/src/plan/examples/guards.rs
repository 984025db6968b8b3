//! What forbids to take a question for a wording, however alike they are.

use std::collections::BTreeSet;

use super::asked::Asked;
use super::bank::{Example, Wording};
use super::hard::Hard;
use super::turns::{End, Turn, ends};

/// How many times as many wordings may relate their words the other way round.
const MOST_TURNED: usize = 3;

/// Why a wording may not stand for a question.
pub(super) fn guard(example: &Example, wording: &Wording, asked: &Asked) -> Option<String> {
    // Words that some wordings of an example have and others lack make no difference to it.
    let varies = |hard: &&(Hard, usize)| {
        let count = example.wordings.len();
        let with = example
            .wordings
            .iter()
            .filter(|wording| wording.hard.iter().any(|(class, _)| *class == hard.0))
            .count();
        hard.0.may_vary() && with > 0 && with < count
    };
    let differs: Vec<_> = wording
        .hard
        .symmetric_difference(&asked.hard)
        .filter(|hard| !varies(hard))
        .map(|(class, _)| *class)
        .collect();
    if !differs.is_empty() {
        return Some(format!("only one of question and wording says {differs:?}"));
    }
    // A wording that says `not` in words that nobody knows for it speaks for none that lacks them.
    let classes = |hard: &BTreeSet<(Hard, usize)>| -> BTreeSet<Hard> {
        hard.iter().map(|(class, _)| *class).collect()
    };
    let asked_classes = classes(&asked.hard);
    let strange = example.usual.symmetric_difference(&asked_classes);
    let strange: Vec<_> = strange.filter(|class| !class.may_vary()).collect();
    if !strange.is_empty() {
        return Some(format!(
            "other wordings of the example differ in {strange:?}"
        ));
    }
    // `who owns the models that break` is no wording for `which models break`.
    let lacks = |stem: &&String| wording.says(stem) && !asked.content.contains(*stem);
    if let Some(stem) = example.marks.iter().find(lacks) {
        return Some(format!("the question does not say `{stem}`"));
    }
    let (asked_ends, ends) = (ends(&asked.units), ends(&wording.units));
    let crossed = |(left, right): (&Option<End>, &Option<End>)| matches!((left, right), (Some(left), Some(right)) if left != right);
    if ends.len() > 1 && asked_ends.iter().zip(&ends).any(crossed) {
        return Some("the names stand the other way round".to_owned());
    }
    None
}

/// Which way round no wording of an example is read that a question is read.
pub(super) fn undirected<'w>(
    asked: &BTreeSet<Turn>,
    wordings: impl Iterator<Item = &'w BTreeSet<Turn>> + Clone,
) -> Option<String> {
    for turn in asked {
        let said = wordings
            .clone()
            .filter(|known| known.contains(turn))
            .count();
        let opposite = turn.opposite();
        let turned = wordings
            .clone()
            .filter(|known| known.contains(&opposite))
            .count();
        if turned > said * MOST_TURNED {
            return Some(format!(
                "{turned} wordings relate their words the other way round, {said} like the question"
            ));
        }
    }
    None
}
