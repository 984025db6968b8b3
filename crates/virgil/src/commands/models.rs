//! `virgil models`: the language models that may be chosen, and what is left to spend.

use serde_json::Value;

use crate::cli::Place;
use crate::commands::session;
use crate::environment::say;

pub(super) async fn run(place: &Place) -> anyhow::Result<()> {
    let session = session(place).await?;
    let answer: Value = session.client.json("GET", "/api/v1/models", None).await?;
    if place.json {
        say(&serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let models = answer["models"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if models.is_empty() {
        say(
            "No language model is configured: answers are extracts. `virgil doctor` says how to configure one.",
        );
    }
    for model in models {
        let name = model["name"].as_str().unwrap_or_default();
        let default = if answer["default"] == model["name"] {
            "  (answers when none is chosen)"
        } else {
            ""
        };
        let tools = if model["tools"] == true {
            "  tools"
        } else {
            ""
        };
        say(&format!("{name}{tools}{default}"));
    }
    let budget = &answer["budget"];
    for (spent, limit, what) in [
        ("tokens_today", "tokens_per_day", "tokens today"),
        ("tokens_this_month", "tokens_per_month", "tokens this month"),
        ("usd_today", "usd_per_day", "US dollars today"),
        ("usd_this_month", "usd_per_month", "US dollars this month"),
    ] {
        let of = match &budget[limit] {
            Value::Null => String::new(),
            limit => format!(" of {limit}"),
        };
        say(&format!("{}{of} {what}", budget[spent]));
    }
    if let Some(problem) = answer["prompts"]["problem"].as_str() {
        say(&format!(
            "The prompts are broken, the last good ones are used: {problem}"
        ));
    }
    Ok(())
}
