//! Jenkinsfiles (<https://www.jenkins.io/doc/book/pipeline/syntax/>): stages, images, schedules.
//!
//! A Jenkinsfile is a Groovy program; only the forms that everybody writes on one line are seen: `stage('x')`,
//! `image 'x'`, `docker.image('x')`, `docker.build('x')`, `cron('x')`, `sh 'x'`.

use virgil_model::{Attributes, Files, Key, LineSpan, Predicate, Value};

use crate::ci::script::{self, Built};
use crate::ci::shell::Scene;
use crate::ci::{mention, task};
use crate::cluster::relate_image;
use crate::lines::{Lines, number};
use crate::statements::{Asset, Format, Said};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "jenkinsfile",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    asset.file_name().starts_with("Jenkinsfile") || asset.extension() == "jenkinsfile"
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let lines = Lines::of(asset.raw.text);
    let key = mention(
        asset.raw.path,
        asset.raw.path,
        "jenkinsfile",
        LineSpan::line(1),
        said,
    );
    let mut current: Option<Key> = None;
    for (index, line) in lines.all().iter().enumerate() {
        let at = LineSpan::line(number(index));
        let code = line.trim();
        if code.starts_with("//") || code.starts_with('*') {
            continue;
        }
        if let Some(name) = argument(code, "stage") {
            current = Some(task(&key, name, at, said));
        }
        let subject = current.as_ref().unwrap_or(&key);
        for form in ["image", "docker.image"] {
            if let Some(image) = argument(code, form) {
                relate_image(
                    said,
                    at,
                    subject,
                    Predicate::RunsImage,
                    image,
                    Attributes::new(),
                );
            }
        }
        if let Some(image) = argument(code, "docker.build") {
            let built = Built {
                tags: vec![image],
                dockerfile: None,
                bases: &[],
            };
            built.state(at, subject, said);
        }
        if let Some(cron) = argument(code, "cron") {
            said.attribute(at, &key, "schedule", Value::Text(cron.to_owned()));
        }
        for form in ["sh", "bat"] {
            if let Some(command) = argument(code, form) {
                script::state_text(command, at, subject, &Scene::default(), said);
            }
        }
    }
}

/// The text in quotes behind a call such as `stage('x')` or `image "x"`.
fn argument<'a>(line: &'a str, call: &str) -> Option<&'a str> {
    line.match_indices(call).find_map(|(at, _)| {
        let is_start =
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let rest = line[at + call.len()..].trim_start_matches([' ', '(']);
        let quote = rest
            .chars()
            .next()
            .filter(|c| is_start && matches!(c, '\'' | '"'))?;
        let inside = &rest[1..];
        let end = inside.find(quote)?;
        (end > 0).then(|| &inside[..end])
    })
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn stages_run_and_build_images() {
        assert_snapshot!(check("Jenkinsfile", r####"pipeline {
  agent { docker { image 'maven:3-alpine' } }
  triggers { cron('H 4 * * 1-5') }
  stages {
    stage('Build') {
      steps { sh './gradlew build && docker build -t r.example/app:1 app' }
    }
    // stage('No')
    stage("Image") { steps { script { docker.build("r.example/team/app:${env.BUILD_ID}") } } }
  }
}
"####), @r####"
        [1] pipeline "Jenkinsfile" ci:./Jenkinsfile
        [1] ci:./Jenkinsfile .type = "jenkinsfile"
        [1] ci:./Jenkinsfile defined_in file:./Jenkinsfile
        [2] image "docker.io/library/maven" image:docker.io/library/maven
        [2] ci:./Jenkinsfile runs_image image:docker.io/library/maven {tag="3-alpine"}
        [2] ci:./Jenkinsfile .image = "docker.io/library/maven:3-alpine"
        [3] ci:./Jenkinsfile .schedule = "H 4 * * 1-5"
        [5] task "Build" ci:./Jenkinsfile#Build
        [5] ci:./Jenkinsfile#Build part_of ci:./Jenkinsfile
        [6] ci:./Jenkinsfile#Build depends_on file:./gradlew
        [6] file:./app/Dockerfile builds image:r.example/app
        [6] image "r.example/app" image:r.example/app
        [6] ci:./Jenkinsfile#Build builds image:r.example/app {dockerfile="app/Dockerfile", tag="1"}
        [9] task "Image" ci:./Jenkinsfile#Image
        [9] ci:./Jenkinsfile#Image part_of ci:./Jenkinsfile
        [9] image "r.example/team/app" image:r.example/team/app
        [9] ci:./Jenkinsfile#Image builds image:r.example/team/app
        "####);
        check("Jenkinsfile", "stage('\nimage ' é\nsh \"\"\"");
    }
}
