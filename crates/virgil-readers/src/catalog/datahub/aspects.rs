//! The aspects of DataHub's entities (<https://docs.datahub.com/docs/metadata-modeling/metadata-model>) that say
//! something about the platform; all others are only text.

use std::borrow::Cow;

use virgil_model::{Key, LineSpan, Predicate, Target, Value};

use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

use super::urn::{self, Names};
use super::{Aspects, field, open, text};

/// How many properties, parameters or metrics of one entity are stated.
const MAX_VALUES: usize = 100;

/// Lists of URNs that are relations: aspect, field, predicate, and whether the entity is the subject.
const RELATIONS: &[(&str, &str, Predicate, bool)] = &[
    (
        "datajobinputoutput",
        "inputDatasets",
        Predicate::Reads,
        true,
    ),
    (
        "datajobinputoutput",
        "inputDatasetEdges",
        Predicate::Reads,
        true,
    ),
    (
        "datajobinputoutput",
        "outputDatasets",
        Predicate::Writes,
        true,
    ),
    (
        "datajobinputoutput",
        "outputDatasetEdges",
        Predicate::Writes,
        true,
    ),
    (
        "datajobinputoutput",
        "inputDatajobs",
        Predicate::DependsOn,
        true,
    ),
    (
        "datajobinputoutput",
        "inputDatajobEdges",
        Predicate::DependsOn,
        true,
    ),
    ("dataprocessinstanceinput", "inputs", Predicate::Reads, true),
    (
        "dataprocessinstanceinput",
        "inputEdges",
        Predicate::Reads,
        true,
    ),
    (
        "dataprocessinstanceoutput",
        "outputs",
        Predicate::Writes,
        true,
    ),
    (
        "dataprocessinstanceoutput",
        "outputEdges",
        Predicate::Writes,
        true,
    ),
    (
        "dataprocessinstancerelationships",
        "parentTemplate",
        Predicate::PartOf,
        true,
    ),
    ("dashboardinfo", "charts", Predicate::DependsOn, true),
    ("dashboardinfo", "chartEdges", Predicate::DependsOn, true),
    ("dashboardinfo", "dashboards", Predicate::DependsOn, true),
    ("dashboardinfo", "datasets", Predicate::Reads, true),
    ("dashboardinfo", "datasetEdges", Predicate::Reads, true),
    ("chartinfo", "inputs", Predicate::Reads, true),
    ("chartinfo", "inputEdges", Predicate::Reads, true),
    ("mlmodelproperties", "groups", Predicate::VersionOf, true),
    (
        "mlmodelproperties",
        "mlFeatures",
        Predicate::TrainedOn,
        true,
    ),
    (
        "mlmodelproperties",
        "trainingJobs",
        Predicate::Trains,
        false,
    ),
    ("mlmodelproperties", "deployments", Predicate::Serves, false),
    (
        "mlmodelgroupproperties",
        "trainingJobs",
        Predicate::Trains,
        false,
    ),
    (
        "mlfeatureproperties",
        "sources",
        Predicate::DerivedFrom,
        true,
    ),
    (
        "mlprimarykeyproperties",
        "sources",
        Predicate::DerivedFrom,
        true,
    ),
    (
        "mlfeaturetableproperties",
        "mlFeatures",
        Predicate::PartOf,
        false,
    ),
    (
        "mlfeaturetableproperties",
        "mlPrimaryKeys",
        Predicate::PartOf,
        false,
    ),
    ("domains", "domains", Predicate::PartOf, true),
    ("domainproperties", "parentDomain", Predicate::PartOf, true),
    ("container", "container", Predicate::PartOf, true),
    ("dataproductproperties", "assets", Predicate::PartOf, false),
    ("corpgroupinfo", "members", Predicate::MemberOf, false),
    ("corpgroupinfo", "groups", Predicate::MemberOf, false),
    ("groupmembership", "groups", Predicate::MemberOf, true),
    (
        "nativegroupmembership",
        "nativeGroups",
        Predicate::MemberOf,
        true,
    ),
];

/// Fields that are attributes: aspect, field and the name of the attribute.
const TEXTS: &[(&str, &str, &str)] = &[
    ("corpgroupinfo", "email", "email"),
    ("corpuserinfo", "title", "title"),
    ("datajobinfo", "type", "type"),
    ("chartinfo", "type", "chart_type"),
    ("mlmodelproperties", "type", "algorithm"),
    ("mlfeatureproperties", "dataType", "type"),
    ("mlprimarykeyproperties", "dataType", "type"),
    ("dataflowinfo", "project", "project"),
    ("mlmodeldeploymentproperties", "status", "status"),
    ("deprecation", "deprecated", "deprecated"),
    ("deprecation", "note", "deprecation_note"),
];

