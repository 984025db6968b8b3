//! The readable text of an asset and its outline.

use serde::{Deserialize, Serialize};

use crate::LineSpan;

/// What kind of text a document is; retrieval weighs its signals by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text written for people: Markdown, HTML, plain text.
    Prose,
    /// A programming language, SQL or shell.
    Code,
    /// Structured data: YAML, JSON, TOML, manifests.
    Config,
    /// A notebook: prose and code by turns.
    Notebook,
}

impl Content {
    /// The stable name that is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Content::Prose => "prose",
            Content::Code => "code",
            Content::Config => "config",
            Content::Notebook => "notebook",
        }
    }

    /// The kind with that stable name.
    pub fn from_name(name: &str) -> Option<Content> {
        [
            Content::Prose,
            Content::Code,
            Content::Config,
            Content::Notebook,
        ]
        .into_iter()
        .find(|content| content.name() == name)
    }
}

/// The text that a reader made of an asset, in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A short name for people: the first heading, the notebook's title, or the file name.
    pub title: String,
    /// What kind of text it is.
    pub content: Content,
    /// The outline, flat and in order. Together the sections hold every line of the text once.
    pub sections: Vec<Section>,
}

/// A stretch of a document that belongs together: what stands under one heading, one symbol, one cell,
/// one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where the section is in the outline, outermost first: headings, or symbols such as `Trainer`, `fit`.
    pub breadcrumb: Vec<String>,
    /// The text, its lines separated by `\n`, as a person should read it.
    pub text: String,
    /// For each line of `text`, the line of the asset it came from (counted from 1, never falling).
    pub lines: Vec<u32>,
}

impl Section {
    /// A section whose text is a verbatim run of asset lines that starts at line `first`.
    pub fn verbatim(breadcrumb: Vec<String>, text: impl Into<String>, first: u32) -> Section {
        let text = text.into();
        let count = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
        Section {
            breadcrumb,
            text,
            lines: (first..first.saturating_add(count)).collect(),
        }
    }

    /// The asset lines that the section covers; `None` when it has none.
    pub fn span(&self) -> Option<LineSpan> {
        Some(LineSpan::new(*self.lines.first()?, *self.lines.last()?))
    }
}
