//! Answering a question for which nothing exact was planned: from passages, or by a query that the language model proposes.
//!
//! A model that knows tools may propose one while it answers. Where the passages are too weak to answer from it is asked for a
//! proposal alone, and only if the question speaks of things of the graph: what it says otherwise reaches nobody, and Virgil
//! abstains as it does without a model. A model without tools is not asked for a query.

use virgil_gateway::Usage;

use crate::answer::Mode;
use crate::draft::Draft;
use crate::guide::{AskError, Guide};
use crate::plan::{Explanation, ShownExample};
use crate::retrieve::ScoredPassage;
use crate::write::{Task, Writer};

/// How many examples a model is shown.
const EXAMPLES: usize = 4;

impl Guide {
    /// Lets a model answer from passages that are good enough.
    pub(crate) async fn written(
        &self,
        writer: &Writer<'_>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
    ) -> Result<Draft, AskError> {
        let examples = if writer.model.tools {
            self.examples(writer, explanation).await?
        } else {
            Vec::new()
        };
        let draft = writer
            .write(Task::Answer(examples), passages, Draft::new(Mode::Model))
            .await?;
        explanation.proposals.clone_from(&draft.proposals);
        Ok(draft)
    }

    /// What a model proposes to compute where the passages are too weak; what that cost, if it proposes nothing. A gateway
    /// that does not answer leaves the question as it was.
    pub(crate) async fn proposed(
        &self,
        writer: &Writer<'_>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
    ) -> Result<Result<Draft, Option<Usage>>, AskError> {
        let speaks_of_things = !explanation.links.is_empty() || !explanation.examples.is_empty();
        if !writer.model.tools || !speaks_of_things {
            return Ok(Err(None));
        }
        let examples = self.examples(writer, explanation).await?;
        let mut tried = passages.clone();
        let draft = writer
            .write(Task::Propose(examples), &mut tried, Draft::new(Mode::Model))
            .await;
        match draft {
            Ok(draft) => {
                explanation.proposals.clone_from(&draft.proposals);
                if draft.facts.is_none() {
                    return Ok(Err(draft.usage));
                }
                *passages = tried;
                Ok(Ok(draft))
            }
            Err(error @ (AskError::Gateway(_) | AskError::Budget(_))) => {
                tracing::warn!(%error, "no model proposes a query");
                Ok(Err(None))
            }
            Err(error) => Err(error),
        }
    }

    async fn examples(
        &self,
        writer: &Writer<'_>,
        explanation: &Explanation,
    ) -> Result<Vec<ShownExample>, AskError> {
        let Some(by_example) = &self.by_example else {
            return Ok(Vec::new());
        };
        let nearest = self.facts.nearest_examples(
            writer.scope,
            &self.lexicon,
            by_example,
            &writer.question.text,
            &explanation.examples,
            EXAMPLES,
        );
        Ok(nearest.await.map_err(anyhow::Error::from)?)
    }
}
