//! What bytes mean: an asset becomes a document (text with an outline), chunks and statements.
//!
//! Readers are pure: bytes in, values out, no I/O, no panic. A reader never fails: what it cannot
//! understand becomes text plus a recorded problem. Every reader has a version; raising it makes the
//! next sync read its assets again.
//!
//! Start at [`read`], which picks the reader, and [`chunk`], which cuts a document into passages.

use virgil_model::{Document, Files, Problem, Statement};

/// An asset as a reader sees it: already redacted, already text.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The path inside the source.
    pub path: &'a str,
    /// The content, with `\n` or `\r\n` line ends.
    pub text: &'a str,
}

/// What a reader made of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The readable text.
    pub document: Document,
    /// What the asset says about the platform.
    pub statements: Vec<Statement>,
    /// What could not be understood.
    pub problems: Vec<Problem>,
}

/// One format.
pub trait Reader: Send + Sync {
    /// The stable name of the format, such as `markdown`.
    fn name(&self) -> &'static str;

    /// Grows whenever the same bytes would be read differently.
    fn version(&self) -> u32;

    /// Whether this reader understands the asset, by its path and its content.
    fn accepts(&self, raw: Raw<'_>) -> bool;

    /// Reads the asset; `files` are the others of the same revision.
    fn read(&self, raw: Raw<'_>, files: &dyn Files) -> Reading;
}
