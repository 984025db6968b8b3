//! How to reach the gateway, and how patient to be.

use std::time::Duration;

use secrecy::SecretString;

use crate::Accounting;

/// How to reach the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base URL, up to and without `/chat/completions`.
    pub url: String,
    /// The key, sent as a bearer token.
    pub key: Option<SecretString>,
    /// Further headers of every request, by name.
    pub headers: Vec<(String, String)>,
    /// What the gateway learns of the asker.
    pub accounting: Accounting,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the first piece of an answer may take to come.
    pub first_token_timeout: Duration,
    /// How long the gateway may be silent after that.
    pub idle_timeout: Duration,
    /// How long the whole answer may take, all attempts included.
    pub total_timeout: Duration,
    /// How often one model is asked again before its first piece came.
    pub retries: u32,
}

impl Settings {
    /// Settings with the usual limits: 5 s to connect, 60 s to the first piece and between pieces, 5 minutes in all,
    /// two retries.
    pub fn new(url: String, key: Option<SecretString>) -> Settings {
        Settings {
            url,
            key,
            headers: Vec::new(),
            accounting: Accounting::default(),
            connect_timeout: Duration::from_secs(5),
            first_token_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(300),
            retries: 2,
        }
    }
}
