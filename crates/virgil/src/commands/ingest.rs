//! `virgil ingest`: brings sources up to date, with a bar on a terminal and plain lines in a log.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::{Ingest, Place};
use crate::client::{Client, path_part};
use crate::commands::{config, session};
use crate::environment::say;

/// How often a log gets a line while a sync runs.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(place: &Place, ingest: &Ingest) -> anyhow::Result<()> {
    let session = session(place).await?;
    let names = names(place, ingest, &session.client).await?;
    anyhow::ensure!(
        !names.is_empty(),
        "there is nothing to read: name a path or git URL, or write a configuration with `virgil init`"
    );
    let mut failures = Vec::new();
    for Named { name, is_new } in names {
        if let Err(error) = sync(place, &session.client, &name).await {
            failures.push(format!("{name}: {error:#}"));
            if is_new {
                forget_empty(&session.client, &name).await?;
            }
        }
    }
    anyhow::ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// A source to bring up to date, and whether this command added it.
struct Named {
    name: String,
    is_new: bool,
}

/// A place that could not be read at all leaves no source behind.
async fn forget_empty(client: &Client, name: &str) -> anyhow::Result<()> {
    let listed: Value = client.json("GET", "/api/v1/sources", None).await?;
    let sources = listed["sources"].as_array().into_iter().flatten();
    for source in sources.filter(|source| source["name"] == name && source["files"] == 0) {
        if source["synced_at"].is_null() {
            let path = format!("/api/v1/sources/{}", path_part(name)?);
            client.nothing("DELETE", &path).await?;
        }
    }
    Ok(())
}

/// The sources to bring up to date. What is not the name of one is a place, and becomes one.
async fn names(place: &Place, ingest: &Ingest, client: &Client) -> anyhow::Result<Vec<Named>> {
    let configured: Vec<String> = config(place)?
        .sources
        .into_iter()
        .map(|source| source.name)
        .collect();
    let listed: Value = client.json("GET", "/api/v1/sources", None).await?;
    let listed = listed["sources"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let (orphaned, stored): (Vec<&Value>, Vec<&Value>) =
        listed.iter().partition(|source| source["orphaned"] == true);
    let name = |source: &&Value| source["name"].as_str().map(str::to_owned);
    let stored: Vec<String> = stored.iter().filter_map(name).collect();
    let known = |name: String| Named {
        name,
        is_new: false,
    };
    if ingest.what.is_empty() {
        for name in orphaned.iter().filter_map(name) {
            say(&format!(
                "{name}: the configuration no longer names it, so it is left as it is: `virgil sources --remove {name}` forgets it"
            ));
        }
        let added = stored.into_iter().filter(|name| !configured.contains(name));
        let added: Vec<String> = added.collect();
        return Ok(configured.into_iter().chain(added).map(known).collect());
    }
    let mut names = Vec::new();
    for what in &ingest.what {
        if configured.contains(what) || stored.contains(what) {
            names.push(known(what.clone()));
            continue;
        }
        // A relative path means this directory, not the one that a running server happens to be in.
        let location = match std::path::Path::new(what).canonicalize() {
            Ok(path) => path.display().to_string(),
            Err(_) => what.clone(),
        };
        let body = json!({
            "location": location,
            "name": ingest.name,
            "branch": ingest.branch,
            "token_env": ingest.token_env,
        });
        let added: Value = client.json("POST", "/api/v1/sources", Some(&body)).await?;
        let name = added["name"].as_str().unwrap_or_default().to_owned();
        let is_new = !stored.contains(&name);
        names.push(Named { name, is_new });
    }
    Ok(names)
}

async fn sync(place: &Place, client: &Client, name: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/sources/{}/sync", path_part(name)?);
    let bar = bar(name, place.json);
    let started = Instant::now();
    let mut last_line = Instant::now();
    let mut finished = None;
    client
        .events("POST", &path, None, |event, data| {
            if event == "finished" {
                finished = Some(data);
                return Ok(());
            }
            if let Some(total) = data["total"].as_u64() {
                bar.set_length(total);
            }
            bar.set_position(data["seen"].as_u64().unwrap_or_default());
            bar.set_message(format!("{} chunks", data["chunks"]));
            if bar.is_hidden() && !place.json && last_line.elapsed() >= LINE_EVERY {
                last_line = Instant::now();
                let total = data["total"]
                    .as_u64()
                    .map_or(String::new(), |total| format!(" of {total}"));
                say(&format!(
                    "{name}: {}{total} seen, {} chunks",
                    data["seen"], data["chunks"]
                ));
            }
            Ok(())
        })
        .await?;
    bar.finish_and_clear();
    let Some(finished) = finished else {
        anyhow::bail!("the sync broke off")
    };
    if let Some(error) = finished["error"].as_str() {
        anyhow::bail!("{error}");
    }
    if place.json {
        let mut line = finished;
        line["source"] = name.into();
        say(&line.to_string());
        return Ok(());
    }
    summary(client, name, &finished, started.elapsed()).await
}

/// The numbers of a sync, and what could not be read and why.
async fn summary(
    client: &Client,
    name: &str,
    numbers: &Value,
    took: Duration,
) -> anyhow::Result<()> {
    let skipped: Vec<String> = numbers["skipped"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(reason, count)| format!("{count} {}", reason.replace('_', " ")))
        .collect();
    let skipped = if skipped.is_empty() {
        String::new()
    } else {
        format!(", skipped: {}", skipped.join(", "))
    };
    say(&format!(
        "{name}: {} read, {} unchanged, {} gone, {} failed{skipped}; {} chunks written ({} embedded, {} known), {} secrets \
         taken out; {:.1} s",
        numbers["read"],
        numbers["unchanged"],
        numbers["gone"],
        numbers["failed"],
        numbers["chunks"],
        numbers["embedded"],
        numbers["cached"],
        numbers["redacted"],
        took.as_secs_f64()
    ));
    if numbers["failed"].as_u64().unwrap_or_default() > 0 {
        let found: Value = client
            .json("GET", &format!("/api/v1/sources/{name}/problems"), None)
            .await?;
        let failed = found["problems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|problem| problem["kind"] == "failed");
        for problem in failed.take(20) {
            say(&format!(
                "  {}: {}",
                problem["path"].as_str().unwrap_or_default(),
                problem["message"].as_str().unwrap_or_default()
            ));
        }
    }
    Ok(())
}

fn bar(name: &str, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} files, {msg}, {elapsed}")
            .expect("the template is valid");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(style)
        .with_prefix(name.to_owned())
}
