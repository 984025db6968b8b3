//! The questions about the sample platform: that they are whole, and that the program answers them as its files do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::questions::{
    ABOUT, Completeness, Instead, Question, Row, questions, unanswerable,
};
use crate::support::{Home, Sample};

#[test]
fn the_questions_are_whole() {
    let questions = questions();
    assert!(questions.len() >= 60, "{} questions", questions.len());
    let mut ids = BTreeSet::new();
    for question in &questions {
        let id = &question.id;
        assert!(ids.insert(id), "`{id}` is there twice");
        assert!(
            ABOUT.contains(&question.about.as_str()),
            "`{id}` is about `{}`",
            question.about
        );
        assert!(
            question.groups.iter().all(|group| !group.is_empty()),
            "`{id}`"
        );
        serde_json::to_string(&question.query).expect("a query is JSON");
        the_answer_is_whole(question);
        let phrasings = &question.phrasings;
        let counts = (phrasings.tune.len(), phrasings.held_out.len());
        assert_eq!(counts, (3, 2), "`{id}`");
        let all: BTreeSet<&String> = phrasings.tune.iter().chain(&phrasings.held_out).collect();
        assert_eq!(
            all.len(),
            5,
            "`{id}` says one thing twice in the same words"
        );
    }
    for about in ABOUT {
        let questions = questions.iter();
        let count = questions
            .filter(|question| question.about == *about)
            .count();
        assert!(count >= 3, "{count} questions about {about}");
    }
}

fn the_answer_is_whole(question: &Question) {
    let (id, expect) = (&question.id, &question.expect);
    let answers = [
        expect.rows.is_some(),
        expect.count.is_some(),
        expect.paths.is_some(),
    ];
    let given = answers.iter().filter(|given| **given).count();
    assert_eq!(given, 1, "`{id}` needs one answer");
    let rows = expect.rows.as_deref().unwrap_or_default();
    let references: BTreeSet<&str> = rows.iter().map(Row::reference).collect();
    assert_eq!(references.len(), rows.len(), "`{id}` has a row twice");
    for row in rows {
        if let Row::Columns { columns, .. } = row {
            assert_eq!(columns.len(), question.query.columns.len(), "`{id}`");
        }
    }
    if let Some(groups) = &expect.groups {
        let total: usize = groups.values().sum();
        assert_eq!(Some(total), expect.count, "`{id}`");
    }
    for path in expect.paths.iter().flatten() {
        assert!(path.len() >= 2, "`{id}` has a path that leads nowhere");
    }
    match &expect.completeness {
        Completeness::Exact => {}
        Completeness::AtLeast(why) | Completeness::Unknown(why) => {
            assert!(!why.is_empty(), "`{id}` does not say why");
        }
    }
}

#[test]
fn the_unanswerable_questions_are_whole() {
    let questions = unanswerable();
    assert!(questions.len() >= 30, "{} questions", questions.len());
    let mut ids = BTreeSet::new();
    for question in &questions {
        let id = &question.id;
        assert!(ids.insert(id), "`{id}` is there twice");
        assert!(!question.because.is_empty(), "`{id}`");
        assert!(!question.question.is_empty(), "`{id}`");
        if let Instead::Choices(choices) = &question.expect {
            assert!(choices.len() >= 2, "`{id}` has nothing to choose from");
        }
    }
}

/// The questions on which program and files still differ, and why.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[];

/// Whole results: references, values of columns, counts, groups, paths, completeness. A reference of the files counts as
/// the thing that it names to the asker, so that nothing here depends on which of its keys a thing is shown by.
#[test]
fn the_program_answers_every_question_as_the_files_do() {
    let sample = Sample::shared();
    let known: BTreeMap<&str, &str> = KNOWN_DIFFERENCES.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut differing = BTreeSet::new();
    let questions = questions();
    for question in &questions {
        let differences = differences(&sample.home, question);
        if differences.is_empty() {
            continue;
        }
        let id = question.id.as_str();
        let why = known.get(id).copied().unwrap_or("not known");
        println!("{id} ({}; {why})\n{differences}", question.about);
        differing.insert(id);
        if !known.contains_key(id) {
            wrong.push(id);
        }
    }
    println!(
        "{} of {} questions differ",
        differing.len(),
        questions.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    let settled: Vec<&str> = known
        .into_keys()
        .filter(|id| !differing.contains(id))
        .collect();
    assert!(settled.is_empty(), "no longer different: {settled:?}");
}

#[test]
fn every_choice_of_an_ambiguous_name_is_there() {
    let sample = Sample::shared();
    for question in unanswerable() {
        let Instead::Choices(choices) = &question.expect else {
            continue;
        };
        let mut names = Names::of(&sample.home, &[]);
        let meant: BTreeSet<String> = choices.iter().map(|choice| names.meant(choice)).collect();
        assert!(
            names.unknown.is_empty(),
            "`{}`: {:?}",
            question.id,
            names.unknown
        );
        assert_eq!(
            meant.len(),
            choices.len(),
            "`{}` offers one thing twice",
            question.id
        );
    }
}

/// What references mean to an asker.
struct Names<'h> {
    home: &'h Home,
    groups: Vec<&'h str>,
    known: BTreeMap<String, String>,
    /// The references that mean nothing, and why.
    unknown: Vec<String>,
}

