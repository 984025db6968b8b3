//! The reranking model's part of the configuration; without it passages stay in the order of the second stage.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;

use super::written;

/// The model that puts the first passages in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RerankConfig {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// The file of its graph, below `folder`.
    pub(crate) graph: String,
    /// How many passages it reads.
    pub(crate) candidates: usize,
    /// How long it may take for one question.
    pub(crate) time_budget: Duration,
    /// How many sessions run beside each other; one per processor, at most four, unless configured.
    pub(crate) threads: Option<NonZeroUsize>,
}

/// A relative folder starts at the folder of the configuration.
pub(super) fn rerank(written: written::Rerank, folder: &Path) -> anyhow::Result<RerankConfig> {
    let candidates = written.candidates.unwrap_or(20);
    ensure!(
        (2..=100).contains(&candidates),
        "rerank.candidates: from 2 to 100, not {candidates}"
    );
    let milliseconds = written.time_budget_ms.unwrap_or(500);
    ensure!(
        (10..=60_000).contains(&milliseconds),
        "rerank.time_budget_ms: from 10 to 60,000 (a minute), not {milliseconds}"
    );
    Ok(RerankConfig {
        folder: folder.join(written.folder),
        graph: written.graph.unwrap_or_else(|| "model.onnx".to_owned()),
        candidates,
        time_budget: Duration::from_millis(milliseconds),
        threads: written.threads,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let load = |text: &str| {
            std::fs::write(folder.path().join("virgil.yaml"), text).expect("a file");
            Config::load(folder.path(), true, |_| None)
        };
        assert_eq!(load("prompt: {}").expect("valid").rerank, None);
        let rerank = load("rerank: {folder: cross-encoder, candidates: 30}")
            .expect("valid")
            .rerank
            .expect("configured");
        assert_eq!(rerank.folder, folder.path().join("cross-encoder"));
        assert_eq!((rerank.candidates, &*rerank.graph), (30, "model.onnx"));
        for (text, expect) in [
            ("rerank: {candidates: 20}", "folder"),
            ("rerank: {folder: x, candidates: 1}", "rerank.candidates"),
            (
                "rerank: {folder: x, time_budget_ms: 0}",
                "rerank.time_budget_ms",
            ),
            ("rerank: {folder: x, threads: 0}", "threads"),
            ("rerank: {folder: x, model: y}", "model"),
        ] {
            let error = format!("{:#}", load(text).expect_err("refused"));
            assert!(error.contains(expect), "{text}: {error}");
        }
    }
}
