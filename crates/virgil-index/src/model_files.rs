//! Which files make an embedding model, and where they are.

use std::path::{Path, PathBuf};

use fastembed::{EmbeddingModel, ModelTrait, OutputKey, Pooling, TextEmbedding, TokenizerFiles};

use crate::IndexError;
use crate::manifest::{Manifest, sha256, unreadable};

/// The numbers that a model computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Eight-bit integers, quantized per text: twice as fast, at next to no loss.
    #[default]
    Int8,
    /// Thirty-two-bit floating point: the published model.
    Fp32,
}

/// Which embedding model to load, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A folder that `make model` wrote. Every file that is loaded must match its manifest.
    Folder {
        /// The folder, named after the model.
        path: PathBuf,
        /// `model-int8.onnx` or `model.onnx`.
        precision: Precision,
    },
    /// A model that fastembed knows, by its name there (`BGESmallENV15`) or on the hub (`BAAI/bge-small-en-v1.5`).
    /// This program downloads nothing: the files must be in `cache` already.
    Named {
        /// The name.
        name: String,
        /// The cache of a hub client (`models--ORG--NAME/snapshots/…`), or a folder with the model's files.
        cache: PathBuf,
    },
}

/// A model's files and how they are used.
#[derive(Debug)]
pub(crate) struct ModelFiles {
    pub(crate) name: String,
    pub(crate) onnx: PathBuf,
    /// Weights outside the graph, by the name that the graph calls them.
    pub(crate) external: Vec<(String, PathBuf)>,
    pub(crate) folder: PathBuf,
    pub(crate) pooling: Pooling,
    pub(crate) output_key: Option<OutputKey>,
    pub(crate) max_length: usize,
    pub(crate) dimensions: usize,
    manifest: Option<Manifest>,
}

/// What fastembed assumes for every model; a model's own tokenizer may allow less.
const USUAL_MAX_LENGTH: usize = 512;

impl ModelFiles {
    /// Finds the files of `source`.
    pub(crate) fn find(source: &ModelSource) -> Result<ModelFiles, IndexError> {
        match source {
            ModelSource::Folder { path, precision } => in_folder(path, *precision),
            ModelSource::Named { name, cache } => by_name(name, cache),
        }
    }

    /// The bytes of a file, checked against the manifest where there is one.
    pub(crate) fn read(&self, file: &Path) -> Result<Vec<u8>, IndexError> {
        match &self.manifest {
            Some(manifest) => manifest.load(file),
            None => std::fs::read(file).map_err(|error| unreadable(file, &error)),
        }
    }

    /// The four files of the tokenizer.
    pub(crate) fn read_tokenizer(&self) -> Result<TokenizerFiles, IndexError> {
        Ok(TokenizerFiles {
            tokenizer_file: self.read(&self.folder.join("tokenizer.json"))?,
            config_file: self.read(&self.folder.join("config.json"))?,
            special_tokens_map_file: self.read(&self.folder.join("special_tokens_map.json"))?,
            tokenizer_config_file: self.read(&self.folder.join("tokenizer_config.json"))?,
        })
    }

    /// Model, precision, pooling and length, and the hash of the graph, as one stable text.
    pub(crate) fn identity(&self, onnx: &[u8]) -> String {
        let name = self.onnx.file_name().and_then(|name| name.to_str());
        // What was read has been checked against the manifest: its hash need not be computed again.
        let recorded = self
            .manifest
            .as_ref()
            .zip(name)
            .and_then(|(manifest, name)| manifest.sha256_of(name));
        let hash = recorded.map_or_else(|| sha256(onnx), str::to_ascii_lowercase);
        let pooling = match self.pooling {
            Pooling::Mean => "mean",
            Pooling::Cls => "cls",
        };
        format!(
            "{} {pooling} {} sha256:{}",
            self.name,
            self.max_length,
            &hash[..16]
        )
    }
}

fn in_folder(path: &Path, precision: Precision) -> Result<ModelFiles, IndexError> {
    if !path.is_dir() {
        return Err(IndexError::Setup(format!(
            "the embedding model is missing at `{}`: run `make model`",
            path.display()
        )));
    }
    let manifest = Manifest::read(path)?;
    let wanting = |fact: &str| {
        IndexError::Setup(format!(
            "the manifest in `{}` does not say the model's {fact}: run `make model`",
            path.display()
        ))
    };
    let pooling = match manifest.pooling.as_deref() {
        Some("mean") => Pooling::Mean,
        Some("cls") => Pooling::Cls,
        _ => return Err(wanting("pooling")),
    };
    let (file, precision) = match precision {
        Precision::Int8 => ("model-int8.onnx", "int8"),
        Precision::Fp32 => ("model.onnx", "fp32"),
    };
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("model");
    Ok(ModelFiles {
        name: format!("{name} {precision}"),
        onnx: path.join(file),
        external: Vec::new(),
        folder: path.to_owned(),
        pooling,
        output_key: None,
        max_length: manifest.max_tokens.ok_or_else(|| wanting("max_tokens"))?,
        dimensions: manifest.dimensions.ok_or_else(|| wanting("dimensions"))?,
        manifest: Some(manifest),
    })
}

