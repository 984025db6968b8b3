//! The second way in: examples of questions.
//!
//! The bank (`bank`, `slots`) holds queries with slots and wordings that ask for them. A question is put in the form of a wording:
//! what it names (`mentions`) becomes slots (`form`, `asked`). The wordings that are most like it, by their words (`features`) and
//! by meaning, propose their query, filled with what the question names (`fillings`).
//!
//! Likeness does not tell *upstream* from *downstream* or *with* from *without*. Guards do (`guards`): hard words (`hard`) have to
//! agree, what relates the names has to point the same way (`turns`), every name has to fill a slot, and every word has to be one
//! of some wording of that example. Like the grammar, examples would rather propose nothing than something wrong.

mod asked;
mod bank;
mod features;
mod fillings;
mod form;
mod guards;
mod hard;
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

use crate::plan::decide::{PARSED, answer_alike, decide};
use crate::plan::lexicon::Lexicon;
use crate::plan::link::Group;
use crate::plan::names::Names;
use crate::plan::planned::{
    Context, ExplainedExample, ExplainedParse, Explanation, Outcome, Planned,
};
use crate::plan::readings::reading;
use crate::plan::tokens::{Token, tokens};
use crate::plan::ways::asks_for_a_way;

use near::Proposal;

/// Who asks: the names and the graph that they see.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) names: &'a Names,
    pub(crate) view: &'a View<'a>,
    pub(crate) known: &'a Known,
}

/// How alike question and wording have to be.
///
/// Calibrated like the margin on the built-in bank by leaving out a fifth of the wordings at a time.
const LEAST_LIKENESS: f32 = 0.4;
/// How much less like another example has to be not to count.
const LIKENESS_MARGIN: f32 = 0.1;
/// The most words that a question has.
const MOST_TOKENS: usize = 60;
/// How many proposals are explained.
const MOST_EXPLAINED: usize = 4;

/// Gives the vectors of texts, unit length, in order; `None` where that fails.
pub(crate) type Embed<'e> = dyn Fn(&[String]) -> Option<Vec<Vec<f32>>> + 'e;

impl Examples {
    /// Plans a question by the examples that are near it. `planned` is what the grammar came to; its query stands unless an
    /// example passes every guard and comes to a different answer: likeness to a whole question outweighs a reading put together
    /// from words.
    pub(crate) fn plan(
        &self,
        planned: Planned,
        text: &str,
        context: &Context,
        asker: Asker<'_>,
        embed: &Embed<'_>,
    ) -> Planned {
        let tokens = tokens(text);
        if tokens.len() > MOST_TOKENS || asks_for_a_way(&tokens) {
            return planned;
        }
        match &planned.outcome {
            Outcome::Nothing => {
                self.by_example(planned.explanation, text, &tokens, context, asker, embed)
            }
            Outcome::Query(read) if context.last_query.is_none() => {
                let explanation = planned.explanation.clone();
                let other = self.by_example(explanation, text, &tokens, context, asker, embed);
                match &other.outcome {
                    Outcome::Query(proposed)
                        if !answer_alike(&read.query, &proposed.query, asker.view, asker.known) =>
                    {
                        other
                    }
                    _ => planned,
                }
            }
            Outcome::Query(_) | Outcome::Choices(_) => planned,
        }
    }

    /// What the examples make of a question, whatever the grammar thinks of it, which `explanation` says.
    fn by_example(
        &self,
        explanation: Explanation,
        text: &str,
        tokens: &[Token],
        context: &Context,
        asker: Asker<'_>,
        embed: &Embed<'_>,
    ) -> Planned {
        let mut explanation = explanation;
        let Some(proposals) = self.propose(text, tokens, context, asker, embed) else {
            return Planned {
                outcome: Outcome::Nothing,
                explanation,
            };
        };
        explanation.examples = proposals
            .iter()
            .take(MOST_EXPLAINED)
            .map(explained)
            .collect();
        let Some(best) = proposals.first().filter(|best| best.rejected.is_none()) else {
            return Planned {
                outcome: Outcome::Nothing,
                explanation,
            };
        };
        let near = proposals.iter().filter(|other| {
            other.rejected.is_none() && best.likeness - other.likeness < LIKENESS_MARGIN
        });
        let mut parses: Vec<ExplainedParse> = Vec::new();
        let mut groups: Vec<Group> = Vec::new();
        for proposal in near {
            let further = (best.likeness - proposal.likeness) / LIKENESS_MARGIN * PARSED.margin;
            for filled in &proposal.filled {
                if parses.iter().any(|parse| parse.query == filled.query) {
                    continue;
                }
                parses.push(ExplainedParse {
                    reading: reading(&filled.query, asker.view),
                    query: filled.query.clone(),
                    cost: further,
                    rejected: None,
                });
                groups.extend(
                    filled
                        .names
                        .iter()
                        .filter(|(_, things)| things.len() > 1)
                        .map(|(name, things)| Group {
                            name: name.clone(),
                            references: things
                                .iter()
                                .map(|thing| thing.reference.clone())
                                .collect(),
                            things: things.clone(),
                        }),
                );
            }
        }
        let yes_no = tokens
            .first()
            .is_some_and(|first| crate::plan::is_yes_no(&first.text));
        let proposed = Explanation {
            parses,
            ..explanation.clone()
        };
        let decided = decide(
            proposed,
            &groups,
            PARSED,
            yes_no,
            yes_no,
            asker.view,
            asker.known,
        );
        match decided.outcome {
            // What the grammar thought of is no less worth knowing.
            Outcome::Nothing => Planned {
                outcome: Outcome::Nothing,
                explanation: Explanation {
                    verdict: format!(
                        "{}; by example: {}",
                        explanation.verdict, decided.explanation.verdict
                    ),
                    ..explanation
                },
            },
            _ => decided,
        }
    }
}

fn explained(proposal: &Proposal) -> ExplainedExample {
    ExplainedExample {
        example: proposal.example.clone(),
        wording: proposal.wording.clone(),
        likeness: proposal.likeness,
        rejected: proposal.rejected.clone(),
    }
}
