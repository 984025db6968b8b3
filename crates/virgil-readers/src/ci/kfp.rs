//! Kubeflow Pipelines, compiled: the IR of KFP v2 (`kubeflow/pipelines: api/v2alpha1/pipeline_spec.proto`) as YAML or
//! JSON, one document or two, the second of which is the platform's.
//!
//! A pipeline is known by the name in `pipelineInfo`; a compiled file names no server. The tasks of loops and
//! conditions stand below the task that holds them, `pipeline#condition-1/register`.

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
    if let Some(dag) = node.at(&["root", "dag"]) {
        walk.dag(dag, "", 0, said);
    }
    Some(key)
}

struct Walk<'a> {
    node: &'a Node<'a>,
    pipeline: Key,
    left: usize,
}

impl Walk<'_> {
    fn dag(&mut self, dag: &Node<'_>, above: &str, depth: usize, said: &mut Said) {
        if depth > MAX_DEPTH {
            return;
        }
        for entry in dag.get("tasks").map_or(&[][..], Node::entries) {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.one(entry, above, depth, said);
        }
    }

    fn one(&mut self, entry: &Entry<'_>, above: &str, depth: usize, said: &mut Said) {
        let name = format!("{above}{}", entry.key);
        let key = task(&self.pipeline, &name, entry.lines(), said);
        let before = |name: &str| task_key(&self.pipeline, &format!("{above}{name}"));
        for other in entry
            .node
            .get("dependentTasks")
            .map_or(&[][..], Node::items)
        {
            if let Some(name) = other.text() {
                said.relation(other.lines(), &key, Predicate::DependsOn, &before(name));
            }
        }
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
        let Some(component) = entry.node.text_at(&["componentRef", "name"]) else {
            return;
        };
        let Some(component) = self.node.at(&["components", component]) else {
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
        if let Some(executor) = component.text_at(&["executorLabel"]) {
            self.executor(executor, &key, said);
        }
        if let Some(dag) = component.get("dag") {
            // A chain of long names must not grow without end either.
            if name.len() < 1_000 {
                self.dag(dag, &format!("{name}/"), depth + 1, said);
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
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn tasks_wait_run_and_import() {
        assert_snapshot!(check("churn/compiled.yaml", r####"# PIPELINE DEFINITION
components:
  comp-condition-1:
    dag:
      tasks:
        register:
          componentRef: {name: comp-train}
          inputs: {parameters: {alias: {runtimeValue: {constant: challenger}}}}
  comp-train:
    executorLabel: exec-train
    outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}
  comp-importer: {executorLabel: exec-importer}
deploymentSpec:
  executors:
    exec-train:
      container:
        command: [python, train.py, "{{$.inputs.x}}"]
        image: registry.example/churn-train:1.8.1
    exec-importer:
      importer:
        artifactUri: {constant: "gs://bucket/data.txt"}
pipelineInfo:
  name: churn-training
  description: Weekly.
root:
  dag:
    tasks:
      importer: {componentRef: {name: comp-importer}}
      condition-1:
        componentRef: {name: comp-condition-1}
        dependentTasks: [importer]
        triggerPolicy: {condition: "inputs.x > 1"}
  inputDefinitions: {parameters: {mart: {defaultValue: w.m.c}}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.3
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-train:
          secretAsVolume: [{secretName: token, mountPath: /x}]
"####), @r####"
        [23] pipeline "churn-training" pipeline:kfp/churn-training
        [23] pipeline:kfp/churn-training defined_in file:./churn/compiled.yaml
        [24] pipeline:kfp/churn-training .description = "Weekly."
        [35] pipeline:kfp/churn-training .sdk_version = "kfp-2.17.3"
        [33] pipeline:kfp/churn-training .parameters = ["mart=w.m.c"]
        [28] task "importer" pipeline:kfp/churn-training#importer
        [28] pipeline:kfp/churn-training#importer part_of pipeline:kfp/churn-training
        [21] pipeline:kfp/churn-training#importer reads uri:gs://bucket/data.txt
        [29-32] task "condition-1" pipeline:kfp/churn-training#condition-1
        [29-32] pipeline:kfp/churn-training#condition-1 part_of pipeline:kfp/churn-training
        [31] pipeline:kfp/churn-training#condition-1 depends_on pipeline:kfp/churn-training#importer
        [32] pipeline:kfp/churn-training#condition-1 .condition = "inputs.x > 1"
        [6-8] task "condition-1/register" pipeline:kfp/churn-training#condition-1/register
        [6-8] pipeline:kfp/churn-training#condition-1/register part_of pipeline:kfp/churn-training
        [8] pipeline:kfp/churn-training#condition-1/register .parameters = ["alias=challenger"]
        [11] pipeline:kfp/churn-training#condition-1/register .outputs = ["model: system.Model"]
        [18] image "registry.example/churn-train" image:registry.example/churn-train
        [18] pipeline:kfp/churn-training#condition-1/register runs_image image:registry.example/churn-train {tag="1.8.1"}
        [42] pipeline:kfp/churn-training .secrets = ["token"]
        "####);
    }

    #[test]
    fn a_component_that_holds_itself_ends() {
        let text = "components:\n  a: {dag: {tasks: {x: {componentRef: {name: a}}, y: {componentRef: {name: a}}}}}\npipelineInfo: {name: p}\nroot: {dag: {tasks: {x: {componentRef: {name: a}}}}}\n";
        assert!(check("a.yaml", text).lines().count() > 10);
    }
}
