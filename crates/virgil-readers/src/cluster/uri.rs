//! URIs of stored things, and the keys made of them.
//!
//! What is known only inside one system carries it: `pvc://` its cluster and namespace. A file of the container's own
//! disk, and anything with variables, names nothing. The rest is spelled as [`keys::uri`] does.

use virgil_model::Key;

use crate::cluster::Place;
use crate::cluster::image::Image;
use crate::keys;

/// The key of the thing at a URI; `None` when the URI names nothing outside the process.
pub(crate) fn key(uri: &str, place: &Place<'_>) -> Option<Key> {
    let uri = uri.trim();
    let is_uri = uri.len() <= 2000
        && !uri.contains(|c: char| c.is_whitespace() || c.is_control())
        && !uri.contains("${")
        && !uri.contains("$(")
        && !uri.contains("{{");
    let (scheme, rest) = uri.split_once(':').filter(|_| is_uri)?;
    let is_scheme = !scheme.is_empty()
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !is_scheme {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let path = rest.trim_matches('/');
    if path.is_empty() {
        return None;
    }
    match scheme.as_str() {
        "pvc" => Some(Key::scoped(
            "pvc",
            &format!("{}/{}", place.cluster, place.namespace),
            path,
        )),
        "oci" => Some(Image::parse(path)?.key()),
        "file" => None,
        "models" | "runs" => Some(keys::uri(uri)),
        _ if rest.starts_with("//") => Some(keys::uri(uri)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, expect: &str) {
        let place = Place {
            cluster: "prod",
            namespace: "ml",
        };
        let found = key(uri, &place).map_or_else(String::new, |key| key.to_string());
        assert_eq!(found, expect, "{uri}");
    }

    #[test]
    fn one_place_has_one_spelling() {
        check("s3a://bottega-models/m/3/", "uri:s3://bottega-models/m/3");
        check(
            "gs://kfserving-examples/models/sklearn",
            "uri:gs://kfserving-examples/models/sklearn",
        );
        check(
            "hf://Qwen/Qwen2.5-7B-Instruct",
            "uri:hf://Qwen/Qwen2.5-7B-Instruct",
        );
        check("pvc://claim/model/", "pvc:prod/ml/claim/model");
        check(
            "oci://registry.example/models/a:1",
            "image:registry.example/models/a",
        );
        check(
            "models:/fraud-detector@champion",
            "model_alias:mlflow/fraud-detector@champion",
        );
        check("s3://b", "uri:s3://b");
    }

    #[test]
    fn what_names_nothing_has_no_key() {
        for uri in [
            "",
            "model",
            "s3://",
            "file:///mnt/model",
            "s3://b/{{x}}",
            "s3://$(A)/b",
            ":",
            "a:b",
            "s3://a b",
            "é:/x",
        ] {
            check(uri, "");
        }
    }
}
