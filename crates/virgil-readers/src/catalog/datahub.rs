//! Metadata files of DataHub (<https://docs.datahub.com/docs/generated/ingestion/sources/metadata-file>): change events
//! (MCE, a snapshot of an entity) and change proposals (MCP, one aspect of an entity), as a list, alone or as JSON Lines.
//!
//! The records of a file are merged as DataHub does: of each aspect of an entity the last one counts, and what is
//! removed says nothing. MCE tag unions with the Avro type (`{"string": "x"}`); the aspect of an MCP is JSON, or JSON
//! in a string. An entity has the key that other formats know it by (see [`urn`]) and its URN.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use virgil_model::{Files, Key, Kind, LineSpan};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{self, Node, Value};

mod aspects;
mod columns;
mod urn;

use urn::Names;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "datahub",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "json" | "jsonl" | "ndjson")
        && (asset.mentions(&["\"proposedSnapshot\""])
            || asset.mentions(&["\"aspectName\""]) && asset.mentions(&["\"entityType\""]))
        && asset.mentions(&["urn:li:"])
        && records(asset).any(|record| is_record(record))
}

fn records<'n, 'a>(asset: &'n Asset<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    asset.documents().iter().flat_map(Node::one_or_many)
}

fn is_record(record: &Node<'_>) -> bool {
    record.get("proposedSnapshot").is_some()
        || record.get("entityType").is_some() && record.entry("aspectName").is_some()
}

/// The aspects of an entity by their names in lower case, because MCE and MCP spell them differently
/// (`MLModelProperties`, `mlModelProperties`).
type Aspects<'n> = BTreeMap<String, Cow<'n, Node<'n>>>;

/// What all records of a file say of one entity.
#[derive(Default)]
struct Entity<'n> {
    lines: Option<LineSpan>,
    aspects: Aspects<'n>,
    is_removed: bool,
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    said.problems.extend(asset.broken().iter().cloned());
    let mut entities: BTreeMap<&str, Entity<'_>> = BTreeMap::new();
    for record in records(asset) {
        if let Err(message) = take(record, &mut entities) {
            said.problem(record.line, message);
        }
    }
    let names = Names {
        instances: entities
            .iter()
            .filter_map(|(urn, entity)| Some((*urn, instance(&entity.aspects)?)))
            .collect::<HashMap<_, _>>(),
    };
    for (urn, entity) in entities.iter().filter(|(_, entity)| !entity.is_removed) {
        one(urn, entity, &names, said);
    }
}

/// Adds a record to what is known.
fn take<'n>(
    record: &'n Node<'_>,
    entities: &mut BTreeMap<&'n str, Entity<'n>>,
) -> Result<(), &'static str> {
    if let Some(snapshot) = record.get("proposedSnapshot").map(open) {
        let urn = snapshot.text_at(&["urn"]);
        let urn = urn.filter(|text| urn::parse(text).is_some());
        let urn = urn.ok_or("the snapshot of DataHub has no URN")?;
        let entity = entities.entry(urn).or_default();
        entity.lines.get_or_insert(snapshot.lines());
        for aspect in snapshot
            .get("aspects")
            .map_or(&[][..], |node| open(node).items())
        {
            for entry in aspect.entries().iter().filter(|entry| entry.node.is_map()) {
                let name = entry.key.rsplit('.').next().unwrap_or_default();
                entity.take(name, Some(Cow::Borrowed(&entry.node)));
            }
        }
        return Ok(());
    }
    if !is_record(record) {
        return Err("the record is neither an event nor a proposal of DataHub");
    }
    let urn = record.get("entityUrn").map(open).and_then(Node::text);
    let urn = urn.filter(|text| urn::parse(text).is_some());
    let urn = urn.ok_or("the proposal of DataHub has no URN")?;
    let name = record.get("aspectName").map(open).and_then(Node::text);
    let entity = entities.entry(urn).or_default();
    entity.lines.get_or_insert(record.lines());
    match (record.text_at(&["changeType"]), name) {
        (Some("DELETE"), None) => entity.is_removed = true,
        (Some("DELETE"), Some(name)) if name.ends_with("Key") => entity.is_removed = true,
        (Some("DELETE"), Some(name)) => entity.take(name, None),
        (Some("PATCH"), _) => return Err("a PATCH of DataHub is not applied"),
        (_, None) => return Err("the proposal of DataHub names no aspect"),
        (_, Some(name)) => {
            let aspect = record.get("aspect").map(open).and_then(content);
            entity.take(name, Some(aspect.ok_or("the aspect is no JSON")?));
        }
    }
    Ok(())
}

impl<'n> Entity<'n> {
    fn take(&mut self, name: &str, aspect: Option<Cow<'n, Node<'n>>>) {
        let name = name.to_lowercase();
        if name == "status" {
            let removed = aspect.as_ref().and_then(|node| field(node, "removed"));
            self.is_removed = removed.and_then(Node::text) == Some("true");
        }
        match aspect {
            Some(aspect) => self.aspects.insert(name, aspect),
            None => self.aspects.remove(&name),
        };
    }
}

