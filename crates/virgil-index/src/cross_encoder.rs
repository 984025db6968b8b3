//! A cross-encoder by fastembed: question and passage in one run, which gives one score.
//!
//! The folder is as it is published for fastembed: a graph (`model.onnx`) with the inputs `input_ids` and `attention_mask`, perhaps
//! `token_type_ids`, and the output `logits` of one number for each pair; `tokenizer.json`, `tokenizer_config.json`, `config.json` and
//! `special_tokens_map.json` beside it. Nothing is downloaded.
//!
//! One pair per run on a few single-threaded sessions, as for embeddings: no padding is computed, a score depends on its pair alone,
//! and a caller whose time is up waits for one pair at most.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use fastembed::{
    RerankInitOptionsUserDefined, TextRerank, TokenizerFiles, UserDefinedRerankingModel,
};
use serde::Deserialize;

use crate::manifest::sha256;
use crate::runtime::Runtime;
use crate::{IndexError, Reranker};

/// The most tokens of question and passage together, unless the tokenizer allows less. Models that are published for this take 512.
const MAX_TOKENS: usize = 512;

/// A [`Reranker`] that runs an ONNX cross-encoder.
pub struct CrossEncoder {
    identity: String,
    sessions: Vec<Session>,
    /// Which session a caller tries first.
    turn: AtomicUsize,
}

/// What a model says of how many scores it gives.
#[derive(Deserialize)]
struct ModelConfig {
    num_labels: Option<usize>,
    id2label: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A session; none after a panic, which may have left anything behind.
struct Session {
    files: Files,
    runtime: Runtime,
    loaded: Mutex<Option<TextRerank>>,
}

#[derive(Clone)]
struct Files {
    folder: PathBuf,
    onnx: PathBuf,
    tokenizer: TokenizerFiles,
}

impl CrossEncoder {
    /// Loads the model of `folder`, whose graph is the file `graph` there, once per thread.
    ///
    /// Fails with [`IndexError::Setup`] where a file is missing, the graph is none of a cross-encoder, or a first pair gets no
    /// finite score.
    pub fn open(
        runtime: &Runtime,
        folder: &Path,
        graph: &str,
        threads: NonZeroUsize,
    ) -> Result<CrossEncoder, IndexError> {
        tokenizers::utils::parallelism::set_parallelism(false);
        let read = |name: &str| {
            let file = folder.join(name);
            std::fs::read(&file).map_err(|error| {
                IndexError::Setup(format!("`{}` cannot be read: {error}", file.display()))
            })
        };
        if !folder.is_dir() {
            return Err(IndexError::Setup(format!(
                "the reranking model is missing at `{}`: put a cross-encoder's {graph}, tokenizer.json, tokenizer_config.json, \
                 config.json and special_tokens_map.json there, because nothing is downloaded",
                folder.display()
            )));
        }
        let hash = sha256(&read(graph)?);
        let tokenizer = TokenizerFiles {
            tokenizer_file: read("tokenizer.json")?,
            config_file: read("config.json")?,
            special_tokens_map_file: read("special_tokens_map.json")?,
            tokenizer_config_file: read("tokenizer_config.json")?,
        };
        check_labels(folder, &tokenizer.config_file)?;
        let files = Files {
            folder: folder.to_owned(),
            onnx: folder.join(graph),
            tokenizer,
        };
        let mut sessions = Vec::with_capacity(threads.get());
        for _ in 0..threads.get() {
            let session = Session {
                files: files.clone(),
                runtime: runtime.clone(),
                loaded: Mutex::new(None),
            };
            // The first run allocates; a wrong model shows here and not when somebody asks.
            session.score("virgil", "a guide").map_err(|error| {
                IndexError::Setup(format!(
                    "`{}` cannot be used as a reranking model: {error}",
                    folder.display()
                ))
            })?;
            sessions.push(session);
        }
        let name = folder.file_name().and_then(|name| name.to_str());
        Ok(CrossEncoder {
            identity: format!("{} sha256:{}", name.unwrap_or("model"), &hash[..16]),
            sessions,
            turn: AtomicUsize::new(0),
        })
    }

