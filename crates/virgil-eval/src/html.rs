//! A run as one page of HTML that needs nothing else: no scripts, no files, no requests.
//!
//! Whatever the page shows may come from documents and from other people's questions: all of it is escaped, links lead only to
//! `http` and `https`, and the page's policy allows its own style sheet, by hash, and nothing besides.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::compare::Comparison;
use crate::plots::{Axes, curve, histogram};
use crate::run::{Item, Link, Note, Run};
use crate::summary::{Group, Summary};
use crate::text::percent;

const STYLE: &str = include_str!("page.css");

/// The page of a run, with what changed if it was compared.
pub fn page(run: &Run, comparison: Option<&Comparison>) -> String {
    let summary = Summary::of(run);
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Virgil: {} of {} as they should be</title>\n<style>{STYLE}</style></head><body><main>\n",
        summary.right, summary.asked
    );
    head(run, &summary, &mut html);
    if let Some(comparison) = comparison {
        changes(comparison, &mut html);
    }
    measures(&summary, &mut html);
    plots(run, &summary, &mut html);
    kinds(&summary, &mut html);
    groups("By split", &summary.by_split, &mut html);
    groups("By subject", &summary.by_about, &mut html);
    failures(run, &mut html);
    not_asked(run, &mut html);
    html + "</main></body></html>\n"
}

fn head(run: &Run, summary: &Summary, html: &mut String) {
    let _ = write!(
        html,
        "<h1>{} of {} as they should be</h1>\n<p>Virgil {}, {}; {} asked at a time, {:.1} s in all. ",
        summary.right,
        summary.asked,
        escape(&run.program),
        escape(&run.started_at),
        run.concurrency,
        run.took_ms as f64 / 1e3
    );
    match &run.model {
        None => html.push_str("No language model: answers are facts and extracts.</p>\n"),
        Some(model) => {
            let _ = writeln!(
                html,
                "Answers by <code>{}</code>: {}; {} from a cache.</p>",
                escape(model),
                summary.usage.in_words(),
                summary.cached
            );
        }
    }
    html.push_str("<details><summary>Questions and sources</summary><ul>\n");
    for file in &run.files {
        let hash = file.sha256.get(..12).unwrap_or(&file.sha256);
        let (path, hash) = (escape(&file.path), escape(hash));
        let _ = writeln!(html, "<li>{path} <code>{hash}</code></li>");
    }
    for source in &run.sources {
        let commit = source.commit.as_deref().unwrap_or("no commit");
        let synced_at = source.synced_at.as_deref().unwrap_or("never");
        let _ = writeln!(
            html,
            "<li>source {}: <code>{}</code>, read {}</li>",
            escape(&source.name),
            escape(commit),
            escape(synced_at)
        );
    }
    html.push_str("</ul></details>\n");
}

fn changes(comparison: &Comparison, html: &mut String) {
    let _ = write!(
        html,
        "<h2>Against the run of {}</h2>\n<p>{} questions in both, {} only there, {} only here. Intervals: 95 %, paired bootstrap.</p>\n\
         <table><tr><th>Measure<th>Before<th>Now<th>Difference<th>Interval<th>Questions</tr>\n",
        escape(&comparison.earlier),
        comparison.common,
        comparison.only_earlier,
        comparison.only_later
    );
    for change in &comparison.changes {
        let class = if change.dropped { " class=\"bad\"" } else { "" };
        let _ = writeln!(
            html,
            "<tr{class}><td>{}<td>{}<td>{}<td>{:+.1}<td>{:+.1} to {:+.1}<td>{}</tr>",
            change.measure.title(),
            percent(change.earlier),
            percent(change.later),
            100.0 * (change.later - change.earlier),
            100.0 * change.interval.0,
            100.0 * change.interval.1,
            change.questions
        );
    }
    html.push_str("</table>\n");
    for (title, keys) in [
        ("No more right", &comparison.lost),
        ("Right now", &comparison.won),
    ] {
        if !keys.is_empty() {
            let keys: Vec<String> = keys.iter().map(|key| escape(key)).collect();
            let _ = writeln!(html, "<p>{title}: {}</p>", keys.join(", "));
        }
    }
}

