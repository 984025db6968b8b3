//! Models of dbt before they are compiled (<https://docs.getdbt.com/reference/dbt-jinja-functions/ref>): what the
//! literals of `ref` and `source` name.
//!
//! The manifest says all of this exactly, so these are only read in a project without one. A node is known by its
//! identifier in the manifest, `dbt:{package}/{resource type}.{package}.{name}`.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate};

use crate::keys;
use crate::lines::{Lines, file_name, number};
use crate::statements::{Asset, Said};
use crate::tree;

use super::system::of_profile;

/// A project of dbt.
#[derive(Debug)]
pub(super) struct Project {
    /// The folder of `dbt_project.yml`, with a slash unless it is the root.
    folder: String,
    name: String,
    profile: String,
    /// The folders of models, of snapshots, of seeds.
    models: Vec<String>,
    snapshots: Vec<String>,
    seeds: Vec<String>,
}

/// The project that a file belongs to.
pub(super) fn project_of(path: &str, files: &dyn Files) -> Option<Project> {
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let file = files.read(&format!("{prefix}dbt_project.yml"));
        if let Some(text) = file.and_then(|bytes| String::from_utf8(bytes).ok()) {
            return project(prefix, &text);
        }
        if folder.is_empty() {
            return None;
        }
    }
}

fn project(folder: String, text: &str) -> Option<Project> {
    let documents = tree::yaml(text, 1);
    let node = documents.first()?;
    let name = node.text_at(&["name"])?.to_owned();
    let paths = |keys: [&str; 2], usual: &str| {
        let written = keys.iter().find_map(|key| node.get(key));
        match written {
            Some(node) => {
                let items = node.one_or_many().iter().filter_map(tree::Node::text);
                items
                    .map(|path| path.trim_matches('/').to_owned())
                    .collect()
            }
            None => vec![usual.to_owned()],
        }
    };
    Some(Project {
        folder,
        profile: node.text_at(&["profile"]).unwrap_or(&name).to_owned(),
        models: paths(["model-paths", "source-paths"], "models"),
        snapshots: paths(["snapshot-paths", "snapshot_paths"], "snapshots"),
        seeds: paths(["seed-paths", "data-paths"], "seeds"),
        name,
    })
}

impl Project {
    /// The platform that all targets of the profile run on.
    pub(super) fn platform(&self, files: &dyn Files) -> Option<String> {
        let profiles = files.read(&format!("{}profiles.yml", self.folder))?;
        let text = String::from_utf8(profiles).ok()?;
        of_profile(&text, &self.profile)
    }

    fn holds(&self, folders: &[String], path: &str) -> bool {
        path.strip_prefix(&self.folder).is_some_and(|rest| {
            folders.iter().any(|folder| {
                rest.strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            })
        })
    }

    fn key(&self, kind: &str, name: &str) -> Key {
        let package = &self.name;
        Key::scoped("dbt", package, &format!("{kind}.{package}.{name}"))
    }
}

