//! Conversations: what a principal asked and was answered, kept so that it can go on.
//!
//! Whoever holds a scope reaches the conversations of its principal and no other's; another's and one that there is not are
//! the same to it. What is too old is not there any more, whether it was swept yet or not. What is deleted is overwritten in the
//! database file, not only unlinked.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, QueryBuilder, Row, Sqlite, SqliteConnection};
use uuid::Uuid;
use virgil_model::Scope;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{damaged, uuid};

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Conversations of one principal; the one that was left alone longest makes room.
    pub max_conversations: u64,
    /// Questions of one conversation; a full one takes no more.
    pub max_turns: u64,
    /// Bytes of one principal's questions and answers; the conversation that was left alone longest makes room.
    pub max_bytes: u64,
    /// How long a conversation is kept after its last question.
    pub max_age: Duration,
}

impl Default for Retention {
    /// 1,000 conversations of at most 1,000 questions, 64 MiB, 90 days.
    fn default() -> Retention {
        Retention {
            max_conversations: 1_000,
            max_turns: 1_000,
            max_bytes: 64 * 1024 * 1024,
            max_age: Duration::from_secs(90 * 24 * 3_600),
        }
    }
}

/// The conversations of a store.
#[derive(Debug, Clone)]
pub struct Conversations {
    pub(crate) store: Store,
    pub(crate) retention: Retention,
}

/// A conversation without its turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When something was last asked in it.
    pub updated_at: Timestamp,
    /// How many questions it has.
    pub turns: u64,
}

/// The key under which an answer is kept in memory.
pub type AnswerKey = [u8; 32];

impl Conversations {
    /// The conversations of `store`, kept as long as `retention` says.
    pub fn new(store: Store, retention: Retention) -> Conversations {
        Conversations { store, retention }
    }

