//! What can go wrong in the index, by what the caller can do about it.

/// Why the index or the embedder refused. `Display` says what to do next and never prints its cause.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A file of the model or the runtime is missing or damaged: set it up again.
    #[error("{0}")]
    Setup(String),
    /// What was handed in cannot be right; nothing changed.
    #[error("{0}")]
    Invalid(String),
    /// There is not enough free disk space to go on; nothing changed.
    #[error("{0}")]
    DiskFull(String),
    /// The index is damaged: fill a new one from the store.
    #[error("{0}")]
    Damaged(String),
    /// Another process holds the index.
    #[error("{0}")]
    InUse(String),
    /// The index does not answer; a later try may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
