//! Helm charts (<https://helm.sh/docs/topics/charts/>): `Chart.yaml`, and the images that templates run with the values of
//! the chart.
//!
//! A template is no YAML before it is rendered, and only a release knows with which values that happens. What is stated
//! is what holds for the chart with its own `values.yaml`: an `image:` outside of conditions, loops and definitions, made
//! of text, `.Values`, `.Chart` and a few functions that change nothing (see [`FUNCTIONS`]) or put in a default. Anything
//! else in it, and nothing is stated.

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::cluster::delivery::chart_key;
use crate::cluster::object::is_helm;
use crate::cluster::{image_key, relate_image};
use crate::keys;
use crate::lines::{Lines, number};
use crate::statements::{Asset, Said};
use crate::tree::{self, Node};

/// Functions that leave an image reference as it is.
const FUNCTIONS: &[&str] = &["quote", "squote", "toString", "trim"];

/// Whether a file is a chart's description or one of its templates.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    if asset.file_name() == "Chart.yaml" {
        return asset.mentions(&["apiVersion"]) && asset.mentions(&["name:"]);
    }
    matches!(asset.extension().as_str(), "yaml" | "yml")
        && format!("/{}", asset.raw.path).contains("/templates/")
        && asset.mentions(&["image:"])
        && is_helm(asset.raw.text)
}

/// States what a chart declares, or which images a template runs.
pub(crate) fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    if asset.file_name() == "Chart.yaml" {
        if let Some(node) = asset.documents().first() {
            chart(node, asset.raw.path, said);
        }
    } else if let Some(chart) = Chart::around(asset.raw.path, files) {
        chart.images(asset.raw.text, said);
    }
}

/// A chart of this source by its folder.
fn key(folder: &str) -> Key {
    Key::scoped(
        "helm_chart",
        ".",
        if folder.is_empty() { "." } else { folder },
    )
}