/// The aspect of a proposal: as it is, under `json`, or as text under `value`.
fn content<'n>(aspect: &'n Node<'_>) -> Option<Cow<'n, Node<'n>>> {
    if let Some(json) = aspect.get("json") {
        return Some(Cow::Borrowed(json));
    }
    let Some(value) = aspect.get("value").map(open) else {
        return aspect.is_map().then_some(Cow::Borrowed(aspect));
    };
    match value.text() {
        Some(_) => tree::json_inside(value).map(Cow::Owned),
        None => Some(Cow::Borrowed(value)),
    }
}

/// A value without the Avro type that it is tagged with.
fn open<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    match &node.value {
        Value::Map(entries) => match entries.as_slice() {
            [entry] if is_avro_type(&entry.key) => &entry.node,
            _ => node,
        },
        _ => node,
    }
}

fn is_avro_type(name: &str) -> bool {
    name.starts_with("com.linkedin.")
        || matches!(
            name,
            "string" | "int" | "long" | "float" | "double" | "boolean" | "bytes" | "array" | "map"
        )
}

/// The value of a field that may be tagged.
fn field<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    node.get(name).map(open).filter(|node| !node.is_null())
}

/// The text of a field that may be tagged, and its lines.
fn text<'n>(node: &'n Node<'_>, name: &str) -> Option<(&'n str, LineSpan)> {
    let node = field(node, name)?;
    let text = node.text()?.trim();
    (!text.is_empty()).then_some((text, node.lines()))
}

/// The platform instance of a dataset: the last part of its URN.
fn instance(aspects: &Aspects<'_>) -> Option<String> {
    let (text, _) = text(aspects.get("dataplatforminstance")?, "instance")?;
    let urn = urn::parse(text)?;
    urn.parts.last().map(|part| (*part).to_owned())
}

fn one(urn: &str, entity: &Entity<'_>, names: &Names<'_>, said: &mut Said) {
    let (Some(key), Some(parsed), Some(lines)) = (names.key(urn), urn::parse(urn), entity.lines)
    else {
        return;
    };
    if matches!(parsed.kind, "tag" | "dataPlatform") {
        return;
    }
    let groups = aspects::urns(entity.aspects.get("mlmodelproperties"), "groups");
    let (kind, kind_name) = match parsed.kind {
        "mlModel" if groups.is_empty() => (Kind::Model, None),
        "mlModel" => (Kind::ModelVersion, None),
        _ => urn::kind(&parsed),
    };
    let line = LineSpan::line(lines.start);
    let catalogued = urn::catalogued(urn);
    let others = elsewhere(&parsed, entity, &groups);
    let mut all = vec![&key, &catalogued];
    all.extend(&others);
    all.dedup();
    let name = aspects::name(&entity.aspects).unwrap_or_else(|| urn::name_of(urn));
    said.mention(line, kind, &all, &name);
    if let Some(kind_name) = kind_name {
        said.text(line, &key, "type", &kind_name);
    }
    if let ("dataset" | "mlModel", [platform, _, environment]) =
        (parsed.kind, parsed.parts.as_slice())
    {
        let platform = platform.rsplit(':').next().unwrap_or_default();
        said.text(line, &key, "platform", platform);
        said.text(line, &key, "environment", environment);
    }
    aspects::state(urn, &key, &entity.aspects, names, said);
}

/// The keys under which other formats know a thing: a person's address, a model or a version of MLflow, whose versions
/// DataHub calls `{model}_{version}`.
fn elsewhere(urn: &urn::Urn<'_>, entity: &Entity<'_>, groups: &[(&str, LineSpan)]) -> Vec<Key> {
    let mut others = Vec::new();
    let is_mlflow = |platform: &str| platform.ends_with(":mlflow");
    match (urn.kind, urn.parts.as_slice()) {
        ("corpuser", _) => {
            let email = entity
                .aspects
                .get("corpuserinfo")
                .and_then(|info| text(info, "email"));
            others.extend(
                email
                    .filter(|(address, _)| keys::is_email(address))
                    .map(|(address, _)| keys::email(address)),
            );
        }
        ("mlModelGroup", [platform, name, _]) if is_mlflow(platform) => {
            others.push(keys::mlflow_model(name));
        }
        ("mlModel", [platform, name, _]) if is_mlflow(platform) => {
            others.extend(groups.iter().find_map(|(group, _)| {
                let model = urn::name_of(group);
                let version = name.strip_prefix(model.as_str())?.strip_prefix('_')?;
                let is_number =
                    !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then(|| keys::mlflow_version(&model, version))
            }));
        }
        _ => {}
    }
    others
}

#[cfg(test)]
mod tests;
