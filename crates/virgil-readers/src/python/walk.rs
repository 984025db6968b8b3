//! Walks a script in the order in which it runs, as far as that is plain, and tells what it calls with what.
//!
//! Nothing is run. Variables hold what was assigned to them where that is one thing: what a branch or a loop assigns
//! is not known behind it, what a function gets is not known inside it, and a function sees the module's names that
//! are assigned once. Loops over literal lists and dictionaries are followed item by item.

use std::rc::Rc;

use tree_sitter::Node;
use virgil_model::LineSpan;

use super::evaluate::Scope;
use super::names::{assigned, names_in, often_assigned};
use super::syntax::Script;
use super::value::{Call, Value};

/// How many nodes of a script are visited, loops counted as often as they are followed.
const BUDGET: usize = 400_000;
/// How deep statements may nest.
const MAX_DEPTH: usize = 60;
/// Loops over more items are visited once, with items that are not known.
const MAX_ITEMS: usize = 64;

/// Something that a script does.
pub(crate) enum Event<'e> {
    /// It calls something.
    Call(&'e Rc<Call>),
    /// It defines a function.
    Function(&'e Function),
    /// `before >> after`, or the other way round.
    Order {
        before: &'e Value,
        after: &'e Value,
        lines: LineSpan,
    },
}

/// A function that is defined.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) decorators: Vec<Value>,
    pub(crate) lines: LineSpan,
    /// The first text of its body.
    pub(crate) documentation: Option<String>,
}

/// Where something stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    /// The functions around, the outermost first.
    pub(crate) functions: Vec<Rc<Function>>,
    /// What the `with` statements around hold open, the outermost first.
    pub(crate) with: Vec<Value>,
}

/// Tells `handler` what a script does, in order; `false` when the script is too large to be followed to its end.
pub(crate) fn walk(script: &Script<'_>, handler: &mut dyn FnMut(Event<'_>, &Around)) -> bool {
    let root = script.tree.root_node();
    let mut walk = Walk {
        script,
        scope: Scope::new(script),
        around: Around::default(),
        later: Vec::new(),
        budget: BUDGET,
        depth: 0,
        handler,
    };
    walk.block(root);
    let often = often_assigned(root, script);
    let mut module = walk.scope.clone();
    module.forget(often.iter().map(String::as_str));
    // Functions run when the module has been run; those inside them when they have.
    while !walk.later.is_empty() {
        for later in std::mem::take(&mut walk.later) {
            walk.scope = match later.scope {
                Some(scope) => scope,
                None => module.clone(),
            };
            walk.around = later.around;
            walk.body(later.node);
        }
        if walk.budget == 0 {
            break;
        }
    }
    walk.budget > 0
}

struct Walk<'s, 'h> {
    script: &'s Script<'s>,
    scope: Scope<'s>,
    around: Around,
    later: Vec<Later<'s>>,
    budget: usize,
    depth: usize,
    handler: &'h mut dyn FnMut(Event<'_>, &Around),
}

/// A function whose body is still to be walked.
struct Later<'s> {
    node: Node<'s>,
    /// The names around, for functions inside functions.
    scope: Option<Scope<'s>>,
    around: Around,
}

