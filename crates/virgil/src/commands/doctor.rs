//! `virgil doctor`: what is missing, and the command that brings it; which systems and teams nothing maps, and the
//! configuration that would.

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::cli::Place;
use crate::client::Client;
use crate::commands::config;
use crate::data_dir::{DataDir, Ownership};
use crate::environment::say;
use crate::wiring;

/// One thing that was looked at.
struct Check {
    name: &'static str,
    result: anyhow::Result<String>,
}

/// The prompts as a running server has them, or as one would read them here.
async fn prompts(place: &Place) -> anyhow::Result<String> {
    let Ownership::Served(socket) = DataDir::own(&place.data_dir)? else {
        return wiring::try_prompts();
    };
    let client = Client::socket(&socket, None)?;
    let models: serde_json::Value = client.json("GET", "/api/v1/models", None).await?;
    match models["prompts"]["problem"].as_str() {
        Some(problem) => bail!("{problem} (the last good ones stay in use)"),
        None => Ok(format!(
            "the server uses {}",
            models["prompts"]["hash"].as_str().unwrap_or_default()
        )),
    }
}

pub(super) async fn run(place: &Place) -> anyhow::Result<()> {
    let mut checks = Vec::new();
    let configuration = config(place);
    checks.push(Check {
        name: "configuration",
        result: configuration.as_ref().map_or_else(
            |error| Err(anyhow::anyhow!("{error:#}")),
            |config| {
                Ok(format!(
                    "{} sources, {} principals",
                    config.sources.len(),
                    config.access.principals.len()
                ))
            },
        ),
    });
    let ownership = DataDir::own(&place.data_dir);
    let groups = place.groups.as_deref();
    let mut mapping = None;
    match (&configuration, ownership) {
        (_, Err(error)) => checks.push(Check {
            name: "data directory",
            result: Err(error),
        }),
        (_, Ok(Ownership::Served(socket))) => {
            checks.push(Check {
                name: "data directory",
                result: Ok(format!(
                    "a server runs on it and listens at {}",
                    socket.display()
                )),
            });
            mapping = Some(async { fetch(&Client::socket(&socket, groups)?).await }.await);
        }
        (Err(_), Ok(Ownership::Ours(_))) => {
            checks.push(Check {
                name: "data directory",
                result: Ok("free".to_owned()),
            });
        }
        (Ok(config), Ok(Ownership::Ours(data_dir))) => {
            checks.push(Check {
                name: "data directory",
                result: Ok(data_dir.path().display().to_string()),
            });
            checks.push(Check {
                name: "embedding model",
                result: wiring::try_embedder(config, &data_dir),
            });
            if let Some(rerank) = &config.rerank {
                checks.push(Check {
                    name: "reranking model",
                    result: wiring::try_reranker(rerank, config, &data_dir),
                });
            }
            checks.push(Check {
                name: "store",
                result: wiring::try_store(&data_dir).await,
            });
            if checks.iter().all(|check| check.result.is_ok()) {
                let found = async {
                    let platform = wiring::platform(config, &data_dir).await?;
                    fetch(&Client::in_process(virgil_server::local(platform), groups)).await
                };
                mapping = Some(found.await);
            }
        }
    }
    if let Ok(config) = &configuration {
        checks.push(Check {
            name: "gateway",
            result: wiring::try_gateway(config),
        });
    }
    let mapping = match mapping {
        Some(Ok(mapping)) => Some(mapping),
        Some(Err(error)) => {
            checks.push(Check {
                name: "graph",
                result: Err(error),
            });
            None
        }
        None => None,
    };
    checks.push(Check {
        name: "prompts",
        result: prompts(place).await,
    });
    let failed = checks.iter().filter(|check| check.result.is_err()).count();
    if place.json {
        let list: Vec<_> = checks
            .iter()
            .map(|check| match &check.result {
                Ok(detail) => json!({ "check": check.name, "ok": true, "detail": detail }),
                Err(error) => {
                    json!({ "check": check.name, "ok": false, "detail": format!("{error:#}") })
                }
            })
            .collect();
        let whole = json!({ "checks": list, "mapping": mapping });
        say(&serde_json::to_string_pretty(&whole)?);
    } else {
        for check in &checks {
            match &check.result {
                Ok(detail) => say(&format!("ok       {}: {detail}", check.name)),
                Err(error) => say(&format!("missing  {}: {error:#}", check.name)),
            }
        }
        if let Some(mapping) = &mapping {
            show(mapping);
        }
    }
    ensure!(failed == 0, "{failed} of {} checks failed", checks.len());
    Ok(())
}

async fn fetch(client: &Client) -> anyhow::Result<Value> {
    client.json("GET", "/api/v1/mapping", None).await
}

/// Prints what is not mapped, what could be, and what statements disagree on.
fn show(mapping: &Value) {
    let list = |name: &str| mapping[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| {
        let items = value.as_array().cloned().unwrap_or_default();
        items.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    for system in list("systems") {
        let (mark, what) = match system["standing"].as_str() {
            Some("configured") => ("ok      ", "system"),
            Some("platform_only") => ("unmapped", "platform without a system"),
            Some("source_only") => ("unmapped", "tables without a system in the files of source"),
            _ => ("unmapped", "system"),
        };
        say(&format!(
            "{mark} {what} `{}` ({}): {} tables, such as {}",
            text(&system["name"]),
            text(&system["platform"]),
            system["tables"],
            texts(&system["examples"])
        ));
    }
    for sole in list("sole_system") {
        say(&format!(
            "note     {} joins hold only while `{}` is the only system of its platform, such as {}",
            sole["joins"],
            text(&sole["system"]),
            texts(&sole["examples"][0]).replace(", ", " = ")
        ));
    }
    for conflict in list("conflicts") {
        say(&format!("conflict {}", describe(&conflict)));
        for place in conflict["places"].as_array().into_iter().flatten() {
            say(&format!(
                "           {}/{}:{}",
                text(&place["source"]),
                text(&place["path"]),
                place["start_line"]
            ));
        }
    }
    for proposal in list("proposals").iter().chain(&list("teams")) {
        say(&format!(
            "\nproposal: {}: {}, such as {}. If they are one, paste this into ingest-config/systems.yaml:",
            text(&proposal["why"]),
            proposal["count"],
            texts(&proposal["examples"])
        ));
        say(text(&proposal["yaml"]).trim_end());
    }
}

fn describe(conflict: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let both = |pair: &Value| format!("`{}` and `{}`", text(&pair[0]), text(&pair[1]));
    let all = |values: &Value| {
        let values = values.as_array().cloned().unwrap_or_default();
        values.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    match conflict["conflict"].as_str() {
        Some("kinds") => format!(
            "`{}` is said to be several kinds of thing: {}",
            text(&conflict["key"]),
            all(&conflict["kinds"])
        ),
        Some("keys") => format!(
            "{} are said to be one thing, which would join {}",
            both(&conflict["link"]),
            both(&conflict["keys"])
        ),
        Some("linked_kinds") => format!(
            "{} are said to be one thing, but are {}",
            both(&conflict["link"]),
            both(&conflict["kinds"])
        ),
        _ => format!(
            "`{}` points at several things: {}",
            text(&conflict["key"]),
            all(&conflict["candidates"])
        ),
    }
}