/// The aspects that describe an entity, what people wrote over it first.
const DESCRIPTIONS: &[&str] = &[
    "editabledatasetproperties",
    "editabledashboardproperties",
    "editablechartproperties",
    "editabledatajobproperties",
    "editabledataflowproperties",
    "editablecontainerproperties",
    "editablemlmodelproperties",
    "editablemlmodelgroupproperties",
    "editablemlfeatureproperties",
    "editablemlfeaturetableproperties",
    "corpgroupeditableinfo",
    "datasetproperties",
    "dashboardinfo",
    "chartinfo",
    "datajobinfo",
    "dataflowinfo",
    "containerproperties",
    "mlmodelproperties",
    "mlmodelgroupproperties",
    "mlmodeldeploymentproperties",
    "mlfeatureproperties",
    "mlprimarykeyproperties",
    "mlfeaturetableproperties",
    "domainproperties",
    "dataproductproperties",
    "corpgroupinfo",
    "corpuserinfo",
    "glossaryterminfo",
    "glossarynodeinfo",
];

/// The name of an entity for people.
pub(super) fn name(aspects: &Aspects<'_>) -> Option<String> {
    DESCRIPTIONS
        .iter()
        .filter_map(|aspect| aspects.get(*aspect))
        .find_map(|node| {
            ["displayName", "fullName", "title", "name"]
                .iter()
                .find_map(|name| text(node, name))
        })
        .map(|(name, _)| name.to_owned())
}

/// The URNs of a field: one, a list, or a list of edges.
pub(super) fn urns<'n>(
    aspect: Option<&'n Cow<'_, Node<'_>>>,
    name: &str,
) -> Vec<(&'n str, LineSpan)> {
    let Some(node) = aspect.and_then(|aspect| field(aspect, name)) else {
        return Vec::new();
    };
    node.one_or_many()
        .iter()
        .map(open)
        .filter_map(|item| match item.text() {
            Some(text) => Some((text, item.lines())),
            None => text(item, "destinationUrn"),
        })
        .collect()
}

/// What the aspects of an entity say; `key` is the entity's.
pub(super) fn state(
    urn: &str,
    key: &Key,
    aspects: &Aspects<'_>,
    names: &Names<'_>,
    said: &mut Said,
) {
    let entity = Entity { key, names };
    for (aspect, name, predicate, is_subject) in RELATIONS {
        for (other, lines) in urns(aspects.get(*aspect), name) {
            entity.relate(other, lines, *predicate, *is_subject, said);
        }
    }
    for (aspect, name, attribute) in TEXTS {
        if let Some(node) = aspects.get(*aspect).and_then(|node| field(node, name))
            && let Some(value) = node.to_value()
        {
            said.attribute(node.lines(), key, attribute, value);
        }
    }
    let description = DESCRIPTIONS
        .iter()
        .filter_map(|aspect| aspects.get(*aspect))
        .find_map(|node| text(node, "description").or_else(|| text(node, "definition")));
    if let Some((description, lines)) = description {
        said.text(lines, key, "description", description);
    }
    for name in [
        "datasetproperties",
        "mlmodelproperties",
        "dashboardinfo",
        "datajobinfo",
    ] {
        if let Some(node) = aspects.get(name) {
            entity.properties(node, said);
        }
    }
    for (name, node) in aspects {
        entity.aspect(name, node, said);
    }
    // A task names its flow in its URN too.
    if let Some(parsed) = urn::parse(urn)
        && let ("dataJob", Some(flow)) = (parsed.kind, parsed.parts.first())
        && let Some(line) = aspects
            .values()
            .next()
            .map(|node| LineSpan::line(node.line))
    {
        entity.relate(flow, line, Predicate::PartOf, true, said);
    }
}

/// An entity whose aspects are stated.
pub(super) struct Entity<'e, 'n> {
    pub(super) key: &'e Key,
    names: &'e Names<'n>,
}

impl Entity<'_, '_> {
    fn relate(
        &self,
        other: &str,
        lines: LineSpan,
        predicate: Predicate,
        is_subject: bool,
        said: &mut Said,
    ) {
        let Some(other_key) = self.named(other, lines, said) else {
            return;
        };
        match is_subject {
            true => said.relation(lines, self.key, predicate, &other_key),
            false => said.relation(lines, &other_key, predicate, self.key),
        }
    }

    /// The key of what a URN names. The table of a dataset and its URN are one thing, wherever it is described.
    pub(super) fn named(&self, text: &str, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let Some(key) = self.names.key(text) else {
            said.problem(lines.start, "the reference of DataHub is no URN");
            return None;
        };
        if urn::parse(text).is_some_and(|urn| urn.kind == "dataset") {
            said.same(lines, &key, &urn::catalogued(text));
        }
        Some(key)
    }

