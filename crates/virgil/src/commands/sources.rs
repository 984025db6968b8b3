//! `virgil sources`: what is read, how fresh it is, what went wrong.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::{Place, Sources};
use crate::client::path_part;
use crate::commands::session;
use crate::environment::say;

#[derive(Deserialize)]
struct Source {
    name: String,
    kind: String,
    state: String,
    files: u64,
    chunks: u64,
    skipped: u64,
    failed: u64,
    synced_at: Option<String>,
    commit: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    path: String,
    line: Option<u32>,
    kind: String,
    message: String,
}

pub(super) async fn run(place: &Place, sources: &Sources) -> anyhow::Result<()> {
    let session = session(place).await?;
    if let Some(name) = &sources.remove {
        let path = format!("/api/v1/sources/{}", path_part(name)?);
        session.client.nothing("DELETE", &path).await?;
        say(&format!("`{name}` is forgotten."));
        return Ok(());
    }
    if let Some(name) = &sources.problems {
        let path = format!("/api/v1/sources/{}/problems", path_part(name)?);
        let found: Value = session.client.json("GET", &path, None).await?;
        if place.json {
            say(&serde_json::to_string_pretty(&found)?);
            return Ok(());
        }
        let problems: Vec<Problem> = serde_json::from_value(found["problems"].clone())?;
        for problem in &problems {
            let line = problem
                .line
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            say(&format!(
                "{}{line}  {}: {}",
                problem.path, problem.kind, problem.message
            ));
        }
        say(&format!("{} in all.", problems.len()));
        return Ok(());
    }
    let found: Value = session.client.json("GET", "/api/v1/sources", None).await?;
    if place.json {
        say(&serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    let list: Vec<Source> = serde_json::from_value(found["sources"].clone())?;
    if list.is_empty() {
        say("No sources yet: `virgil ingest PATH-OR-GIT-URL` reads one.");
    }
    for source in list {
        let commit = source
            .commit
            .map(|commit| format!(" @ {}", &commit[..commit.len().min(10)]))
            .unwrap_or_default();
        say(&format!(
            "{:<24} {:<7} {:<13} {} files, {} chunks, {} skipped, {} failed; synced {}{commit}",
            source.name,
            source.kind,
            source.state,
            source.files,
            source.chunks,
            source.skipped,
            source.failed,
            source.synced_at.as_deref().unwrap_or("never"),
        ));
        if let Some(error) = source.error {
            say(&format!("{:<24} last error: {error}", ""));
        }
    }
    Ok(())
}
