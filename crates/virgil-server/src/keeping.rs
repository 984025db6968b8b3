//! Keeping answers in conversations, and what is made of them when they are read again.
//!
//! Passages are kept by their place in the index only: when a conversation is read they are read anew, through the scope
//! of whoever reads it. The rest of the answer is kept as it was told; the store gives it back only while everything that it
//! rests on may be seen (`virgil_store::Turn`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use virgil_answer::{Answer, Context, Earlier, ScoredPassage};
use virgil_model::{PointId, Scope};
use virgil_store::{Answered, Deleted, NewTurn, Passage, SourceStatus, StoreError, Turn};

use crate::platform::Platform;
use crate::problem::{ApiError, Code};
use crate::wire::{AskResponse, WireFreshness, WirePassage};
use crate::wire_conversations::WireTurn;

/// How often what is too old is looked for.
const SWEEP: Duration = Duration::from_secs(3_600);

/// How many turns before it a question may build on.
const EARLIER: u64 = 3;

/// The conversation that a question belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talk {
    /// One that begins with it.
    New(Uuid),
    /// One that goes on.
    Known(Uuid),
}

/// A passage by its place in the index.
#[derive(Serialize, Deserialize)]
struct KeptPassage {
    point: Uuid,
    score: f32,
    dense: Option<f32>,
    sparse: Option<f32>,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    answer: Value,
    passages: Vec<KeptPassage>,
}

impl Talk {
    /// What `id` names: a conversation of the scope's principal that takes another question, or, as `new`, one that begins.
    pub(crate) async fn of(platform: &Platform, scope: &Scope, id: &str) -> Result<Talk, ApiError> {
        if id == "new" {
            return Ok(Talk::New(Uuid::new_v4()));
        }
        let id = conversation_id(id)?;
        let checked = platform.conversations.check(scope, id, Timestamp::now());
        checked.await.map_err(refusal)?;
        Ok(Talk::Known(id))
    }

    /// The conversation's id.
    pub(crate) fn id(self) -> Uuid {
        match self {
            Talk::New(id) | Talk::Known(id) => id,
        }
    }

    /// What went before: the query of the last turn, and the last turns, as far as the scope may still see them.
    pub(crate) async fn before(
        self,
        platform: &Platform,
        scope: &Scope,
    ) -> Result<(Context, Vec<Earlier>), ApiError> {
        let Talk::Known(id) = self else {
            return Ok(Default::default());
        };
        let turns = platform
            .conversations
            .turns(scope, id, None, EARLIER, Timestamp::now())
            .await
            .map_err(refusal)?;
        // What is withheld ends it: a word such as `it` must not mean something that was asked still earlier.
        let visible = turns.into_iter().rev().map_while(|turn| {
            let answered = turn.answered?;
            Some((turn.question, answered))
        });
        let mut visible: Vec<(String, Answered)> = visible.collect();
        let last_query = visible
            .first()
            .and_then(|(_, last)| last.last_query.as_deref());
        let context = Context {
            last_query: last_query.and_then(known_query),
        };
        visible.reverse();
        let earlier = visible
            .into_iter()
            .map(|(question, answered)| earlier(question, answered));
        Ok((
            context,
            earlier
                .collect::<anyhow::Result<_>>()
                .map_err(|error| ApiError::internal(format!("{error:#}")))?,
        ))
    }

    /// Keeps an answer; returns its place in the conversation.
    pub(crate) async fn keep(
        self,
        platform: &Platform,
        scope: &Scope,
        turn: &NewTurn,
    ) -> Result<u64, StoreError> {
        let (conversations, now) = (&platform.conversations, Timestamp::now());
        let kept = match self {
            Talk::New(id) => conversations.begin(scope, id, turn, now).await?,
            Talk::Known(id) => conversations.add(scope, id, turn, now).await?,
        };
        platform.guide.forget(&kept.dropped);
        Ok(kept.ordinal)
    }
}

/// A kept turn, for questions that build on it.
fn earlier(question: String, answered: Answered) -> anyhow::Result<Earlier> {
    let kept = kept(&answered.answer)?.answer;
    let text = |field: &str| kept[field].as_str().map(str::to_owned);
    Ok(Earlier {
        question: text("standalone_question").unwrap_or(question),
        answer: text("text").unwrap_or_default(),
        rests_on: answered.rests_on,
    })
}

fn kept(answer: &str) -> anyhow::Result<KeptAnswer> {
    serde_json::from_str(answer).context("a kept answer is damaged: delete its conversation")
}

/// A query as a turn keeps it. One that an earlier version of the program wrote may mean nothing any more.
fn known_query(query: &str) -> Option<virgil_graph::Query> {
    serde_json::from_str(query)
        .inspect_err(|error| tracing::warn!(%error, "a kept query is not understood any more"))
        .ok()
}

/// The id of a conversation; any text that is none names no conversation.
pub(crate) fn conversation_id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text)
        .map_err(|_| ApiError::new(Code::NotFound, format!("there is no conversation `{text}`")))
}

