//! Texts that are put together: added, formatted, unescaped. What is not known leaves a hole.

use super::evaluate::MAX_ITEMS;
use super::value::{Link, Value};
use crate::sql::name::HOLE;

/// Functions that give one of their texts, more or less.
pub(super) fn transformed(
    root: &Value,
    links: &[Link],
    arguments: &[(Option<String>, Value)],
) -> Option<Value> {
    let [link] = links else {
        return None;
    };
    let first = arguments.first().map(|(_, value)| value);
    match root {
        Value::Text(text) => match link.name.as_str() {
            "format" => Some(Value::of_text(filled(text, arguments))),
            "strip" | "lstrip" | "rstrip" | "dedent" | "encode" => Some(root.clone()),
            "lower" => Some(Value::Text(text.to_lowercase())),
            "replace" | "join" | "upper" | "title" => Some(Value::Text(HOLE.to_owned())),
            _ => None,
        },
        Value::Name(module) => {
            let is_text = matches!(
                (module.as_str(), link.name.as_str()),
                ("textwrap", "dedent")
                    | ("inspect", "cleandoc")
                    | (
                        "sqlalchemy" | "sqlalchemy.sql" | "sqlalchemy.sql.expression",
                        "text"
                    )
                    | ("psycopg2.sql" | "psycopg.sql" | "sql", "SQL")
                    | ("", "str")
            );
            first
                .filter(|value| is_text && matches!(value, Value::Text(_)))
                .cloned()
        }
        _ => None,
    }
}

/// The text of two values; what is not known leaves a hole in it.
pub(super) fn plus(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::List(one), Value::List(other)) => {
            Value::List(one.iter().chain(other).take(MAX_ITEMS).cloned().collect())
        }
        (Value::Text(_), _) | (_, Value::Text(_)) => {
            Value::of_text(format!("{}{}", left.inside(), right.inside()))
        }
        _ => Value::Unknown,
    }
}

/// `'… {name} …'.format(name=…)`.
fn filled(text: &str, arguments: &[(Option<String>, Value)]) -> String {
    let mut result = String::new();
    let mut rest = text;
    let mut position = 0;
    while let Some(at) = rest.find(['{', '}']) {
        result.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            result.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) else {
            result.push_str(&tail[..1]);
            rest = &tail[1..];
            continue;
        };
        let name = &tail[1..end];
        let unnamed = || arguments.iter().filter(|(name, _)| name.is_none());
        let value = if name.is_empty() {
            position += 1;
            unnamed().nth(position - 1)
        } else if let Ok(number) = name.parse::<usize>() {
            unnamed().nth(number)
        } else {
            arguments
                .iter()
                .find(|(own, _)| own.as_deref() == Some(name))
        };
        result.push_str(value.map_or(HOLE, |(_, value)| value.inside()));
        rest = &tail[end + 1..];
    }
    result.push_str(rest);
    result
}

/// `'… %s …' % …`: every value is a hole.
pub(super) fn formatted(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('%') {
            result.push('%');
            rest = after;
            continue;
        }
        let end = tail
            .strip_prefix('(')
            .and_then(|inside| inside.find(')'))
            .map_or(0, |close| close + 2);
        let length = tail[end..]
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(tail.len(), |letter| end + letter + 1);
        result.push_str(HOLE);
        rest = &tail[length..];
    }
    result.push_str(rest);
    result
}

/// Writes what a literal with escapes stands for.
pub(super) fn unescape(written: &str, into: &mut String) {
    let mut characters = written.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            into.push(character);
            continue;
        }
        match characters.next() {
            Some('\n') => {}
            Some('n') => into.push('\n'),
            Some('t') => into.push('\t'),
            Some('r') => into.push('\r'),
            Some(escaped @ ('\\' | '\'' | '"')) => into.push(escaped),
            Some(other) => {
                into.push('\\');
                into.push(other);
            }
            None => into.push('\\'),
        }
    }
}
