//! The second way in: examples of questions.
//!
//! The bank (`bank`, `slots`) holds queries with slots and wordings that ask for them. A question is put in the form of a wording:
//! what it names (`mentions`) becomes slots (`form`, `asked`). The wordings that are most like it, by their words (`features`) and
//! by meaning, propose their query, filled with what the question names (`fillings`).
//!
//! Likeness does not tell *upstream* from *downstream* or *with* from *without*. So what tells a question from a wording is looked at
//! by itself (`differences`): hard words (`hard`), which way what relates the names points (`turns`), words that no wording of the
//! example has. How much each counts is learned (`plan/weigh`).

mod asked;
mod bank;
mod differences;
mod features;
mod fillings;
mod form;
mod hard;
mod joined;
mod mentions;
mod near;
mod shown;
mod slots;
#[cfg(test)]
mod tests;
mod turns;
mod words;

use virgil_graph::{Known, View};

pub use bank::{ExampleError, WrittenExample};
pub(crate) use near::Examples;
pub(crate) use shown::ShownExample;

use crate::plan::lexicon::Lexicon;
use crate::plan::names::Names;
use crate::plan::planned::{Context, ExplainedExample, Outcome, Planned};
use crate::plan::read::Read;
use crate::plan::ways::asks_for_a_way;
use crate::plan::weighed::take;

pub(super) use hard::Family;
pub(super) use near::Proposal;

/// Who asks: the names and the graph that they see.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) names: &'a Names,
    pub(crate) view: &'a View<'a>,
    pub(crate) known: &'a Known,
}

/// The most words that a question has.
const MOST_TOKENS: usize = 60;
/// How many proposals are explained.
const MOST_EXPLAINED: usize = 4;

/// Gives the vectors of texts, unit length, in order; `None` where that fails.
pub(crate) type Embed<'e> = dyn Fn(&[String]) -> Option<Vec<Vec<f32>>> + 'e;

impl Examples {
    /// Plans a question that was read twice: the likeliest of what was read and of what the examples that are near it propose.
    /// What follows another question is only left to the examples where it was not understood.
    pub(crate) fn plan(
        &self,
        mut read: Read,
        text: &str,
        context: &Context,
        asker: Asker<'_>,
        embed: &Embed<'_>,
    ) -> Planned {
        let is_read = context.last_query.is_some() && read.chart.outcome != Outcome::Nothing;
        if is_read || read.tokens.len() > MOST_TOKENS || asks_for_a_way(&read.tokens) {
            return read.alone(asker.view, asker.known);
        }
        let proposals = self.propose(text, &read.tokens, context, asker, embed);
        let proposals = proposals.unwrap_or_default();
        read.chart.explanation.examples = proposals
            .iter()
            .take(MOST_EXPLAINED)
            .map(explained)
            .collect();
        if let Some(pieces) = &mut read.pieces {
            pieces.explanation.examples = read.chart.explanation.examples.clone();
        }
        let first = read.tokens.first();
        let yes_no = first.is_some_and(|first| crate::plan::is_yes_no(&first.text));
        take(read, &proposals, &self.weights, yes_no, asker)
    }
}

fn explained(proposal: &Proposal) -> ExplainedExample {
    ExplainedExample {
        example: proposal.example.clone(),
        wording: proposal.wording.clone(),
        likeness: proposal.likeness(),
        rejected: proposal.differences.told(),
    }
}
