//! Program code in the languages with a tree-sitter grammar (<https://tree-sitter.github.io>), verbatim.
//!
//! A section per top-level symbol, with the comments and decorators that stand right above it; what is between
//! symbols is a section without a symbol. A file that does not parse still has the symbols that were recognised;
//! one that takes the parser too long has none.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Language, ParseOptions, Parser, Tree};
use virgil_model::{Content, Files, Problem};

use crate::lines::{Lines, Start, cut, extension, file_name, reading};
use crate::symbols::{Grammar, symbols};
use crate::{Raw, Reader, Reading};

/// Larger files get no outline.
const PARSED_BYTES: usize = 2 << 20;
/// How many steps of the parser a file may take: this many, and more with its size.
const STEPS: usize = 2_000;
/// How long the parser may take; far more than real code of that size needs.
const PATIENCE: Duration = Duration::from_millis(400);

/// The reader of code.
pub(crate) struct CodeReader;

impl Reader for CodeReader {
    fn name(&self) -> &'static str {
        "code"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        language(raw).is_some()
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let mut problems = Vec::new();
        let starts = match outline(raw, &lines) {
            Ok(starts) => starts,
            Err(message) => {
                problems.push(Problem {
                    line: None,
                    message: message.to_owned(),
                });
                Vec::new()
            }
        };
        let title = file_name(raw.path).to_owned();
        reading(title, Content::Code, cut(&lines, starts), problems)
    }
}

/// The language of a file, by its ending or by the program in its first line.
fn language(raw: Raw<'_>) -> Option<Language> {
    let language = match extension(raw.path).as_str() {
        "py" | "pyi" | "pyw" => tree_sitter_python::LANGUAGE.into(),
        "rs" => tree_sitter_rust::LANGUAGE.into(),
        "go" => tree_sitter_go::LANGUAGE.into(),
        "java" => tree_sitter_java::LANGUAGE.into(),
        "ts" | "mts" | "cts" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        "tsx" => tree_sitter_typescript::LANGUAGE_TSX.into(),
        "js" | "jsx" | "mjs" | "cjs" => tree_sitter_javascript::LANGUAGE.into(),
        "sql" | "ddl" => tree_sitter_sequel::LANGUAGE.into(),
        "sh" | "bash" | "zsh" | "ksh" => tree_sitter_bash::LANGUAGE.into(),
        "" => return interpreted(raw.text),
        _ => return None,
    };
    Some(language)
}

/// The language of a script, by its first line such as `#!/usr/bin/env python3`.
fn interpreted(text: &str) -> Option<Language> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let program = line
        .split([' ', '\t', '/'])
        .rfind(|word| !word.is_empty() && !word.starts_with('-'))?;
    match program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "python" | "pypy" => Some(tree_sitter_python::LANGUAGE.into()),
        "sh" | "bash" | "dash" | "zsh" | "ksh" => Some(tree_sitter_bash::LANGUAGE.into()),
        "node" => Some(tree_sitter_javascript::LANGUAGE.into()),
        _ => None,
    }
}

fn outline(raw: Raw<'_>, lines: &Lines<'_>) -> Result<Vec<Start>, &'static str> {
    if raw.text.len() > PARSED_BYTES {
        return Err("the file is too large to be parsed, so it has no outline");
    }
    let tree = language(raw)
        .and_then(|language| parse(&language, raw.text))
        .ok_or("the file takes too long to parse, so it has no outline")?;
    let grammar = match extension(raw.path).as_str() {
        "sql" | "ddl" => Grammar::Statements,
        _ => Grammar::Declarations,
    };
    Ok(symbols(&tree, raw.text, lines, grammar))
}

/// Parses within a number of steps, so that the outcome is always the same, and within a time, because the steps
/// of error recovery may each be slow.
fn parse(language: &Language, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let allowed = STEPS + text.len() / 20;
    let mut steps = 0;
    let started = Instant::now();
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > allowed || started.elapsed() > PATIENCE {
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

#[cfg(test)]
mod tests;
