//! What a sync writes before its commit: batches of rows that nobody sees yet.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use virgil_model::{
    Chunk, ChunkId, Content, Generation, LabelId, PointId, Problem, SourceId, Statement,
};

use crate::access::label_id;
use crate::database::Store;
use crate::error::StoreError;
use crate::lease::{self, Lease};
use crate::row::{ROWS_PER_STATEMENT, damaged, uuid};

/// Where a sync starts from.
#[derive(Debug)]
pub struct Pending {
    /// The generation that it writes.
    pub generation: Generation,
    /// The checkpoint of the live generation.
    pub checkpoint: Option<String>,
    /// The assets of the live generation, by path.
    pub live: HashMap<String, LiveAsset>,
    /// The assets that an interrupted sync already wrote into this generation, by path.
    pub resumed: HashMap<String, LiveAsset>,
}

/// What is known of an asset, to tell whether it must be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAsset {
    /// The name of its content.
    pub content_id: String,
    /// Its access label.
    pub label: String,
    /// The format it was read as.
    pub reader: String,
    /// The version of that reader.
    pub reader_version: u32,
    /// The version of the redactor.
    pub redactor_version: u32,
    /// The version of the chunker.
    pub chunker_version: u32,
    /// The other files that the reader looked at, and with `/` at the end the folders that it listed.
    pub looked_at: Vec<String>,
}

/// An asset to write.
#[derive(Debug, Clone)]
pub struct NewAsset {
    /// Its path.
    pub path: String,
    /// The name of its content.
    pub content_id: String,
    /// Its access label.
    pub label: String,
    /// Its title.
    pub title: String,
    /// What kind of text it is.
    pub content: Content,
    /// The size of its raw bytes.
    pub size_bytes: u64,
    /// The format it was read as.
    pub reader: String,
    /// The version of that reader.
    pub reader_version: u32,
    /// The version of the redactor.
    pub redactor_version: u32,
    /// The version of the chunker.
    pub chunker_version: u32,
    /// The other files that the reader looked at, and with `/` at the end the folders that it listed.
    pub looked_at: Vec<String>,
    /// How many secrets were taken out.
    pub redacted: u32,
    /// Its chunks, in order.
    pub chunks: Vec<NewChunk>,
    /// What it says.
    pub statements: Vec<Statement>,
    /// What its reader could not understand.
    pub problems: Vec<Problem>,
}

/// A chunk to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChunk {
    /// Its identity, unique within its source.
    pub id: ChunkId,
    /// The passage.
    pub chunk: Chunk,
}

/// A batch whose rows are written and whose points are still to come.
#[derive(Debug)]
pub struct WrittenBatch {
    /// Its id, for [`Store::batch_done`].
    pub id: i64,
    /// The points that the index needs for it. A chunk that the live generation has too, under the same label, keeps its
    /// point and is not among them.
    pub points: Vec<NewPoint>,
}

/// A point that the index needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPoint {
    /// Its identity.
    pub point: PointId,
    /// The chunk that it stands for.
    pub chunk: ChunkId,
    /// Who may see it.
    pub label: LabelId,
    /// The source.
    pub source: SourceId,
    /// What kind of text it is.
    pub content: Content,
}

impl Store {
    /// Starts the generation after the live one, or goes on with the one that an interrupted sync left. Batches whose
    /// points may be missing are taken back. A source without any generation goes live at once, marked partial.
    pub async fn begin(&self, lease: &Lease) -> Result<Pending, StoreError> {
        let mut transaction = self.write().await?;
        lease::check(&mut transaction, lease).await?;
        let source = lease.source.0;
        let row = sqlx::query("SELECT live_generation, pending_generation, checkpoint, partial FROM sources WHERE id = ?")
            .bind(source)
            .fetch_one(&mut *transaction)
            .await?;
        let live: i64 = row.try_get("live_generation")?;
        let pending: Option<i64> = row.try_get("pending_generation")?;
        let generation = pending.unwrap_or(live + 1);
        if pending.is_none() {
            let first = live == 0;
            sqlx::query(
                "UPDATE sources SET pending_generation = ?, partial = CASE WHEN ? THEN 1 ELSE partial END, \
                 live_generation = CASE WHEN ? THEN ? ELSE live_generation END WHERE id = ?",
            )
            .bind(generation)
            .bind(first)
            .bind(first)
            .bind(generation)
            .bind(source)
            .execute(&mut *transaction)
            .await?;
        }
        let undone: Vec<i64> = sqlx::query_scalar(
            "SELECT a.id FROM assets a JOIN batches b ON b.id = a.batch \
             WHERE a.source = ? AND a.born = ? AND b.done = 0",
        )
        .bind(source)
        .bind(generation)
        .fetch_all(&mut *transaction)
        .await?;
        drop_assets(&mut transaction, &undone).await?;
        sqlx::query("DELETE FROM batches WHERE source = ? AND done = 0")
            .bind(source)
            .execute(&mut *transaction)
            .await?;
        let checkpoint = row.try_get("checkpoint")?;
        let live = known_assets(&mut transaction, source, Which::LiveBefore(generation)).await?;
        let resumed = known_assets(&mut transaction, source, Which::BornIn(generation)).await?;
        transaction.commit().await?;
        Ok(Pending {
            generation: Generation(generation),
            checkpoint,
            live,
            resumed,
        })
    }

