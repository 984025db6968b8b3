//! Converting between rows and the words of the model.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;
use virgil_model::{Chunk, Content, LineSpan};

use crate::error::StoreError;

/// How many rows one statement writes: well below SQLite's 32,766 variables.
pub(crate) const ROWS_PER_STATEMENT: usize = 500;

pub(crate) fn uuid(row: &SqliteRow, column: &str) -> Result<Uuid, StoreError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Uuid::from_slice(&bytes).map_err(|_| damaged(column))
}

pub(crate) fn content(row: &SqliteRow) -> Result<Content, StoreError> {
    let name: String = row.try_get("content")?;
    Content::from_name(&name).ok_or_else(|| damaged("content"))
}

pub(crate) fn chunk(row: &SqliteRow) -> Result<Chunk, StoreError> {
    let breadcrumb: String = row.try_get("breadcrumb")?;
    Ok(Chunk {
        breadcrumb: serde_json::from_str(&breadcrumb).map_err(|_| damaged("breadcrumb"))?,
        text: row.try_get("body")?,
        lines: LineSpan::new(row.try_get("start_line")?, row.try_get("end_line")?),
    })
}

pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Invalid(format!(
        "a stored `{what}` cannot be read: run `virgil doctor`"
    ))
}
