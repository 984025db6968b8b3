//! What pipelines declare: of CI servers, of Kubeflow, Argo and Tekton; and what images are built from.

pub(crate) mod argo;
mod azure;
mod dockerfile;
mod github;
mod gitlab;
mod jenkins;
pub(crate) mod kfp;
mod script;
mod shell;
pub(crate) mod tekton;

use virgil_model::{Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Format, Said};
use crate::tree::Node;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[
    kfp::FORMAT,
    github::FORMAT,
    gitlab::FORMAT,
    azure::FORMAT,
    dockerfile::FORMAT,
    jenkins::FORMAT,
];

/// A pipeline of a CI server: known by its file, inside the source.
pub(crate) fn pipeline(path: &str) -> Key {
    Key::scoped("ci", ".", path)
}

/// States what a command in a file builds and calls; it runs in the file's folder.
pub(crate) fn shell_step(command: &str, lines: LineSpan, task: &Key, path: &str, said: &mut Said) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let scene = shell::Scene {
        folder: folder.to_owned(),
        ..shell::Scene::default()
    };
    script::state_text(command, lines, task, &scene, said);
}

/// Mentions the pipeline of a file, and where it is defined.
fn mention(path: &str, name: &str, kind: &str, lines: LineSpan, said: &mut Said) -> Key {
    let key = pipeline(path);
    said.mention(lines, Kind::Pipeline, &[&key], name);
    said.attribute(lines, &key, "type", Value::Text(kind.to_owned()));
    said.relation(lines, &key, Predicate::DefinedIn, &keys::file(path));
    key
}

/// Mentions a task of a pipeline; its key is the pipeline's with `#name`.
pub(crate) fn task(pipeline: &Key, name: &str, lines: LineSpan, said: &mut Said) -> Key {
    let key = task_key(pipeline, name);
    said.mention(lines, Kind::Task, &[&key], name);
    said.relation(lines, &key, Predicate::PartOf, pipeline);
    key
}

/// The key of a task of a pipeline.
pub(crate) fn task_key(pipeline: &Key, name: &str) -> Key {
    Key {
        value: format!("{}#{name}", pipeline.value),
        ..pipeline.clone()
    }
}

/// States that a task waits for those that a node names: one name or a list of names.
fn needs(pipeline: &Key, task: &Key, node: &Node<'_>, said: &mut Said) {
    for item in node.one_or_many() {
        let name = item.text().or_else(|| item.text_at(&["job"]));
        if let Some(name) = name {
            said.relation(
                item.lines(),
                task,
                Predicate::DependsOn,
                &task_key(pipeline, name),
            );
        }
    }
}