fn measures(summary: &Summary, html: &mut String) {
    html.push_str("<h2>Measures</h2>\n<table><tr><th>Measure<th>Mean<th>Questions<th></tr>\n");
    for mean in &summary.measures {
        let _ = writeln!(
            html,
            "<tr><td>{}<td>{}<td>{}<td><meter min=\"0\" max=\"1\" value=\"{:.4}\"></meter></tr>",
            mean.measure.title(),
            percent(mean.mean),
            mean.questions,
            mean.mean
        );
    }
    let citations = summary.citations;
    let _ = writeln!(
        html,
        "</table>\n<p>Citations: {} quoted, {} matched, {} not verified.</p>",
        citations.quoted, citations.matched, citations.not_verified
    );
}

fn plots(run: &Run, summary: &Summary, html: &mut String) {
    html.push_str("<div class=\"plots\">\n");
    if !summary.recall_curve.is_empty() {
        let axes = Axes {
            title: "Recall among the first passages",
            x: "first k passages",
            y: "mean recall@k",
        };
        figure(axes.title, &curve(&axes, &summary.recall_curve), html);
    }
    let times = |pick: fn(&Item) -> Option<f64>| run.items.iter().filter_map(pick).collect();
    let answers: Vec<f64> = times(|item| item.answer_ms);
    if let Some(spread) = summary.answer_ms {
        let axes = Axes {
            title: "Time to the whole answer",
            x: "milliseconds",
            y: "answers",
        };
        let marks = [("p50", spread.p50), ("p95", spread.p95)];
        let caption = format!(
            "{}: p50 {:.0} ms, p95 {:.0} ms",
            axes.title, spread.p50, spread.p95
        );
        figure(&caption, &histogram(&axes, &answers, &marks), html);
    }
    let prompts: Vec<f64> = times(|item| Some(item.prompt_tokens? as f64));
    if let Some(spread) = summary.prompt_tokens {
        let axes = Axes {
            title: "Size of the prompt",
            x: "tokens, estimated",
            y: "prompts",
        };
        let marks = [("p50", spread.p50)];
        figure(axes.title, &histogram(&axes, &prompts, &marks), html);
    }
    html.push_str("</div>\n");
}

fn figure(caption: &str, svg: &str, html: &mut String) {
    let _ = writeln!(
        html,
        "<figure><figcaption>{}</figcaption>{svg}</figure>",
        escape(caption)
    );
}

fn kinds(summary: &Summary, html: &mut String) {
    html.push_str(
        "<h2>Kinds of questions</h2>\n<table><tr><th>Kind<th>Questions<th>What came of them<th>Language model</tr>\n",
    );
    for kind in &summary.kinds {
        let _ = writeln!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}</tr>",
            kind.asked.title(),
            kind.questions,
            kind.outcomes_in_words(),
            kind.usage_in_words().unwrap_or_default()
        );
    }
    html.push_str("</table>\n");
}

fn groups(title: &str, groups: &[Group], html: &mut String) {
    if groups.is_empty() {
        return;
    }
    let _ = write!(
        html,
        "<h2>{title}</h2>\n<table><tr><th><th>Kind<th>Right<th>Of<th>Share<th>Wrong</tr>\n"
    );
    for group in groups {
        let _ = writeln!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
            escape(&group.name),
            group.asked.title(),
            group.right,
            group.questions,
            percent(group.right as f64 / group.questions as f64),
            group.wrong
        );
    }
    html.push_str("</table>\n");
}

