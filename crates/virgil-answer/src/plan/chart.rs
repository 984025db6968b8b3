//! A chart parser: all phrases of all spans of a question, the likeliest of each span kept.

use crate::plan::grammar::combine;
use crate::plan::lexicon::Lexicon;
use crate::plan::phrases::Cat;

/// How many phrases of one span are kept.
const BEAM: usize = 16;

/// A phrase over a span, and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) cat: Cat,
    pub(crate) cost: f32,
}

/// A phrase that the lexicon or a name gives, over the tokens from `start` to before `end`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) item: Item,
}

/// The phrases that cover all `length` tokens, the likeliest first.
pub(crate) fn parse(length: usize, leaves: Vec<Leaf>, lexicon: &Lexicon) -> Vec<Item> {
    if length == 0 {
        return Vec::new();
    }
    // The cell of tokens `start..end` is at `start * (length + 1) + end`.
    let at = |start: usize, end: usize| start * (length + 1) + end;
    let mut cells: Vec<Vec<Item>> = vec![Vec::new(); (length + 1) * (length + 1)];
    for leaf in leaves {
        insert(&mut cells[at(leaf.start, leaf.end)], leaf.item);
    }
    for width in 1..=length {
        for start in 0..=length - width {
            let end = start + width;
            let mut cell = std::mem::take(&mut cells[at(start, end)]);
            for middle in start + 1..end {
                for left in &cells[at(start, middle)] {
                    for right in &cells[at(middle, end)] {
                        for (cat, cost) in combine(&left.cat, &right.cat, lexicon) {
                            let cost = left.cost + right.cost + cost;
                            insert(&mut cell, Item { cat, cost });
                        }
                    }
                }
            }
            cell.sort_by(|left, right| left.cost.total_cmp(&right.cost));
            cell.truncate(BEAM);
            cells[at(start, end)] = cell;
        }
    }
    cells.swap_remove(at(0, length))
}

/// Adds a phrase, or makes the same one cheaper.
fn insert(cell: &mut Vec<Item>, item: Item) {
    match cell.iter_mut().find(|known| known.cat == item.cat) {
        Some(known) => known.cost = known.cost.min(item.cost),
        None => cell.push(item),
    }
}