fn chart(node: &Node<'_>, path: &str, said: &mut Said) {
    let Some(name) = node.text_at(&["name"]) else {
        said.problem(node.line, "the chart has no name");
        return;
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let key = key(folder);
    let line = node
        .entry("name")
        .map_or(node.lines(), |entry| entry.lines());
    said.mention(line, Kind::Resource, &[&key], name);
    said.text(line, &key, "type", "helm chart");
    for (field, attribute) in [
        ("description", "description"),
        ("version", "version"),
        ("appVersion", "app_version"),
        ("type", "chart_type"),
        ("kubeVersion", "kube_version"),
        ("deprecated", "deprecated"),
        ("keywords", "keywords"),
    ] {
        if let Some(entry) = node.entry(field)
            && let Some(value) = entry.node.to_value()
        {
            said.attribute(entry.lines(), &key, attribute, value);
        }
    }
    for maintainer in node.get("maintainers").map_or(&[][..], Node::items) {
        let owner = maintainer
            .text_at(&["email"])
            .filter(|address| keys::is_email(address))
            .map(keys::email)
            .or_else(|| Some(keys::owner(maintainer.text_at(&["name"])?, "helm")));
        match owner {
            Some(owner) => said.relation(maintainer.lines(), &key, Predicate::OwnedBy, &owner),
            None => said.problem(maintainer.line, "the maintainer has no name"),
        }
    }
    for source in node.get("sources").map_or(&[][..], Node::items) {
        if let Some(repository) = source.text().and_then(keys::repository) {
            said.relation(source.lines(), &key, Predicate::DefinedIn, &repository);
        }
    }
    for dependency in node.get("dependencies").map_or(&[][..], Node::items) {
        self::dependency(dependency, path, &key, said);
    }
}

/// A chart that this one brings along: beside it, in a registry of images, or in a repository of charts. An alias of a
/// repository (`@name`) is only known to who runs Helm; so is a chart that came without a repository.
fn dependency(node: &Node<'_>, path: &str, chart: &Key, said: &mut Said) {
    let Some(name) = node.text_at(&["name"]) else {
        said.problem(node.line, "the dependency of the chart has no name");
        return;
    };
    let repository = node.text_at(&["repository"]).unwrap_or_default();
    let other = match repository.split_once("://") {
        Some(("file", beside)) => key(&keys::beside(path, beside)),
        Some(("oci", registry)) => {
            let reference = format!("{}/{name}", registry.trim_end_matches('/'));
            let Some(image) = image_key(&reference) else {
                return;
            };
            image
        }
        Some(_) => chart_key(repository, name),
        None => Key::scoped("helm_chart", "helm", &format!("{repository}/{name}")),
    };
    let attributes: Attributes = ["version", "condition", "alias"]
        .iter()
        .filter_map(|field| {
            let text = node.text_at(&[field])?.to_owned();
            Some(((*field).to_owned(), Value::Text(text)))
        })
        .collect();
    let other = Target::Key(other);
    said.relation_with(node.lines(), chart, Predicate::DependsOn, other, attributes);
}

/// The chart of a template.
struct Chart {
    key: Key,
    description: String,
    values: String,
}

impl Chart {
    /// The chart in whose `templates/` a file is.
    fn around(path: &str, files: &dyn Files) -> Option<Chart> {
        let text = |path: &str| String::from_utf8(files.read(path)?).ok();
        let at = if path.starts_with("templates/") {
            Some(0)
        } else {
            path.find("/templates/")
        }?;
        let folder = &path[..at];
        let beside = |name: &str| {
            let path = format!("{folder}/{name}");
            path.trim_start_matches('/').to_owned()
        };
        Some(Chart {
            key: key(folder),
            description: text(&beside("Chart.yaml"))?,
            values: text(&beside("values.yaml")).unwrap_or_default(),
        })
    }

    fn images(&self, template: &str, said: &mut Said) {
        let context = Context {
            chart: tree::yaml(&self.description, 1).into_iter().next(),
            values: tree::yaml(&self.values, 1).into_iter().next(),
        };
        let mut depth = 0_u32;
        for (index, line) in Lines::of(template).all().iter().enumerate() {
            let written = line.trim_start().trim_start_matches("- ");
            if depth == 0
                && let Some(image) = written.strip_prefix("image:")
                && let Some(image) = context.rendered(image)
            {
                let image = image.trim().trim_matches(['"', '\'']);
                let values = ("values".to_owned(), Value::Text("default".to_owned()));
                let attributes = Attributes::from([values]);
                let lines = LineSpan::line(number(index));
                relate_image(
                    said,
                    lines,
                    &self.key,
                    Predicate::RunsImage,
                    image,
                    attributes,
                );
            }
            for action in actions(line) {
                match action.split_whitespace().next() {
                    Some("if" | "range" | "with" | "define" | "block") => depth += 1,
                    Some("end") => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
}

/// The actions of a line, without their braces and the dashes that trim.
fn actions(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("{{").map(move |(at, _)| {
        let inside = &line[at + 2..];
        let inside = inside.split("}}").next().unwrap_or_default();
        inside.trim_start_matches('-').trim_end_matches('-').trim()
    })
}

/// What a template may ask for.
struct Context<'a> {
    chart: Option<Node<'a>>,
    values: Option<Node<'a>>,
}

impl Context<'_> {
    /// A text with its actions replaced; `None` when one of them is not understood or gives nothing.
    fn rendered(&self, text: &str) -> Option<String> {
        let mut rendered = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("{{") {
            let (action, after) = inside.split_once("}}")?;
            let value = self.pipeline(action.trim_start_matches('-').trim_end_matches('-'))?;
            rendered.push_str(before);
            rendered.push_str(Some(value).filter(|value| !value.is_empty())?.as_str());
            rest = after;
        }
        // A comment is no part of the image.
        let rest = rest.split(" #").next().unwrap_or_default();
        rendered.push_str(rest);
        Some(rendered)
    }

    fn pipeline(&self, action: &str) -> Option<String> {
        let mut stages = words(action)?.into_iter();
        let mut stage: Vec<String> = stages.by_ref().take_while(|word| word != "|").collect();
        let mut value = self.first(&stage)?;
        loop {
            stage = stages.by_ref().take_while(|word| word != "|").collect();
            match stage
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice()
            {
                [] => return Some(value),
                [function] if FUNCTIONS.contains(function) => {}
                ["default", other] => {
                    if is_empty(&value) {
                        value = self.term(other)?;
                    }
                }
                _ => return None,
            }
        }
    }

    /// The first stage of a pipeline: a term, or a function before it.
    fn first(&self, stage: &[String]) -> Option<String> {
        match stage
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            [term] => self.term(term),
            [function, term] if FUNCTIONS.contains(function) => self.term(term),
            ["required", _, term] => self.term(term),
            ["default", other, term] => {
                let value = self.term(term)?;
                if is_empty(&value) {
                    self.term(other)
                } else {
                    Some(value)
                }
            }
            _ => None,
        }
    }

    /// A literal, or a value of the chart; what is not set is empty.
    fn term(&self, term: &str) -> Option<String> {
        if let Some(literal) = term.strip_prefix(['"', '`']) {
            return Some(literal.trim_end_matches(['"', '`']).to_owned());
        }
        let path = term.trim_start_matches('$').strip_prefix('.')?;
        let (object, path) = path.split_once('.')?;
        let text = |node: &Node<'_>, path: &[&str]| {
            let found = node.at(path);
            // A map or a list is no part of a reference.
            match found {
                Some(node) => node.text().map(str::to_owned),
                None => Some(String::new()),
            }
        };
        match (object, path) {
            ("Values", path) => {
                let path: Vec<&str> = path.split('.').collect();
                self.values
                    .as_ref()
                    .map_or(Some(String::new()), |node| text(node, &path))
            }
            ("Chart", "AppVersion") => text(self.chart.as_ref()?, &["appVersion"]),
            ("Chart", "Version") => text(self.chart.as_ref()?, &["version"]),
            ("Chart", "Name") => text(self.chart.as_ref()?, &["name"]),
            _ => None,
        }
    }
}

/// What `default` takes for nothing.
fn is_empty(value: &str) -> bool {
    matches!(value, "" | "0" | "false")
}

/// The words of an action and the bars between its stages; `None` for parentheses and open quotes.
fn words(action: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in action.chars() {
        let last = words.last_mut()?;
        match (quote, character) {
            (Some(open), character) => {
                last.push(character);
                if character == open {
                    quote = None;
                }
            }
            (None, '"' | '`') => {
                quote = Some(character);
                last.push(character);
            }
            (None, '(' | ')') => return None,
            (None, '|') => {
                words.push("|".to_owned());
                words.push(String::new());
            }
            (None, character) if character.is_whitespace() => words.push(String::new()),
            (None, character) => last.push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::shown::{check, check_with};
    use insta::assert_snapshot;

    #[test]
    fn a_chart_has_maintainers_and_dependencies() {
        assert_snapshot!(check("charts/shop/Chart.yaml", r####"apiVersion: v2
name: shop
description: The shop
type: application
version: 0.7.2
appVersion: "2.1.4"
sources: ["https://github.com/bottega/shop"]
maintainers:
  - {name: Shop Team, email: shop@bottega.example}
  - {name: Ana}
dependencies:
  - {name: postgresql, version: ~15, repository: "https://charts.bitnami.com/bitnami", condition: postgresql.enabled}
  - {name: common, repository: "file://../common"}
  - {name: redis, repository: "oci://registry-1.docker.io/bitnamicharts"}
  - {name: private, repository: "@internal"}
  - {version: 1}
"####), @r####"
        [2] resource "shop" helm_chart:./charts/shop
        [2] helm_chart:./charts/shop .type = "helm chart"
        [3] helm_chart:./charts/shop .description = "The shop"
        [5] helm_chart:./charts/shop .version = "0.7.2"
        [6] helm_chart:./charts/shop .app_version = "2.1.4"
        [4] helm_chart:./charts/shop .chart_type = "application"
        [9] helm_chart:./charts/shop owned_by email:shop@bottega.example
        [10] helm_chart:./charts/shop owned_by owner:helm/Ana
        [7] helm_chart:./charts/shop defined_in repository:github.com/bottega/shop
        [12] helm_chart:./charts/shop depends_on helm_chart:charts.bitnami.com/bitnami/postgresql {condition="postgresql.enabled", version="~15"}
        [13] helm_chart:./charts/shop depends_on helm_chart:./charts/common
        [14] helm_chart:./charts/shop depends_on image:registry-1.docker.io/bitnamicharts/redis
        [15] helm_chart:./charts/shop depends_on helm_chart:helm/@internal/private
        [16] problem: the dependency of the chart has no name
        "####);
    }

    struct Gateway;

    impl Files for Gateway {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            let text = match path {
                "charts/gateway/Chart.yaml" => "name: gateway\nappVersion: \"2.1.4\"\n",
                "charts/gateway/values.yaml" => {
                    "image:\n  repository: r.example/gateway\n  tag: \"\"\nsidecar: {image: 'r.example/side:1'}\nmap: {a: b}\n"
                }
                _ => return None,
            };
            Some(text.as_bytes().to_vec())
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn images_are_those_of_the_values() {
        assert_snapshot!(check_with("charts/gateway/templates/deployment.yaml", r####"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "gateway.fullname" . }}
  {{- with .Values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  containers:
    - name: gateway
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
    - image: {{ $.Values.sidecar.image | quote }} # pinned
    - image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
    - image: {{ include "gateway.image" . }}
    - image: {{ .Values.map }}
    {{- if .Values.debug }}
    - image: r.example/debug:1
    {{- end }}
    - {name: c, image: literal}
    - image: r.example/literal:2
"####, &Gateway), @r####"
        [11] image "r.example/gateway" image:r.example/gateway
        [11] helm_chart:./charts/gateway runs_image image:r.example/gateway {tag="2.1.4", values="default"}
        [11] helm_chart:./charts/gateway .image = "r.example/gateway:2.1.4"
        [12] image "r.example/side" image:r.example/side
        [12] helm_chart:./charts/gateway runs_image image:r.example/side {tag="1", values="default"}
        [12] helm_chart:./charts/gateway .image = "r.example/side:1"
        [20] image "r.example/literal" image:r.example/literal
        [20] helm_chart:./charts/gateway runs_image image:r.example/literal {tag="2", values="default"}
        [20] helm_chart:./charts/gateway .image = "r.example/literal:2"
        "####);
        assert_eq!(
            check(
                "charts/gateway/templates/a.yaml",
                "image: {{ .Values.a }}\n"
            ),
            ""
        );
    }

    #[test]
    fn only_what_changes_nothing_is_understood() {
        let context = Context {
            chart: None,
            values: tree::yaml("{a: x, b: {c: y}, e: ''}", 1).into_iter().next(),
        };
        for (text, expect) in [
            ("{{ .Values.a }}/{{- .Values.b.c -}}", Some("x/y")),
            ("{{ default \"z\" .Values.e }}", Some("z")),
            ("{{ .Values.e | default \"a b\" | quote }}", Some("a b")),
            ("{{ required \"no | image\" .Values.a }}", Some("x")),
            ("plain", Some("plain")),
            ("{{ .Values.e }}", None),
            ("{{ .Values.a | upper }}", None),
            ("{{ (printf \"%s\" .Values.a) }}", None),
            ("{{ .Release.Name }}", None),
            ("{{ .Chart.Name }}", None),
            ("{{ .Values.a", None),
            ("{{ \"open }}", None),
        ] {
            assert_eq!(context.rendered(text).as_deref(), expect, "{text}");
        }
    }
}
