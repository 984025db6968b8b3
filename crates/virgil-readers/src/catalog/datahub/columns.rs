//! The columns of DataHub's datasets, and what datasets and columns are derived from.

use virgil_model::{Attributes, Kind, Predicate, Target, Value};

use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

use super::aspects::{Entity, labels, urns_of};
use super::{field, open, text, urn};

impl Entity<'_, '_> {
    /// The fields of a schema.
    pub(super) fn schema(&self, node: &Node<'_>, said: &mut Said) {
        let primary = field(node, "primaryKeys").map_or(&[][..], Node::items);
        let primary: Vec<&str> = primary
            .iter()
            .filter_map(|item| open(item).text())
            .collect();
        for item in field(node, "fields").map_or(&[][..], Node::items) {
            self.column(open(item), &primary, said);
        }
    }

    /// A field of a schema, as it was read or as people describe it.
    pub(super) fn column(&self, item: &Node<'_>, primary: &[&str], said: &mut Said) {
        let Some((path, _)) = text(item, "fieldPath") else {
            said.problem(item.line, "the field of the schema has no path");
            return;
        };
        let name = urn::field_path(path);
        if name.is_empty() {
            return;
        }
        let column = keys::column(self.key, &name);
        let lines = item.lines();
        said.mention(lines, Kind::Column, &[&column], &name);
        said.relation(lines, &column, Predicate::PartOf, self.key);
        for (field_name, attribute) in [("nativeDataType", "type"), ("description", "description")]
        {
            if let Some((value, lines)) = text(item, field_name) {
                said.text(lines, &column, attribute, value);
            }
        }
        let is_key = text(item, "isPartOfKey").is_some_and(|(value, _)| value == "true");
        if is_key || primary.contains(&path) {
            said.attribute(lines, &column, "primary_key", Value::Bool(true));
        }
        for part in ["globalTags", "glossaryTerms"] {
            labels(&column, field(item, part), said);
        }
    }

    /// What a dataset is derived from, and its columns.
    pub(super) fn upstreams(&self, node: &Node<'_>, said: &mut Said) {
        for upstream in field(node, "upstreams")
            .map_or(&[][..], Node::items)
            .iter()
            .map(open)
        {
            let Some((dataset, lines)) = text(upstream, "dataset") else {
                said.problem(upstream.line, "the upstream has no dataset");
                continue;
            };
            let Some(object) = self.named(dataset, lines, said) else {
                continue;
            };
            let kind = text(upstream, "type");
            let attributes =
                kind.map(|(kind, _)| ("type".to_owned(), Value::Text(kind.to_lowercase())));
            said.relation_with(
                lines,
                self.key,
                Predicate::DerivedFrom,
                Target::Key(object),
                attributes.into_iter().collect(),
            );
        }
        self.fine_grained(node, said);
    }

    /// Lineage of columns; every one downstream comes from every one upstream.
    pub(super) fn fine_grained(&self, node: &Node<'_>, said: &mut Said) {
        let entries = field(node, "fineGrainedLineages").map_or(&[][..], Node::items);
        for entry in entries.iter().map(open) {
            let side = |name| urns_of(field(entry, name).map_or(&[][..], Node::items));
            let step = text(entry, "transformOperation");
            let attributes: Attributes = step
                .map(|(step, _)| {
                    (
                        "transformation".to_owned(),
                        Value::Text(step.to_lowercase()),
                    )
                })
                .into_iter()
                .collect();
            for (downstream, lines) in side("downstreams") {
                let Some(subject) = self.named(downstream, lines, said) else {
                    continue;
                };
                for (upstream, lines) in side("upstreams") {
                    if let Some(object) = self.named(upstream, lines, said) {
                        let object = Target::Key(object);
                        let predicate = Predicate::DerivedFrom;
                        said.relation_with(lines, &subject, predicate, object, attributes.clone());
                    }
                }
            }
        }
    }
}
