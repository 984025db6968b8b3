//! An exact answer as Markdown, by template: the same with a language model and without one.

use std::fmt::Write as _;

use virgil_graph::EntityRef;
use virgil_model::Kind;

use crate::cite::sanitise;
use crate::exact::{ExactAnswer, FactRow};
use crate::plan::{Choices, plural};
use crate::prompt::visible;
use crate::quote::plain;

/// How many rows the text shows; the rest is counted.
const SHOWN_ROWS: usize = 20;
/// How many of the rest are named.
const NAMED_ROWS: usize = 10;
/// How many values of one cell the text shows.
const SHOWN_VALUES: usize = 8;

/// The text of an exact answer.
pub(crate) fn fact_text(exact: &ExactAnswer) -> String {
    let mut text = String::new();
    let reading = worded(exact, &exact.reading);
    if exact.proposed {
        text.push_str("The language model takes the question for this, and it is computed:\n\n");
    }
    let at_least = match exact.completeness {
        "at_least" => "at least ",
        _ => "",
    };
    if !exact.groups.is_empty() {
        let _ = writeln!(text, "**{}**\n", capital(&reading));
        text.push_str("| | count |\n|---|---:|\n");
        for group in exact.groups.iter().take(SHOWN_ROWS) {
            let value = group.value.as_deref().unwrap_or("(none)");
            let _ = writeln!(text, "| {} | {} |", cell(value), group.count);
        }
        more(
            &mut text,
            exact.groups.len().saturating_sub(SHOWN_ROWS),
            &[],
        );
    } else if exact.is_count() {
        let _ = writeln!(text, "**{}: {at_least}{}**", capital(&reading), exact.total);
    } else if !exact.paths.is_empty() {
        let _ = writeln!(text, "**{}**\n", capital(&reading));
        for path in exact.paths.iter().take(SHOWN_ROWS) {
            for step in &path.steps {
                let _ = writeln!(
                    text,
                    "- {} {} *{}* {} {}{}",
                    step.subject.kind.name().replace('_', " "),
                    plain(&step.subject.name),
                    step.predicate.replace('_', " "),
                    step.object.kind.name().replace('_', " "),
                    plain(&step.object.name),
                    marks(&step.citations),
                );
            }
            text.push('\n');
        }
        more(&mut text, exact.paths.len().saturating_sub(SHOWN_ROWS), &[]);
    } else {
        rows(exact, &reading, at_least, &mut text);
    }
    if !exact.caveats.is_empty() {
        let lead = match exact.completeness {
            "unknown" => "Whether this is right is not certain",
            _ => "There may be more",
        };
        let _ = write!(text, "\n{lead}: {}.\n", plain(&exact.caveats.join("; ")));
    }
    text
}

/// Words of the query as Markdown. Where a language model wrote it, they may hold what an asker must not get.
fn worded(exact: &ExactAnswer, text: &str) -> String {
    if !exact.proposed {
        return plain(text);
    }
    let line = visible(text).replace(['\n', '\r'], " ").replace('`', "'");
    sanitise(&plain(&line), 0)
}

fn rows(exact: &ExactAnswer, reading: &str, at_least: &str, text: &mut String) {
    let yes_no = match (exact.yes_no, exact.total) {
        (false, _) => "",
        (true, 0) => "No. ",
        (true, _) => "Yes. ",
    };
    if exact.total == 0 {
        let sure = if exact.completeness == "exact" {
            "none"
        } else {
            "none that is known"
        };
        let _ = writeln!(text, "{yes_no}**{}: {sure}.**", capital(reading));
        return;
    }
    let _ = writeln!(
        text,
        "{yes_no}**{}: {at_least}{}**\n",
        capital(reading),
        exact.total
    );
    let shown = &exact.rows[..exact.rows.len().min(SHOWN_ROWS)];
    if exact.columns.is_empty() {
        for row in shown {
            let _ = writeln!(text, "- {}{}", thing(row), marks(&row.citations));
        }
    } else {
        let _ = writeln!(
            text,
            "| | {} | |",
            exact
                .columns
                .iter()
                .map(|name| cell_of(&worded(exact, name)))
                .collect::<Vec<_>>()
                .join(" | ")
        );
        let _ = writeln!(text, "|---|{}---|", "---|".repeat(exact.columns.len()));
        for row in shown {
            let values: Vec<String> = row.values.iter().map(|values| joined(values)).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                cell_of(&thing(row)),
                values.join(" | "),
                marks(&row.citations)
            );
        }
    }
    let left = exact.total - shown.len();
    let rest = &exact.rows[shown.len()..];
    let mut kinds: Vec<(Kind, usize)> = Vec::new();
    for row in rest {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.entity.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((row.entity.kind, 1)),
        }
    }
    // Many names in a row tell less than how many of each kind there are.
    if kinds.len() > 1 && rest.len() > NAMED_ROWS && rest.len() == left {
        let counts = kinds.iter().map(|(kind, count)| match count {
            1 => format!("1 {}", kind.name().replace('_', " ")),
            count => format!("{count} {}", plural(*kind)),
        });
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(text, "\nand {left} more: {}", counts.join(", "));
        return;
    }
    let named: Vec<&str> = rest
        .iter()
        .take(NAMED_ROWS)
        .map(|row| row.entity.name.as_str())
        .collect();
    more(text, left, &named);
}

