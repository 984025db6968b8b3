//! What can go wrong with a source, by what the caller can do about it.

/// Why a source could not be read. `Display` says what to do next and never prints its cause.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing at the configured place.
    #[error("{0}")]
    NotFound(String),
    /// The place refuses the credentials, or wants some.
    #[error("{0}")]
    Unauthorized(String),
    /// The place does not answer; a later try may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// The configuration cannot be right.
    #[error("{0}")]
    Invalid(String),
    /// The receiver of the events went away: the sync was cancelled.
    #[error("the sync was cancelled")]
    Cancelled,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
