//! What came of asking: one item for each wording of each question, and the run that holds them.
//!
//! A run is saved as JSON and compared with later ones, so its fields only ever grow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::questions::{Broken, Split};

/// One evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version of the program that asked.
    pub program: String,
    /// When it began, in UTC.
    pub started_at: String,
    /// How long it took.
    pub took_ms: u64,
    /// How many questions were asked at a time.
    pub concurrency: usize,
    /// The language model that answered; absent if answers were extracts and facts only.
    pub model: Option<String>,
    /// The files of questions.
    pub files: Vec<RunFile>,
    /// The half that was asked; all, if absent.
    pub split: Option<Split>,
    /// The sources as they were.
    pub sources: Vec<SourceState>,
    /// What came of each wording, in the order of the files.
    pub items: Vec<Item>,
    /// What was not asked, and why.
    pub skipped: Vec<Skipped>,
    /// What could not be asked.
    pub broken: Vec<Broken>,
}

/// A file of questions as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Where it stands.
    pub path: String,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
}

/// A source as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// The commit that was read, if it has any.
    pub commit: Option<String>,
    /// When it was brought up to date.
    pub synced_at: Option<String>,
}

/// A question that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its id.
    pub id: String,
    /// Why.
    pub why: String,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Where something stands.
    Evidence,
    /// An exact answer, in words.
    Set,
    /// An exact answer, as a typed query.
    Typed,
    /// What a name means.
    Choices,
    /// Something that nothing says.
    Abstain,
}

impl Asked {
    /// Its name in reports.
    pub fn title(self) -> &'static str {
        match self {
            Asked::Evidence => "evidence",
            Asked::Set => "exact answers",
            Asked::Typed => "typed queries",
            Asked::Choices => "ambiguous names",
            Asked::Abstain => "unanswerable",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An expected place is cited.
    Cited,
    /// It was answered from elsewhere.
    NotCited,
    /// The exact answer is right.
    Exact,
    /// The exact answer is wrong.
    Wrong,
    /// An exact answer was given where nothing says it.
    Computed,
    /// Passages answered where an exact answer, a question back or none was expected.
    LeftToPassages,
    /// It was asked back what a name means.
    AskedBack,
    /// Every expected choice was offered.
    Offered,
    /// Nothing was claimed.
    Abstained,
    /// The request failed.
    Failed,
}

impl Outcome {
    /// Its name in reports.
    pub fn title(self) -> &'static str {
        match self {
            Outcome::Cited => "evidence cited",
            Outcome::NotCited => "answered from elsewhere",
            Outcome::Exact => "exact",
            Outcome::Wrong => "wrong",
            Outcome::Computed => "computed what nothing says",
            Outcome::LeftToPassages => "left to passages",
            Outcome::AskedBack => "asked back",
            Outcome::Offered => "all choices offered",
            Outcome::Abstained => "abstained",
            Outcome::Failed => "failed",
        }
    }
}

/// What came of one wording of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The file's name, the id of the question and the number of the wording: what names it in two runs.
    pub key: String,
    /// What reports group it by.
    pub about: String,
    /// The half that it belongs to.
    pub split: Option<Split>,
    /// What was asked for.
    pub asked: Asked,
    /// What came of it.
    pub outcome: Outcome,
    /// For each expected place the rank of the first passage that holds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub place_ranks: Vec<Option<u32>>,
    /// Whether a place is in what the language model is given, if the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_in_prompt: Option<bool>,
    /// The estimated tokens of the prompt, if the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// How many citations were in which state.
    #[serde(default)]
    pub citations: Citations,
    /// Until the first words of the answer, as seen by the asker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_text_ms: Option<f64>,
    /// Until the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<f64>,
    /// What the language model took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What to look at if it is not as it should be; never there for what is held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

impl Item {
    /// Whether it is as it should be.
    pub fn is_right(&self) -> bool {
        match self.asked {
            Asked::Evidence => self.outcome == Outcome::Cited,
            Asked::Set | Asked::Typed => self.outcome == Outcome::Exact,
            Asked::Choices => self.outcome == Outcome::Offered,
            Asked::Abstain => self.outcome == Outcome::Abstained,
        }
    }
}

/// How many citations were in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citations {
    /// Verbatim from the cited lines.
    pub quoted: usize,
    /// Checked against the cited lines.
    pub matched: usize,
    /// Not confirmed.
    pub not_verified: usize,
}

impl Citations {
    /// How many there are.
    pub fn all(&self) -> usize {
        self.quoted + self.matched + self.not_verified
    }
}

/// What the language model took for an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompts.
    pub prompt_tokens: u64,
    /// Tokens of what it wrote.
    pub completion_tokens: u64,
    /// US dollars, if they are known.
    pub cost_usd: Option<f64>,
    /// Whether the answer was written before.
    pub cached: bool,
}

impl Usage {
    /// Tokens of prompts and answers, and what they cost if that is known.
    pub(crate) fn in_words(&self) -> String {
        let cost = self.cost_usd;
        let cost = cost.map_or(String::new(), |cost| format!(", {cost:.6} US dollars"));
        format!(
            "{} + {} tokens{cost}",
            self.prompt_tokens, self.completion_tokens
        )
    }
}

/// What to look at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The words that were asked, or the query.
    pub question: String,
    /// The file and the line of the question.
    pub place: String,
    /// What is right.
    pub expected: Vec<String>,
    /// What came.
    pub got: Vec<String>,
    /// Where to look.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// A link to evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it leads to.
    pub text: String,
    /// The address, if the source has a web face.
    pub url: Option<String>,
}

impl Run {
    /// The items by what they were asked for.
    pub fn by_asked(&self) -> BTreeMap<Asked, Vec<&Item>> {
        let mut by: BTreeMap<Asked, Vec<&Item>> = BTreeMap::new();
        for item in &self.items {
            by.entry(item.asked).or_default().push(item);
        }
        by
    }

    /// What is not as it should be and may be looked at.
    pub fn failures(&self) -> impl Iterator<Item = (&Item, &Note)> {
        let wrong = self.items.iter().filter(|item| !item.is_right());
        wrong.filter_map(|item| Some((item, item.note.as_ref()?)))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A run of these items.
    pub(crate) fn run(items: Vec<Item>) -> Run {
        Run {
            program: "0".into(),
            started_at: "then".into(),
            took_ms: 10,
            concurrency: 2,
            model: None,
            files: Vec::new(),
            split: None,
            sources: Vec::new(),
            items,
            skipped: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// A question that was answered wrongly.
    pub(crate) fn failed(question: &str) -> Item {
        Item {
            key: "q.yaml id 0".into(),
            about: "lineage".into(),
            split: None,
            asked: Asked::Set,
            outcome: Outcome::Wrong,
            place_ranks: Vec::new(),
            evidence_in_prompt: None,
            prompt_tokens: None,
            citations: Citations::default(),
            first_text_ms: Some(4.0),
            answer_ms: Some(5.0),
            usage: None,
            note: Some(Note {
                question: question.into(),
                place: "q.yaml:3".into(),
                expected: vec!["dataset:a".into()],
                got: vec!["datasets".into()],
                links: Vec::new(),
            }),
        }
    }
}
