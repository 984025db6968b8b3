//! A question read twice: by the order of its words and by its pieces.

use virgil_graph::{Column, Known, Query, View};

use crate::plan::decide::answer_alike;
use crate::plan::planned::{Outcome, Planned};
use crate::plan::tokens::Token;

/// How much dearer a reading by pieces may be to contradict one of the chart.
const CONTRADICTION: f32 = 0.3;

/// What each of the two readings comes to.
pub(crate) struct Read {
    pub(super) tokens: Vec<Token>,
    pub(super) chart: Planned,
    /// Nothing for a question that follows another one, is very long or asks for no things.
    pub(super) pieces: Option<Planned>,
}

impl Read {
    /// What the readings come to without examples: where both answer, they have to agree.
    pub(crate) fn alone(self, view: &View<'_>, known: &Known) -> Planned {
        let (tokens, mut planned) = (self.tokens, self.chart);
        let Some(floated) = self.pieces else {
            return planned;
        };
        match (&planned.outcome, &floated.outcome) {
            (Outcome::Query(parsed), Outcome::Query(other)) => {
                // Two ways of reading that come to different answers: one of them is wrong.
                let cost = |planned: &Planned| {
                    planned
                        .explanation
                        .parses
                        .first()
                        .map_or(0.0, |best| best.cost)
                };
                let is_near = cost(&floated) < cost(&planned) + CONTRADICTION;
                if is_near && !answer_alike(&parsed.query, &other.query, view, known) {
                    planned.explanation.then(floated.explanation);
                    "its words say one thing and its order another"
                        .clone_into(&mut planned.explanation.verdict);
                    planned.outcome = Outcome::Nothing;
                }
                planned
            }
            // What is shown beside each thing is easily mistaken; it takes both ways of reading.
            (Outcome::Query(parsed), _)
                if shows_linked(&parsed.query) && !speaks_of_them(&tokens) =>
            {
                unconfirmed(planned)
            }
            (Outcome::Query(_), _) => planned,
            (Outcome::Nothing, Outcome::Query(other)) if shows_linked(&other.query) => {
                unconfirmed(floated)
            }
            (Outcome::Choices(_), _) => planned,
            (Outcome::Nothing, Outcome::Nothing) if floated.explanation.parses.is_empty() => {
                planned
            }
            (Outcome::Nothing, _) => floated,
        }
    }
}

/// Whether a query shows beside each thing what it is linked with.
fn shows_linked(query: &Query) -> bool {
    let mut columns = query.columns.iter();
    columns.any(|column| matches!(column, Column::Linked { .. }))
}

/// Whether a question asks on about what it has asked for: `and who owns them`.
fn speaks_of_them(tokens: &[Token]) -> bool {
    let mut texts = tokens.iter().map(|token| &*token.text);
    texts.any(|text| matches!(text, "them" | "those" | "these" | "they"))
}

/// A plan that only one of two ways of reading comes to.
fn unconfirmed(mut planned: Planned) -> Planned {
    "only one way of reading shows what else is asked for"
        .clone_into(&mut planned.explanation.verdict);
    planned.outcome = Outcome::Nothing;
    planned
}
