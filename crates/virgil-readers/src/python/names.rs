//! Which names a script, or a part of it, assigns.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::syntax::Script;

/// The names of all variables that a script assigns, wherever.
pub(super) fn variables(script: &Script<'_>) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut open = vec![script.tree.root_node()];
    while let Some(node) = open.pop() {
        let target = match node.kind() {
            "assignment" | "for_statement" => node.child_by_field_name("left"),
            "as_pattern" => node.child_by_field_name("alias"),
            "parameters" => Some(node),
            _ => None,
        };
        if let Some(target) = target {
            found.extend(names_in(target, script));
        }
        let mut cursor = node.walk();
        open.extend(node.named_children(&mut cursor));
    }
    found
}

/// The names that a part of a script assigns, functions inside it left out.
pub(super) fn assigned(node: Node<'_>, script: &Script<'_>) -> HashSet<String> {
    assignments(node, script).into_keys().collect()
}

/// The names that a module or function assigns more than once.
pub(super) fn often_assigned(node: Node<'_>, script: &Script<'_>) -> HashSet<String> {
    let counted = assignments(node, script).into_iter();
    counted
        .filter(|(_, count)| *count > 1)
        .map(|(name, _)| name)
        .collect()
}

fn assignments(node: Node<'_>, script: &Script<'_>) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    let mut open = vec![node];
    let mut is_first = true;
    while let Some(node) = open.pop() {
        let mut targets = Vec::new();
        match node.kind() {
            "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
                targets.extend(node.child_by_field_name("left"));
                // `x += y` is a second assignment to whatever `x` was.
                if node.kind() == "augmented_assignment" {
                    targets.extend(node.child_by_field_name("left"));
                }
            }
            "as_pattern" => targets.extend(node.child_by_field_name("alias")),
            "named_expression" => targets.extend(node.child_by_field_name("name")),
            "function_definition" | "lambda" if !is_first => continue,
            "global_statement" | "nonlocal_statement" | "delete_statement" => {
                // Whatever else assigns these is out of sight.
                for name in names_in(node, script) {
                    *found.entry(name).or_default() += 2;
                }
            }
            _ => {}
        }
        for target in targets {
            for name in names_in(target, script) {
                *found.entry(name).or_default() += 1;
            }
        }
        is_first = false;
        let mut cursor = node.walk();
        open.extend(node.named_children(&mut cursor));
    }
    found
}

/// The names in a pattern or a list of parameters; those of attributes and items are no variables.
pub(super) fn names_in(node: Node<'_>, script: &Script<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.kind() {
            "identifier" => found.push(script.written(node).to_owned()),
            "attribute" | "subscript" | "type" => {}
            "default_parameter" | "typed_default_parameter" => {
                open.extend(node.child_by_field_name("name"));
            }
            _ => {
                let mut cursor = node.walk();
                open.extend(node.named_children(&mut cursor));
            }
        }
    }
    found
}
