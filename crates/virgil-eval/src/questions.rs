//! Files of questions.
//!
//! A file is a YAML list. A question has `question`, or `phrasings` with `tune` and `held_out` in its place, and `expect` (see
//! `expect.rs`); it may have `id`, `about` (what reports group it by), `as` (the groups of whoever asks), `query` (the same question
//! typed), `because` (a remark), `split` (`tune` or `held_out`) and `wording` (`near` or `far`: whether it shares words with what
//! answers it; what reports group it by where `about` is not given).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::expect::Expect;

/// The longest id that is made of a question's words.
const ID_CHARACTERS: usize = 60;

/// A question, in one wording or several, and what is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What names it in reports and saved runs; made of its words if it has none.
    pub id: String,
    /// The file that it stands in.
    pub file: String,
    /// The line where it begins, from 1.
    pub line: u64,
    /// What reports group it by.
    pub about: String,
    /// The groups of whoever asks; empty for whoever runs the evaluation.
    pub groups: Vec<String>,
    /// The question in words; empty if there is only the query.
    pub wordings: Vec<Wording>,
    /// The question as a typed query.
    pub query: Option<Value>,
    /// What is right.
    pub expect: Expect,
}

/// A question in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The words.
    pub text: String,
    /// The half that it belongs to, if the questions are split.
    pub split: Option<Split>,
}

/// Halves of questions: one to improve answers with, one that only scores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// May be looked at.
    Tune,
    /// Is counted and never shown.
    HeldOut,
}

impl Split {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Tune => "tune",
            Split::HeldOut => "held_out",
        }
    }

    /// The half of that name.
    pub fn from_name(name: &str) -> Option<Split> {
        [Split::Tune, Split::HeldOut]
            .into_iter()
            .find(|split| split.name() == name)
    }
}

/// A question that cannot be asked, or whose file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 if it is not known.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// A question as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Option<String>,
    about: Option<String>,
    #[serde(default, rename = "as")]
    groups: Vec<String>,
    question: Option<String>,
    phrasings: Option<Phrasings>,
    split: Option<Split>,
    wording: Option<Distance>,
    query: Option<Value>,
    #[serde(rename = "because")]
    _because: Option<String>,
    expect: Value,
}

/// Whether a question shares words with what answers it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Distance {
    Near,
    Far,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrasings {
    #[serde(default)]
    tune: Vec<String>,
    #[serde(default)]
    held_out: Vec<String>,
}

/// The questions of a file's text, and what is wrong with the others. `file` is its name for messages.
pub fn questions(file: &str, text: &str) -> (Vec<Question>, Vec<Broken>) {
    let broken = |line, message| Broken {
        file: file.to_owned(),
        line,
        message,
    };
    let written: Vec<Spanned<Value>> = match serde_saphyr::from_str(text) {
        Ok(written) => written,
        Err(error) => {
            let line = error.location().map_or(0, |location| location.line());
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default();
            return (Vec::new(), vec![broken(line, message.to_owned())]);
        }
    };
    let mut ids = BTreeSet::new();
    let (mut questions, mut problems) = (Vec::new(), Vec::new());
    for Spanned {
        value, referenced, ..
    } in written
    {
        let line = referenced.line();
        match question(file, line, value) {
            Ok(question) if !ids.insert(question.id.clone()) => {
                let message = format!("the id `{}` is there twice: rename one", question.id);
                problems.push(broken(line, message));
            }
            Ok(question) => questions.push(question),
            Err(message) => problems.push(broken(line, message)),
        }
    }
    (questions, problems)
}

