//! A statement together with where it stands.

use std::sync::Arc;

use serde::Serialize;
use virgil_model::{AssetId, LabelId, LineSpan, SourceId, Statement};

/// One stored statement with where it stands and who may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The asset that says it.
    pub asset: AssetId,
    /// The rule that says who may see it.
    pub label: LabelId,
    /// The source of the asset.
    pub source: SourceId,
    /// The path of the asset inside its source.
    pub path: Arc<str>,
    /// What it says, with its lines.
    pub statement: Statement,
}

/// The place of a statement: the evidence of whatever was derived from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The source of the asset.
    pub source: SourceId,
    /// The path of the asset inside its source.
    pub path: Arc<str>,
    /// The lines that say it.
    pub lines: LineSpan,
    /// The asset.
    pub asset: AssetId,
}
