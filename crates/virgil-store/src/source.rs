//! Sources: what is known of each, and how fresh it is.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row};
use virgil_model::{Permalink, Scope, SourceId};

use crate::access::{label_id, push_labels};
use crate::database::Store;
use crate::error::StoreError;
use crate::lease::{self, Lease};
use crate::row::damaged;

/// A source as its configuration and its kind describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its unique name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is, for people; holds no credentials.
    pub location: String,
    /// How its places become links.
    pub permalink: Option<Permalink>,
    /// The access label of what no path rule names.
    pub label: String,
}

/// A source that was added by hand, without a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedSource {
    /// Its unique name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is, for people.
    pub location: String,
    /// The parameters of its kind, as JSON.
    pub parameters: String,
    /// Its access label.
    pub label: String,
}

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// Its last sync was good.
    Live,
    /// Its first sync is not over: parts of it are missing.
    Partial,
    /// It was never synced.
    NeverSynced,
    /// Its last sync failed; what was known before is still served.
    Failed,
    /// A sync is running; what was known before is still served.
    Syncing,
}

impl SourceState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            SourceState::Live => "live",
            SourceState::Partial => "partial",
            SourceState::NeverSynced => "never_synced",
            SourceState::Failed => "failed",
            SourceState::Syncing => "syncing",
        }
    }
}

/// What a scope may know of a source. Counts are of what the scope sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its id.
    pub id: SourceId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is.
    pub location: String,
    /// Whether it was added by hand, not by the configuration.
    pub added: bool,
    /// How it stands.
    pub state: SourceState,
    /// Live assets.
    pub files: u64,
    /// Live chunks.
    pub chunks: u64,
    /// Entries that are not text for people.
    pub skipped: u64,
    /// Entries that could not be read.
    pub failed: u64,
    /// When it was last synced to its end.
    pub synced_at: Option<Timestamp>,
    /// The commit that was read then.
    pub commit: Option<String>,
    /// Why the last sync failed; only for those who may see everything of the source's default label.
    pub error: Option<String>,
}