fn failures(run: &Run, html: &mut String) {
    let failures: Vec<(&Item, &Note)> = run.failures().collect();
    let _ = writeln!(html, "<h2>What to look at ({})</h2>", failures.len());
    let hidden = run.items.iter().filter(|item| !item.is_right()).count() - failures.len();
    if hidden > 0 {
        let _ = writeln!(html, "<p>{hidden} more are held out and not shown.</p>");
    }
    for (item, note) in failures {
        let _ = write!(
            html,
            "<section><h3>{}</h3><p><b>{}</b>, {}, <code>{}</code></p><dl>",
            escape(&note.question),
            item.outcome.title(),
            escape(&item.about),
            escape(&note.place)
        );
        for (word, lines) in [("right", &note.expected), ("came", &note.got)] {
            for line in lines {
                let _ = write!(html, "<dt>{word}<dd>{}", escape(line));
            }
        }
        for link in &note.links {
            let _ = write!(html, "<dt>cited<dd>{}", anchor(link));
        }
        html.push_str("</dl></section>\n");
    }
}

fn not_asked(run: &Run, html: &mut String) {
    if run.broken.is_empty() && run.skipped.is_empty() {
        return;
    }
    html.push_str("<h2>Not asked as written</h2>\n<ul>\n");
    for broken in &run.broken {
        let _ = writeln!(
            html,
            "<li><code>{}:{}</code> {}</li>",
            escape(&broken.file),
            broken.line,
            escape(&broken.message)
        );
    }
    for skipped in &run.skipped {
        let (id, why) = (escape(&skipped.id), escape(&skipped.why));
        let _ = writeln!(html, "<li><code>{id}</code> {why}</li>");
    }
    html.push_str("</ul>\n");
}

/// A link, where it leads somewhere that a browser may go; its text otherwise.
fn anchor(link: &Link) -> String {
    let text = escape(&link.text);
    let url = link.url.as_deref().filter(|url| {
        let url = url.to_ascii_lowercase();
        url.starts_with("https://") || url.starts_with("http://")
    });
    url.map_or(text.clone(), |url| {
        format!(
            "<a rel=\"noopener noreferrer\" href=\"{}\">{text}</a>",
            escape(url)
        )
    })
}

/// Text as it may stand between tags and inside quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::testing::{failed, run};

    #[test]
    fn the_page_needs_nothing_and_runs_nothing() {
        let hostile =
            "</style><script>alert(1)</script><img src=x onerror=alert(1)> \" onclick=\"x";
        let mut item = failed(hostile);
        let note = item.note.as_mut().expect("a note");
        note.links = vec![
            Link {
                text: hostile.into(),
                url: Some("javascript:alert(1)".into()),
            },
            Link {
                text: "lines".into(),
                url: Some("https://git.example/a?\"onload=x".into()),
            },
        ];
        item.about = hostile.into();
        let mut run = run(vec![item]);
        run.model = Some(hostile.into());
        run.started_at = hostile.into();
        let html = page(&run, None);
        assert!(
            !html.contains("<script") && !html.contains("<img"),
            "{html}"
        );
        assert!(!html.contains("javascript:"), "{html}");
        assert!(!html.contains("\" onclick"), "{html}");
        assert!(
            html.contains("href=\"https://git.example/a?&quot;onload=x\""),
            "{html}"
        );
        for tag in ["<link", "src=", "url(", "@import", " style="] {
            let found = html.replace("onerror=alert(1)", "").matches(tag).count();
            // The hostile text itself holds an escaped `src=`.
            let escaped = html.matches("&lt;img src=x").count();
            assert_eq!(found, if tag == "src=" { escaped } else { 0 }, "{tag}");
        }
    }

    #[test]
    fn the_policy_allows_the_style_sheet_and_nothing_else() {
        let html = page(&run(Vec::new()), None);
        let style = html
            .split("<style>")
            .nth(1)
            .and_then(|rest| rest.split("</style>").next());
        let hash = STANDARD.encode(Sha256::digest(style.expect("a style sheet")));
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'");
        assert!(html.contains(&policy), "{html}");
    }

    #[test]
    fn what_is_held_out_is_no_section() {
        let mut held_out = failed("secret wording");
        held_out.note = None;
        let html = page(&run(vec![held_out, failed("open wording")]), None);
        assert!(html.contains("open wording") && !html.contains("secret wording"));
        assert!(html.contains("1 more are held out"), "{html}");
    }
}