    fn aspect(&self, name: &str, node: &Node<'_>, said: &mut Said) {
        let items = |field_name| field(node, field_name).map_or(&[][..], Node::items);
        match name {
            "ownership" => {
                for owner in items("owners").iter().map(open) {
                    self.owner(owner, said);
                }
            }
            "globaltags" | "glossaryterms" => labels(self.key, Some(node), said),
            "schemametadata" => self.schema(node, said),
            "editableschemametadata" => {
                for item in items("editableSchemaFieldInfo").iter().map(open) {
                    self.column(item, &[], said);
                }
            }
            "upstreamlineage" => self.upstreams(node, said),
            "datajobinputoutput" => self.fine_grained(node, said),
            "trainingdata" => {
                for data in items("trainingData").iter().map(open) {
                    if let Some((dataset, lines)) = text(data, "dataset") {
                        self.relate(dataset, lines, Predicate::TrainedOn, true, said);
                    }
                }
            }
            "siblings" => {
                for (other, lines) in urns_of(items("siblings")) {
                    if let Some(other) = self.named(other, lines, said) {
                        said.same(lines, self.key, &other);
                    }
                }
            }
            "subtypes" => {
                let names = items("typeNames")
                    .iter()
                    .filter_map(|item| open(item).text());
                let names = names.map(|name| Value::Text(name.to_owned())).collect();
                said.attribute(node.lines(), self.key, "sub_types", Value::List(names));
            }
            "institutionalmemory" => {
                for element in items("elements").iter().map(open) {
                    if let Some((url, lines)) =
                        text(element, "url").filter(|(url, _)| keys::is_uri(url))
                    {
                        said.relation(lines, self.key, Predicate::DocumentedBy, &keys::uri(url));
                    }
                }
            }
            "versionproperties" => {
                let version = field(node, "version").and_then(|tag| text(tag, "versionTag"));
                if let Some((version, lines)) = version {
                    said.text(lines, self.key, "version", version);
                }
            }
            "mlmodelproperties" => {
                self.values(node, &["hyperParams"], "param", said);
                self.values(node, &["trainingMetrics", "onlineMetrics"], "metric", said);
                for tag in items("tags").iter().map(open) {
                    if let Some(label) = tag.text() {
                        said.tag(tag.lines(), self.key, label, Value::Bool(true));
                    }
                }
            }
            "mltrainingrunproperties" => {
                self.values(node, &["hyperParams"], "param", said);
                self.values(node, &["trainingMetrics"], "metric", said);
            }
            _ => {}
        }
    }

    fn owner(&self, owner: &Node<'_>, said: &mut Said) {
        let Some((urn, _)) = text(owner, "owner") else {
            said.problem(owner.line, "the owner has no URN");
            return;
        };
        let Some(object) = self.named(urn, owner.lines(), said) else {
            return;
        };
        let kind = text(owner, "type").filter(|(kind, _)| !matches!(*kind, "NONE" | "CUSTOM"));
        let attributes =
            kind.map(|(kind, _)| ("type".to_owned(), Value::Text(kind.to_lowercase())));
        said.relation_with(
            owner.lines(),
            self.key,
            Predicate::OwnedBy,
            Target::Key(object),
            attributes.into_iter().collect(),
        );
    }

    fn properties(&self, node: &Node<'_>, said: &mut Said) {
        let properties = node.get("customProperties").map_or(&[][..], Node::entries);
        for entry in properties.iter().take(MAX_VALUES) {
            if let Some(value) = entry.node.text() {
                said.tag(
                    entry.lines(),
                    self.key,
                    &entry.key,
                    Value::Text(value.to_owned()),
                );
            }
        }
    }

    fn values(&self, node: &Node<'_>, fields: &[&str], prefix: &str, said: &mut Said) {
        let lists = fields.iter().filter_map(|name| field(node, name));
        for item in lists.flat_map(Node::items).take(MAX_VALUES).map(open) {
            let Some((name, lines)) = text(item, "name") else {
                continue;
            };
            // All values are texts; those that are numbers are compared as such.
            if let Some((written, _)) = text(item, "value") {
                let value = match written.parse::<f64>() {
                    Ok(number) if number.is_finite() => Value::Number(number),
                    _ => Value::Text(written.to_owned()),
                };
                said.attribute(
                    lines,
                    self.key,
                    &format!("{prefix}_{}", keys::snake(name)),
                    value,
                );
            }
        }
    }
}

/// The URNs of a list.
pub(super) fn urns_of<'n>(items: &'n [Node<'_>]) -> Vec<(&'n str, LineSpan)> {
    let items = items.iter().map(open);
    items
        .filter_map(|item| Some((item.text()?, item.lines())))
        .collect()
}

/// Tags and glossary terms. `sensitivity:pii` is a label with a value, other tags are only there; a term is named by
/// its path in the glossary.
pub(super) fn labels(of: &Key, node: Option<&Node<'_>>, said: &mut Said) {
    let Some(node) = node else { return };
    for item in field(node, "tags")
        .map_or(&[][..], Node::items)
        .iter()
        .map(open)
    {
        if let Some((tag, lines)) = text(item, "tag") {
            let name = urn::name_of(tag);
            match name.split_once(':') {
                Some((label, value)) => {
                    said.tag(lines, of, label, Value::Text(value.trim().to_owned()));
                }
                None => said.tag(lines, of, &name, Value::Bool(true)),
            }
        }
    }
    for item in field(node, "terms")
        .map_or(&[][..], Node::items)
        .iter()
        .map(open)
    {
        if let Some((term, lines)) = text(item, "urn") {
            let name = Value::List(vec![Value::Text(urn::name_of(term))]);
            said.attribute(lines, of, "glossary_terms", name);
        }
    }
}
