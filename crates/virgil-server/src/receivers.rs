//! The sources that are pushed to: who may write into which, and reading what was pushed.
//!
//! A request is answered when its events are durable. Reading them into assets follows at once, and what arrives
//! meanwhile is read together, so that many small requests cost few syncs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::sync::Notify;
use tokio::time::Instant;
use virgil_ingest::{OPENLINEAGE, PushParameters, SourceConfig};
use virgil_model::SourceId;

use crate::platform::Platform;

/// How long events gather before they are read; at least twice as long as reading took the last time.
const GATHER: Duration = Duration::from_millis(500);
/// How long they gather at most.
const MAX_GATHER: Duration = Duration::from_secs(30);
/// How long to wait after a sync that failed.
const RETRY: Duration = Duration::from_secs(5);

/// A source that is pushed to.
pub(crate) struct Receiver {
    pub(crate) config: SourceConfig,
    pub(crate) parameters: PushParameters,
    id: tokio::sync::OnceCell<SourceId>,
    pushed: Notify,
}

/// The sources of the configuration that are pushed to.
#[derive(Default)]
pub struct Receivers {
    all: Vec<Arc<Receiver>>,
    by_key: HashMap<[u8; 32], Arc<Receiver>>,
}

impl Receivers {
    /// The receivers of a configuration. Fails on parameters that are not those of a push source, and on a key that
    /// two of them share.
    pub fn new(configured: &[SourceConfig]) -> anyhow::Result<Receivers> {
        let mut receivers = Receivers::default();
        for config in configured.iter().filter(|one| one.kind == OPENLINEAGE) {
            let name = &config.name;
            let parameters: PushParameters = serde_json::from_value(config.parameters.clone())
                .with_context(|| format!("source `{name}`"))?;
            ensure!(
                !parameters.key_sha256.is_empty(),
                "source `{name}`: key_sha256 names no key, so that nobody could write: `virgil keys` makes one"
            );
            ensure!(
                parameters.keep_runs > 0,
                "source `{name}`: keep_runs must be at least 1"
            );
            let receiver = Arc::new(Receiver {
                config: config.clone(),
                parameters,
                id: tokio::sync::OnceCell::new(),
                pushed: Notify::new(),
            });
            for key in &receiver.parameters.key_sha256 {
                let key = sha256(key).with_context(|| {
                    format!("source `{name}`: key_sha256 is not 64 hexadecimal digits: `virgil keys` makes one")
                })?;
                let other = receivers.by_key.insert(key, receiver.clone());
                ensure!(
                    other.is_none(),
                    "source `{name}`: its key is another source's too: each needs its own"
                );
            }
            receivers.all.push(receiver);
        }
        Ok(receivers)
    }

    /// The receiver into which the holder of a key with that hash may write.
    pub(crate) fn of_key(&self, key_sha256: &[u8; 32]) -> Option<&Arc<Receiver>> {
        self.by_key.get(key_sha256)
    }
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

impl Receiver {
    /// The source in the store, which is made if it is new.
    pub(crate) async fn source(&self, platform: &Platform) -> anyhow::Result<SourceId> {
        let record = crate::syncs::record(&self.config, None);
        let id = self
            .id
            .get_or_try_init(|| platform.store.put_source(&record))
            .await?;
        Ok(*id)
    }

    /// Has what was pushed read soon.
    pub(crate) fn notify(&self) {
        self.pushed.notify_one();
    }
}

/// Reads what is pushed, for as long as the server runs; also what an earlier process had no time to read.
pub fn read_pushed(platform: &Arc<Platform>) {
    for receiver in &platform.receivers.all {
        let (platform, receiver) = (platform.clone(), receiver.clone());
        receiver.notify();
        tokio::spawn(async move {
            let mut gather = GATHER;
            loop {
                receiver.pushed.notified().await;
                tokio::time::sleep(gather).await;
                let started = Instant::now();
                if let Err(error) = sync(&platform, &receiver.config.name).await {
                    tracing::warn!(source = %receiver.config.name, error, "pushed events could not be read");
                    receiver.notify();
                    tokio::time::sleep(RETRY).await;
                }
                gather = (started.elapsed() * 2).clamp(GATHER, MAX_GATHER);
            }
        });
    }
}

/// One sync, to its end.
async fn sync(platform: &Arc<Platform>, name: &str) -> Result<(), String> {
    let started = platform.syncs.start(platform, name).await;
    let mut sync = started.map_err(|error| error.problem().detail)?;
    let over = sync.outcome.wait_for(Option::is_some).await;
    match over {
        Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
        Err(_) => Err("the sync stopped".to_owned()),
    }
}
