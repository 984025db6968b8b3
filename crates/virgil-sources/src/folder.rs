//! A folder of this machine. It is listed whole each time (reading and hashing is cheaper than being wrong about
//! a timestamp), respects `.gitignore`, reads hidden files but never `.git`, and never follows a link.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ignore::WalkBuilder;
use serde::Deserialize;
use tokio::sync::mpsc;
use virgil_model::{Files, Permalink, SkipReason};

use crate::select::{Patterns, Selection, unreadable};
use crate::{Asset, Checkpoint, Coverage, Event, Source, SourceError};

/// What the configuration says about a folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// The folder.
    path: PathBuf,
    /// Only paths that match one of these globs; all, if there are none.
    #[serde(default)]
    include: Vec<String>,
    /// Never paths that match one of these globs.
    #[serde(default)]
    exclude: Vec<String>,
    /// Larger files are skipped, in bytes.
    max_file_bytes: Option<u64>,
    /// How a place becomes a link: `{path}`, `{start}` and `{end}` are replaced.
    permalink: Option<String>,
}

/// A folder as a source.
pub(crate) struct Folder {
    path: PathBuf,
    selection: Selection,
    permalink: Option<Permalink>,
}

impl Folder {
    pub(crate) fn new(parameters: Parameters) -> Result<Folder, SourceError> {
        let selection = Selection::new(&Patterns {
            include: parameters.include,
            exclude: parameters.exclude,
            max_file_bytes: parameters.max_file_bytes,
        })?;
        Ok(Folder {
            path: parameters.path,
            selection,
            permalink: parameters.permalink.map(Permalink),
        })
    }
}

#[async_trait]
impl Source for Folder {
    async fn sync(
        &self,
        _since: Option<&Checkpoint>,
        events: mpsc::Sender<Event>,
    ) -> Result<Checkpoint, SourceError> {
        let path = self.path.clone();
        let selection = self.selection.clone();
        tokio::task::spawn_blocking(move || walk(&path, &selection, &events))
            .await
            .map_err(|error| SourceError::Other(format!("listing the folder stopped: {error}")))?
    }

    fn permalink(&self) -> Option<Permalink> {
        self.permalink.clone()
    }
}

fn walk(
    path: &Path,
    selection: &Selection,
    events: &mpsc::Sender<Event>,
) -> Result<Checkpoint, SourceError> {
    let root = path.canonicalize().map_err(|error| at(path, &error))?;
    // An unreadable root must fail the sync: an empty listing would delete everything.
    std::fs::read_dir(&root).map_err(|error| at(path, &error))?;
    let send = |event| {
        events
            .blocking_send(event)
            .map_err(|_| SourceError::Cancelled)
    };
    send(Event::Opened {
        commit: None,
        coverage: Coverage::Whole,
        total: None,
        files: Arc::new(FolderFiles {
            root: root.clone(),
            max_file_bytes: selection.max_file_bytes,
        }),
    })?;
    let walker = WalkBuilder::new(&root)
        .hidden(false)
        .require_git(false)
        .parents(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            // A part that cannot be listed says nothing about what is below it: the listing is not whole.
            Err(error) => {
                return Err(SourceError::Unavailable(format!(
                    "the folder cannot be listed: {error}"
                )));
            }
        };
        let Some(file_type) = entry.file_type().filter(|file_type| !file_type.is_dir()) else {
            continue;
        };
        let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let Some(name) = slashed(relative) else {
            let path = relative.to_string_lossy().into_owned();
            send(Event::Skipped {
                path,
                reason: SkipReason::NotUtf8,
            })?;
            continue;
        };
        if !selection.takes(&name) {
            continue;
        }
        if file_type.is_symlink() {
            send(Event::Skipped {
                path: name,
                reason: SkipReason::Symlink,
            })?;
        } else if file_type.is_file() {
            send(read(&entry, name, selection))?;
        }
    }
    Ok(Checkpoint(String::new()))
}

fn read(entry: &ignore::DirEntry, path: String, selection: &Selection) -> Event {
    let failed = |path, error: &dyn std::fmt::Display| Event::Failed {
        path,
        reason: format!("it cannot be read: {error}"),
    };
    match entry.metadata() {
        Err(error) => return failed(path, &error),
        Ok(metadata) if metadata.len() > selection.max_file_bytes => {
            return Event::Skipped {
                path,
                reason: SkipReason::TooLarge,
            };
        }
        Ok(_) => {}
    }
    match std::fs::read(entry.path()) {
        Err(error) => failed(path, &error),
        Ok(bytes) => match unreadable(&bytes) {
            Some(reason) => Event::Skipped { path, reason },
            None => Event::Asset(Asset {
                path,
                content_id: blake3::hash(&bytes).to_hex().to_string(),
                bytes,
            }),
        },
    }
}

fn slashed(relative: &Path) -> Option<String> {
    let mut path = String::new();
    for component in relative.components() {
        let Component::Normal(name) = component else {
            return None;
        };
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name.to_str()?);
    }
    Some(path)
}

fn at(path: &Path, error: &std::io::Error) -> SourceError {
    let message = format!("the folder `{}` cannot be read: {error}", path.display());
    match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound(message),
        std::io::ErrorKind::PermissionDenied => SourceError::Unauthorized(message),
        _ => SourceError::Unavailable(message),
    }
}

/// The files of a folder as they are now.
struct FolderFiles {
    root: PathBuf,
    max_file_bytes: u64,
}

impl FolderFiles {
    /// The place of a path, if it is inside the folder once every link is resolved.
    fn place(&self, path: &str) -> Option<PathBuf> {
        let place = self.root.join(path).canonicalize().ok()?;
        place.starts_with(&self.root).then_some(place)
    }
}

impl Files for FolderFiles {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let place = self.place(path)?;
        let metadata = std::fs::metadata(&place).ok()?;
        if !metadata.is_file() || metadata.len() > self.max_file_bytes {
            return None;
        }
        std::fs::read(place).ok()
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let Some(place) = self.place(folder) else {
            return Vec::new();
        };
        WalkBuilder::new(place)
            .hidden(false)
            .require_git(false)
            .parents(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .sort_by_file_path(Path::cmp)
            .build()
            .flatten()
            .filter(|entry| {
                entry
                    .file_type()
                    .is_some_and(|file_type| file_type.is_file())
            })
            .filter_map(|entry| slashed(entry.path().strip_prefix(&self.root).ok()?))
            .collect()
    }
}