impl Store {
    /// Stores what is known of a configured source and returns its id; what was synced stays.
    pub async fn put_source(&self, record: &SourceRecord) -> Result<SourceId, StoreError> {
        let mut transaction = self.write().await?;
        let label = label_id(&mut transaction, &record.label).await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO sources (name, kind, location, permalink, label) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, location = excluded.location, \
             permalink = excluded.permalink, label = excluded.label RETURNING id",
        )
        .bind(&record.name)
        .bind(&record.kind)
        .bind(&record.location)
        .bind(
            record
                .permalink
                .as_ref()
                .map(|permalink| permalink.0.as_str()),
        )
        .bind(label.0)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(SourceId(id))
    }

    /// Stores a source that was added by hand.
    pub async fn add_source(&self, added: &AddedSource) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let label = label_id(&mut transaction, &added.label).await?;
        sqlx::query(
            "INSERT INTO sources (name, kind, location, parameters, label) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, location = excluded.location, \
             parameters = excluded.parameters",
        )
        .bind(&added.name)
        .bind(&added.kind)
        .bind(&added.location)
        .bind(&added.parameters)
        .bind(label.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The source `name`, if it was added by hand.
    pub async fn added_source(&self, name: &str) -> Result<Option<AddedSource>, StoreError> {
        let row = sqlx::query(
            "SELECT s.name, s.kind, s.location, s.parameters, l.name AS label FROM sources s \
             JOIN labels l ON l.id = s.label WHERE s.name = ? AND s.parameters IS NOT NULL",
        )
        .bind(name)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(AddedSource {
                name: row.try_get("name")?,
                kind: row.try_get("kind")?,
                location: row.try_get("location")?,
                parameters: row.try_get("parameters")?,
                label: row.try_get("label")?,
            })
        })
        .transpose()
    }

    /// Forgets a source and everything read from it; its points are queued for deletion. Returns whether it was there.
    pub async fn remove_source(&self, name: &str) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM sources WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(id) = id else { return Ok(false) };
        sqlx::query(
            "INSERT INTO deletions (point) SELECT DISTINCT c.point FROM chunks c \
             JOIN assets a ON a.id = c.asset WHERE a.source = ? ON CONFLICT (point) DO NOTHING",
        )
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        for statement in [
            "DELETE FROM problems WHERE source = ?",
            "DELETE FROM assets WHERE source = ?",
            "DELETE FROM batches WHERE source = ?",
            // The row goes last. A sync that still runs finds its lease gone.
            "DELETE FROM sources WHERE id = ?",
        ] {
            sqlx::query(statement)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes why a sync failed; what was known stays.
    pub async fn record_failure(&self, lease: &Lease, message: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        match lease::check(&mut transaction, lease).await {
            Err(StoreError::LeaseLost) => return Ok(()),
            other => other?,
        }
        sqlx::query("UPDATE sources SET error = ? WHERE id = ?")
            .bind(message)
            .bind(lease.source.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The sources of which `scope` may see anything, by name: its default label, or a live asset.
    pub async fn sources(&self, scope: &Scope) -> Result<Vec<SourceStatus>, StoreError> {
        let mut transaction = self.readers().begin().await?;
        let mut assets: HashMap<i64, (i64, i64)> = HashMap::new();
        let mut query = QueryBuilder::new(
            "SELECT a.source, COUNT(*) AS files, SUM(a.chunk_count) AS chunks FROM assets a \
             JOIN sources s ON s.id = a.source WHERE a.born <= s.live_generation \
             AND (a.died IS NULL OR a.died > s.live_generation) AND a.label IN ",
        );
        push_labels(&mut query, scope);
        query.push(" GROUP BY a.source");
        for row in query.build().fetch_all(&mut *transaction).await? {
            assets.insert(
                row.try_get("source")?,
                (row.try_get("files")?, row.try_get("chunks")?),
            );
        }
        let mut notices: HashMap<i64, (i64, i64)> = HashMap::new();
        let mut query = QueryBuilder::new(
            "SELECT source, SUM(CASE WHEN kind = 'failed' THEN 1 ELSE 0 END) AS failed, COUNT(*) AS every \
             FROM problems WHERE asset IS NULL AND label IN ",
        );
        push_labels(&mut query, scope);
        query.push(" GROUP BY source");
        for row in query.build().fetch_all(&mut *transaction).await? {
            notices.insert(
                row.try_get("source")?,
                (row.try_get("failed")?, row.try_get("every")?),
            );
        }
        let rows = sqlx::query("SELECT * FROM sources ORDER BY name")
            .fetch_all(&mut *transaction)
            .await?;
        let now = Timestamp::now().as_millisecond();
        let mut sources = Vec::new();
        for row in rows {
            let id: i64 = row.try_get("id")?;
            let by_default = scope.allows(virgil_model::LabelId(row.try_get("label")?));
            let seen = assets.get(&id);
            if seen.is_none() && !by_default {
                continue;
            }
            let (files, chunks) = seen.copied().unwrap_or_default();
            let (failed, every) = notices.get(&id).copied().unwrap_or_default();
            let error: Option<String> = row.try_get("error")?;
            let synced_at: Option<String> = row.try_get("synced_at")?;
            let synced_at: Option<Timestamp> = synced_at
                .map(|at| at.parse().map_err(|_| damaged("synced_at")))
                .transpose()?;
            let syncing = row.try_get::<Option<String>, _>("holder")?.is_some()
                && row.try_get::<i64, _>("lease_until")? > now;
            let state = if syncing {
                SourceState::Syncing
            } else if error.is_some() {
                SourceState::Failed
            } else if row.try_get::<bool, _>("partial")? {
                SourceState::Partial
            } else if synced_at.is_some() {
                SourceState::Live
            } else {
                SourceState::NeverSynced
            };
            sources.push(SourceStatus {
                id: SourceId(id),
                name: row.try_get("name")?,
                kind: row.try_get("kind")?,
                location: row.try_get("location")?,
                added: row.try_get::<Option<String>, _>("parameters")?.is_some(),
                state,
                files: files.unsigned_abs(),
                chunks: chunks.unsigned_abs(),
                skipped: (every - failed).unsigned_abs(),
                failed: failed.unsigned_abs(),
                synced_at,
                commit: row.try_get("live_commit")?,
                // The message may name paths.
                error: error.filter(|_| by_default),
            });
        }
        Ok(sources)
    }
}