/// States what a file of a project refers to.
pub(super) fn state(asset: &Asset<'_>, project: &Project, files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    let kind = if project.holds(&project.models, path) {
        "model"
    } else if project.holds(&project.snapshots, path) {
        "snapshot"
    } else {
        return;
    };
    let listed = files.list(project.folder.trim_end_matches('/'));
    if listed.iter().any(|path| file_name(path) == "manifest.json") {
        return;
    }
    let lines = Lines::of(asset.raw.text);
    let calls = calls(asset.raw.text);
    let file = file_name(path);
    let own_name = file.split('.').next().unwrap_or(file);
    let name = match calls.iter().find(|call| call.function == "snapshot") {
        Some(call) => call.arguments.first().map_or(own_name, String::as_str),
        None => own_name,
    };
    let key = project.key(kind, name);
    let whole = LineSpan::new(1, number(lines.len().saturating_sub(1)));
    said.mention(whole, Kind::Dataset, &[&key], name);
    said.text(whole, &key, "type", kind);
    said.relation(whole, &key, Predicate::DefinedIn, &keys::file(path));
    let stem = |path: &str, ending: &str| {
        let name = file_name(path).strip_suffix(ending)?;
        Some(name.to_owned())
    };
    for call in &calls {
        let at = LineSpan::line(number(lines.at(call.offset)));
        let arguments: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
        let other = match (call.function, arguments.as_slice()) {
            ("ref", [name]) => {
                let seed = listed.iter().find(|path| {
                    project.holds(&project.seeds, path)
                        && stem(path, ".csv").as_deref() == Some(name)
                });
                let is_snapshot = listed.iter().any(|path| {
                    project.holds(&project.snapshots, path)
                        && stem(path, ".sql").as_deref() == Some(name)
                });
                let kind = match (seed, is_snapshot) {
                    (Some(_), _) => "seed",
                    (None, true) => "snapshot",
                    (None, false) => "model",
                };
                let key = project.key(kind, name);
                if let Some(seed) = seed {
                    // A file of values says nothing of itself.
                    said.mention(at, Kind::Dataset, &[&key], name);
                    said.text(at, &key, "type", kind);
                    said.relation(at, &key, Predicate::DefinedIn, &keys::file(seed));
                }
                key
            }
            ("ref", [package, name]) => {
                Key::scoped("dbt", package, &format!("model.{package}.{name}"))
            }
            ("source", [source, table]) => project.key("source", &format!("{source}.{table}")),
            _ => continue,
        };
        said.relation(at, &key, Predicate::DerivedFrom, &other);
    }
}

/// A call in a template whose arguments are literals.
struct Call {
    function: &'static str,
    arguments: Vec<String>,
    offset: usize,
}

/// The calls of `ref`, `source` and `snapshot` outside of comments.
fn calls(text: &str) -> Vec<Call> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find('{').map(|found| at + found) {
        let tail = &text[begin..];
        let (end, is_comment) = match tail.get(..2) {
            Some("{{") => ("}}", false),
            Some("{%") => ("%}", false),
            Some("{#") => ("#}", true),
            _ => {
                at = begin + 1;
                continue;
            }
        };
        let length = tail.find(end).map_or(tail.len(), |end| end + 2);
        if !is_comment && !is_commented(text, begin) {
            expression(&tail[..length], begin, &mut found);
        }
        at = begin + length;
    }
    found
}

/// Whether a comment of SQL begins in front of an offset, on its line.
fn is_commented(text: &str, offset: usize) -> bool {
    let line = text[..offset].rsplit('\n').next().unwrap_or_default();
    line.trim_start().starts_with("--")
}

fn expression(text: &str, offset: usize, found: &mut Vec<Call>) {
    let inside = text.trim_start_matches(['{', '%', '-', '+']).trim_start();
    if let Some(rest) = inside.strip_prefix("snapshot ") {
        let name = rest.split([' ', '-', '%']).next().unwrap_or_default();
        found.push(Call {
            function: "snapshot",
            arguments: vec![name.to_owned()],
            offset,
        });
        return;
    }
    for function in ["ref", "source"] {
        let mut from = 0;
        while let Some(at) = text[from..].find(function).map(|at| from + at) {
            from = at + function.len();
            let is_word =
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            let Some(rest) = text[from..]
                .trim_start()
                .strip_prefix('(')
                .filter(|_| is_word)
            else {
                continue;
            };
            let Some(inside) = rest.split(')').next() else {
                continue;
            };
            let literals: Option<Vec<String>> = inside
                .split(',')
                .filter(|part| !part.contains('='))
                .map(|part| {
                    let part = part.trim();
                    let quote = part.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                    let literal = part.strip_prefix(quote)?.strip_suffix(quote)?;
                    (!literal.is_empty() && !literal.contains(['\'', '"']))
                        .then(|| literal.to_owned())
                })
                .collect();
            found.extend(literals.map(|arguments| Call {
                function,
                arguments,
                offset: offset + at,
            }));
        }
    }
}
