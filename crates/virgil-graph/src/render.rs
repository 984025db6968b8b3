//! A lineage as text, Mermaid and DOT. Names are other people's text: each format escapes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lineage::{Direction, Lineage, LineageNode};

impl Lineage {
    /// As a tree of indented lines; a thing that has been shown is not unfolded again.
    pub fn to_text(&self) -> String {
        let mut children: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for edge in &self.edges {
            let (near, far) = match self.direction {
                Direction::Upstream => (edge.to.as_str(), edge.from.as_str()),
                Direction::Downstream => (edge.from.as_str(), edge.to.as_str()),
            };
            children
                .entry(near)
                .or_default()
                .push((edge.relation.predicate.name(), far));
        }
        let nodes = self.by_reference();
        let mut text = String::new();
        let mut shown = BTreeSet::new();
        let mut open = vec![(self.root.as_str(), "", 0)];
        while let Some((reference, predicate, depth)) = open.pop() {
            let Some(node) = nodes.get(reference) else {
                continue;
            };
            text.extend(std::iter::repeat_n("  ", depth));
            if !predicate.is_empty() {
                let _ = write!(text, "{predicate}: ");
            }
            text.push_str(&one_line(&label(node)));
            let first = shown.insert(reference);
            let below = children.get(reference).map_or(&[][..], Vec::as_slice);
            if !first && !below.is_empty() {
                text.push_str(" (see above)");
            }
            text.push('\n');
            if first {
                let below = below.iter().rev();
                open.extend(below.map(|(predicate, far)| (*far, *predicate, depth + 1)));
            }
        }
        text
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
