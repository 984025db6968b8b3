//! How typed formats name things, so that two formats that mean one thing write one key.
//!
//! A table is `table:{system}/{database.schema.name}`, a file or folder of a bucket `uri:…`, a column its
//! table with `#column`. A [`virgil_model::KeyClass::Pointer`] in a [`virgil_model::Says::Same`] says what it
//! points at now; it never merges things.

use virgil_model::{Key, KeyClass, Kind};

/// The system of MLflow keys: exports and URIs do not name their server.
const MLFLOW: &str = "mlflow";

/// The source that holds the asset; derivation puts the source's own key in its place.
pub(crate) fn this_source() -> Key {
    Key {
        class: KeyClass::Scoped,
        scheme: "source".to_owned(),
        value: ".".to_owned(),
    }
}

/// A file of the source that holds the asset.
pub(crate) fn file(path: &str) -> Key {
    Key::scoped("file", ".", path.trim_start_matches("./"))
}

/// The path that `relative` means in the file at `path`; it never leaves the source.
pub(crate) fn beside(path: &str, relative: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if relative.starts_with('/') {
        ""
    } else {
        folder
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// An e-mail address, of a person or a team.
pub(crate) fn email(address: &str) -> Key {
    Key::global("email", address.trim().to_lowercase())
}

/// Whether a text looks like an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

/// An entity of a Backstage catalogue, by its full reference such as `component:default/web`.
pub(crate) fn backstage(reference: &str) -> Key {
    Key::scoped("backstage", "default", &reference.to_lowercase())
}

/// A table of a system, such as `shop.public.orders` of `postgres://db:5432`.
pub(crate) fn table(system: &str, name: &str) -> Key {
    Key::scoped("table", system.trim_end_matches('/'), name)
}

/// A column of a table or of a dataset with a URI; parts of other things, such as the features of a view, have
/// a scheme of their own, because only tables and URIs have columns by their key alone.
pub(crate) fn column(table: &Key, column: &str) -> Key {
    let scheme = match table.scheme.as_str() {
        "table" | "uri" => "column".to_owned(),
        scheme => format!("{scheme}_column"),
    };
    Key {
        class: table.class,
        scheme,
        value: format!("{}#{column}", table.value),
    }
}

/// A dataset by the OpenLineage naming rules: a URI where the namespace is a bucket or a file system.
pub(crate) fn dataset(namespace: &str, name: &str) -> Key {
    let scheme = namespace.split(':').next().unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        _ if is_uri(name) => uri(name),
        "file" => uri(&format!("file:///{}", name.trim_start_matches('/'))),
        "s3" | "s3a" | "s3n" | "gs" | "gcs" | "abfss" | "abfs" | "wasbs" | "wasb" | "hdfs"
        | "dbfs" | "oss" | "adl" => uri(&format!(
            "{}/{}",
            namespace.trim_end_matches('/'),
            name.trim_start_matches('/')
        )),
        _ => table(namespace, name),
    }
}

/// Whether a text begins with a scheme and `://`.
pub(crate) fn is_uri(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'-')
    })
}

/// What a URI names: `s3a` and `s3n` are `s3`, a slash at the end says nothing, and MLflow's own
/// `runs:/` and `models:/` become its keys.
pub(crate) fn uri(text: &str) -> Key {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("models:/") {
        return mlflow_reference(rest.trim_start_matches('/'));
    }
    if let Some(rest) = text.strip_prefix("runs:/") {
        return Key::scoped("run_artifact", MLFLOW, rest.trim_matches('/'));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Key::global("uri", text.trim_end_matches('/'));
    };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "s3a" | "s3n" => "s3".to_owned(),
        "gcs" => "gs".to_owned(),
        scheme => scheme.to_owned(),
    };
    Key::global("uri", format!("{scheme}://{}", rest.trim_end_matches('/')))
}

/// The end of a `models:/` URI: a logged model, a version, an alias or a stage.
fn mlflow_reference(rest: &str) -> Key {
    match (rest.split_once('@'), rest.split_once('/')) {
        (Some((model, alias)), _) => mlflow_alias(model, alias),
        (None, Some((model, version))) if version.bytes().all(|byte| byte.is_ascii_digit()) => {
            mlflow_version(model, version)
        }
        (None, Some((model, stage))) => mlflow_alias(model, stage),
        (None, None) => mlflow_logged(rest),
    }
}

/// A model of an MLflow registry.
pub(crate) fn mlflow_model(name: &str) -> Key {
    Key::scoped("model", MLFLOW, name)
}

/// A version of a model of an MLflow registry.
pub(crate) fn mlflow_version(model: &str, version: &str) -> Key {
    Key::scoped("model_version", MLFLOW, &format!("{model}/{version}"))
}

/// An alias or a stage of a model of an MLflow registry, which only points at a version.
pub(crate) fn mlflow_alias(model: &str, alias: &str) -> Key {
    Key::pointer("model_alias", format!("{MLFLOW}/{model}@{alias}"))
}

/// A model that a run logged, by its identifier.
pub(crate) fn mlflow_logged(id: &str) -> Key {
    Key::scoped("logged_model", MLFLOW, id)
}

/// A run of MLflow.
pub(crate) fn mlflow_run(id: &str) -> Key {
    Key::scoped("run", MLFLOW, id)
}

/// An experiment of MLflow.
pub(crate) fn mlflow_experiment(id: &str) -> Key {
    Key::scoped("experiment", MLFLOW, id)
}

/// An experiment of MLflow by its name, which is unique in a server.
pub(crate) fn mlflow_experiment_name(name: &str) -> Key {
    Key::scoped("experiment_name", MLFLOW, name)
}

