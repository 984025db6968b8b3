//! `virgil conversations`: what was asked and answered, to look up, go on with, export or delete.

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Conversations, ConversationsCommand, ExportFormat, Place};
use crate::client::Client;
use crate::commands::session;
use crate::environment::{say, say_piece};

/// How many conversations one call brings.
const PAGE: usize = 200;

#[derive(Deserialize)]
struct Page {
    conversations: Vec<Conversation>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
    title: String,
    updated_at: String,
    turns: u64,
}

pub(super) async fn run(place: &Place, conversations: &Conversations) -> anyhow::Result<()> {
    let session = session(place).await?;
    let client = &session.client;
    match &conversations.command {
        ConversationsCommand::List { limit } => list(client, *limit, place.json).await,
        ConversationsCommand::Show { id } => {
            let id = found(client, id).await?;
            if place.json {
                let path = format!("/api/v1/conversations/{id}?limit=200");
                let conversation: Value = client.json("GET", &path, None).await?;
                say(&serde_json::to_string_pretty(&conversation)?);
                return Ok(());
            }
            export(client, &id, "markdown").await
        }
        ConversationsCommand::Rename { id, title } => {
            let id = found(client, id).await?;
            let path = format!("/api/v1/conversations/{id}");
            let body = json!({ "title": title.join(" ") });
            let renamed: Value = client.json("PATCH", &path, Some(&body)).await?;
            if place.json {
                say(&serde_json::to_string_pretty(&renamed)?);
                return Ok(());
            }
            let title = renamed["title"].as_str().unwrap_or_default();
            say(&format!("`{id}` is now called `{title}`."));
            Ok(())
        }
        ConversationsCommand::Delete { ids, all } => delete(client, ids, *all).await,
        ConversationsCommand::Export { id, format } => {
            let id = found(client, id).await?;
            let format = match format {
                ExportFormat::Markdown if !place.json => "markdown",
                ExportFormat::Markdown | ExportFormat::Json => "json",
            };
            export(client, &id, format).await
        }
    }
}

/// The id that `id` means: `last` is the conversation that was used last; anything else but an id names none.
pub(super) async fn found(client: &Client, id: &str) -> anyhow::Result<String> {
    if id == "last" {
        let page: Page = client
            .json("GET", "/api/v1/conversations?limit=1", None)
            .await?;
        let last = page.conversations.into_iter().next();
        let last = last.context(
            "there is no conversation yet: `virgil ask --conversation new QUESTION` begins one",
        )?;
        return Ok(last.id);
    }
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if !is_id {
        bail!("there is no conversation `{id}`: `virgil conversations list` lists them");
    }
    Ok(id.to_owned())
}

async fn list(client: &Client, limit: usize, as_json: bool) -> anyhow::Result<()> {
    let mut cursor: Option<String> = None;
    let mut left = limit;
    let mut all = Vec::new();
    while left > 0 {
        let mut path = format!("/api/v1/conversations?limit={}", left.min(PAGE));
        if let Some(cursor) = &cursor {
            path.push_str(&format!("&cursor={cursor}"));
        }
        let page: Value = client.json("GET", &path, None).await?;
        let list = page["conversations"].as_array().cloned();
        all.extend(list.unwrap_or_default());
        left = limit.saturating_sub(all.len());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    if as_json {
        let page = json!({ "conversations": all, "next_cursor": cursor });
        say(&serde_json::to_string_pretty(&page)?);
        return Ok(());
    }
    let page = Page {
        conversations: serde_json::from_value(all.into())?,
        next_cursor: cursor,
    };
    if page.conversations.is_empty() {
        say("No conversations yet: `virgil ask --conversation new QUESTION` begins one.");
    }
    for conversation in page.conversations {
        let questions = if conversation.turns == 1 {
            "question"
        } else {
            "questions"
        };
        say(&format!(
            "{}  {}  {} {questions}  {}",
            conversation.id,
            // Seconds are enough.
            conversation.updated_at.get(..19).unwrap_or_default(),
            conversation.turns,
            conversation.title
        ));
    }
    if page.next_cursor.is_some() {
        say("There are more: --limit shows them.");
    }
    Ok(())
}

async fn export(client: &Client, id: &str, format: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/conversations/{id}/export?format={format}");
    let file = client.text("GET", &path).await?;
    say_piece(&file);
    if !file.ends_with('\n') {
        say("");
    }
    Ok(())
}

async fn delete(client: &Client, ids: &[String], all: bool) -> anyhow::Result<()> {
    if all {
        client.nothing("DELETE", "/api/v1/conversations").await?;
        say("All conversations are deleted.");
        return Ok(());
    }
    for id in ids {
        let id = found(client, id).await?;
        let path = format!("/api/v1/conversations/{id}");
        client.nothing("DELETE", &path).await?;
        say(&format!("`{id}` is deleted."));
    }
    Ok(())
}
