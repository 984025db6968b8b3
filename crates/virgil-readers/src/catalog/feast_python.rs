//! The calls that a Python file assigns to names, with their literal arguments.
//!
//! Nothing is evaluated: a text is a literal (adjacent ones joined), everything else is kept as a name, a call,
//! a list or a map of those, or as it is written.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, Parser, Tree};
use virgil_model::LineSpan;

/// How deep literals may nest.
const MAX_DEPTH: usize = 12;
/// How long the parser may take.
const PATIENCE: Duration = Duration::from_millis(400);
/// Larger files are not parsed.
const PARSED_BYTES: usize = 2 << 20;

/// `name = function(…)`, or a function with a decorator that is a call.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) lines: LineSpan,
    pub(super) call: Call,
}

/// A call with its keyword arguments.
#[derive(Debug)]
pub(super) struct Call {
    /// The last part of the function's name.
    pub(super) function: String,
    pub(super) line: u32,
    arguments: Vec<(String, Literal)>,
}

/// An argument.
#[derive(Debug)]
pub(super) enum Literal {
    Text(String),
    /// A text that a template has yet to fill, such as `%REDSHIFT_DATABASE%`: it names nothing.
    Placeholder,
    Name(String),
    List(Vec<Literal>),
    Map(Vec<(Literal, Literal)>),
    Call(Call),
    /// What a subscript picks: `view[["a", "b"]]`.
    Part(Box<Literal>, Box<Literal>),
    /// Anything else, as it is written.
    Other(String),
}

