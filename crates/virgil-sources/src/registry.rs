//! The source kinds: how a name of the configuration becomes a [`Source`], and how a place tells its kind.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::git::Git;
use crate::{Source, SourceError};

/// What a source needs besides its parameters.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where sources may keep copies of what they read; everything in it can be fetched again.
    pub mirrors: PathBuf,
    /// The secret that the parameters name, already looked up.
    pub secret: Option<String>,
}

/// The kinds there are.
pub const KINDS: &[&str] = &["git", "folder"];

/// Makes the source `name` of a kind. Nothing is opened or connected yet.
///
/// Fails with [`SourceError::Invalid`] on a kind that does not exist and on parameters that its kind does not know.
pub fn open(
    kind: &str,
    name: &str,
    parameters: Value,
    context: Context,
) -> Result<Box<dyn Source>, SourceError> {
    match kind {
        "git" => Ok(Box::new(Git::new(name, typed(parameters)?, context)?)),
        "folder" => Ok(Box::new(Folder::new(typed(parameters)?)?)),
        _ => Err(SourceError::Invalid(format!(
            "`{kind}` is not a source kind: there are {}",
            KINDS.join(", ")
        ))),
    }
}

/// The kind and parameters of a place that a person typed: a git URL, a repository or a folder.
pub fn detect(location: &str) -> Result<(&'static str, Value), SourceError> {
    let path = Path::new(location);
    if !path.exists() && crate::git::is_url(location) {
        return Ok(("git", json!({ "url": location })));
    }
    let absolute = path.canonicalize().map_err(|_| {
        SourceError::NotFound(format!(
            "there is nothing at `{location}`: give a folder, a git repository or a git URL"
        ))
    })?;
    let place = absolute
        .to_str()
        .ok_or_else(|| SourceError::Invalid(format!("`{}` is not UTF-8", absolute.display())))?;
    if !absolute.is_dir() {
        return Err(SourceError::Invalid(format!(
            "`{location}` is a file: give the folder or repository that holds it"
        )));
    }
    if crate::git::is_repository(&absolute) {
        return Ok(("git", json!({ "url": place })));
    }
    Ok(("folder", json!({ "path": place })))
}

fn typed<T: DeserializeOwned>(parameters: Value) -> Result<T, SourceError> {
    serde_json::from_value(parameters).map_err(|error| SourceError::Invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            mirrors: PathBuf::from("/nowhere"),
            secret: None,
        }
    }

    fn refused(kind: &str, parameters: Value) -> String {
        match open(kind, "s", parameters, context()) {
            Ok(_) => panic!("it should be refused"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_a_kind_does_not_know_is_refused_by_name() {
        assert_eq!(
            refused("svn", json!({})),
            "`svn` is not a source kind: there are git, folder"
        );
        assert!(
            refused("git", json!({"url": "/a", "brunch": "main"}))
                .contains("unknown field `brunch`")
        );
        assert!(refused("folder", json!({})).contains("missing field `path`"));
        assert!(
            refused("folder", json!({"path": "/a", "include": ["a{"]}))
                .contains("`a{` is not a glob")
        );
        assert!(
            refused("git", json!({"url": "https://me:secret@git.example/x"})).contains("token_env")
        );
    }

    #[test]
    fn a_place_tells_its_kind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().to_str().expect("UTF-8");
        assert_eq!(detect(place).expect("a folder").0, "folder");
        git2::Repository::init(folder.path()).expect("a repository");
        assert_eq!(detect(place).expect("a repository").0, "git");
        assert_eq!(
            detect("https://git.example/team/x.git").expect("a URL").0,
            "git"
        );
        assert_eq!(
            detect("git@git.example:team/x.git").expect("a URL").0,
            "git"
        );
        assert!(matches!(
            detect("/no/such/place"),
            Err(SourceError::NotFound(_))
        ));
        assert!(matches!(
            detect("./no such place"),
            Err(SourceError::NotFound(_))
        ));
    }
}