/// A dashboard of Grafana by its identifier.
pub(crate) fn grafana_dashboard(uid: &str) -> Key {
    Key::scoped("dashboard", "grafana", uid)
}

/// A repository by the address it is cloned or browsed at, as `host/group/name`; `None` for no such address.
pub(crate) fn repository(address: &str) -> Option<Key> {
    let address = address.trim().trim_start_matches("git+");
    let rest = match address.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        // The short form of SSH: git@host:group/name.git
        None => address.split_once('@')?.1.replacen(':', "/", 1),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next().unwrap_or_default().to_lowercase();
    // What follows is a place inside the repository.
    let path = [
        "/-/", "/tree/", "/blob/", "/src/", "/raw/", "/edit/", "/commit/",
    ]
    .iter()
    .fold(path, |path, marker| {
        path.split_once(marker).map_or(path, |(path, _)| path)
    });
    let path = path.trim_matches('/').trim_end_matches(".git");
    (host.contains('.') && path.contains('/'))
        .then(|| Key::global("repository", format!("{host}/{path}")))
}

/// A repository that is only known as `group/name` of some forge.
pub(crate) fn repository_slug(slug: &str) -> Key {
    Key::scoped("repository", "forge", &slug.to_lowercase())
}

/// An owner as forges write it: `@group/team`, `@user` or an e-mail address, with its kind if that is known.
pub(crate) fn forge_owner(text: &str) -> Option<(Option<Kind>, Key)> {
    match text.strip_prefix('@') {
        Some("") => None,
        Some(name) => {
            let name = name.to_lowercase();
            Some(if name.contains('/') {
                (Some(Kind::Team), Key::scoped("team", "forge", &name))
            } else {
                (Some(Kind::User), Key::scoped("user", "forge", &name))
            })
        }
        None if is_email(text) => Some((None, email(text))),
        None => None,
    }
}

/// An owner as catalogues and tools write it, inside `system` unless the text says more: an e-mail address,
/// a Backstage reference (`group:default/x`), `team:x`, `user:x` or a bare name.
pub(crate) fn owner(text: &str, system: &str) -> Key {
    let text = text.trim();
    match text.split_once(':') {
        _ if is_email(text) => email(text),
        Some(("group" | "user", name)) if name.contains('/') => backstage(text),
        Some((kind @ ("team" | "user"), name)) => Key::scoped(kind, system, name),
        Some(("group", name)) => Key::scoped("team", system, name),
        _ => Key::scoped("owner", system, text),
    }
}

/// A name in `snake_case`, for attributes.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len());
    let mut was_lower = false;
    for c in name.chars().take(80) {
        if c.is_alphanumeric() {
            if c.is_uppercase() && was_lower {
                snake.push('_');
            }
            was_lower = c.is_lowercase() || c.is_numeric();
            snake.extend(c.to_lowercase());
        } else {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            was_lower = false;
        }
    }
    snake.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: Key, expect: &str) {
        assert_eq!(key.to_string(), expect);
    }

    #[test]
    fn datasets_follow_the_openlineage_rules() {
        check(
            dataset("postgres://db:5432", "shop.public.orders"),
            "table:postgres://db:5432/shop.public.orders",
        );
        check(dataset("bigquery", "p.d.t"), "table:bigquery/p.d.t");
        check(
            dataset("s3a://lake", "/raw/orders/"),
            "uri:s3://lake/raw/orders",
        );
        check(
            dataset("file", "/srv/a.parquet"),
            "uri:file:///srv/a.parquet",
        );
        check(dataset("x", "gs://b/c"), "uri:gs://b/c");
        check(
            column(&dataset("bigquery", "p.d.t"), "email"),
            "column:bigquery/p.d.t#email",
        );
    }

    #[test]
    fn model_uris_become_keys_of_the_registry() {
        check(uri("models:/fraud/3"), "model_version:mlflow/fraud/3");
        check(
            uri("models:/fraud@champion"),
            "model_alias:mlflow/fraud@champion",
        );
        check(
            uri("models:/fraud/Production"),
            "model_alias:mlflow/fraud@Production",
        );
        check(uri("models:/m-12"), "logged_model:mlflow/m-12");
        check(uri("runs:/abc/model"), "run_artifact:mlflow/abc/model");
        check(uri("S3N://b/c/"), "uri:s3://b/c");
    }

    #[test]
    fn repositories_have_one_spelling() {
        for address in [
            "https://user@Git.Example.org/team/web.git",
            "git@git.example.org:team/web.git",
            "https://git.example.org/team/web/-/tree/main/a",
            "https://git.example.org/team/web/tree/main/a?x#y",
        ] {
            let found = repository(address).map(|key| key.to_string());
            assert_eq!(
                found.as_deref(),
                Some("repository:git.example.org/team/web"),
                "{address}"
            );
        }
        assert_eq!(repository("./here"), None);
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(beside("a/b/c.yaml", "../d/./e.md"), "a/d/e.md");
        assert_eq!(beside("c.yaml", "../../e.md"), "e.md");
        assert_eq!(beside("a/c.yaml", "/e.md"), "e.md");
    }

    #[test]
    fn owners_are_told_apart() {
        check(owner("a@b.c", "x"), "email:a@b.c");
        check(owner("team:shop", "openlineage"), "team:openlineage/shop");
        check(
            owner("group:default/Shop", "x"),
            "backstage:default/group:default/shop",
        );
        assert_eq!(
            snake("Mlflow.source-gitCommit "),
            "mlflow_source_git_commit"
        );
    }
}
