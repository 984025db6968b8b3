//! What an asset says about the platform: a table of typed formats, each of which adds statements.
//!
//! The document and its chunks are the readers' work and stay as they are. Every format that accepts an
//! asset may speak; one bad record is a problem with its line and never loses the others.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use virgil_model::{
    Attributes, Files, Key, Kind, LineSpan, Predicate, Problem, Says, Statement, Target, Value,
};

use crate::lines::{extension, file_name};
use crate::tree::{self, Node};
use crate::{Raw, Reader, Reading};

/// Grows whenever some format would say something else about the same bytes.
const STATEMENTS_VERSION: u32 = 7;

/// One typed format.
pub(crate) struct Format {
    /// The stable name, such as `backstage`.
    pub(crate) name: &'static str,
    /// Whether the asset is of this format; cheap for most that are not.
    pub(crate) accepts: fn(&Asset<'_>) -> bool,
    /// Says what the asset states; `files` are the others of the same revision.
    pub(crate) state: fn(&Asset<'_>, &dyn Files, &mut Said),
}

/// All formats; several may accept one asset.
static FORMATS: &[&[Format]] = &[
    crate::catalog::FORMATS,
    crate::lineage::FORMATS,
    crate::sql::FORMATS,
    crate::python::FORMATS,
    crate::cluster::FORMATS,
    crate::ci::FORMATS,
    crate::monitoring::FORMATS,
    crate::decisions::FORMATS,
];

/// The names of the typed formats whose statements readings hold, in the order in which they are asked.
pub fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().copied().flatten().map(|format| format.name)
}

/// A reader whose readings also hold the statements of every format that accepts the asset.
pub(crate) struct Stating<R>(pub(crate) R);

impl<R: Reader> Reader for Stating<R> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> u32 {
        self.0.version() + STATEMENTS_VERSION
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        self.0.accepts(raw)
    }

    fn read(&self, raw: Raw<'_>, files: &dyn Files) -> Reading {
        let mut reading = self.0.read(raw, files);
        let said = state(raw, files);
        reading.statements.extend(said.statements);
        reading.problems.extend(said.problems);
        reading
    }
}

/// What every format that accepts the asset says.
pub(crate) fn state(raw: Raw<'_>, files: &dyn Files) -> Said {
    let asset = Asset::of(raw);
    let mut said = Said::default();
    for format in FORMATS.iter().copied().flatten() {
        if (format.accepts)(&asset) {
            (format.state)(&asset, files, &mut said);
        }
    }
    said
}

/// An asset as the formats see it: parsed at most once, and only if one of them asks.
pub(crate) struct Asset<'a> {
    /// The path and the text.
    pub(crate) raw: Raw<'a>,
    parsed: OnceCell<Parsed<'a>>,
}

impl<'a> Asset<'a> {
    /// The asset, not parsed yet.
    pub(crate) fn of(raw: Raw<'a>) -> Asset<'a> {
        Asset {
            raw,
            parsed: OnceCell::new(),
        }
    }

    /// The last part of the path.
    pub(crate) fn file_name(&self) -> &'a str {
        file_name(self.raw.path)
    }

    /// The extension of the path in lower case, without the dot.
    pub(crate) fn extension(&self) -> String {
        extension(self.raw.path)
    }

    /// Whether the text holds one of these words: a cheap sniff before anything is parsed.
    pub(crate) fn mentions(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.raw.text.contains(word))
    }

    /// The YAML documents, the JSON value or the records of JSON Lines; what does not parse is not
    /// among them. Empty for other formats.
    pub(crate) fn documents(&self) -> &[Node<'a>] {
        &self.parsed().documents
    }

    /// The records of JSON Lines that do not parse; the readers report all other damage.
    pub(crate) fn broken(&self) -> &[Problem] {
        &self.parsed().broken
    }

    fn parsed(&self) -> &Parsed<'a> {
        self.parsed.get_or_init(|| {
            let (documents, broken) = match self.extension().as_str() {
                "yaml" | "yml" => (tree::yaml(self.raw.text, 1), Vec::new()),
                "json" => (tree::json(self.raw.text), Vec::new()),
                "jsonl" | "ndjson" => tree::json_lines(self.raw.text),
                _ if self.file_name() == "MLmodel" => (tree::yaml(self.raw.text, 1), Vec::new()),
                _ => (Vec::new(), Vec::new()),
            };
            Parsed { documents, broken }
        })
    }
}

struct Parsed<'a> {
    documents: Vec<Node<'a>>,
    broken: Vec<Problem>,
}

/// The statements and problems of an asset while they are collected.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The digests of what was said, so that nothing is said twice.
    known: HashSet<u64>,
    /// What was said so far.
    pub(crate) statements: Vec<Statement>,
    /// What could not be understood so far.
    pub(crate) problems: Vec<Problem>,
}

