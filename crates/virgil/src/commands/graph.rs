//! `virgil list`, `virgil lineage` and `virgil query`: exact answers from what the platform states.

use anyhow::Context;
use serde_json::Value;

use crate::cli::{Lineage, List, Place, Query};
use crate::commands::{session, table};
use crate::environment::say;

pub(super) async fn list(place: &Place, list: &List) -> anyhow::Result<()> {
    let session = session(place).await?;
    let kind = list
        .kind
        .as_ref()
        .map_or(String::new(), |kind| format!("?kind={}", encode(kind)));
    let found: Value = session
        .client
        .json("GET", &format!("/api/v1/entities{kind}"), None)
        .await?;
    if place.json {
        say(&serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    say(&table::answer(&found, &[]));
    Ok(())
}

pub(super) async fn lineage(place: &Place, lineage: &Lineage) -> anyhow::Result<()> {
    let session = session(place).await?;
    let direction = if lineage.downstream {
        "downstream"
    } else {
        "upstream"
    };
    let path = format!(
        "/api/v1/lineage?of={}&direction={direction}&depth={}",
        encode(&lineage.of),
        lineage.depth
    );
    if place.json {
        let found: Value = session.client.json("GET", &path, None).await?;
        say(&serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    let text = session
        .client
        .text("GET", &format!("{path}&format={}", encode(&lineage.format)))
        .await?;
    say(text.trim_end());
    Ok(())
}

pub(super) async fn query(place: &Place, query: &Query) -> anyhow::Result<()> {
    let session = session(place).await?;
    let body: Value = serde_json::from_str(&query.query).context("the query is not JSON")?;
    let found: Value = session
        .client
        .json("POST", "/api/v1/query", Some(&body))
        .await?;
    if place.json {
        say(&serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    let columns = body["columns"].as_array().into_iter().flatten();
    let titles: Vec<String> = columns.map(title).collect();
    say(&table::answer(&found, &titles));
    Ok(())
}

/// What a column of a query is called: its attribute, or what it follows.
fn title(column: &Value) -> String {
    if let Some(name) = column["attribute"].as_str() {
        return name.replace('_', " ");
    }
    let along = &column["linked"]["along"];
    if let Some(name) = along.as_str() {
        return name.to_owned();
    }
    let relations = along["relations"].as_array().into_iter().flatten();
    let names = relations.map(|relation| {
        let name = relation["predicate"]
            .as_str()
            .unwrap_or_default()
            .replace('_', " ");
        match relation["direction"].as_str() {
            Some("backward") => format!("{name} this"),
            _ => name,
        }
    });
    names.collect::<Vec<_>>().join(" or ")
}

/// Percent-encodes everything but RFC 3986 unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
