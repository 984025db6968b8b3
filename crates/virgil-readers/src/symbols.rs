//! Finds the symbols in a syntax tree.
//!
//! One table of node kinds serves all grammars, because those share their names for most things. Only siblings
//! are walked, and members of large symbols; expressions are never entered, so that depth is bounded.

use tree_sitter::{Node, Tree};

use crate::lines::{Lines, Start, label};

/// A symbol larger than this many bytes is split into its members.
const LARGE_BYTES: usize = 1500;
/// How deep members are looked for: a method in a class in a module in a namespace.
const MAX_DEPTH: usize = 4;

/// The sections of a file: one per symbol, and one for each stretch between symbols.
pub(crate) fn symbols(tree: &Tree, text: &str, lines: &Lines<'_>, grammar: Grammar) -> Vec<Start> {
    let mut outline = Outline {
        text,
        lines,
        grammar,
        starts: Vec::new(),
    };
    outline.walk(tree.root_node(), &[], 0);
    outline.starts
}

/// What the siblings in a tree are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Declarations and statements, each a node.
    Declarations,
    /// SQL: statements that end with `;`. Dialects are many, so one statement may be several damaged nodes.
    Statements,
}

struct Outline<'a> {
    text: &'a str,
    lines: &'a Lines<'a>,
    grammar: Grammar,
    starts: Vec<Start>,
}

/// Where the walk over siblings is.
#[derive(Default)]
struct Place {
    /// The line after the last sibling that was no comment above a symbol.
    free: usize,
    /// The first line of the comments that stand right above the next sibling, and the line after them.
    comments: Option<(usize, usize)>,
    /// Whether the section that is open belongs to a symbol.
    in_symbol: bool,
    /// Whether a SQL statement has begun whose `;` is still to come.
    in_statement: bool,
}

