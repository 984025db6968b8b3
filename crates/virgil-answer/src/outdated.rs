//! Paths that say of themselves that something newer exists.

use virgil_model::Tokenizer;

/// What a folder or file is called that is kept and no longer followed.
const OUTDATED: &[&str] = &[
    "legacy",
    "deprecated",
    "archive",
    "archived",
    "obsolete",
    "old",
    "attic",
];

/// Whether a part of `path` says that it is outdated, and `question` does not name that part: `legacy-v1` is meant by a question about
/// `v1`, too.
pub(crate) fn is_outdated(path: &str, question: &str) -> bool {
    let mut asked = None;
    path.split('/').any(|part| {
        let terms = Tokenizer::Identifiers.terms(part);
        terms.iter().any(|term| OUTDATED.contains(&term.as_str())) && {
            let asked = asked.get_or_insert_with(|| Tokenizer::Identifiers.terms(question));
            !terms.iter().any(|term| asked.contains(term))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_path_says_so() {
        let path = "docs/pipelines/legacy-v1/install.md";
        assert!(is_outdated(path, "How do I install pipelines?"));
        assert!(!is_outdated(path, "How do I install pipelines v1?"));
        assert!(!is_outdated(path, "What did the legacy installation need?"));
        assert!(is_outdated("Archive/2019.md", "2019 in review"));
        assert!(!is_outdated("docs/threshold.md", "anything"));
        assert!(!is_outdated("", ""));
    }
}