    /// Scores the texts that nobody has taken until there are none, the time is up, or a run failed.
    fn work(&self, session: &Session, pairs: &Pairs<'_>) {
        while Instant::now() < pairs.until {
            let position = pairs.taken.fetch_add(1, Ordering::SeqCst);
            let Some(text) = pairs.texts.get(position) else {
                return;
            };
            let outcome = session.score(pairs.question, text);
            let mut scores = pairs.scores.lock().unwrap_or_else(PoisonError::into_inner);
            let failed = outcome.is_err();
            scores[position] = Some(outcome);
            if failed {
                pairs.taken.store(pairs.texts.len(), Ordering::SeqCst);
                return;
            }
        }
    }
}

/// The work of one call.
struct Pairs<'a> {
    question: &'a str,
    texts: &'a [String],
    until: Instant,
    taken: AtomicUsize,
    scores: Mutex<Vec<Option<Result<f32, IndexError>>>>,
}

impl Reranker for CrossEncoder {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn score(
        &self,
        question: &str,
        texts: &[String],
        until: Instant,
    ) -> Result<Vec<f32>, IndexError> {
        let pairs = Pairs {
            question,
            texts,
            until,
            taken: AtomicUsize::new(0),
            scores: Mutex::new(texts.iter().map(|_| None).collect()),
        };
        // Callers begin with different sessions, so that two at once share the work.
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let pairs_of = &pairs;
        std::thread::scope(|scope| {
            for number in 0..self.sessions.len().min(texts.len()) {
                let session = &self.sessions[(first + number) % self.sessions.len()];
                scope.spawn(move || self.work(session, pairs_of));
            }
        });
        let scores = pairs
            .scores
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // What was taken was also ended, so what is there are the first of the texts.
        scores.into_iter().map_while(|score| score).collect()
    }
}

impl Session {
    /// The score of one pair. A run that panics fails, and the next one loads the model anew.
    fn score(&self, question: &str, text: &str) -> Result<f32, IndexError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut model = match loaded.take() {
            Some(model) => model,
            None => self.load()?,
        };
        let run = catch_unwind(AssertUnwindSafe(|| {
            let results = model.rerank(question, [text], false, Some(1));
            (model, results)
        }));
        let Ok((model, results)) = run else {
            return Err(IndexError::Other(
                "the reranking model panicked: its output is not one number for each pair".into(),
            ));
        };
        *loaded = Some(model);
        let results = results
            .map_err(|error| IndexError::Other(format!("the reranking model failed: {error}")))?;
        match results.as_slice() {
            [one] if one.score.is_finite() => Ok(one.score),
            [one] => Err(IndexError::Other(format!(
                "the reranking model gave {} for a text of {} characters",
                one.score,
                text.chars().count()
            ))),
            several => Err(IndexError::Other(format!(
                "the reranking model gave {} scores for one pair",
                several.len()
            ))),
        }
    }

    fn load(&self) -> Result<TextRerank, IndexError> {
        let definition =
            UserDefinedRerankingModel::new(self.files.onnx.clone(), self.files.tokenizer.clone());
        let options = RerankInitOptionsUserDefined::new()
            .with_environment(self.runtime.environment())
            .with_max_length(MAX_TOKENS)
            .with_intra_threads(1);
        TextRerank::try_new_from_user_defined(definition, options).map_err(|error| {
            IndexError::Setup(format!(
                "`{}` cannot be loaded: {error}",
                self.files.folder.display()
            ))
        })
    }
}

/// Refuses a model that sorts pairs into classes: the first of several numbers would be taken for a score.
fn check_labels(folder: &Path, config: &[u8]) -> Result<(), IndexError> {
    let file = folder.join("config.json");
    let config: ModelConfig = serde_json::from_slice(config).map_err(|error| {
        IndexError::Setup(format!("`{}` is not valid: {error}", file.display()))
    })?;
    let labels = config.id2label.map(|labels| labels.len());
    match config.num_labels.or(labels) {
        None | Some(1) => Ok(()),
        Some(labels) => Err(IndexError::Setup(format!(
            "`{}` says that the model sorts pairs into {labels} classes: a reranking model gives one score",
            file.display()
        ))),
    }
}

impl std::fmt::Debug for CrossEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrossEncoder")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
