//! What travels: JSON shapes, and how the words of the model become them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use virgil_answer::{
    Answer, Choices, Citation, ExactAnswer, Explanation, Freshness, Picture, PromptShown,
    ScoredPassage,
};
use virgil_gateway::Usage;
use virgil_store::SourceStatus;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskRequest {
    /// The question, at most 4,000 characters.
    pub(crate) question: String,
    /// The conversation that it goes on with, or `new` to begin one; without one nothing is kept. In a conversation a
    /// question may build on the one before (`and downstream?`).
    pub(crate) conversation_id: Option<String>,
    /// The language model that should answer, one of those that `GET /api/v1/models` lists.
    pub(crate) model: Option<String>,
    /// What went before, where no conversation is kept: the query of the last answer's `facts`, so that a follow-up can
    /// edit it.
    #[serde(default)]
    pub(crate) context: AskContext,
    /// Whether the answer says how the question was read.
    #[serde(default)]
    pub(crate) explain: bool,
}

/// What went before a question.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskContext {
    /// `facts.query` of the last answer.
    #[schema(value_type = Option<Object>)]
    pub(crate) last_query: Option<virgil_graph::Query>,
}

/// What to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    /// The words, at most 4,000 characters.
    pub(crate) query: String,
    /// How many passages, from 1 to 100.
    #[serde(default = "default_limit")]
    pub(crate) limit: usize,
    /// Narrows the search.
    #[serde(default)]
    pub(crate) filter: SearchFilter,
}

fn default_limit() -> usize {
    10
}

/// Narrows a search.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchFilter {
    /// Only passages of these sources; empty for all.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchResponse {
    /// The passages, best first.
    pub(crate) passages: Vec<WirePassage>,
}

/// A passage and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePassage {
    source: String,
    path: String,
    commit: Option<String>,
    start_line: u32,
    end_line: u32,
    title: String,
    breadcrumb: Vec<String>,
    url: Option<String>,
    text: String,
    /// Comparable within one search only.
    score: f32,
    /// Cosine similarity, if the passage was among the nearest by meaning.
    dense_score: Option<f32>,
    /// BM25, if it was among the nearest by terms.
    sparse_score: Option<f32>,
}

impl From<ScoredPassage> for WirePassage {
    fn from(scored: ScoredPassage) -> WirePassage {
        let passage = scored.passage;
        WirePassage {
            source: passage.evidence.source,
            path: passage.evidence.path,
            commit: passage.evidence.commit,
            start_line: passage.evidence.lines.start,
            end_line: passage.evidence.lines.end,
            title: passage.title,
            breadcrumb: passage.breadcrumb,
            url: passage.evidence.url,
            text: passage.text,
            score: scored.score,
            dense_score: scored.dense,
            sparse_score: scored.sparse,
        }
    }
}

/// A numbered reference from the text to evidence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireCitation {
    number: usize,
    title: String,
    source: String,
    path: String,
    commit: Option<String>,
    start_line: u32,
    end_line: u32,
    url: Option<String>,
    quote: String,
    synced_at: Option<String>,
    /// `quoted`, `matched` or `not_verified`.
    state: &'static str,
    score: f32,
}

impl From<Citation> for WireCitation {
    fn from(citation: Citation) -> WireCitation {
        WireCitation {
            number: citation.number,
            title: citation.title,
            source: citation.evidence.source,
            path: citation.evidence.path,
            commit: citation.evidence.commit,
            start_line: citation.evidence.lines.start,
            end_line: citation.evidence.lines.end,
            url: citation.evidence.url,
            quote: citation.quote,
            synced_at: citation.synced_at,
            state: citation.state.name(),
            score: citation.score,
        }
    }
}

/// How fresh a source is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireFreshness {
    source: String,
    synced_at: Option<String>,
    commit: Option<String>,
    state: String,
}

impl From<Freshness> for WireFreshness {
    fn from(fresh: Freshness) -> WireFreshness {
        WireFreshness {
            source: fresh.source,
            synced_at: fresh.synced_at,
            commit: fresh.commit,
            state: fresh.state,
        }
    }
}

impl From<&SourceStatus> for WireFreshness {
    fn from(source: &SourceStatus) -> WireFreshness {
        WireFreshness {
            source: source.name.clone(),
            synced_at: source.synced_at.map(|at| at.to_string()),
            commit: source.commit.clone(),
            state: source.state.name().to_owned(),
        }
    }
}

/// What the language model cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireUsage {
    model: Option<String>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    cost_usd: Option<f64>,
    /// `virgil` or `gateway`, if the answer was written before and came from the cache of one of them.
    cache: Option<&'static str>,
    /// How many requests were sent to the gateway.
    attempts: u32,
    /// How many models were given up before the one that answered.
    fall_backs: u32,
    prompt_hash: Option<String>,
}

