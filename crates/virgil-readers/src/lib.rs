//! What bytes mean: an asset becomes a document (text with an outline), chunks and statements.
//!
//! Readers are pure: bytes in, values out, no I/O, no panic. A reader never fails: what it cannot
//! understand becomes text plus a recorded problem. Every reader has a version; raising it makes the
//! next sync read its assets again.
//!
//! Start at [`read`], which picks the reader, and [`fn@chunk`], which cuts a document into passages.

mod catalog;
mod chunk;
mod ci;
mod cluster;
mod code;
mod decisions;
mod html;
mod html_guard;
mod html_lines;
mod json;
mod json_tree;
mod keys;
mod lineage;
mod lines;
mod markdown;
mod markup;
mod monitoring;
mod notebook;
mod python;
mod records;
mod split;
mod sql;
mod statements;
mod symbols;
mod text;
mod toml_tables;
mod tree;
mod yaml;

use statements::Stating;
use virgil_model::{Document, Files, Problem, Statement};

pub use chunk::{CHUNKER_VERSION, chunk};
pub use statements::formats;

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

/// All readers, the most particular first; the last one accepts everything.
static READERS: &[&dyn Reader] = &[
    &Stating(notebook::NotebookReader),
    &Stating(markdown::MarkdownReader),
    &Stating(markup::MarkupReader),
    &Stating(html::HtmlReader),
    &Stating(yaml::YamlReader),
    &Stating(lineage::EventsReader),
    &Stating(json::JsonReader),
    &Stating(toml_tables::TomlReader),
    &Stating(records::RecordsReader),
    &Stating(code::CodeReader),
    &Stating(text::TextReader),
];

/// Reads an asset with the reader that accepts it; `files` are the others of the same revision.
pub fn read(raw: Raw<'_>, files: &dyn Files) -> Reading {
    reader_for(raw).read(raw, files)
}

/// The reader for an asset: the first that accepts it, plain text at the latest.
pub fn reader_for(raw: Raw<'_>) -> &'static dyn Reader {
    READERS
        .iter()
        .copied()
        .find(|reader| reader.accepts(raw))
        .unwrap_or(&Stating(text::TextReader))
}

/// All readers, in the order in which they are asked.
pub fn readers() -> &'static [&'static dyn Reader] {
    READERS
}

/// The version of the reader with that stable name; `None` for a reader that is no more.
pub fn version_of(name: &str) -> Option<u32> {
    READERS
        .iter()
        .find(|reader| reader.name() == name)
        .map(|reader| reader.version())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod shown;
