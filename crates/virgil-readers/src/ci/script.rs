//! Shell scripts of CI steps: which images they build and which files of the source they call.
//!
//! Not a shell: lines are split into commands and words, known variables are put in, and what keeps a variable says
//! nothing. Only the tag of an image may, because it is no identity.

use virgil_model::{Attributes, Key, LineSpan, Predicate, Value};

use crate::ci::shell::{Scene, commands};
use crate::cluster::relate_image;
use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

/// Longer scripts are looked at up to here.
const MAX_LINES: usize = 2_000;

/// States what the script of a node builds and calls.
pub(super) fn state(node: &Node<'_>, subject: &Key, scene: &Scene, said: &mut Said) {
    let Some(text) = node.text() else {
        return;
    };
    state_text(text, node.lines(), subject, scene, said);
}

/// States what a script on some lines builds and calls.
pub(super) fn state_text(text: &str, at: LineSpan, subject: &Key, scene: &Scene, said: &mut Said) {
    let mut line = at.start;
    let mut begin = at.start;
    let mut command = String::new();
    let bases: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("FROM "))
        .filter_map(|rest| rest.split_whitespace().find(|word| !word.starts_with("--")))
        .collect();
    for part in text.lines().take(MAX_LINES) {
        if command.is_empty() {
            begin = line.min(at.end);
        }
        line = line.saturating_add(1);
        let part = part.trim();
        if let Some(part) = part.strip_suffix('\\') {
            command.push_str(part);
            command.push(' ');
            continue;
        }
        command.push_str(part);
        let lines = LineSpan::new(begin, line.saturating_sub(1).min(at.end));
        for words in commands(&scene.fill(&command)) {
            one(&words, lines, subject, scene, &bases, said);
        }
        command.clear();
    }
}

fn one(
    words: &[String],
    lines: LineSpan,
    subject: &Key,
    scene: &Scene,
    bases: &[&str],
    said: &mut Said,
) {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .skip_while(|word| {
            matches!(*word, "sudo" | "time" | "exec" | "env" | "!") || is_assignment(word)
        })
        .collect();
    let Some((program, arguments)) = words.split_first() else {
        return;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "docker" | "podman" | "nerdctl" | "buildah" | "img" => {
            let is_build = arguments
                .iter()
                .take(3)
                .position(|word| matches!(*word, "build" | "bud"));
            if let Some(at) = is_build {
                build(
                    &arguments[at + 1..],
                    &["-t", "--tag"],
                    lines,
                    subject,
                    scene,
                    bases,
                    said,
                );
            }
        }
        "executor" | "kaniko" => {
            build(
                arguments,
                &["-d", "--destination"],
                lines,
                subject,
                scene,
                &[],
                said,
            );
        }
        "python" | "python3" | "bash" | "sh" | "node" | "Rscript" | "spark-submit"
        | "papermill" | "source" | "." => {
            let script = arguments.iter().find(|word| !word.starts_with('-'));
            let is_inline = arguments
                .first()
                .is_some_and(|word| matches!(*word, "-c" | "-m" | "-"));
            if let Some(script) = script.filter(|_| !is_inline) {
                call(script, lines, subject, scene, said);
            }
        }
        _ if program.contains('/') => call(program, lines, subject, scene, said),
        _ => {}
    }
}

/// States the images that a build names, and the Dockerfile it builds them from.
fn build(
    arguments: &[&str],
    tag_options: &[&str],
    lines: LineSpan,
    subject: &Key,
    scene: &Scene,
    bases: &[&str],
    said: &mut Said,
) {
    let mut tags = Vec::new();
    let mut file = None;
    let mut context = None;
    let mut words = arguments.iter().copied();
    while let Some(word) = words.next() {
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (word, None),
        };
        if tag_options.contains(&option) {
            tags.extend(inline.or_else(|| words.next()));
        } else if matches!(option, "-f" | "--file" | "--dockerfile") {
            file = inline.or_else(|| words.next());
        } else if option == "--context" {
            context = inline.or_else(|| words.next());
        } else if option.starts_with('-') && option != "-" {
            let has_value = matches!(
                option,
                "--build-arg"
                    | "--platform"
                    | "--target"
                    | "--label"
                    | "--cache-from"
                    | "--cache-to"
                    | "--secret"
                    | "--network"
                    | "--builder"
                    | "--progress"
                    | "--ssh"
                    | "-o"
                    | "--output"
                    | "--iidfile"
                    | "--build-context"
                    | "--metadata-file"
            );
            if has_value && inline.is_none() {
                words.next();
            }
        } else if context.is_none() && !word.starts_with('<') {
            context = Some(word);
        }
    }
    let is_piped = matches!(file, Some("-")) || matches!(context, Some("-"));
    let built = Built {
        tags,
        dockerfile: (!is_piped).then(|| dockerfile(context.unwrap_or("."), file, &scene.folder)),
        bases: if is_piped { bases } else { &[] },
    };
    built.state(lines, subject, said);
}

