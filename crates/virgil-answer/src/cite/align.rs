//! Whether a name stands where the evidence has another one.
//!
//! `BigQuery, Feast or Redshift` has every word of a passage about Feast that says `BigQuery, Snowflake or Redshift`,
//! and is wrong. So each name and piece of code of a claim is compared with those of the evidence by the words around
//! it: if another one, which the claim does not speak of, fits its place clearly better, the claim puts it there.

use super::tokens::{Token, flat_words, tokens};

/// How many words on each side make the place of a name.
const SIDE: usize = 3;
/// How far from a name the evidence may hold a word of its place, in words.
const FAR: usize = 6;
/// How much better another name has to fit.
const CLEARLY: f32 = 1.6;
/// How well another name has to fit at least.
const FITS: f32 = 0.9;

/// A word, or a piece of code as a whole.
#[derive(Debug, Clone, PartialEq)]
struct Element {
    /// What it is compared by: a stem, or the words of a piece of code.
    key: String,
    /// Whether it is a name or a piece of code.
    is_strict: bool,
}

/// Whether a name of `claim` stands in the place of another one that `evidence` has there.
pub(super) fn misplaces(claim: &str, evidence: &str) -> bool {
    let (claim, evidence) = (elements(claim), elements(evidence));
    let is_spoken_of = |key: &str| {
        let is_part = |whole: &str, part: &str| whole.split(' ').any(|word| word == part);
        claim.iter().any(|element| {
            is_part(&element.key, key) || is_part(key, &element.key) || element.key == key
        })
    };
    claim
        .iter()
        .enumerate()
        .filter(|(_, element)| element.is_strict)
        .any(|(at, element)| {
            let place = place(&claim, at);
            let own = evidence
                .iter()
                .enumerate()
                .filter(|(_, other)| other.key == element.key)
                .map(|(at, _)| fit(&place, &evidence, at))
                .fold(0.0, f32::max);
            let best_other = evidence
                .iter()
                .enumerate()
                .filter(|(_, other)| other.is_strict && !is_spoken_of(&other.key))
                .map(|(at, _)| fit(&place, &evidence, at))
                .fold(0.0, f32::max);
            best_other >= FITS && best_other > own * CLEARLY
        })
}

/// The words around an element: each with its side and distance.
fn place(claim: &[Element], at: usize) -> Vec<(&str, bool, usize)> {
    let before = claim[at.saturating_sub(SIDE)..at].iter().rev().enumerate();
    let after = claim[at + 1..].iter().take(SIDE).enumerate();
    before
        .map(|(distance, element)| (element.key.as_str(), true, distance + 1))
        .chain(after.map(|(distance, element)| (element.key.as_str(), false, distance + 1)))
        .collect()
}

/// How well an element of the evidence fits a place: for each word of it the inverse of how much farther it is
/// away, half of it on the other side.
fn fit(place: &[(&str, bool, usize)], evidence: &[Element], at: usize) -> f32 {
    place
        .iter()
        .map(|(key, is_before, distance)| {
            let from = at.saturating_sub(FAR);
            let to = (at + FAR + 1).min(evidence.len());
            let nearness = |index: usize| {
                let side = if (index < at) == *is_before { 1.0 } else { 0.5 };
                side / (1.0 + index.abs_diff(at).abs_diff(*distance) as f32)
                    / (*distance as f32).sqrt()
            };
            (from..to)
                .filter(|index| *index != at && evidence[*index].key == *key)
                .map(nearness)
                .fold(0.0, f32::max)
        })
        .sum()
}

/// The content words of a text in order, with each piece of code as one.
fn elements(text: &str) -> Vec<Element> {
    let mut found = Vec::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let key = flat_words(part).join(" ");
            if !key.is_empty() {
                found.push(Element {
                    key,
                    is_strict: true,
                });
            }
            continue;
        }
        found.extend(
            tokens(part)
                .into_iter()
                .filter(|token| !token.stem.is_empty())
                .map(of),
        );
    }
    found
}

fn of(token: Token) -> Element {
    Element {
        is_strict: token.is_name,
        key: if token.is_name {
            token.word
        } else {
            token.stem
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_place_of_another_is_seen() {
        let evidence =
            "A database such as an offline store (BigQuery, Snowflake, Redshift) of Feast.";
        assert!(misplaces(
            "BigQuery, Feast or Redshift can be the offline store.",
            evidence
        ));
        assert!(!misplaces(
            "BigQuery, Snowflake or Redshift can be the offline store.",
            evidence
        ));
        let evidence =
            "The `dsl.Condition` is deprecated in favor of `dsl.If`, which is like `dsl.Elif`.";
        assert!(misplaces("`dsl.Elif` is deprecated.", evidence));
        assert!(!misplaces("`dsl.Condition` is deprecated.", evidence));
    }
}
