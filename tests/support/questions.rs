//! The questions in `tests/questions`: typed queries with their whole answers, and questions that have none.

use std::path::{Path, PathBuf};

use serde_json::Value;
use virgil_eval::Question;

use super::Home;

/// The path of a file of questions.
pub(crate) fn questions_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/questions")
        .join(name)
}

/// The questions of a file, all of which must be readable.
pub(crate) fn questions(name: &str) -> Vec<Question> {
    let path = questions_file(name);
    let text = std::fs::read_to_string(&path).expect(name);
    let (questions, broken) = virgil_eval::questions(name, &text);
    assert!(broken.is_empty(), "{broken:?}");
    questions
}

impl Home {
    /// What `virgil eval` says of files in `tests/questions`, as JSON.
    pub(crate) fn evaluated(&self, names: &[&str]) -> Value {
        let files: Vec<String> = names
            .iter()
            .map(|name| questions_file(name).display().to_string())
            .collect();
        let files = files.iter().map(String::as_str);
        let arguments: Vec<&str> = ["eval"].into_iter().chain(files).collect();
        self.json(&arguments)
    }
}
