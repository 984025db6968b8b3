//! The turns of conversations: a question with its answer, and what the answer rests on.
//!
//! An answer was made of what its asker could see then. It comes back only while its asker may still see that: the labels
//! that it rests on must be allowed, and the files must be there, live and under a label that is allowed. Where one is not,
//! the question comes back without its answer; nobody can say any more that they may see it.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use uuid::Uuid;
use virgil_model::{LabelId, Scope};

use crate::access::push_labels;
use crate::conversations::{AnswerKey, Conversations, Which, missing, time};
use crate::error::StoreError;
use crate::row::{ROWS_PER_STATEMENT, damaged};

/// How many characters of a first question make a title.
const TITLE_CHARACTERS: usize = 80;

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePlace {
    /// The name of the source.
    pub source: String,
    /// The path.
    pub path: String,
}

/// What an answer rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// The labels of what it tells, or of everything that it was computed over.
    pub labels: BTreeSet<LabelId>,
    /// The files.
    pub places: BTreeSet<FilePlace>,
}

impl RestsOn {
    /// Adds what something else rests on.
    pub fn add(&mut self, other: &RestsOn) {
        self.labels.extend(&other.labels);
        self.places.extend(other.places.iter().cloned());
    }
}

/// A question and its answer, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTurn {
    /// The question.
    pub question: String,
    /// The answer, as whoever keeps it will read it.
    pub answer: String,
    /// The exact query that it was computed by, as JSON.
    pub last_query: Option<String>,
    /// What it rests on.
    pub rests_on: RestsOn,
    /// Where the answer is kept in memory.
    pub cache_key: Option<AnswerKey>,
}

/// Where a turn is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the conversation, from 1.
    pub ordinal: u64,
    /// Where the answers are kept in memory that made room for it.
    pub dropped: Vec<AnswerKey>,
}

/// A turn as a scope may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Its place in the conversation, from 1.
    pub ordinal: u64,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The question.
    pub question: String,
    /// What came of it; nothing, if it rests on what the scope does not see now.
    pub answered: Option<Answered>,
}

/// An answer that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer, as it was handed in.
    pub answer: String,
    /// The exact query that it was computed by, as JSON.
    pub last_query: Option<String>,
    /// What it rests on, for an answer that builds on it.
    pub rests_on: RestsOn,
}

impl Conversations {
    /// Fails unless the conversation is there and takes another question.
    pub async fn check(&self, scope: &Scope, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let conversation = self.get(scope, id, now).await?;
        if conversation.turns >= self.retention.max_turns {
            return Err(full(id, self.retention.max_turns));
        }
        Ok(())
    }

    /// Begins the conversation `id` with its first turn.
    pub async fn begin(
        &self,
        scope: &Scope,
        id: Uuid,
        turn: &NewTurn,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let mut transaction = self.store.write().await?;
        let now_us = now.as_microsecond();
        sqlx::query(
            "INSERT INTO conversations (id, principal, title, created_at, updated_at, turn_count, size_bytes) \
             VALUES (?, ?, ?, ?, ?, 0, 0)",
        )
        .bind(id.as_bytes().to_vec())
        .bind(scope.principal())
        .bind(title(&turn.question))
        .bind(now_us)
        .bind(now_us)
        .execute(&mut *transaction)
        .await?;
        let ordinal = self.put(&mut transaction, scope, id, turn, now).await?;
        transaction.commit().await?;
        let dropped = self.make_room(scope).await?;
        Ok(Kept { ordinal, dropped })
    }

    /// Adds a turn to the conversation `id`.
    pub async fn add(
        &self,
        scope: &Scope,
        id: Uuid,
        turn: &NewTurn,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let mut transaction = self.store.write().await?;
        let ordinal = self.put(&mut transaction, scope, id, turn, now).await?;
        transaction.commit().await?;
        let dropped = self.make_room(scope).await?;
        Ok(Kept { ordinal, dropped })
    }

