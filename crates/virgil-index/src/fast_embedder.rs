//! Embeddings by fastembed: one text per run, on a few single-threaded sessions.
//!
//! On processors that is faster than any batch, keeps memory flat, and makes an eight-bit vector depend on its text
//! alone (a batch would share one quantization range).

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use fastembed::{InitOptionsUserDefined, TextEmbedding, UserDefinedEmbeddingModel};

use crate::model_files::{ModelFiles, ModelSource};
use crate::pool::{LoadModel, Model, Pool};
use crate::runtime::Runtime;
use crate::{Embedder, IndexError, Turn};

/// More sessions than this cost memory that a server has better uses for.
const MOST_THREADS: usize = 4;

/// An [`Embedder`] that runs an ONNX model.
pub struct FastEmbedder {
    identity: String,
    dimensions: usize,
    pool: Pool,
}

impl FastEmbedder {
    /// Loads a model once per thread; see [`FastEmbedder::usual_threads`].
    pub fn open(
        runtime: &Runtime,
        source: &ModelSource,
        threads: NonZeroUsize,
    ) -> Result<FastEmbedder, IndexError> {
        // One text per run leaves nothing to parallelise, and the hand-over to other threads costs.
        tokenizers::utils::parallelism::set_parallelism(false);
        let files = ModelFiles::find(source)?;
        let dimensions = files.dimensions;
        let onnx = files.read(&files.onnx)?;
        let identity = files.identity(&onnx);
        // Read and checked once for all threads that start now; one that loads its model anew reads it again.
        let shared = Arc::new(Mutex::new(Some(onnx)));
        let runtime = runtime.clone();
        let load: LoadModel = {
            let (shared, identity) = (shared.clone(), identity.clone());
            Arc::new(move || {
                let onnx = match &*shared.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some(onnx) => onnx.clone(),
                    None => read_again(&files, &identity)?,
                };
                load_model(&runtime, &files, onnx)
            })
        };
        let pool = Pool::start(threads.get(), &load)?;
        shared.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(FastEmbedder {
            identity,
            dimensions,
            pool,
        })
    }

    /// One thread per processor, at most four.
    pub fn usual_threads() -> NonZeroUsize {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        processors.min(NonZeroUsize::new(MOST_THREADS).unwrap_or(NonZeroUsize::MIN))
    }
}

impl Embedder for FastEmbedder {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[String], turn: Turn) -> Result<Vec<Vec<f32>>, IndexError> {
        self.pool.embed(texts, turn)
    }
}

impl std::fmt::Debug for FastEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FastEmbedder")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Reads the model that is in use already; another one in its place would mix two kinds of vectors.
fn read_again(files: &ModelFiles, identity: &str) -> Result<Vec<u8>, IndexError> {
    let onnx = files.read(&files.onnx)?;
    if files.identity(&onnx) != identity {
        return Err(IndexError::Setup(format!(
            "`{}` changed while it was in use",
            files.onnx.display()
        )));
    }
    Ok(onnx)
}

fn load_model(runtime: &Runtime, files: &ModelFiles, onnx: Vec<u8>) -> Result<Model, IndexError> {
    let mut definition = UserDefinedEmbeddingModel::new(onnx, files.read_tokenizer()?)
        .with_pooling(files.pooling.clone());
    definition.output_key.clone_from(&files.output_key);
    for (name, path) in &files.external {
        definition = definition.with_external_initializer(name.clone(), files.read(path)?);
    }
    let options = InitOptionsUserDefined::new()
        .with_environment(runtime.environment())
        .with_max_length(files.max_length)
        .with_intra_threads(1);
    let mut embedding =
        TextEmbedding::try_new_from_user_defined(definition, options).map_err(|error| {
            IndexError::Setup(format!(
                "`{}` cannot be used as an embedding model: {error}",
                files.folder.display()
            ))
        })?;
    let dimensions = files.dimensions;
    let mut model: Model = Box::new(move |text| {
        let vectors = embedding
            .embed([text], Some(1))
            .map_err(|error| IndexError::Other(format!("the embedding model failed: {error}")))?;
        match <[Vec<f32>; 1]>::try_from(vectors) {
            Ok([vector]) if vector.len() == dimensions => Ok(vector),
            Ok([vector]) => Err(IndexError::Setup(format!(
                "the embedding model gives {} numbers instead of {dimensions}",
                vector.len()
            ))),
            Err(vectors) => Err(IndexError::Other(format!(
                "the embedding model gave {} vectors",
                vectors.len()
            ))),
        }
    });
    // The first run allocates; a wrong model shows here and not in the middle of a sync.
    model("virgil")?;
    Ok(model)
}