impl<'h> Names<'h> {
    fn of(home: &'h Home, groups: &'h [String]) -> Names<'h> {
        Names {
            home,
            groups: groups.iter().map(String::as_str).collect(),
            known: BTreeMap::new(),
            unknown: Vec::new(),
        }
    }

    /// The shown reference of what `reference` names, or the reference itself if it names nothing.
    fn meant(&mut self, reference: &str) -> String {
        if let Some(known) = self.known.get(reference) {
            return known.clone();
        }
        let query = json!({ "set": { "refs": [reference] } });
        let meant = match self.home.query(&self.groups, &query) {
            Ok(found) => text(&found["rows"][0]["reference"]),
            Err(message) => {
                self.unknown.push(message);
                reference.to_owned()
            }
        };
        self.known.insert(reference.to_owned(), meant.clone());
        meant
    }

    /// A value of a column, where a text may be a reference.
    fn value(&mut self, value: &Value) -> String {
        match value {
            Value::String(text) if text.contains(':') && !text.contains(' ') => {
                let query = json!({ "set": { "refs": [text] } });
                match self.home.query(&self.groups, &query) {
                    Ok(found) => format!("{:?}", found["rows"][0]["reference"]),
                    Err(_) => value.to_string(),
                }
            }
            value => value.to_string(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the program says otherwise than the files, one line each.
fn differences(home: &Home, question: &Question) -> String {
    let mut names = Names::of(home, &question.groups);
    let query = serde_json::to_value(&question.query).expect("a query is JSON");
    let found = match home.query(&names.groups, &query) {
        Ok(found) => found,
        Err(message) => return format!("    {message}\n"),
    };
    let mut said = String::new();
    let mut compare = |what: &str, expected: BTreeSet<String>, found: BTreeSet<String>| {
        for missing in expected.difference(&found) {
            let _ = writeln!(said, "    missing {what} {missing}");
        }
        for extra in found.difference(&expected) {
            let _ = writeln!(said, "    extra {what} {extra}");
        }
    };
    let expect = &question.expect;
    if let Some(rows) = &expect.rows {
        let expected = rows.iter().map(|row| shown_row(row, &mut names)).collect();
        let wants_columns = rows.iter().any(|row| matches!(row, Row::Columns { .. }));
        let rows = found["rows"].as_array().expect("rows");
        let found = rows
            .iter()
            .map(|row| found_row(row, wants_columns))
            .collect();
        compare("row", expected, found);
    }
    if let Some(count) = expect.count {
        let found = BTreeSet::from([found["total"].to_string()]);
        compare("count", BTreeSet::from([count.to_string()]), found);
    }
    if let Some(groups) = &expect.groups {
        let expected = groups
            .iter()
            .map(|(value, count)| {
                let value = if value.contains(':') {
                    names.meant(value)
                } else {
                    value.clone()
                };
                format!("{value}: {count}")
            })
            .collect();
        let groups = found["groups"].as_array().expect("groups");
        let found = groups
            .iter()
            .map(|group| format!("{}: {}", text(&group["value"]), group["count"]));
        compare("group", expected, found.collect());
    }
    if let Some(paths) = &expect.paths {
        let expected = paths
            .iter()
            .map(|path| {
                path.iter()
                    .map(|step| names.meant(step))
                    .collect::<Vec<_>>()
                    .join(" -> ")
            })
            .collect();
        let paths = found["paths"].as_array().expect("paths");
        compare("path", expected, paths.iter().map(found_path).collect());
    }
    let completeness = found_completeness(&found["completeness"]);
    if completeness != expect.completeness {
        let _ = writeln!(said, "    {completeness:?}: {}", found["completeness"]);
    }
    for message in names.unknown {
        let _ = writeln!(said, "    {message}");
    }
    said
}

fn shown_row(row: &Row, names: &mut Names<'_>) -> String {
    let reference = names.meant(row.reference());
    match row {
        Row::Reference(_) => reference,
        Row::Columns { columns, .. } => {
            let columns = columns.iter().map(|values| {
                let values: BTreeSet<String> =
                    values.iter().map(|value| names.value(value)).collect();
                format!(" {values:?}")
            });
            let columns: String = columns.collect();
            reference + &columns
        }
    }
}

fn found_row(row: &Value, with_columns: bool) -> String {
    let mut shown = text(&row["reference"]);
    let columns = row["columns"].as_array().into_iter().flatten();
    for column in columns.filter(|_| with_columns) {
        let values = column["values"].as_array().expect("values");
        let values: BTreeSet<String> = values
            .iter()
            .map(|value| match value.get("entity") {
                Some(entity) => format!("{:?}", entity["entity"]["reference"]),
                None => value["value"]["value"].to_string(),
            })
            .collect();
        let _ = write!(shown, " {values:?}");
    }
    if row["possibly"] == true {
        shown.push_str(" (possibly)");
    }
    shown
}

fn found_path(path: &Value) -> String {
    let mut at = text(&path["from"]["reference"]);
    let mut steps = vec![at.clone()];
    for edge in path["edges"].as_array().expect("edges") {
        let (subject, object) = (
            text(&edge["subject"]["reference"]),
            text(&edge["object"]["reference"]),
        );
        at = if subject == at { object } else { subject };
        steps.push(at.clone());
    }
    steps.join(" -> ")
}

fn found_completeness(found: &Value) -> Completeness {
    let why = found["why"].as_array().into_iter().flatten();
    let why = why.map(|why| text(&why["reason"])).collect();
    match found["completeness"].as_str() {
        Some("at_least") => Completeness::AtLeast(why),
        Some("unknown") => Completeness::Unknown(why),
        _ => Completeness::Exact,
    }
}
