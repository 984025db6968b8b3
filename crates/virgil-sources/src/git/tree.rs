//! One commit of a repository, or the difference between two, as events.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use git2::{
    Commit, ErrorCode, FileMode, ObjectType, Odb, Oid, Repository, Tree, TreeWalkMode,
    TreeWalkResult,
};
use tokio::sync::mpsc;
use virgil_model::{Files, SkipReason};

use super::open_repository;
use crate::select::{Selection, unreadable};
use crate::{Asset, Coverage, Event, SourceError};

/// A path of a tree and what stands there.
struct Entry {
    path: Vec<u8>,
    id: Oid,
    mode: u32,
}

/// What a comparison of two trees says of a path.
enum Change {
    Here(Entry),
    Gone(Vec<u8>),
}

/// Tells what `branch` (or `HEAD`) holds, or what changed in it after the commit `since`. Returns the commit read.
pub(super) fn read(
    path: &Path,
    branch: Option<&str>,
    since: Option<&str>,
    selection: &Selection,
    events: &mpsc::Sender<Event>,
) -> Result<String, SourceError> {
    let repository = open_repository(path)?;
    let commit = tip(&repository, branch)?;
    let tree = commit.tree().map_err(damaged)?;
    let id = commit.id().to_string();
    let send = |event| {
        events
            .blocking_send(event)
            .map_err(|_| SourceError::Cancelled)
    };

    let earlier = since.and_then(|since| earlier_tree(&repository, since));
    let (coverage, changes) = match earlier {
        Some(earlier) => (
            Coverage::Difference,
            difference(&repository, &earlier, &tree)?,
        ),
        None => (
            Coverage::Whole,
            listing(&tree)?.into_iter().map(Change::Here).collect(),
        ),
    };
    let files = TreeFiles {
        repository: Mutex::new(open_repository(path)?),
        tree: tree.id(),
        max_file_bytes: selection.max_file_bytes,
    };
    send(Event::Opened {
        commit: Some(id.clone()),
        coverage,
        total: Some(changes.len() as u64),
        files: Arc::new(files),
    })?;
    let odb = repository.odb().map_err(damaged)?;
    for change in changes {
        match change {
            Change::Here(entry) => {
                if let Some(event) = event_of(&odb, entry, selection) {
                    send(event)?;
                }
            }
            Change::Gone(path) => {
                if let Ok(path) = String::from_utf8(path) {
                    send(Event::Gone { path })?;
                }
            }
        }
    }
    Ok(id)
}

fn tip<'r>(repository: &'r Repository, branch: Option<&str>) -> Result<Commit<'r>, SourceError> {
    let reference = match branch {
        Some(branch) => repository.find_reference(branch),
        None => repository.head(),
    };
    let reference = reference.map_err(|error| match (error.code(), branch) {
        (ErrorCode::UnbornBranch, _) | (ErrorCode::NotFound, None) => SourceError::NotFound(
            "the repository has no commit yet: only what is committed is read".into(),
        ),
        (ErrorCode::NotFound, Some(branch)) => {
            let branch = branch.trim_start_matches("refs/heads/");
            SourceError::NotFound(format!("the repository has no branch `{branch}`"))
        }
        _ => damaged(error),
    })?;
    reference.peel_to_commit().map_err(damaged)
}

/// The tree of an earlier commit, if the repository still has it.
fn earlier_tree<'r>(repository: &'r Repository, commit: &str) -> Option<Tree<'r>> {
    repository
        .find_commit(Oid::from_str(commit).ok()?)
        .ok()?
        .tree()
        .ok()
}

fn listing(tree: &Tree<'_>) -> Result<Vec<Entry>, SourceError> {
    let mut entries = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() != Some(ObjectType::Tree) {
            let mut path = folder.as_bytes().to_vec();
            path.extend_from_slice(entry.name_bytes());
            entries.push(Entry {
                path,
                id: entry.id(),
                mode: u32::try_from(entry.filemode()).unwrap_or(0),
            });
        }
        TreeWalkResult::Ok
    })
    .map_err(damaged)?;
    Ok(entries)
}

