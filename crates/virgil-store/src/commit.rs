//! The end of a sync: one transaction makes a generation live.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use virgil_model::Generation;

use crate::access::label_id;
use crate::database::Store;
use crate::error::StoreError;
use crate::lease::{self, Lease};
use crate::row::ROWS_PER_STATEMENT;
use crate::sync::{drop_assets, push_ids};

/// What makes a generation live.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The generation.
    pub generation: Generation,
    /// Where the next sync starts from.
    pub checkpoint: String,
    /// The commit that was read.
    pub commit: Option<String>,
    /// Whether the listing was whole, so that what it did not mention is gone.
    pub whole: bool,
    /// Every path that the listing mentioned as being there.
    pub confirmed: BTreeSet<String>,
    /// Every path that the listing mentioned as gone.
    pub gone: BTreeSet<String>,
    /// What was not read, and why.
    pub notices: Vec<Notice>,
}

/// An entry that was skipped or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its path.
    pub path: String,
    /// `failed`, or the name of the reason for skipping it.
    pub kind: &'static str,
    /// Why, for people.
    pub message: String,
    /// Its access label.
    pub label: String,
}

impl Store {
    /// Makes a generation live: what it replaced or found gone dies, what it wrote is visible from now on, and points that
    /// no live chunk needs are queued for deletion. Either all of it happens or nothing.
    pub async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        lease::check(&mut transaction, lease).await?;
        let source = lease.source.0;
        let generation = commit.generation.0;

        let mut dying = Vec::new();
        let mut unconfirmed = Vec::new();
        let mut reborn = BTreeSet::new();
        let rows =
            sqlx::query("SELECT id, path, born FROM assets WHERE source = ? AND died IS NULL")
                .bind(source)
                .fetch_all(&mut *transaction)
                .await?;
        let mut before = Vec::new();
        for row in rows {
            let (id, path, born): (i64, String, i64) = (
                row.try_get("id")?,
                row.try_get("path")?,
                row.try_get("born")?,
            );
            if born < generation {
                before.push((id, path));
            } else if commit.confirmed.contains(&path) {
                reborn.insert(path);
            } else {
                unconfirmed.push(id);
            }
        }
        for (id, path) in before {
            let left_out = commit.whole && !commit.confirmed.contains(&path);
            if reborn.contains(&path) || commit.gone.contains(&path) || left_out {
                dying.push(id);
            }
        }
        let changed = !reborn.is_empty() || !dying.is_empty();
        drop_assets(&mut transaction, &unconfirmed).await?;
        kill(&mut transaction, &dying, generation).await?;
        replace_notices(&mut transaction, source, &commit).await?;
        sqlx::query("DELETE FROM batches WHERE source = ?")
            .bind(source)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "UPDATE sources SET changed_generation = CASE WHEN ? OR partial OR error IS NOT NULL OR live_commit IS NOT ? \
             THEN ? ELSE changed_generation END, live_generation = ?, pending_generation = NULL, live_commit = ?, checkpoint = ?, \
             synced_at = ?, partial = 0, error = NULL WHERE id = ?",
        )
        .bind(changed)
        .bind(&commit.commit)
        .bind(generation)
        .bind(generation)
        .bind(&commit.commit)
        .bind(&commit.checkpoint)
        .bind(Timestamp::now().to_string())
        .bind(source)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes the rows of assets that died before the live generation of their source, a bounded number at a time; returns
    /// how many are gone. Their points were queued when they died.
    pub async fn purge(&self, limit: u32) -> Result<usize, StoreError> {
        let mut transaction = self.write().await?;
        let dead: Vec<i64> = sqlx::query_scalar(
            "SELECT a.id FROM assets a JOIN sources s ON s.id = a.source \
             WHERE a.died IS NOT NULL AND a.died <= s.live_generation LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
        for assets in dead.chunks(ROWS_PER_STATEMENT) {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("DELETE FROM assets WHERE id IN (");
            push_ids(&mut query, assets);
            query.push(")");
            query.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(dead.len())
    }
}

/// Lets assets die with `generation`, and queues those of their points that no living asset uses.
async fn kill(
    connection: &mut SqliteConnection,
    assets: &[i64],
    generation: i64,
) -> Result<(), StoreError> {
    for assets in assets.chunks(ROWS_PER_STATEMENT) {
        let mut update: QueryBuilder<Sqlite> = QueryBuilder::new("UPDATE assets SET died = ");
        update.push_bind(generation).push(" WHERE id IN (");
        push_ids(&mut update, assets);
        update.push(")");
        update.build().execute(&mut *connection).await?;
    }
    for assets in assets.chunks(ROWS_PER_STATEMENT) {
        let mut queue: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO deletions (point) SELECT DISTINCT c.point FROM chunks c WHERE c.asset IN (",
        );
        push_ids(&mut queue, assets);
        queue.push(
            ") AND NOT EXISTS (SELECT 1 FROM chunks other JOIN assets living ON living.id = other.asset \
             WHERE other.point = c.point AND living.died IS NULL) ON CONFLICT (point) DO NOTHING",
        );
        queue.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// A whole listing says all that was skipped or failed; a difference says it of the paths that it mentions.
async fn replace_notices(
    connection: &mut SqliteConnection,
    source: i64,
    commit: &Commit,
) -> Result<(), StoreError> {
    if commit.whole {
        sqlx::query("DELETE FROM problems WHERE source = ? AND asset IS NULL")
            .bind(source)
            .execute(&mut *connection)
            .await?;
    } else {
        let mentioned = commit
            .confirmed
            .iter()
            .chain(&commit.gone)
            .chain(commit.notices.iter().map(|notice| &notice.path));
        for path in mentioned {
            sqlx::query("DELETE FROM problems WHERE source = ? AND asset IS NULL AND path = ?")
                .bind(source)
                .bind(path)
                .execute(&mut *connection)
                .await?;
        }
    }
    for notice in &commit.notices {
        let label = label_id(connection, &notice.label).await?;
        sqlx::query(
            "INSERT INTO problems (source, path, kind, message, label) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(source)
        .bind(&notice.path)
        .bind(notice.kind)
        .bind(&notice.message)
        .bind(label.0)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
