//! Planning by examples, with the embedder that retrieval uses as well.
//!
//! The texts of the bank are embedded when a question comes near them, and kept: a question costs one short text once its
//! neighbours are known.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use virgil_index::{Embedder, Turn};

use crate::plan::{Asker, Context, Examples, ExplainedExample, Planned, Read, ShownExample};

/// How many vectors are kept: some times the texts of the built-in bank. Beyond that all are forgotten.
const MOST_KEPT: usize = 8_000;

/// The examples and the meanings of their texts.
pub(crate) struct ByExample {
    examples: Examples,
    embedder: Arc<dyn Embedder>,
    kept: Mutex<HashMap<String, Vec<f32>>>,
}

impl ByExample {
    pub(crate) fn new(examples: Examples, embedder: Arc<dyn Embedder>) -> ByExample {
        ByExample {
            examples,
            embedder,
            kept: Mutex::default(),
        }
    }

    /// Plans a question that was read. Blocks the calling thread while the embedder works.
    pub(crate) fn plan(
        &self,
        read: Read,
        question: &str,
        context: &Context,
        asker: Asker<'_>,
    ) -> Planned {
        self.examples
            .plan(read, question, context, asker, &|texts| self.embed(texts))
    }

    /// The `most` examples that are most like a question, some of `fitting` first. Blocks the calling thread while the embedder works.
    pub(crate) fn nearest(
        &self,
        question: &str,
        fitting: &[ExplainedExample],
        asker: Asker<'_>,
        most: usize,
    ) -> Vec<ShownExample> {
        self.examples
            .nearest(question, fitting, asker, &|texts| self.embed(texts), most)
    }

    /// The vectors of texts, in order; `None`, and a word in the log, where the embedder fails.
    fn embed(&self, texts: &[String]) -> Option<Vec<Vec<f32>>> {
        let mut vectors: HashMap<&str, Vec<f32>> = HashMap::new();
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            for text in texts {
                if let Some(vector) = kept.get(text) {
                    vectors.insert(text, vector.clone());
                }
            }
        }
        let missing: BTreeSet<&String> = texts
            .iter()
            .filter(|text| !vectors.contains_key(text.as_str()))
            .collect();
        let missing: Vec<String> = missing.into_iter().cloned().collect();
        if !missing.is_empty() {
            let embedded = self.embedder.embed(&missing, Turn::Question);
            let embedded = embedded
                .inspect_err(|error| {
                    tracing::warn!(%error, "a question could not be compared with the examples");
                })
                .ok()?;
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() + missing.len() > MOST_KEPT {
                kept.clear();
            }
            kept.extend(missing.iter().cloned().zip(embedded));
            for text in texts {
                if let Some(vector) = kept.get(text) {
                    vectors.insert(text, vector.clone());
                }
            }
        }
        texts
            .iter()
            .map(|text| vectors.get(text.as_str()).cloned())
            .collect()
    }
}
