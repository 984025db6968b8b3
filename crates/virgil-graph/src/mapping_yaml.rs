//! Proposals of the mapping as YAML that the configuration takes.

use std::collections::BTreeSet;

use virgil_model::Key;

/// One of the names that a proposal joins.
pub(crate) struct Spelling {
    /// The system's name, or how formats spell it.
    pub(crate) name: String,
    pub(crate) is_configured: bool,
    /// Where only the platform is known, the dbt projects whose relations are meant.
    pub(crate) dbt_projects: BTreeSet<String>,
    pub(crate) schema: Option<String>,
    pub(crate) paths: Vec<String>,
}

/// An entry of `systems` that joins the spellings; what a configured system has already is not repeated.
pub(crate) fn system_yaml(platform: &str, spellings: &[Spelling]) -> String {
    let configured = spellings.iter().find(|one| one.is_configured);
    let name = configured.map_or_else(|| new_name(platform, spellings), |one| one.name.clone());
    let mut yaml = match configured {
        Some(_) => format!("systems:\n  {name}:  # add to the entry that is there\n"),
        None => format!("systems:\n  {name}:  # give it your own name\n    platform: {platform}\n"),
    };
    let mut lines: Vec<(&str, String)> = Vec::new();
    for one in spellings {
        for project in &one.dbt_projects {
            lines.push(("dbt", quoted(project)));
        }
        if let Some(schema) = &one.schema {
            yaml.push_str(&format!("    schema: {}\n", quoted(schema)));
        }
        for path in &one.paths {
            lines.push(("paths", quoted(path)));
        }
        let said = !one.dbt_projects.is_empty();
        if !one.is_configured && !said {
            lines.push(spelled(platform, &one.name));
        }
    }
    for field in [
        "openlineage",
        "dbt",
        "datahub",
        "openmetadata",
        "names",
        "paths",
    ] {
        let values: Vec<&str> = lines
            .iter()
            .filter(|(of, _)| *of == field)
            .map(|(_, value)| value.as_str())
            .collect();
        if !values.is_empty() {
            yaml.push_str(&format!("    {field}: [{}]\n", values.join(", ")));
        }
    }
    yaml
}

/// An entry of `teams` that joins the keys.
pub(crate) fn team_yaml(name: &str, keys: &[Key]) -> String {
    let mut yaml = format!("teams:\n  {name}:\n");
    for field in [
        "backstage",
        "codeowners",
        "labels",
        "dbt",
        "openlineage",
        "owners",
    ] {
        let values: Vec<String> = keys
            .iter()
            .filter_map(|key| team_spelling(key).filter(|(of, _)| *of == field))
            .map(|(_, value)| quoted(&value))
            .collect();
        if !values.is_empty() {
            yaml.push_str(&format!("    {field}: [{}]\n", values.join(", ")));
        }
    }
    yaml
}

/// Under which field a spelling of a system is written, and how.
fn spelled(platform: &str, spelling: &str) -> (&'static str, String) {
    if spelling.contains("://") || spelling.contains(":/") {
        return ("openlineage", quoted(spelling));
    }
    let parts: Vec<&str> = spelling.split(':').collect();
    let (of, instance, environment) = match parts.as_slice() {
        ["openmetadata", service] => return ("openmetadata", quoted(service)),
        [of, environment] => (of, None, environment),
        [of, instance, environment] => (of, Some(instance), environment),
        _ => return ("names", quoted(spelling)),
    };
    let mut fields = Vec::new();
    if *of != platform {
        fields.push(format!("platform: {}", quoted(of)));
    }
    if let Some(instance) = instance {
        fields.push(format!("instance: {}", quoted(instance)));
    }
    fields.push(format!("environment: {}", quoted(environment)));
    ("datahub", format!("{{{}}}", fields.join(", ")))
}

/// Under which field a key of a team is written, and how.
fn team_spelling(key: &Key) -> Option<(&'static str, String)> {
    let (system, name) = key.value.split_once('/')?;
    match (key.scheme.as_str(), system) {
        ("backstage", "default") => Some(("backstage", name.to_owned())),
        ("team", "forge") => Some(("codeowners", format!("@{name}"))),
        ("team", "label") => Some(("labels", name.to_owned())),
        ("team", "openlineage") => Some(("openlineage", format!("team:{name}"))),
        ("owner", "openlineage") => Some(("openlineage", name.to_owned())),
        ("owner", _) => Some(("owners", key.value.clone())),
        ("dbt", _) => Some(("dbt", name.strip_prefix("group.")?.to_owned())),
        _ => None,
    }
}

/// A name for a system that has none: what its spellings say besides the platform.
fn new_name(platform: &str, spellings: &[Spelling]) -> String {
    let host = spellings.iter().find_map(|one| {
        let rest = one.name.split_once("://").map_or_else(
            || one.name.split_once(':').map(|(_, rest)| rest),
            |(_, rest)| Some(rest),
        )?;
        let word: String = rest
            .trim_start_matches(['/', ':'])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        (!word.is_empty()).then_some(word)
    });
    host.unwrap_or_else(|| format!("my-{platform}"))
}

/// JSON texts are YAML texts.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_written_in_its_own_field() {
        let spelling = |name: &str, dbt: &[&str]| Spelling {
            name: name.to_owned(),
            is_configured: false,
            dbt_projects: dbt.iter().map(|one| (*one).to_owned()).collect(),
            schema: None,
            paths: Vec::new(),
        };
        let spellings = [
            spelling("snowflake://acme", &[]),
            spelling("snowflake", &["shop"]),
            spelling("snowflake:acme:PROD", &[]),
            spelling("snowflake:DEV", &[]),
            spelling("openmetadata:sf_service", &[]),
            spelling("warehouse", &[]),
        ];
        assert_eq!(
            system_yaml("snowflake", &spellings),
            r#"systems:
  acme:  # give it your own name
    platform: snowflake
    openlineage: ["snowflake://acme"]
    dbt: ["shop"]
    datahub: [{instance: "acme", environment: "PROD"}, {environment: "DEV"}]
    openmetadata: ["sf_service"]
    names: ["warehouse"]
"#
        );
    }
}
