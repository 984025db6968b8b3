//! Names in two parts: `the email column of shop.public.orders` is `shop.public.orders.email`.

use crate::plan::names::{Link, Names};
use crate::plan::tokens::Token;

/// The most words between the parts of a name.
const MOST_BETWEEN: usize = 4;
/// Prepositions between a part and the whole.
const OF: &[&str] = &["of", "in", "from", "inside", "within", "on", "at"];
/// What else may stand between them.
const BETWEEN: &[&str] = &[
    "the",
    "our",
    "a",
    "my",
    "this",
    "that",
    "column",
    "columns",
    "field",
    "feature",
    "attribute",
    "table",
    "view",
    "out",
    "over",
    "gone",
    "stored",
    "kept",
    "saved",
    "held",
    "is",
    "which",
    "lives",
];

/// The runs of tokens in which a part and its whole make one name; each is longer than both.
pub(super) fn composed(tokens: &[Token], names: &Names, found: &[Link]) -> Vec<Link> {
    let mut made: Vec<Link> = Vec::new();
    for part in found {
        for whole in found {
            let (start, end) = (part.start.min(whole.start), part.end.max(whole.end));
            let is_composed = if part.end <= whole.start {
                is_of(&tokens[part.end..whole.start])
            } else {
                whole.end <= part.start && is_had(&tokens[whole.end..part.start])
            };
            if !is_composed {
                continue;
            }
            let parts = |link: &Link| -> Vec<&str> {
                let tokens = tokens[link.start..link.end].iter();
                tokens
                    .flat_map(|token| token.parts.iter().map(String::as_str))
                    .collect()
            };
            let joined = [parts(whole), parts(part)].concat().join(" ");
            let candidates: Vec<_> = names
                .named(&joined)
                .into_iter()
                .filter(|candidate| {
                    let is_part = |other: &crate::plan::names::Candidate| {
                        other.entity.reference == candidate.entity.reference
                    };
                    part.candidates.iter().any(is_part)
                })
                .collect();
            let is_longer = made
                .iter()
                .all(|known| known.start > start || known.end < end);
            if !candidates.is_empty() && is_longer {
                made.push(Link {
                    start,
                    end,
                    candidates,
                });
            }
        }
    }
    made
}

/// `PART column of our WHOLE`.
fn is_of(between: &[Token]) -> bool {
    (1..=MOST_BETWEEN).contains(&between.len())
        && between.iter().any(|token| OF.contains(&&*token.text))
        && between.iter().all(|token| {
            !token.quoted && (OF.contains(&&*token.text) || BETWEEN.contains(&&*token.text))
        })
}

/// `WHOLE's column PART`.
fn is_had(between: &[Token]) -> bool {
    between.len() <= 2
        && between.iter().all(|token| {
            !token.quoted && matches!(&*token.text, "'s" | "column" | "field" | "feature")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{view, world};
    use crate::plan::tokens::tokens;

    #[test]
    fn a_part_and_its_whole_are_one_name() {
        let graph = world();
        let names = Names::of(&view(&graph));
        let found = |text: &str| -> Vec<String> {
            let tokens = tokens(text);
            let composed = composed(&tokens, &names, &names.links(&tokens));
            let shown = composed.iter().map(|link| {
                let words = tokens[link.start..link.end].iter();
                let words: Vec<&str> = words.map(|token| &*token.raw).collect();
                let things = link.candidates.iter();
                let things: Vec<&str> = things.map(|of| &*of.entity.reference).collect();
                format!("{} = {}", words.join(" "), things.join(", "))
            });
            shown.collect()
        };
        for text in [
            "email column of shop.public.orders",
            "email from the table orders",
            "orders's email",
            "orders email",
        ] {
            let expect =
                format!("{text} = column:pg/shop.public.orders#email").replace("'s", " 's");
            assert_eq!(found(text), [expect], "{text}");
        }
        for text in [
            "email of shop.public.signups",
            "email which models read from orders",
            "orders of email",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
