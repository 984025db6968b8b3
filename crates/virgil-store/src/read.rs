//! What a scope may read.

use sqlx::{QueryBuilder, Row, Sqlite};
use virgil_model::{AssetId, Content, Evidence, LabelId, Permalink, PointId, Scope, SourceId};

use crate::access::push_labels;
use crate::database::Store;
use crate::error::StoreError;
use crate::row::{ROWS_PER_STATEMENT, chunk, content, uuid};

/// A chunk as a scope sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its point in the index.
    pub point: PointId,
    /// The asset that it belongs to.
    pub asset: AssetId,
    /// Its place among the asset's chunks, from 0.
    pub ordinal: u32,
    /// Where it stands.
    pub evidence: Evidence,
    /// The title of its document.
    pub title: String,
    /// What kind of text it is.
    pub content: Content,
    /// Where it is in the outline, outermost first.
    pub breadcrumb: Vec<String>,
    /// The text.
    pub text: String,
    /// Its access label.
    pub label: LabelId,
}

/// Something that could not be read or understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProblem {
    /// The path.
    pub path: String,
    /// The line, if it is known.
    pub line: Option<u32>,
    /// `failed`, `problem`, or the reason of a skip.
    pub kind: String,
    /// What it is.
    pub message: String,
}

impl Store {
    /// The live passages among `points` that `scope` may see, in no particular order.
    pub async fn passages(
        &self,
        scope: &Scope,
        points: &[PointId],
    ) -> Result<Vec<Passage>, StoreError> {
        let mut passages = Vec::with_capacity(points.len());
        // One transaction, so that all of it is of one moment.
        let mut transaction = self.readers().begin().await?;
        for points in points.chunks(ROWS_PER_STATEMENT) {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "SELECT c.point, c.asset, c.ordinal, c.start_line, c.end_line, c.breadcrumb, c.body, a.path, a.title, \
                 a.content, a.label, s.name AS source, s.live_commit, s.permalink \
                 FROM chunks c JOIN assets a ON a.id = c.asset JOIN sources s ON s.id = a.source WHERE c.point IN (",
            );
            let mut list = query.separated(", ");
            for point in points {
                list.push_bind(point.0.as_bytes().to_vec());
            }
            query.push(
                ") AND a.born <= s.live_generation AND (a.died IS NULL OR a.died > s.live_generation) AND a.label IN ",
            );
            push_labels(&mut query, scope);
            for row in query.build().fetch_all(&mut *transaction).await? {
                let chunk = chunk(&row)?;
                let commit: Option<String> = row.try_get("live_commit")?;
                let path: String = row.try_get("path")?;
                let permalink: Option<String> = row.try_get("permalink")?;
                let url = permalink.map(|template| {
                    Permalink(template).link(commit.as_deref(), &path, chunk.lines)
                });
                passages.push(Passage {
                    point: PointId(uuid(&row, "point")?),
                    asset: AssetId(row.try_get("asset")?),
                    ordinal: row.try_get("ordinal")?,
                    evidence: Evidence {
                        source: row.try_get("source")?,
                        path,
                        commit,
                        lines: chunk.lines,
                        url,
                    },
                    title: row.try_get("title")?,
                    content: content(&row)?,
                    breadcrumb: chunk.breadcrumb,
                    text: chunk.text,
                    label: LabelId(row.try_get("label")?),
                });
            }
        }
        Ok(passages)
    }

    /// What could not be read of a source, as far as `scope` may know, by path.
    pub async fn problems(
        &self,
        scope: &Scope,
        source: SourceId,
    ) -> Result<Vec<StoredProblem>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
            "SELECT p.path, p.line, p.kind, p.message FROM problems p JOIN sources s ON s.id = p.source \
             LEFT JOIN assets a ON a.id = p.asset WHERE p.source = ",
        );
        query.push_bind(source.0);
        query.push(
            " AND (p.asset IS NULL OR (a.born <= s.live_generation AND (a.died IS NULL OR a.died > s.live_generation))) \
             AND p.label IN ",
        );
        push_labels(&mut query, scope);
        query.push(" ORDER BY p.path, p.line");
        let rows = query.build().fetch_all(self.readers()).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredProblem {
                    path: row.try_get("path")?,
                    line: row.try_get("line")?,
                    kind: row.try_get("kind")?,
                    message: row.try_get("message")?,
                })
            })
            .collect()
    }
}
