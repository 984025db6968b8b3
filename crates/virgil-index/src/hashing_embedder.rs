//! An embedder without a model: the terms of a text, hashed into a vector.
//!
//! For tests and first looks. Texts that share terms are near each other; meaning is beyond it. It is never chosen
//! when a model is missing: that is an error.

use virgil_model::Tokenizer;

use crate::vector::to_unit;
use crate::{Embedder, IndexError, Turn};

/// Feature hashing of terms (Weinberger et al. 2009): deterministic, instant, and only for tests and first looks.
#[derive(Debug, Clone)]
pub struct HashingEmbedder {
    identity: String,
    dimensions: usize,
}

impl HashingEmbedder {
    /// An embedder of vectors with that many numbers, at least one.
    pub fn new(dimensions: usize) -> HashingEmbedder {
        assert!(dimensions > 0, "a vector has at least one number");
        HashingEmbedder {
            identity: format!("hashing {dimensions}"),
            dimensions,
        }
    }

    fn embed_one(&self, text: &str) -> Result<Vec<f32>, IndexError> {
        let mut vector = vec![0.0_f32; self.dimensions];
        for term in Tokenizer::Identifiers.terms(text) {
            let (place, sign) = self.place(&term);
            vector[place] += sign;
        }
        if vector.iter().all(|value| *value == 0.0) {
            // No terms, or terms that cancel out: still a direction of its own.
            let (place, sign) = self.place(text);
            vector[place] = sign;
        }
        to_unit(vector)
    }

    fn place(&self, term: &str) -> (usize, f32) {
        let hash = murmur3_32::Murmur3::hash(0, term.as_bytes());
        let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
        ((hash >> 1) as usize % self.dimensions, sign)
    }
}

impl Embedder for HashingEmbedder {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[String], _turn: Turn) -> Result<Vec<Vec<f32>>, IndexError> {
        texts.iter().map(|text| self.embed_one(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_terms_are_near() {
        let embedder = HashingEmbedder::new(256);
        let texts = [
            "OrderFeatureView",
            "order_feature_view",
            "gpu notebook",
            "",
            "?!",
        ];
        let vectors = embedder
            .embed(&texts.map(str::to_owned), Turn::Sync)
            .unwrap();
        let dot = |left: usize, right: usize| -> f32 {
            vectors[left]
                .iter()
                .zip(&vectors[right])
                .map(|(a, b)| a * b)
                .sum()
        };
        assert!(dot(0, 1) > 0.999);
        assert!(dot(0, 2).abs() < 0.5);
        for place in 0..vectors.len() {
            assert!((dot(place, place) - 1.0).abs() < 1e-5, "unit length");
        }
        assert_eq!(
            embedder.embed(&[texts[0].into()], Turn::Question).unwrap()[0],
            vectors[0]
        );
    }
}
