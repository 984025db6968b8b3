//! Interfaces: OpenAPI (<https://spec.openapis.org/oas/latest.html>) and `AsyncAPI`
//! (<https://www.asyncapi.com/docs/reference/specification/latest>).
//!
//! An interface is known by its file. What an application sends to and receives from a Kafka channel is named as
//! `OpenLineage` names a topic, so that it meets the jobs that read it.

use virgil_model::{Files, Key, Kind, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Said};
use crate::tree::{Entry, Node};

const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];
/// More operations than this are not listed.
const MAX_OPERATIONS: usize = 500;

/// Whether a file may describe an interface.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "json")
        && asset.mentions(&["openapi", "swagger", "asyncapi"])
        && asset.mentions(&["info"])
        && asset
            .documents()
            .first()
            .is_some_and(|node| format(node).is_some())
}

/// The format and its version.
fn format<'n>(node: &'n Node<'_>) -> Option<(&'static str, &'n str)> {
    node.get("info").filter(|info| info.is_map())?;
    ["openapi", "swagger", "asyncapi"]
        .into_iter()
        .find_map(|name| Some((name, node.text_at(&[name])?)))
        .map(|(name, version)| (if name == "swagger" { "openapi" } else { name }, version))
}

/// States the interface of a file.
pub(crate) fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let Some(node) = asset.documents().first() else {
        return;
    };
    let (Some((format, version)), Some(info)) = (format(node), node.get("info")) else {
        return;
    };
    let path = asset.raw.path;
    let key = Key::scoped("api", ".", path);
    let lines = info.entry("title").map_or(info.lines(), Entry::lines);
    said.mention(
        lines,
        Kind::Api,
        &[&key],
        info.text_at(&["title"]).unwrap_or(path),
    );
    said.attribute(lines, &key, "type", Value::Text(format.to_owned()));
    said.relation(lines, &key, Predicate::DefinedIn, &keys::file(path));
    for field in ["version", "description"] {
        if let Some(entry) = info.entry(field)
            && let Some(text) = entry.node.text()
        {
            said.attribute(entry.lines(), &key, field, Value::Text(text.to_owned()));
        }
    }
    let email = info
        .get("contact")
        .and_then(|contact| contact.entry("email"));
    if let Some(entry) = email
        && let Some(email) = entry.node.text().filter(|text| keys::is_email(text))
    {
        said.relation(entry.lines(), &key, Predicate::OwnedBy, &keys::email(email));
    }
    if format == "asyncapi" {
        channels(node, version, &key, said);
    } else {
        operations(node, &key, said);
    }
}

fn operations(node: &Node<'_>, key: &Key, said: &mut Said) {
    if let Some(servers) = node.get("servers") {
        let url = |node: &Node<'_>| Some(Value::Text(node.text_at(&["url"])?.to_owned()));
        let urls = servers.items().iter().filter_map(url).collect();
        said.attribute(servers.lines(), key, "servers", Value::List(urls));
    }
    let Some(paths) = node.get("paths") else {
        return;
    };
    let operation = |path: &Entry<'_>| {
        let methods = path
            .node
            .entries()
            .iter()
            .map(|entry| entry.key.to_lowercase());
        let methods: Vec<Value> = methods
            .filter(|method| METHODS.contains(&method.as_str()))
            .map(|method| Value::Text(format!("{} {}", method.to_uppercase(), path.key)))
            .collect();
        methods
    };
    let operations = paths
        .entries()
        .iter()
        .flat_map(operation)
        .take(MAX_OPERATIONS)
        .collect();
    said.attribute(paths.lines(), key, "operations", Value::List(operations));
}

