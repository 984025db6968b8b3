//! From a sketch to queries: every way to hang the things of a question on what it asks for, by type, each with its price.
//!
//! What may be asked for is a root (`roots`); a frame hangs everything else on it, one choice after the other (`frame`), and becomes
//! a noun phrase (`build`) of which something is asked (`asked`). Ways from one thing to another are made directly (`paths`).

mod asked;
mod build;
mod frame;
mod paths;
mod roots;
#[cfg(test)]
mod shown;

use virgil_graph::Query;

use crate::plan::assemble::asked::counted_roles;
use crate::plan::assemble::frame::Frame;
use crate::plan::assemble::paths::paths;
use crate::plan::assemble::roots::roots;
use crate::plan::lexicon::Lexicon;
use crate::plan::phrases::Cat;
use crate::plan::question::question;
use crate::plan::sem::Quant;
use crate::plan::sketch::{Bound, Sketch, Sort};

/// How much dearer than the likeliest a reading may be.
pub(super) const WINDOW: f32 = 0.25;

/// Everything that a sketch may ask, the likeliest first.
pub(super) fn assemble(
    sketch: &Sketch,
    lexicon: &Lexicon,
    is_yes_no: bool,
    most: f32,
    tries: &mut usize,
) -> Vec<(Query, f32)> {
    let mut asked: Vec<(Query, f32)> = Vec::new();
    // What is much dearer than what is known counts for nothing.
    let most = std::cell::Cell::new(most);
    let mut keep = |cat: &Cat, cost: f32| {
        if cost > most.get() {
            return;
        }
        if let Some(query) = question(cat, is_yes_no) {
            most.set(most.get().min(cost + WINDOW));
            match asked.iter_mut().find(|(known, _)| *known == query) {
                Some((_, known)) => *known = known.min(cost),
                None => asked.push((query, cost)),
            }
        }
    };
    let distributed = distributed(sketch);
    let sketch = distributed.as_ref().unwrap_or(sketch);
    if sketch.is_path {
        paths(sketch, &mut keep);
    } else if let Some((cats, cost)) = counted_roles(sketch) {
        for cat in &cats {
            keep(cat, cost);
        }
    } else {
        for (root, left_out, cost) in roots(sketch, is_yes_no) {
            let mut frame = Frame::new(root, left_out, sketch, lexicon, &most);
            frame.hang(1, cost + sketch.cost, tries, &mut keep);
        }
    }
    asked.sort_by(|left, right| left.1.total_cmp(&right.1));
    asked
}

/// `which version does every service serve`: the services, each with its version.
fn distributed(sketch: &Sketch) -> Option<Sketch> {
    let every = sketch.nodes.iter().position(|node| {
        node.sort == Sort::Noun
            && node.quant == Quant::All
            && !node.is_asked
            && node.bound == Bound::Free
    })?;
    let mut asked = sketch.nodes.iter().enumerate().filter(|(index, node)| {
        *index != every && node.sort == Sort::Noun && node.is_asked && node.bound == Bound::Free
    });
    let (asked, None) = (asked.next()?.0, asked.next()) else {
        return None;
    };
    let is_simple = sketch.nodes.len() == 2
        && !sketch.is_count
        && sketch
            .ties
            .iter()
            .all(|tie| !tie.is_negative && !tie.is_only && !tie.is_impact);
    if !is_simple {
        return None;
    }
    let mut each = sketch.clone();
    each.nodes[every].quant = Quant::Plain;
    each.nodes[asked].bound = Bound::Shown;
    each.nodes[asked].is_asked = false;
    for tie in &mut each.ties {
        tie.bound = Bound::Shown;
    }
    Some(each)
}

#[cfg(test)]
mod tests {
    use crate::plan::assemble::shown::assembled;

    #[test]
    fn the_likeliest_reading_comes_first() {
        for (question, expect) in [
            (
                "Which tables does nightly read?",
                "tables directly upstream of pipeline nightly",
            ),
            (
                "nightly tables read",
                "tables directly upstream of pipeline nightly",
            ),
            (
                "models of ml-risk trained on fct_orders",
                "models owned by team ml-risk that are trained on dataset fct_orders, that dataset fct_orders is a version of, that dataset fct_orders trains or that read dataset fct_orders",
            ),
            (
                "Which models break if orders is dropped?",
                "models downstream of dataset orders",
            ),
        ] {
            assert_eq!(assembled(question), expect, "{question}");
        }
    }
}
