//! `virgil list`, `virgil lineage` and `virgil query`: exact answers from what the platform states.

use anyhow::Context;
use serde_json::Value;

use crate::cli::{Lineage, List, Place, Query};
use crate::commands::session;
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
    print_rows(&found);
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
    print_rows(&found);
    for group in found["groups"].as_array().into_iter().flatten() {
        say(&format!(
            "{:>6}  {}",
            group["count"],
            group["value"].as_str().unwrap_or("(none)")
        ));
    }
    for path in found["paths"].as_array().into_iter().flatten() {
        let edges = path["edges"].as_array().into_iter().flatten();
        let steps: Vec<String> = edges
            .map(|edge| {
                let name = |end: &str| edge[end]["name"].as_str().unwrap_or_default().to_owned();
                format!(
                    "{} {} {}",
                    name("subject"),
                    edge["predicate"].as_str().unwrap_or_default(),
                    name("object")
                )
            })
            .collect();
        say(&steps.join("; "));
    }
    Ok(())
}

fn print_rows(found: &Value) {
    let rows = found["rows"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let place = row["mentions"]
            .get(0)
            .map_or(String::from("(only referred to)"), |place| {
                format!(
                    "{}/{}:{}",
                    place["source"].as_str().unwrap_or_default(),
                    place["path"].as_str().unwrap_or_default(),
                    place["start_line"]
                )
            });
        say(&format!(
            "{:<18} {:<40} {place}",
            text("kind"),
            text("name")
        ));
    }
    let why = found["completeness"]["completeness"]
        .as_str()
        .unwrap_or("exact")
        .replace('_', " ");
    say(&format!("{} of {}; {why}.", rows.len(), found["total"]));
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
