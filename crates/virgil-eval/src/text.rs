//! A run and a comparison for the terminal.

use std::fmt::Write;

use crate::compare::Comparison;
use crate::measure::Measure;
use crate::run::{Outcome, Run};
use crate::summary::{Group, Spread, Summary};

/// How many failures a report lists.
const FAILURES: usize = 40;

/// A run in text: measures, what came of each kind of question, speed and cost, then what to look at.
pub fn report(run: &Run) -> String {
    let summary = Summary::of(run);
    let mut text = String::new();
    for broken in &run.broken {
        let _ = writeln!(text, "{}:{}: {}", broken.file, broken.line, broken.message);
    }
    for skipped in &run.skipped {
        let _ = writeln!(text, "{}: not asked: {}", skipped.id, skipped.why);
    }
    failures(run, &mut text);
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "{} of {} as they should be",
        summary.right, summary.asked
    );
    for mean in &summary.measures {
        let _ = writeln!(
            text,
            "  {:<26} {:>6}   over {}",
            mean.measure.title(),
            percent(mean.mean),
            mean.questions
        );
    }
    if let Some(not_wrong) = summary.mean(Measure::NotWrong) {
        let _ = writeln!(
            text,
            "  {:<26} {:>6}",
            "wrong-plan rate",
            percent(1.0 - not_wrong)
        );
    }
    for kind in &summary.kinds {
        let _ = writeln!(
            text,
            "{}: {} ({})",
            kind.asked.title(),
            kind.questions,
            kind.outcomes_in_words()
        );
    }
    groups("by split", &summary.by_split, &mut text);
    groups("by subject", &summary.by_about, &mut text);
    let citations = summary.citations;
    if citations.all() > 0 {
        let _ = writeln!(
            text,
            "citations: {} quoted, {} matched, {} not verified",
            citations.quoted, citations.matched, citations.not_verified
        );
    }
    spread("first words", summary.first_text_ms, "ms", &mut text);
    spread("whole answer", summary.answer_ms, "ms", &mut text);
    spread("prompt", summary.prompt_tokens, "tokens", &mut text);
    let _ = writeln!(
        text,
        "asked {} at a time, {:.1} s in all",
        run.concurrency,
        run.took_ms as f64 / 1e3
    );
    if let Some(model) = &run.model {
        let _ = writeln!(
            text,
            "{model}: {}; {} from a cache",
            summary.usage.in_words(),
            summary.cached
        );
        for kind in &summary.kinds {
            if let Some(usage) = kind.usage_in_words() {
                let _ = writeln!(text, "  {:<26} {usage}", kind.asked.title());
            }
        }
    }
    text
}

fn failures(run: &Run, text: &mut String) {
    let failures: Vec<_> = run.failures().collect();
    for (item, note) in failures.iter().take(FAILURES) {
        let _ = writeln!(
            text,
            "{}: {} [{}]",
            item.outcome.title(),
            note.question,
            note.place
        );
        for line in &note.expected {
            let _ = writeln!(text, "    right  {line}");
        }
        for line in &note.got {
            let _ = writeln!(text, "    came   {line}");
        }
    }
    if failures.len() > FAILURES {
        let _ = writeln!(
            text,
            "… and {} more: `--html FILE` lists them all",
            failures.len() - FAILURES
        );
    }
    let hidden = run.items.iter().filter(|item| !item.is_right()).count() - failures.len();
    if hidden > 0 {
        let _ = writeln!(text, "{hidden} more that are held out and not shown");
    }
}

fn groups(title: &str, groups: &[Group], text: &mut String) {
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}:");
    for group in groups {
        let wrong = match group.wrong {
            0 => String::new(),
            wrong => format!(", {wrong} {}", Outcome::Wrong.title()),
        };
        let _ = writeln!(
            text,
            "  {:<16} {:<16} {:>4} of {:<4} {:>6}{wrong}",
            group.name,
            group.asked.title(),
            group.right,
            group.questions,
            percent(group.right as f64 / group.questions as f64)
        );
    }
}

fn spread(what: &str, spread: Option<Spread>, unit: &str, text: &mut String) {
    if let Some(spread) = spread {
        let _ = writeln!(
            text,
            "{what}: p50 {:.0} {unit}, p95 {:.0}, most {:.0}",
            spread.p50, spread.p95, spread.max
        );
    }
}

/// A comparison in text.
pub fn comparison_text(comparison: &Comparison) -> String {
    let mut text = format!("compared with the run of {}", comparison.earlier);
    let _ = write!(text, ": {} questions in both", comparison.common);
    if comparison.only_earlier + comparison.only_later > 0 {
        let _ = write!(
            text,
            ", {} only there, {} only here",
            comparison.only_earlier, comparison.only_later
        );
    }
    text.push('\n');
    for change in &comparison.changes {
        let difference = change.later - change.earlier;
        let mark = if change.dropped { "  DROPPED" } else { "" };
        let _ = writeln!(
            text,
            "  {:<26} {:>6} → {:>6}   {:+.1} points ({:+.1} to {:+.1}) over {}{mark}",
            change.measure.title(),
            percent(change.earlier),
            percent(change.later),
            100.0 * difference,
            100.0 * change.interval.0,
            100.0 * change.interval.1,
            change.questions,
        );
    }
    for (word, keys) in [
        ("no more right", &comparison.lost),
        ("right now", &comparison.won),
    ] {
        if !keys.is_empty() {
            let _ = writeln!(text, "{word}: {}", keys.join(", "));
        }
    }
    text
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::Split;
    use crate::run::Item;
    use crate::run::testing::{failed, run};

    fn item(key: &str, split: Split, outcome: Outcome) -> Item {
        let mut item = failed(&format!("what of {key}?"));
        item.split = Some(split);
        item.outcome = outcome;
        item.note = item.note.filter(|_| split != Split::HeldOut);
        item
    }

    #[test]
    fn a_report_counts_what_is_held_out_and_shows_what_is_not() {
        let run = run(vec![
            item("a", Split::Tune, Outcome::Exact),
            item("b", Split::Tune, Outcome::Wrong),
            item("c", Split::HeldOut, Outcome::LeftToPassages),
        ]);
        insta::assert_snapshot!(report(&run), @r"
        wrong: what of b? [q.yaml:3]
            right  dataset:a
            came   datasets
        1 more that are held out and not shown

        1 of 3 as they should be
          set exact                  33.3 %   over 3
          no wrong plan              66.7 %   over 3
          wrong-plan rate            33.3 %
        exact answers: 3 (1 exact, 1 wrong, 1 left to passages)
        by split:
          held_out         exact answers       0 of 1     0.0 %
          tune             exact answers       1 of 2    50.0 %, 1 wrong
        by subject:
          lineage          exact answers       1 of 3    33.3 %, 1 wrong
        first words: p50 4 ms, p95 4, most 4
        whole answer: p50 5 ms, p95 5, most 5
        asked 2 at a time, 0.0 s in all
        ");
    }
}
