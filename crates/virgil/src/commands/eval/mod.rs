//! `virgil eval`: asks questions whose answers are known, and reports how well they are answered.

mod asking;
mod generate;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use virgil_eval::{
    Broken, Comparison, Names, Question, Run, RunFile, Skipped, SourceState, Summary, compare,
    comparison_text, page, report,
};

use crate::cli::{Eval, Place};
use crate::client::Client;
use crate::commands::session;
use crate::environment::say;

use asking::{Asker, Task};

pub(super) async fn run(place: &Place, eval: &Eval) -> anyhow::Result<()> {
    if let Some(count) = eval.generate {
        let session = session(place).await?;
        return generate::run(&session.client, count, eval.seed).await;
    }
    // What cannot be read should be known before half an hour of questions.
    let earlier = eval.compare.as_deref().map(saved).transpose()?;
    if !(0.0..=100.0).contains(&eval.allowed_drop) {
        bail!(
            "--allowed-drop: from 0 to 100 points, not {}",
            eval.allowed_drop
        );
    }
    let (files, questions, broken) = read(eval)?;
    let session = session(place).await?;
    let asked = ask_all(place, eval, &session.client, &questions, broken).await?;
    let run = Run { files, ..asked };
    if let Some(file) = &eval.save {
        let text = serde_json::to_string_pretty(&run)?;
        std::fs::write(file, text + "\n")
            .with_context(|| format!("the run cannot be written to `{}`", file.display()))?;
    }
    let comparison = earlier.map(|earlier| compare(&earlier, &run, eval.allowed_drop / 100.0));
    if let Some(file) = &eval.html {
        std::fs::write(file, page(&run, comparison.as_ref()))
            .with_context(|| format!("the page cannot be written to `{}`", file.display()))?;
    }
    show(place, &run, comparison.as_ref())?;
    outcome(&run, comparison.as_ref())
}

fn show(place: &Place, run: &Run, comparison: Option<&Comparison>) -> anyhow::Result<()> {
    if place.json {
        let shown = json!({ "summary": Summary::of(run), "comparison": comparison, "run": run });
        say(&serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    say(report(run).trim_end());
    if let Some(comparison) = comparison {
        say("");
        say(comparison_text(comparison).trim_end());
    }
    Ok(())
}

/// Fails if the questions could not all be asked, or if something dropped.
fn outcome(run: &Run, comparison: Option<&Comparison>) -> anyhow::Result<()> {
    let drops: Vec<&str> = comparison
        .into_iter()
        .flat_map(Comparison::drops)
        .map(|change| change.measure.title())
        .collect();
    if !drops.is_empty() {
        bail!("dropped by more than is allowed: {}", drops.join(", "));
    }
    if !run.broken.is_empty() {
        let count = run.broken.len();
        let s = if count == 1 { "" } else { "s" };
        bail!("{count} question{s} could not be asked as written: mend what is named above");
    }
    Ok(())
}

/// Reads the files of questions. One that cannot be opened ends the command; what is wrong inside does not.
fn read(eval: &Eval) -> anyhow::Result<(Vec<RunFile>, Vec<Question>, Vec<Broken>)> {
    let (mut files, mut questions, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for file in &eval.files {
        let path = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the questions in `{path}` cannot be read"))?;
        let (read, problems) = virgil_eval::questions(&path, &text);
        questions.extend(read);
        broken.extend(problems);
        let sha256 = Sha256::digest(text.as_bytes());
        files.push(RunFile {
            path,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
    }
    Ok((files, questions, broken))
}

fn saved(file: &Path) -> anyhow::Result<Run> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the saved run `{name}` cannot be read"))?;
    serde_json::from_str(&text)
        .with_context(|| format!("`{name}` is no run that `virgil eval --save` wrote"))
}

async fn ask_all(
    place: &Place,
    eval: &Eval,
    client: &Client,
    questions: &[Question],
    mut broken: Vec<Broken>,
) -> anyhow::Result<Run> {
    let started_at = jiff::Timestamp::now();
    let started = Instant::now();
    let mut askers: BTreeMap<&[String], Asker> = BTreeMap::new();
    let (mut tasks, mut skipped) = (Vec::new(), Vec::new());
    for question in questions {
        if !question.groups.is_empty() && place.groups.is_some() {
            skipped.push(Skipped {
                id: question.id.clone(),
                why: "it says itself who asks, and `--as` is given".to_owned(),
            });
            continue;
        }
        let asker = askers.entry(&question.groups).or_insert_with(|| {
            let groups = (!question.groups.is_empty()).then_some(&question.groups);
            Asker::new(client, groups.map(Vec::as_slice), eval.model.clone())
        });
        let names = asker.names(&question.expect).await?;
        for reference in question.expect.references() {
            if !names.knows(reference) {
                broken.push(Broken {
                    file: question.file.clone(),
                    line: question.line,
                    message: format!(
                        "`{}` expects `{reference}`, which names nothing that the asker sees, or several things",
                        question.id
                    ),
                });
            }
        }
        tasks.extend(wanted(eval, question, &names));
    }
    if tasks.is_empty() && broken.is_empty() && skipped.is_empty() {
        bail!("nothing is left to ask");
    }
    let bar = bar(tasks.len(), place.json);
    let items = futures::stream::iter(&tasks)
        .map(|task| {
            let asker = &askers[task.question.groups.as_slice()];
            let bar = &bar;
            async move {
                let item = asker.item(task).await;
                bar.inc(1);
                item
            }
        })
        .buffered(usize::from(eval.concurrency))
        .collect()
        .await;
    bar.finish_and_clear();
    let models: Value = client.json("GET", "/api/v1/models", None).await?;
    let model = eval.model.clone();
    Ok(Run {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: started_at.to_string(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        concurrency: usize::from(eval.concurrency),
        model: model.or_else(|| models["default"].as_str().map(str::to_owned)),
        files: Vec::new(),
        split: eval.split,
        sources: sources(client).await?,
        items,
        skipped,
        broken,
    })
}

/// What is to be asked of a question: its query, and its wordings of the half that was chosen.
fn wanted<'q>(eval: &Eval, question: &'q Question, names: &Names) -> Vec<Task<'q>> {
    let query = question.query.as_ref().map(|_| Task {
        question,
        wording: None,
        names: names.clone(),
    });
    let wordings = question.wordings.iter().enumerate();
    let wordings = wordings.filter(|(_, wording)| match (eval.split, wording.split) {
        (Some(chosen), Some(split)) => chosen == split,
        (None, _) | (_, None) => true,
    });
    let wordings = wordings.map(|(number, _)| Task {
        question,
        wording: Some(number),
        names: names.clone(),
    });
    query.into_iter().chain(wordings).collect()
}

async fn sources(client: &Client) -> anyhow::Result<Vec<SourceState>> {
    let listed: Value = client.json("GET", "/api/v1/sources", None).await?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let sources = listed["sources"].as_array().into_iter().flatten();
    Ok(sources
        .map(|source| SourceState {
            name: text(&source["name"]).unwrap_or_default(),
            commit: text(&source["commit"]),
            synced_at: text(&source["synced_at"]),
        })
        .collect())
}

fn bar(count: usize, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} questions, {elapsed}")
        .expect("the template is valid");
    ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr())
        .with_style(style)
}