impl Outline<'_> {
    /// Adds the sections of the children of a node.
    fn walk(&mut self, parent: Node<'_>, path: &[String], depth: usize) {
        let mut place = Place {
            free: self.lines.at(parent.start_byte()),
            ..Place::default()
        };
        self.children(parent, path, depth, &mut place);
    }

    fn children(&mut self, parent: Node<'_>, path: &[String], depth: usize, place: &mut Place) {
        let mut cursor = parent.walk();
        if !cursor.goto_first_child() {
            return;
        }
        loop {
            let node = cursor.node();
            let is_sql = self.grammar == Grammar::Statements && depth == 0;
            if is_sql && node.kind() == ";" {
                place.in_statement = false;
            } else if is_sql && place.in_statement && !is_above(node) {
                place.free = self.last_line(node) + 1;
            } else if is_sql && node.is_error() && !self.written(node).contains(';') {
                self.sibling(node, path, depth, place);
                place.in_statement = true;
            } else if node.is_error() && depth < MAX_DEPTH {
                // What was recognised inside a damaged stretch counts as if it stood outside.
                self.children(node, path, depth + 1, place);
            } else if node.is_named() || node.kind().len() > 1 {
                self.sibling(node, path, depth, place);
                place.in_statement = is_sql && !is_above(node);
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }

    fn written(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The line on which a node ends; a line end that belongs to it begins no further line.
    fn last_line(&self, node: Node<'_>) -> usize {
        let end = node.end_byte().saturating_sub(1).max(node.start_byte());
        self.lines.at(end)
    }

    fn sibling(&mut self, node: Node<'_>, path: &[String], depth: usize, place: &mut Place) {
        let first = self.lines.at(node.start_byte());
        let last = self.last_line(node);
        if is_above(node) {
            if first >= place.free {
                place.comments = match place.comments {
                    Some((start, after)) if after == first => Some((start, last + 1)),
                    _ => Some((first, last + 1)),
                };
            }
            return;
        }
        let above = place
            .comments
            .take()
            .filter(|(_, after)| *after >= first)
            .map_or(first, |(start, _)| start);
        let start = above.max(place.free.min(first));
        match symbol(node, self.text) {
            Some(name) => {
                let mut breadcrumb = path.to_vec();
                breadcrumb.push(name);
                self.starts.push(Start::new(start, breadcrumb.clone()));
                place.in_symbol = true;
                if node.end_byte() - node.start_byte() > LARGE_BYTES
                    && depth < MAX_DEPTH
                    && let Some(body) = body(node)
                {
                    self.walk_members(body, &breadcrumb, depth + 1);
                }
            }
            None if place.in_symbol && start >= place.free => {
                self.starts.push(Start::new(start, path.to_vec()));
                place.in_symbol = false;
            }
            None => {}
        }
        place.free = last + 1;
    }

    /// Adds the members of a large symbol; what stands before the first one stays with the symbol's head.
    fn walk_members(&mut self, body: Node<'_>, path: &[String], depth: usize) {
        let before = self.starts.len();
        self.walk(body, path, depth);
        let head = before.checked_sub(1).map(|index| self.starts[index].line);
        // A member on the line of the head has no section of its own.
        let mut index = before;
        while index < self.starts.len() {
            if Some(self.starts[index].line) == head {
                self.starts.remove(index);
            } else {
                index += 1;
            }
        }
    }
}

/// Whether a node belongs to the symbol under it.
fn is_above(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "comment"
            | "line_comment"
            | "block_comment"
            | "marginalia"
            | "attribute_item"
            | "inner_attribute_item"
            | "decorator"
    )
}

/// The symbol that a node declares.
fn symbol(node: Node<'_>, text: &str) -> Option<String> {
    let field = |name: &str| {
        node.child_by_field_name(name)
            .and_then(|child| text.get(child.byte_range()))
            .map(label)
            .filter(|name| !name.is_empty())
    };
    match node.kind() {
        "decorated_definition" => symbol(node.child_by_field_name("definition")?, text),
        "export_statement" => match node.child_by_field_name("declaration") {
            Some(declaration) => symbol(declaration, text),
            None => node
                .child_by_field_name("value")
                .filter(|value| value.kind() != "identifier")
                .map(|_| "default".to_owned()),
        },
        "ambient_declaration" | "expression_statement" => {
            let inner = node.named_child(0)?;
            is_declaration(inner.kind()).then(|| symbol(inner, text))?
        }
        "method_declaration" => {
            let name = field("name")?;
            // The receiver of a Go method is the type that it belongs to.
            let receiver = field("receiver").and_then(|receiver| {
                let words = receiver.trim_matches(['(', ')']);
                let name = words.rsplit([' ', '*']).next()?;
                Some(name.split('[').next()?.to_owned())
            });
            Some(match receiver {
                Some(receiver) => format!("{receiver}.{name}"),
                None => name,
            })
        }
        "type_declaration" => {
            let spec = node.named_child(0)?;
            let name = spec.child_by_field_name("name")?;
            text.get(name.byte_range()).map(label)
        }
        "impl_item" => {
            let implemented = field("type")?;
            Some(match field("trait") {
                Some(name) => format!("impl {name} for {implemented}"),
                None => format!("impl {implemented}"),
            })
        }
        "lexical_declaration" | "variable_declaration" => {
            let declarator = node.named_child(0)?;
            let value = declarator.child_by_field_name("value")?;
            let is_function = matches!(
                value.kind(),
                "arrow_function"
                    | "function_expression"
                    | "function"
                    | "class"
                    | "generator_function"
            );
            let name = declarator.child_by_field_name("name")?;
            is_function.then(|| text.get(name.byte_range()).map(label))?
        }
        "statement" | "ERROR" => statement(node, text),
        "cte" => node
            .named_child(0)
            .and_then(|name| text.get(name.byte_range()))
            .map(label),
        kind if is_declaration(kind) => {
            field("name").map(|name| name.trim_matches(['"', '\'']).to_owned())
        }
        _ => None,
    }
}

/// Declarations whose symbol is their field `name`.
fn is_declaration(kind: &str) -> bool {
    matches!(
        kind,
        "function_definition"
            | "class_definition"
            | "function_declaration"
            | "generator_function_declaration"
            | "class_declaration"
            | "abstract_class_declaration"
            | "interface_declaration"
            | "type_alias_declaration"
            | "enum_declaration"
            | "record_declaration"
            | "annotation_type_declaration"
            | "constructor_declaration"
            | "method_definition"
            | "internal_module"
            | "module"
            | "function_item"
            | "struct_item"
            | "enum_item"
            | "union_item"
            | "trait_item"
            | "type_item"
            | "mod_item"
            | "macro_definition"
    )
}

/// The body that holds the members of a symbol.
fn body(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "decorated_definition" => body(node.child_by_field_name("definition")?),
        "export_statement" => body(node.child_by_field_name("declaration")?),
        "ambient_declaration" | "expression_statement" => body(node.named_child(0)?),
        "statement" => Some(node),
        "function_definition"
        | "function_item"
        | "function_declaration"
        | "method_declaration"
        | "method_definition"
        | "constructor_declaration"
        | "lexical_declaration" => None,
        _ => node.child_by_field_name("body"),
    }
}

/// How a SQL statement begins, up to the name of what it creates or changes.
fn statement(node: Node<'_>, text: &str) -> Option<String> {
    let written = text.get(node.byte_range())?;
    let mut words = Vec::new();
    for line in written
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .take(3)
    {
        for word in line.split_whitespace() {
            let (head, is_last) = match word.split_once('(') {
                Some((head, _)) => (head, true),
                None => (word, false),
            };
            let upper = head.to_ascii_uppercase();
            let is_clause = matches!(
                upper.as_str(),
                "AS" | "SET"
                    | "VALUES"
                    | "USING"
                    | "ON"
                    | "SELECT"
                    | "FROM"
                    | "WITH"
                    | "ADD"
                    | "RETURNS"
            );
            if is_clause && words.len() > 1 {
                return named(&words);
            }
            if !head.is_empty() {
                words.push(head.trim_end_matches(';'));
            }
            if is_last || words.len() >= 7 || word.ends_with(';') {
                return named(&words);
            }
        }
    }
    named(&words)
}

/// A statement that creates or changes something is named; a query is not.
fn named(words: &[&str]) -> Option<String> {
    let verb = words.first()?.to_ascii_uppercase();
    let is_named = matches!(
        verb.as_str(),
        "CREATE" | "ALTER" | "DROP" | "INSERT" | "MERGE" | "UPDATE" | "DELETE" | "TRUNCATE"
    );
    is_named.then(|| label(&words.join(" ")))
}
