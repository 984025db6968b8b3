//! The ONNX Runtime library: checked, then loaded once per process.
//!
//! It is loaded before anything else of `ort` is touched, because a bad path otherwise panics in the first call, and
//! its one environment is handed to every session, because a second one is refused.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

use crate::IndexError;
use crate::manifest::Manifest;

/// The loaded library. Cheap to clone; the library stays until the process ends.
#[derive(Debug, Clone)]
pub struct Runtime {
    library: PathBuf,
    environment: Environment,
}

/// ONNX Runtime allows one environment per process.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Loads ONNX Runtime 1.24 or newer. `path` is the library itself, or the folder that `make model` wrote, whose
    /// manifest the library must match. A process has one: loading the same again gives it once more, loading
    /// another is an error.
    pub fn load(path: &Path) -> Result<Runtime, IndexError> {
        let library = find_library(path)?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            if runtime.library == library {
                return Ok(runtime.clone());
            }
            return Err(IndexError::Setup(format!(
                "`{}` cannot be loaded, because this process uses `{}`",
                library.display(),
                runtime.library.display()
            )));
        }
        if let Some(manifest) = Manifest::beside(&library)? {
            // A truncated library would kill the process when it is mapped.
            manifest.check(&library)?;
        }
        let environment = ort::init_from(&library)
            .map_err(|error| unusable(&library, &error))?
            .with_name("virgil")
            .with_telemetry(false)
            .build()
            .map_err(|error| unusable(&library, &error))?;
        let runtime = Runtime {
            library,
            environment,
        };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// The file that was loaded.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// What every session is created in.
    pub(crate) fn environment(&self) -> Environment {
        self.environment.clone()
    }
}

fn find_library(path: &Path) -> Result<PathBuf, IndexError> {
    let found = if path.is_dir() {
        library_in(path)
    } else {
        Some(path.to_owned())
    };
    found
        .and_then(|library| library.canonicalize().ok())
        .ok_or_else(|| {
            IndexError::Setup(format!(
                "ONNX Runtime is missing at `{}`: run `make model`",
                path.display()
            ))
        })
}

/// The library in a folder: the one with the longest name, which carries the version.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("libonnxruntime.so") || name == "libonnxruntime.dylib"
        })
        .max_by_key(|path| (path.as_os_str().len(), path.clone()))
}

fn unusable(library: &Path, error: &dyn std::fmt::Display) -> IndexError {
    IndexError::Setup(format!(
        "`{}` cannot be used as ONNX Runtime 1.24 or newer ({error}): run `make model`",
        library.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        match Runtime::load(path) {
            Err(IndexError::Setup(message)) => message,
            other => panic!("expected a set-up error, got {other:?}"),
        }
    }

    #[test]
    fn what_is_missing_or_damaged_is_named_with_the_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let message = refusal(folder.path());
        assert!(
            message.contains("is missing at") && message.contains("make model"),
            "{message}"
        );

        let library = folder.path().join("libonnxruntime.so.1.32.0");
        let message = refusal(&library);
        assert!(
            message.contains("libonnxruntime.so.1.32.0` ") || message.contains("1.32.0`:"),
            "{message}"
        );

        std::fs::write(&library, "not a library").unwrap();
        let message = refusal(folder.path());
        assert!(message.contains("libonnxruntime.so.1.32.0"), "{message}");
        assert!(message.contains("make model"), "{message}");
    }
}
