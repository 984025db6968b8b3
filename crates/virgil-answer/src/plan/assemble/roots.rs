//! What a question may ask for.

use crate::plan::kinds::Kinds;
use crate::plan::sem::{Head, Np, Quant};
use crate::plan::sketch::{Bound, Lead, Node, Sketch, Sort};

/// What may be asked for: the thing, which node of the sketch it is, and what it costs to take it so.
pub(super) fn roots(sketch: &Sketch, is_yes_no: bool) -> Vec<(Node, Option<usize>, f32)> {
    let mut roots = Vec::new();
    let is_noun_asked = sketch
        .nodes
        .iter()
        .any(|node| node.sort == Sort::Noun && node.is_asked && node.bound == Bound::Free);
    let is_other_asked = sketch.nodes.iter().any(|node| {
        node.bound == Bound::Free
            && (node.sort == Sort::Noun || node.sort == Sort::Any && node.is_asked)
    });
    let wants_value = sketch.asks.is_some() || !sketch.attributes.is_empty();
    let mut nouns = 0;
    for (index, node) in sketch.nodes.iter().enumerate() {
        if node.bound != Bound::Free || matches!(node.quant, Quant::No | Quant::Most) {
            continue;
        }
        // Every one of something is asked for alone, or is a condition of another.
        let is_every_beside = node.quant == Quant::All
            && node.sort == Sort::Noun
            && sketch.nodes.iter().any(|other| {
                other.sort == Sort::Noun
                    && other.bound == Bound::Free
                    && other.start != node.start
                    && (other.is_asked || other.start < node.start)
            });
        if is_every_beside {
            continue;
        }
        let cost = match node.sort {
            Sort::Noun if node.is_asked => 0.0,
            Sort::Noun => {
                let rank = nouns;
                nouns += 1;
                f32::from(u8::try_from(rank).unwrap_or(9)) * 0.1
                    + if is_noun_asked { 0.3 } else { 0.0 }
            }
            Sort::Any if node.senses[0].0.head == Head::Built => 0.25,
            Sort::Any if is_noun_asked => 0.4,
            Sort::Any if node.is_asked => 0.05,
            Sort::Any => 0.35,
            Sort::Name if wants_value && is_other_asked => 0.35,
            Sort::Name if wants_value => 0.05,
            Sort::Name if is_yes_no => 0.2,
            Sort::Name => continue,
        };
        roots.push((node.clone(), Some(index), cost));
    }
    let has_root = sketch.nodes.iter().any(|node| {
        node.sort != Sort::Name && node.bound == Bound::Free && node.quant != Quant::No
    });
    if !has_root && (!wants_value || !sketch.ties.is_empty()) {
        let anything = Node {
            start: 0,
            end: 0,
            again: None,
            senses: vec![(Np::all(Kinds::ANY, Head::Any), 0.0)],
            sort: Sort::Any,
            is_asked: true,
            quant: Quant::Plain,
            before: Vec::new(),
            bound: Bound::Free,
            lead: Lead::Unsaid,
        };
        roots.push((anything, None, 0.05));
    }
    roots
}

#[cfg(test)]
mod tests {
    use crate::plan::assemble::shown::rooted;

    #[test]
    fn what_is_asked_for_is_the_likeliest_root() {
        for (question, expect) in [
            ("Which tables does nightly read?", "tables"),
            ("tables of nightly", "tables"),
            ("When does nightly run?", "run, nightly"),
            ("What reads orders?", "(anything)"),
            ("orders owner", "(anything)"),
            ("Which models have no owner?", "models"),
        ] {
            assert_eq!(rooted(question), expect, "{question}");
        }
    }
}