    async fn put(
        &self,
        connection: &mut SqliteConnection,
        scope: &Scope,
        id: Uuid,
        turn: &NewTurn,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let labels: Vec<i64> = turn.rests_on.labels.iter().map(|label| label.0).collect();
        let places: Vec<[&str; 2]> = turn
            .rests_on
            .places
            .iter()
            .map(|place| [place.source.as_str(), place.path.as_str()])
            .collect();
        let labels = serde_json::json!(labels).to_string();
        let places = serde_json::json!(places).to_string();
        let size = turn.question.len()
            + turn.answer.len()
            + turn.last_query.as_ref().map_or(0, String::len)
            + places.len();
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let row: Option<(i64, i64)> = sqlx::query_as(
            "UPDATE conversations SET turn_count = turn_count + 1, size_bytes = size_bytes + ?, updated_at = ? \
             WHERE id = ? AND principal = ? AND updated_at >= ? RETURNING turn_count, size_bytes",
        )
        .bind(size)
        .bind(now.as_microsecond())
        .bind(id.as_bytes().to_vec())
        .bind(scope.principal())
        .bind(self.cutoff(now))
        .fetch_optional(&mut *connection)
        .await?;
        let (count, whole) = row.ok_or_else(|| missing(id))?;
        let ordinal = count.unsigned_abs();
        if ordinal > self.retention.max_turns {
            return Err(full(id, self.retention.max_turns));
        }
        if whole.unsigned_abs() > self.retention.max_bytes {
            return Err(StoreError::Full(format!(
                "the conversation `{id}` takes more than the {} bytes that are kept: start a new one",
                self.retention.max_bytes
            )));
        }
        sqlx::query(
            "INSERT INTO turns (conversation, ordinal, asked_at, question, answer, last_query, labels, places, cache_key) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.as_bytes().to_vec())
        .bind(count)
        .bind(now.as_microsecond())
        .bind(&turn.question)
        .bind(&turn.answer)
        .bind(&turn.last_query)
        .bind(labels)
        .bind(places)
        .bind(turn.cache_key.map(|key| key.to_vec()))
        .execute(&mut *connection)
        .await?;
        Ok(ordinal)
    }

    /// Deletes the conversations of the principal that were left alone longest, as many as are too much; returns where their
    /// answers are kept in memory. The one that was used last stays, whatever it takes.
    async fn make_room(&self, scope: &Scope) -> Result<Vec<AnswerKey>, StoreError> {
        let limit = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let surplus: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT id FROM (SELECT id, ROW_NUMBER() OVER newer AS number, SUM(size_bytes) OVER newer AS size \
             FROM conversations WHERE principal = ? WINDOW newer AS (ORDER BY updated_at DESC, id DESC)) AS all_of_them \
             WHERE number > 1 AND (number > ? OR size > ?)",
        )
        .bind(scope.principal())
        .bind(limit(self.retention.max_conversations))
        .bind(limit(self.retention.max_bytes))
        .fetch_all(self.store.readers())
        .await?;
        let mut dropped = Vec::new();
        for surplus in surplus.chunks(ROWS_PER_STATEMENT) {
            dropped.extend(self.erase(&Which::These(surplus)).await?.answers);
        }
        Ok(dropped)
    }

