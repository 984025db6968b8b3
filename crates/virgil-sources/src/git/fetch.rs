//! Fetching a remote repository into a bare mirror.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use git2::{
    AutotagOption, Cred, CredentialType, Direction, ErrorClass, ErrorCode, FetchOptions,
    RemoteCallbacks, Repository,
};

use crate::SourceError;

/// The reference of the mirror that holds the tip that was fetched last.
pub(super) const TIP: &str = "refs/virgil/tip";

/// A remote that moves no byte for so long is given up.
const STALL: Duration = Duration::from_secs(60);

/// A remote and its mirror.
#[derive(Clone)]
pub(super) struct Remote {
    pub(super) mirror: PathBuf,
    pub(super) url: String,
    pub(super) token: Option<String>,
    pub(super) ssh_key: Option<PathBuf>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Remote")
            .field("mirror", &self.mirror)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Brings the mirror up to date with `branch` (the remote's default if `None`) and returns its path.
pub(super) async fn fetch(remote: Remote, branch: Option<String>) -> Result<PathBuf, SourceError> {
    let progress = Arc::new(AtomicU64::new(0));
    let url = remote.url.clone();
    let mut fetching = {
        let progress = progress.clone();
        tokio::task::spawn_blocking(move || fetch_blocking(&remote, branch.as_deref(), &progress))
    };
    let mut seen = 0;
    loop {
        tokio::select! {
            fetched = &mut fetching => {
                return fetched.map_err(|error| SourceError::Other(format!("fetching stopped: {error}")))?;
            }
            () = tokio::time::sleep(STALL) => {
                let now = progress.load(Ordering::Relaxed);
                if now == seen {
                    // The thread ends when the connection does; nothing waits for it.
                    return Err(SourceError::Unavailable(format!(
                        "`{url}` sent nothing for {} seconds: try again later", STALL.as_secs()
                    )));
                }
                seen = now;
            }
        }
    }
}

fn fetch_blocking(
    remote: &Remote,
    branch: Option<&str>,
    progress: &AtomicU64,
) -> Result<PathBuf, SourceError> {
    let explain = |error: git2::Error| explain(&error, remote);
    let repository = open_mirror(&remote.mirror)?;
    let mut git_remote = repository.remote_anonymous(&remote.url).map_err(explain)?;
    let branch = match branch {
        Some(branch) => format!("refs/heads/{branch}"),
        None => {
            let connection = git_remote
                .connect_auth(Direction::Fetch, Some(callbacks(remote, progress)), None)
                .map_err(explain)?;
            let name = connection.default_branch().map_err(|_| {
                SourceError::NotFound(format!(
                    "`{}` names no default branch: it may be empty; name a `branch`",
                    remote.url
                ))
            })?;
            name.as_str().unwrap_or("refs/heads/main").to_owned()
        }
    };
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(callbacks(remote, progress))
        .download_tags(AutotagOption::None);
    git_remote
        .fetch(&[format!("+{branch}:{TIP}")], Some(&mut options), None)
        .map_err(explain)?;
    let advertised = git_remote
        .list()
        .map_err(explain)?
        .iter()
        .any(|head| head.name() == branch);
    if !advertised {
        let branch = branch.trim_start_matches("refs/heads/");
        return Err(SourceError::NotFound(format!(
            "`{}` has no branch `{branch}`",
            remote.url
        )));
    }
    Ok(remote.mirror.clone())
}

/// A mirror that cannot be opened holds nothing that cannot be fetched again.
fn open_mirror(mirror: &Path) -> Result<Repository, SourceError> {
    if let Ok(repository) = Repository::open_bare(mirror) {
        return Ok(repository);
    }
    let failed = |error: &dyn std::fmt::Display| {
        SourceError::Other(format!(
            "the mirror `{}` cannot be made: {error}",
            mirror.display()
        ))
    };
    if mirror.exists() {
        tracing::warn!(mirror = %mirror.display(), "the mirror is damaged and fetched anew");
        std::fs::remove_dir_all(mirror).map_err(|error| failed(&error))?;
    }
    std::fs::create_dir_all(mirror).map_err(|error| failed(&error))?;
    Repository::init_bare(mirror).map_err(|error| failed(&error.message()))
}

fn callbacks<'a>(remote: &'a Remote, progress: &'a AtomicU64) -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    let mut attempts = 0;
    callbacks.credentials(move |_, user, allowed| {
        attempts += 1;
        credentials(remote, user, allowed, attempts)
    });
    callbacks.transfer_progress(|_| {
        progress.fetch_add(1, Ordering::Relaxed);
        true
    });
    callbacks.sideband_progress(|_| {
        progress.fetch_add(1, Ordering::Relaxed);
        true
    });
    callbacks
}

/// The next credential to try. A refused one is not tried again: servers lock accounts.
fn credentials(
    remote: &Remote,
    user: Option<&str>,
    allowed: CredentialType,
    attempt: u32,
) -> Result<Cred, git2::Error> {
    let refused = || {
        git2::Error::new(
            ErrorCode::Auth,
            ErrorClass::Callback,
            "the credentials were refused",
        )
    };
    let user = user.unwrap_or("git");
    if allowed.contains(CredentialType::USERNAME) {
        return Cred::username(user);
    }
    if allowed.contains(CredentialType::SSH_KEY) && attempt <= 2 {
        return match &remote.ssh_key {
            Some(key) => Cred::ssh_key(user, None, key, None),
            None => Cred::ssh_key_from_agent(user),
        };
    }
    if allowed.contains(CredentialType::USER_PASS_PLAINTEXT)
        && attempt == 1
        && let Some(token) = &remote.token
    {
        // The big hosts take any user name with a token.
        return Cred::userpass_plaintext(
            if user == "git" {
                "x-access-token"
            } else {
                user
            },
            token,
        );
    }
    Err(refused())
}

fn explain(error: &git2::Error, remote: &Remote) -> SourceError {
    let url = &remote.url;
    let message = error.message();
    let unauthorized = || {
        let next = match (&remote.token, url.starts_with("http")) {
            (Some(_), true) => {
                "the token of `token_env` is refused: it may have expired or lack read access"
            }
            (None, true) => {
                "it wants credentials: name the environment variable with a token in `token_env`"
            }
            (_, false) => {
                "it wants an ssh key: add one to the ssh agent, or name its file in `ssh_key`"
            }
        };
        SourceError::Unauthorized(format!("`{url}`: {next}"))
    };
    match (error.code(), error.class()) {
        (ErrorCode::Auth, _) => unauthorized(),
        (ErrorCode::Certificate, ErrorClass::Ssh) => SourceError::Unauthorized(format!(
            "the host key of `{url}` is not known: add it to `known_hosts` with `ssh-keyscan`"
        )),
        (ErrorCode::Certificate, _) => SourceError::Unavailable(format!(
            "the certificate of `{url}` is not trusted: {message}"
        )),
        (_, ErrorClass::Http) if message.contains("404") => SourceError::NotFound(format!(
            "there is no repository at `{url}`, or it is private: name the environment variable with a token in `token_env`"
        )),
        (_, ErrorClass::Http) if message.contains("401") || message.contains("403") => {
            unauthorized()
        }
        (ErrorCode::NotFound, _) => {
            SourceError::NotFound(format!("there is no repository at `{url}`"))
        }
        (
            _,
            ErrorClass::Net | ErrorClass::Http | ErrorClass::Ssh | ErrorClass::Ssl | ErrorClass::Os,
        ) => SourceError::Unavailable(format!("`{url}` cannot be reached: {message}")),
        _ => SourceError::Other(format!("`{url}` cannot be fetched: {message}")),
    }
}
