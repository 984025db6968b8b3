//! What the small world of the tests may be asked, as text.

use crate::plan::assemble::{assemble, roots};
use crate::plan::sketch::shown::sketch_of;
use crate::plan::tests::{lexicon, view, world};
use crate::plan::{is_yes_no, reading};

/// The likeliest reading of a question by its pieces; `-` if there is none.
pub(super) fn assembled(question: &str) -> String {
    let graph = world();
    let read = all(question).0.into_iter().next();
    read.map_or("-".to_owned(), |(query, _)| reading(&query, &view(&graph)))
}

/// How many ways to hang the things of a question together were tried.
pub(super) fn tries(question: &str) -> usize {
    all(question).1
}

fn all(question: &str) -> (Vec<(virgil_graph::Query, f32)>, usize) {
    let mut tries = 0;
    let Some((sketch, tokens)) = sketch_of(question) else {
        return (Vec::new(), tries);
    };
    let is_yes_no = is_yes_no(&tokens[0].text);
    let read = assemble(&sketch, lexicon(), is_yes_no, 1.0, &mut tries);
    (read, tries)
}

/// What a question may ask for, the likeliest first.
pub(super) fn rooted(question: &str) -> String {
    let Some((sketch, tokens)) = sketch_of(question) else {
        return "-".to_owned();
    };
    let mut roots = roots(&sketch, is_yes_no(&tokens[0].text));
    roots.sort_by(|left, right| left.2.total_cmp(&right.2));
    let shown = roots.into_iter().map(|(node, _, _)| {
        let words = tokens[node.start..node.end].iter();
        let words: Vec<&str> = words.map(|token| &*token.raw).collect();
        if words.is_empty() {
            "(anything)".to_owned()
        } else {
            words.join(" ")
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}
