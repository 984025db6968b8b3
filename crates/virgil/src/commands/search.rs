//! `virgil search`: passages without an answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Place, Search};
use crate::commands::session;
use crate::environment::say;

#[derive(Deserialize)]
struct Passage {
    source: String,
    path: String,
    start_line: u32,
    end_line: u32,
    breadcrumb: Vec<String>,
    text: String,
    score: f32,
}

pub(super) async fn run(place: &Place, search: &Search) -> anyhow::Result<()> {
    let session = session(place).await?;
    let body = json!({
        "query": search.query.join(" "),
        "limit": search.limit,
        "filter": { "sources": search.source },
    });
    let found: Value = session
        .client
        .json("POST", "/api/v1/search", Some(&body))
        .await?;
    if place.json {
        say(&serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    let passages: Vec<Passage> = serde_json::from_value(found["passages"].clone())?;
    if passages.is_empty() {
        say("Nothing was found in what you may see.");
    }
    for (index, passage) in passages.iter().enumerate() {
        say(&format!(
            "{}. {}/{}:{}-{}  {}  ({:.2})",
            index + 1,
            passage.source,
            passage.path,
            passage.start_line,
            passage.end_line,
            passage.breadcrumb.join(" › "),
            passage.score
        ));
        for line in passage
            .text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(3)
        {
            say(&format!(
                "   {}",
                line.chars().take(110).collect::<String>()
            ));
        }
    }
    Ok(())
}