    /// Writes the rows of a batch. They count once [`Store::batch_done`] and [`Store::commit`] have followed.
    pub async fn write_batch(
        &self,
        lease: &Lease,
        generation: Generation,
        assets: Vec<NewAsset>,
    ) -> Result<WrittenBatch, StoreError> {
        let mut transaction = self.write().await?;
        lease::check(&mut transaction, lease).await?;
        let source = lease.source;
        let batch: i64 = sqlx::query_scalar(
            "INSERT INTO batches (source, generation, done) VALUES (?, ?, 0) RETURNING id",
        )
        .bind(source.0)
        .bind(generation.0)
        .fetch_one(&mut *transaction)
        .await?;
        let mut points = Vec::new();
        let mut chunk_rows = Vec::new();
        for asset in assets {
            let label = label_id(&mut transaction, &asset.label).await?;
            // An earlier try of this generation may have written the path with other content.
            let earlier: Vec<i64> = sqlx::query_scalar(
                "SELECT id FROM assets WHERE source = ? AND path = ? AND born = ?",
            )
            .bind(source.0)
            .bind(&asset.path)
            .bind(generation.0)
            .fetch_all(&mut *transaction)
            .await?;
            drop_assets(&mut transaction, &earlier).await?;
            let kept =
                live_points_of(&mut transaction, source, &asset.path, generation, label).await?;
            let id =
                insert_asset(&mut transaction, source, generation, batch, label, &asset).await?;
            for (ordinal, new) in asset.chunks.into_iter().enumerate() {
                let point = kept.get(&new.id).copied().unwrap_or_else(|| {
                    let point = PointId::derive(new.id, generation);
                    points.push(NewPoint {
                        point,
                        chunk: new.id,
                        label,
                        source,
                        content: asset.content,
                    });
                    point
                });
                chunk_rows.push((id, ordinal, point, new));
            }
            insert_statements(&mut transaction, id, &asset.statements).await?;
            for problem in &asset.problems {
                sqlx::query(
                    "INSERT INTO problems (source, asset, path, line, kind, message, label) \
                     VALUES (?, ?, ?, ?, 'problem', ?, ?)",
                )
                .bind(source.0)
                .bind(id)
                .bind(&asset.path)
                .bind(problem.line)
                .bind(&problem.message)
                .bind(label.0)
                .execute(&mut *transaction)
                .await?;
            }
        }
        insert_chunks(&mut transaction, &chunk_rows).await?;
        // A point that an earlier try of this generation had comes back: its deletion is off.
        let reborn: Vec<PointId> = points.iter().map(|new| new.point).collect();
        forget_deletions(&mut transaction, &reborn).await?;
        transaction.commit().await?;
        Ok(WrittenBatch { id: batch, points })
    }

    /// Notes that the points of a batch are in the index for good.
    pub async fn batch_done(&self, lease: &Lease, batch: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        lease::check(&mut transaction, lease).await?;
        sqlx::query("UPDATE batches SET done = 1 WHERE id = ?")
            .bind(batch)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Some points that the index may still hold and that no row needs.
    pub async fn deletions(&self, limit: u32) -> Result<Vec<PointId>, StoreError> {
        let rows = sqlx::query("SELECT point FROM deletions LIMIT ?")
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| Ok(PointId(uuid(row, "point")?)))
            .collect()
    }

