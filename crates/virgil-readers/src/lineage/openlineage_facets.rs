//! The facets of OpenLineage (<https://github.com/OpenLineage/OpenLineage/tree/main/spec/facets>) that say
//! something about the platform; all others are only text.

use virgil_model::{Attributes, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

use super::openlineage::{Facets, identity, job_key, run_attribute, run_key};

/// How deep the fields of a schema may nest.
const MAX_FIELD_DEPTH: usize = 8;

/// What the facets of a job say.
pub(super) fn of_job(job: &Key, facets: &Facets<'_, '_>, said: &mut Said) {
    common(job, facets, said);
    if let Some(node) = facets.get("jobType") {
        for field in ["integration", "jobType", "processingType"] {
            let text = node.text_at(&[field]).unwrap_or_default();
            said.text(node.lines(), job, &keys::snake(field), text);
        }
    }
    if let Some(node) = facets.get("sourceCodeLocation") {
        code_location(job, node, said);
    }
    if let Some(node) = facets.get("jobDependencies") {
        for (side, is_upstream) in [("upstream", true), ("downstream", false)] {
            let others = node.get(side).map(Node::items).unwrap_or_default();
            for other in others.iter().filter_map(|other| other.get("job")) {
                if let Some((namespace, name)) = identity(other, "job", said) {
                    let other_key = job_key(namespace, name);
                    let (subject, object) = match is_upstream {
                        true => (job, &other_key),
                        false => (&other_key, job),
                    };
                    said.relation(other.lines(), subject, Predicate::DependsOn, object);
                }
            }
        }
    }
    if let Some(node) = facets.get("lineage") {
        // Released as `lineage`, drafted as `entries`.
        let entries = node.get("lineage").or_else(|| node.get("entries"));
        for entry in entries.map(Node::items).unwrap_or_default() {
            flow(job, entry, said);
        }
    }
}

/// An entry of the lineage of a job: what flows into a dataset, or into a job that has no outputs.
fn flow(job: &Key, entry: &Node<'_>, said: &mut Said) {
    let Some((namespace, name)) = identity(entry, "target of the lineage", said) else {
        return;
    };
    let mut reader = job.clone();
    if is_job(entry) {
        reader = job_key(namespace, name);
    } else {
        let dataset = keys::dataset(namespace, name);
        said.mention(entry.lines(), Kind::Dataset, &[&dataset], name);
        said.relation(entry.lines(), job, Predicate::Writes, &dataset);
        lineage(&dataset, entry, None, said);
    }
    for input in entry.get("inputs").map(Node::items).unwrap_or_default() {
        if !is_job(input)
            && let Some((namespace, name)) = identity(input, "input", said)
        {
            let dataset = keys::dataset(namespace, name);
            said.relation(input.lines(), &reader, Predicate::Reads, &dataset);
        }
    }
}

/// Whether an end of a lineage is a job; a job that makes data is the input of what it makes.
fn is_job(node: &Node<'_>) -> bool {
    node.text_at(&["type"]) == Some("JOB")
}

/// What the facets of a run say; its parent is also the parent of its job.
pub(super) fn of_run(run: &Key, job: &Key, facets: &Facets<'_, '_>, said: &mut Said) {
    common(run, facets, said);
    if let Some(node) = facets.get("parent") {
        let lines = node.lines();
        if let Some(id) = node.text_at(&["run", "runId"]) {
            said.relation(lines, &run_key(id), Predicate::Triggers, run);
        }
        if let Some(parent) = node.get("job")
            && let Some((namespace, name)) = identity(parent, "parent job", said)
        {
            let parent = job_key(namespace, name);
            if parent != *job {
                said.relation(lines, job, Predicate::PartOf, &parent);
            }
        }
        if let Some(root) = node.get("root") {
            let id = root.text_at(&["run", "runId"]).unwrap_or_default();
            said.text(root.lines(), run, "root_run", id);
            if let Some(root_job) = root.get("job")
                && let Some((namespace, name)) = identity(root_job, "root job", said)
            {
                let root_job = job_key(namespace, name).to_string();
                said.text(root.lines(), run, "root_job", &root_job);
            }
        }
    }
    if let Some(node) = facets.get("errorMessage") {
        let text = node.text_at(&["message"]).unwrap_or_default();
        said.text(node.lines(), run, "error", text);
    }
    if let Some(node) = facets.get("nominalTime") {
        let text = node.text_at(&["nominalStartTime"]).unwrap_or_default();
        said.text(node.lines(), run, "nominal_time", text);
    }
}

/// What the facets of a dataset say; `run` wrote its column lineage.
pub(super) fn of_dataset(
    dataset: &Key,
    facets: &Facets<'_, '_>,
    run: Option<&Key>,
    said: &mut Said,
) {
    common(dataset, facets, said);
    if let Some(fields) = facets.get("schema").and_then(|node| node.get("fields")) {
        columns(dataset, fields, "", 0, said);
    }
    if let Some(node) = facets.get("symlinks") {
        let identifiers = node.get("identifiers").map(Node::items).unwrap_or_default();
        for other in identifiers {
            if let Some((namespace, name)) = identity(other, "symlink", said) {
                said.same(other.lines(), dataset, &keys::dataset(namespace, name));
            }
        }
    }
    for name in ["columnLineage", "lineage"] {
        if let Some(node) = facets.get(name) {
            lineage(dataset, node, run, said);
        }
    }
    if let Some(node) = facets.get("dataQualityAssertions") {
        assertions(dataset, node, said);
    }
    for (facet, field, attribute) in [
        ("version", "datasetVersion", "version"),
        ("datasource", "uri", "datasource"),
        ("outputStatistics", "rowCount", "row_count"),
        ("dataQualityMetrics", "rowCount", "row_count"),
        ("storage", "storageLayer", "storage_layer"),
        ("storage", "fileFormat", "file_format"),
    ] {
        let value = facets.get(facet).and_then(|node| node.get(field));
        if let Some(node) = value
            && let Some(value) = node.to_value()
        {
            said.attribute(node.lines(), dataset, attribute, value);
        }
    }
    if let Some(node) = facets.get("lifecycleStateChange") {
        let text = node.text_at(&["lifecycleStateChange"]).unwrap_or_default();
        said.text(node.lines(), dataset, "lifecycle", &text.to_lowercase());
    }
}

/// What was expected of a dataset or of one of its columns, by whether it held.
fn assertions(dataset: &Key, node: &Node<'_>, said: &mut Said) {
    for assertion in node.get("assertions").map(Node::items).unwrap_or_default() {
        let Some(name) = assertion.text_at(&["assertion"]) else {
            said.problem(assertion.line, "the assertion has no name");
            continue;
        };
        let attribute = match assertion.text_at(&["success"]) {
            Some("true") => "assertions_passed",
            Some("false") => "assertions_failed",
            _ => continue,
        };
        let column = assertion
            .text_at(&["column"])
            .map(|name| keys::column(dataset, name));
        let of = column.as_ref().unwrap_or(dataset);
        let value = Value::List(vec![Value::Text(name.to_owned())]);
        said.attribute(assertion.lines(), of, attribute, value);
    }
}

/// Facets that jobs, runs and datasets share.
fn common(of: &Key, facets: &Facets<'_, '_>, said: &mut Said) {
    if let Some(node) = facets.get("documentation") {
        let text = node.text_at(&["description"]).unwrap_or_default();
        said.text(node.lines(), of, "description", text);
    }
    if let Some(node) = facets.get("ownership") {
        for owner in node.get("owners").map(Node::items).unwrap_or_default() {
            let Some(name) = owner.text_at(&["name"]) else {
                said.problem(owner.line, "the owner has no name");
                continue;
            };
            let attributes = owner
                .text_at(&["type"])
                .map(|text| ("type".to_owned(), Value::Text(text.to_owned())));
            let object = Target::Key(keys::owner(name, "openlineage"));
            said.relation_with(
                owner.lines(),
                of,
                Predicate::OwnedBy,
                object,
                attributes.into_iter().collect(),
            );
        }
    }
    if let Some(node) = facets.get("tags") {
        for tag in node.get("tags").map(Node::items).unwrap_or_default() {
            let Some(label) = tag.text_at(&["key"]) else {
                said.problem(tag.line, "the tag has no key");
                continue;
            };
            let column = tag.text_at(&["field"]).map(|field| keys::column(of, field));
            let value = tag.get("value").and_then(Node::to_value);
            let value = value.unwrap_or(Value::Bool(true));
            said.tag(tag.lines(), column.as_ref().unwrap_or(of), label, value);
        }
    }
}

fn code_location(job: &Key, node: &Node<'_>, said: &mut Said) {
    let address = node
        .text_at(&["repoUrl"])
        .or_else(|| node.text_at(&["url"]));
    let Some(repository) = address.and_then(keys::repository) else {
        return;
    };
    let attributes: Attributes = ["path", "version", "branch", "tag"]
        .iter()
        .filter_map(|field| {
            let text = node.text_at(&[field])?.to_owned();
            Some(((*field).to_owned(), Value::Text(text)))
        })
        .collect();
    let object = Target::Key(repository);
    said.relation_with(node.lines(), job, Predicate::DefinedIn, object, attributes);
}

fn columns(dataset: &Key, fields: &Node<'_>, prefix: &str, depth: usize, said: &mut Said) {
    for field in fields.items() {
        let Some(name) = field.text_at(&["name"]) else {
            said.problem(field.line, "the field of the schema has no name");
            continue;
        };
        let path = format!("{prefix}{name}");
        let column = keys::column(dataset, &path);
        let lines = field.lines();
        said.mention(lines, Kind::Column, &[&column], &path);
        said.relation(lines, &column, Predicate::PartOf, dataset);
        let text = field.text_at(&["type"]).unwrap_or_default();
        said.text(lines, &column, "type", text);
        let text = field.text_at(&["description"]).unwrap_or_default();
        said.text(lines, &column, "description", text);
        if let Some(inner) = field.get("fields").filter(|_| depth < MAX_FIELD_DEPTH) {
            columns(dataset, inner, &format!("{path}."), depth + 1, said);
        }
    }
}

/// Column lineage: `columnLineage` names its inputs `inputFields` and `dataset`, `lineage` both `inputs`.
fn lineage(dataset: &Key, node: &Node<'_>, run: Option<&Key>, said: &mut Said) {
    for entry in node.get("fields").map(Node::entries).unwrap_or_default() {
        let column = keys::column(dataset, &entry.key);
        said.mention(
            LineSpan::line(entry.line),
            Kind::Column,
            &[&column],
            &entry.key,
        );
        said.relation(entry.lines(), &column, Predicate::PartOf, dataset);
        let inputs = entry
            .node
            .get("inputFields")
            .or_else(|| entry.node.get("inputs"));
        for input in inputs.map(Node::items).unwrap_or_default() {
            derived(&column, input, run, said);
        }
    }
    let whole = node.get("dataset").or_else(|| node.get("inputs"));
    for input in whole.map(Node::items).unwrap_or_default() {
        derived(dataset, input, run, said);
    }
}

fn derived(subject: &Key, input: &Node<'_>, run: Option<&Key>, said: &mut Said) {
    let Some((namespace, name)) = identity(input, "input", said) else {
        return;
    };
    if is_job(input) {
        let maker = job_key(namespace, name);
        said.relation(input.lines(), &maker, Predicate::Writes, subject);
        return;
    }
    let origin = keys::dataset(namespace, name);
    let object = match input.text_at(&["field"]) {
        Some(field) => keys::column(&origin, field),
        None => origin,
    };
    let mut attributes = run_attribute(run);
    let steps = input.get("transformations").map(Node::items);
    if let Some(step) = steps.unwrap_or_default().first() {
        for (field, name) in [("type", "transformation"), ("subtype", "subtype")] {
            if let Some(text) = step.text_at(&[field]) {
                attributes.insert(name.to_owned(), Value::Text(text.to_lowercase()));
            }
        }
        if let Some(Value::Bool(true)) = step.get("masking").and_then(Node::to_value) {
            attributes.insert("masking".to_owned(), Value::Bool(true));
        }
    }
    let object = Target::Key(object);
    said.relation_with(
        input.lines(),
        subject,
        Predicate::DerivedFrom,
        object,
        attributes,
    );
}
