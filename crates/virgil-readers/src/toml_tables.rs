//! TOML (<https://toml.io/en/v1.0.0>): a section per table, verbatim.
//!
//! A table begins at its header line, with the comments right above it.

use virgil_model::{Content, Files};

use crate::lines::{Lines, Start, cut, extension, file_name, label, number, problem, reading};
use crate::{Raw, Reader, Reading};

/// Larger files are not checked, only cut.
const CHECKED_BYTES: usize = 1 << 20;

/// The reader of TOML.
pub(crate) struct TomlReader;

impl Reader for TomlReader {
    fn name(&self) -> &'static str {
        "toml"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        extension(raw.path) == "toml"
            || matches!(
                file_name(raw.path),
                "Pipfile" | "poetry.lock" | "uv.lock" | "Cargo.lock"
            )
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let mut problems = Vec::new();
        if raw.text.len() <= CHECKED_BYTES
            && !raw.text.contains("{{")
            && let Err(error) = toml::from_str::<toml::Table>(raw.text)
        {
            let line = error.span().map(|span| number(lines.at(span.start)));
            problems.push(problem(line, "the TOML does not parse", error.message()));
        }
        let title = file_name(raw.path).to_owned();
        reading(
            title,
            Content::Config,
            cut(&lines, tables(&lines)),
            problems,
        )
    }
}

fn tables(lines: &Lines<'_>) -> Vec<Start> {
    let mut starts = Vec::new();
    let mut comments = 0;
    let mut quotes: Option<&str> = None;
    for (index, line) in lines.all().iter().enumerate() {
        let was_quoted = quotes.is_some();
        quotes = multiline_string(line, quotes);
        if !was_quoted && let Some(name) = header(line) {
            starts.push(Start::new(index - comments, vec![label(name)]));
        }
        comments = if line.starts_with('#') && !was_quoted {
            comments + 1
        } else {
            0
        };
    }
    starts
}

/// The name in a header line such as `[tool.ruff]` or `[[bin]]`.
fn header(line: &str) -> Option<&str> {
    let inner = line.trim_start().strip_prefix('[')?;
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    let (name, rest) = inner.split_once(']')?;
    let rest = rest.strip_prefix(']').unwrap_or(rest).trim();
    let is_name = !name.trim().is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "._-\"'/: @".contains(c));
    (is_name && (rest.is_empty() || rest.starts_with('#'))).then(|| name.trim())
}

/// The quotes of the multi-line string that is open after a line.
fn multiline_string<'a>(line: &str, mut open: Option<&'a str>) -> Option<&'a str> {
    let mut at = 0;
    while at < line.len() {
        let found = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quotes| line.as_bytes()[at..].starts_with(quotes.as_bytes()));
        match (open, found) {
            (None, Some(quotes)) => open = Some(quotes),
            (Some(quotes), Some(closing)) if quotes == closing => open = None,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 3;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &TomlReader;

    #[test]
    fn a_section_per_table() {
        assert_snapshot!(check(READER, "pyproject.toml", r####"name = "x"

# About the build.
[build-system]
requires = [
"setuptools",
]
doc = """
[not.a.table]
"""

[[tool.mypy.overrides]] # many
module = "a"
"####), @r####"
        title: pyproject.toml

        []
          1 name = "x"
          2

        [build-system]
          3 # About the build.
          4 [build-system]
          5 requires = [
          6 "setuptools",
          7 ]
          8 doc = """
          9 [not.a.table]
         10 """
         11

        [tool.mypy.overrides]
         12 [[tool.mypy.overrides]] # many
         13 module = "a"
        "####);
    }

    #[test]
    fn broken_toml_is_text_and_a_problem() {
        assert_snapshot!(check(READER, "a.toml", "[a]\nb = \n[c]\n"), @r####"
        title: a.toml
        problem at 2: the TOML does not parse: string values must be quoted, expected literal string

        [a]
          1 [a]
          2 b =

        [c]
          3 [c]
        "####);
    }
}
