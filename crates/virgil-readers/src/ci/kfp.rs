//! Kubeflow Pipelines, compiled: the IR of KFP v2 (`kubeflow/pipelines: api/v2alpha1/pipeline_spec.proto`) as YAML or
//! JSON, one document or two, the second of which is the platform's.
//!
//! A pipeline is known by the name in `pipelineInfo`; a compiled file names no server. The tasks of loops and
//! conditions stand below the task that holds them, `pipeline#condition-1/register`. A task writes the artifacts that its
//! executor makes, `pipeline#task/output`, and reads those that its inputs stand for, through the tasks that hold others.

use std::collections::{BTreeSet, HashMap};

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate, Value};

use crate::ci::{task, task_key};
use crate::cluster::{Place, run_image, uri_key};
use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "kfp",
    accepts,
    state,
};

/// How deep loops and conditions may nest, which hostile components could do for ever.
const MAX_DEPTH: usize = 12;
/// More tasks than this are not stated.
const MAX_TASKS: usize = 5_000;
/// An input stands for no more artifacts than this.
const MAX_ARTIFACTS: usize = 200;

/// The key of a pipeline.
pub(crate) fn key(name: &str) -> Key {
    Key::scoped("pipeline", "kfp", name)
}

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "json")
        && asset.mentions(&["pipelineInfo"])
        && asset.documents().iter().any(is_pipeline)
}

fn is_pipeline(node: &Node<'_>) -> bool {
    node.text_at(&["pipelineInfo", "name"]).is_some() && node.get("root").is_some()
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let mut last = None;
    for node in asset.documents() {
        if is_pipeline(node) {
            last = pipeline(node, asset.raw.path, said);
        } else if let (Some(key), Some(platforms)) = (&last, node.get("platforms")) {
            platform(platforms, key, said);
        }
    }
}

fn pipeline(node: &Node<'_>, path: &str, said: &mut Said) -> Option<Key> {
    let info = node.get("pipelineInfo")?;
    let name = info.entry("name")?;
    let key = key(name.node.text()?);
    said.mention(name.lines(), Kind::Pipeline, &[&key], name.node.text()?);
    said.relation(name.lines(), &key, Predicate::DefinedIn, &keys::file(path));
    let text = |name: &str, entry: Option<&Entry<'_>>, said: &mut Said| {
        if let Some(entry) = entry
            && let Some(value) = entry.node.text()
        {
            said.attribute(entry.lines(), &key, name, Value::Text(value.to_owned()));
        }
    };
    text("description", info.entry("description"), said);
    text("sdk_version", node.entry("sdkVersion"), said);
    text("pipeline_root", node.entry("defaultPipelineRoot"), said);
    if let Some(parameters) = node.at(&["root", "inputDefinitions", "parameters"]) {
        let parameter = |entry: &Entry<'_>| {
            Value::Text(match entry.node.text_at(&["defaultValue"]) {
                Some(value) => format!("{}={value}", entry.key),
                None => entry.key.to_string(),
            })
        };
        let values = parameters.entries().iter().map(parameter).collect();
        said.attribute(parameters.lines(), &key, "parameters", Value::List(values));
    }
    let mut walk = Walk {
        node,
        pipeline: key.clone(),
        left: MAX_TASKS,
    };
    if let Some(root) = node.get("root") {
        walk.dag(root, "", &Given::new(), 0, said);
    }
    Some(key)
}

/// The artifacts that the inputs of a component stand for.
type Given<'a> = HashMap<&'a str, BTreeSet<Key>>;

/// Where a task stands.
#[derive(Clone, Copy)]
struct Scope<'s> {
    /// The component that holds it.
    component: &'s Node<'s>,
    /// The names of the tasks that hold it.
    above: &'s str,
    /// The artifacts that the inputs of the component stand for.
    given: &'s Given<'s>,
}

struct Walk<'a> {
    node: &'a Node<'a>,
    pipeline: Key,
    left: usize,
}

impl<'a> Walk<'a> {
    /// The tasks of a component that holds others; `given` are the artifacts that its inputs stand for.
    fn dag(
        &mut self,
        component: &Node<'_>,
        above: &str,
        given: &Given<'_>,
        depth: usize,
        said: &mut Said,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        let tasks = component.at(&["dag", "tasks"]);
        for entry in tasks.map_or(&[][..], Node::entries) {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let scope = Scope {
                component,
                above,
                given,
            };
            self.one(entry, scope, depth, said);
        }
    }

