//! The way of a question: search, judge the evidence, then extract or let the model write, and check.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;
use virgil_gateway::{GatewayError, Usage};
use virgil_index::{Embedder, VectorIndex};
use virgil_model::Scope;
use virgil_store::{AnswerKey, RestsOn, SpendingLimits, Spent, Store};

use crate::answer::{Answer, AnswerEvent, Citation, Freshness, Mode, Stage};
use crate::budget::{BudgetError, Budgets, Purse};
use crate::by_example::ByExample;
use crate::cache::{AnswerCache, CacheKey, CacheLimits};
use crate::facts::Facts;
use crate::freshness::also;
use crate::fuse::Weights;
use crate::judge::{Judge, Judgement};
use crate::lead::Asked;
use crate::live_prompts::LivePrompts;
use crate::models::{ModelChoice, Models, UnknownModel, unknown};
use crate::plan::{Context as PlanContext, ExampleError, ExampleFile, Examples, Lexicon, Outcome};
use crate::prompt::PromptsError;
use crate::rank::Ranking;
use crate::rerank::Reranking;
use crate::rests_on::rests_on;
use crate::retrieve::{Query, ScoredPassage, Sought};
use crate::rows::is_row;
use crate::select::{PromptShown, fitted};
use crate::state::{ask_back, unknown_names};
use crate::write::Task;

/// How many passages are found for a question, and judged.
pub(crate) const PASSAGES: usize = 12;
/// How many are looked at to fill a prompt.
const PROMPT_PASSAGES: usize = 40;
/// The most tokens of a prompt, unless configured.
pub const PROMPT_TOKENS: usize = 3_000;

/// Answers questions.
pub struct Guide {
    pub(crate) store: Store,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) weights: Weights,
    pub(crate) ranking: Ranking,
    pub(crate) judge: Judge,
    /// The third stage of a search, if there is one.
    pub(crate) reranking: Option<Reranking>,
    pub(crate) index: Arc<dyn VectorIndex>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) lexicon: Arc<Lexicon>,
    /// The second way to plan a question, if there is one.
    pub(crate) by_example: Option<Arc<ByExample>>,
    pub(crate) writing: Writing,
    pub(crate) cache: AnswerCache,
    /// What fences are made with.
    pub(crate) fence_key: [u8; 32],
}

/// What the guide writes answers with.
pub struct Writing {
    /// The language models; without any it answers by extracts.
    pub models: Option<Models>,
    /// What they may cost.
    pub budgets: Budgets,
    /// What they are told.
    pub prompts: LivePrompts,
    /// The most tokens that the prompt of a question may have, estimated; what tools bring comes on top.
    pub prompt_tokens: usize,
    /// How many of their answers are kept.
    pub cache: CacheLimits,
    /// When a source that was not synced again counts as stale.
    pub stale_after: Duration,
}

/// A source is stale that was not synced for a week, unless configured.
pub const STALE_AFTER: Duration = Duration::from_secs(7 * 24 * 3_600);

impl Writing {
    /// Without a language model: answers are extracts.
    pub fn nothing() -> Result<Writing, PromptsError> {
        Ok(Writing {
            models: None,
            budgets: Budgets::default(),
            prompts: LivePrompts::load(None)?,
            prompt_tokens: PROMPT_TOKENS,
            cache: CacheLimits::default(),
            stale_after: STALE_AFTER,
        })
    }
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// The words.
    pub text: String,
    /// The language model that should answer; the default one if absent.
    pub model: Option<String>,
    /// What went before.
    pub context: PlanContext,
    /// The questions before it in its conversation, oldest first.
    pub earlier: Vec<Earlier>,
    /// Whether the answer says how the question was read.
    pub explain: bool,
}