impl<'s> Walk<'s, '_> {
    fn block(&mut self, node: Node<'s>) {
        let mut cursor = node.walk();
        let statements: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, node: Node<'s>) {
        if self.budget == 0 || self.depth > MAX_DEPTH {
            return;
        }
        self.budget -= 1;
        self.depth += 1;
        self.one(node);
        self.depth -= 1;
    }

    fn one(&mut self, node: Node<'s>) {
        match node.kind() {
            "import_statement" | "import_from_statement" => self.scope.import(node),
            "expression_statement" => {
                if let Some(inner) = node.named_child(0) {
                    self.expression_statement(inner);
                }
            }
            "decorated_definition" => {
                let mut cursor = node.walk();
                let mut decorators = Vec::new();
                for child in node.named_children(&mut cursor) {
                    if child.kind() == "decorator"
                        && let Some(expression) = child.named_child(0)
                    {
                        decorators.push(self.scope.value(expression));
                        self.expression(expression);
                    }
                }
                if let Some(definition) = node.child_by_field_name("definition") {
                    self.definition(definition, decorators, self.script.lines(node));
                }
            }
            "function_definition" | "class_definition" => {
                self.definition(node, Vec::new(), self.script.lines(node));
            }
            "if_statement" => self.branches(node),
            "try_statement" | "while_statement" | "match_statement" => self.branches(node),
            "for_statement" => self.repeat(node),
            "with_statement" => self.with(node),
            "block" | "else_clause" | "elif_clause" | "except_clause" | "finally_clause"
            | "case_clause" | "module" | "ERROR" => self.block(node),
            "comment" => {}
            _ => self.expression(node),
        }
    }

    fn expression_statement(&mut self, node: Node<'s>) {
        match node.kind() {
            "assignment" => {
                let (Some(left), Some(right)) = (
                    node.child_by_field_name("left"),
                    node.child_by_field_name("right"),
                ) else {
                    return;
                };
                if right.kind() == "assignment" {
                    self.expression_statement(right);
                    let value = right
                        .child_by_field_name("left")
                        .map_or(Value::Unknown, |name| self.scope.value(name));
                    self.scope.bind(left, &value);
                    return;
                }
                self.expression(right);
                let value = self.scope.value(right);
                self.scope.bind(left, &value);
            }
            "augmented_assignment" => {
                let (Some(left), Some(right)) = (
                    node.child_by_field_name("left"),
                    node.child_by_field_name("right"),
                ) else {
                    return;
                };
                self.expression(right);
                let value = self.scope.added(left, right);
                self.scope.bind(left, &value);
            }
            "binary_operator" => {
                self.expression(node);
                self.order(node);
            }
            _ => self.expression(node),
        }
    }

    /// `a >> [b, c] >> d`: an order of tasks.
    fn order(&mut self, node: Node<'s>) {
        let mut chain = Vec::new();
        let mut at = node;
        // The chain leans to the left.
        while at.kind() == "binary_operator" && chain.len() < 200 {
            let (Some(left), Some(operator), Some(right)) = (
                at.child_by_field_name("left"),
                at.child_by_field_name("operator"),
                at.child_by_field_name("right"),
            ) else {
                return;
            };
            let is_forward = match operator.kind() {
                ">>" => true,
                "<<" => false,
                _ => return,
            };
            chain.push((is_forward, right));
            at = left;
        }
        let mut left = self.scope.value(at);
        let lines = self.script.lines(node);
        for (is_forward, right) in chain.into_iter().rev() {
            let right = self.scope.value(right);
            let (before, after) = if is_forward {
                (&left, &right)
            } else {
                (&right, &left)
            };
            let event = Event::Order {
                before,
                after,
                lines,
            };
            (self.handler)(event, &self.around);
            left = right;
        }
    }

    /// Tells all calls inside an expression, the outer ones first.
    fn expression(&mut self, node: Node<'s>) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match node.kind() {
                "call" => {
                    if let Value::Call(call) = self.scope.call(node) {
                        (self.handler)(Event::Call(&call), &self.around);
                    }
                }
                "lambda" | "string" | "comment" | "identifier" => continue,
                "list_comprehension"
                | "set_comprehension"
                | "dictionary_comprehension"
                | "generator_expression" => {
                    let names = assigned(node, self.script);
                    let before = self.scope.clone();
                    self.scope.forget(names.iter().map(String::as_str));
                    let mut cursor = node.walk();
                    let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                    for child in children {
                        self.expression(child);
                    }
                    self.scope = before;
                    continue;
                }
                _ => {}
            }
            let mut cursor = node.walk();
            let before = open.len();
            open.extend(node.named_children(&mut cursor));
            open[before..].reverse();
        }
    }

    fn definition(&mut self, node: Node<'s>, decorators: Vec<Value>, lines: LineSpan) {
        let name = node.child_by_field_name("name");
        let name = name.map_or("", |name| self.script.written(name)).to_owned();
        let Some(body) = node.child_by_field_name("body") else {
            return;
        };
        if node.kind() == "class_definition" {
            let before = self.scope.clone();
            self.block(body);
            self.scope = before;
            return;
        }
        let function = Rc::new(Function {
            documentation: documentation(body, &self.scope),
            name: name.clone(),
            decorators,
            lines,
        });
        (self.handler)(Event::Function(&function), &self.around);
        self.scope.define(&name);
        let mut around = self.around.clone();
        around.functions.push(function);
        let scope = (!self.around.functions.is_empty()).then(|| {
            let mut scope = self.scope.clone();
            if let Some(outer) = node.parent() {
                let often = often_assigned(outer, self.script);
                scope.forget(often.iter().map(String::as_str));
            }
            scope
        });
        self.later.push(Later {
            node,
            scope,
            around,
        });
    }

    fn body(&mut self, function: Node<'s>) {
        if let Some(parameters) = function.child_by_field_name("parameters") {
            let names = names_in(parameters, self.script);
            self.scope.forget(names.iter().map(String::as_str));
        }
        if let Some(body) = function.child_by_field_name("body") {
            let names = assigned(body, self.script);
            self.scope.forget(names.iter().map(String::as_str));
            self.block(body);
        }
    }

    /// Statements of which one part runs, or none, or all again and again.
    fn branches(&mut self, node: Node<'s>) {
        let names = assigned(node, self.script);
        let is_main = node
            .child_by_field_name("condition")
            .is_some_and(|condition| self.script.written(condition).contains("__name__"));
        let is_try = node.kind() == "try_statement";
        if node.kind() == "while_statement" {
            self.scope.forget(names.iter().map(String::as_str));
        }
        let before = self.scope.clone();
        let mut cursor = node.walk();
        let parts: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let mut is_first_block = true;
        for part in parts {
            if part.kind() == "block" && (is_main || is_try) && is_first_block {
                is_first_block = false;
                self.block(part);
                continue;
            }
            let own = self.scope.clone();
            if !is_try {
                self.scope = before.clone();
                self.scope.imports_of(&own);
            }
            if let Some(condition) = part.child_by_field_name("condition") {
                self.expression(condition);
            }
            self.statement(part);
            let imports = self.scope.clone();
            self.scope = own;
            self.scope.imports_of(&imports);
        }
        if !is_main {
            self.scope.forget(names.iter().map(String::as_str));
        }
    }

    fn repeat(&mut self, node: Node<'s>) {
        let (Some(left), Some(right), Some(body)) = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
            node.child_by_field_name("body"),
        ) else {
            return;
        };
        self.expression(right);
        let names = assigned(node, self.script);
        let items = self
            .scope
            .items(right)
            .filter(|items| items.len() <= MAX_ITEMS);
        let rounds = items.unwrap_or_else(|| vec![Value::Unknown]);
        for item in rounds {
            self.scope.forget(names.iter().map(String::as_str));
            self.scope.bind(left, &item);
            self.block(body);
        }
        self.scope.forget(names.iter().map(String::as_str));
        if let Some(other) = node.child_by_field_name("alternative") {
            self.statement(other);
        }
    }

    fn with(&mut self, node: Node<'s>) {
        let open = self.around.with.len();
        let mut cursor = node.walk();
        let clause = node
            .named_children(&mut cursor)
            .find(|child| child.kind() == "with_clause");
        let mut items = Vec::new();
        if let Some(clause) = clause {
            let mut cursor = clause.walk();
            items.extend(
                clause
                    .named_children(&mut cursor)
                    .filter(|child| child.kind() == "with_item"),
            );
        }
        for item in items {
            let Some(value) = item.child_by_field_name("value") else {
                continue;
            };
            let (held, name) = if value.kind() == "as_pattern" {
                (value.named_child(0), value.child_by_field_name("alias"))
            } else {
                (Some(value), None)
            };
            let Some(held) = held else {
                continue;
            };
            self.expression(held);
            let known = self.scope.value(held);
            if let Some(name) = name.and_then(|name| name.named_child(0)) {
                self.scope.bind(name, &known);
            }
            self.around.with.push(known);
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body);
        }
        self.around.with.truncate(open);
    }
}

fn documentation(body: Node<'_>, scope: &Scope<'_>) -> Option<String> {
    let first = body.named_child(0)?;
    let text = first
        .named_child(0)
        .filter(|node| first.kind() == "expression_statement" && node.kind() == "string")?;
    scope.value(text).text().map(|text| text.trim().to_owned())
}
