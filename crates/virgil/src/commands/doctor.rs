//! `virgil doctor`: what is missing, and the command that brings it.

use anyhow::ensure;
use serde_json::json;

use crate::cli::Place;
use crate::commands::config;
use crate::data_dir::{DataDir, Ownership};
use crate::environment::say;
use crate::wiring;

/// One thing that was looked at.
struct Check {
    name: &'static str,
    result: anyhow::Result<String>,
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
    match (&configuration, ownership) {
        (_, Err(error)) => checks.push(Check {
            name: "data directory",
            result: Err(error),
        }),
        (_, Ok(Ownership::Served(socket))) => checks.push(Check {
            name: "data directory",
            result: Ok(format!(
                "a server runs on it and listens at {}",
                socket.display()
            )),
        }),
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
            checks.push(Check {
                name: "store",
                result: wiring::try_store(&data_dir).await,
            });
        }
    }
    if let Ok(config) = &configuration {
        checks.push(Check {
            name: "gateway",
            result: wiring::try_gateway(config),
        });
    }
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
        say(&serde_json::to_string_pretty(&list)?);
    } else {
        for check in &checks {
            match &check.result {
                Ok(detail) => say(&format!("ok       {}: {detail}", check.name)),
                Err(error) => say(&format!("missing  {}: {error:#}", check.name)),
            }
        }
    }
    ensure!(failed == 0, "{failed} of {} checks failed", checks.len());
    Ok(())
}
