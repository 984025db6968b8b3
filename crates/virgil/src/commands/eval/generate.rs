//! `virgil eval --generate`: questions with known answers, made from what the graph states to whoever asks.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde_json::Value;
use virgil_eval::{drafts, expected, listings, things, written};

use crate::client::Client;
use crate::environment::say;

/// Prints `count` questions, or as many as the platform gives.
pub(super) async fn run(client: &Client, count: usize, seed: u64) -> anyhow::Result<()> {
    let mut listed = BTreeMap::new();
    for (kind, query) in listings() {
        let found: Value = client.json("POST", "/api/v1/query", Some(&query)).await?;
        let things = things(&found);
        if !things.is_empty() {
            listed.insert(kind, things);
        }
    }
    let mut made = Vec::new();
    for draft in drafts(&listed, seed) {
        if made.len() == count {
            break;
        }
        let found: Value = client
            .json("POST", "/api/v1/query", Some(&draft.query))
            .await?;
        if let Some(expected) = expected(&draft, &found) {
            made.push((draft, expected));
        }
    }
    ensure!(
        !made.is_empty(),
        "the graph states nothing that a question could be made of: `virgil list` shows what it knows"
    );
    let remark = format!(
        "{} questions of `virgil eval --generate {count} --seed {seed}`: what the graph stated when they were made",
        made.len()
    );
    say(written(&made, &remark).trim_end());
    Ok(())
}
