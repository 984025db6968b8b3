//! The `manifest.json` beside files that `make model` wrote: what they are and the SHA-256 of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::IndexError;

const NAME: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What was made, as far as this crate needs to know.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// Only for a model: how many tokens of a text count.
    pub(crate) max_tokens: Option<usize>,
    /// Only for a model: how many numbers a vector has.
    pub(crate) dimensions: Option<usize>,
    /// Only for a model: how token vectors become one, `mean` or `cls`.
    pub(crate) pooling: Option<String>,
    files: BTreeMap<String, FileFacts>,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct FileFacts {
    sha256: String,
}

impl Manifest {
    /// The manifest in the folder of `file`; `None` if there is none.
    pub(crate) fn beside(file: &Path) -> Result<Option<Manifest>, IndexError> {
        match file.parent() {
            Some(folder) if folder.join(NAME).is_file() => Manifest::read(folder).map(Some),
            _ => Ok(None),
        }
    }

    /// The manifest in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Manifest, IndexError> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error))?;
        if manifest.format != FORMAT {
            return Err(IndexError::Setup(format!(
                "`{}` has format {}, not {FORMAT}: run `make model`",
                path.display(),
                manifest.format
            )));
        }
        Ok(Manifest { path, ..manifest })
    }

    /// Reads a file and refuses it if its bytes are not the recorded ones.
    pub(crate) fn load(&self, file: &Path) -> Result<Vec<u8>, IndexError> {
        let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let Some(facts) = self.files.get(name) else {
            return Err(IndexError::Setup(format!(
                "`{}` says nothing about `{name}`: run `make model`",
                self.path.display()
            )));
        };
        if !sha256(&bytes).eq_ignore_ascii_case(&facts.sha256) {
            return Err(IndexError::Setup(format!(
                "`{}` is damaged: its SHA-256 is not that of `{}`; run `make model`",
                file.display(),
                self.path.display()
            )));
        }
        Ok(bytes)
    }

    /// The recorded hash of a file, in hexadecimal.
    pub(crate) fn sha256_of(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|facts| facts.sha256.as_str())
    }

    /// Refuses a file whose bytes are not the recorded ones.
    pub(crate) fn check(&self, file: &Path) -> Result<(), IndexError> {
        self.load(file).map(drop)
    }
}

/// The SHA-256 in lowercase hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A file that should be there and cannot be read.
pub(crate) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> IndexError {
    IndexError::Setup(format!(
        "`{}` cannot be read ({error}): run `make model`",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: std::fmt::Debug>(outcome: Result<T, IndexError>) -> String {
        match outcome {
            Err(IndexError::Setup(message)) => message,
            other => panic!("expected a set-up error, got {other:?}"),
        }
    }

    #[test]
    fn files_must_be_the_recorded_ones() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.onnx");
        std::fs::write(&file, "weights").unwrap();
        let hash = sha256(b"weights");
        let text = format!(
            r#"{{"format": 1, "max_tokens": 256, "files": {{"model.onnx": {{"sha256": "{hash}", "size_bytes": 7}}}}}}"#
        );
        std::fs::write(folder.path().join(NAME), text).unwrap();

        let manifest = Manifest::beside(&file).unwrap().unwrap();
        assert_eq!(manifest.max_tokens, Some(256));
        assert_eq!(manifest.load(&file).unwrap(), b"weights");

        std::fs::write(&file, "weightz").unwrap();
        assert!(refusal(manifest.load(&file)).contains("model.onnx` is damaged"));
        assert!(
            refusal(manifest.load(&folder.path().join("other"))).contains("other` cannot be read")
        );
        std::fs::write(folder.path().join("other"), "").unwrap();
        assert!(
            refusal(manifest.load(&folder.path().join("other"))).contains("nothing about `other`")
        );
    }

    #[test]
    fn a_manifest_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), r#"{"format": 2, "files": {}}"#).unwrap();
        assert!(refusal(Manifest::read(folder.path())).contains("format 2"));
        std::fs::write(folder.path().join(NAME), "{").unwrap();
        assert!(refusal(Manifest::read(folder.path())).contains("manifest.json` cannot be read"));
    }
}
