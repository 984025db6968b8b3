//! The text of lines that statements rest on.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite};
use virgil_model::{AssetId, Content, Evidence, LineSpan, Scope};

use crate::access::push_labels;
use crate::database::Store;
use crate::error::StoreError;
use crate::row::{chunk, content};

/// Lines of an asset, as a scope sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Where they stand.
    pub evidence: Evidence,
    /// The title of the document; its path, if no passage holds the lines.
    pub title: String,
    /// What kind of text it is.
    pub content: Content,
    /// The lines, as far as a passage holds them word for word; else empty.
    pub text: String,
}

impl Store {
    /// The quotes of those of `lines` that `scope` may see.
    pub async fn quotes(
        &self,
        scope: &Scope,
        lines: &[(AssetId, LineSpan)],
    ) -> Result<HashMap<(AssetId, LineSpan), Quote>, StoreError> {
        let assets: Vec<AssetId> = lines.iter().map(|(asset, _)| *asset).collect();
        let places = self.places(scope, &assets).await?;
        let mut quotes = HashMap::with_capacity(lines.len());
        for &(asset, span) in lines {
            let Some(place) = places.get(&asset) else {
                continue;
            };
            let evidence = place.evidence(span);
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "SELECT c.start_line, c.end_line, c.breadcrumb, c.body, a.title, a.content \
                 FROM chunks c JOIN assets a ON a.id = c.asset WHERE c.asset = ",
            );
            query.push_bind(asset.0);
            query.push(" AND c.start_line <= ");
            query.push_bind(span.end);
            query.push(" AND c.end_line >= ");
            query.push_bind(span.start);
            query.push(" AND a.label IN ");
            push_labels(&mut query, scope);
            query.push(" ORDER BY c.ordinal LIMIT 1");
            let mut quote = Quote {
                title: evidence.path.clone(),
                evidence,
                content: Content::Config,
                text: String::new(),
            };
            if let Some(row) = query.build().fetch_optional(self.readers()).await? {
                quote.title = row.try_get("title")?;
                quote.content = content(&row)?;
                let chunk = chunk(&row)?;
                quote.text = cut(&chunk.text, chunk.lines, span);
            }
            quotes.insert((asset, span), quote);
        }
        Ok(quotes)
    }
}

/// The lines `wanted` of a text that stands at `at`; nothing, where it does not repeat the asset line by line.
fn cut(text: &str, at: LineSpan, wanted: LineSpan) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    if lines.len() as u32 != at.end - at.start + 1 {
        return String::new();
    }
    let first = wanted.start.max(at.start) - at.start;
    let last = wanted.end.min(at.end) - at.start;
    lines[first as usize..=last as usize].join("\n")
}
