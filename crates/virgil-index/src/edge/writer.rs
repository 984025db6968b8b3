//! The one thread that changes an index.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::shard::Shard;
use crate::IndexError;

/// How many changes may wait; who brings more waits as well.
const QUEUE: usize = 16;

type Change = Box<dyn FnOnce(&Shard) -> Result<(), IndexError> + Send>;
type Reply = oneshot::Sender<Result<(), IndexError>>;

/// The thread and the queue before it. Dropping it waits until the queue is empty.
#[derive(Debug)]
pub(super) struct Writer {
    changes: Option<mpsc::Sender<(Change, Reply)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(shard: Arc<Shard>) -> Result<Writer, IndexError> {
        let (changes, mut waiting) = mpsc::channel::<(Change, Reply)>(QUEUE);
        let thread = std::thread::Builder::new()
            .name("index-writer".into())
            .spawn(move || {
                while let Some((change, reply)) = waiting.blocking_recv() {
                    // Who asked may have gone; the change was made nevertheless.
                    let _ = reply.send(shard.guarded(change));
                }
            })
            .map_err(|error| {
                IndexError::Unavailable(format!("no thread for the index: {error}"))
            })?;
        Ok(Writer {
            changes: Some(changes),
            thread: Some(thread),
        })
    }

    /// Runs `change` after those before it. It is run to its end even if the caller stops waiting.
    pub(super) async fn run(
        &self,
        change: impl FnOnce(&Shard) -> Result<(), IndexError> + Send + 'static,
    ) -> Result<(), IndexError> {
        let stopped = || IndexError::Unavailable("the index is closing".into());
        let (reply, outcome) = oneshot::channel();
        let changes = self.changes.as_ref().ok_or_else(stopped)?;
        changes
            .send((Box::new(change), reply))
            .await
            .map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            // Panics of changes are caught where they are run.
            let _ = thread.join();
        }
    }
}
