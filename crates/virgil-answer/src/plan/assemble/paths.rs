//! Ways from one thing to another.

use crate::plan::kinds::Kinds;
use crate::plan::phrases::{Ask, Cat};
use crate::plan::sem::{Np, Quant, apply};
use crate::plan::sketch::{Bound, Lead, Node, Sketch, Sort};

/// `how does X get to Y`.
pub(super) fn paths(sketch: &Sketch, keep: &mut dyn FnMut(&Cat, f32)) {
    let names: Vec<&Node> = sketch
        .nodes
        .iter()
        .filter(|node| node.sort == Sort::Name)
        .collect();
    let [first, second] = names.as_slice() else {
        return;
    };
    // `columns` would be asked for; `steps` only says that it is a way.
    let steps = Kinds::of(&[virgil_model::Kind::Task]);
    let is_more = !sketch.attributes.is_empty()
        || sketch.nodes.iter().any(|node| {
            node.sort == Sort::Noun && !node.senses.iter().any(|(np, _)| steps.covers(np.kinds))
        })
        || sketch.is_count
        || sketch.asks.is_some()
        || sketch.ties.iter().any(|tie| tie.is_negative || tie.is_only)
        || sketch
            .nodes
            .iter()
            .any(|node| node.quant == Quant::No || node.bound != Bound::Free);
    if is_more {
        return;
    }
    let marked = |node: &Node, np: &Np| -> Vec<Np> {
        let mut nps = vec![np.clone()];
        for mark in &sketch.marks {
            let is_near = mark.start.abs_diff(node.start);
            let other = if std::ptr::eq(node, *first) {
                second
            } else {
                first
            };
            if is_near > mark.start.abs_diff(other.start) {
                continue;
            }
            nps = nps
                .iter()
                .flat_map(|np| mark.senses.iter().filter_map(|(said, _)| apply(np, said)))
                .collect();
        }
        nps
    };
    for (from, dear) in &first.senses {
        for (to, also) in &second.senses {
            let is_back =
                second.lead == Lead::Start || first.lead == Lead::End && second.lead != Lead::End;
            for from in marked(first, from) {
                for to in marked(second, to) {
                    let (from, to) = if is_back { (&to, &from) } else { (&from, &to) };
                    let cat = Cat::Ask(Ask {
                        np: from.clone(),
                        columns: Vec::new(),
                        by: None,
                        to: Some(to.set.clone()),
                    });
                    keep(&cat, 0.05 + dear + also);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::assemble::shown::assembled;

    #[test]
    fn a_way_leads_from_where_data_starts() {
        for (question, expect) in [
            (
                "How does orders get to fraud-detector?",
                "paths from dataset orders to model fraud-detector",
            ),
            (
                "path from orders to fraud-detector",
                "paths from dataset orders to model fraud-detector",
            ),
            (
                "the way into fraud-detector from orders",
                "paths from dataset orders to model fraud-detector",
            ),
            ("How does orders get to fct_orders and fraud-detector?", "-"),
        ] {
            assert_eq!(assembled(question), expect, "{question}");
        }
    }
}
