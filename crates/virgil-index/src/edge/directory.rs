//! The directory around a shard: who holds it, what it was made for, and whether opening it went well before.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::EdgeOptions;
use super::shard::{self, Shard};
use crate::IndexError;

/// Changes when directories of before cannot be used any more.
const FORMAT: u32 = 1;

/// A damaged file can kill the process in a way that nothing catches, so after so many openings that never ended
/// the directory counts as damaged.
const MOST_ATTEMPTS: u32 = 3;

/// What the directory was made for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    format: u32,
    dimensions: usize,
}

/// Opens the shard in `directory`, or makes one.
pub(super) fn open(directory: &Path, options: &EdgeOptions) -> Result<Shard, IndexError> {
    let lock = lock(directory)?;
    let facts = Facts {
        format: FORMAT,
        dimensions: options.dimensions,
    };
    let shard = directory.join("shard");
    if shard.is_dir() {
        demand_same(directory, &facts)?;
    } else {
        make(directory, &facts, options)?;
    }
    let attempt = Attempt::begin(directory)?;
    let shard = Shard::load(&shard, options, lock)?;
    attempt.succeed()?;
    Ok(shard)
}

fn lock(directory: &Path) -> Result<File, IndexError> {
    let path = directory.join("lock");
    let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(IndexError::InUse(format!(
            "`{}` is in use by another process",
            directory.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unwritable(&path, &error)),
    }
}

fn demand_same(directory: &Path, facts: &Facts) -> Result<(), IndexError> {
    let path = directory.join("index.json");
    let damaged = |error: &dyn std::fmt::Display| {
        IndexError::Damaged(format!(
            "`{}` cannot be read ({error}): rebuild the index",
            path.display()
        ))
    };
    let text = std::fs::read(&path).map_err(|error| damaged(&error))?;
    let found: Facts = serde_json::from_slice(&text).map_err(|error| damaged(&error))?;
    if found != *facts {
        return Err(IndexError::Invalid(format!(
            "`{}` holds an index of format {} for vectors of {} numbers, not of format {} for {}: \
             rebuild the index or choose the model it was made with",
            directory.display(),
            found.format,
            found.dimensions,
            facts.format,
            facts.dimensions
        )));
    }
    Ok(())
}

/// Makes the shard under another name first: a kill in between leaves no half of one.
fn make(directory: &Path, facts: &Facts, options: &EdgeOptions) -> Result<(), IndexError> {
    let partial = directory.join("shard.partial");
    let write = || -> std::io::Result<()> {
        if partial.exists() {
            std::fs::remove_dir_all(&partial)?;
        }
        std::fs::create_dir(&partial)?;
        std::fs::write(directory.join("index.json"), serde_json::to_vec(facts)?)?;
        File::open(directory.join("index.json"))?.sync_all()
    };
    write().map_err(|error| unwritable(directory, &error))?;
    shard::make(&partial, options)?;
    std::fs::rename(&partial, directory.join("shard"))
        .and_then(|()| File::open(directory)?.sync_all())
        .map_err(|error| unwritable(directory, &error))
}

/// An opening that has begun; `opening` holds how many have without an end.
struct Attempt {
    path: PathBuf,
}

impl Attempt {
    fn begin(directory: &Path) -> Result<Attempt, IndexError> {
        let path = directory.join("opening");
        let before: u32 = std::fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        if before >= MOST_ATTEMPTS {
            return Err(IndexError::Damaged(format!(
                "opening `{}` ended the process {before} times: rebuild the index",
                directory.display()
            )));
        }
        std::fs::write(&path, (before + 1).to_string())
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Attempt { path })
    }

    fn succeed(self) -> Result<(), IndexError> {
        std::fs::remove_file(&self.path).map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> IndexError {
    IndexError::Unavailable(format!("`{}` cannot be written: {error}", path.display()))
}
