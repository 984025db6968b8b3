//! What a gateway can refuse, by what the caller can do about it.

use std::time::Duration;

/// Why the gateway gave no answer. `Display` says what to do next and never prints a key or its cause.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// The key is missing, wrong or not allowed to use the model.
    #[error("{0}")]
    Unauthorized(String),
    /// The budget at the gateway is used up: trying again does not help.
    #[error("{0}")]
    BudgetExhausted(String),
    /// Too many requests.
    #[error("{detail}")]
    RateLimited {
        /// What the gateway said.
        detail: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The prompt is longer than the model takes: send less.
    #[error("{0}")]
    ContextTooLong(String),
    /// A filter or guardrail refused the prompt or the answer.
    #[error("{0}")]
    Filtered(String),
    /// The gateway does not know the model.
    #[error("{0}")]
    ModelNotFound(String),
    /// The gateway refuses the request as it is.
    #[error("{0}")]
    Refused(String),
    /// Nothing came in time.
    #[error("{0}")]
    Timeout(String),
    /// The gateway cannot be reached, is overloaded, or lost the connection: it may work the next time.
    #[error("{0}")]
    Unavailable(String),
    /// The gateway, or the model behind it, does not answer properly.
    #[error("{0}")]
    Broken(String),
    /// The configuration cannot be right.
    #[error("{0}")]
    Invalid(String),
}
