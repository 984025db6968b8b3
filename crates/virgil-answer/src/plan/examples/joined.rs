//! Mentions that belong together: a column and its table, and the same thing named twice.

use crate::plan::lexicon::Lexicon;
use crate::plan::tokens::{BOUNDARY, Token};

use virgil_model::Kind;

use super::mentions::{Filler, Mention, kinds_at};
use super::words::is_function_word;

/// How many words may stand between a column and its table.
const MOST_BETWEEN: usize = 4;

/// Makes one mention of a column and the table it is in: `the email column of shop.public.orders`, `birth_date from customers`.
pub(super) fn with_tables(
    mentions: Vec<Mention>,
    tokens: &[Token],
    lexicon: &Lexicon,
) -> Vec<Mention> {
    let mut joined: Vec<Mention> = Vec::new();
    for mention in mentions {
        let one = joined.last().and_then(|before| {
            let between = &tokens[before.end..mention.start];
            let columns = if reads_on(between, Order::ColumnFirst, lexicon) {
                columns_in(before, &mention)
            } else {
                Vec::new()
            };
            let columns = match columns.is_empty() {
                true if reads_on(between, Order::TableFirst, lexicon) => {
                    columns_in(&mention, before)
                }
                _ => columns,
            };
            (!columns.is_empty()).then(|| Mention {
                start: before.start,
                end: mention.end,
                strong: true,
                things: columns,
                stems: [before.stems.clone(), mention.stems.clone()].concat(),
                ..Mention::default()
            })
        });
        match one {
            Some(one) => {
                joined.pop();
                joined.push(one);
            }
            None => joined.push(mention),
        }
    }
    joined
}

/// What of a mention are columns of what another one names.
fn columns_in(column: &Mention, table: &Mention) -> Vec<Filler> {
    // The reference of a column is that of its table and its name behind a `#`.
    let whose = |reference: &str| {
        let (place, _) = reference.rsplit_once('#')?;
        Some(place.split_once(':')?.1.to_owned())
    };
    let place = |reference: &str| reference.split_once(':').map(|(_, place)| place.to_owned());
    let tables: Vec<String> = table
        .things
        .iter()
        .filter(|filler| matches!(filler.kind, Kind::Dataset | Kind::FeatureView))
        .flat_map(|filler| {
            filler
                .things
                .iter()
                .filter_map(|thing| place(&thing.reference))
        })
        .collect();
    let inside = |filler: &Filler| {
        let things = filler.things.iter();
        let things = things
            .filter(|thing| whose(&thing.reference).is_some_and(|place| tables.contains(&place)));
        Filler {
            things: things.cloned().collect(),
            ..filler.clone()
        }
    };
    let columns = column
        .things
        .iter()
        .filter(|filler| filler.kind == Kind::Column);
    columns
        .map(inside)
        .filter(|filler| !filler.things.is_empty())
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    ColumnFirst,
    TableFirst,
}

/// Whether the words between two mentions put the one into the other.
fn reads_on(between: &[Token], order: Order, lexicon: &Lexicon) -> bool {
    if between.len() > MOST_BETWEEN || between.iter().any(|token| token.text == BOUNDARY) {
        return false;
    }
    let is_noun = |at: usize| kinds_at(between, at, lexicon).is_some();
    let is_free = |at: usize| is_noun(at) || is_function_word(&between[at].text);
    match order {
        Order::ColumnFirst => {
            let is_place = |token: &Token| {
                matches!(
                    &*token.text,
                    "in" | "of" | "from" | "out" | "on" | "at" | "within" | "inside"
                )
            };
            between.iter().any(is_place) || (!between.is_empty() && (0..between.len()).all(is_noun))
        }
        Order::TableFirst => (0..between.len()).all(is_free),
    }
}

/// Marks mentions that only name once more what another one names: `raw orders (warehouse.raw.orders)`.
pub(super) fn mark_repeated(mentions: &mut [Mention], tokens: &[Token]) {
    let shares = |one: &Mention, other: &Mention| {
        let things = |mention: &Mention| -> Vec<String> {
            let fillers = mention.things.iter();
            fillers
                .flat_map(|filler| filler.things.iter().map(|thing| thing.reference.clone()))
                .collect()
        };
        let others = things(other);
        things(one).iter().any(|thing| others.contains(thing))
    };
    let count = |mention: &Mention| -> usize {
        mention
            .things
            .iter()
            .map(|filler| filler.things.len())
            .sum()
    };
    // The one that says most exactly what is meant is no repetition.
    let rank = |number: usize| {
        let mention = &mentions[number];
        let is_exact = tokens[mention.start..mention.end]
            .iter()
            .any(|token| token.is_identifier());
        (!is_exact, count(mention), number)
    };
    let repeated: Vec<Option<usize>> = (0..mentions.len())
        .map(|one| {
            (0..mentions.len()).find(|other| {
                *other != one
                    && rank(*other) < rank(one)
                    && shares(&mentions[one], &mentions[*other])
            })
        })
        .collect();
    for (mention, of) in mentions.iter_mut().zip(repeated) {
        mention.repeats = of;
    }
}