impl Call {
    /// The value of a keyword argument.
    pub(super) fn argument(&self, name: &str) -> Option<&Literal> {
        let mut arguments = self.arguments.iter();
        arguments
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The text of a keyword argument.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.argument(name) {
            Some(Literal::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Literal {
    /// The items of a list.
    pub(super) fn items(&self) -> &[Literal] {
        match self {
            Literal::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> &[(Literal, Literal)] {
        match self {
            Literal::Map(entries) => entries,
            _ => &[],
        }
    }
}

/// The definitions of a file; `None` when it takes too long to parse.
pub(super) fn definitions(text: &str) -> Option<Vec<Definition>> {
    let tree = parse(text)?;
    let mut found = Vec::new();
    let root = tree.root_node();
    let mut cursor = root.walk();
    for statement in root.named_children(&mut cursor) {
        let definition = match statement.kind() {
            "expression_statement" => assignment(statement, text),
            "decorated_definition" => decorated(statement, text),
            _ => None,
        };
        found.extend(definition);
    }
    Some(found)
}

fn parse(text: &str) -> Option<Tree> {
    if text.len() > PARSED_BYTES {
        return None;
    }
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

fn assignment(statement: Node<'_>, text: &str) -> Option<Definition> {
    let inner = statement.named_child(0)?;
    let (name, value) = match inner.kind() {
        "assignment" => (
            written(inner.child_by_field_name("left")?, text),
            inner.child_by_field_name("right")?,
        ),
        _ => ("", inner),
    };
    (value.kind() == "call").then(|| Definition {
        name: name.to_owned(),
        lines: lines(statement),
        call: call(value, text, 0),
    })
}

/// A decorated function is named by itself where its decorator gives no name.
fn decorated(statement: Node<'_>, text: &str) -> Option<Definition> {
    let function = statement.child_by_field_name("definition")?;
    let name = written(function.child_by_field_name("name")?, text).to_owned();
    let mut cursor = statement.walk();
    let decorator = statement
        .named_children(&mut cursor)
        .filter(|child| child.kind() == "decorator")
        .find_map(|decorator| {
            decorator
                .named_child(0)
                .filter(|node| node.kind() == "call")
        })?;
    let mut call = call(decorator, text, 0);
    if call.argument("name").is_none() {
        let own = Literal::Text(name.clone());
        call.arguments.push(("name".to_owned(), own));
    }
    Some(Definition {
        name,
        lines: lines(statement),
        call,
    })
}

fn call(node: Node<'_>, text: &str, depth: usize) -> Call {
    let function = node.child_by_field_name("function");
    let function = function.map_or("", |function| written(function, text));
    let mut arguments = Vec::new();
    if let Some(list) = node.child_by_field_name("arguments") {
        let mut cursor = list.walk();
        for argument in list.named_children(&mut cursor) {
            if argument.kind() == "keyword_argument"
                && let Some(name) = argument.child_by_field_name("name")
                && let Some(value) = argument.child_by_field_name("value")
            {
                let value = literal(value, text, depth + 1);
                arguments.push((written(name, text).to_owned(), value));
            }
        }
    }
    Call {
        function: function.rsplit('.').next().unwrap_or_default().to_owned(),
        line: lines(node).start,
        arguments,
    }
}

fn literal(node: Node<'_>, text: &str, depth: usize) -> Literal {
    let other = || Literal::Other(written(node, text).to_owned());
    if depth > MAX_DEPTH {
        return other();
    }
    match node.kind() {
        "string" | "concatenated_string" => match string(node, text) {
            Some(content) if has_placeholder(&content) => Literal::Placeholder,
            Some(content) => Literal::Text(content),
            None => other(),
        },
        "identifier" => Literal::Name(written(node, text).to_owned()),
        "attribute" => {
            let name = written(node, text).rsplit('.').next();
            Literal::Name(name.unwrap_or_default().to_owned())
        }
        "subscript" => {
            let part = |field| node.child_by_field_name(field);
            match (part("value"), part("subscript")) {
                (Some(value), Some(picked)) => Literal::Part(
                    Box::new(literal(value, text, depth + 1)),
                    Box::new(literal(picked, text, depth + 1)),
                ),
                _ => other(),
            }
        }
        "parenthesized_expression" => match node.named_child(0) {
            Some(value) => literal(value, text, depth + 1),
            None => other(),
        },
        "list" | "tuple" => {
            let mut cursor = node.walk();
            let items = node.named_children(&mut cursor);
            let items = items.filter(|item| item.kind() != "comment");
            Literal::List(items.map(|item| literal(item, text, depth + 1)).collect())
        }
        "dictionary" => {
            let mut cursor = node.walk();
            let pairs = node.named_children(&mut cursor);
            Literal::Map(
                pairs
                    .filter_map(|pair| {
                        let key = pair.child_by_field_name("key")?;
                        let value = pair.child_by_field_name("value")?;
                        Some((
                            literal(key, text, depth + 1),
                            literal(value, text, depth + 1),
                        ))
                    })
                    .collect(),
            )
        }
        "call" => Literal::Call(call(node, text, depth)),
        _ => other(),
    }
}

/// The content of a literal; `None` for one with values in it or escapes that mean something.
fn string(node: Node<'_>, text: &str) -> Option<String> {
    let mut cursor = node.walk();
    let mut found = String::new();
    for part in node.named_children(&mut cursor) {
        match part.kind() {
            "string" => found.push_str(&string(part, text)?),
            "string_content" => {
                let content = written(part, text);
                if content.contains('\\') {
                    return None;
                }
                found.push_str(content);
            }
            "interpolation" => return None,
            _ => {}
        }
    }
    Some(found)
}

/// Whether a text holds a placeholder as in the templates of `feast init`: capitals, digits and underscores between
/// percent signs. Three characters at least, because `%Y%m%d` is a format of dates and `%E2%82` two encoded bytes.
pub(super) fn has_placeholder(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_closed = parts.peek().is_some();
        let is_name = part.len() > 2
            && part.starts_with(|first: char| first.is_ascii_uppercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if is_closed && is_name {
            return true;
        }
    }
    false
}

fn written<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

fn lines(node: Node<'_>) -> LineSpan {
    let line = |row: usize| u32::try_from(row + 1).unwrap_or(u32::MAX);
    LineSpan::new(
        line(node.start_position().row),
        line(node.end_position().row),
    )
}

#[cfg(test)]
mod tests {
    use super::has_placeholder;

    #[test]
    fn placeholders_are_told_from_formats_and_encoded_bytes() {
        for text in ["%PARQUET_PATH%", "s3://lake/%ENV%/a", "50% of %DB_2%"] {
            assert!(has_placeholder(text), "{text}");
        }
        for text in [
            "%Y%m%d",
            "a%E2%82%AC",
            "100%",
            "%LATE",
            "% A %",
            "%lower%",
            "",
        ] {
            assert!(!has_placeholder(text), "{text}");
        }
    }
}
