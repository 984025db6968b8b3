//! YAML and JSON as one tree of values that know their lines; typed formats read it.
//!
//! Scalars stay as they are written (`version: 1.10` is the text `1.10`). Aliases and merge keys are
//! resolved within a budget, nesting is bounded, and of equal keys the first counts. What does not parse
//! ends the tree there: whole documents in front of the damage are kept, and the reader reports it.

use std::borrow::Cow;

use virgil_model::{LineSpan, Problem};

use crate::json_tree;
use crate::lines::{Lines, number};

mod yaml;

pub(crate) use yaml::yaml;

/// A value and its lines, counted from 1.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    /// The line on which the value begins.
    pub(crate) line: u32,
    /// The last line of the value, as far as it is known; never before `line`.
    pub(crate) end: u32,
    /// What it is.
    pub(crate) value: Value<'a>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A quoted text.
    Text(Cow<'a, str>),
    /// A plain word: a text, a number, `true`, `null`, … as it is written.
    Plain(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A map, in the order of the file.
    Map(Vec<Entry<'a>>),
}

/// One entry of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    /// The key; empty when it is no scalar.
    pub(crate) key: Cow<'a, str>,
    /// The line on which the key stands.
    pub(crate) line: u32,
    /// The value.
    pub(crate) node: Node<'a>,
}

impl<'a> Entry<'a> {
    /// The lines of the key and its value.
    pub(crate) fn lines(&self) -> LineSpan {
        LineSpan::new(self.line, self.node.end)
    }
}

impl<'a> Node<'a> {
    /// The value of a key; `None` when there is none, it is null, or this is no map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entry(key)
            .map(|entry| &entry.node)
            .filter(|node| !node.is_null())
    }

    /// The value at a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at a path of keys, if there is a scalar that is not empty.
    pub(crate) fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)
            .and_then(Node::text)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The entry with a key, null or not.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a map; empty when this is none.
    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; empty when this is none.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The items of a list, or the value itself where one item may stand without a list.
    pub(crate) fn one_or_many(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The scalar as text, whatever its type; `None` for null, lists and maps.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Plain(text) if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Whether this is a map.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether this is nothing: `null`, `~` or an empty plain scalar.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Plain(text) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The lines of the value.
    pub(crate) fn lines(&self) -> LineSpan {
        LineSpan::new(self.line, self.end)
    }

    /// Puts the whole tree on one line.
    pub(crate) fn move_to(&mut self, line: u32) {
        (self.line, self.end) = (line, line);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.move_to(line)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.line = line;
                entry.node.move_to(line);
            }),
            _ => {}
        }
    }

    /// The value as an attribute: numbers and truth values typed, lists of scalars kept, maps none.
    pub(crate) fn to_value(&self) -> Option<virgil_model::Value> {
        use virgil_model::Value as Model;
        match &self.value {
            Value::Text(text) => Some(Model::Text(text.to_string())),
            Value::Plain(_) if self.is_null() => None,
            Value::Plain(text) => Some(match &**text {
                "true" | "True" | "TRUE" => Model::Bool(true),
                "false" | "False" | "FALSE" => Model::Bool(false),
                text => text
                    .parse()
                    .map(Model::Integer)
                    .or_else(|_| match text.parse::<f64>() {
                        Ok(number) if number.is_finite() => Ok(Model::Number(number)),
                        _ => Err(()),
                    })
                    .unwrap_or_else(|()| Model::Text(text.to_owned())),
            }),
            Value::List(items) => Some(Model::List(
                items
                    .iter()
                    .filter(|item| item.items().is_empty())
                    .filter_map(Node::to_value)
                    .collect(),
            )),
            Value::Map(_) => None,
        }
    }
}

/// The value of a JSON text; empty when it does not parse.
pub(crate) fn json(text: &str) -> Vec<Node<'_>> {
    json_tree::parse(text)
        .map(|node| vec![from_json(&node, 0)])
        .unwrap_or_default()
}

