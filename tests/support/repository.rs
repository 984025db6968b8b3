//! A git repository to read.

use std::path::Path;

use git2::{IndexAddOption, Signature};
use tempfile::TempDir;

/// A repository with a work tree; gone when dropped.
pub(crate) struct Repository {
    folder: TempDir,
    git: git2::Repository,
}

impl Repository {
    /// A repository whose first commit holds `files`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Repository {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let git = git2::Repository::init_opts(folder.path(), &options).expect("a repository");
        let repository = Repository { folder, git };
        for (path, text) in files {
            repository.write(path, text.as_bytes());
        }
        repository.commit();
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn place(&self) -> &str {
        self.path().to_str().expect("UTF-8")
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let place = self.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::write(place, bytes).expect("a file");
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path().join(path)).expect("it was there");
    }

    /// Commits everything as it is and returns the commit.
    pub(crate) fn commit(&self) -> String {
        let mut index = self.git.index().expect("an index");
        index
            .add_all(["*"], IndexAddOption::DEFAULT, None)
            .expect("added");
        index.update_all(["*"], None).expect("updated");
        index.write().expect("written");
        let tree = self
            .git
            .find_tree(index.write_tree().expect("a tree"))
            .expect("a tree");
        let author = Signature::now("Ada", "ada@bottega.example").expect("an author");
        let parent = self
            .git
            .head()
            .ok()
            .and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        self.git
            .commit(Some("HEAD"), &author, &author, "work", &tree, &parents)
            .expect("a commit")
            .to_string()
    }
}
