//! The way of a question: search, judge the evidence, then extract or let the model write, and check.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;
use virgil_gateway::{ChatModel, GatewayError};
use virgil_index::{Embedder, VectorIndex};
use virgil_model::Scope;
use virgil_store::Store;

use crate::abstain::{abstain, is_weak};
use crate::answer::{Answer, AnswerEvent, Freshness, Stage};
use crate::extract::QuestionTerms;
use crate::fuse::Weights;
use crate::prompt::{Prompts, PromptsError};
use crate::quote::extracts;
use crate::retrieve::{Query, ScoredPassage};

/// How many passages are found for a question.
const PASSAGES: usize = 12;

/// Answers questions.
pub struct Guide {
    pub(crate) store: Store,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) weights: Weights,
    pub(crate) index: Arc<dyn VectorIndex>,
    pub(crate) model: Option<Model>,
    pub(crate) prompts: Prompts,
}

/// The language model and how much it may write.
#[derive(Clone)]
pub struct Model {
    /// The model.
    pub chat: Arc<dyn ChatModel>,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words.
    pub text: String,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The gateway refused or broke off; the text so far stands.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The prompts cannot be used.
    #[error(transparent)]
    Prompts(#[from] PromptsError),
    /// Store, index or embedder failed.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
    /// The asker left.
    #[error("the asker left")]
    Left,
}

impl Guide {
    /// A guide over a store, an index and an embedder that fit together; without a `model` it answers by extracts.
    pub fn new(
        store: Store,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        model: Option<Model>,
        prompts: Prompts,
    ) -> Guide {
        Guide {
            store,
            embedder,
            weights: Weights::default(),
            index,
            model,
            prompts,
        }
    }

    /// Answers `question` for whoever `scope` belongs to, telling `events` on the way; the last event is the
    /// answer. Ends early when nobody listens any more, which also cancels the language model.
    pub async fn ask(
        &self,
        scope: &Scope,
        question: &Question,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        tell(events, AnswerEvent::Stage(Stage::Searching)).await?;
        let query = Query {
            text: question.text.clone(),
            limit: PASSAGES,
            sources: None,
        };
        let passages = self.search(scope, &query).await?;
        tell(
            events,
            AnswerEvent::Stage(Stage::Answering {
                passages: passages.len(),
            }),
        )
        .await?;

        let terms = QuestionTerms::weigh(
            &question.text,
            passages.iter().map(|scored| scored.passage.text.as_str()),
        );
        let mut draft = if is_weak(&terms, &passages) {
            abstain(question, &passages, events).await?
        } else {
            match &self.model {
                None => extracts(&terms, &passages, events).await?,
                Some(model) => {
                    self.write(model, scope, question, &passages, events)
                        .await?
                }
            }
        };
        let freshness = self.freshness(scope, &passages).await?;
        for citation in &mut draft.citations {
            let fresh = freshness
                .iter()
                .find(|fresh| fresh.source == citation.evidence.source);
            citation.synced_at = fresh.and_then(|fresh| fresh.synced_at.clone());
        }
        let answer = Answer {
            text: draft.text,
            citations: draft.citations,
            passages,
            abstained: draft.abstained,
            mode: draft.mode,
            notice: draft.notice,
            freshness,
            prompt_hash: draft
                .usage
                .is_some()
                .then(|| self.prompts.hash().to_owned()),
            usage: draft.usage,
        };
        tell(events, AnswerEvent::Answer(Box::new(answer))).await
    }

    async fn freshness(
        &self,
        scope: &Scope,
        passages: &[ScoredPassage],
    ) -> anyhow::Result<Vec<Freshness>> {
        let cited: BTreeSet<&str> = passages
            .iter()
            .map(|scored| scored.passage.evidence.source.as_str())
            .collect();
        let sources = self
            .store
            .sources(scope)
            .await
            .context("the sources cannot be read")?;
        Ok(sources
            .into_iter()
            .filter(|source| cited.contains(source.name.as_str()))
            .map(|source| Freshness {
                state: source.state.name().to_owned(),
                source: source.name,
                synced_at: source.synced_at.map(|at| at.to_string()),
                commit: source.commit,
            })
            .collect())
    }
}

/// Tells whoever listens.
pub(crate) async fn tell(
    events: &mpsc::Sender<AnswerEvent>,
    event: AnswerEvent,
) -> Result<(), AskError> {
    events.send(event).await.map_err(|_| AskError::Left)
}
