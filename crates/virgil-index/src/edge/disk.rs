//! Free disk space, asked for before anything is written through a memory map.

use std::path::{Path, PathBuf};

use crate::{IndexError, Point};

/// The disk of an index directory and what must stay free on it.
#[derive(Debug, Clone)]
pub(super) struct DiskSpace {
    directory: PathBuf,
    reserve_bytes: u64,
}

impl DiskSpace {
    /// The disk of `directory`, which is made if it is not there.
    pub(super) fn of(directory: &Path, reserve_bytes: u64) -> Result<DiskSpace, IndexError> {
        std::fs::create_dir_all(directory).map_err(|error| {
            IndexError::Unavailable(format!("`{}` cannot be made: {error}", directory.display()))
        })?;
        Ok(DiskSpace {
            directory: directory.to_owned(),
            reserve_bytes,
        })
    }

    /// Answering goes on when writing no longer does, so opening wants less.
    pub(super) fn demand_for_opening(&self) -> Result<(), IndexError> {
        self.demand(self.reserve_bytes / 4)
    }

    /// A batch is written twice: to the log and to the segments.
    pub(super) fn demand_for_writing(&self, batch_bytes: u64) -> Result<(), IndexError> {
        self.demand(
            self.reserve_bytes
                .saturating_add(batch_bytes.saturating_mul(2)),
        )
    }

    fn demand(&self, needed: u64) -> Result<(), IndexError> {
        let free = fs4::available_space(&self.directory).map_err(|error| {
            IndexError::Unavailable(format!(
                "`{}` does not say what is free: {error}",
                self.directory.display()
            ))
        })?;
        if free < needed {
            return Err(IndexError::DiskFull(format!(
                "the disk of `{}` has {} MiB free, {} MiB are needed: free some and try again",
                self.directory.display(),
                free >> 20,
                needed.div_ceil(1 << 20)
            )));
        }
        Ok(())
    }
}

/// What points take, roughly: four bytes a number, eight a term, and the rest.
pub(super) fn size_of(points: &[Point]) -> u64 {
    let bytes = |point: &Point| 256 + 4 * point.dense.len() + 8 * point.sparse.indices.len();
    points.iter().map(bytes).sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_wants_the_reserve_and_twice_the_batch() {
        let folder = tempfile::tempdir().unwrap();
        let free = fs4::available_space(folder.path()).unwrap();
        let space = |reserve| DiskSpace::of(folder.path(), reserve).unwrap();
        // Others write to this disk as well, hence the wide margins.
        assert!(space(free / 2).demand_for_writing(0).is_ok());
        assert!(matches!(
            space(free / 2).demand_for_writing(free / 2),
            Err(IndexError::DiskFull(_))
        ));
        assert!(matches!(
            space(free * 2).demand_for_writing(0),
            Err(IndexError::DiskFull(_))
        ));
        assert!(space(free * 2).demand_for_opening().is_ok());
        assert!(matches!(
            space(free * 8).demand_for_opening(),
            Err(IndexError::DiskFull(_))
        ));
    }
}
