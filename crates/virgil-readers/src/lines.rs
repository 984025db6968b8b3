//! The lines of an asset, and how an outline cuts them into sections.
//!
//! A line ends with `\n` or `\r\n`; a line end at the end of the text begins no further line. A byte
//! order mark belongs to no line.

use virgil_model::{Content, Document, Problem, Section};

use crate::Reading;

/// The longest text of a heading or symbol in a breadcrumb, in characters.
const LABEL_CHARACTERS: usize = 200;

/// The lines of a text with the byte offset at which each begins.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    lines: Vec<&'a str>,
    offsets: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Cuts a text into its lines.
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut offset = text.len() - body.len();
        let mut lines = Vec::new();
        let mut offsets = Vec::new();
        for line in body.split_inclusive('\n') {
            offsets.push(offset);
            offset += line.len();
            let line = line
                .strip_suffix('\n')
                .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            lines.push(line);
        }
        Lines { lines, offsets }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line at an index, counted from 0; the empty line past the end.
    pub(crate) fn get(&self, index: usize) -> &'a str {
        self.lines.get(index).copied().unwrap_or_default()
    }

    /// The lines in order.
    pub(crate) fn all(&self) -> &[&'a str] {
        &self.lines
    }

    /// The byte offset at which a line begins.
    pub(crate) fn offset(&self, index: usize) -> Option<usize> {
        self.offsets.get(index).copied()
    }

    /// The index of the line that holds a byte offset.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.offsets
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}

/// Where a section begins: the index of its first line, and its place in the outline.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// The index of the first line, counted from 0.
    pub(crate) line: usize,
    /// The place in the outline.
    pub(crate) breadcrumb: Vec<String>,
}

impl Start {
    /// A section that begins at a line.
    pub(crate) fn new(line: usize, breadcrumb: Vec<String>) -> Start {
        Start { line, breadcrumb }
    }
}

/// Cuts lines into sections that together hold each line once. Of several starts at one line the first
/// counts; what stands before the first start has an empty breadcrumb.
pub(crate) fn cut(lines: &Lines<'_>, starts: Vec<Start>) -> Vec<Section> {
    cut_mapped(lines, starts, &|index| number(index))
}

/// Like [`cut`], for lines that are not the asset's: `origin` gives the asset line of an index.
pub(crate) fn cut_mapped(
    lines: &Lines<'_>,
    mut starts: Vec<Start>,
    origin: &dyn Fn(usize) -> u32,
) -> Vec<Section> {
    starts.retain(|start| start.line < lines.len());
    starts.sort_by_key(|start| start.line);
    starts.dedup_by_key(|start| start.line);
    if lines.len() > 0 && starts.first().is_none_or(|start| start.line > 0) {
        starts.insert(0, Start::new(0, Vec::new()));
    }
    let ends: Vec<usize> = starts
        .iter()
        .skip(1)
        .map(|start| start.line)
        .chain([lines.len()])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|(start, end)| Section {
            text: lines.all()[start.line..end].join("\n"),
            lines: (start.line..end).map(origin).collect(),
            breadcrumb: start.breadcrumb,
        })
        .collect()
}

/// The line number, counted from 1, of an index counted from 0.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// A reading without statements.
pub(crate) fn reading(
    title: String,
    content: Content,
    sections: Vec<Section>,
    problems: Vec<Problem>,
) -> Reading {
    Reading {
        document: Document {
            title,
            content,
            sections,
        },
        statements: Vec::new(),
        problems,
    }
}

/// A problem whose message is one lowercase sentence, whatever a library said.
pub(crate) fn problem(line: Option<u32>, what: &str, detail: &str) -> Problem {
    let detail = detail.lines().next().unwrap_or_default().trim();
    let detail = detail.trim_end_matches('.');
    let mut message: String = what.to_owned();
    if !detail.is_empty() {
        message.push_str(": ");
        message.extend(
            detail
                .chars()
                .take(200)
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
    }
    Problem { line, message }
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The lowercase ending of the file name that tells its format: `.yaml` and `.yaml.tmpl` are both `yaml`.
/// Empty when there is none; a leading dot begins no ending.
pub(crate) fn extension(path: &str) -> String {
    let mut name = file_name(path).to_ascii_lowercase();
    loop {
        let Some((stem, ending)) = name.rsplit_once('.') else {
            return String::new();
        };
        if stem.is_empty() {
            return String::new();
        }
        let is_template = matches!(
            ending,
            "j2" | "jinja" | "jinja2" | "tmpl" | "tpl" | "template" | "example" | "sample" | "dist"
        );
        if is_template && stem.contains('.') {
            name = stem.to_owned();
        } else {
            return ending.to_owned();
        }
    }
}

/// A heading or symbol as a breadcrumb shows it: one line, single spaces, of bounded length.
pub(crate) fn label(text: &str) -> String {
    let mut label = String::new();
    let mut characters = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !label.is_empty() {
            label.push(' ');
            characters += 1;
        }
        for character in word.chars() {
            if characters >= LABEL_CHARACTERS {
                return label;
            }
            label.push(character);
            characters += 1;
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_looks_through_templates() {
        for (path, expect) in [
            ("a/b.YAML", "yaml"),
            ("a/values.yaml.tmpl", "yaml"),
            ("_helpers.tpl", "tpl"),
            ("a.b/Makefile", ""),
            (".gitignore", ""),
            ("x.d.ts", "ts"),
        ] {
            assert_eq!(extension(path), expect, "{path}");
        }
    }

    #[test]
    fn lines_end_with_either_line_end() {
        let lines = Lines::of("\u{feff}a\r\nb\n\nc\r");
        assert_eq!(lines.all(), ["a", "b", "", "c\r"]);
        assert_eq!(lines.at(3), 0);
        assert_eq!(lines.at(6), 1);
        assert_eq!(Lines::of("").len(), 0);
    }
}
