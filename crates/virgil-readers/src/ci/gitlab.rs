//! GitLab CI (<https://docs.gitlab.com/ci/yaml/>): a file is a pipeline, a job a task.
//!
//! Jobs are the top-level keys that are no keywords; a hidden one (`.name`) is only what others extend. What a job
//! takes over by `extends` and `default` counts for it. Schedules are kept by the server, not by the file.

use virgil_model::{Attributes, Files, Key, LineSpan, Predicate, Value};

use crate::ci::script;
use crate::ci::shell::Scene;
use crate::ci::{mention, needs, pipeline, task};
use crate::cluster::relate_image;
use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "gitlab-ci",
    accepts,
    state,
};

const KEYWORDS: &[&str] = &[
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
    "types",
];
/// More jobs than this are not looked at.
const MAX_JOBS: usize = 500;
/// Of a script or list that every job may take over, no more than this is looked at.
const MAX_INHERITED: usize = 100;
/// How long a chain of `extends` may be, which could also be a circle.
const MAX_EXTENDS: usize = 10;

fn accepts(asset: &Asset<'_>) -> bool {
    let name = asset.file_name();
    name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml")
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    // The first document may hold the inputs (`spec`) of the one that follows.
    let Some(node) = asset.documents().last().filter(|node| node.is_map()) else {
        return;
    };
    let path = asset.raw.path;
    let (root, name) = path.rsplit_once('/').unwrap_or(("", path));
    let key = mention(
        path,
        name,
        "gitlab pipeline",
        LineSpan::line(node.line),
        said,
    );
    for include in node.get("include").map_or(&[][..], Node::one_or_many) {
        let local = include.text().or_else(|| include.text_at(&["local"]));
        if let Some(local) =
            local.filter(|local| !local.contains("://") && !local.contains(['$', '*']))
        {
            let file = pipeline(&keys::beside(
                &format!("{root}/x"),
                local.trim_start_matches('/'),
            ));
            said.relation(include.lines(), &key, Predicate::UsesTemplate, &file);
        }
    }
    let jobs = node.entries().iter().filter(|job| {
        !KEYWORDS.contains(&&*job.key) && !job.key.starts_with('.') && job.node.is_map()
    });
    for job in jobs.take(MAX_JOBS) {
        one(node, job, &key, root, said);
    }
}

fn one(file: &Node<'_>, job: &Entry<'_>, pipeline_key: &Key, root: &str, said: &mut Said) {
    let key = task(pipeline_key, &job.key, job.lines(), said);
    let chain = chain(file, &job.node);
    let find = |field: &str| {
        let own = chain.iter().find_map(|node| node.entry(field));
        own.or_else(|| file.get("default").and_then(|node| node.entry(field)))
            .or_else(|| file.entry(field))
    };
    for (attribute, field) in [("stage", "stage"), ("environment", "environment")] {
        if let Some(entry) = chain.iter().find_map(|node| node.entry(field)) {
            let text = entry.node.text().or_else(|| entry.node.text_at(&["name"]));
            if let Some(text) = text {
                said.attribute(entry.lines(), &key, attribute, Value::Text(text.to_owned()));
            }
        }
    }
    let mut scene = Scene {
        folder: root.to_owned(),
        ..Scene::default()
    };
    scene.add(file.get("variables"));
    for node in chain.iter().rev() {
        scene.add(node.get("variables"));
    }
    let images = find("image").into_iter();
    let services = find("services").map_or(&[][..], |entry| entry.node.items());
    let images = images.map(|entry| &entry.node).chain(services);
    for image in images.take(MAX_INHERITED) {
        if let Some(text) = image.text().or_else(|| image.text_at(&["name"])) {
            let text = scene.fill(text);
            relate_image(
                said,
                image.lines(),
                &key,
                Predicate::RunsImage,
                &text,
                Attributes::new(),
            );
        }
    }
    for field in ["needs", "dependencies"] {
        if let Some(entry) = chain.iter().find_map(|node| node.entry(field)) {
            needs(pipeline_key, &key, &entry.node, said);
        }
    }
    for field in ["before_script", "script", "after_script"] {
        let lines = find(field).map_or(&[][..], |entry| entry.node.one_or_many());
        for line in lines.iter().take(MAX_INHERITED) {
            for line in line.one_or_many() {
                script::state(line, &key, &scene, said);
            }
        }
    }
    let trigger = chain.iter().find_map(|node| node.get("trigger"));
    for include in trigger
        .and_then(|node| node.get("include"))
        .map_or(&[][..], Node::one_or_many)
    {
        if let Some(local) = include.text().or_else(|| include.text_at(&["local"])) {
            let child = pipeline(&keys::beside(
                &format!("{root}/x"),
                local.trim_start_matches('/'),
            ));
            said.relation(include.lines(), &key, Predicate::Triggers, &child);
        }
    }
}