    /// The turns of a conversation in their order: the last `limit` of those before the ordinal `before`.
    pub async fn turns(
        &self,
        scope: &Scope,
        id: Uuid,
        before: Option<u64>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Vec<Turn>, StoreError> {
        // One transaction, so that what is shown and what is allowed are of one moment.
        let mut transaction = self.store.readers().begin().await?;
        let before = before.and_then(|before| i64::try_from(before).ok());
        let rows = sqlx::query(
            "SELECT t.ordinal, t.asked_at, t.question, t.answer, t.last_query, t.labels, t.places FROM turns t \
             JOIN conversations c ON c.id = t.conversation WHERE t.conversation = ? AND c.principal = ? \
             AND c.updated_at >= ? AND t.ordinal < ? ORDER BY t.ordinal DESC LIMIT ?",
        )
        .bind(id.as_bytes().to_vec())
        .bind(scope.principal())
        .bind(self.cutoff(now))
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *transaction)
        .await?;
        let resting = rows.iter().map(rests_on).collect::<Result<Vec<_>, _>>()?;
        let places: BTreeSet<&FilePlace> =
            resting.iter().flat_map(|resting| &resting.places).collect();
        let visible = visible(&mut transaction, scope, &places).await?;
        let may_see = |resting: &RestsOn| {
            resting.labels.iter().all(|label| scope.allows(*label))
                && resting.places.iter().all(|place| visible.contains(place))
        };
        let mut turns = Vec::with_capacity(rows.len());
        for (row, resting) in rows.iter().zip(resting).rev() {
            let answered = if may_see(&resting) {
                Some(Answered {
                    answer: row.try_get("answer")?,
                    last_query: row.try_get("last_query")?,
                    rests_on: resting,
                })
            } else {
                None
            };
            turns.push(Turn {
                ordinal: u64::try_from(row.try_get::<i64, _>("ordinal")?)
                    .map_err(|_| damaged("ordinal"))?,
                asked_at: time(row, "asked_at")?,
                question: row.try_get("question")?,
                answered,
            });
        }
        Ok(turns)
    }
}

fn full(id: Uuid, max_turns: u64) -> StoreError {
    StoreError::Full(format!(
        "the conversation `{id}` has {max_turns} questions, which is the most: start a new one"
    ))
}

/// The first line of a question, cut between words.
fn title(question: &str) -> String {
    let line = question.trim().lines().next().unwrap_or_default().trim();
    if line.chars().count() <= TITLE_CHARACTERS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE_CHARACTERS - 1).collect();
    let whole_words = cut
        .rsplit_once(char::is_whitespace)
        .map_or(&*cut, |(words, _)| words);
    format!("{whole_words}…")
}

fn rests_on(row: &SqliteRow) -> Result<RestsOn, StoreError> {
    let (labels, places): (String, String) = (row.try_get("labels")?, row.try_get("places")?);
    let labels: Vec<i64> = serde_json::from_str(&labels).map_err(|_| damaged("labels"))?;
    let places: Vec<(String, String)> =
        serde_json::from_str(&places).map_err(|_| damaged("places"))?;
    Ok(RestsOn {
        labels: labels.into_iter().map(LabelId).collect(),
        places: places
            .into_iter()
            .map(|(source, path)| FilePlace { source, path })
            .collect(),
    })
}

/// Those of the files that are live and visible.
async fn visible(
    connection: &mut SqliteConnection,
    scope: &Scope,
    places: &BTreeSet<&FilePlace>,
) -> Result<HashSet<FilePlace>, StoreError> {
    let mut visible = HashSet::with_capacity(places.len());
    let places: Vec<&FilePlace> = places.iter().copied().collect();
    for places in places.chunks(ROWS_PER_STATEMENT) {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("WITH asked (source, path) AS (");
        query.push_values(places, |mut row, place| {
            row.push_bind(&place.source).push_bind(&place.path);
        });
        query.push(
            ") SELECT s.name, a.path FROM asked q JOIN sources s ON s.name = q.source \
             JOIN assets a ON a.source = s.id AND a.path = q.path \
             WHERE a.born <= s.live_generation AND (a.died IS NULL OR a.died > s.live_generation) AND a.label IN ",
        );
        push_labels(&mut query, scope);
        for row in query.build().fetch_all(&mut *connection).await? {
            visible.insert(FilePlace {
                source: row.try_get("name")?,
                path: row.try_get("path")?,
            });
        }
    }
    Ok(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_cut_between_words() {
        assert_eq!(title("  Who owns it?\nPlease."), "Who owns it?");
        let long = title(&"wörter ".repeat(30));
        assert!(
            long.chars().count() <= TITLE_CHARACTERS && long.ends_with("wörter…"),
            "{long}"
        );
        assert_eq!(title(&"x".repeat(200)).chars().count(), TITLE_CHARACTERS);
    }
}
