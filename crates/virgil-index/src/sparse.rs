//! BM25 as sparse vectors: terms become numbers and weights.
//!
//! Text is cut into words and the parts of identifiers ([`Tokenizer::Identifiers`]), English stop words go, the
//! rest is stemmed (Snowball) and hashed as Qdrant does it. A document's weight of a term that occurs `n` times is
//! `n * (k1 + 1) / (n + k1 * (1 - b + b * length / average_length))`; a question's is 1. The index multiplies with
//! the inverse document frequency, so nothing here depends on what else is in the index.

use std::borrow::Cow;
use std::collections::BTreeMap;

use murmur3_32::Murmur3;
use qdrant_rust_stemmers::{Algorithm, Stemmer};
use virgil_model::Tokenizer;

use crate::SparseVector;
use crate::stop_words::is_stop_word;

/// Changes whenever the same text gives another vector: what was encoded before has to be encoded again.
pub const SPARSE_VERSION: u32 = 1;

/// How soon more occurrences of a term stop to count.
const K1: f64 = 1.2;
/// How much a long document is held back.
const B: f64 = 0.75;
/// Terms of a typical chunk with its path and breadcrumb, stop words not counted. Measured on chunks of 1,000
/// characters of this repository (code and prose, mean 117); a constant, so that weights never go stale.
const AVERAGE_LENGTH: f64 = 120.0;

/// The texts that a chunk is found by.
#[derive(Debug, Clone, Copy)]
pub struct DocumentParts<'a> {
    /// The path of the asset within its source.
    pub path: &'a str,
    /// The name of the source.
    pub source: &'a str,
    /// Where the chunk stands in the outline, outermost first.
    pub breadcrumb: &'a [String],
    /// The chunk's own text.
    pub body: &'a str,
}

/// The vector of a chunk. Empty if nothing but stop words is in it.
pub fn encode_document(parts: &DocumentParts<'_>) -> SparseVector {
    let mut counts = BTreeMap::new();
    let mut length = 0;
    let breadcrumb = parts.breadcrumb.iter().map(String::as_str);
    for text in [parts.path, parts.source]
        .into_iter()
        .chain(breadcrumb)
        .chain([parts.body])
    {
        for id in term_ids(text) {
            *counts.entry(id).or_insert(0_u32) += 1;
            length += 1;
        }
    }
    let held_back = K1 * (1.0 - B + B * f64::from(length) / AVERAGE_LENGTH);
    let (indices, values) = counts
        .into_iter()
        .map(|(id, count)| {
            let count = f64::from(count);
            (id, (count * (K1 + 1.0) / (count + held_back)) as f32)
        })
        .unzip();
    SparseVector { indices, values }
}

/// The vector of a question: each of its terms once. Empty if nothing but stop words is in it.
pub fn encode_question(text: &str) -> SparseVector {
    let mut indices = term_ids(text);
    indices.sort_unstable();
    indices.dedup();
    let values = vec![1.0; indices.len()];
    SparseVector { indices, values }
}

/// The terms of a text as both vectors count them: words and parts of identifiers, without stop words, stemmed.
pub fn terms(text: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    Tokenizer::Identifiers
        .terms(text)
        .into_iter()
        .filter(|term| !is_stop_word(term))
        .map(|term| stemmer.stem_cow(Cow::Owned(term)).into_owned())
        .collect()
}

fn term_ids(text: &str) -> Vec<u32> {
    terms(text).iter().map(|term| term_id(term)).collect()
}

/// Qdrant's token id: MurmurHash3, 32 bits, seed 0, without its sign.
fn term_id(term: &str) -> u32 {
    Murmur3::hash(0, term.as_bytes())
        .cast_signed()
        .unsigned_abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vector::check_sparse;

    fn document(body: &str) -> SparseVector {
        encode_document(&DocumentParts {
            path: "",
            source: "",
            breadcrumb: &[],
            body,
        })
    }

    fn weight(vector: &SparseVector, term: &str) -> Option<f32> {
        let position = vector.indices.binary_search(&term_id(term)).ok()?;
        Some(vector.values[position])
    }

    #[test]
    fn terms_are_split_stemmed_and_counted() {
        let vector = document("The OrderFeatureView is running; runs of order_feature_view.");
        for term in ["order", "featur", "view", "orderfeatureview", "run"] {
            assert!(weight(&vector, term).is_some(), "{term}");
        }
        assert_eq!(
            vector.indices.len(),
            5,
            "`the`, `is` and `of` are not terms"
        );
    }

    #[test]
    fn a_question_finds_the_other_spelling() {
        assert_eq!(
            encode_question("ORDER_FEATURE_VIEW"),
            encode_question("orderFeatureView")
        );
        assert_eq!(encode_question("what is the?"), SparseVector::default());
    }

    #[test]
    fn every_part_of_the_document_counts() {
        let breadcrumb = ["Training".to_owned()];
        let parts = DocumentParts {
            path: "jobs/nightly.yaml",
            source: "platform",
            breadcrumb: &breadcrumb,
            body: "fraud detector",
        };
        let vector = encode_document(&parts);
        for term in [
            "job", "night", "yaml", "platform", "train", "fraud", "detector",
        ] {
            assert!(
                encode_question(term)
                    .indices
                    .iter()
                    .all(|id| vector.indices.contains(id)),
                "{term}"
            );
        }
    }

    #[test]
    fn the_weight_is_bm25() {
        // 118 other terms make the length the average one: 2 * 2.2 / (2 + 1.2).
        let other: String = (0..118).map(|number| format!("term{number} ")).collect();
        let vector = document(&format!("lineage {other} lineage"));
        assert!((weight(&vector, "lineag").unwrap() - 1.375).abs() < 1e-6);
    }

    #[test]
    fn plain_words_get_the_ids_of_qdrant() {
        let theirs = qdrant_edge::bm25_embed::EdgeBm25::new(Default::default()).unwrap();
        let text = "which pipelines are training the fraud detectors nightly";
        assert_eq!(
            encode_question(text).indices,
            theirs.embed_query(text).indices
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_a_sound_vector(path in "\\PC{0,40}", body in "\\PC{0,400}") {
            let vector = encode_document(&DocumentParts { path: &path, source: "s3", breadcrumb: &[], body: &body });
            prop_assert!(check_sparse(&vector).is_ok());
            prop_assert!(vector.values.iter().all(|value| f64::from(*value) < K1 + 1.0));
            prop_assert!(check_sparse(&encode_question(&body)).is_ok());
        }

        #[test]
        fn a_text_is_found_by_all_of_itself(body in "\\PC{0,400}") {
            prop_assert_eq!(encode_question(&body).indices, document(&body).indices);
        }

        #[test]
        fn the_order_of_words_is_irrelevant(words in proptest::collection::vec("[a-zA-Z_]{1,12}", 0..30)) {
            let backwards: Vec<_> = words.iter().rev().cloned().collect();
            prop_assert_eq!(document(&words.join(" ")), document(&backwards.join(" ")));
        }

        #[test]
        fn a_longer_document_weighs_a_term_less(more in 1_usize..300) {
            let short = document("fraud");
            let long = document(&format!("fraud {}", "padding ".repeat(more)));
            prop_assert!(weight(&long, "fraud") < weight(&short, "fraud"));
        }
    }
}