/// Says how many more there are.
fn more(text: &mut String, left: usize, named: &[&str]) {
    if left == 0 {
        return;
    }
    if named.is_empty() {
        let _ = writeln!(text, "\nand {left} more");
        return;
    }
    let names: Vec<String> = named.iter().map(|name| plain(name)).collect();
    let dots = if left > named.len() { ", …" } else { "" };
    let _ = writeln!(text, "\nand {left} more: {}{dots}", names.join(", "));
}

fn thing(row: &FactRow) -> String {
    let mut said = format!(
        "{} **{}**",
        row.entity.kind.name().replace('_', " "),
        plain(&row.entity.name)
    );
    // A name that the reference does not end with says too little: show where the thing is.
    if let Some(table) = table_of(&row.entity) {
        let _ = write!(said, " of {}", plain(table));
    }
    if let Some(place) = whereabouts(&row.entity.reference) {
        let _ = write!(said, " in {}", plain(place));
    }
    if row.possibly {
        said.push_str(" (possibly: only its table is known to be touched)");
    }
    if row.unresolved {
        said.push_str(" (only referred to)");
    }
    said
}

/// The table of a column, without its system.
fn table_of(thing: &EntityRef) -> Option<&str> {
    let (table, _) = thing.reference.strip_prefix("column:")?.split_once('#')?;
    table.rsplit('/').next()
}

/// The cluster of a Kubernetes object.
fn whereabouts(reference: &str) -> Option<&str> {
    let rest = reference.strip_prefix("kubernetes:")?;
    rest.split('/')
        .next()
        .filter(|cluster| *cluster != "default")
}

fn joined(values: &[String]) -> String {
    let mut shown: Vec<String> = values.iter().take(SHOWN_VALUES).map(|v| cell(v)).collect();
    if values.len() > SHOWN_VALUES {
        shown.push(format!("and {} more", values.len() - SHOWN_VALUES));
    }
    if shown.is_empty() {
        return "–".to_owned();
    }
    shown.join(", ")
}

/// Text of others as one cell of a table.
fn cell(text: &str) -> String {
    cell_of(&plain(text))
}

fn cell_of(markdown: &str) -> String {
    markdown.replace('|', "\\|").replace(['\n', '\r'], " ")
}

pub(crate) fn marks(citations: &[usize]) -> String {
    citations
        .iter()
        .map(|number| format!(" [{number}]"))
        .collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// What there is of other kinds where none was found of the kinds that were asked for.
pub(crate) fn instead_text(things: &[EntityRef]) -> String {
    let said: Vec<String> = things
        .iter()
        .map(|thing| {
            let kind = thing.kind.name().replace('_', " ");
            format!("{kind} **{}**", plain(&thing.name))
        })
        .collect();
    match said.as_slice() {
        [] => String::new(),
        said => format!("\nThings of other kinds are there: {}.\n", said.join(", ")),
    }
}

/// The question back to the asker: which one is meant.
pub(crate) fn choices_text(choices: &Choices) -> String {
    let mut text = format!(
        "“{}” names several things here. Which one do you mean?\n\n",
        plain(&choices.name)
    );
    text.push_str(&things_text(choices));
    text
}

/// The question back to the asker: whether a name is meant that is near.
pub(crate) fn offers_text(choices: &Choices) -> String {
    let name = plain(&choices.name);
    let lead = match choices.things.as_slice() {
        [_] => format!("Nothing that you may see is called “{name}”. Do you mean this?"),
        _ => format!("Nothing that you may see is called “{name}”. Do you mean one of these?"),
    };
    format!("{lead}\n\n{}", things_text(choices))
}

fn things_text(choices: &Choices) -> String {
    let mut text = String::new();
    for thing in &choices.things {
        let _ = writeln!(
            text,
            "- {} **{}** (`{}`)",
            thing.kind.name().replace('_', " "),
            plain(&thing.name),
            thing.reference.replace('`', "'"),
        );
    }
    text
}
