//! What planning comes to, and how it came about.

use serde::{Deserialize, Serialize};
use virgil_graph::{EntityRef, Query};

use crate::judge::Judgement;
use crate::rerank::Reranked;

/// What went before a question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The query of the question before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_query: Option<Query>,
}

/// What planning a question came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What to do.
    pub outcome: Outcome,
    /// How it came about.
    pub explanation: Explanation,
}

/// What to do with a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Execute a query.
    Query(Box<Plan>),
    /// Ask back which of several things is meant.
    Choices(Choices),
    /// Nothing exact: leave it to retrieval.
    Nothing,
}

/// A query and what it is taken to mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The query.
    pub query: Query,
    /// The query in words.
    pub reading: String,
    /// Whether the question wants yes or no.
    pub yes_no: bool,
}

/// Several things that a name may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Choices {
    /// The name as it was typed.
    pub name: String,
    /// What it may mean.
    pub things: Vec<EntityRef>,
}

/// How a plan came about, for `ask --explain`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The words of the question.
    pub tokens: Vec<String>,
    /// Which of them name what.
    pub links: Vec<ExplainedLink>,
    /// Words that mean nothing here.
    pub unused: Vec<ExplainedWord>,
    /// The readings, the likeliest first.
    pub parses: Vec<ExplainedParse>,
    /// The nearest examples, if the grammar left the question to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<ExplainedExample>,
    /// Why there is a query, or none.
    pub verdict: String,
    /// Whether the passages answer, where the question is left to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// What a language model proposed to compute, and what came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<ExplainedProposal>,
    /// How the passages came into their order, if a model put them there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reranked: Option<Reranked>,
}

/// A run of words that names something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedLink {
    /// The words.
    pub text: String,
    /// What they may name.
    pub candidates: Vec<EntityRef>,
}

/// A word that means nothing here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedWord {
    /// The word.
    pub text: String,
    /// Names that are near.
    pub near: Vec<String>,
}

/// One reading of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedParse {
    /// In words.
    pub reading: String,
    /// As a query.
    pub query: Query,
    /// What it costs: the less, the likelier.
    pub cost: f32,
    /// Why it was not taken.
    pub rejected: Option<String>,
}

/// An example question that is like a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedExample {
    /// The name of the example.
    pub example: String,
    /// The wording that is nearest.
    pub wording: String,
    /// How alike they are, 1 being the same.
    pub likeness: f32,
    /// Why it does not stand for the question.
    pub rejected: Option<String>,
}

/// A query that a language model proposed where nothing was planned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedProposal {
    /// What it wrote, cut where it is long.
    pub arguments: String,
    /// What came of it: the reading, or what the model was told.
    pub outcome: String,
}

impl Explanation {
    /// Adds how the next sentence was read.
    pub(super) fn then(&mut self, next: Explanation) {
        self.tokens.extend(next.tokens);
        self.links.extend(next.links);
        self.unused.extend(next.unused);
        self.parses.extend(next.parses);
        self.examples.extend(next.examples);
        self.verdict = next.verdict;
    }
}