/// The Dockerfile in the source: the one that is named, which is not relative to the context, or the context's.
pub(super) fn dockerfile(context: &str, file: Option<&str>, folder: &str) -> String {
    let path = match file {
        Some(file) => file.to_owned(),
        None => format!("{}/Dockerfile", context.trim_end_matches('/')),
    };
    keys::beside(&format!("{folder}/x"), &path)
}

/// Images that are built.
pub(super) struct Built<'a> {
    /// Their references.
    pub(super) tags: Vec<&'a str>,
    /// The path of the Dockerfile in the source.
    pub(super) dockerfile: Option<String>,
    /// The images that a Dockerfile inside the script builds upon.
    pub(super) bases: &'a [&'a str],
}

impl Built<'_> {
    /// States that the subject, and the Dockerfile, build the images.
    pub(super) fn state(&self, lines: LineSpan, subject: &Key, said: &mut Said) {
        for tag in &self.tags {
            let reference = known(tag);
            let Some(image) = crate::cluster::image_key(reference) else {
                continue;
            };
            let mut attributes = Attributes::new();
            if let Some(path) = self.dockerfile.as_deref().filter(|path| is_path(path)) {
                attributes.insert("dockerfile".to_owned(), Value::Text(path.to_owned()));
                said.relation(lines, &keys::file(path), Predicate::Builds, &image);
            }
            relate_image(
                said,
                lines,
                subject,
                Predicate::Builds,
                reference,
                attributes,
            );
            for base in self.bases {
                relate_image(
                    said,
                    lines,
                    &image,
                    Predicate::DerivedFrom,
                    base,
                    Attributes::new(),
                );
            }
        }
    }
}

/// A reference without a tag that only a run knows.
fn known(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        Some((name, tag)) if tag.contains(['$', '{', '(']) && !name.contains(['$', '{']) => name,
        // `name:prefix-${{ a || 'b:c' }}`
        _ => match (reference.find('$'), reference.find(':')) {
            (Some(variable), Some(colon))
                if colon < variable && !reference[colon..variable].contains('/') =>
            {
                &reference[..colon]
            }
            _ => reference,
        },
    }
}

fn call(path: &str, lines: LineSpan, subject: &Key, scene: &Scene, said: &mut Said) {
    let has_ending = path.rsplit('/').next().is_some_and(|name| {
        name.rsplit_once('.').is_some_and(|(stem, ending)| {
            !stem.is_empty()
                && matches!(
                    ending,
                    "sh" | "py" | "js" | "ts" | "mjs" | "R" | "r" | "ipynb" | "sql" | "bash"
                )
        })
    });
    let is_local = is_path(path) && !path.starts_with('/') && !path.contains("//");
    if is_local && (has_ending || path.starts_with("./")) {
        let path = keys::beside(&format!("{}/x", scene.folder), path);
        if !path.is_empty() {
            said.relation(lines, subject, Predicate::DependsOn, &keys::file(&path));
        }
    }
}

fn is_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 300
        && path
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@' | '+'))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expect: &[&str]) {
        let mut scene = Scene {
            folder: "app".to_owned(),
            ..Scene::default()
        };
        scene
            .variables
            .insert("IMAGE".to_owned(), "r.example/a".to_owned());
        let mut said = Said::default();
        state_text(
            script,
            LineSpan::new(1, 9),
            &Key::global("x", "s"),
            &scene,
            &mut said,
        );
        let found: Vec<String> = said
            .statements
            .iter()
            .map(crate::statements::shown::statement)
            .filter(|shown| !shown.contains("] image "))
            .collect();
        assert_eq!(found, expect, "{script}");
    }

    #[test]
    fn builds_are_found() {
        check(
            "docker build -t $IMAGE:$TAG \\\n  --build-arg A=b .",
            &[
                "[1-2] file:./app/Dockerfile builds image:r.example/a",
                "[1-2] x:s builds image:r.example/a {dockerfile=\"app/Dockerfile\"}",
            ],
        );
        check(
            "docker buildx build --push --tag=\"${{ env.IMAGE }}:1\" -f ../b/x.Dockerfile ..",
            &[
                "[1] file:./b/x.Dockerfile builds image:r.example/a",
                "[1] x:s builds image:r.example/a {dockerfile=\"b/x.Dockerfile\", tag=\"1\"}",
            ],
        );
        check(
            "docker build -t r.example/c:2 -f - . <<'E'\nFROM --platform=x r.example/base:3\nE",
            &[
                "[1] x:s builds image:r.example/c {tag=\"2\"}",
                "[1] image:r.example/c derived_from image:r.example/base {tag=\"3\"}",
            ],
        );
        check(
            "docker build -t $OTHER .; docker push x; docker compose build",
            &[],
        );
    }

    #[test]
    fn scripts_of_the_source_are_called() {
        check(
            "set -e && A=b ./run.sh | tee x\npython ../train.py --x 1\npython -m a.b\n/usr/bin/x.sh\ncurl https://a/b.sh",
            &[
                "[1] x:s depends_on file:./app/run.sh",
                "[2] x:s depends_on file:./train.py",
            ],
        );
        check("python -c 'a/b.py'\n'unclosed", &[]);
        check("${{ ${ $( $ \\", &[]);
    }
}
