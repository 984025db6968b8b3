//! Answering a question for which nothing exact was planned: from passages, or by a query that the language model proposes.
//!
//! A model that knows tools may propose one while it answers. Where the passages are too weak to answer from it is asked for a
//! proposal alone, and only if the question speaks of things of the graph: what it says otherwise reaches nobody, and Virgil
//! abstains as it does without a model. A model without tools is not asked for a query.

use tokio::sync::mpsc;
use virgil_model::Scope;

use crate::abstain::abstain;
use crate::answer::{AnswerEvent, Mode};
use crate::draft::Draft;
use crate::extract::QuestionTerms;
use crate::guide::{AskError, Guide, PASSAGES, Question};
use crate::judge::Judgement;
use crate::models::ModelChoice;
use crate::plan::{Explanation, ShownExample};
use crate::quote::extracts;
use crate::retrieve::ScoredPassage;
use crate::write::{Task, Writer};

/// How many examples a model is shown.
const EXAMPLES: usize = 4;

impl Guide {
    /// Answers `question` for which nothing was planned. `explanation` holds the judgement of its passages.
    pub(crate) async fn unplanned(
        &self,
        scope: &Scope,
        question: &Question,
        model: Option<&ModelChoice>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Draft, AskError> {
        let is_weak = explanation
            .judgement
            .as_ref()
            .is_some_and(Judgement::is_weak);
        let writer = match model {
            Some(model) => Some(self.writer(model, scope, question, events)?),
            None => None,
        };
        if !is_weak {
            return match &writer {
                Some(writer) => self.written(writer, passages, explanation).await,
                None => {
                    let nearest = first(passages);
                    let texts = nearest.iter().map(|scored| scored.passage.text.as_str());
                    let terms = QuestionTerms::weigh(&question.text, texts);
                    extracts(Draft::new(Mode::Extract), &terms, nearest, events).await
                }
            };
        }
        let mut usage = None;
        if let Some(writer) = &writer
            && let Some(draft) = self.proposed(writer, passages, explanation).await?
        {
            if draft.facts.is_some() {
                return Ok(draft);
            }
            usage = draft.usage;
        }
        let draft = Draft::new(Mode::Extract);
        let mut draft = abstain(draft, question, first(passages), events).await?;
        self.name_knowers(scope, &explanation.links, &mut draft, events)
            .await?;
        draft.usage = usage;
        Ok(draft)
    }

    /// Lets a model answer from passages that are good enough.
    async fn written(
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

    /// What a model makes of a question whose passages are too weak: a draft with facts, or one that only says what asking cost.
    /// `None` if it was not asked; a gateway that does not answer leaves the question as it was.
    async fn proposed(
        &self,
        writer: &Writer<'_>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
    ) -> Result<Option<Draft>, AskError> {
        let speaks_of_things = !explanation.links.is_empty() || !explanation.examples.is_empty();
        if !writer.model.tools || !speaks_of_things {
            return Ok(None);
        }
        let examples = self.examples(writer, explanation).await?;
        let mut tried = passages.clone();
        let draft = writer
            .write(Task::Propose(examples), &mut tried, Draft::new(Mode::Model))
            .await;
        match draft {
            Ok(draft) => {
                explanation.proposals.clone_from(&draft.proposals);
                if draft.facts.is_some() {
                    *passages = tried;
                }
                Ok(Some(draft))
            }
            Err(error @ (AskError::Gateway(_) | AskError::Budget(_))) => {
                tracing::warn!(%error, "no model proposes a query");
                Ok(None)
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

/// Those of the passages that were judged.
fn first(passages: &[ScoredPassage]) -> &[ScoredPassage] {
    &passages[..passages.len().min(PASSAGES)]
}
