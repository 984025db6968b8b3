//! GitHub Actions workflows
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax>), of Gitea and Forgejo too.
//!
//! A workflow is a pipeline, a job a task. Of a matrix each combination that is listed is looked at, for the images
//! it builds; variables that only a run knows say nothing.

use virgil_model::{Attributes, Files, Key, LineSpan, Predicate, Target, Value};

use crate::ci::script::{self, Built, dockerfile};
use crate::ci::shell::Scene;
use crate::ci::{mention, needs, pipeline, task};
use crate::cluster::run_image;
use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "github-actions",
    accepts,
    state,
};

/// More combinations of a matrix are not looked at.
const MAX_COMBINATIONS: usize = 50;

fn accepts(asset: &Asset<'_>) -> bool {
    let folder = asset
        .raw
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let is_folder = [
        ".github/workflows",
        ".gitea/workflows",
        ".forgejo/workflows",
    ]
    .iter()
    .any(|name| folder == *name || folder.ends_with(&format!("/{name}")));
    is_folder && matches!(asset.extension().as_str(), "yaml" | "yml")
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let Some(node) = asset.documents().first().filter(|node| node.is_map()) else {
        return;
    };
    let name = node.text_at(&["name"]).unwrap_or(asset.file_name());
    let lines = node
        .entry("name")
        .map_or(LineSpan::line(node.line), Entry::lines);
    let key = mention(asset.raw.path, name, "github workflow", lines, said);
    if let Some(on) = node.entry("on").or_else(|| node.entry("true")) {
        triggers(on, &key, said);
    }
    for job in node.get("jobs").map_or(&[][..], Node::entries) {
        one(node, job, &key, asset.raw.path, said);
    }
}

fn triggers(on: &Entry<'_>, key: &Key, said: &mut Said) {
    let mut names: Vec<Value> = Vec::new();
    for item in on.node.one_or_many() {
        names.extend(item.text().map(|text| Value::Text(text.to_owned())));
    }
    for event in on.node.entries() {
        names.push(Value::Text(event.key.to_string()));
    }
    said.attribute(on.lines(), key, "triggers", Value::List(names));
    if let Some(schedule) = on.node.get("schedule") {
        let cron = |node: &Node<'_>| Some(Value::Text(node.text_at(&["cron"])?.to_owned()));
        let crons = schedule.items().iter().filter_map(cron).collect();
        said.attribute(schedule.lines(), key, "schedule", Value::List(crons));
    }
    for event in ["push", "pull_request"] {
        if let Some(paths) = on.node.at(&[event, "paths"])
            && let Some(value) = paths.to_value()
        {
            said.attribute(paths.lines(), key, "trigger_paths", value);
        }
    }
}

fn one(workflow: &Node<'_>, job: &Entry<'_>, pipeline_key: &Key, path: &str, said: &mut Said) {
    let key = task(pipeline_key, &job.key, job.lines(), said);
    if let Some(node) = job.node.get("needs") {
        needs(pipeline_key, &key, node, said);
    }
    if let Some(environment) = job.node.entry("environment") {
        let name = environment
            .node
            .text()
            .or_else(|| environment.node.text_at(&["name"]));
        if let Some(name) = name {
            said.attribute(
                environment.lines(),
                &key,
                "environment",
                Value::Text(name.to_owned()),
            );
        }
    }
    if let Some(uses) = job.node.entry("uses")
        && let Some(text) = uses.node.text()
    {
        reuse(text, uses.lines(), &key, path, said);
    }
    let container = job.node.entry("container");
    let container = container.map(|entry| entry.node.entry("image").unwrap_or(entry));
    let services = job.node.get("services").map_or(&[][..], Node::entries);
    let services = services
        .iter()
        .filter_map(|service| service.node.entry("image"));
    for image in container.into_iter().chain(services) {
        run_image(image, &key, Attributes::new(), said);
    }
    for scene in scenes(workflow, &job.node, root(path)) {
        for step in job.node.get("steps").map_or(&[][..], Node::items) {
            self::step(step, &key, &scene, said);
        }
    }
}

