//! What others pushed: durable before it is answered, read into assets by the next sync.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Row, Sqlite};
use virgil_model::SourceId;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::ROWS_PER_STATEMENT;

/// One pushed event, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedEvent {
    /// The asset that it belongs to.
    pub path: String,
    /// What the asset is one of, such as the runs of a job.
    pub folder: String,
    /// When it happened, in UTC with six digits of the second.
    pub at: String,
    /// A hash of its content: the same event is stored once.
    pub event: [u8; 32],
    /// Its text.
    pub body: String,
}

/// Which assets of a push source have events that a sync has not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedChanges {
    /// The number of the latest event.
    pub sequence: i64,
    /// The assets with their folders.
    pub assets: BTreeSet<(String, String)>,
}

impl Store {
    /// Stores events in one transaction; when it returns they survive a crash. Returns how many were new.
    pub async fn push(&self, source: SourceId, events: &[PushedEvent]) -> Result<u64, StoreError> {
        let mut transaction = self.write().await?;
        let mut new = 0;
        for events in events.chunks(ROWS_PER_STATEMENT / 8) {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "INSERT INTO pushed_events (source, path, folder, at, event, body) ",
            );
            query.push_values(events, |mut row, event| {
                row.push_bind(source.0)
                    .push_bind(&event.path)
                    .push_bind(&event.folder)
                    .push_bind(&event.at)
                    .push_bind(event.event.to_vec())
                    .push_bind(&event.body);
            });
            query.push(" ON CONFLICT (source, path, event) DO NOTHING");
            new += query
                .build()
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// The assets with events after the number `after`; all of them without one.
    pub async fn pushed_changes(
        &self,
        source: SourceId,
        after: Option<i64>,
    ) -> Result<PushedChanges, StoreError> {
        let mut transaction = self.readers().begin().await?;
        let latest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(sequence) FROM pushed_events WHERE source = ?")
                .bind(source.0)
                .fetch_one(&mut *transaction)
                .await?;
        let after = after.unwrap_or_default();
        let rows = sqlx::query(
            "SELECT DISTINCT path, folder FROM pushed_events WHERE source = ? AND sequence > ?",
        )
        .bind(source.0)
        .bind(after)
        .fetch_all(&mut *transaction)
        .await?;
        let assets = rows
            .iter()
            .map(|row| Ok((row.try_get("path")?, row.try_get("folder")?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(PushedChanges {
            sequence: latest.unwrap_or(after).max(after),
            assets,
        })
    }

    /// The events of an asset, in the order in which they happened.
    pub async fn pushed_events(
        &self,
        source: SourceId,
        path: &str,
    ) -> Result<Vec<PushedEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT path, folder, at, event, body FROM pushed_events WHERE source = ? AND path = ? \
             ORDER BY at, sequence",
        )
        .bind(source.0)
        .bind(path)
        .fetch_all(self.readers())
        .await?;
        rows.iter()
            .map(|row| {
                let event: Vec<u8> = row.try_get("event")?;
                Ok(PushedEvent {
                    path: row.try_get("path")?,
                    folder: row.try_get("folder")?,
                    at: row.try_get("at")?,
                    event: event.try_into().map_err(|_| crate::row::damaged("event"))?,
                    body: row.try_get("body")?,
                })
            })
            .collect()
    }

    /// The assets of a folder beyond the `keep` that have the latest events.
    pub async fn pushed_surplus(
        &self,
        source: SourceId,
        folder: &str,
        keep: u32,
    ) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT path FROM pushed_events WHERE source = ? AND folder = ? GROUP BY path \
             ORDER BY MAX(at) DESC, path DESC LIMIT -1 OFFSET ?",
        )
        .bind(source.0)
        .bind(folder)
        .bind(keep)
        .fetch_all(self.readers())
        .await?)
    }

    /// Forgets the events of assets.
    pub async fn forget_pushed(
        &self,
        source: SourceId,
        paths: &[String],
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for path in paths {
            sqlx::query("DELETE FROM pushed_events WHERE source = ? AND path = ?")
                .bind(source.0)
                .bind(path)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Puts one event in the place of several of an asset.
    pub async fn compact_pushed(
        &self,
        source: SourceId,
        merged: &[PushedEvent],
        into: &PushedEvent,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for event in merged {
            sqlx::query("DELETE FROM pushed_events WHERE source = ? AND path = ? AND event = ?")
                .bind(source.0)
                .bind(&event.path)
                .bind(event.event.to_vec())
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(
            "INSERT INTO pushed_events (source, path, folder, at, event, body) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (source, path, event) DO NOTHING",
        )
        .bind(source.0)
        .bind(&into.path)
        .bind(&into.folder)
        .bind(&into.at)
        .bind(into.event.to_vec())
        .bind(&into.body)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
