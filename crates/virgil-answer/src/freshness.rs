//! How fresh the sources of an answer are, and saying so where they are not.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use virgil_model::Scope;
use virgil_store::{SourceState, SourceStatus};

use crate::answer::{Citation, Freshness};
use crate::guide::Guide;
use crate::retrieve::ScoredPassage;

/// The sources of an answer.
pub(crate) struct Fresh {
    /// Those that it cites and those of the passages that were found.
    pub(crate) sources: Vec<Freshness>,
    /// What the asker should know of those that it cites.
    pub(crate) notice: Option<String>,
}

impl Guide {
    /// How fresh the sources are that an answer cites or was looked for in.
    pub(crate) async fn freshness(
        &self,
        scope: &Scope,
        citations: &[Citation],
        passages: &[ScoredPassage],
    ) -> anyhow::Result<Fresh> {
        let cited: BTreeSet<&str> = citations
            .iter()
            .map(|citation| citation.evidence.source.as_str())
            .collect();
        let found: BTreeSet<&str> = passages
            .iter()
            .map(|scored| scored.passage.evidence.source.as_str())
            .collect();
        let sources = self.store.sources(scope).await;
        let sources = sources.context("the sources cannot be read")?;
        let now = Timestamp::now();
        let said: Vec<String> = sources
            .iter()
            .filter(|source| cited.contains(source.name.as_str()))
            .filter_map(|source| doubt(source, now, self.writing.stale_after))
            .collect();
        let fresh = sources
            .into_iter()
            .filter(|source| cited.contains(&*source.name) || found.contains(&*source.name))
            .map(|source| Freshness {
                state: source.state.name().to_owned(),
                source: source.name,
                synced_at: source.synced_at.map(|at| at.to_string()),
                commit: source.commit,
            });
        Ok(Fresh {
            sources: fresh.collect(),
            notice: (!said.is_empty()).then(|| said.join(" ")),
        })
    }
}

/// What makes a source doubtful, in words.
fn doubt(source: &SourceStatus, now: Timestamp, stale_after: Duration) -> Option<String> {
    let name = &source.name;
    let as_of = source
        .synced_at
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    match (source.state, as_of) {
        (SourceState::Failed, Some(as_of)) => Some(format!(
            "The last sync of {name} failed: what is cited of it is as of {as_of}."
        )),
        (SourceState::Failed | SourceState::Partial, _) => Some(format!(
            "The first sync of {name} is not over: parts of it are missing."
        )),
        (_, Some(as_of)) => {
            let age = now.duration_since(source.synced_at?).unsigned_abs();
            (age > stale_after).then(|| {
                let days = age.as_secs() / 86_400;
                let age = if days == 0 {
                    format!("{} hours", age.as_secs() / 3_600)
                } else {
                    format!("{days} days")
                };
                format!("{name} was last synced {age} ago ({as_of}): what changed since is not in this answer.")
            })
        }
        (_, None) => None,
    }
}

/// Puts a further sentence behind a notice.
pub(crate) fn also(notice: Option<String>, more: Option<String>) -> Option<String> {
    match (notice, more) {
        (Some(notice), Some(more)) => Some(format!("{notice} {more}")),
        (notice, more) => notice.or(more),
    }
}

#[cfg(test)]
mod tests {
    use virgil_model::SourceId;

    use super::*;

    fn source(state: SourceState, synced_at: Option<&str>) -> SourceStatus {
        SourceStatus {
            id: SourceId(1),
            name: "docs".into(),
            kind: "git".into(),
            location: "/docs".into(),
            added: false,
            state,
            files: 1,
            chunks: 1,
            skipped: 0,
            failed: 0,
            synced_at: synced_at.map(|at| at.parse().expect("a time")),
            commit: None,
            error: None,
        }
    }

    #[test]
    fn only_what_is_old_failed_or_not_whole_is_doubtful() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
        let check = |state, synced_at, expect: Option<&str>| {
            let found = doubt(
                &source(state, synced_at),
                now,
                Duration::from_secs(48 * 3_600),
            );
            assert_eq!(found.as_deref(), expect);
        };
        let (fresh, old) = (Some("2026-11-24T12:00:00Z"), Some("2026-11-20T11:00:00Z"));
        check(SourceState::Live, fresh, None);
        check(SourceState::Syncing, fresh, None);
        check(
            SourceState::Live,
            old,
            Some(
                "docs was last synced 5 days ago (2026-11-20 11:00 UTC): what changed since is not in this answer.",
            ),
        );
        check(
            SourceState::Failed,
            fresh,
            Some(
                "The last sync of docs failed: what is cited of it is as of 2026-11-24 12:00 UTC.",
            ),
        );
        check(
            SourceState::Partial,
            None,
            Some("The first sync of docs is not over: parts of it are missing."),
        );
    }
}