/// A finished answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskResponse {
    /// Markdown, with `[n]` behind what citation `n` supports.
    text: String,
    citations: Vec<WireCitation>,
    passages: Vec<WirePassage>,
    /// Whether the evidence was too weak to answer.
    abstained: bool,
    /// `extract`, `model` or `facts`.
    mode: &'static str,
    /// Something that the asker should know.
    pub(crate) notice: Option<String>,
    freshness: Vec<WireFreshness>,
    usage: Option<WireUsage>,
    /// What was computed exactly: `reading`, `query`, `total`, `columns`, `rows`, `groups`, `paths`, `completeness`, `caveats`.
    #[schema(value_type = Option<Object>)]
    facts: Option<ExactAnswer>,
    /// What the facts rest on: `nodes` and `edges`.
    #[schema(value_type = Option<Object>)]
    graph: Option<Picture>,
    /// What a name of the question may mean, if that has to be asked back.
    choices: Option<WireChoices>,
    /// The question as it was searched for, if it needed what was asked before in its conversation.
    standalone_question: Option<String>,
    /// How the question was read, if `explain` asked for it.
    #[schema(value_type = Option<Object>)]
    explanation: Option<Explanation>,
    /// What a language model was given, or would have been, if `explain` asked for it.
    prompt: Option<WirePrompt>,
    /// The conversation that it is kept in.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) conversation_id: Option<Uuid>,
    /// Its place in the conversation, from 1.
    pub(crate) turn: Option<u64>,
    /// The id under which the log has this request.
    trace_id: String,
}

impl AskResponse {
    pub(crate) fn new(answer: Answer, trace_id: String) -> AskResponse {
        let (prompt_hash, cached) = (answer.prompt_hash, answer.cached);
        let usage = |usage: Usage| WireUsage {
            model: usage.model,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cost_usd: usage.cost_usd,
            cache: match (cached, usage.gateway_cache) {
                (true, _) => Some("virgil"),
                (false, true) => Some("gateway"),
                (false, false) => None,
            },
            attempts: usage.attempts,
            fall_backs: usage.fall_backs,
            prompt_hash,
        };
        AskResponse {
            text: answer.text,
            citations: answer
                .citations
                .into_iter()
                .map(WireCitation::from)
                .collect(),
            passages: answer.passages.into_iter().map(WirePassage::from).collect(),
            abstained: answer.abstained,
            mode: answer.mode.name(),
            notice: answer.notice,
            freshness: answer
                .freshness
                .into_iter()
                .map(WireFreshness::from)
                .collect(),
            usage: answer.usage.map(usage),
            facts: answer.facts,
            graph: answer.graph,
            choices: answer.choices.map(WireChoices::from),
            standalone_question: answer.standalone_question,
            explanation: answer.explanation,
            prompt: answer.prompt.map(WirePrompt::from),
            conversation_id: None,
            turn: None,
            trace_id,
        }
    }
}

/// What a language model is given for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePrompt {
    /// Its size in tokens, estimated; what tools bring comes on top.
    tokens: usize,
    /// The most that it may have.
    max_tokens: usize,
    /// The passages that it shows, or the lines of them.
    passages: Vec<WirePromptPassage>,
}

/// What a prompt shows of a passage.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePromptPassage {
    source: String,
    path: String,
    start_line: u32,
    end_line: u32,
    text: String,
}

impl From<PromptShown> for WirePrompt {
    fn from(shown: PromptShown) -> WirePrompt {
        let passages = shown.passages.into_iter();
        WirePrompt {
            tokens: shown.tokens,
            max_tokens: shown.max_tokens,
            passages: passages
                .map(|(evidence, text)| WirePromptPassage {
                    source: evidence.source,
                    path: evidence.path,
                    start_line: evidence.lines.start,
                    end_line: evidence.lines.end,
                    text,
                })
                .collect(),
        }
    }
}

/// Several things that a name may mean.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireChoices {
    /// The name as it was typed.
    name: String,
    things: Vec<WireThing>,
}

/// A thing of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireThing {
    /// Its key, which names it and nothing else.
    reference: String,
    kind: &'static str,
    name: String,
}

impl From<Choices> for WireChoices {
    fn from(choices: Choices) -> WireChoices {
        let things = choices.things.into_iter().map(|thing| WireThing {
            reference: thing.reference,
            kind: thing.kind.name(),
            name: thing.name,
        });
        WireChoices {
            name: choices.name,
            things: things.collect(),
        }
    }
}

/// The language models, and what may be spent on them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelsResponse {
    /// The name of the model that answers when none is chosen; absent if none is configured.
    pub(crate) default: Option<String>,
    pub(crate) models: Vec<WireModel>,
    pub(crate) prompts: WirePrompts,
    /// What the caller may spend and has spent.
    pub(crate) budget: WireBudget,
}

/// A language model that may be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireModel {
    pub(crate) name: String,
    /// Whether it can search and query while it writes.
    pub(crate) tools: bool,
    /// The most tokens of an answer.
    pub(crate) max_tokens: u32,
}

/// The prompt templates in use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePrompts {
    pub(crate) hash: String,
    /// What is wrong with the files, if the last good ones are used in their place.
    pub(crate) problem: Option<String>,
}

/// What may be spent and was spent, in the current day and month (UTC), reservations included. A limit that is absent is none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireBudget {
    pub(crate) tokens_today: u64,
    pub(crate) tokens_per_day: Option<u64>,
    pub(crate) tokens_this_month: u64,
    pub(crate) tokens_per_month: Option<u64>,
    pub(crate) usd_today: f64,
    pub(crate) usd_per_day: Option<f64>,
    pub(crate) usd_this_month: f64,
    pub(crate) usd_per_month: Option<f64>,
}
