//! What expressions are known to be: literals, names with one value, and what is put together of those.

use std::collections::HashMap;
use std::rc::Rc;

use tree_sitter::Node;

use super::syntax::Script;
use super::texts::{formatted, plus, transformed, unescape};
use super::value::{Call, Link, Value};
use crate::sql::name::HOLE;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 60;
/// Longer lists and dictionaries are not known.
pub(super) const MAX_ITEMS: usize = 2_000;

/// The names that are known at a place of a script.
#[derive(Clone)]
pub(super) struct Scope<'s> {
    script: &'s Script<'s>,
    /// The full names of what was imported.
    imports: HashMap<String, String>,
    values: HashMap<String, Value>,
}

impl<'s> Scope<'s> {
    /// Nothing is known yet.
    pub(super) fn new(script: &'s Script<'s>) -> Scope<'s> {
        Scope {
            script,
            imports: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Forgets what names stand for.
    pub(super) fn forget<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for name in names {
            self.values.insert(name.to_owned(), Value::Unknown);
        }
    }

    /// A function has a name.
    pub(super) fn define(&mut self, name: &str) {
        self.values
            .insert(name.to_owned(), Value::Name(name.to_owned()));
    }

    /// Takes over what another scope imported.
    pub(super) fn imports_of(&mut self, other: &Scope<'s>) {
        let more = other.imports.iter();
        self.imports
            .extend(more.map(|(name, full)| (name.clone(), full.clone())));
    }

    /// Takes the names that a statement imports.
    pub(super) fn import(&mut self, node: Node<'_>) {
        let module = node.child_by_field_name("module_name");
        let module = module.map(|module| self.script.written(module));
        let mut cursor = node.walk();
        let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
        for name in names {
            let (written, alias) = match name.kind() {
                "aliased_import" => (
                    name.child_by_field_name("name"),
                    name.child_by_field_name("alias"),
                ),
                _ => (Some(name), None),
            };
            let written = written.map_or("", |written| self.script.written(written));
            let alias = alias.map(|alias| self.script.written(alias));
            let (own, full) = match (module, alias) {
                (Some(module), alias) => (alias.unwrap_or(written), format!("{module}.{written}")),
                (None, Some(alias)) => (alias, written.to_owned()),
                (None, None) => {
                    let first = written.split('.').next().unwrap_or_default();
                    (first, first.to_owned())
                }
            };
            let own = own.to_owned();
            self.values.remove(&own);
            self.imports.insert(own, full);
        }
    }