fn difference(
    repository: &Repository,
    from: &Tree<'_>,
    to: &Tree<'_>,
) -> Result<Vec<Change>, SourceError> {
    let diff = repository
        .diff_tree_to_tree(Some(from), Some(to), None)
        .map_err(damaged)?;
    Ok(diff
        .deltas()
        .filter_map(|delta| {
            let (old, new) = (delta.old_file(), delta.new_file());
            if new.exists() {
                let mode = u32::from(new.mode());
                Some(Change::Here(Entry {
                    path: new.path_bytes()?.to_vec(),
                    id: new.id(),
                    mode,
                }))
            } else {
                Some(Change::Gone(old.path_bytes()?.to_vec()))
            }
        })
        .collect())
}

/// What to tell of an entry; `None` when the configuration leaves it out.
fn event_of(odb: &Odb<'_>, entry: Entry, selection: &Selection) -> Option<Event> {
    let path = match String::from_utf8(entry.path) {
        Ok(path) => path,
        Err(error) => {
            let path = String::from_utf8_lossy(error.as_bytes()).into_owned();
            return Some(Event::Skipped {
                path,
                reason: SkipReason::NotUtf8,
            });
        }
    };
    if !selection.takes(&path) {
        return None;
    }
    let skipped = |path, reason| Some(Event::Skipped { path, reason });
    if entry.mode == u32::from(FileMode::Link) {
        return skipped(path, SkipReason::Symlink);
    }
    if entry.mode == u32::from(FileMode::Commit) {
        return skipped(path, SkipReason::Submodule);
    }
    let object = odb.read_header(entry.id).and_then(|(size, _)| {
        if size as u64 > selection.max_file_bytes {
            Ok(None)
        } else {
            odb.read(entry.id).map(Some)
        }
    });
    match object {
        Err(error) => Some(Event::Failed {
            path,
            reason: format!("its object cannot be read: {}", error.message()),
        }),
        Ok(None) => skipped(path, SkipReason::TooLarge),
        Ok(Some(object)) => match unreadable(object.data()) {
            Some(reason) => skipped(path, reason),
            None => Some(Event::Asset(Asset {
                path,
                content_id: entry.id.to_string(),
                bytes: object.data().to_vec(),
            })),
        },
    }
}

fn damaged(error: git2::Error) -> SourceError {
    SourceError::Other(format!(
        "the repository is damaged: {}: `git fsck` says more",
        error.message()
    ))
}

/// The files of one tree.
struct TreeFiles {
    repository: Mutex<Repository>,
    tree: Oid,
    max_file_bytes: u64,
}

impl Files for TreeFiles {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let repository = self
            .repository
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let tree = repository.find_tree(self.tree).ok()?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        if entry.kind() != Some(ObjectType::Blob) || entry.filemode() == i32::from(FileMode::Link) {
            return None;
        }
        let (size, _) = repository.odb().ok()?.read_header(entry.id()).ok()?;
        if size as u64 > self.max_file_bytes {
            return None;
        }
        Some(repository.find_blob(entry.id()).ok()?.content().to_vec())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let repository = self
            .repository
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Ok(tree) = repository.find_tree(self.tree) else {
            return Vec::new();
        };
        let (prefix, tree) = if folder.is_empty() {
            (String::new(), tree)
        } else {
            let Some(tree) = tree
                .get_path(Path::new(folder))
                .ok()
                .and_then(|entry| repository.find_tree(entry.id()).ok())
            else {
                return Vec::new();
            };
            (format!("{}/", folder.trim_end_matches('/')), tree)
        };
        let mut paths: Vec<String> = listing(&tree)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|entry| Some(format!("{prefix}{}", String::from_utf8(entry.path).ok()?)))
            .collect();
        paths.sort();
        paths
    }
}
