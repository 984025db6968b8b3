//! Two queues that several workers empty: what a question waits for goes before what a sync waits for.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::Turn;

/// The two queues. Closed once no worker is left to empty them.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    queues: Mutex<Queues<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Queues<T> {
    questions: VecDeque<T>,
    syncs: VecDeque<T>,
    closed: bool,
}

impl<T> Turns<T> {
    pub(crate) fn new() -> Turns<T> {
        let queues = Queues {
            questions: VecDeque::new(),
            syncs: VecDeque::new(),
            closed: false,
        };
        Turns {
            queues: Mutex::new(queues),
            changed: Condvar::new(),
        }
    }

    /// Puts `items` at the end of their queue. Once closed they are dropped.
    pub(crate) fn push(&self, items: impl IntoIterator<Item = T>, turn: Turn) {
        // Dropping an item may take other locks, so it happens after this one is released.
        let refused = {
            let mut queues = self.lock();
            if queues.closed {
                items.into_iter().collect()
            } else {
                match turn {
                    Turn::Question => queues.questions.extend(items),
                    Turn::Sync => queues.syncs.extend(items),
                }
                Vec::new()
            }
        };
        drop(refused);
        self.changed.notify_all();
    }

    /// The next item; waits for one. `None` once closed.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut queues = self.lock();
        loop {
            if queues.closed {
                return None;
            }
            if let Some(item) = queues
                .questions
                .pop_front()
                .or_else(|| queues.syncs.pop_front())
            {
                return Some(item);
            }
            queues = self
                .changed
                .wait(queues)
                .expect("no holder of this lock panics");
        }
    }

    /// Drops what waits and refuses what comes.
    pub(crate) fn close(&self) {
        let waiting: Vec<T> = {
            let mut queues = self.lock();
            queues.closed = true;
            let questions = std::mem::take(&mut queues.questions);
            questions
                .into_iter()
                .chain(std::mem::take(&mut queues.syncs))
                .collect()
        };
        drop(waiting);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Queues<T>> {
        self.queues.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_go_first() {
        let turns = Turns::new();
        turns.push(["sync 1", "sync 2"], Turn::Sync);
        turns.push(["question 1", "question 2"], Turn::Question);
        let order: Vec<_> = (0..4).filter_map(|_| turns.pop()).collect();
        assert_eq!(order, ["question 1", "question 2", "sync 1", "sync 2"]);
    }

    #[test]
    fn closing_wakes_who_waits() {
        let turns = Turns::<u8>::new();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.pop());
            turns.close();
            assert_eq!(waiting.join().unwrap(), None);
        });
        turns.push([1], Turn::Question);
        assert_eq!(turns.pop(), None);
    }
}