fn by_name(name: &str, cache: &Path) -> Result<ModelFiles, IndexError> {
    let model = name
        .parse()
        .ok()
        .or_else(|| by_hub_name(name))
        .ok_or_else(|| {
            let known: Vec<_> = TextEmbedding::list_supported_models()
                .iter()
                .map(|info| format!("{:?}", info.model))
                .collect();
            IndexError::Setup(format!(
                "no embedding model is named `{name}`; there are {}",
                known.join(", ")
            ))
        })?;
    let info = EmbeddingModel::get_model_info(&model).ok_or_else(|| {
        IndexError::Setup(format!("fastembed does not describe the model `{name}`"))
    })?;
    let folder = hub_folder(cache, &info.model_code, &info.model_file).ok_or_else(|| {
        IndexError::Setup(format!(
            "the embedding model `{name}` is not in `{}`: put the files of `{}` there ({}, tokenizer.json, \
             config.json, special_tokens_map.json, tokenizer_config.json), because nothing is downloaded",
            cache.display(),
            info.model_code,
            info.model_file
        ))
    })?;
    let external = info
        .additional_files
        .iter()
        .map(|file| {
            (
                file.rsplit('/').next().unwrap_or(file).to_owned(),
                folder.join(file),
            )
        })
        .collect();
    Ok(ModelFiles {
        name: format!("{model:?}"),
        onnx: folder.join(&info.model_file),
        external,
        pooling: TextEmbedding::get_default_pooling_method(&model).unwrap_or_default(),
        output_key: info.output_key.clone(),
        max_length: USUAL_MAX_LENGTH,
        dimensions: info.dim,
        manifest: None,
        folder,
    })
}

fn by_hub_name(name: &str) -> Option<EmbeddingModel> {
    let models = TextEmbedding::list_supported_models();
    models
        .into_iter()
        .find(|info| info.model_code == name)
        .map(|info| info.model)
}

/// Where the model's files are below `cache`: in the revision that `refs/main` names, in the only snapshot there is,
/// or in the folder itself.
fn hub_folder(cache: &Path, model_code: &str, model_file: &str) -> Option<PathBuf> {
    let repository = cache.join(format!("models--{}", model_code.replace('/', "--")));
    let snapshots = repository.join("snapshots");
    let named = std::fs::read_to_string(repository.join("refs/main"))
        .map(|revision| snapshots.join(revision.trim()))
        .ok();
    let only = std::fs::read_dir(&snapshots).ok().and_then(|entries| {
        let folders: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        <[PathBuf; 1]>::try_from(folders)
            .ok()
            .map(|[folder]| folder)
    });
    let candidates = [
        named,
        only,
        Some(cache.join(model_code)),
        Some(cache.to_owned()),
    ];
    candidates
        .into_iter()
        .flatten()
        .find(|folder| folder.join(model_file).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(source: &ModelSource) -> String {
        match ModelFiles::find(source) {
            Err(IndexError::Setup(message)) => message,
            other => panic!("expected a set-up error, got {other:?}"),
        }
    }

    fn named(name: &str, cache: &Path) -> ModelSource {
        ModelSource::Named {
            name: name.into(),
            cache: cache.to_owned(),
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all-MiniLM-L6-v2");
        let message = refusal(&ModelSource::Folder {
            path,
            precision: Precision::Int8,
        });
        assert!(
            message.contains("all-MiniLM-L6-v2`: run `make model`"),
            "{message}"
        );
        let message = refusal(&named("no-such-model", folder.path()));
        assert!(
            message.contains("`no-such-model`; there are") && message.contains("BGESmallENV15"),
            "{message}"
        );
        let message = refusal(&named("BGESmallENV15", folder.path()));
        assert!(
            message.contains("nothing is downloaded") && message.contains("tokenizer.json"),
            "{message}"
        );
    }

    #[test]
    fn a_named_model_is_found_in_a_hub_cache_and_in_a_plain_folder() {
        let cache = tempfile::tempdir().unwrap();
        let repository = cache.path().join("models--Xenova--bge-small-en-v1.5");
        for revision in ["aaa", "bbb"] {
            std::fs::create_dir_all(repository.join("snapshots").join(revision).join("onnx"))
                .unwrap();
            std::fs::write(
                repository
                    .join("snapshots")
                    .join(revision)
                    .join("onnx/model.onnx"),
                "",
            )
            .unwrap();
        }
        std::fs::create_dir_all(repository.join("refs")).unwrap();
        std::fs::write(repository.join("refs/main"), "bbb\n").unwrap();
        for name in ["BGESmallENV15", "bgesmallenv15", "Xenova/bge-small-en-v1.5"] {
            let files = ModelFiles::find(&named(name, cache.path())).unwrap();
            assert_eq!(files.onnx, repository.join("snapshots/bbb/onnx/model.onnx"));
            assert_eq!((files.dimensions, files.pooling), (384, Pooling::Cls));
        }

        let plain = tempfile::tempdir().unwrap();
        std::fs::write(plain.path().join("model.onnx"), "").unwrap();
        let files = ModelFiles::find(&named("AllMiniLML6V2", plain.path())).unwrap();
        assert_eq!(files.onnx, plain.path().join("model.onnx"));
        assert_eq!(files.pooling, Pooling::Mean);
    }
}
