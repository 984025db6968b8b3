//! The gateway's part of the configuration: how to reach it, which models may be chosen, what they may cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use secrecy::SecretString;
use virgil_answer::{Budgets, CacheLimits, ModelChoice, Prices};
use virgil_gateway::{Accounting, PrincipalAs, Settings, TagsIn};
use virgil_store::SpendingLimits;

use super::written;

/// The AI gateway and its models.
#[derive(Debug, Clone)]
pub(crate) struct GatewayConfig {
    /// How to reach it.
    pub(crate) settings: Settings,
    /// The models that may be chosen.
    pub(crate) models: Vec<ModelChoice>,
    /// The name of the one that answers when none is chosen.
    pub(crate) model: String,
}

/// The most tokens of an answer, unless configured.
const MAX_TOKENS: u32 = 1_000;

pub(super) fn gateway(
    written: Option<written::Gateway>,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Option<GatewayConfig>> {
    let written = written.unwrap_or_default();
    let Some(url) = environment("VIRGIL_GATEWAY__URL").or(written.url) else {
        return Ok(None);
    };
    let key_env = written
        .key_env
        .unwrap_or_else(|| "VIRGIL_GATEWAY__KEY".to_owned());
    let key = environment(&key_env)
        .filter(|key| !key.is_empty())
        .map(SecretString::from);
    let first = written.models.first().map(|model| model.name.clone());
    let model = environment("VIRGIL_GATEWAY__MODEL")
        .or(written.model)
        .or(first)
        .context(
            "a gateway is configured without a model: set gateway.model or VIRGIL_GATEWAY__MODEL",
        )?;
    let mut listed = written.models;
    if listed.is_empty() {
        listed.push(written::Model {
            name: model.clone(),
            ..written::Model::default()
        });
    }
    let models = models(listed, written.max_tokens.unwrap_or(MAX_TOKENS))?;
    ensure!(
        models.iter().any(|choice| choice.name == model),
        "gateway.model: `{model}` is not among gateway.models: add it there, or name one that is"
    );

    let mut settings = Settings::new(url, key);
    settings.headers = written.headers.into_iter().collect();
    settings.accounting = Accounting {
        principal: match written.principal.as_deref() {
            None | Some("name") => PrincipalAs::Name,
            Some("pseudonym") => PrincipalAs::Pseudonym,
            Some("nothing") => PrincipalAs::Nothing,
            Some(other) => bail!(
                "gateway.principal: `{other}` is not known: use `name`, `pseudonym` or `nothing`"
            ),
        },
        tags: written.tags,
        tags_in: match written.tags_in.as_deref() {
            None | Some("header") => TagsIn::Header,
            Some("metadata") => TagsIn::Metadata,
            Some(other) => {
                bail!("gateway.tags_in: `{other}` is not known: use `header` or `metadata`")
            }
        },
    };
    ensure!(
        settings.accounting.principal != PrincipalAs::Pseudonym || settings.key.is_some(),
        "gateway.principal: a pseudonym is made with the gateway's key: set `{key_env}`"
    );
    if let Some(tag) = settings
        .accounting
        .tags
        .iter()
        .find(|tag| tag.is_empty() || !tag.chars().all(|c| c.is_ascii_graphic() && c != ','))
    {
        bail!(
            "gateway.tags: `{tag}` is not a tag: use letters, digits and signs without spaces and commas"
        );
    }
    for (name, written, slot) in [
        (
            "connect_timeout_ms",
            written.connect_timeout_ms,
            &mut settings.connect_timeout,
        ),
        (
            "first_token_timeout_ms",
            written.first_token_timeout_ms,
            &mut settings.first_token_timeout,
        ),
        (
            "idle_timeout_ms",
            written.idle_timeout_ms,
            &mut settings.idle_timeout,
        ),
        (
            "total_timeout_ms",
            written.total_timeout_ms,
            &mut settings.total_timeout,
        ),
    ] {
        if let Some(milliseconds) = written {
            ensure!(
                (1..=3_600_000).contains(&milliseconds),
                "gateway.{name}: from 1 to 3,600,000 (an hour), not {milliseconds}"
            );
            *slot = Duration::from_millis(milliseconds);
        }
    }
    settings.retries = written.retries.unwrap_or(settings.retries);
    ensure!(
        settings.retries <= 5,
        "gateway.retries: at most 5, not {}",
        settings.retries
    );
    Ok(Some(GatewayConfig {
        settings,
        models,
        model,
    }))
}

fn models(listed: Vec<written::Model>, max_tokens: u32) -> anyhow::Result<Vec<ModelChoice>> {
    let mut gateway_names = BTreeMap::new();
    for model in &listed {
        ensure!(
            !model.name.trim().is_empty(),
            "gateway.models: a model has no name"
        );
        let gateway_name = model.gateway_name.as_ref().unwrap_or(&model.name).clone();
        ensure!(
            gateway_names
                .insert(model.name.clone(), gateway_name)
                .is_none(),
            "gateway.models: `{}` stands there twice: rename one",
            model.name
        );
    }
    let mut models = Vec::with_capacity(listed.len());
    for model in listed {
        let name = model.name;
        let mut asked = vec![gateway_names[&name].clone()];
        let mut seen = BTreeSet::from([name.clone()]);
        for fall_back in model.fall_backs {
            let gateway_name = gateway_names.get(&fall_back).with_context(|| {
                let known: Vec<&str> = gateway_names.keys().map(String::as_str).collect();
                format!(
                    "gateway.models: the fall-back `{fall_back}` of `{name}` is not among them (there are: {})",
                    known.join(", ")
                )
            })?;
            ensure!(
                seen.insert(fall_back.clone()),
                "gateway.models: `{name}` falls back to `{fall_back}` more than once, or to itself"
            );
            asked.push(gateway_name.clone());
        }
        let max_tokens = model.max_tokens.unwrap_or(max_tokens);
        ensure!(
            max_tokens > 0,
            "gateway: max_tokens of `{name}` is 0: no answer fits"
        );
        let prices = match (
            model.prompt_usd_per_million_tokens,
            model.completion_usd_per_million_tokens,
        ) {
            (None, None) => None,
            (Some(prompt_usd), Some(completion_usd)) => {
                for price in [prompt_usd, completion_usd] {
                    ensure!(
                        price.is_finite() && price >= 0.0,
                        "gateway.models: {price} is no price of `{name}`"
                    );
                }
                Some(Prices {
                    prompt_usd,
                    completion_usd,
                })
            }
            _ => bail!(
                "gateway.models: `{name}` has one price only: give prompt_usd_per_million_tokens and completion_usd_per_million_tokens"
            ),
        };
        models.push(ModelChoice {
            name,
            gateway_names: asked,
            max_tokens,
            tools: model.tools,
            prices,
        });
    }
    Ok(models)
}

pub(super) fn budgets(
    written: written::Budgets,
    gateway: Option<&GatewayConfig>,
) -> anyhow::Result<Budgets> {
    let many = |of: BTreeMap<String, written::Limits>, place: &str| {
        of.into_iter()
            .map(|(name, written)| {
                let limits = limits(&written, &format!("{place}.{name}"), gateway)?;
                Ok((name, limits))
            })
            .collect::<anyhow::Result<BTreeMap<_, _>>>()
    };
    Ok(Budgets {
        default: limits(
            &written.default.unwrap_or_default(),
            "budgets.default",
            gateway,
        )?,
        groups: many(written.groups, "budgets.groups")?,
        principals: many(written.principals, "budgets.principals")?,
    })
}

fn limits(
    written: &written::Limits,
    place: &str,
    gateway: Option<&GatewayConfig>,
) -> anyhow::Result<SpendingLimits> {
    let nano_usd = |usd: Option<f64>| -> anyhow::Result<Option<u64>> {
        let Some(usd) = usd else { return Ok(None) };
        ensure!(
            usd.is_finite() && (0.0..=1e9).contains(&usd),
            "{place}: {usd} is no amount of US dollars"
        );
        // Without a price nothing can be reserved before a call, and the gateway would have to be trusted.
        if let Some(model) = gateway
            .into_iter()
            .flat_map(|gateway| &gateway.models)
            .find(|model| model.prices.is_none())
        {
            bail!(
                "{place}: a budget in US dollars needs the prices of every model: give `{}` in gateway.models prompt_usd_per_million_tokens and completion_usd_per_million_tokens",
                model.name
            );
        }
        // In range, as was checked.
        Ok(Some((usd * 1e9).round() as u64))
    };
    Ok(SpendingLimits {
        tokens_per_day: written.tokens_per_day,
        tokens_per_month: written.tokens_per_month,
        nano_usd_per_day: nano_usd(written.usd_per_day)?,
        nano_usd_per_month: nano_usd(written.usd_per_month)?,
    })
}

pub(super) fn prompt_tokens(written: written::Prompt) -> anyhow::Result<usize> {
    let max_tokens = written.max_tokens.unwrap_or(virgil_answer::PROMPT_TOKENS);
    // Below, the rules and a long question leave no room; above, models lose what stands in the middle.
    ensure!(
        (1_500..=200_000).contains(&max_tokens),
        "prompt.max_tokens: from 1,500 to 200,000, not {max_tokens}"
    );
    Ok(max_tokens)
}

pub(super) fn answer_cache(written: written::AnswerCache) -> CacheLimits {
    let usual = CacheLimits::default();
    CacheLimits {
        max_entries: written.max_entries.unwrap_or(usual.max_entries),
        max_bytes: written.max_bytes.unwrap_or(usual.max_bytes),
        max_age: written
            .max_age_seconds
            .map_or(usual.max_age, Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn load(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("virgil.yaml"), text).expect("a file");
        let key = |name: &str| (name == "VIRGIL_GATEWAY__KEY").then(|| "sk-1".to_owned());
        Config::load(Path::new(folder.path()), true, key)
    }

    const MODELS: &str = "gateway:
  url: https://gateway.example/v1
  models:
  - {name: quick, gateway_name: vendor/small-1, fall_backs: [careful], prompt_usd_per_million_tokens: 0.1, completion_usd_per_million_tokens: 0.4}
  - {name: careful, max_tokens: 4000, tools: true, prompt_usd_per_million_tokens: 3, completion_usd_per_million_tokens: 15}
";

    #[test]
    fn models_have_names_of_their_own() {
        let gateway = load(MODELS).expect("valid").gateway.expect("a gateway");
        assert_eq!(gateway.model, "quick", "the first one answers");
        assert_eq!(
            gateway.models[0].gateway_names,
            ["vendor/small-1", "careful"]
        );
        assert_eq!(
            (gateway.models[0].max_tokens, gateway.models[1].max_tokens),
            (1_000, 4_000)
        );
        assert!(gateway.models[1].tools && !gateway.models[0].tools);
        let one = load("gateway: {url: 'https://g.example/v1', model: small}").expect("valid");
        assert_eq!(
            one.gateway.expect("a gateway").models[0].gateway_names,
            ["small"]
        );
    }

    #[test]
    fn budgets_are_read() {
        let text = format!(
            "{MODELS}budgets:\n  default: {{usd_per_day: 0.5}}\n  groups: {{risk: {{tokens_per_month: 7}}}}\n"
        );
        let budgets = load(&text).expect("valid").budgets;
        assert_eq!(budgets.default.nano_usd_per_day, Some(500_000_000));
        assert_eq!(budgets.groups["risk"].tokens_per_month, Some(7));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        for (text, expect) in [
            ("gateway: {url: x}".to_owned(), "without a model"),
            (format!("{MODELS}  model: other\n"), "`other` is not among gateway.models"),
            (MODELS.replace("[careful]", "[careless]"), "`careless`"),
            (MODELS.replace("[careful]", "[quick]"), "to itself"),
            (MODELS.replace("name: careful", "name: quick"), "twice"),
            (MODELS.replace(", completion_usd_per_million_tokens: 15", ""), "one price only"),
            (format!("{MODELS}  principal: x\n"), "gateway.principal"),
            (format!("{MODELS}  tags: ['a b']\n"), "gateway.tags"),
            (format!("{MODELS}  tags_in: body\n"), "gateway.tags_in"),
            (format!("{MODELS}  first_token_timeout_ms: 0\n"), "first_token_timeout_ms"),
            (format!("{MODELS}  retries: 50\n"), "gateway.retries"),
            ("prompt: {max_tokens: 100}".to_owned(), "prompt.max_tokens"),
            (
                "gateway: {url: 'https://g.example/v1', model: small}\nbudgets: {default: {usd_per_day: 1}}".to_owned(),
                "needs the prices of every model",
            ),
            (format!("{MODELS}budgets: {{principals: {{ada: {{usd_per_day: -1}}}}}}\n"), "budgets.principals.ada"),
        ] {
            let error = format!("{:#}", load(&text).expect_err("refused"));
            assert!(error.contains(expect), "{text}\n{error}");
        }
    }
}
