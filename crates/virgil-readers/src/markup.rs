//! The headings of reStructuredText (<https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html>) and
//! of `AsciiDoc` (<https://docs.asciidoctor.org/asciidoc/latest/sections/titles-and-levels/>); verbatim.
//!
//! reStructuredText: a line of one repeated punctuation mark under a title, and perhaps over it; levels in the
//! order in which the marks first appear. `AsciiDoc`: `=` to `======`, outside listing blocks.

use virgil_model::{Content, Files};

use crate::lines::{Lines, Start, cut, extension, file_name, label, reading};
use crate::markdown::HeadingPath;
use crate::{Raw, Reader, Reading};

/// The reader of reStructuredText and `AsciiDoc`.
pub(crate) struct MarkupReader;

impl Reader for MarkupReader {
    fn name(&self) -> &'static str {
        "markup"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(extension(raw.path).as_str(), "rst" | "adoc" | "asciidoc")
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let headings = if extension(raw.path) == "rst" {
            underlined(&lines)
        } else {
            marked(&lines)
        };
        let title = headings.first().map_or_else(
            || file_name(raw.path).to_owned(),
            |first| first.text.clone(),
        );
        let mut path = HeadingPath::default();
        let starts = headings
            .into_iter()
            .map(|heading| Start::new(heading.line, path.enter(heading.level, heading.text)))
            .collect();
        reading(title, Content::Prose, cut(&lines, starts), Vec::new())
    }
}

/// A heading and where it stands.
struct Heading {
    line: usize,
    level: usize,
    text: String,
}

fn underlined(lines: &Lines<'_>) -> Vec<Heading> {
    let mut styles: Vec<(char, bool)> = Vec::new();
    let mut headings = Vec::new();
    for index in 1..lines.len() {
        let title = lines.get(index - 1);
        let Some(mark) = rule(lines.get(index)) else {
            continue;
        };
        let is_title = !title.trim().is_empty()
            && rule(title).is_none()
            && !title.starts_with(char::is_whitespace)
            || index >= 2 && rule(lines.get(index - 2)) == Some(mark) && !title.trim().is_empty();
        if !is_title || lines.get(index).trim_end().chars().count() < title.trim().chars().count() {
            continue;
        }
        let has_overline = index >= 2 && rule(lines.get(index - 2)) == Some(mark);
        let style = (mark, has_overline);
        let level = styles
            .iter()
            .position(|known| *known == style)
            .unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
        headings.push(Heading {
            line: index - 1 - usize::from(has_overline),
            level,
            text: label(title),
        });
    }
    headings
}

/// The punctuation mark of which a line consists.
fn rule(line: &str) -> Option<char> {
    let line = line.trim_end();
    let mark = line.chars().next()?;
    (line.len() >= 3 && mark.is_ascii_punctuation() && line.chars().all(|c| c == mark))
        .then_some(mark)
}

fn marked(lines: &Lines<'_>) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut block: Option<&str> = None;
    for (index, line) in lines.all().iter().enumerate() {
        let line = line.trim_end();
        let is_fence = line.len() >= 4 && matches!(rule(line), Some('-' | '.' | '/' | '+'));
        match block {
            Some(fence) if line == fence => block = None,
            Some(_) => {}
            None if is_fence => block = Some(line),
            None => {
                let text = line.trim_start_matches('=');
                let level = line.len() - text.len();
                if (1..=6).contains(&level) && text.starts_with(' ') && !text.trim().is_empty() {
                    headings.push(Heading {
                        line: index,
                        level,
                        text: label(text),
                    });
                }
            }
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &MarkupReader;

    #[test]
    fn restructured_text_has_underlined_titles() {
        assert_snapshot!(check(READER, "docs/index.rst", r####"=====
Feast
=====

Intro.

Install
-------

::

    not a title

Deep
~~~~

text

Use
---
"####), @r####"
        title: Feast

        [Feast]
          1 =====
          2 Feast
          3 =====
          4
          5 Intro.
          6

        [Feast > Install]
          7 Install
          8 -------
          9
         10 ::
         11
         12     not a title
         13

        [Feast > Install > Deep]
         14 Deep
         15 ~~~~
         16
         17 text
         18

        [Feast > Use]
         19 Use
         20 ---
        "####);
    }

    #[test]
    fn ascii_doc_has_marked_titles() {
        assert_snapshot!(check(READER, "a.adoc", r####"= Guide
:toc:

== First

----
== not a title
----

=== Inner
"####), @r####"
        title: Guide

        [Guide]
          1 = Guide
          2 :toc:
          3

        [Guide > First]
          4 == First
          5
          6 ----
          7 == not a title
          8 ----
          9

        [Guide > First > Inner]
         10 === Inner
        "####);
    }
}