impl Said {
    /// There is a thing with these keys; without a key nothing is said.
    pub(crate) fn mention(&mut self, lines: LineSpan, kind: Kind, keys: &[&Key], name: &str) {
        if keys.is_empty() {
            return;
        }
        let keys = keys.iter().copied().cloned().collect();
        let name = name.to_owned();
        self.push(lines, Says::Mention { kind, keys, name });
    }

    /// A thing has a value; an empty text or list is none.
    pub(crate) fn attribute(&mut self, lines: LineSpan, of: &Key, name: &str, value: Value) {
        let is_empty = match &value {
            Value::Text(text) => text.trim().is_empty(),
            Value::List(items) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            let (of, name) = (of.clone(), name.to_owned());
            self.push(lines, Says::Attribute { of, name, value });
        }
    }

    /// A thing has a text; an empty one is none.
    pub(crate) fn text(&mut self, lines: LineSpan, of: &Key, name: &str, text: &str) {
        self.attribute(lines, of, name, Value::Text(text.to_owned()));
    }

    /// A thing carries a label with a value, under `tag_` and the label's name: `sensitivity: pii` in any
    /// format is the attribute `tag_sensitivity`.
    pub(crate) fn tag(&mut self, lines: LineSpan, of: &Key, label: &str, value: Value) {
        let label = crate::keys::snake(label);
        if !label.is_empty() {
            self.attribute(lines, of, &format!("tag_{label}"), value);
        }
    }

    /// Two things stand in a relation.
    pub(crate) fn relation(
        &mut self,
        lines: LineSpan,
        subject: &Key,
        predicate: Predicate,
        object: &Key,
    ) {
        let object = Target::Key(object.clone());
        self.relation_with(lines, subject, predicate, object, Attributes::new());
    }

    /// A thing stands in a relation, with extra values, to a thing or to whatever a selector matches.
    pub(crate) fn relation_with(
        &mut self,
        lines: LineSpan,
        subject: &Key,
        predicate: Predicate,
        object: Target,
        attributes: Attributes,
    ) {
        let subject = subject.clone();
        self.push(
            lines,
            Says::Relation {
                subject,
                predicate,
                object,
                attributes,
            },
        );
    }

    /// Two keys name one thing.
    pub(crate) fn same(&mut self, lines: LineSpan, one: &Key, other: &Key) {
        if one != other {
            self.push(lines, Says::Same(one.clone(), other.clone()));
        }
    }

    /// Something at a line could not be understood.
    pub(crate) fn problem(&mut self, line: u32, message: impl Into<String>) {
        self.problems.push(Problem {
            line: Some(line),
            message: message.into(),
        });
    }

    fn push(&mut self, lines: LineSpan, says: Says) {
        let mut hasher = DefaultHasher::new();
        format!("{says:?}").hash(&mut hasher);
        if !self.known.insert(hasher.finish()) {
            return;
        }
        self.statements.push(Statement { lines, says });
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
pub(crate) mod shown {
    //! How tests show statements: a line each, with the lines of the asset in front.

    use virgil_model::{Attributes, Files, NoFiles, Says, Statement, Target, Value};

    use super::state;
    use crate::Raw;

    /// What an asset says; `[1-3]` are its lines.
    pub(crate) fn check(path: &str, text: &str) -> String {
        check_with(path, text, &NoFiles)
    }

    /// What an asset says beside other files.
    pub(crate) fn check_with(path: &str, text: &str, files: &dyn Files) -> String {
        let said = state(Raw { path, text }, files);
        let mut shown: Vec<String> = said.statements.iter().map(statement).collect();
        for problem in &said.problems {
            let line = problem.line.unwrap_or(0);
            shown.push(format!("[{line}] problem: {}", problem.message));
        }
        shown.join("\n")
    }

    /// One statement on one line.
    pub(crate) fn statement(statement: &Statement) -> String {
        let lines = match (statement.lines.start, statement.lines.end) {
            (start, end) if start == end => format!("[{start}]"),
            (start, end) => format!("[{start}-{end}]"),
        };
        let said = match &statement.says {
            Says::Mention { kind, keys, name } => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                format!("{} {name:?} {}", kind.name(), keys.join(" "))
            }
            Says::Attribute { of, name, value: v } => format!("{of} .{name} = {}", value(v)),
            Says::Relation {
                subject,
                predicate,
                object,
                attributes,
            } => {
                let object = match object {
                    Target::Key(key) => key.to_string(),
                    Target::Selector(selector) => format!("{selector:?}"),
                };
                let extra = extra(attributes);
                format!("{subject} {} {object}{extra}", predicate.name())
            }
            Says::Same(one, other) => format!("{one} is {other}"),
        };
        format!("{lines} {said}")
    }

    fn extra(attributes: &Attributes) -> String {
        let shown: Vec<String> = attributes
            .iter()
            .map(|(name, v)| format!("{name}={}", value(v)))
            .collect();
        if shown.is_empty() {
            String::new()
        } else {
            format!(" {{{}}}", shown.join(", "))
        }
    }

    fn value(value: &Value) -> String {
        serde_json::to_string(value).expect("a value serialises")
    }
}
