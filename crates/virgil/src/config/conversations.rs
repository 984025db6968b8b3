//! How much is kept of conversations, and for how long.

use std::time::Duration;

use anyhow::ensure;
use virgil_store::Retention;

use super::written;

const SECONDS_PER_DAY: u64 = 24 * 3_600;

pub(super) fn retention(written: written::Conversations) -> anyhow::Result<Retention> {
    let usual = Retention::default();
    let positive = |name: &str, value: Option<u64>, usual: u64| {
        let value = value.unwrap_or(usual);
        ensure!(
            value > 0,
            "conversations.{name}: 0 would keep nothing: leave `conversation_id` out of questions instead"
        );
        Ok(value)
    };
    let usual_days = usual.max_age.as_secs() / SECONDS_PER_DAY;
    let days = positive("max_age_days", written.max_age_days, usual_days)?;
    Ok(Retention {
        max_conversations: positive(
            "max_conversations",
            written.max_conversations,
            usual.max_conversations,
        )?,
        max_turns: positive("max_turns", written.max_turns, usual.max_turns)?,
        max_bytes: positive("max_bytes", written.max_bytes, usual.max_bytes)?,
        max_age: Duration::from_secs(days.saturating_mul(SECONDS_PER_DAY)),
    })
}
