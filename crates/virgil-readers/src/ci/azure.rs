//! Azure Pipelines (<https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/>): files named
//! `azure-pipelines*.yml`. A file is a pipeline, a job a task; steps without a job are one task named `job`.

use virgil_model::{Attributes, Files, Key, LineSpan, Predicate, Value};

use crate::ci::script::{self, Built, dockerfile};
use crate::ci::shell::Scene;
use crate::ci::{mention, needs, pipeline, task};
use crate::cluster::relate_image;
use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "azure-pipelines",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml")
        && (asset.file_name().starts_with("azure-pipeline")
            || asset.raw.path.contains(".azure-pipelines/"))
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let Some(node) = asset.documents().first().filter(|node| node.is_map()) else {
        return;
    };
    let path = asset.raw.path;
    let line = LineSpan::line(node.line);
    let key = mention(path, asset.file_name(), "azure pipeline", line, said);
    let cron = |node: &Node<'_>| Some(Value::Text(node.text_at(&["cron"])?.to_owned()));
    if let Some(schedules) = node.get("schedules") {
        let crons = schedules.items().iter().filter_map(cron).collect();
        said.attribute(schedules.lines(), &key, "schedule", Value::List(crons));
    }
    let triggers = ["trigger", "pr"]
        .iter()
        .filter(|name| node.get(name).is_some());
    let triggers = triggers
        .map(|name| Value::Text((*name).to_owned()))
        .collect();
    said.attribute(line, &key, "triggers", Value::List(triggers));
    let mut scene = Scene::default();
    scene.add(node.get("variables").filter(|node| node.is_map()));
    let pipeline = Pipeline {
        key,
        node,
        path,
        scene,
    };
    pipeline.extends(node.get("extends"), said);
    pipeline.jobs(node, said);
    for stage in node.get("stages").map_or(&[][..], Node::items) {
        pipeline.extends(Some(stage), said);
        pipeline.jobs(stage, said);
    }
}

struct Pipeline<'a> {
    key: Key,
    node: &'a Node<'a>,
    path: &'a str,
    scene: Scene,
}

