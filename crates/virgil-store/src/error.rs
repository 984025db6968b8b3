//! What can go wrong in the store, by what the caller can do about it.

/// Why the store refused. `Display` says what to do next and never prints its cause.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a newer version of the program.
    #[error(
        "the database `{0}` was written by a newer version of virgil: use that version, or another data directory"
    )]
    Newer(String),
    /// The file is not a database, or is damaged.
    #[error(
        "the database `{0}` is damaged: restore it from a backup, or start over with another data directory"
    )]
    Damaged(String),
    /// The file cannot be opened or written.
    #[error("the database `{0}` cannot be opened: check that the data directory can be written")]
    Unwritable(String),
    /// Another sync of the source is running.
    #[error("a sync of this source is already running ({holder}): wait for it to end")]
    LeaseHeld {
        /// Who runs it.
        holder: String,
    },
    /// The sync was thought dead and another took over; nothing of this one counts.
    #[error("another sync of this source has taken over")]
    LeaseLost,
    /// There is no such row.
    #[error("{0}")]
    NotFound(String),
    /// As much is kept as may be.
    #[error("{0}")]
    Full(String),
    /// What was handed in, or what is stored, cannot be right.
    #[error("{0}")]
    Invalid(String),
    /// There is no disk space left; what was committed is safe.
    #[error("the disk is full: free some space and try again")]
    DiskFull,
    /// Anything else.
    #[error("the database failed: {0}")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        // SQLITE_FULL is 13; extended codes keep it in the low byte.
        let full = error
            .as_database_error()
            .and_then(|error| error.code())
            .and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| code & 0xFF == 13);
        if full {
            StoreError::DiskFull
        } else {
            StoreError::Other(error)
        }
    }
}
