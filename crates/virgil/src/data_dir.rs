//! The data directory: one process owns it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The data directory, owned by this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Who owns a data directory.
#[derive(Debug)]
pub(crate) enum Ownership {
    /// This process, from now on.
    Ours(DataDir),
    /// A running server, which listens at this socket.
    Served(PathBuf),
}

impl DataDir {
    /// Takes the directory, making it if it is not there, or finds the server that has it.
    pub(crate) fn own(path: &Path) -> anyhow::Result<Ownership> {
        make(path)?;
        let path = path
            .canonicalize()
            .with_context(|| format!("the data directory `{}` cannot be opened", path.display()))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| {
                format!(
                    "`{}` cannot be written: check who owns the data directory",
                    lock_path.display()
                )
            })?;
        match lock.try_lock() {
            Ok(()) => {
                hide(&path)?;
                Ok(Ownership::Ours(DataDir { path, _lock: lock }))
            }
            Err(TryLockError::WouldBlock) => {
                let socket = socket(&path);
                if socket.exists() {
                    return Ok(Ownership::Served(socket));
                }
                bail!(
                    "the data directory `{}` is in use by another `virgil` command: wait for it to end, or run \
                     `virgil serve` and let commands share it",
                    path.display()
                )
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("`{}` cannot be locked", lock_path.display()))
            }
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("virgil.db")
    }

    pub(crate) fn mirrors(&self) -> PathBuf {
        self.path.join("mirrors")
    }

    pub(crate) fn shard(&self, directory: &str) -> PathBuf {
        self.path.join("index").join(directory)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(&self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn socket(path: &Path) -> PathBuf {
    path.join("virgil.sock")
}

/// Keeps the directory out of git, and out of a source that is the folder around it.
fn hide(path: &Path) -> anyhow::Result<()> {
    let path = path.join(".gitignore");
    if path.exists() {
        return Ok(());
    }
    std::fs::write(&path, "*\n").with_context(|| format!("`{}` cannot be written", path.display()))
}

fn make(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the data directory `{}` cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data");
        let ours = DataDir::own(&path).expect("nobody has it");
        let error = DataDir::own(&path).expect_err("it is taken");
        assert!(error.to_string().contains("in use"), "{error}");
        std::fs::write(path.join("virgil.sock"), "").expect("a stand-in for the socket");
        assert!(matches!(DataDir::own(&path), Ok(Ownership::Served(_))));
        drop(ours);
        assert!(matches!(DataDir::own(&path), Ok(Ownership::Ours(_))));
    }
}
