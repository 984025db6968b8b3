//! Where a chunk or a statement stands.

use serde::{Deserialize, Serialize};

/// Lines of an asset, counted from 1, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineSpan {
    /// The first line.
    pub start: u32,
    /// The last line; never before `start`.
    pub end: u32,
}

impl LineSpan {
    /// A span of one line.
    pub fn line(line: u32) -> LineSpan {
        LineSpan {
            start: line,
            end: line,
        }
    }

    /// The span from `start` to `end`; an `end` before `start` is taken as `start`.
    pub fn new(start: u32, end: u32) -> LineSpan {
        LineSpan {
            start,
            end: end.max(start),
        }
    }

    /// The smallest span that holds both.
    pub fn join(self, other: LineSpan) -> LineSpan {
        LineSpan {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether the two share a line.
    pub fn overlaps(self, other: LineSpan) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// The place that a citation names: source, path, revision and lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The name of the source in the configuration.
    pub source: String,
    /// The path inside the source, with `/` between its parts.
    pub path: String,
    /// The commit at which the lines were read; `None` for sources without revisions.
    pub commit: Option<String>,
    /// The lines of the asset.
    pub lines: LineSpan,
    /// A link that a person can open, when the source has a web face.
    pub url: Option<String>,
}

/// How a source turns a place into a link: a template with `{commit}`, `{path}`, `{start}` and `{end}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permalink(pub String);

impl Permalink {
    /// The link to `lines` of `path` at `commit`; path and commit are percent-encoded.
    pub fn link(&self, commit: Option<&str>, path: &str, lines: LineSpan) -> String {
        self.0
            .replace("{commit}", &encode(commit.unwrap_or_default()))
            .replace("{path}", &encode(path))
            .replace("{start}", &lines.start.to_string())
            .replace("{end}", &lines.end.to_string())
    }
}

/// Percent-encodes everything but RFC 3986 unreserved characters and `/`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permalink_cannot_be_broken_out_of() {
        let permalink =
            Permalink("https://git.example/o/r/blob/{commit}/{path}#L{start}-L{end}".into());
        assert_eq!(
            permalink.link(Some("abc"), "a b/{start}#\".md", LineSpan::new(3, 5)),
            "https://git.example/o/r/blob/abc/a%20b/%7Bstart%7D%23%22.md#L3-L5"
        );
    }
}
