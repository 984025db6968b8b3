//! Builds the tree of a YAML text from the events of its parser.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::{Entry, Node, Value, finished};

/// How deep lists and maps may nest.
const MAX_DEPTH: usize = 100;
/// How many nodes of a file may be kept for aliases, and how many those may add.
const MAX_ALIASED: usize = 200_000;

/// The documents of a YAML text whose first line is `first_line`.
pub(crate) fn yaml(text: &str, first_line: u32) -> Vec<Node<'_>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        first_line,
        open: Vec::new(),
        anchors: HashMap::new(),
        kept: 0,
        aliased: 0,
        documents: Vec::new(),
    };
    for next in Parser::new_from_str(body) {
        let Ok((event, span)) = next else { break };
        if builder.take(event, span).is_none() {
            break;
        }
    }
    builder.documents
}

/// A list or map that is not closed yet.
struct Open<'a> {
    line: u32,
    anchor: usize,
    value: Value<'a>,
    /// The key that waits for its value.
    key: Option<(Cow<'a, str>, u32)>,
}

struct Builder<'a> {
    first_line: u32,
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Node<'a>>,
    /// How many nodes were kept for aliases.
    kept: usize,
    /// How many nodes the aliases added.
    aliased: usize,
    documents: Vec<Node<'a>>,
}

impl<'a> Builder<'a> {
    /// Takes an event; `None` when a bound is passed.
    fn take(&mut self, event: Event<'a>, span: Span) -> Option<()> {
        let line = self.line(span.start.line());
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, _) => {
                let last = match style {
                    ScalarStyle::Plain => span.start.line(),
                    // The span of a block reaches into the line that follows it.
                    ScalarStyle::Literal => {
                        let count = text.lines().count().max(1);
                        (span.start.line() + count - 1).min(span.end.line())
                    }
                    _ if span.end.col() == 0 => span.end.line().saturating_sub(1),
                    _ => span.end.line(),
                };
                let end = self.line(last);
                let value = match style {
                    ScalarStyle::Plain => Value::Plain(text),
                    _ => Value::Text(text),
                };
                self.close(finished(value, line, end), anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.start(line, anchor, Value::List(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, _) => {
                self.start(line, anchor, Value::Map(Vec::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let node = finished(merged(open.value), open.line, open.line);
                self.close(node, open.anchor);
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor, line)?;
                self.close(node, 0);
            }
            _ => {}
        }
        Some(())
    }

    fn line(&self, line: usize) -> u32 {
        u32::try_from(line.max(1) - 1)
            .unwrap_or(u32::MAX)
            .saturating_add(self.first_line)
    }

    fn start(&mut self, line: u32, anchor: usize, value: Value<'a>) -> Option<()> {
        self.open.push(Open {
            line,
            anchor,
            value,
            key: None,
        });
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    fn close(&mut self, node: Node<'a>, anchor: usize) {
        let mut nodes = 0;
        // What is too large to be kept cannot be repeated either.
        if anchor != 0 && measure(&node, MAX_ALIASED - self.kept, &mut nodes).is_some() {
            self.kept += nodes;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        match (&mut open.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, line))) => entries.push(Entry { key, line, node }),
            (_, _) => {
                let line = node.line;
                let key = match node.value {
                    Value::Text(text) | Value::Plain(text) => text,
                    _ => Cow::Borrowed(""),
                };
                open.key = Some((key, line));
            }
        }
    }

    /// What an alias stands for, on the line of the alias.
    fn alias(&mut self, anchor: usize, line: u32) -> Option<Node<'a>> {
        let node = self.anchors.get(&anchor)?;
        let mut nodes = 0;
        let depth = measure(node, MAX_ALIASED - self.aliased, &mut nodes)?;
        self.aliased += nodes;
        if depth + self.open.len() > MAX_DEPTH {
            return None;
        }
        let mut node = node.clone();
        (node.line, node.end) = (line, line);
        Some(node)
    }
}

/// Counts the nodes of a tree and gives its depth; `None` when there are more than `limit`.
fn measure(node: &Node<'_>, limit: usize, nodes: &mut usize) -> Option<usize> {
    *nodes += 1;
    if *nodes > limit {
        return None;
    }
    let mut deepest = 0;
    for item in node.items() {
        deepest = deepest.max(measure(item, limit, nodes)?);
    }
    for entry in node.entries() {
        deepest = deepest.max(measure(&entry.node, limit, nodes)?);
    }
    Some(deepest + 1)
}

/// A map with what its merge keys (`<<`) bring; what it says itself comes first.
fn merged(value: Value<'_>) -> Value<'_> {
    let Value::Map(mut entries) = value else {
        return value;
    };
    if !entries.iter().any(|entry| entry.key == "<<") {
        return Value::Map(entries);
    }
    let (merges, own): (Vec<_>, Vec<_>) = entries.drain(..).partition(|entry| entry.key == "<<");
    let mut known: HashSet<Cow<'_, str>> = own.iter().map(|entry| entry.key.clone()).collect();
    entries = own;
    for merge in &merges {
        for map in merge.node.one_or_many() {
            for entry in map.entries() {
                if known.insert(entry.key.clone()) {
                    entries.push(entry.clone());
                }
            }
        }
    }
    Value::Map(entries)
}