/// A job and what it extends, nearest first.
fn chain<'a>(file: &'a Node<'a>, job: &'a Node<'a>) -> Vec<&'a Node<'a>> {
    let mut chain = vec![job];
    let mut at = 0;
    while at < chain.len() && chain.len() < MAX_EXTENDS {
        let extends = chain[at].get("extends").map_or(&[][..], Node::one_or_many);
        // Of several the last wins.
        chain.extend(
            extends
                .iter()
                .rev()
                .filter_map(|name| file.get(name.text()?)),
        );
        at += 1;
    }
    chain
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn jobs_take_over_what_they_extend() {
        assert_snapshot!(check(".gitlab-ci.yml", r####"stages: [test, build]
include:
  - local: /ci/scan.yml
  - {project: a/b, file: c.yml}
default: {image: "registry.example/ci:1.22"}
variables:
  SHOP_IMAGE: registry.example/shop
.go:
  before_script: [./scripts/setup.sh]
  services: [{name: "postgres:16"}]
test:
  extends: .go
  stage: test
  script: go test
build:
  extends: [.go]
  image: {name: docker}
  environment: {name: production}
  script:
    - docker build -t $SHOP_IMAGE:5.6.0 shop-api
    - !reference [.go, script]
  needs: [test, {job: lint}]
"####), @r####"
        [1] pipeline ".gitlab-ci.yml" ci:./.gitlab-ci.yml
        [1] ci:./.gitlab-ci.yml .type = "gitlab pipeline"
        [1] ci:./.gitlab-ci.yml defined_in file:./.gitlab-ci.yml
        [3] ci:./.gitlab-ci.yml uses_template ci:./ci/scan.yml
        [11-14] task "test" ci:./.gitlab-ci.yml#test
        [11-14] ci:./.gitlab-ci.yml#test part_of ci:./.gitlab-ci.yml
        [13] ci:./.gitlab-ci.yml#test .stage = "test"
        [5] image "registry.example/ci" image:registry.example/ci
        [5] ci:./.gitlab-ci.yml#test runs_image image:registry.example/ci {tag="1.22"}
        [5] ci:./.gitlab-ci.yml#test .image = "registry.example/ci:1.22"
        [10] image "docker.io/library/postgres" image:docker.io/library/postgres
        [10] ci:./.gitlab-ci.yml#test runs_image image:docker.io/library/postgres {tag="16"}
        [10] ci:./.gitlab-ci.yml#test .image = "docker.io/library/postgres:16"
        [9] ci:./.gitlab-ci.yml#test depends_on file:./scripts/setup.sh
        [15-22] task "build" ci:./.gitlab-ci.yml#build
        [15-22] ci:./.gitlab-ci.yml#build part_of ci:./.gitlab-ci.yml
        [18] ci:./.gitlab-ci.yml#build .environment = "production"
        [17] image "docker.io/library/docker" image:docker.io/library/docker
        [17] ci:./.gitlab-ci.yml#build runs_image image:docker.io/library/docker
        [17] ci:./.gitlab-ci.yml#build .image = "docker.io/library/docker"
        [10] ci:./.gitlab-ci.yml#build runs_image image:docker.io/library/postgres {tag="16"}
        [10] ci:./.gitlab-ci.yml#build .image = "docker.io/library/postgres:16"
        [22] ci:./.gitlab-ci.yml#build depends_on ci:./.gitlab-ci.yml#test
        [22] ci:./.gitlab-ci.yml#build depends_on ci:./.gitlab-ci.yml#lint
        [9] ci:./.gitlab-ci.yml#build depends_on file:./scripts/setup.sh
        [20] file:./shop-api/Dockerfile builds image:registry.example/shop
        [20] image "registry.example/shop" image:registry.example/shop
        [20] ci:./.gitlab-ci.yml#build builds image:registry.example/shop {dockerfile="shop-api/Dockerfile", tag="5.6.0"}
        "####);
    }

    #[test]
    fn circles_and_damage_end() {
        for text in [
            "a: {extends: .b}\n.b: {extends: [.b, .c]}\n.c: {extends: .b}\n",
            "x",
            "- a",
            "a: {script: {b: c}, needs: x}",
        ] {
            check(".gitlab-ci.yml", text);
        }
    }
}
