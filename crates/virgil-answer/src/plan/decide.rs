//! Which reading is taken, if any: the likeliest, where no other is near and answers differently.

use virgil_graph::{EntityRef, Known, Query, Set, View};

use crate::plan::check::check;
use crate::plan::emptiness::{asks_for_dependents, may_be_empty};
use crate::plan::link;
use crate::plan::planned::{Explanation, Outcome, Plan, Planned};
use crate::plan::readings::reading;

/// How sure a reading must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// What the best reading may cost.
    pub(super) cost: f32,
    /// How much dearer another reading must be not to count.
    pub(super) margin: f32,
}

/// What a reading may cost that finds nothing and is believed.
const LIKELY: f32 = 0.35;
/// How much dearer a reading that names several things must be not to count beside one that does not.
const CLEARER: f32 = 0.04;

/// For readings of the chart.
pub(super) const PARSED: Limits = Limits {
    cost: 0.6,
    margin: 0.15,
};
/// For readings by pieces.
pub(super) const FLOATED: Limits = Limits {
    cost: 0.6,
    margin: 0.2,
};

/// Takes the likeliest reading, unless it is unlikely, ambiguous, or another one is near and answers differently.
pub(super) fn decide(
    mut explanation: Explanation,
    groups: &[link::Group],
    limits: Limits,
    yes_no: bool,
    may_find_nothing: bool,
    view: &View<'_>,
    known: &Known,
) -> Planned {
    let Some(best) = explanation.parses.first().cloned() else {
        explanation.verdict = "no reading uses every word".to_owned();
        return Planned {
            outcome: Outcome::Nothing,
            explanation,
        };
    };
    for parse in explanation.parses.iter_mut().skip(1) {
        parse.rejected = Some(format!("dearer by {:.2}", parse.cost - best.cost));
    }
    let reject = |mut explanation: Explanation, why: String| {
        explanation.parses[0].rejected = Some(why.clone());
        explanation.verdict = why;
        Planned {
            outcome: Outcome::Nothing,
            explanation,
        }
    };
    if best.cost > limits.cost {
        return reject(
            explanation,
            "the likeliest reading is too unlikely".to_owned(),
        );
    }
    if let Err(error) = check(&best.query) {
        return reject(explanation, error.to_string());
    }
    let near = explanation
        .parses
        .iter()
        .filter(|parse| parse.cost - best.cost < limits.margin);
    let mut settled: Vec<Query> = Vec::new();
    for parse in near {
        match link::settle(&parse.query, groups, view, known) {
            Ok(query) => settled.push(query),
            // A reading that leaves nothing open goes before one that does.
            Err(_) if !settled.is_empty() && parse.cost - best.cost > CLEARER => {}
            Err(choices) => {
                explanation.verdict = format!("`{}` names several things", choices.name);
                return Planned {
                    outcome: Outcome::Choices(choices),
                    explanation,
                };
            }
        }
    }
    let answers: Vec<Option<Answered>> = settled
        .iter()
        .map(|query| view.query(query, known).ok().map(Answered::of))
        .collect();
    if answers.iter().any(|answer| *answer != answers[0]) {
        if let Some(choices) = link::differing(&settled, &explanation.links, view) {
            explanation.verdict = format!("`{}` may name different things", choices.name);
            return Planned {
                outcome: Outcome::Choices(choices),
                explanation,
            };
        }
        return reject(
            explanation,
            "another reading is as likely and answers differently".to_owned(),
        );
    }
    match &answers[0] {
        None => return reject(explanation, "the query cannot be answered".to_owned()),
        Some(answer)
            if answer.total == 0
                && !may_find_nothing
                && !may_be_empty(&settled[0])
                && (best.cost >= LIKELY || !asks_for_dependents(&settled[0], view)) =>
        {
            let why = "nothing is stated that fits what the question takes for granted";
            return reject(explanation, why.to_owned());
        }
        Some(answer) if answer.shows_nothing() && !may_find_nothing => {
            let why = "nothing is stated of what it asks to see";
            return reject(explanation, why.to_owned());
        }
        Some(_) => {}
    }
    explanation.verdict = "every word is used and no other reading is near".to_owned();
    let query = settled.swap_remove(0);
    Planned {
        outcome: Outcome::Query(Box::new(Plan {
            reading: reading(&query, view),
            query,
            yes_no,
        })),
        explanation,
    }
}

/// Whether two queries come to the same.
pub(super) fn answer_alike(left: &Query, right: &Query, view: &View<'_>, known: &Known) -> bool {
    if left == right {
        return true;
    }
    let answered = |query: &Query| view.query(query, known).ok().map(Answered::of);
    let (Some(left), Some(right)) = (answered(left), answered(right)) else {
        return false;
    };
    left.says_what(&right)
}

/// Whether a set is everything of some kinds.
pub(super) fn is_a_mere_kind(set: &Set) -> bool {
    match set {
        Set::All(_) => true,
        Set::Where { set, .. } => is_a_mere_kind(set),
        _ => false,
    }
}

/// What an answer says, without how it knows.
#[derive(PartialEq)]
pub(super) struct Answered {
    total: usize,
    rows: Vec<(EntityRef, Vec<String>)>,
    groups: Vec<(Option<String>, usize)>,
    paths: Vec<(EntityRef, EntityRef)>,
}

impl Answered {
    /// Whether one says what the other says, perhaps with columns that the other does not show.
    pub(super) fn says_what(&self, other: &Answered) -> bool {
        let things = |answered: &Answered| -> Vec<String> {
            let rows = answered.rows.iter();
            rows.map(|(thing, _)| thing.reference.clone()).collect()
        };
        let is_columns_only = self
            .rows
            .iter()
            .chain(&other.rows)
            .any(|(_, cells)| cells.is_empty());
        self == other
            || self.total == other.total
                && self.groups == other.groups
                && self.paths == other.paths
                && things(self) == things(other)
                && (is_columns_only || self.rows == other.rows)
    }

    /// Whether nothing is found or counted.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Whether there are things and columns, and nothing in them.
    fn shows_nothing(&self) -> bool {
        let is_bare = |(_, cells): &(EntityRef, Vec<String>)| {
            !cells.is_empty() && cells.iter().all(|cell| cell == "[]")
        };
        !self.rows.is_empty() && self.rows.iter().all(is_bare)
    }

    pub(super) fn of(answer: virgil_graph::Answer) -> Answered {
        let cell =
            |cell: &virgil_graph::Cell| serde_json::to_string(&shown(cell)).unwrap_or_default();
        Answered {
            total: answer.total,
            rows: answer
                .rows
                .into_iter()
                .map(|row| (row.entity, row.columns.iter().map(cell).collect()))
                .collect(),
            groups: answer
                .groups
                .into_iter()
                .map(|group| (group.value, group.count))
                .collect(),
            paths: answer
                .paths
                .into_iter()
                .map(|path| (path.from, path.to))
                .collect(),
        }
    }
}

fn shown(cell: &virgil_graph::Cell) -> Vec<serde_json::Value> {
    cell.values
        .iter()
        .map(|value| match value {
            virgil_graph::Shown::Value { value, .. } => serde_json::json!(value),
            virgil_graph::Shown::Entity { entity, .. } => serde_json::json!(entity.reference),
        })
        .collect()
}