/// A question that was answered before, in the same conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Earlier {
    /// The question, as it stands alone.
    pub question: String,
    /// What was answered, as Markdown.
    pub answer: String,
    /// What the answer rests on: so does what is made of it.
    #[serde(skip)]
    pub rests_on: RestsOn,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The gateway refused or broke off; the text so far stands.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The model that was chosen cannot be.
    #[error(transparent)]
    Model(#[from] UnknownModel),
    /// The asker has spent what may be spent.
    #[error(transparent)]
    Budget(#[from] BudgetError),
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
    /// A guide over a store, an index, an embedder and facts that fit together.
    pub fn new(
        store: Store,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        facts: Arc<Facts>,
        lexicon: Lexicon,
        writing: Writing,
    ) -> Guide {
        Guide {
            store,
            embedder,
            weights: Weights::default(),
            ranking: Ranking::built_in(),
            judge: Judge::built_in(),
            reranking: None,
            index,
            facts,
            lexicon: Arc::new(lexicon),
            by_example: None,
            cache: AnswerCache::new(writing.cache),
            fence_key: random_key(),
            writing,
        }
    }

    /// Plans questions that the grammar leaves by examples: the built-in ones and `own`.
    pub fn with_examples(mut self, own: &[ExampleFile]) -> Result<Guide, ExampleError> {
        let examples = Examples::load(own, &self.lexicon)?;
        let by_example = ByExample::new(examples, self.embedder.clone());
        self.by_example = Some(Arc::new(by_example));
        Ok(self)
    }

    /// The language models, if there are any.
    pub fn models(&self) -> Option<&Models> {
        self.writing.models.as_ref()
    }

    /// The prompts.
    pub fn prompts(&self) -> &LivePrompts {
        &self.writing.prompts
    }

    /// What whoever `scope` belongs to may spend, and has spent.
    pub async fn budget(&self, scope: &Scope) -> anyhow::Result<(SpendingLimits, Spent)> {
        let principal = scope.principal();
        let limits = self.writing.budgets.of(&self.store, principal).await?;
        let spent = self.store.spent(principal, Timestamp::now()).await;
        Ok((limits, spent.context("what was spent cannot be read")?))
    }

    /// The purse of whoever `scope` belongs to.
    pub(crate) async fn purse<'a>(&'a self, scope: &'a Scope) -> anyhow::Result<Purse<'a>> {
        let principal = scope.principal();
        Ok(Purse {
            store: &self.store,
            principal,
            limits: self.writing.budgets.of(&self.store, principal).await?,
        })
    }

    /// Forgets the answers that are kept under these keys.
    pub fn forget(&self, keys: &[AnswerKey]) {
        for key in keys {
            self.cache.forget(&CacheKey(*key));
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
        let model = self.choose(question)?;
        let key = self.cache_key(scope, question, model).await?;
        if let Some(answer) = key.and_then(|key| self.cache.get(&key)) {
            return self.repeat(scope, answer, events).await;
        }
        tell(events, AnswerEvent::Stage(Stage::Searching)).await?;
        let understood = self.understand(scope, question, model, events).await?;
        let planned = understood.planned;
        // From here on the question is the one that stands alone.
        let question = &Question {
            text: understood
                .standalone
                .clone()
                .unwrap_or_else(|| question.text.clone()),
            ..question.clone()
        };
        let wanted = if model.is_some() || question.explain {
            PROMPT_PASSAGES
        } else {
            PASSAGES
        };
        let query = Query {
            text: question.text.clone(),
            limit: self.needed_for(wanted),
            sources: None,
        };
        let sought = self.look_for(scope, &query).await?;
        tell(
            events,
            AnswerEvent::Stage(Stage::Answering {
                passages: sought.passages.len().min(PASSAGES),
            }),
        )
        .await?;

        let unknown = unknown_names(&planned.explanation);
        let mut explanation = planned.explanation;
        // An exact answer does not hang on passages.
        let judgement = match planned.outcome {
            Outcome::Nothing => Some(self.judged(scope, &sought).await?),
            Outcome::Query(_) | Outcome::Choices(_) => None,
        };
        let mut passages = sought.passages;
        // Where somebody reads them, the order of the passages matters.
        if model.is_some() || planned.outcome == Outcome::Nothing {
            explanation.reranked = self.rerank(&question.text, &mut passages).await;
        }
        passages.truncate(wanted);
        let asked = Asked {
            scope,
            question,
            model,
            outcome: &planned.outcome,
            weak: judgement.as_ref().is_some_and(Judgement::is_weak),
        };
        let lead = self
            .lead(&asked, &mut passages, &mut explanation, events)
            .await?;
        let is_offered = lead.as_ref().is_some_and(|lead| lead.choices.is_some());
        let unknown = unknown.filter(|_| !is_offered);
        let mut draft = match planned.outcome {
            outcome if let Some(lead) = lead => {
                if outcome == Outcome::Nothing {
                    explanation.judgement = judgement;
                }
                lead
            }
            Outcome::Query(plan) => {
                let draft = self.state(scope, *plan, &mut passages, events).await?;
                match model {
                    None => draft,
                    Some(model) => {
                        let writer = self.writer(model, scope, question, events)?;
                        writer.write(Task::Explain, &mut passages, draft).await?
                    }
                }
            }
            Outcome::Choices(choices) => ask_back(choices, events).await?,
            Outcome::Nothing => {
                explanation.judgement = judgement;
                self.unplanned(
                    scope,
                    question,
                    model,
                    &mut passages,
                    &mut explanation,
                    events,
                )
                .await?
            }
        };
        if let Some(unknown) = unknown {
            draft.over_the_graph = true;
            draft.notice = also(Some(unknown), draft.notice);
        }
        let prompt = match draft.prompt.take() {
            Some(prompt) => Some(prompt),
            None if question.explain => Some(self.prompt(question, passages.clone())?),
            None => None,
        };
        draft.usage = match (understood.usage, draft.usage) {
            (Some(before), Some(after)) => Some(before.and_then(after)),
            (before, after) => before.or(after),
        };
        let mut rests_on = rests_on(scope, &draft, &passages);
        rests_on.add(&understood.rests_on);
        let fresh = self.freshness(scope, &draft.citations, &passages).await?;
        date(&mut draft.citations, &fresh.sources);
        // Rows of the graph were cited by the model only; they are no passages that were found.
        passages.retain(|scored| !is_row(scored));
        if draft.mode != Mode::Model {
            passages.truncate(PASSAGES);
        }
        let mut answer = Answer {
            text: draft.text,
            citations: draft.citations,
            passages,
            abstained: draft.abstained,
            mode: draft.mode,
            notice: draft.notice,
            freshness: fresh.sources,
            prompt_hash: draft.prompt_hash,
            prompt: prompt.filter(|_| question.explain),
            usage: draft.usage,
            cached: false,
            facts: draft.facts,
            graph: draft.graph,
            choices: draft.choices,
            explanation: question.explain.then_some(explanation),
            standalone_question: understood.standalone,
            rests_on,
            cache_key: None,
        };
        if let Some(key) = key
            && answer.usage.as_ref().is_some_and(|usage| !usage.truncated)
        {
            answer.cache_key = Some(key.0);
            self.cache.put(key, &answer);
        }
        answer.notice = also(answer.notice, fresh.notice);
        tell(events, AnswerEvent::Answer(Box::new(answer))).await
    }

    /// How likely what `scope` may see answers `question`, by its passages alone.
    pub async fn judge(&self, scope: &Scope, question: &str) -> anyhow::Result<Judgement> {
        let query = Query {
            text: question.to_owned(),
            limit: PASSAGES,
            sources: None,
        };
        let sought = self.look_for(scope, &query).await?;
        self.judged(scope, &sought).await
    }

    /// How likely what was found answers.
    async fn judged(&self, scope: &Scope, sought: &Sought) -> anyhow::Result<Judgement> {
        let counterfactual = self.without_missing_words(scope, sought).await?;
        let signals = sought.signals.clone();
        Ok(self.judge.judge(&sought.passages, signals, counterfactual))
    }

    /// What a language model without tools would be given.
    fn prompt(
        &self,
        question: &Question,
        mut passages: Vec<ScoredPassage>,
    ) -> Result<PromptShown, PromptsError> {
        let fence = self.fence(&question.text, &passages);
        let prompts = self.writing.prompts.current();
        let fitted = fitted(
            &prompts,
            &question.text,
            &mut passages,
            &[],
            &fence,
            self.writing.prompt_tokens,
        )?;
        Ok(fitted.shown)
    }

    /// The model that answers a question; none if none is configured.
    fn choose(&self, question: &Question) -> Result<Option<&ModelChoice>, UnknownModel> {
        let name = question.model.as_deref();
        match (&self.writing.models, name) {
            (Some(models), name) => models.choose(name).map(Some),
            (None, None) => Ok(None),
            (None, Some(name)) => Err(unknown(name, &[])),
        }
    }

    /// Under what a written answer is kept; `None` where nothing is written or kept.
    async fn cache_key(
        &self,
        scope: &Scope,
        question: &Question,
        model: Option<&ModelChoice>,
    ) -> Result<Option<CacheKey>, AskError> {
        let stands_alone = question.context == PlanContext::default()
            && question.earlier.is_empty()
            && !question.explain;
        let Some(model) = model.filter(|_| stands_alone && !self.cache.is_off()) else {
            return Ok(None);
        };
        let revision = self.store.revision(scope).await;
        let revision = revision.context("the sources cannot be read")?;
        let prompts = self.writing.prompts.current();
        Ok(Some(CacheKey::new(
            &question.text,
            scope,
            &revision,
            &model.name,
            prompts.hash(),
            &[],
        )))
    }

    /// Tells an answer again that was written before. It costs nothing, and how fresh it is may have changed.
    async fn repeat(
        &self,
        scope: &Scope,
        mut answer: Answer,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        answer.cached = true;
        let fresh = self
            .freshness(scope, &answer.citations, &answer.passages)
            .await?;
        date(&mut answer.citations, &fresh.sources);
        answer.freshness = fresh.sources;
        answer.notice = also(answer.notice, fresh.notice);
        answer.usage = answer.usage.map(|usage| Usage {
            model: usage.model,
            prompt_tokens: Some(0),
            completion_tokens: Some(0),
            cost_usd: Some(0.0),
            ..Usage::default()
        });
        for citation in &answer.citations {
            tell(events, AnswerEvent::Citation(citation.clone())).await?;
        }
        tell(events, AnswerEvent::Text(answer.text.clone())).await?;
        tell(events, AnswerEvent::Answer(Box::new(answer))).await
    }
}

/// Says of each citation when its source was last synced.
fn date(citations: &mut [Citation], sources: &[Freshness]) {
    for citation in citations {
        let mut sources = sources.iter();
        let fresh = sources.find(|fresh| fresh.source == citation.evidence.source);
        citation.synced_at = fresh.and_then(|fresh| fresh.synced_at.clone());
    }
}

/// A key that nobody knows, from the system's random numbers.
fn random_key() -> [u8; 32] {
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    blake3::derive_key(
        "virgil 2026 fences around passages",
        &[one.into_bytes(), other.into_bytes()].concat(),
    )
}

/// Tells whoever listens.
pub(crate) async fn tell(
    events: &mpsc::Sender<AnswerEvent>,
    event: AnswerEvent,
) -> Result<(), AskError> {
    events.send(event).await.map_err(|_| AskError::Left)
}