fn question(file: &str, line: u64, value: Value) -> Result<Question, String> {
    let written: Written = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let wording = |split: Option<Split>| move |text: String| Wording { text, split };
    let wordings: Vec<Wording> = match (written.question, written.phrasings) {
        (Some(text), None) => vec![wording(written.split)(text)],
        (None, Some(_)) if written.split.is_some() => {
            return Err("`phrasings` say themselves what is held out: leave `split` out".into());
        }
        (None, Some(phrasings)) => {
            let tune = phrasings.tune.into_iter().map(wording(Some(Split::Tune)));
            let held_out = phrasings.held_out.into_iter();
            tune.chain(held_out.map(wording(Some(Split::HeldOut))))
                .collect()
        }
        (Some(_), Some(_)) => return Err("it has both `question` and `phrasings`".into()),
        (None, None) => Vec::new(),
    };
    if wordings
        .iter()
        .any(|wording| wording.text.trim().is_empty())
    {
        return Err("it asks nothing: a wording is empty".into());
    }
    if let Some(query) = &written.query {
        let typed: Result<virgil_graph::Query, _> = serde_json::from_value(query.clone());
        typed.map_err(|error| format!("its query is none: {error}"))?;
    } else if wordings.is_empty() {
        return Err("it asks nothing: give `question`, `phrasings` or `query`".into());
    }
    let expect = Expect::read(written.expect)?;
    if written.query.is_some() && !matches!(expect, Expect::Set(_)) {
        return Err("a query is answered by `rows`, `count`, `groups` or `paths`".into());
    }
    let id = match (written.id, wordings.first()) {
        (Some(id), _) if id.trim().is_empty() => return Err("its id is empty".into()),
        (Some(id), _) => id,
        (None, Some(wording)) => id_of(&wording.text),
        (None, None) => return Err("give it an `id`: it has no words to make one of".into()),
    };
    let about = match (written.about, written.wording) {
        (Some(about), _) => about,
        (None, Some(Distance::Near)) => "near wording".to_owned(),
        (None, Some(Distance::Far)) => "far wording".to_owned(),
        (None, None) => expect.kind().to_owned(),
    };
    Ok(Question {
        id,
        file: file.to_owned(),
        line,
        about,
        groups: written.groups,
        wordings,
        query: written.query,
        expect,
    })
}

/// An id of a question's words: lower case, hyphens between them.
fn id_of(text: &str) -> String {
    let mut id = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&word.to_lowercase());
    }
    id.chars().take(ID_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let text = r#"
- question: How do I get a GPU notebook?
  expect:
  - {source: handbook, path: docs/gpu.md, contains: "Ask in"}
- {id: weather, because: off-topic, question: Will it rain?, expect: abstain}
- {question: "What does it cost?", split: held_out, expect: none}
- question: Who owns orders?
  expect: {choices: [dataset:a.orders, dataset:b.orders]}
- id: readers
  about: lineage
  as: [risk]
  query: {set: {all: [dataset]}}
  expect: {rows: [dataset:a, {reference: dataset:b, columns: [[1]]}], completeness: exact}
  phrasings: {tune: [which tables?], held_out: ["tables, please"]}
"#;
        let (questions, problems) = questions("q.yaml", text);
        assert_eq!(problems, []);
        let ids: Vec<&str> = questions.iter().map(|q| q.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "how-do-i-get-a-gpu-notebook",
                "weather",
                "what-does-it-cost",
                "who-owns-orders",
                "readers"
            ]
        );
        assert_eq!(questions[0].line, 2);
        assert_eq!(questions[2].wordings[0].split, Some(Split::HeldOut));
        let splits: Vec<_> = questions[4].wordings.iter().map(|w| w.split).collect();
        assert_eq!(splits, [Some(Split::Tune), Some(Split::HeldOut)]);
        assert_eq!(questions[4].about, "lineage");
    }

    #[test]
    fn a_broken_question_is_one_message_and_the_rest_is_read() {
        let text = "- {question: a, expect: abstain}\n- {question: b}\n- {question: c, expect: perhaps}\n\
                    - {question: d, expect: {rows: [x], colour: red}}\n- {question: e, expect: [{path: p, words: w}]}\n\
                    - {expect: abstain}\n- {question: a, expect: none}\n- {question: f, query: {set: {al: []}}, expect: {count: 1}}\n\
                    - {question: g, expect: {}}\n- {question: h, expect: none}\n";
        let (questions, problems) = questions("q.yaml", text);
        assert_eq!(questions.len(), 2);
        let lines: Vec<u64> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9]);
        for (problem, expect) in problems.iter().zip([
            "expect",
            "`perhaps`",
            "colour",
            "words",
            "asks nothing",
            "twice",
            "its query",
            "rows",
        ]) {
            assert!(problem.message.contains(expect), "{problem:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_list_says_where() {
        let (questions, problems) = questions("q.yaml", "- {question: a, expect: none}\n- [\n");
        assert!(questions.is_empty());
        assert_eq!(problems.len(), 1);
        assert!(problems[0].line >= 2, "{problems:?}");
    }
}
