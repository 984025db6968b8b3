//! Jupyter notebooks, nbformat 3 and 4 (<https://nbformat.readthedocs.io/en/latest/format_description.html>).
//!
//! A section per cell, under the headings of the Markdown cells above it. Code stays as it is; its text outputs
//! follow behind a line `# output:`, cut to their first lines; pictures are dropped. A line is mapped to the line of
//! the file on which its JSON string stands. Outputs stand before the source in most files, and lines must not
//! fall, so an output that stands before is mapped to the last line of the source.

use virgil_model::{Content, Files, Section};

use crate::json_tree::{Node, parse};
use crate::lines::{Lines, cut, extension, file_name, label, reading};
use crate::markdown::{HeadingPath, outline};
use crate::{Raw, Reader, Reading};

/// How many lines of one output are kept.
const OUTPUT_LINES: usize = 20;
/// How many characters of one line of output are kept.
const OUTPUT_CHARACTERS: usize = 400;

/// The reader of notebooks.
pub(crate) struct NotebookReader;

impl Reader for NotebookReader {
    fn name(&self) -> &'static str {
        "notebook"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        extension(raw.path) == "ipynb"
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let file_name = file_name(raw.path).to_owned();
        let root = match parse(raw.text) {
            Ok(root) => root,
            Err(problem) => {
                let sections = cut(&Lines::of(raw.text), Vec::new());
                return reading(file_name, Content::Notebook, sections, vec![problem]);
            }
        };
        let mut book = Book::default();
        for cell in cells(&root) {
            book.add(cell);
        }
        let title = book.title.unwrap_or(file_name);
        reading(title, Content::Notebook, book.sections, Vec::new())
    }
}

/// The lines of each code cell of a notebook, with their lines in the file; none for what is no notebook.
pub(crate) fn code_cells(text: &str) -> Vec<Vec<(String, u32)>> {
    let Ok(root) = parse(text) else {
        return Vec::new();
    };
    let is_code = |cell: &&Node<'_>| {
        let kind = cell.get("cell_type").and_then(Node::string);
        kind.is_some_and(|kind| kind == "code")
    };
    let cells = cells(&root).into_iter().filter(is_code);
    cells
        .map(|cell| strings(cell.get("source").or_else(|| cell.get("input"))))
        .collect()
}

/// The cells: at the top in nbformat 4, inside worksheets in nbformat 3.
fn cells<'n, 'a>(root: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    let sheets = root.get("worksheets").map_or(&[][..], Node::items);
    std::iter::once(root)
        .chain(sheets)
        .filter_map(|owner| owner.get("cells"))
        .flat_map(Node::items)
        .collect()
}

/// What has been read of a notebook.
#[derive(Default)]
struct Book {
    title: Option<String>,
    path: HeadingPath,
    sections: Vec<Section>,
}

impl Book {
    fn add(&mut self, cell: &Node<'_>) {
        let kind = cell
            .get("cell_type")
            .and_then(Node::string)
            .unwrap_or_default();
        let mut lines = strings(cell.get("source").or_else(|| cell.get("input")));
        match kind.as_str() {
            "heading" => {
                let level = match cell.get("level").map(|level| &level.value) {
                    Some(crate::json_tree::Value::Other(level)) => level.parse().unwrap_or(1),
                    _ => 1,
                };
                let text = lines
                    .iter()
                    .map(|(text, _)| text.as_str())
                    .collect::<Vec<_>>()
                    .join(" ");
                self.head(level, label(&text));
                if let Some((first, _)) = lines.first_mut() {
                    *first = format!("{} {first}", "#".repeat(level.clamp(1, 6)));
                }
                self.push(lines);
            }
            "markdown" => self.add_markdown(lines),
            _ => {
                for output in cell.get("outputs").map_or(&[][..], Node::items) {
                    append_output(output, &mut lines, cell.line);
                }
                self.push(lines);
            }
        }
    }

    /// A Markdown cell is cut at its headings, so that what follows stands under the right one.
    fn add_markdown(&mut self, lines: Vec<(String, u32)>) {
        let text = join(&lines);
        let mut rest = lines;
        let mut done = 0;
        for start in outline(&text).starts {
            let Some(heading) = start.breadcrumb.last() else {
                continue;
            };
            let later = rest.split_off((start.line - done).min(rest.len()));
            self.push(std::mem::replace(&mut rest, later));
            done = start.line;
            let level = rest
                .first()
                .map_or(1, |(first, _)| heading_level(first, rest.get(1)));
            self.head(level, heading.clone());
        }
        self.push(rest);
    }

