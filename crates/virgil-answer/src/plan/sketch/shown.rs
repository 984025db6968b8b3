//! Sketches as text, for tests: in the order of their words, `which tables? ~read nightly`.

use std::fmt::Write as _;

use crate::plan::link::link;
use crate::plan::names::Names;
use crate::plan::pieces::tilings;
use crate::plan::sem::Quant;
use crate::plan::sketch::{Bound, Sketch};
use crate::plan::tests::{lexicon, view, world};
use crate::plan::tokens::{BOUNDARY, Token, tokens};

/// The likeliest sketch of a question about the small world of the tests, and its words.
pub(in crate::plan) fn sketch_of(question: &str) -> Option<(Sketch, Vec<Token>)> {
    let (graph, lexicon) = (world(), lexicon());
    let view = view(&graph);
    let tokens = tokens(question).into_iter();
    let tokens: Vec<Token> = tokens
        .filter(|token| token.text != BOUNDARY || token.quoted)
        .collect();
    let linked = link(&tokens, &Names::of(&view), lexicon);
    let needed = vec![true; tokens.len()];
    let found = tilings(&tokens, &linked.leaves, &needed)
        .into_iter()
        .find_map(|(pieces, _)| Sketch::of(&pieces, &tokens))?;
    Some((found, tokens))
}

/// The likeliest sketch of a question as text; `-` if there is none.
pub(super) fn sketched(question: &str) -> String {
    sketch_of(question).map_or("-".to_owned(), |(sketch, tokens)| shown(&sketch, &tokens))
}

pub(in crate::plan) fn shown(sketch: &Sketch, tokens: &[Token]) -> String {
    let said = |start: usize, end: usize| {
        let words: Vec<&str> = tokens[start..end].iter().map(|token| &*token.raw).collect();
        words.join(" ")
    };
    let bound = |bound: Bound| match bound {
        Bound::Free => "",
        Bound::Shown => "their ",
        Bound::Per => "per ",
    };
    let not = |is_negative: bool| if is_negative { "not " } else { "" };
    let mut all: Vec<(usize, String)> = Vec::new();
    for node in &sketch.nodes {
        let quant = match node.quant {
            Quant::Plain => "",
            Quant::No => "no ",
            Quant::All => "all ",
            Quant::Count => "count ",
            Quant::Each => "each ",
            Quant::Most => "most ",
        };
        let mut text = format!("{}{quant}{}", bound(node.bound), said(node.start, node.end));
        if node.is_asked {
            text.push('?');
        }
        if let Some(again) = node.again {
            let _ = write!(text, "={}", tokens[again].raw);
        }
        all.push((node.start, text));
    }
    for tie in &sketch.ties {
        let only = if tie.is_only { "only " } else { "" };
        let impact = if tie.is_impact { "!" } else { "~" };
        let (bound, not) = (bound(tie.bound), not(tie.is_negative));
        let text = format!("{bound}{not}{only}{impact}{}", said(tie.start, tie.end));
        all.push((tie.start, text));
    }
    for mark in &sketch.marks {
        let text = format!("{}[{}]", not(mark.is_negative), said(mark.start, mark.end));
        all.push((mark.start, text));
    }
    for named in &sketch.attributes {
        let (bound, not) = (bound(named.bound), not(named.is_negative));
        let text = format!("{bound}{not}.{}", said(named.start, named.end));
        all.push((named.start, text));
    }
    all.sort();
    let mut shown: Vec<String> = all.into_iter().map(|(_, text)| text).collect();
    for (is_so, word) in [
        (sketch.is_count, "(count)"),
        (sketch.is_path, "(path)"),
        (sketch.is_if, "(if)"),
        (sketch.is_direct, "(direct)"),
        (sketch.is_transitive, "(transitive)"),
    ] {
        if is_so {
            shown.push(word.to_owned());
        }
    }
    if let Some(asks) = &sketch.asks {
        shown.push(format!("(asks {asks})"));
    }
    shown.join(" ")
}