impl Pipeline<'_> {
    fn jobs(&self, node: &Node<'_>, said: &mut Said) {
        if let Some(steps) = node.entry("steps") {
            let key = task(&self.key, "job", LineSpan::line(steps.line), said);
            self.steps(node, &key, said);
        }
        for job in node.get("jobs").map_or(&[][..], Node::items) {
            self.extends(Some(job), said);
            let Some(name) = job
                .text_at(&["job"])
                .or_else(|| job.text_at(&["deployment"]))
            else {
                continue;
            };
            let key = task(&self.key, name, job.lines(), said);
            if let Some(node) = job.get("dependsOn") {
                needs(&self.key, &key, node, said);
            }
            if let Some(entry) = job.entry("environment")
                && let Some(name) = entry.node.text().or_else(|| entry.node.text_at(&["name"]))
            {
                said.attribute(
                    entry.lines(),
                    &key,
                    "environment",
                    Value::Text(name.to_owned()),
                );
            }
            if let Some(container) = job.get("container") {
                self.container(container, &key, said);
            }
            self.steps(job, &key, said);
            let strategies = job.get("strategy").map_or(&[][..], Node::entries);
            for strategy in strategies {
                for phase in strategy.node.entries() {
                    self.steps(&phase.node, &key, said);
                }
            }
        }
    }

    /// A container is an image, or the name of one that the resources declare.
    fn container(&self, node: &Node<'_>, key: &Key, said: &mut Said) {
        let name = node
            .text()
            .or_else(|| node.text_at(&["image"]))
            .unwrap_or_default();
        let declared = self
            .node
            .at(&["resources", "containers"])
            .map_or(&[][..], Node::items);
        let declared = declared
            .iter()
            .find(|item| item.text_at(&["container"]) == Some(name))
            .and_then(|item| item.text_at(&["image"]));
        let image = declared.unwrap_or(name);
        relate_image(
            said,
            node.lines(),
            key,
            Predicate::RunsImage,
            image,
            Attributes::new(),
        );
    }

    fn steps(&self, node: &Node<'_>, key: &Key, said: &mut Said) {
        for step in node.get("steps").map_or(&[][..], Node::items) {
            self.extends(Some(step), said);
            let mut scene = self.scene.clone();
            if let Some(folder) = step.text_at(&["workingDirectory"]) {
                scene.folder = folder.to_owned();
            }
            for field in ["script", "bash", "pwsh", "powershell"] {
                if let Some(node) = step.get(field) {
                    script::state(node, key, &scene, said);
                }
            }
            if step
                .text_at(&["task"])
                .is_some_and(|name| name.starts_with("Docker@"))
                && let Some(inputs) = step.get("inputs")
            {
                self.docker(inputs, key, said);
            }
        }
    }

    fn docker(&self, inputs: &Node<'_>, key: &Key, said: &mut Said) {
        let Some(repository) = inputs.entry("repository") else {
            return;
        };
        let is_build = inputs
            .text_at(&["command"])
            .is_none_or(|command| command.to_lowercase().starts_with("build"));
        let name = self.scene.fill(repository.node.text().unwrap_or_default());
        let registry = self
            .scene
            .fill(inputs.text_at(&["containerRegistry"]).unwrap_or_default());
        // A service connection is a name of the server's; only a host says where the repository is.
        let reference = if registry.contains('.') {
            format!("{registry}/{name}")
        } else {
            name
        };
        if is_build {
            let file = inputs
                .text_at(&["dockerfile"])
                .or_else(|| inputs.text_at(&["Dockerfile"]));
            let built = Built {
                tags: vec![&reference],
                dockerfile: file
                    .map(|file| self.scene.fill(file))
                    .map(|file| dockerfile(".", Some(&file), "")),
                bases: &[],
            };
            built.state(repository.lines(), key, said);
        }
    }

    fn extends(&self, node: Option<&Node<'_>>, said: &mut Said) {
        let Some(entry) = node.and_then(|node| node.entry("template")) else {
            return;
        };
        let Some(template) = entry.node.text().filter(|text| !text.contains(['@', '$'])) else {
            return;
        };
        let file = pipeline(&keys::beside(self.path, template));
        let lines = Entry::lines(entry);
        said.relation(lines, &self.key, Predicate::UsesTemplate, &file);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn stages_have_jobs() {
        assert_snapshot!(check("azure-pipelines.yml", r####"trigger: [main]
schedules: [{cron: "0 0 * * *"}]
resources: {containers: [{container: py, image: "python:3.11"}]}
variables: {repo: team/app}
stages:
  - stage: Build
    jobs:
      - job: image
        container: py
        steps:
          - template: templates/setup.yml
          - script: python train/run.py
          - task: Docker@2
            inputs: {command: buildAndPush, repository: $(repo), containerRegistry: acr.azurecr.io, dockerfile: app/Dockerfile}
      - deployment: prod
        dependsOn: image
        environment: production
"####), @r####"
        [1] pipeline "azure-pipelines.yml" ci:./azure-pipelines.yml
        [1] ci:./azure-pipelines.yml .type = "azure pipeline"
        [1] ci:./azure-pipelines.yml defined_in file:./azure-pipelines.yml
        [2] ci:./azure-pipelines.yml .schedule = ["0 0 * * *"]
        [1] ci:./azure-pipelines.yml .triggers = ["trigger"]
        [8-14] task "image" ci:./azure-pipelines.yml#image
        [8-14] ci:./azure-pipelines.yml#image part_of ci:./azure-pipelines.yml
        [9] image "docker.io/library/python" image:docker.io/library/python
        [9] ci:./azure-pipelines.yml#image runs_image image:docker.io/library/python {tag="3.11"}
        [9] ci:./azure-pipelines.yml#image .image = "docker.io/library/python:3.11"
        [11] ci:./azure-pipelines.yml uses_template ci:./templates/setup.yml
        [12] ci:./azure-pipelines.yml#image depends_on file:./train/run.py
        [14] file:./app/Dockerfile builds image:acr.azurecr.io/team/app
        [14] image "acr.azurecr.io/team/app" image:acr.azurecr.io/team/app
        [14] ci:./azure-pipelines.yml#image builds image:acr.azurecr.io/team/app {dockerfile="app/Dockerfile"}
        [15-17] task "prod" ci:./azure-pipelines.yml#prod
        [15-17] ci:./azure-pipelines.yml#prod part_of ci:./azure-pipelines.yml
        [16] ci:./azure-pipelines.yml#prod depends_on ci:./azure-pipelines.yml#image
        [17] ci:./azure-pipelines.yml#prod .environment = "production"
        "####);
    }
}