    /// How much is kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The conversations of the scope's principal, the one that was used last first: at most `limit` of those that come
    /// after `after`, which is the time and the id of one of them.
    pub async fn list(
        &self,
        scope: &Scope,
        after: Option<(Timestamp, Uuid)>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Vec<Conversation>, StoreError> {
        let (time, id) = match after {
            Some((time, id)) => (time.as_microsecond(), id.as_bytes().to_vec()),
            // Nothing is later, and no id is greater than 16 bytes of ones.
            None => (i64::MAX, vec![0xff; 16]),
        };
        let rows = sqlx::query(
            "SELECT id, title, created_at, updated_at, turn_count FROM conversations WHERE principal = ? \
             AND updated_at >= ? AND (updated_at, id) < (?, ?) ORDER BY updated_at DESC, id DESC LIMIT ?",
        )
        .bind(scope.principal())
        .bind(self.cutoff(now))
        .bind(time)
        .bind(id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.store.readers())
        .await?;
        rows.iter().map(conversation).collect()
    }

    /// A conversation of the scope's principal.
    pub async fn get(
        &self,
        scope: &Scope,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Conversation, StoreError> {
        let row = sqlx::query(
            "SELECT id, title, created_at, updated_at, turn_count FROM conversations WHERE id = ? AND principal = ? \
             AND updated_at >= ?",
        )
        .bind(id.as_bytes().to_vec())
        .bind(scope.principal())
        .bind(self.cutoff(now))
        .fetch_optional(self.store.readers())
        .await?;
        conversation(&row.ok_or_else(|| missing(id))?)
    }

    /// Gives a conversation another title.
    pub async fn rename(
        &self,
        scope: &Scope,
        id: Uuid,
        title: &str,
        now: Timestamp,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.store.write().await?;
        let row = sqlx::query(
            "UPDATE conversations SET title = ? WHERE id = ? AND principal = ? AND updated_at >= ? \
             RETURNING id, title, created_at, updated_at, turn_count",
        )
        .bind(title)
        .bind(id.as_bytes().to_vec())
        .bind(scope.principal())
        .bind(self.cutoff(now))
        .fetch_optional(&mut *transaction)
        .await?;
        let renamed = conversation(&row.ok_or_else(|| missing(id))?)?;
        transaction.commit().await?;
        Ok(renamed)
    }

    /// Deletes a conversation for good; returns where its answers are kept in memory.
    pub async fn delete(
        &self,
        scope: &Scope,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Vec<AnswerKey>, StoreError> {
        let which = Which::One {
            principal: scope.principal(),
            id,
            cutoff: self.cutoff(now),
        };
        let deleted = self.erase(&which).await?;
        if deleted.count == 0 {
            return Err(missing(id));
        }
        Ok(deleted.answers)
    }

    /// Deletes every conversation of the scope's principal; returns where their answers are kept in memory.
    pub async fn delete_all(&self, scope: &Scope) -> Result<Vec<AnswerKey>, StoreError> {
        let deleted = self.erase(&Which::AllOf(scope.principal())).await?;
        Ok(deleted.answers)
    }

    /// Deletes what is too old, whoever it belongs to.
    pub async fn sweep(&self, now: Timestamp) -> Result<Deleted, StoreError> {
        self.erase(&Which::OlderThan(self.cutoff(now))).await
    }

    /// The time, in microseconds since 1970, before which nothing is kept.
    pub(crate) fn cutoff(&self, now: Timestamp) -> i64 {
        let age = i64::try_from(self.retention.max_age.as_micros()).unwrap_or(i64::MAX);
        now.as_microsecond().saturating_sub(age)
    }

    /// Deletes conversations with their turns, and overwrites what was written in their place.
    pub(crate) async fn erase(&self, which: &Which<'_>) -> Result<Deleted, StoreError> {
        let mut connection = self.store.writer().acquire().await?;
        // The flag belongs to the connection. What a sync deletes needs no overwriting, so it is set for this only.
        sqlx::query("PRAGMA secure_delete = ON")
            .execute(&mut *connection)
            .await?;
        let deleted = delete(&mut connection, which).await;
        sqlx::query("PRAGMA secure_delete = OFF")
            .execute(&mut *connection)
            .await?;
        let deleted = deleted?;
        if deleted.count > 0 {
            // The log still has the pages as they were. While a reader is at work it cannot be cut; then the next
            // deletion or the end of the program does that.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *connection)
                .await?;
        }
        Ok(deleted)
    }
}

/// Which conversations are deleted.
pub(crate) enum Which<'a> {
    /// One that is a principal's and not too old.
    One {
        principal: &'a str,
        id: Uuid,
        cutoff: i64,
    },
    /// All that are a principal's.
    AllOf(&'a str),
    /// Those that were last used before a time.
    OlderThan(i64),
    /// Those of these ids.
    These(&'a [Vec<u8>]),
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// How many conversations.
    pub count: u64,
    /// Where their answers are kept in memory.
    pub answers: Vec<AnswerKey>,
}

impl Which<'_> {
    fn push(&self, query: &mut QueryBuilder<Sqlite>) {
        match self {
            Which::One {
                principal,
                id,
                cutoff,
            } => {
                query.push("id = ").push_bind(id.as_bytes().to_vec());
                query
                    .push(" AND principal = ")
                    .push_bind((*principal).to_owned());
                query.push(" AND updated_at >= ").push_bind(*cutoff);
            }
            Which::AllOf(principal) => {
                query
                    .push("principal = ")
                    .push_bind((*principal).to_owned());
            }
            Which::OlderThan(cutoff) => {
                query.push("updated_at < ").push_bind(*cutoff);
            }
            Which::These(ids) => {
                query.push("id IN (");
                let mut list = query.separated(", ");
                for id in *ids {
                    list.push_bind(id.clone());
                }
                query.push(")");
            }
        }
    }
}

async fn delete(
    connection: &mut SqliteConnection,
    which: &Which<'_>,
) -> Result<Deleted, StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut keys = QueryBuilder::new(
        "SELECT cache_key FROM turns WHERE cache_key IS NOT NULL AND conversation IN (SELECT id FROM conversations WHERE ",
    );
    which.push(&mut keys);
    keys.push(")");
    let answers = keys
        .build_query_scalar()
        .fetch_all(&mut *transaction)
        .await?
        .into_iter()
        .map(answer_key)
        .collect::<Result<_, StoreError>>()?;
    // Their turns go with them.
    let mut delete = QueryBuilder::new("DELETE FROM conversations WHERE ");
    which.push(&mut delete);
    let done = delete.build().execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Deleted {
        count: done.rows_affected(),
        answers,
    })
}

fn answer_key(bytes: Vec<u8>) -> Result<AnswerKey, StoreError> {
    bytes.try_into().map_err(|_| damaged("cache_key"))
}

/// The same for one that there is not, one that is another's and one that is too old.
pub(crate) fn missing(id: Uuid) -> StoreError {
    StoreError::NotFound(format!("there is no conversation `{id}`"))
}

fn conversation(row: &SqliteRow) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: uuid(row, "id")?,
        title: row.try_get("title")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        turns: row
            .try_get::<i64, _>("turn_count")?
            .try_into()
            .map_err(|_| damaged("turn_count"))?,
    })
}

pub(crate) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| damaged(column))
}
