//! How alike two forms are by their words: weighed stems, and which stand before which.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::form::Unit;
use super::words::is_function_word;

/// The features of a form, as numbers in ascending order, with their weights.
pub(super) type Features = Vec<(u64, f32)>;

/// How far apart two words are related by their order.
const NEAR: usize = 3;

/// Function words that tell forms apart by where they stand.
const ORDERING: &[&str] = &[
    "from", "to", "by", "into", "do", "does", "what", "who", "where", "how",
];

/// The stems that carry meaning.
pub(super) fn content(units: &[Unit]) -> BTreeSet<String> {
    units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Word { text, stem } if !is_function_word(text) => Some(stem.clone()),
            _ => None,
        })
        .collect()
}

/// The features of a form: its stems, and which stand before which.
pub(super) fn counted(units: &[Unit]) -> BTreeMap<String, f32> {
    let mut features: BTreeMap<String, f32> = BTreeMap::new();
    let mut sequence: Vec<String> = Vec::new();
    for unit in units {
        match unit {
            Unit::Word { text, .. } if is_function_word(text) => {
                if ORDERING.contains(&&**text) {
                    sequence.push(format!("_{text}"));
                }
            }
            Unit::Word { stem, .. } => {
                *features.entry(stem.clone()).or_default() += 1.0;
                sequence.push(stem.clone());
            }
            Unit::Slot { .. } => sequence.push("X".to_owned()),
            Unit::Kind { .. } | Unit::Asked => sequence.push("K".to_owned()),
            Unit::Boundary => {}
        }
    }
    for (index, left) in sequence.iter().enumerate() {
        for right in sequence.iter().skip(index + 1).take(NEAR) {
            *features.entry(format!("{left} {right}")).or_default() += 0.5;
        }
    }
    features
}

/// The features of a form, weighed by how rare they are in the bank, as a unit vector.
pub(super) fn weighed(units: &[Unit], rarity: &HashMap<String, f32>, unseen: f32) -> Features {
    let mut features: Features = counted(units)
        .into_iter()
        .map(|(feature, count)| {
            let rarity = rarity.get(&feature).copied().unwrap_or(unseen);
            (number(&feature), count.min(1.0) * rarity)
        })
        .collect();
    features.sort_unstable_by_key(|(feature, _)| *feature);
    let length = features
        .iter()
        .map(|(_, weight)| weight * weight)
        .sum::<f32>()
        .sqrt();
    if length > 0.0 {
        features
            .iter_mut()
            .for_each(|(_, weight)| *weight /= length);
    }
    features
}

fn number(feature: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    feature.hash(&mut hasher);
    hasher.finish()
}

/// The cosine of two weighed forms.
pub(super) fn cosine(left: &Features, right: &Features) -> f32 {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut sum = 0.0;
    while let (Some((one, weight)), Some((other, other_weight))) = (left.peek(), right.peek()) {
        match one.cmp(other) {
            Ordering::Equal => {
                sum += weight * other_weight;
                left.next();
                right.next();
            }
            Ordering::Less => {
                left.next();
            }
            Ordering::Greater => {
                right.next();
            }
        }
    }
    sum
}

/// The cosine of two unit vectors.
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

/// A form as a text to embed.
pub(super) fn spoken(units: &[Unit]) -> String {
    let words: Vec<&str> = units
        .iter()
        .map(|unit| match unit {
            Unit::Word { text, .. } => text.as_str(),
            Unit::Slot { .. } => "X",
            Unit::Kind { .. } | Unit::Asked => "things",
            Unit::Boundary => ".",
        })
        .collect();
    words.join(" ")
}