    fn head(&mut self, level: usize, text: String) {
        if text.is_empty() {
            return;
        }
        self.title.get_or_insert_with(|| text.clone());
        self.path.enter(level, text);
    }

    fn push(&mut self, lines: Vec<(String, u32)>) {
        if lines.is_empty() {
            return;
        }
        let floor = self
            .sections
            .last()
            .and_then(|section| section.lines.last().copied())
            .unwrap_or(1);
        let mut previous = floor;
        let numbers = lines.iter().map(|(_, line)| {
            previous = previous.max(*line);
            previous
        });
        let numbers = numbers.collect();
        self.sections.push(Section {
            breadcrumb: self.path.path(),
            text: join(&lines),
            lines: numbers,
        });
    }
}

/// The level of a heading that is known to begin at a line.
fn heading_level(line: &str, next: Option<&(String, u32)>) -> usize {
    let line = line.trim_start();
    let marks = line.len() - line.trim_start_matches('#').len();
    if marks > 0 {
        return marks.min(6);
    }
    let html = line
        .get(..3)
        .filter(|start| start.to_ascii_lowercase().starts_with("<h"));
    if let Some(level) = html.and_then(|start| start[2..].parse().ok()) {
        return level;
    }
    if next.is_some_and(|(next, _)| next.trim_start().starts_with('-')) {
        2
    } else {
        1
    }
}

fn join(lines: &[(String, u32)]) -> String {
    let texts: Vec<&str> = lines.iter().map(|(text, _)| text.as_str()).collect();
    texts.join("\n")
}

/// The lines of a multi-line string, which is a string or a list of strings, with their lines in the file.
fn strings(node: Option<&Node<'_>>) -> Vec<(String, u32)> {
    let Some(node) = node else {
        return Vec::new();
    };
    let pieces = if node.items().is_empty() {
        std::slice::from_ref(node)
    } else {
        node.items()
    };
    let mut lines: Vec<(String, u32)> = Vec::new();
    let mut is_open = false;
    for piece in pieces {
        let Some(text) = piece.string() else {
            continue;
        };
        for part in text.split_inclusive('\n') {
            let line = part.strip_suffix('\n').unwrap_or(part);
            let line = line.strip_suffix('\r').unwrap_or(line);
            match lines.last_mut() {
                Some((last, _)) if is_open => last.push_str(line),
                _ => lines.push((line.to_owned(), piece.line)),
            }
            is_open = !part.ends_with('\n');
        }
    }
    lines
}

/// Appends what an output says as text.
fn append_output(output: &Node<'_>, lines: &mut Vec<(String, u32)>, cell_line: u32) {
    let data = output.get("data");
    let mut shown = strings(output.get("text"));
    if shown.is_empty() {
        shown = strings(data.and_then(|data| data.get("text/plain")));
    }
    if shown.is_empty() {
        shown = error(output);
    }
    while shown.last().is_some_and(|(text, _)| text.trim().is_empty()) {
        shown.pop();
    }
    if shown.is_empty() {
        return;
    }
    let dropped = shown.len().saturating_sub(OUTPUT_LINES);
    shown.truncate(OUTPUT_LINES);
    if dropped > 0 {
        shown.push((format!("# … {dropped} more lines"), 0));
    }
    lines.push(("# output:".to_owned(), cell_line));
    lines.extend(shown.into_iter().map(|(text, line)| (plain(&text), line)));
}

/// The name and message of an error; the traceback repeats the source.
fn error(output: &Node<'_>) -> Vec<(String, u32)> {
    let Some(name) = output.get("ename") else {
        return Vec::new();
    };
    let message = output
        .get("evalue")
        .and_then(Node::string)
        .unwrap_or_default();
    let text = format!("{}: {message}", name.string().unwrap_or_default());
    text.lines()
        .map(|line| (line.to_owned(), name.line))
        .collect()
}

/// A line of output without terminal colours, of bounded length.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    let mut count = 0;
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A control sequence ends with a letter.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else if count < OUTPUT_CHARACTERS {
            plain.push(character);
            count += 1;
        }
    }
    plain
}

#[cfg(test)]
mod tests;
