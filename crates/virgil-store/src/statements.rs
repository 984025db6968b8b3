//! What assets say, for the graph that is derived from it.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};
use virgil_model::{AssetId, Evidence, LabelId, LineSpan, Permalink, Scope, SourceId, Statement};

use crate::access::push_labels;
use crate::database::Store;
use crate::error::StoreError;
use crate::row::{ROWS_PER_STATEMENT, damaged};
use crate::sync::push_ids;

/// A live asset that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SayingAsset {
    /// The asset. Its statements never change: a new revision of the path is another asset.
    pub asset: AssetId,
    /// Who may see it.
    pub label: LabelId,
    /// The source.
    pub source: SourceId,
    /// The name of the source.
    pub source_name: String,
    /// The path.
    pub path: String,
}

/// Where an asset stands, for the evidence of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPlace {
    source: String,
    path: String,
    commit: Option<String>,
    permalink: Option<Permalink>,
}

impl AssetPlace {
    /// The evidence of some of its lines.
    pub fn evidence(&self, lines: LineSpan) -> Evidence {
        let link =
            |permalink: &Permalink| permalink.link(self.commit.as_deref(), &self.path, lines);
        Evidence {
            source: self.source.clone(),
            path: self.path.clone(),
            commit: self.commit.clone(),
            lines,
            url: self.permalink.as_ref().map(link),
        }
    }
}

impl Store {
    /// A text that changes whenever the live statements may have: the live generation of every source.
    pub async fn statements_revision(&self) -> Result<String, StoreError> {
        let rows = sqlx::query("SELECT id, live_generation, synced_at FROM sources ORDER BY id")
            .fetch_all(self.readers())
            .await?;
        revision(rows)
    }

    /// A text that changes whenever anything may have that `scope` sees: the last generation that was not like the one before, of
    /// every source of which it sees anything. A source that it does not see changes nothing, nor does a sync that finds
    /// nothing new.
    pub async fn revision(&self, scope: &Scope) -> Result<String, StoreError> {
        let mut query =
            QueryBuilder::new("SELECT s.id, s.changed_generation FROM sources s WHERE s.label IN ");
        push_labels(&mut query, scope);
        query.push(
            " OR EXISTS (SELECT 1 FROM assets a WHERE a.source = s.id AND a.born <= s.live_generation \
             AND (a.died IS NULL OR a.died > s.live_generation) AND a.label IN ",
        );
        push_labels(&mut query, scope);
        query.push(") ORDER BY s.id");
        let rows = query.build().fetch_all(self.readers()).await?;
        let mut revision = String::new();
        for row in rows {
            let (id, changed): (i64, i64) =
                (row.try_get("id")?, row.try_get("changed_generation")?);
            revision.push_str(&format!("{id}:{changed};"));
        }
        Ok(revision)
    }

    /// Every live asset that says something. It takes no scope: the graph keeps the labels and shows what a scope allows.
    pub async fn saying_assets(&self) -> Result<Vec<SayingAsset>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.id, a.label, a.source, a.path, s.name AS source_name FROM assets a \
             JOIN sources s ON s.id = a.source WHERE a.born <= s.live_generation \
             AND (a.died IS NULL OR a.died > s.live_generation) \
             AND EXISTS (SELECT 1 FROM statements t WHERE t.asset = a.id)",
        )
        .fetch_all(self.readers())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(SayingAsset {
                    asset: AssetId(row.try_get("id")?),
                    label: LabelId(row.try_get("label")?),
                    source: SourceId(row.try_get("source")?),
                    source_name: row.try_get("source_name")?,
                    path: row.try_get("path")?,
                })
            })
            .collect()
    }

    /// What assets say, in the order in which they say it.
    pub async fn statements(
        &self,
        assets: &[AssetId],
    ) -> Result<HashMap<AssetId, Vec<Statement>>, StoreError> {
        let mut said: HashMap<AssetId, Vec<Statement>> = HashMap::new();
        for assets in assets.chunks(ROWS_PER_STATEMENT) {
            let ids: Vec<i64> = assets.iter().map(|asset| asset.0).collect();
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "SELECT asset, start_line, end_line, says FROM statements WHERE asset IN (",
            );
            push_ids(&mut query, &ids);
            query.push(") ORDER BY id");
            for row in query.build().fetch_all(self.readers()).await? {
                let says: String = row.try_get("says")?;
                let statement = Statement {
                    lines: LineSpan::new(row.try_get("start_line")?, row.try_get("end_line")?),
                    says: serde_json::from_str(&says).map_err(|_| damaged("says"))?,
                };
                said.entry(AssetId(row.try_get("asset")?))
                    .or_default()
                    .push(statement);
            }
        }
        Ok(said)
    }

    /// Where the assets among `assets` stand that `scope` may see.
    pub async fn places(
        &self,
        scope: &Scope,
        assets: &[AssetId],
    ) -> Result<HashMap<AssetId, AssetPlace>, StoreError> {
        let mut places = HashMap::with_capacity(assets.len());
        for assets in assets.chunks(ROWS_PER_STATEMENT) {
            let ids: Vec<i64> = assets.iter().map(|asset| asset.0).collect();
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "SELECT a.id, a.path, s.name, s.live_commit, s.permalink FROM assets a \
                 JOIN sources s ON s.id = a.source WHERE a.id IN (",
            );
            push_ids(&mut query, &ids);
            query.push(") AND a.label IN ");
            push_labels(&mut query, scope);
            for row in query.build().fetch_all(self.readers()).await? {
                let permalink: Option<String> = row.try_get("permalink")?;
                let place = AssetPlace {
                    source: row.try_get("name")?,
                    path: row.try_get("path")?,
                    commit: row.try_get("live_commit")?,
                    permalink: permalink.map(Permalink),
                };
                places.insert(AssetId(row.try_get("id")?), place);
            }
        }
        Ok(places)
    }
}

/// The id, the live generation and the time of the last sync of each source.
fn revision(rows: Vec<SqliteRow>) -> Result<String, StoreError> {
    let mut revision = String::new();
    for row in rows {
        let (id, generation): (i64, i64) = (row.try_get("id")?, row.try_get("live_generation")?);
        let synced_at: Option<String> = row.try_get("synced_at")?;
        revision.push_str(&format!(
            "{id}:{generation}:{};",
            synced_at.unwrap_or_default()
        ));
    }
    Ok(revision)
}
