//! Shards of the vector index: which one is in use, and what it must hold.

use sqlx::{QueryBuilder, Row, Sqlite};
use virgil_model::{Chunk, Content, LabelId, PointId, SourceId};

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{chunk, content, uuid};

/// A shard of the vector index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Its number.
    pub number: i64,
    /// The name of its directory.
    pub directory: String,
    /// What made its vectors.
    pub embedder: String,
}

/// A point that the index must hold, with everything that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePoint {
    /// The row, for paging.
    pub row: i64,
    /// The point.
    pub point: PointId,
    /// Who may see it.
    pub label: LabelId,
    /// The source.
    pub source: SourceId,
    /// The name of the source.
    pub source_name: String,
    /// The path of the asset.
    pub path: String,
    /// What kind of text it is.
    pub content: Content,
    /// The passage.
    pub chunk: Chunk,
}

impl Store {
    /// The shard that is in use.
    pub async fn live_shard(&self) -> Result<Option<Shard>, StoreError> {
        let row = sqlx::query(
            "SELECT number, directory, embedder FROM index_shards WHERE state = 'live'",
        )
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(Shard {
                number: row.try_get("number")?,
                directory: row.try_get("directory")?,
                embedder: row.try_get("embedder")?,
            })
        })
        .transpose()
    }

    /// A new shard, to be filled.
    pub async fn new_shard(&self, embedder: &str) -> Result<Shard, StoreError> {
        let mut transaction = self.write().await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT MAX(number) FROM index_shards")
            .fetch_one(&mut *transaction)
            .await?;
        let number = last.unwrap_or_default() + 1;
        let directory = format!("shard-{number:04}");
        sqlx::query("INSERT INTO index_shards (number, directory, embedder, state) VALUES (?, ?, ?, 'filling')")
            .bind(number)
            .bind(&directory)
            .bind(embedder)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Shard {
            number,
            directory,
            embedder: embedder.to_owned(),
        })
    }

    /// Puts a filled shard in use and retires the one before it.
    pub async fn switch_shard(&self, number: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE index_shards SET state = 'retired' WHERE state = 'live'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE index_shards SET state = 'live' WHERE number = ?")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Directories of shards that nothing uses any more, or that were never filled to their end.
    pub async fn unused_shards(&self) -> Result<Vec<String>, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT directory FROM index_shards WHERE state <> 'live'")
                .fetch_all(self.readers())
                .await?,
        )
    }

    /// A page of the points that the index must hold: those of live chunks and of batches that a sync has finished. Pages
    /// go by ascending row, after `after`.
    pub async fn live_points(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<LivePoint>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
            "SELECT c.id AS row, c.point, c.start_line, c.end_line, c.breadcrumb, c.body, a.label, a.source, a.path, \
             a.content, s.name AS source_name FROM chunks c JOIN assets a ON a.id = c.asset \
             JOIN sources s ON s.id = a.source WHERE a.died IS NULL AND c.id > ",
        );
        query.push_bind(after.unwrap_or(i64::MIN));
        query.push(" ORDER BY c.id LIMIT ").push_bind(limit as i64);
        let rows = query.build().fetch_all(self.readers()).await?;
        rows.iter()
            .map(|row| {
                Ok(LivePoint {
                    row: row.try_get("row")?,
                    point: PointId(uuid(row, "point")?),
                    label: LabelId(row.try_get("label")?),
                    source: SourceId(row.try_get("source")?),
                    source_name: row.try_get("source_name")?,
                    path: row.try_get("path")?,
                    content: content(row)?,
                    chunk: chunk(row)?,
                })
            })
            .collect()
    }
}
