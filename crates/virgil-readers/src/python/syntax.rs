//! Parses Python, and turns notebooks into one script.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, Parser, Tree};
use virgil_model::LineSpan;

use crate::lines::number;
use crate::notebook;
use crate::statements::Asset;

/// How long the parser may take.
const PATIENCE: Duration = Duration::from_millis(400);
/// Larger files are not parsed.
const PARSED_BYTES: usize = 2 << 20;

/// A script: a file, or the code cells of a notebook.
pub(crate) struct Script<'a> {
    /// The code.
    pub(crate) text: Cow<'a, str>,
    /// The syntax tree of the code.
    pub(crate) tree: Tree,
    /// For each line of a notebook's code the line of the file; empty for files, whose lines are their own.
    lines: Vec<u32>,
    /// Cells of SQL (`%%sql`), with the line on which each begins.
    pub(crate) queries: Vec<(String, u32)>,
}

/// Parses an asset; `None` when it is too large or takes too long.
pub(crate) fn script<'a>(asset: &Asset<'a>) -> Option<Script<'a>> {
    if asset.raw.text.len() > PARSED_BYTES {
        return None;
    }
    if asset.extension() != "ipynb" {
        return Some(Script {
            text: Cow::Borrowed(asset.raw.text),
            tree: parse(asset.raw.text)?,
            lines: Vec::new(),
            queries: Vec::new(),
        });
    }
    let mut text = String::new();
    let mut lines = Vec::new();
    let mut queries = Vec::new();
    for cell in notebook::code_cells(asset.raw.text) {
        let first = cell.first().map_or("", |(line, _)| line.trim());
        if let Some(magic) = first.strip_prefix("%%") {
            if magic.split_whitespace().next() == Some("sql") {
                let rest: Vec<&str> = cell[1..].iter().map(|(line, _)| line.as_str()).collect();
                let line = cell.get(1).map_or(1, |(_, line)| *line);
                queries.push((rest.join("\n"), line));
            }
            let is_python = matches!(
                magic.split_whitespace().next(),
                Some("time" | "timeit" | "capture")
            );
            if !is_python {
                continue;
            }
        }
        for (line, number) in cell {
            // Commands of IPython are no Python.
            let start = line.trim_start();
            if start.starts_with(['%', '!']) {
                text.push_str(&line[..line.len() - start.len()]);
                text.push_str("pass");
            } else {
                text.push_str(&line);
            }
            text.push('\n');
            lines.push(number);
        }
    }
    Some(Script {
        tree: parse(&text)?,
        text: Cow::Owned(text),
        lines,
        queries,
    })
}

impl Script<'_> {
    /// What is written at a node.
    pub(crate) fn written(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The lines of a node in the asset.
    pub(crate) fn lines(&self, node: Node<'_>) -> LineSpan {
        let line = |row: usize| match self.lines.get(row) {
            Some(line) => *line,
            None if self.lines.is_empty() => number(row),
            None => self.lines.last().copied().unwrap_or(1),
        };
        let start = line(node.start_position().row);
        // A node that ends at the beginning of a line ends on the one before.
        let end = node.end_position();
        let row = if end.column == 0 && end.row > node.start_position().row {
            end.row - 1
        } else {
            end.row
        };
        LineSpan::new(start, line(row).max(start))
    }
}

fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .ok()?;
    let started = Instant::now();
    let mut progress = |_: &tree_sitter::ParseState| {
        if started.elapsed() > PATIENCE {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    parser.parse_with_options(
        &mut |offset, _| bytes.get(offset..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )
}
