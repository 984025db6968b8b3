//! A git repository, read as objects at one commit and never checked out.
//!
//! A local repository is opened in place at the tip of its branch (what is not committed is not read). A URL is
//! fetched into a bare mirror. Between two commits only the difference of their trees is read; renames are a
//! deletion and an addition.

mod fetch;
mod link;
mod tree;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use git2::{ErrorCode, Repository, RepositoryOpenFlags};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use virgil_model::Permalink;

use crate::registry::Context;
use crate::select::{Patterns, Selection};
use crate::{Checkpoint, Event, Source, SourceError};

/// What the configuration says about a repository.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// A local path, or an https, ssh or file URL.
    url: String,
    /// The branch; the one that `HEAD` names if absent.
    branch: Option<String>,
    /// Only paths that match one of these globs; all, if there are none.
    #[serde(default)]
    include: Vec<String>,
    /// Never paths that match one of these globs.
    #[serde(default)]
    exclude: Vec<String>,
    /// Larger files are skipped, in bytes.
    max_file_bytes: Option<u64>,
    /// The name of the environment variable with the token; looked up by the program, not here.
    #[serde(rename = "token_env")]
    _token_env: Option<String>,
    /// The private key for an ssh URL; the ssh agent is asked if absent.
    ssh_key: Option<PathBuf>,
    /// How a place becomes a link: `{commit}`, `{path}`, `{start}` and `{end}` are replaced. Known hosts need none.
    permalink: Option<String>,
}

/// A repository as a source.
pub(crate) struct Git {
    place: Place,
    branch: Option<String>,
    selection: Selection,
    permalink: Option<Permalink>,
}

/// Where the objects are.
#[derive(Debug, Clone)]
enum Place {
    Local(PathBuf),
    Remote(fetch::Remote),
}

/// How far a repository has been read, and under which rules.
#[derive(Debug, Serialize, Deserialize)]
struct Read {
    commit: String,
    rules: String,
}

impl Git {
    pub(crate) fn new(
        name: &str,
        parameters: Parameters,
        context: Context,
    ) -> Result<Git, SourceError> {
        let selection = Selection::new(&Patterns {
            include: parameters.include,
            exclude: parameters.exclude,
            max_file_bytes: parameters.max_file_bytes,
        })?;
        let url = parameters.url;
        if has_password(&url) {
            return Err(SourceError::Invalid(
                "the URL holds a password: put the token into an environment variable and name that in `token_env`".into(),
            ));
        }
        let local = PathBuf::from(&url);
        let place = if !is_url(&url) || local.exists() {
            Place::Local(local)
        } else {
            let short = &blake3::hash(url.as_bytes()).to_hex()[..12];
            Place::Remote(fetch::Remote {
                mirror: context.mirrors.join(format!("{name}-{short}.git")),
                url: url.clone(),
                token: context.secret,
                ssh_key: parameters.ssh_key,
            })
        };
        let permalink = match (parameters.permalink, &place) {
            (Some(template), _) => Some(Permalink(template)),
            (None, Place::Remote(_)) => link::permalink(&url),
            (None, Place::Local(path)) => origin(path).and_then(|origin| link::permalink(&origin)),
        };
        Ok(Git {
            place,
            branch: parameters.branch,
            selection,
            permalink,
        })
    }
}

#[async_trait]
impl Source for Git {
    async fn sync(
        &self,
        since: Option<&Checkpoint>,
        events: mpsc::Sender<Event>,
    ) -> Result<Checkpoint, SourceError> {
        let path = match &self.place {
            Place::Local(path) => path.clone(),
            Place::Remote(remote) => fetch::fetch(remote.clone(), self.branch.clone()).await?,
        };
        let branch = match self.place {
            Place::Local(_) => self
                .branch
                .clone()
                .map(|branch| format!("refs/heads/{branch}")),
            Place::Remote(_) => Some(fetch::TIP.to_owned()),
        };
        let selection = self.selection.clone();
        let since = since
            .and_then(|checkpoint| serde_json::from_str::<Read>(&checkpoint.0).ok())
            .filter(|read| read.rules == selection.fingerprint)
            .map(|read| read.commit);
        tokio::task::spawn_blocking(move || {
            let commit = tree::read(
                &path,
                branch.as_deref(),
                since.as_deref(),
                &selection,
                &events,
            )?;
            let read = Read {
                commit,
                rules: selection.fingerprint,
            };
            serde_json::to_string(&read)
                .map(Checkpoint)
                .map_err(|error| SourceError::Other(error.to_string()))
        })
        .await
        .map_err(|error| SourceError::Other(format!("reading the repository stopped: {error}")))?
    }

    fn permalink(&self) -> Option<Permalink> {
        self.permalink.clone()
    }
}

/// Whether a text is a git URL: `scheme://…` or `user@host:path`.
pub(crate) fn is_url(text: &str) -> bool {
    if let Some((scheme, _)) = text.split_once("://") {
        return ["https", "http", "ssh", "file", "git"].contains(&scheme);
    }
    let Some((host, path)) = text.split_once(':') else {
        return false;
    };
    !host.contains('/') && host.contains('@') && !path.is_empty()
}

/// Whether a folder is itself a repository, not merely inside one.
pub(crate) fn is_repository(path: &Path) -> bool {
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, &[] as &[&Path]).is_ok()
        || path.join(".git").exists()
}

fn has_password(url: &str) -> bool {
    url.split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'))
}

fn origin(path: &Path) -> Option<String> {
    let repository =
        Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, &[] as &[&Path]).ok()?;
    let remote = repository.find_remote("origin").ok()?;
    remote.url().ok().map(str::to_owned)
}

/// Opens a local repository; `path` is its work tree or its git directory.
fn open_repository(path: &Path) -> Result<Repository, SourceError> {
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, &[] as &[&Path]).map_err(|error| {
        let path = path.display();
        match error.code() {
            ErrorCode::NotFound => SourceError::NotFound(format!("there is no git repository at `{path}`")),
            ErrorCode::Owner => SourceError::Unauthorized(format!(
                "the repository `{path}` belongs to another user: allow it with `git config --global --add safe.directory {path}`"
            )),
            _ => SourceError::Other(format!("the repository `{path}` cannot be opened: {}", error.message())),
        }
    })
}