/// The value of a JSON text that another file holds in a string. Its lines are those of the file where the string is
/// a block that is kept as it is written, else all of it stands where the string does.
pub(crate) fn json_inside<'n>(string: &'n Node<'_>) -> Option<Node<'n>> {
    let text = string.text()?;
    let parsed = json_tree::parse(text).ok()?;
    let lines = (string.end - string.line) as usize + 1;
    if lines > 1 && lines == text.lines().count() {
        return Some(from_json(&parsed, string.line - 1));
    }
    let mut node = from_json(&parsed, 0);
    node.move_to(string.line);
    node.end = string.end;
    Some(node)
}

/// The records of JSON Lines, and a problem for each line that does not parse.
pub(crate) fn json_lines(text: &str) -> (Vec<Node<'_>>, Vec<Problem>) {
    let mut records = Vec::new();
    let mut problems = Vec::new();
    for (index, line) in Lines::of(text).all().iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match json_tree::parse(line) {
            Ok(node) => records.push(from_json(&node, number(index) - 1)),
            Err(problem) => problems.push(Problem {
                line: Some(number(index)),
                ..problem
            }),
        }
    }
    (records, problems)
}

fn from_json<'a>(node: &json_tree::Node<'a>, above: u32) -> Node<'a> {
    let value = match &node.value {
        json_tree::Value::Text(written) => Value::Text(decoded(written)),
        json_tree::Value::Other(written) => Value::Plain(Cow::Borrowed(written)),
        json_tree::Value::List(items) => {
            Value::List(items.iter().map(|item| from_json(item, above)).collect())
        }
        json_tree::Value::Map(members) => Value::Map(
            members
                .iter()
                .map(|member| Entry {
                    key: decoded(member.key),
                    line: member.line + above,
                    node: from_json(&member.node, above),
                })
                .collect(),
        ),
    };
    finished(value, node.line + above, node.line + above)
}

fn decoded(written: &str) -> Cow<'_, str> {
    if written.contains('\\') {
        Cow::Owned(json_tree::string(written))
    } else {
        Cow::Borrowed(written.trim_matches('"'))
    }
}

/// A node that ends where its last child ends.
fn finished(value: Value<'_>, line: u32, end: u32) -> Node<'_> {
    let last = match &value {
        Value::List(items) => items.last().map(|item| item.end),
        Value::Map(entries) => entries.iter().map(|entry| entry.node.end).max(),
        _ => None,
    };
    let end = end.max(last.unwrap_or(line)).max(line);
    Node { line, end, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nodes: &[Node<'_>], path: &[&str], expect: Option<(&str, u32)>) {
        let found = nodes.iter().find_map(|node| node.at(path));
        let found = found.and_then(|node| Some((node.text()?, node.line)));
        assert_eq!(found, expect, "{path:?}");
    }

    #[test]
    fn values_know_their_lines() {
        let nodes = yaml(
            "---\na:\n  b: 1.10\n  c: |\n    x\n    y\nd: &d {e: f}\nd2: *d\nm: {<<: *d, e: own}\nn: ~\n---\nz: 'q'\n",
            11,
        );
        assert_eq!(nodes.len(), 2);
        check(&nodes, &["a", "b"], Some(("1.10", 13)));
        assert_eq!(nodes[0].at(&["a"]).map(|node| node.end), Some(16));
        check(&nodes, &["d2", "e"], Some(("f", 17)));
        check(&nodes, &["m", "e"], Some(("own", 19)));
        check(&nodes, &["n"], None);
        check(&nodes, &["z"], Some(("q", 22)));
        let nodes = json("{\n\"a\": [{\"b\\n\": true}],\n\"c\": null}");
        check(&nodes, &["c"], None);
        assert_eq!(nodes[0].get("a").map(|list| list.items()[0].line), Some(2));
    }

    #[test]
    fn damage_keeps_the_documents_before_it() {
        assert_eq!(yaml("a: 1\n---\nb: [1\nc: }\n", 1).len(), 1);
        let (records, problems) = json_lines("{\"a\": 1}\n{\"a\":\n\n{\"a\": 3}\n");
        assert_eq!((records.len(), problems[0].line), (2, Some(2)));
        assert_eq!(records[1].line, 4);
    }

    #[test]
    fn bombs_are_bounded() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(yaml(&text, 1).is_empty());
        assert!(yaml(&"[".repeat(9_000), 1).is_empty());
        assert!(yaml(&"a: &x [*x]\n".repeat(50), 1).len() <= 1);
    }
}