    fn one(&mut self, entry: &Entry<'_>, scope: Scope<'_>, depth: usize, said: &mut Said) {
        let above = scope.above;
        let name = format!("{above}{}", entry.key);
        let key = task(&self.pipeline, &name, entry.lines(), said);
        self.order(entry, above, &key, said);
        if let Some(condition) = entry
            .node
            .at(&["triggerPolicy"])
            .and_then(|node| node.entry("condition"))
            && let Some(text) = condition.node.text()
        {
            said.attribute(
                condition.lines(),
                &key,
                "condition",
                Value::Text(text.to_owned()),
            );
        }
        self.constants(&entry.node, &key, said);
        let Some(component) = self.component(&entry.node) else {
            return;
        };
        if let Some(outputs) = component.at(&["outputDefinitions", "artifacts"]) {
            let output = |entry: &Entry<'_>| {
                let kind = entry.node.text_at(&["artifactType", "schemaTitle"])?;
                Some(Value::Text(format!("{}: {kind}", entry.key)))
            };
            let values = outputs.entries().iter().filter_map(output).collect();
            said.attribute(outputs.lines(), &key, "outputs", Value::List(values));
        }
        let given = self.inputs(entry, scope);
        if let Some(executor) = component.text_at(&["executorLabel"]) {
            self.executor(executor, &key, said);
            self.artifacts(entry, component, &name, &key, &given, said);
        }
        // A chain of long names must not grow without end either.
        if component.get("dag").is_some() && name.len() < 1_000 {
            self.dag(component, &format!("{name}/"), &given, depth + 1, said);
        }
    }

    /// What a task waits for: what it names, and who makes what it takes.
    fn order(&self, entry: &Entry<'_>, above: &str, key: &Key, said: &mut Said) {
        let mut after = |lines: LineSpan, name: &str| {
            let before = task_key(&self.pipeline, &format!("{above}{name}"));
            said.relation(lines, key, Predicate::DependsOn, &before);
        };
        let others = entry.node.get("dependentTasks");
        for other in others.map_or(&[][..], Node::items) {
            if let Some(name) = other.text() {
                after(other.lines(), name);
            }
        }
        for (part, field) in [
            ("parameters", "taskOutputParameter"),
            ("artifacts", "taskOutputArtifact"),
        ] {
            let inputs = entry.node.at(&["inputs", part]);
            for input in inputs.map_or(&[][..], Node::entries) {
                let producer = input
                    .node
                    .get(field)
                    .and_then(|node| node.entry("producerTask"));
                if let Some(producer) = producer
                    && let Some(name) = producer.node.text()
                {
                    after(producer.lines(), name);
                }
            }
        }
    }

    /// The component of a task.
    fn component(&self, task: &Node<'_>) -> Option<&'a Node<'a>> {
        let name = task.text_at(&["componentRef", "name"])?;
        self.node.at(&["components", name])
    }

    /// The artifacts that the inputs of a task stand for.
    fn inputs<'t>(&self, entry: &'t Entry<'_>, scope: Scope<'_>) -> Given<'t> {
        let mut given = Given::new();
        let inputs = entry.node.at(&["inputs", "artifacts"]);
        for input in inputs.map_or(&[][..], Node::entries) {
            let mut found = BTreeSet::new();
            if let Some(name) = input.node.text_at(&["componentInputArtifact"]) {
                found.extend(scope.given.get(name).into_iter().flatten().cloned());
            }
            if let Some(output) = input.node.get("taskOutputArtifact") {
                let names = (
                    output.text_at(&["producerTask"]),
                    output.text_at(&["outputArtifactKey"]),
                );
                if let (Some(task), Some(name)) = names {
                    self.output(scope.component, scope.above, (task, name), 0, &mut found);
                }
            }
            given.insert(&input.key, found);
        }
        given
    }

    /// Finds the artifacts that an output of a task of a component stands for.
    fn output(
        &self,
        component: &Node<'_>,
        above: &str,
        (task, output): (&str, &str),
        depth: usize,
        found: &mut BTreeSet<Key>,
    ) {
        let node = component.at(&["dag", "tasks", task]);
        let Some(inner) = node.and_then(|node| self.component(node)) else {
            return;
        };
        if inner.get("executorLabel").is_some() {
            found.insert(self.artifact(&format!("{above}{task}"), output));
            return;
        }
        let selectors = inner.at(&["dag", "outputs", "artifacts", output, "artifactSelectors"]);
        let above = format!("{above}{task}/");
        if depth >= MAX_DEPTH || above.len() >= 1_000 {
            return;
        }
        for selector in selectors.map_or(&[][..], Node::items) {
            let names = (
                selector.text_at(&["producerSubtask"]),
                selector.text_at(&["outputArtifactKey"]),
            );
            if let (Some(task), Some(name)) = names {
                if found.len() >= MAX_ARTIFACTS {
                    return;
                }
                self.output(inner, &above, (task, name), depth + 1, found);
            }
        }
    }

    /// The key of an artifact that a task makes.
    fn artifact(&self, task: &str, output: &str) -> Key {
        Key {
            scheme: "artifact".to_owned(),
            value: format!("{}#{task}/{output}", self.pipeline.value),
            ..self.pipeline.clone()
        }
    }

    /// States what an executor makes and takes.
    fn artifacts(
        &self,
        entry: &Entry<'_>,
        component: &Node<'_>,
        name: &str,
        key: &Key,
        given: &Given<'_>,
        said: &mut Said,
    ) {
        let outputs = component.at(&["outputDefinitions", "artifacts"]);
        for output in outputs.map_or(&[][..], Node::entries) {
            let artifact = self.artifact(name, &output.key);
            said.mention(output.lines(), Kind::Artifact, &[&artifact], &output.key);
            let kind = output.node.text_at(&["artifactType", "schemaTitle"]);
            said.text(output.lines(), &artifact, "type", kind.unwrap_or_default());
            said.relation(output.lines(), key, Predicate::Writes, &artifact);
        }
        let inputs = entry.node.at(&["inputs", "artifacts"]);
        for input in inputs.map_or(&[][..], Node::entries) {
            for artifact in given.get(&*input.key).into_iter().flatten() {
                said.relation(input.lines(), key, Predicate::Reads, artifact);
            }
        }
    }

    /// The inputs of a task that the pipeline fixes.
    fn constants(&self, task: &Node<'_>, key: &Key, said: &mut Said) {
        let Some(parameters) = task.at(&["inputs", "parameters"]) else {
            return;
        };
        let constant = |entry: &Entry<'_>| {
            let value = entry.node.text_at(&["runtimeValue", "constant"])?;
            let is_short = value.len() <= 200 && !value.contains("{{");
            is_short.then(|| Value::Text(format!("{}={value}", entry.key)))
        };
        let values = parameters.entries().iter().filter_map(constant).collect();
        said.attribute(parameters.lines(), key, "parameters", Value::List(values));
    }

    fn executor(&self, label: &str, key: &Key, said: &mut Said) {
        let Some(executor) = self.node.at(&["deploymentSpec", "executors", label]) else {
            return;
        };
        if let Some(image) = executor
            .get("container")
            .and_then(|node| node.entry("image"))
        {
            run_image(image, key, Attributes::new(), said);
        }
        let place = Place {
            cluster: "default",
            namespace: "default",
        };
        let uri = executor
            .at(&["importer", "artifactUri"])
            .and_then(|node| node.entry("constant"));
        if let Some(entry) = uri
            && let Some(uri) = entry.node.text().and_then(|text| uri_key(text, &place))
        {
            said.relation(entry.lines(), key, Predicate::Reads, &uri);
        }
    }
}

/// What the platform's document adds: the Secrets and volumes that executors mount, by name.
fn platform(platforms: &Node<'_>, key: &Key, said: &mut Said) {
    let executors = platforms.at(&["kubernetes", "deploymentSpec", "executors"]);
    for executor in executors.into_iter().flat_map(Node::entries) {
        for (field, attribute) in [
            ("secretAsEnv", "secrets"),
            ("secretAsVolume", "secrets"),
            ("configMapAsEnv", "config_maps"),
            ("configMapAsVolume", "config_maps"),
            ("pvcMount", "volumes"),
        ] {
            let Some(entry) = executor.node.entry(field) else {
                continue;
            };
            let name = |node: &Node<'_>| {
                let name = ["secretName", "configMapName", "pvcName", "constant"]
                    .iter()
                    .find_map(|field| node.text_at(&[field]))?;
                Some(Value::Text(name.to_owned()))
            };
            let names: Vec<Value> = entry.node.items().iter().filter_map(name).collect();
            let lines: LineSpan = entry.lines();
            said.attribute(lines, key, attribute, Value::List(names));
        }
    }
}

#[cfg(test)]
mod tests;