fn channels(node: &Node<'_>, version: &str, key: &Key, said: &mut Said) {
    let server = node
        .get("servers")
        .map_or(&[][..], Node::entries)
        .iter()
        .find_map(|entry| {
            let host = entry
                .node
                .text_at(&["host"])
                .or_else(|| entry.node.text_at(&["url"]))?;
            let is_kafka = entry.node.text_at(&["protocol"])?.starts_with("kafka");
            let host = host.split_once("://").map_or(host, |(_, host)| host);
            is_kafka.then(|| format!("kafka://{host}"))
        });
    let declared = node.get("channels").map_or(&[][..], Node::entries);
    let mut edges = Vec::new();
    if version.starts_with('2') {
        // What the application publishes, others subscribe to.
        for channel in declared {
            for (field, predicate) in [
                ("subscribe", Predicate::Writes),
                ("publish", Predicate::Reads),
            ] {
                if let Some(entry) = channel.node.entry(field) {
                    edges.push((entry.lines(), &*channel.key, predicate));
                }
            }
        }
    } else {
        for operation in node.get("operations").map_or(&[][..], Node::entries) {
            let predicate = match operation.node.text_at(&["action"]) {
                Some("send") => Predicate::Writes,
                Some("receive") => Predicate::Reads,
                _ => continue,
            };
            let reference = operation
                .node
                .text_at(&["channel", "$ref"])
                .unwrap_or_default();
            let name = reference.rsplit('/').next().unwrap_or_default();
            let channel = declared.iter().find(|entry| entry.key == name);
            if let Some(channel) = channel {
                let address = channel.node.text_at(&["address"]).unwrap_or(&channel.key);
                edges.push((operation.lines(), address, predicate));
            }
        }
    }
    for (lines, address, predicate) in edges {
        match &server {
            Some(server) => {
                let topic = keys::dataset(server, address);
                said.mention(lines, Kind::Dataset, &[&topic], address);
                said.relation(lines, key, predicate, &topic);
            }
            None => said.attribute(lines, key, "channel", Value::Text(address.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn an_interface_lists_its_operations() {
        assert_snapshot!(check("openapi.yaml", r####"openapi: 3.0.3
info:
  title: Shop API
  version: "5.6"
  contact: {email: shop@bottega.example}
servers: [{url: "https://api.bottega.example"}]
paths:
  /v1/orders:
    parameters: []
    post: {operationId: createOrder}
  /v1/orders/{id}: {get: {}}
"####), @r####"
        [3] api "Shop API" api:./openapi.yaml
        [3] api:./openapi.yaml .type = "openapi"
        [3] api:./openapi.yaml defined_in file:./openapi.yaml
        [4] api:./openapi.yaml .version = "5.6"
        [5] api:./openapi.yaml owned_by email:shop@bottega.example
        [6] api:./openapi.yaml .servers = ["https://api.bottega.example"]
        [8-11] api:./openapi.yaml .operations = ["POST /v1/orders","GET /v1/orders/{id}"]
        "####);
    }

    #[test]
    fn an_application_writes_and_reads_topics() {
        assert_snapshot!(check("asyncapi.yaml", r####"asyncapi: 3.0.0
info: {title: Shop events, version: 1.4.0}
servers: {production: {host: "kafka.example:9092", protocol: kafka}}
channels: {orders: {address: orders.v1}, views: {address: page-views.v1}}
operations:
  a: {action: send, channel: {$ref: "#/channels/orders"}}
  b: {action: receive, channel: {$ref: "#/channels/views"}}
"####), @r####"
        [2] api "Shop events" api:./asyncapi.yaml
        [2] api:./asyncapi.yaml .type = "asyncapi"
        [2] api:./asyncapi.yaml defined_in file:./asyncapi.yaml
        [2] api:./asyncapi.yaml .version = "1.4.0"
        [6] dataset "orders.v1" table:kafka://kafka.example:9092/orders.v1
        [6] api:./asyncapi.yaml writes table:kafka://kafka.example:9092/orders.v1
        [7] dataset "page-views.v1" table:kafka://kafka.example:9092/page-views.v1
        [7] api:./asyncapi.yaml reads table:kafka://kafka.example:9092/page-views.v1
        "####);
    }
}