    /// Binds the names of a pattern.
    pub(super) fn bind(&mut self, target: Node<'_>, value: &Value) {
        match target.kind() {
            "identifier" => {
                let name = self.script.written(target).to_owned();
                self.values.insert(name, value.clone());
            }
            // `self.x` has the value that was assigned last, inside one function.
            "attribute" => {
                let name = self.script.written(target).to_owned();
                self.values.insert(name, value.clone());
            }
            "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "expression_list" => {
                let mut cursor = target.walk();
                let parts: Vec<Node<'_>> = target.named_children(&mut cursor).collect();
                let items = value.items();
                let is_whole = items.len() == parts.len()
                    && parts.iter().all(|part| part.kind() != "list_splat_pattern");
                for (at, part) in parts.into_iter().enumerate() {
                    let item = items.get(at).filter(|_| is_whole);
                    self.bind(part, item.unwrap_or(&Value::Unknown));
                }
            }
            _ => {}
        }
    }

    /// What a loop over an expression goes through, if that is known.
    pub(super) fn items(&self, node: Node<'_>) -> Option<Vec<Value>> {
        match self.value(node) {
            Value::List(items) => Some(items),
            Value::Map(entries) => Some(entries.into_iter().map(|(key, _)| key).collect()),
            Value::Call(call) if call.arguments().is_empty() => {
                let Value::Map(entries) = &call.root else {
                    return None;
                };
                let entries = entries.iter().cloned();
                Some(match call.function() {
                    "items" => entries
                        .map(|(key, value)| Value::List(vec![key, value]))
                        .collect(),
                    "keys" => entries.map(|(key, _)| key).collect(),
                    "values" => entries.map(|(_, value)| value).collect(),
                    _ => return None,
                })
            }
            Value::Call(call) if call.name() == "enumerate" => {
                let list = call.arguments().first().map(|(_, value)| value)?;
                let Value::List(items) = list else {
                    return None;
                };
                let items = items.iter().cloned();
                Some(
                    items
                        .map(|item| Value::List(vec![Value::Unknown, item]))
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// The value of `left` with `right` added.
    pub(super) fn added(&self, left: Node<'_>, right: Node<'_>) -> Value {
        plus(&self.value(left), &self.value(right))
    }

    /// What an expression is known to be.
    pub(super) fn value(&self, node: Node<'_>) -> Value {
        self.at_depth(node, 0)
    }

    /// What a call is known to give.
    pub(super) fn call(&self, node: Node<'_>) -> Value {
        self.called(node, 0)
    }

    fn at_depth(&self, node: Node<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let below = |node: Node<'_>| self.at_depth(node, depth + 1);
        let written = self.script.written(node);
        match node.kind() {
            "string" => self.string(node, depth),
            "concatenated_string" => {
                let mut text = String::new();
                let mut cursor = node.walk();
                for part in node.named_children(&mut cursor) {
                    if part.kind() != "comment" {
                        text.push_str(below(part).inside());
                    }
                }
                Value::of_text(text)
            }
            "integer" | "float" | "true" | "false" | "none" => Value::Constant(written.to_owned()),
            "identifier" => self.named(written),
            "attribute" => {
                if let Some(value) = self.values.get(written) {
                    return value.clone();
                }
                let (Some(object), Some(name)) = (
                    node.child_by_field_name("object"),
                    node.child_by_field_name("attribute"),
                ) else {
                    return Value::Unknown;
                };
                let name = self.script.written(name);
                match below(object) {
                    Value::Name(object) => Value::Name(format!("{object}.{name}")),
                    object @ (Value::Call(_) | Value::Part(_, _)) => {
                        Value::Part(Rc::new(object), Rc::new(Value::Name(name.to_owned())))
                    }
                    _ => Value::Unknown,
                }
            }
            "subscript" => {
                let (Some(object), Some(index)) = (
                    node.child_by_field_name("value"),
                    node.child_by_field_name("subscript"),
                ) else {
                    return Value::Unknown;
                };
                let index = below(index);
                match below(object) {
                    Value::Map(entries) => entries
                        .into_iter()
                        .find(|(key, _)| *key == index)
                        .map_or(Value::Unknown, |(_, value)| value),
                    Value::List(items) => match &index {
                        Value::Constant(number) => {
                            let item = number.parse::<usize>().ok().and_then(|at| items.get(at));
                            item.cloned().unwrap_or(Value::Unknown)
                        }
                        _ => Value::Unknown,
                    },
                    object @ (Value::Call(_) | Value::Part(_, _) | Value::Name(_)) => {
                        Value::Part(Rc::new(object), Rc::new(index))
                    }
                    _ => Value::Unknown,
                }
            }
            "parenthesized_expression" | "await" => {
                node.named_child(0).map_or(Value::Unknown, below)
            }
            "list" | "tuple" | "set" | "expression_list" => {
                let mut cursor = node.walk();
                let items = node.named_children(&mut cursor);
                let items: Vec<Value> = items
                    .filter(|item| item.kind() != "comment")
                    .take(MAX_ITEMS)
                    .map(below)
                    .collect();
                Value::List(items)
            }
            "dictionary" => {
                let mut cursor = node.walk();
                let pairs = node.named_children(&mut cursor);
                let pairs = pairs.filter(|pair| pair.kind() == "pair").take(MAX_ITEMS);
                let entry = |pair: Node<'_>| {
                    let key = pair.child_by_field_name("key")?;
                    let value = pair.child_by_field_name("value")?;
                    Some((below(key), below(value)))
                };
                Value::Map(pairs.filter_map(entry).collect())
            }
            "binary_operator" => {
                let (Some(left), Some(operator), Some(right)) = (
                    node.child_by_field_name("left"),
                    node.child_by_field_name("operator"),
                    node.child_by_field_name("right"),
                ) else {
                    return Value::Unknown;
                };
                match operator.kind() {
                    "+" => plus(&below(left), &below(right)),
                    "%" => match below(left) {
                        Value::Text(text) => Value::of_text(formatted(&text)),
                        _ => Value::Unknown,
                    },
                    _ => Value::Unknown,
                }
            }
            "call" => self.called(node, depth),
            _ => Value::Unknown,
        }
    }

    fn named(&self, name: &str) -> Value {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        Value::Name(
            self.imports
                .get(name)
                .map_or(name, String::as_str)
                .to_owned(),
        )
    }

    /// A literal; a value that is not known leaves a hole.
    fn string(&self, node: Node<'_>, depth: usize) -> Value {
        let mut text = String::new();
        let mut cursor = node.walk();
        let is_raw = node.named_child(0).is_some_and(|start| {
            let prefix = self.script.written(start).to_ascii_lowercase();
            prefix.starts_with('r') || prefix.contains("r\"") || prefix.contains("r'")
        });
        for part in node.named_children(&mut cursor) {
            match part.kind() {
                "string_start" if self.script.written(part).to_ascii_lowercase().contains('b') => {
                    return Value::Unknown;
                }
                "string_content" => {
                    let written = self.script.written(part);
                    if is_raw || !written.contains('\\') {
                        text.push_str(written);
                    } else {
                        unescape(written, &mut text);
                    }
                }
                "interpolation" => {
                    let has_format = part.child_by_field_name("format_specifier").is_some();
                    let inner = part.child_by_field_name("expression");
                    let inner = inner.or_else(|| part.named_child(0));
                    match inner.filter(|_| !has_format) {
                        Some(inner) => text.push_str(self.at_depth(inner, depth + 1).inside()),
                        None => text.push_str(HOLE),
                    }
                }
                _ => {}
            }
        }
        Value::of_text(text)
    }

    fn called(&self, node: Node<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let Some(function) = node.child_by_field_name("function") else {
            return Value::Unknown;
        };
        let arguments = self.arguments(node, depth);
        // The chain behind the last call, outermost link last.
        let mut names = Vec::new();
        let mut at = function;
        while at.kind() == "attribute" {
            let (Some(object), Some(name)) = (
                at.child_by_field_name("object"),
                at.child_by_field_name("attribute"),
            ) else {
                return Value::Unknown;
            };
            // A variable of the object that is known: `self.engine.connect()`.
            if at.id() != function.id()
                && let Some(value @ (Value::Call(_) | Value::Part(_, _))) =
                    self.values.get(self.script.written(at))
            {
                return self.chained(node, value.clone(), names, arguments);
            }
            names.push(self.script.written(name).to_owned());
            at = object;
        }
        let root = match at.kind() {
            "identifier" => {
                let name = self.script.written(at);
                match self.values.get(name) {
                    Some(Value::Unknown | Value::Constant(_)) => Value::Name(name.to_owned()),
                    Some(value) => value.clone(),
                    None => self.named(name),
                }
            }
            _ => self.at_depth(at, depth + 1),
        };
        self.chained(node, root, names, arguments)
    }

    fn chained(
        &self,
        node: Node<'_>,
        root: Value,
        names: Vec<String>,
        arguments: Vec<(Option<String>, Value)>,
    ) -> Value {
        let mut links: Vec<Link> = names
            .into_iter()
            .rev()
            .map(|name| Link {
                name,
                arguments: None,
            })
            .collect();
        let mut root = root;
        if links.is_empty() && !matches!(root, Value::Name(_)) {
            // What a call gives is called: `task.override(…)(…)`.
            links.push(Link {
                name: "__call__".to_owned(),
                arguments: None,
            });
        } else if let (true, Value::Name(name)) = (links.is_empty(), &root) {
            // A plain function: its last name is the link.
            let name = name.clone();
            let (before, last) = name.rsplit_once('.').unwrap_or(("", &name));
            links.push(Link {
                name: last.to_owned(),
                arguments: None,
            });
            root = Value::Name(before.to_owned());
        }
        if let Some(text) = transformed(&root, &links, &arguments) {
            return text;
        }
        if let Some(last) = links.last_mut() {
            last.arguments = Some(arguments);
        }
        Value::Call(Rc::new(Call {
            offset: node.end_byte(),
            lines: self.script.lines(node),
            root,
            links,
        }))
    }

    fn arguments(&self, node: Node<'_>, depth: usize) -> Vec<(Option<String>, Value)> {
        let Some(list) = node.child_by_field_name("arguments") else {
            return Vec::new();
        };
        let mut cursor = list.walk();
        let arguments = list.named_children(&mut cursor);
        let arguments = arguments.filter(|argument| argument.kind() != "comment");
        let argument = |node: Node<'_>| match node.kind() {
            "keyword_argument" => {
                let name = node.child_by_field_name("name")?;
                let value = node.child_by_field_name("value")?;
                let name = self.script.written(name).to_owned();
                Some((Some(name), self.at_depth(value, depth + 1)))
            }
            "list_splat" | "dictionary_splat" => None,
            _ => Some((None, self.at_depth(node, depth + 1))),
        };
        arguments.take(MAX_ITEMS).filter_map(argument).collect()
    }
}
