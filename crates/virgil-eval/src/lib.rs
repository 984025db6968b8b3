//! How well questions are answered.
//!
//! A platform writes its questions down in YAML, each with what is right ([`questions()`]): where the answer stands, which
//! things it names, or that there is none. Whoever asks them hands over what the API said; it is compared ([`agrees`],
//! [`place_ranks`]) and becomes an [`Item`] of a [`Run`]. What a run amounts to is a [`Summary`]; two runs are compared
//! question by question ([`compare()`]). Reports are text and one page of HTML.
//!
//! Invariants: nothing here asks anything or touches a file. A question that cannot be read is one [`Broken`] with its file and
//! line, and the others are read. What is held out is counted and never shown.
//!
//! Start reading at `questions.rs`, then `run.rs`.

mod compare;
mod evidence;
mod expect;
mod generate;
mod html;
mod measure;
mod names;
mod plots;
mod questions;
mod run;
mod said;
mod summary;
mod text;

pub use compare::{Change, Comparison, compare};
pub use evidence::{cited, place_ranks};
pub use expect::{Completeness, Expect, ExpectedSet, Place, Row};
pub use generate::{Draft, Thing, drafts, expected, listings, things, written};
pub use html::page;
pub use measure::Measure;
pub use names::Names;
pub use questions::{Broken, Question, Split, Wording, questions};
pub use run::{
    Asked, Citations, Item, Link, Note, Outcome, Run, RunFile, Skipped, SourceState, Usage,
};
pub use said::{Said, agrees, differences};
pub use summary::{Summary, percentile};
pub use text::{comparison_text, report};
