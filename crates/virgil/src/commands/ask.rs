//! `virgil ask`: the answer as it is written, then what it rests on.

use std::io::IsTerminal;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Ask, Place};
use crate::commands::conversations::found;
use crate::commands::session;
use crate::environment::{say, say_piece};

#[derive(Deserialize)]
struct Citation {
    number: usize,
    source: String,
    path: String,
    commit: Option<String>,
    start_line: u32,
    end_line: u32,
    url: Option<String>,
    state: String,
}

pub(super) async fn run(place: &Place, ask: &Ask) -> anyhow::Result<()> {
    let session = session(place).await?;
    let conversation = match ask.conversation.as_deref() {
        None => None,
        Some("new") => Some("new".to_owned()),
        Some(id) => Some(found(&session.client, id).await?),
    };
    let body = json!({
        "question": ask.question.join(" "),
        "model": ask.model,
        "explain": ask.explain,
        "conversation_id": conversation,
    });
    if place.json {
        let answer: Value = session
            .client
            .json("POST", "/api/v1/ask", Some(&body))
            .await?;
        say(&serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let mut finished = None;
    let mut failure = None;
    session
        .client
        .events("POST", "/api/v1/ask", Some(&body), |name, data| {
            match name {
                "text" => say_piece(data["text"].as_str().unwrap_or_default()),
                "answer" => finished = Some(data),
                "error" => failure = Some(data["detail"].as_str().unwrap_or("unknown").to_owned()),
                _ => {}
            }
            Ok(())
        })
        .await?;
    say("");
    if let Some(failure) = failure {
        anyhow::bail!("{failure}");
    }
    let Some(answer) = finished else {
        anyhow::bail!("the answer broke off")
    };
    if ask.explain {
        crate::commands::explain::print(&answer);
    }
    let citations: Vec<Citation> = serde_json::from_value(answer["citations"].clone())?;
    for citation in citations {
        say(&line(&citation));
    }
    if let Some(standalone) = answer["standalone_question"].as_str() {
        say(&format!("\nUnderstood as: {standalone}"));
    }
    if let Some(notice) = answer["notice"].as_str() {
        say(&format!("\n{notice}"));
    }
    if let Some(line) = usage(&answer) {
        say(&format!("\n{line}"));
    }
    if let Some(id) = answer["conversation_id"].as_str() {
        say(&format!(
            "\n(conversation {id}, question {})",
            answer["turn"]
        ));
    }
    Ok(())
}

/// What the answer cost, or that it came from a cache.
fn usage(answer: &Value) -> Option<String> {
    let usage = answer.get("usage").filter(|usage| !usage.is_null())?;
    let model = usage["model"].as_str().unwrap_or("the language model");
    if usage["cache"] == "virgil" {
        return Some(format!("({model}, answered before: nothing was spent)"));
    }
    let mut parts = vec![model.to_owned()];
    if let (Some(prompt), Some(completion)) = (
        usage["prompt_tokens"].as_u64(),
        usage["completion_tokens"].as_u64(),
    ) {
        parts.push(format!("{prompt} + {completion} tokens"));
    }
    if let Some(cost) = usage["cost_usd"].as_f64() {
        parts.push(format!("{cost:.6} US dollars"));
    }
    if usage["cache"] == "gateway" {
        parts.push("from the gateway's cache".to_owned());
    }
    if let Some(fall_backs) = usage["fall_backs"].as_u64().filter(|count| *count > 0) {
        parts.push(format!(
            "after {fall_backs} fall-back{}",
            if fall_backs == 1 { "" } else { "s" }
        ));
    }
    Some(format!("({})", parts.join(", ")))
}

fn line(citation: &Citation) -> String {
    let commit = citation
        .commit
        .as_deref()
        .map(|commit| format!(" @ {}", &commit[..commit.len().min(10)]));
    let place = format!(
        "{}/{}:{}-{}{}",
        citation.source,
        citation.path,
        citation.start_line,
        citation.end_line,
        commit.unwrap_or_default()
    );
    let state = if citation.state == "not_verified" {
        " (not verified)"
    } else {
        ""
    };
    let link = match &citation.url {
        Some(url) if std::io::stdout().is_terminal() => format!("\n    {url}"),
        _ => String::new(),
    };
    format!("[{}] {place}{state}{link}", citation.number)
}