/// A refusal of the store, told to a client.
pub(crate) fn refusal(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound(detail) => ApiError::new(Code::NotFound, detail),
        StoreError::Full(detail) => ApiError::new(Code::ConversationFull, detail),
        StoreError::DiskFull => ApiError::new(Code::DiskFull, error.to_string()),
        error => ApiError::internal(error),
    }
}

/// The turn that keeps an answer.
pub(crate) fn turn(question: &str, answer: &Answer, trace_id: &str) -> NewTurn {
    let passages = answer.passages.iter().map(|scored| KeptPassage {
        point: scored.passage.point.0,
        score: scored.score,
        dense: scored.dense,
        sparse: scored.sparse,
    });
    let told = Answer {
        passages: Vec::new(),
        explanation: None,
        prompt: None,
        ..answer.clone()
    };
    let told = json(&AskResponse::new(told, trace_id.to_owned()));
    let kept = KeptAnswer {
        answer: told,
        passages: passages.collect(),
    };
    let query = answer.facts.as_ref().map(|facts| &facts.query);
    NewTurn {
        question: question.to_owned(),
        answer: json(&kept).to_string(),
        last_query: query.map(|query| json(query).to_string()),
        rests_on: answer.rests_on.clone(),
        cache_key: answer.cache_key,
    }
}

/// What travels, as a value. It goes through text, so that a score is the same number again and not a longer one.
fn json<T: Serialize>(value: &T) -> Value {
    let text = serde_json::to_string(value).expect("what travels has string keys and serialises");
    serde_json::from_str(&text).expect("what was just written can be read")
}

/// The turns of a conversation as `scope` may see them now.
pub(crate) async fn recall(
    platform: &Platform,
    scope: &Scope,
    conversation: Uuid,
    turns: Vec<Turn>,
) -> anyhow::Result<Vec<WireTurn>> {
    let mut told = Vec::with_capacity(turns.len());
    for turn in turns {
        let answer = turn
            .answered
            .as_ref()
            .map(|answered| kept(&answered.answer));
        told.push((turn, answer.transpose()?));
    }
    let points: Vec<PointId> = told
        .iter()
        .filter_map(|(_, answer)| answer.as_ref())
        .flat_map(|answer| &answer.passages)
        .map(|passage| PointId(passage.point))
        .collect();
    let passages = platform.store.passages(scope, &points).await?;
    let passages: HashMap<Uuid, Passage> = passages
        .into_iter()
        .map(|passage| (passage.point.0, passage))
        .collect();
    let sources = platform.store.sources(scope).await?;
    let retold = told.into_iter().map(|(turn, answer)| WireTurn {
        turn: turn.ordinal,
        asked_at: turn.asked_at.to_string(),
        question: turn.question,
        withheld: answer.is_none(),
        answer: answer.map(|kept| retold(kept, conversation, turn.ordinal, &passages, &sources)),
    });
    Ok(retold.collect())
}

/// A kept answer with its passages and the sources as they are now.
fn retold(
    kept: KeptAnswer,
    conversation: Uuid,
    ordinal: u64,
    passages: &HashMap<Uuid, Passage>,
    sources: &[SourceStatus],
) -> Value {
    let found = kept.passages.into_iter().filter_map(|kept| {
        Some(WirePassage::from(ScoredPassage {
            passage: passages.get(&kept.point)?.clone(),
            score: kept.score,
            dense: kept.dense,
            sparse: kept.sparse,
        }))
    });
    let found: Vec<WirePassage> = found.collect();
    let mut answer = kept.answer;
    let named: HashSet<String> = answer["freshness"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|fresh| Some(fresh["source"].as_str()?.to_owned()))
        .collect();
    let fresh: Vec<WireFreshness> = sources
        .iter()
        .filter(|source| named.contains(&source.name))
        .map(WireFreshness::from)
        .collect();
    if let Value::Object(fields) = &mut answer {
        fields.insert("passages".to_owned(), json(&found));
        fields.insert("freshness".to_owned(), json(&fresh));
        fields.insert("conversation_id".to_owned(), json(&conversation));
        fields.insert("turn".to_owned(), json(&ordinal));
    }
    answer
}

/// Deletes conversations that are too old, for as long as the server runs.
pub fn sweep_conversations(platform: &Arc<Platform>) {
    let platform = platform.clone();
    tokio::spawn(async move {
        let mut hours = tokio::time::interval(SWEEP);
        loop {
            hours.tick().await;
            match platform.conversations.sweep(Timestamp::now()).await {
                Ok(Deleted { count: 0, .. }) => {}
                Ok(Deleted { count, answers }) => {
                    platform.guide.forget(&answers);
                    tracing::info!(count, "conversations were too old and are deleted");
                }
                Err(error) => tracing::warn!(%error, "old conversations could not be deleted"),
            }
        }
    });
}
