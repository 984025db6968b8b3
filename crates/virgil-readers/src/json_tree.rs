//! JSON (RFC 8259) as a tree that knows on which line each value stands.
//!
//! Strings and numbers stay as they are written; only [`string`] decodes. Nesting is bounded, so that
//! hostile input exhausts no stack.

use virgil_model::Problem;

/// How deep lists and objects may nest.
const MAX_DEPTH: usize = 100;

/// A value and the lines, counted from 1, on which it begins and ends.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// The line on which the value begins.
    pub(crate) line: u32,
    /// What it is.
    pub(crate) value: Value<'a>,
}

/// A JSON value.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// A string as it is written, with its quotes.
    Text(&'a str),
    /// A number, `true`, `false` or `null` as it is written.
    Other(&'a str),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object, in the order of the file.
    Map(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// The name as it is written, with its quotes.
    pub(crate) key: &'a str,
    /// The line on which the name stands.
    pub(crate) line: u32,
    /// The value.
    pub(crate) node: Node<'a>,
}

impl<'a> Node<'a> {
    /// The value of a member; `None` when there is none, or when this is no object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        let Value::Map(members) = &self.value else {
            return None;
        };
        members
            .iter()
            .find(|member| member.key.get(1..member.key.len() - 1) == Some(key))
            .map(|member| &member.node)
    }

    /// The items of a list; empty when this is none.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The decoded string; `None` when this is none.
    pub(crate) fn string(&self) -> Option<String> {
        match &self.value {
            Value::Text(written) => Some(string(written)),
            _ => None,
        }
    }
}

/// Decodes a string as it is written, with its quotes; what cannot be decoded stays as it is.
pub(crate) fn string(written: &str) -> String {
    serde_json::from_str(written).unwrap_or_else(|_| written.trim_matches('"').to_owned())
}

/// Reads a whole text as one JSON value.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, Problem> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cursor = Cursor {
        text: body,
        at: 0,
        line: 1,
    };
    let node = cursor.value(0)?;
    cursor.space();
    if cursor.at < body.len() {
        return Err(cursor.fail("there is more after the value"));
    }
    Ok(node)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Cursor<'a> {
    fn fail(&self, what: &str) -> Problem {
        Problem {
            line: Some(self.line),
            message: format!("the JSON does not parse: {what}"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past white space, and past comments, which tools allow in their configuration.
    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            let rest = &self.text.as_bytes()[self.at..];
            let length = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => 1,
                b'/' if rest.starts_with(b"//") => {
                    self.text[self.at..].find('\n').unwrap_or(rest.len())
                }
                b'/' if rest.starts_with(b"/*") => self.text[self.at + 2..]
                    .find("*/")
                    .map_or(rest.len(), |length| length + 4),
                _ => break,
            };
            let passed = &rest[..length];
            self.line += u32::try_from(passed.iter().filter(|byte| **byte == b'\n').count())
                .unwrap_or(u32::MAX);
            self.at += length;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Problem> {
        self.space();
        let line = self.line;
        let value = match self.peek() {
            _ if depth > MAX_DEPTH => return Err(self.fail("it nests too deep")),
            Some(b'"') => Value::Text(self.text()?),
            Some(b'[') => self.list(depth)?,
            Some(b'{') => self.map(depth)?,
            Some(_) => Value::Other(self.word()?),
            None => return Err(self.fail("it ends too early")),
        };
        Ok(Node { line, value })
    }

    fn text(&mut self) -> Result<&'a str, Problem> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return Ok(&self.text[start..self.at]),
                b'\\' => self.at += 1,
                b'\n' => break,
                _ => {}
            }
        }
        self.at = self.at.min(self.text.len());
        Err(self.fail("a string has no end"))
    }

    fn word(&mut self) -> Result<&'a str, Problem> {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.') = self.peek() {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        let is_value = matches!(
            word,
            "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity"
        ) || word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if is_value {
            Ok(word)
        } else {
            Err(self.fail("a value is missing"))
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']')? {
                return Ok(Value::List(items));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value<'a>, Problem> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.fail("a name is missing"));
            }
            let line = self.line;
            let key = self.text()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fail("a colon is missing"));
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            members.push(Member { key, line, node });
            if self.ends(b'}')? {
                return Ok(Value::Map(members));
            }
        }
    }

    /// Whether the list or object ends here; if not, a comma was read.
    fn ends(&mut self, close: u8) -> Result<bool, Problem> {
        self.space();
        let found = self.peek();
        if found == Some(close) || found == Some(b',') {
            self.at += 1;
            return Ok(found == Some(close));
        }
        Err(self.fail("a comma or a bracket is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let found = match parse(text) {
            Ok(node) => format!("value on line {}", node.line),
            Err(problem) => format!("line {}: {}", problem.line.unwrap_or(0), problem.message),
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn damage_is_named_with_its_line() {
        check("\n{\"a\": [1, {\"b\": null}]}\n", "value on line 2");
        check("// c\n{ /* d\n */ }", "value on line 2");
        check(
            "[1 /* 2",
            "line 1: the JSON does not parse: a comma or a bracket is missing",
        );
        check(
            "{\"a\": 1\n\"b\": 2}",
            "line 2: the JSON does not parse: a comma or a bracket is missing",
        );
        check(
            "[1,\n2",
            "line 2: the JSON does not parse: a comma or a bracket is missing",
        );
        check(
            "\"abc",
            "line 1: the JSON does not parse: a string has no end",
        );
        check(
            "\"abc\\",
            "line 1: the JSON does not parse: a string has no end",
        );
        check(
            "{} {}",
            "line 1: the JSON does not parse: there is more after the value",
        );
        check(
            &"[".repeat(100_000),
            "line 1: the JSON does not parse: it nests too deep",
        );
    }

    #[test]
    fn strings_are_decoded_on_demand() {
        let node = parse(r#"{"ke\u0079": "a\n\"b\"", "bad": "\ud800"}"#).expect("it is JSON");
        assert_eq!(
            node.get("bad").and_then(Node::string).as_deref(),
            Some("\\ud800")
        );
        let Value::Map(members) = &node.value else {
            panic!("an object");
        };
        assert_eq!(string(members[0].key), "key");
        assert_eq!(members[0].node.string().as_deref(), Some("a\n\"b\""));
    }
}
