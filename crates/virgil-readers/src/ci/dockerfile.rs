//! Dockerfiles (<https://docs.docker.com/reference/dockerfile/>): the images that a build starts from or copies from.
//!
//! The file itself is the thing that depends on images; which image it builds is known to the CI step that names
//! both. Names of stages are no images. `ARG`s in front of the first `FROM` are put in with their defaults.

use std::collections::BTreeSet;

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate, Value};

use crate::ci::shell::Scene;
use crate::cluster::relate_image;
use crate::keys;
use crate::lines::{Lines, number};
use crate::statements::{Asset, Format, Said};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "dockerfile",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    let name = asset.file_name();
    let lower = name.to_ascii_lowercase();
    (lower.starts_with("dockerfile") || lower.starts_with("containerfile"))
        && !lower.ends_with(".md")
        || lower.ends_with(".dockerfile")
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let lines = Lines::of(asset.raw.text);
    let froms: Vec<(u32, From<'_>)> = lines
        .all()
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((number(index), from(line)?)))
        .collect();
    let Some((first, _)) = froms.first() else {
        return;
    };
    let key = keys::file(asset.raw.path);
    let head = LineSpan::line(*first);
    said.mention(head, Kind::Resource, &[&key], asset.raw.path);
    said.attribute(head, &key, "type", Value::Text("Dockerfile".to_owned()));
    let mut scene = Scene::default();
    let mut stages = BTreeSet::new();
    let last = froms.len() - 1;
    for (index, line) in lines.all().iter().enumerate() {
        let at = LineSpan::line(number(index));
        let trimmed = line.trim();
        if let Some(argument) = after(trimmed, "ARG")
            && number(index) < *first
            && let Some((name, value)) = argument.split_once('=')
        {
            let value = scene.fill(value.trim_matches('"'));
            scene.variables.insert(name.trim().to_owned(), value);
        } else if let Ok(found) = froms.binary_search_by_key(&number(index), |(line, _)| *line) {
            let (_, from) = &froms[found];
            let role = if found == last { "base" } else { "build" };
            depend(&scene.fill(from.image), role, at, &key, &stages, said);
            stages.extend(from.stage.map(str::to_lowercase));
        } else if let Some(copy) = after(trimmed, "COPY").or_else(|| after(trimmed, "ADD"))
            && let Some(image) = copy
                .split_whitespace()
                .find_map(|word| word.strip_prefix("--from="))
            && !image.bytes().all(|byte| byte.is_ascii_digit())
        {
            depend(&scene.fill(image), "copy", at, &key, &stages, said);
        }
    }
}

fn depend(
    image: &str,
    role: &str,
    lines: LineSpan,
    key: &Key,
    stages: &BTreeSet<String>,
    said: &mut Said,
) {
    if image != "scratch" && !stages.contains(&image.to_lowercase()) {
        let role = ("role".to_owned(), Value::Text(role.to_owned()));
        let attributes = Attributes::from([role]);
        relate_image(said, lines, key, Predicate::DependsOn, image, attributes);
    }
}

struct From<'a> {
    image: &'a str,
    stage: Option<&'a str>,
}

fn from(line: &str) -> Option<From<'_>> {
    let rest = after(line.trim(), "FROM")?;
    let mut words = rest
        .split_whitespace()
        .filter(|word| !word.starts_with("--"));
    let image = words.next()?;
    let is_as = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("as"));
    Some(From {
        image,
        stage: is_as.then(|| words.next()).flatten(),
    })
}

/// What follows an instruction, in any case.
fn after<'a>(line: &'a str, instruction: &str) -> Option<&'a str> {
    let head = line.get(..instruction.len())?;
    let rest = &line[instruction.len()..];
    (head.eq_ignore_ascii_case(instruction) && rest.starts_with(char::is_whitespace))
        .then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn stages_are_no_images() {
        assert_snapshot!(check("shop-api/Dockerfile", r####"ARG GO=1.23
FROM --platform=linux/amd64 golang:${GO} AS build
COPY . .
from build as test
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /uv
FROM $UNKNOWN
FROM gcr.io/distroless/static
COPY --from=build /a /a
COPY --from=0 /b /b
"####), @r####"
        [2] resource "shop-api/Dockerfile" file:./shop-api/Dockerfile
        [2] file:./shop-api/Dockerfile .type = "Dockerfile"
        [2] image "docker.io/library/golang" image:docker.io/library/golang
        [2] file:./shop-api/Dockerfile depends_on image:docker.io/library/golang {role="build", tag="1.23"}
        [5] image "ghcr.io/astral-sh/uv" image:ghcr.io/astral-sh/uv
        [5] file:./shop-api/Dockerfile depends_on image:ghcr.io/astral-sh/uv {role="copy", tag="0.5"}
        [7] image "gcr.io/distroless/static" image:gcr.io/distroless/static
        [7] file:./shop-api/Dockerfile depends_on image:gcr.io/distroless/static {role="base"}
        "####);
        assert_eq!(check("Dockerfile", "FROM\né"), "");
    }
}