fn reuse(text: &str, lines: LineSpan, key: &Key, path: &str, said: &mut Said) {
    let (place, reference) = text.split_once('@').unwrap_or((text, ""));
    let object = if let Some(local) = place.strip_prefix("./") {
        pipeline(&format!("{}{local}", root(path)))
    } else {
        let mut parts = place.splitn(3, '/');
        let (Some(owner), Some(repository), Some(file)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        Key::scoped("ci", &format!("{owner}/{repository}").to_lowercase(), file)
    };
    let mut attributes = Attributes::new();
    if !reference.is_empty() {
        attributes.insert("ref".to_owned(), Value::Text(reference.to_owned()));
    }
    said.relation_with(
        lines,
        key,
        Predicate::UsesTemplate,
        Target::Key(object),
        attributes,
    );
}

/// The folder of the repository in the source, with a slash, or nothing.
fn root(path: &str) -> &str {
    let at = [".github/", ".gitea/", ".forgejo/"]
        .iter()
        .find_map(|folder| path.find(folder));
    &path[..at.unwrap_or(0)]
}

/// The variables of each combination of the matrix; without one there is one scene.
fn scenes(workflow: &Node<'_>, job: &Node<'_>, root: &str) -> Vec<Scene> {
    let mut base = Scene::default();
    base.add(workflow.get("env"));
    base.add(job.get("env"));
    let folder = [job, workflow]
        .iter()
        .find_map(|node| node.text_at(&["defaults", "run", "working-directory"]));
    base.root = root.to_owned();
    base.folder = keys::beside(&format!("{root}x"), folder.unwrap_or_default());
    let Some(matrix) = job.at(&["strategy", "matrix"]) else {
        return vec![base];
    };
    let mut scenes = vec![base.clone()];
    for entry in matrix.entries() {
        if matches!(&*entry.key, "include" | "exclude") {
            continue;
        }
        let values: Vec<&Node<'_>> = entry.node.items().iter().collect();
        if values.is_empty() {
            continue;
        }
        let mut next = Vec::new();
        for scene in &scenes {
            for value in &values {
                if next.len() < MAX_COMBINATIONS {
                    let mut scene = scene.clone();
                    set(&mut scene, &entry.key, value);
                    next.push(scene);
                }
            }
        }
        scenes = next;
    }
    let include = matrix.get("include").map_or(&[][..], Node::items);
    if !include.is_empty() && matrix.entries().len() == 1 {
        scenes.clear();
    }
    for item in include.iter().take(MAX_COMBINATIONS) {
        let mut scene = base.clone();
        for entry in item.entries() {
            set(&mut scene, &entry.key, &entry.node);
        }
        scenes.push(scene);
    }
    scenes
}

fn set(scene: &mut Scene, name: &str, value: &Node<'_>) {
    if let Some(text) = value.text() {
        scene
            .variables
            .insert(format!("matrix.{name}"), text.to_owned());
    }
    for entry in value.entries() {
        if let Some(text) = entry.node.text() {
            let name = format!("matrix.{name}.{}", entry.key);
            scene.variables.insert(name, text.to_owned());
        }
    }
}

fn step(step: &Node<'_>, key: &Key, scene: &Scene, said: &mut Said) {
    let mut scene = scene.clone();
    scene.add(step.get("env"));
    if let Some(folder) = step.text_at(&["working-directory"]) {
        scene.folder = keys::beside(&format!("{}x", scene.root), folder);
    }
    if let Some(run) = step.get("run") {
        script::state(run, key, &scene, said);
    }
    let Some(uses) = step.entry("uses") else {
        return;
    };
    let text = uses.node.text().unwrap_or_default();
    if let Some(image) = text.strip_prefix("docker://") {
        crate::cluster::relate_image(
            said,
            uses.lines(),
            key,
            Predicate::RunsImage,
            image,
            Attributes::new(),
        );
    } else if let Some(local) = text.strip_prefix("./").filter(|path| !path.is_empty()) {
        let path = format!("{}{local}", scene.root);
        said.relation(uses.lines(), key, Predicate::DependsOn, &keys::file(&path));
    } else if text.starts_with("docker/build-push-action@") {
        let Some(with) = step.get("with") else {
            return;
        };
        let fill = |name: &str| with.text_at(&[name]).map(|text| scene.fill(text));
        let tags = fill("tags").unwrap_or_default();
        let file = fill("file");
        let context = fill("context").unwrap_or_else(|| ".".to_owned());
        let is_local = !context.contains("://") && !context.contains('$');
        let built = Built {
            tags: tags
                .split([',', '\n'])
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .collect(),
            // `file` is relative to the repository.
            dockerfile: is_local
                .then(|| dockerfile(&context, file.as_deref(), scene.root.trim_end_matches('/'))),
            bases: &[],
        };
        let lines = with.entry("tags").map_or(step.lines(), Entry::lines);
        built.state(lines, key, said);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn jobs_run_wait_build_and_call() {
        assert_snapshot!(check(".github/workflows/images.yml", r####"name: images
on:
  push: {paths: ["images/**"]}
  schedule:
    - cron: "0 4 1 3,6,9,12 *"
jobs:
  build:
    runs-on: self-hosted
    container: registry.example/ci:1
    strategy:
      matrix:
        include:
          - {folder: images/a, image: registry.example/a}
          - {folder: images/b, image: registry.example/b}
    steps:
      - uses: actions/checkout@v5
      - env: {TAG: "${{ inputs.tag || '2026.09' }}"}
        run: |
          set -e
          docker build -t ${{ matrix.image }}:$TAG ${{ matrix.folder }}
  push:
    needs: [build]
    environment: {name: production}
    services: {db: {image: "postgres:16"}}
    steps:
      - run: scripts/promote.sh "${{ inputs.version }}"
      - uses: docker/build-push-action@v6
        with:
          context: app
          tags: |
            ghcr.io/team/app:${{ github.sha }}
            ghcr.io/team/app:latest
  reuse:
    needs: build
    uses: team/shared/.github/workflows/scan.yml@v1
"####), @r####"
        [1] pipeline "images" ci:./.github/workflows/images.yml
        [1] ci:./.github/workflows/images.yml .type = "github workflow"
        [1] ci:./.github/workflows/images.yml defined_in file:./.github/workflows/images.yml
        [2-5] ci:./.github/workflows/images.yml .triggers = ["push","schedule"]
        [5] ci:./.github/workflows/images.yml .schedule = ["0 4 1 3,6,9,12 *"]
        [3] ci:./.github/workflows/images.yml .trigger_paths = ["images/**"]
        [7-20] task "build" ci:./.github/workflows/images.yml#build
        [7-20] ci:./.github/workflows/images.yml#build part_of ci:./.github/workflows/images.yml
        [9] image "registry.example/ci" image:registry.example/ci
        [9] ci:./.github/workflows/images.yml#build runs_image image:registry.example/ci {tag="1"}
        [9] ci:./.github/workflows/images.yml#build .image = "registry.example/ci:1"
        [20] file:./images/a/Dockerfile builds image:registry.example/a
        [20] image "registry.example/a" image:registry.example/a
        [20] ci:./.github/workflows/images.yml#build builds image:registry.example/a {dockerfile="images/a/Dockerfile"}
        [20] file:./images/b/Dockerfile builds image:registry.example/b
        [20] image "registry.example/b" image:registry.example/b
        [20] ci:./.github/workflows/images.yml#build builds image:registry.example/b {dockerfile="images/b/Dockerfile"}
        [21-32] task "push" ci:./.github/workflows/images.yml#push
        [21-32] ci:./.github/workflows/images.yml#push part_of ci:./.github/workflows/images.yml
        [22] ci:./.github/workflows/images.yml#push depends_on ci:./.github/workflows/images.yml#build
        [23] ci:./.github/workflows/images.yml#push .environment = "production"
        [24] image "docker.io/library/postgres" image:docker.io/library/postgres
        [24] ci:./.github/workflows/images.yml#push runs_image image:docker.io/library/postgres {tag="16"}
        [24] ci:./.github/workflows/images.yml#push .image = "docker.io/library/postgres:16"
        [26] ci:./.github/workflows/images.yml#push depends_on file:./scripts/promote.sh
        [30-32] file:./app/Dockerfile builds image:ghcr.io/team/app
        [30-32] image "ghcr.io/team/app" image:ghcr.io/team/app
        [30-32] ci:./.github/workflows/images.yml#push builds image:ghcr.io/team/app {dockerfile="app/Dockerfile"}
        [30-32] ci:./.github/workflows/images.yml#push builds image:ghcr.io/team/app {dockerfile="app/Dockerfile", tag="latest"}
        [33-35] task "reuse" ci:./.github/workflows/images.yml#reuse
        [33-35] ci:./.github/workflows/images.yml#reuse part_of ci:./.github/workflows/images.yml
        [34] ci:./.github/workflows/images.yml#reuse depends_on ci:./.github/workflows/images.yml#build
        [35] ci:./.github/workflows/images.yml#reuse uses_template ci:team/shared/.github/workflows/scan.yml {ref="v1"}
        "####);
    }

    #[test]
    fn damage_says_nothing() {
        for text in [
            "",
            "[]",
            "on: push",
            "jobs: {a: 1, b: [x], c: {steps: {x: y}, strategy: {matrix: \"${{ x }}\"}}}",
            "on:\n  - [x]\n",
        ] {
            check(".github/workflows/a.yml", text);
        }
    }
}
