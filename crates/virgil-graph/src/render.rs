//! A lineage as text, Mermaid and DOT. Names are other people's text: each format escapes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use virgil_model::{Kind, Predicate};

use crate::lineage::{Direction, Lineage, LineageNode};

impl Lineage {
    /// As a tree of indented lines; a thing that has been shown is not unfolded again. Unless the lineage is a
    /// column's, columns stand beside their table, on its line.
    pub fn to_text(&self) -> String {
        let nodes = self.by_reference();
        let tables = self.tables(&nodes);
        let children = self.children(&tables);
        let mut text = String::new();
        let mut shown = BTreeSet::new();
        let root = Child {
            predicate: "",
            far: &self.root,
            columns: BTreeSet::new(),
        };
        let mut open = vec![(&root, 0)];
        while let Some((child, depth)) = open.pop() {
            let Some(node) = nodes.get(child.far) else {
                continue;
            };
            text.extend(std::iter::repeat_n("  ", depth));
            if !child.predicate.is_empty() {
                let _ = write!(text, "{}: ", child.predicate);
            }
            text.push_str(&one_line(&label(node)));
            text.push_str(&one_line(&columns(&child.columns, &nodes)));
            let first = shown.insert(child.far);
            let below = children.get(child.far).map_or(&[][..], Vec::as_slice);
            if !first && !below.is_empty() {
                text.push_str(" (see above)");
            }
            text.push('\n');
            if first {
                open.extend(below.iter().rev().map(|child| (child, depth + 1)));
            }
        }
        text
    }

    /// The table of each column beside which it is to stand.
    fn tables(&self, nodes: &BTreeMap<&str, &LineageNode>) -> BTreeMap<&str, &str> {
        let is_column = |node: &&LineageNode| node.entity.kind == Kind::Column;
        if nodes.get(&*self.root).is_some_and(is_column) {
            return BTreeMap::new();
        }
        let relations = self.edges.iter().map(|edge| &edge.relation);
        relations
            .filter(|relation| {
                relation.predicate == Predicate::PartOf && relation.subject.kind == Kind::Column
            })
            .map(|relation| (&*relation.subject.reference, &*relation.object.reference))
            .collect()
    }

    /// What stands below each thing, with columns taken as their tables.
    fn children<'l>(
        &'l self,
        tables: &BTreeMap<&'l str, &'l str>,
    ) -> BTreeMap<&'l str, Vec<Child<'l>>> {
        let whole = |reference: &'l str| tables.get(reference).copied().unwrap_or(reference);
        let mut children: BTreeMap<&str, Vec<Child<'_>>> = BTreeMap::new();
        for edge in &self.edges {
            let (near, far) = match self.direction {
                Direction::Upstream => (&*edge.to, &*edge.from),
                Direction::Downstream => (&*edge.from, &*edge.to),
            };
            if whole(near) == whole(far) && near != far {
                continue;
            }
            let predicate = edge.relation.predicate.name();
            let below = children.entry(whole(near)).or_default();
            let is_known =
                |child: &Child<'_>| child.far == whole(far) && child.predicate == predicate;
            let at = below.iter().position(is_known).unwrap_or_else(|| {
                below.push(Child {
                    predicate,
                    far: whole(far),
                    columns: BTreeSet::new(),
                });
                below.len() - 1
            });
            if whole(far) != far {
                below[at].columns.insert(far);
            }
        }
        children
    }

    /// As a Mermaid flowchart; edges point the way data flows.
    pub fn to_mermaid(&self) -> String {
        let numbers = self.numbers();
        let mut text = String::from("flowchart LR\n");
        for (number, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(text, "  n{number}[\"{}\"]", mermaid_escape(&label(node)));
        }
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (numbers.get(&*edge.from), numbers.get(&*edge.to)) {
                let _ = writeln!(
                    text,
                    "  n{from} -->|{}| n{to}",
                    edge.relation.predicate.name()
                );
            }
        }
        text
    }

    /// As a DOT digraph; edges point the way data flows.
    pub fn to_dot(&self) -> String {
        let numbers = self.numbers();
        let mut text = String::from("digraph lineage {\n  rankdir=LR;\n");
        for (number, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(
                text,
                "  n{number} [label=\"{}\"];",
                dot_escape(&label(node))
            );
        }
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (numbers.get(&*edge.from), numbers.get(&*edge.to)) {
                let name = edge.relation.predicate.name();
                let _ = writeln!(text, "  n{from} -> n{to} [label=\"{name}\"];");
            }
        }
        text.push_str("}\n");
        text
    }

    fn by_reference(&self) -> BTreeMap<&str, &LineageNode> {
        self.nodes
            .iter()
            .map(|node| (node.entity.reference.as_str(), node))
            .collect()
    }

    fn numbers(&self) -> BTreeMap<&str, usize> {
        let numbered = self.nodes.iter().enumerate();
        numbered
            .map(|(number, node)| (node.entity.reference.as_str(), number))
            .collect()
    }
}

/// A line of the tree below another.
struct Child<'l> {
    predicate: &'l str,
    far: &'l str,
    /// Those of its columns that the relation leads to.
    columns: BTreeSet<&'l str>,
}

/// How many columns stand beside their table at most.
const SHOWN_COLUMNS: usize = 6;

fn columns(references: &BTreeSet<&str>, nodes: &BTreeMap<&str, &LineageNode>) -> String {
    if references.is_empty() {
        return String::new();
    }
    let named = references
        .iter()
        .filter_map(|reference| nodes.get(reference));
    let names: Vec<&str> = named
        .take(SHOWN_COLUMNS)
        .map(|node| node.entity.name.as_str())
        .collect();
    let word = if references.len() == 1 {
        "column"
    } else {
        "columns"
    };
    let more = match references.len().saturating_sub(SHOWN_COLUMNS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(" ({word} {}{more})", names.join(", "))
}

fn label(node: &LineageNode) -> String {
    let mut label = format!("{} {}", node.entity.kind.name(), node.entity.name);
    if node.possibly {
        label.push_str(" (possibly)");
    }
    if node.unresolved {
        label.push_str(" (unresolved)");
    }
    label
}

/// The text with every control character as a space.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Everything but letters, digits and harmless punctuation as a Mermaid character code.
fn mermaid_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        if character.is_alphanumeric() || " _-.,/:@()".contains(character) {
            escaped.push(character);
        } else {
            let _ = write!(escaped, "#{};", u32::from(character));
        }
    }
    escaped
}

fn dot_escape(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
