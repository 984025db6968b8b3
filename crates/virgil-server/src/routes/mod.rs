//! The routes, by what they are about.

pub(crate) mod ask;
pub(crate) mod conversations;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod maintenance;
pub(crate) mod models;
pub(crate) mod receiver;
pub(crate) mod search;
pub(crate) mod sources;

use crate::problem::{ApiError, Code};

/// The most characters that a question or query may have.
const MAX_QUESTION: usize = 4_000;

/// Refuses questions that are empty or too long.
fn check_question(text: &str) -> Result<(), ApiError> {
    if text.trim().is_empty() {
        return Err(ApiError::new(Code::InvalidRequest, "the question is empty"));
    }
    if text.chars().count() > MAX_QUESTION {
        return Err(ApiError::new(
            Code::TooLarge,
            format!("the question has more than {MAX_QUESTION} characters: ask something shorter"),
        ));
    }
    Ok(())
}
