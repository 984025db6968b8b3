//! A question becomes an answer whose every claim can be looked up.
//!
//! A question travels through [`Guide::ask`]: scope, retrieval (dense and sparse candidates, fused), then either
//! extracts (no gateway) or a prompt to the language model whose citations are checked. Invariants:
//!
//! * Every read takes the asker's scope; text comes only from the store.
//! * Ingested text is data: it reaches a model only inside its fence, and an asker only as text.
//! * When the evidence is weak, the answer says so instead of guessing.

mod abstain;
mod answer;
mod cite;
mod draft;
mod extract;
mod facts;
mod fuse;
mod guide;
mod prompt;
mod quote;
mod retrieve;
mod write;

pub use answer::{Answer, AnswerEvent, Citation, CitationState, Freshness, Mode, Stage};
pub use facts::{Facts, FactsError};
pub use fuse::{Fused, Weights, fuse};
pub use guide::{AskError, Guide, Model, Question};
pub use prompt::{Prompts, PromptsError};
pub use retrieve::{Query, ScoredPassage};