    /// Takes points that the index no longer holds off the queue.
    pub async fn deletions_done(&self, points: &[PointId]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        forget_deletions(&mut transaction, points).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn forget_deletions(
    connection: &mut SqliteConnection,
    points: &[PointId],
) -> Result<(), StoreError> {
    for points in points.chunks(ROWS_PER_STATEMENT) {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("DELETE FROM deletions WHERE point IN (");
        let mut list = query.separated(", ");
        for point in points {
            list.push_bind(point.0.as_bytes().to_vec());
        }
        query.push(")");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Removes asset rows with all that hangs on them, and queues those of their points that no other row uses.
pub(crate) async fn drop_assets(
    connection: &mut SqliteConnection,
    assets: &[i64],
) -> Result<(), StoreError> {
    for assets in assets.chunks(ROWS_PER_STATEMENT) {
        let mut queue: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO deletions (point) SELECT DISTINCT c.point FROM chunks c WHERE c.asset IN (",
        );
        push_ids(&mut queue, assets);
        queue.push(
            ") AND NOT EXISTS (SELECT 1 FROM chunks other WHERE other.point = c.point AND other.asset NOT IN (",
        );
        push_ids(&mut queue, assets);
        queue.push(")) ON CONFLICT (point) DO NOTHING");
        queue.build().execute(&mut *connection).await?;
        let mut delete: QueryBuilder<Sqlite> =
            QueryBuilder::new("DELETE FROM assets WHERE id IN (");
        push_ids(&mut delete, assets);
        delete.push(")");
        delete.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) fn push_ids(query: &mut QueryBuilder<Sqlite>, ids: &[i64]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
}

/// Which assets of a source: those before a generation that still live, or those of it.
#[derive(Debug, Clone, Copy)]
enum Which {
    LiveBefore(i64),
    BornIn(i64),
}

async fn known_assets(
    connection: &mut SqliteConnection,
    source: i64,
    which: Which,
) -> Result<HashMap<String, LiveAsset>, StoreError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
        "SELECT a.path, a.content_id, l.name AS label, a.reader, a.reader_version, a.redactor_version, \
         a.chunker_version, a.looked_at FROM assets a JOIN labels l ON l.id = a.label WHERE a.source = ",
    );
    query.push_bind(source);
    match which {
        Which::LiveBefore(generation) => query
            .push(" AND a.died IS NULL AND a.born < ")
            .push_bind(generation),
        Which::BornIn(generation) => query.push(" AND a.born = ").push_bind(generation),
    };
    let mut known = HashMap::new();
    for row in query.build().fetch_all(connection).await? {
        let looked_at: String = row.try_get("looked_at")?;
        known.insert(
            row.try_get("path")?,
            LiveAsset {
                content_id: row.try_get("content_id")?,
                label: row.try_get("label")?,
                reader: row.try_get("reader")?,
                reader_version: row.try_get("reader_version")?,
                redactor_version: row.try_get("redactor_version")?,
                chunker_version: row.try_get("chunker_version")?,
                looked_at: serde_json::from_str(&looked_at).map_err(|_| damaged("looked_at"))?,
            },
        );
    }
    Ok(known)
}

/// The points of the live chunks of a path, by chunk, if they carry that label.
async fn live_points_of(
    connection: &mut SqliteConnection,
    source: SourceId,
    path: &str,
    generation: Generation,
    label: LabelId,
) -> Result<HashMap<ChunkId, PointId>, StoreError> {
    let rows = sqlx::query(
        "SELECT c.chunk, c.point FROM assets a JOIN chunks c ON c.asset = a.id \
         WHERE a.source = ? AND a.path = ? AND a.born < ? AND a.died IS NULL AND a.label = ?",
    )
    .bind(source.0)
    .bind(path)
    .bind(generation.0)
    .bind(label.0)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((ChunkId(uuid(row, "chunk")?), PointId(uuid(row, "point")?))))
        .collect()
}

async fn insert_asset(
    connection: &mut SqliteConnection,
    source: SourceId,
    generation: Generation,
    batch: i64,
    label: LabelId,
    asset: &NewAsset,
) -> Result<i64, StoreError> {
    let looked_at = serde_json::to_string(&asset.looked_at).expect("a list of texts serialises");
    let id = sqlx::query_scalar(
        "INSERT INTO assets (source, path, content_id, label, title, content, size_bytes, reader, reader_version, \
         redactor_version, chunker_version, looked_at, redacted, chunk_count, born, batch) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(source.0)
    .bind(&asset.path)
    .bind(&asset.content_id)
    .bind(label.0)
    .bind(&asset.title)
    .bind(asset.content.name())
    .bind(i64::try_from(asset.size_bytes).unwrap_or(i64::MAX))
    .bind(&asset.reader)
    .bind(asset.reader_version)
    .bind(asset.redactor_version)
    .bind(asset.chunker_version)
    .bind(looked_at)
    .bind(asset.redacted)
    .bind(asset.chunks.len() as i64)
    .bind(generation.0)
    .bind(batch)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

async fn insert_chunks(
    connection: &mut SqliteConnection,
    rows: &[(i64, usize, PointId, NewChunk)],
) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO chunks (asset, chunk, point, ordinal, start_line, end_line, breadcrumb, body) ",
        );
        query.push_values(rows, |mut row, (asset, ordinal, point, new)| {
            let breadcrumb =
                serde_json::to_string(&new.chunk.breadcrumb).expect("a list of texts serialises");
            row.push_bind(*asset)
                .push_bind(new.id.0.as_bytes().to_vec())
                .push_bind(point.0.as_bytes().to_vec())
                .push_bind(*ordinal as i64)
                .push_bind(new.chunk.lines.start)
                .push_bind(new.chunk.lines.end)
                .push_bind(breadcrumb)
                .push_bind(new.chunk.text.clone());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_statements(
    connection: &mut SqliteConnection,
    asset: i64,
    statements: &[Statement],
) -> Result<(), StoreError> {
    for statements in statements.chunks(ROWS_PER_STATEMENT) {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("INSERT INTO statements (asset, start_line, end_line, says) ");
        query.push_values(statements, |mut row, statement| {
            let says = serde_json::to_string(&statement.says).expect("statements serialise");
            row.push_bind(asset)
                .push_bind(statement.lines.start)
                .push_bind(statement.lines.end)
                .push_bind(says);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}
