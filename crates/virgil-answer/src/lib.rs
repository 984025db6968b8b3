//! A question becomes an answer whose every claim can be looked up.
//!
//! A question travels through [`Guide::ask`]: scope, retrieval (dense and sparse candidates, fused), then either
//! extracts (no gateway) or a prompt to the language model whose citations are checked. Invariants:
//!
//! * Every read takes the asker's scope; text comes only from the store.
//! * Ingested text is data: it reaches a model only inside its fence, and an asker only as text.
//! * When the evidence is weak, the answer says so instead of guessing.
//! * Nothing is spent that is not reserved before; no answer is shared between askers who see different things.

mod abstain;
mod answer;
mod asked;
mod budget;
mod by_example;
mod cache;
mod card;
mod cite;
mod counterfactual;
mod defines;
mod draft;
mod exact;
mod explains;
mod extract;
mod fact_text;
mod facts;
mod freshness;
mod fuse;
mod guide;
mod judge;
mod knowers;
mod lead;
mod live_prompts;
mod models;
mod outdated;
mod paid;
mod plan;
mod prompt;
mod query_tool;
mod quote;
mod rank;
mod rerank;
mod rests_on;
mod retrieve;
mod rewrite;
mod rows;
mod select;
mod state;
mod tokens;
mod tools;
mod understand;
mod unplanned;
mod write;

pub use answer::{Answer, AnswerEvent, Citation, CitationState, Freshness, Mode, Stage};
pub use budget::{BudgetError, Budgets};
pub use cache::CacheLimits;
pub use cite::{Cited, check_citation};
pub use exact::{ExactAnswer, FactGroup, FactPath, FactRow, FactStep, Picture, PictureEdge};
pub use facts::{Facts, FactsError};
pub use fuse::{Fused, Shares, Weights, fuse};
pub use guide::{AskError, Earlier, Guide, PROMPT_TOKENS, Question, STALE_AFTER, Writing};
pub use judge::Judgement;
pub use live_prompts::LivePrompts;
pub use models::{ModelChoice, Models, Prices, UnknownModel};
pub use plan::{
    Choices, Context, ExampleError, ExampleFile, ExplainedExample, ExplainedLink, ExplainedParse,
    ExplainedProposal, ExplainedWord, Explanation, Lexicon, LexiconError, LexiconFile, Outcome,
    Plan, Planned, check, reading,
};
pub use prompt::{Prompts, PromptsError};
pub use rerank::{Reranked, Reranking};
pub use retrieve::{Query, ScoredPassage};
pub use select::PromptShown;
