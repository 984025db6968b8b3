//! The answer object and the events by which it arrives.

use virgil_gateway::Usage;
use virgil_model::Evidence;
use virgil_store::{AnswerKey, RestsOn};

use crate::exact::{ExactAnswer, Picture};
use crate::plan::{Choices, Explanation};
use crate::retrieve::ScoredPassage;
use crate::select::PromptShown;

/// A finished answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text, as Markdown, with `[n]` behind what citation `n` supports.
    pub text: String,
    /// What the text cites, in the order of first mention.
    pub citations: Vec<Citation>,
    /// The passages that were found for the question, best first.
    pub passages: Vec<ScoredPassage>,
    /// Whether the evidence was too weak to answer.
    pub abstained: bool,
    /// How the text came about.
    pub mode: Mode,
    /// Something that the asker should know: no model is configured, the answer was cut off.
    pub notice: Option<String>,
    /// How fresh the cited sources are.
    pub freshness: Vec<Freshness>,
    /// What the language model cost, if one answered.
    pub usage: Option<Usage>,
    /// The hash of the prompt templates, if a model answered.
    pub prompt_hash: Option<String>,
    /// What a language model was given, or would have been, if the asker wanted to know.
    pub prompt: Option<PromptShown>,
    /// Whether it was written before, for the same question over the same evidence.
    pub cached: bool,
    /// What was computed exactly, if the question asked for something that the graph knows.
    pub facts: Option<ExactAnswer>,
    /// What the facts rest on, as a picture.
    pub graph: Option<Picture>,
    /// What a name of the question may mean, if that has to be asked back.
    pub choices: Option<Choices>,
    /// The question as it was searched for, if it needed what was asked before.
    pub standalone_question: Option<String>,
    /// How the question was read, if the asker wanted to know.
    pub explanation: Option<Explanation>,
    /// What it rests on: who may not see that any more may not read it either.
    pub rests_on: RestsOn,
    /// Where it is kept for others who ask the same, if it is.
    pub cache_key: Option<AnswerKey>,
}

impl Answer {
    /// An answer without anything in it.
    #[cfg(test)]
    pub(crate) fn empty(mode: Mode) -> Answer {
        Answer {
            text: String::new(),
            citations: Vec::new(),
            passages: Vec::new(),
            abstained: false,
            mode,
            notice: None,
            freshness: Vec::new(),
            usage: None,
            prompt_hash: None,
            prompt: None,
            cached: false,
            facts: None,
            graph: None,
            choices: None,
            standalone_question: None,
            explanation: None,
            rests_on: RestsOn::default(),
            cache_key: None,
        }
    }
}

/// How an answer's text came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Verbatim extracts of passages; no language model.
    Extract,
    /// Written by a language model from the passages.
    Model,
    /// Computed from what the platform states, and nothing else.
    Facts,
}

impl Mode {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Extract => "extract",
            Mode::Model => "model",
            Mode::Facts => "facts",
        }
    }
}

/// A numbered reference from the text to evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Citation {
    /// The number in the text.
    pub number: usize,
    /// The title of the cited document.
    pub title: String,
    /// Where the quote stands.
    pub evidence: Evidence,
    /// The cited lines, verbatim.
    pub quote: String,
    /// When the source was last synced, as RFC 3339.
    pub synced_at: Option<String>,
    /// What the check of the citing sentences found.
    pub state: CitationState,
    /// The retrieval score of the passage.
    pub score: f32,
}

/// What checking a citation found. A check can say that words agree; it never says that a claim is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CitationState {
    /// The text repeats the evidence verbatim.
    Quoted,
    /// The names and numbers of the citing sentences occur in the evidence, and most of their words do.
    Matched,
    /// Neither.
    NotVerified,
}

impl CitationState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            CitationState::Quoted => "quoted",
            CitationState::Matched => "matched",
            CitationState::NotVerified => "not_verified",
        }
    }
}

/// How fresh a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The name of the source.
    pub source: String,
    /// When it was last synced, as RFC 3339.
    pub synced_at: Option<String>,
    /// The commit that was read then.
    pub commit: Option<String>,
    /// `live`, `partial`, `failed`, `syncing` or `never_synced`.
    pub state: String,
}

/// One event on the way to an answer. The last one is the answer itself.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerEvent {
    /// The guide goes on to the next stage.
    Stage(Stage),
    /// The next piece of the text.
    Text(String),
    /// The text just cited this for the first time.
    Citation(Citation),
    /// The finished answer; comes last, once.
    Answer(Box<Answer>),
}

/// What the guide is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking for passages.
    Searching,
    /// Writing, with that many passages.
    Answering {
        /// How many passages were found.
        passages: usize,
    },
}
