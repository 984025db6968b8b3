//! `virgil verify` and `virgil rebuild`: the vector index against the store.

use serde_json::Value;

use crate::cli::Place;
use crate::commands::session;
use crate::environment::say;

pub(super) async fn verify(place: &Place) -> anyhow::Result<()> {
    let session = session(place).await?;
    let found: Value = session
        .client
        .json("POST", "/api/v1/maintenance/verify", None)
        .await?;
    if place.json {
        say(&found.to_string());
        return Ok(());
    }
    say(&format!(
        "{} points are needed, {} are there: {} were missing ({} put back), {} are stale.",
        found["expected"], found["found"], found["missing"], found["repaired"], found["stale"]
    ));
    Ok(())
}

pub(super) async fn rebuild(place: &Place) -> anyhow::Result<()> {
    let session = session(place).await?;
    let made: Value = session
        .client
        .json("POST", "/api/v1/maintenance/rebuild", None)
        .await?;
    if place.json {
        say(&made.to_string());
        return Ok(());
    }
    say(&format!(
        "A new index with {} points is in use.",
        made["points"]
    ));
    Ok(())
}
