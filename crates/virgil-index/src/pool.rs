//! Worker threads that embed one text per run.
//!
//! Each worker has a model of its own. A text that makes it panic fails the call that brought it, and the worker
//! loads its model anew; when the last worker is gone, every call fails instead of waiting for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::turns::Turns;
use crate::vector::to_unit;
use crate::{IndexError, Turn};

/// A loaded model: one text in, one vector out.
pub(crate) type Model = Box<dyn FnMut(&str) -> Result<Vec<f32>, IndexError> + Send>;

/// Loads a model, for a worker that starts or lost its own.
pub(crate) type LoadModel = Arc<dyn Fn() -> Result<Model, IndexError> + Send + Sync>;

/// The workers and what they have to do. Dropping it waits for the texts being run.
pub(crate) struct Pool {
    turns: Arc<Turns<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `threads` workers. The first model is loaded on this thread, so that a broken one is known at once.
    pub(crate) fn start(threads: usize, load: &LoadModel) -> Result<Pool, IndexError> {
        let mut pool = Pool {
            turns: Arc::new(Turns::new()),
            workers: Vec::new(),
        };
        let alive = Arc::new(AtomicUsize::new(0));
        for number in 0..threads {
            let model = load()?;
            let (turns, alive, load) = (pool.turns.clone(), alive.clone(), load.clone());
            alive.fetch_add(1, Ordering::SeqCst);
            let worker = std::thread::Builder::new()
                .name(format!("embed-{number}"))
                .spawn(move || {
                    let _presence = Presence {
                        turns: &turns,
                        alive: &alive,
                    };
                    work(&turns, &load, model);
                })
                .map_err(|error| {
                    IndexError::Unavailable(format!("no thread for the embedder: {error}"))
                })?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// One unit vector per text, in order. Waits until all are there or one fails.
    pub(crate) fn embed(&self, texts: &[String], turn: Turn) -> Result<Vec<Vec<f32>>, IndexError> {
        let call = Arc::new(Call::new(texts.to_vec()));
        let jobs = (0..texts.len()).map(|position| Job {
            call: call.clone(),
            position,
            done: false,
        });
        self.turns.push(jobs, turn);
        call.wait()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.turns.close();
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so.
            let _ = worker.join();
        }
    }
}

fn work(turns: &Turns<Job>, load: &LoadModel, mut model: Model) {
    while let Some(job) = turns.pop() {
        if job.call.has_failed() {
            continue;
        }
        // The model is replaced after a panic, so nobody sees what the panic left behind.
        match catch_unwind(AssertUnwindSafe(|| model(job.text()).and_then(to_unit))) {
            Ok(outcome) => job.finish(outcome),
            Err(_) => {
                let characters = job.text().chars().count();
                job.finish(Err(IndexError::Other(format!(
                    "the embedding model panicked on a text of {characters} characters"
                ))));
                model = match catch_unwind(AssertUnwindSafe(|| load())) {
                    Ok(Ok(fresh)) => fresh,
                    Ok(Err(error)) => {
                        tracing::error!(%error, "an embedding worker cannot load its model again and ends");
                        return;
                    }
                    Err(_) => {
                        tracing::error!(
                            "an embedding worker panicked while loading its model and ends"
                        );
                        return;
                    }
                };
            }
        }
    }
}

/// Closes the queues when the last worker goes, however it goes.
struct Presence<'a> {
    turns: &'a Turns<Job>,
    alive: &'a AtomicUsize,
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        if self.alive.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.turns.close();
        }
    }
}

/// One text of a call. Dropped unfinished, it fails the call.
struct Job {
    call: Arc<Call>,
    position: usize,
    done: bool,
}

impl Job {
    fn text(&self) -> &str {
        &self.call.texts[self.position]
    }

    fn finish(mut self, outcome: Result<Vec<f32>, IndexError>) {
        self.done = true;
        self.call.finish(self.position, outcome);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.done {
            let stopped = IndexError::Unavailable("the embedder has stopped".into());
            self.call.finish(self.position, Err(stopped));
        }
    }
}

/// The texts of one caller and what came of them.
struct Call {
    texts: Vec<String>,
    state: Mutex<CallState>,
    changed: Condvar,
}

struct CallState {
    vectors: Vec<Vec<f32>>,
    waiting: usize,
    failed: bool,
    error: Option<IndexError>,
}

impl Call {
    fn new(texts: Vec<String>) -> Call {
        let waiting = texts.len();
        let vectors = vec![Vec::new(); waiting];
        let state = CallState {
            vectors,
            waiting,
            failed: false,
            error: None,
        };
        Call {
            texts,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn wait(&self) -> Result<Vec<Vec<f32>>, IndexError> {
        let state = self.lock();
        let mut state = self
            .changed
            .wait_while(state, |state| state.waiting > 0 && !state.failed)
            .expect("no holder of this lock panics");
        match state.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut state.vectors)),
        }
    }

    fn finish(&self, position: usize, outcome: Result<Vec<f32>, IndexError>) {
        let mut state = self.lock();
        state.waiting -= 1;
        match outcome {
            Ok(vector) => state.vectors[position] = vector,
            Err(error) if !state.failed => {
                state.failed = true;
                state.error = Some(error);
            }
            Err(_) => {}
        }
        if state.waiting == 0 || state.failed {
            self.changed.notify_all();
        }
    }

    fn has_failed(&self) -> bool {
        self.lock().failed
    }

    fn lock(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    /// A model that panics on `panic`, gives zeros on `zero`, and a vector of the text's length otherwise.
    fn moody() -> Model {
        Box::new(|text| match text {
            "panic" => panic!("as the test wants"),
            "zero" => Ok(vec![0.0, 0.0]),
            _ => Ok(vec![text.len() as f32, 1.0]),
        })
    }

    #[test]
    fn vectors_come_in_the_order_of_the_texts() {
        let load: LoadModel = Arc::new(|| Ok(moody()));
        let pool = Pool::start(2, &load).unwrap();
        let vectors = pool.embed(&texts(&["a", "bb", "ccc"]), Turn::Sync).unwrap();
        let lengths: Vec<_> = vectors
            .iter()
            .map(|vector| (vector[0] / vector[1]).round())
            .collect();
        assert_eq!(lengths, [1.0, 2.0, 3.0]);
        assert!(pool.embed(&[], Turn::Question).unwrap().is_empty());
    }

    #[test]
    fn a_panic_fails_its_call_and_no_other() {
        let loads = Arc::new(AtomicUsize::new(0));
        let counted = loads.clone();
        let load: LoadModel = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(moody())
        });
        let pool = Pool::start(1, &load).unwrap();
        let error = pool
            .embed(&texts(&["a", "panic", "b"]), Turn::Sync)
            .unwrap_err();
        assert!(matches!(error, IndexError::Other(_)), "{error}");
        assert!(pool.embed(&texts(&["a"]), Turn::Sync).is_ok());
        assert_eq!(
            loads.load(Ordering::SeqCst),
            2,
            "the worker has a new model"
        );
        assert!(matches!(
            pool.embed(&texts(&["zero"]), Turn::Sync),
            Err(IndexError::Invalid(_))
        ));
    }

    #[test]
    fn without_workers_calls_fail_instead_of_waiting() {
        let loads = AtomicUsize::new(0);
        let load: LoadModel = Arc::new(move || match loads.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(moody()),
            _ => Err(IndexError::Setup("gone".into())),
        });
        let pool = Pool::start(1, &load).unwrap();
        assert!(
            pool.embed(&texts(&["panic", "a", "b"]), Turn::Sync)
                .is_err()
        );
        let error = pool.embed(&texts(&["a"]), Turn::Question).unwrap_err();
        assert!(matches!(error, IndexError::Unavailable(_)), "{error}");
    }

    #[test]
    fn a_question_overtakes_a_sync() {
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let (embedded, order) = mpsc::channel();
        let parts = Mutex::new(Some((started, may_go, embedded)));
        let load: LoadModel = Arc::new(move || {
            let (started, may_go, embedded) = parts.lock().unwrap().take().unwrap();
            Ok(Box::new(move |text: &str| {
                started.send(()).unwrap();
                may_go.recv().unwrap();
                embedded.send(text.to_owned()).unwrap();
                Ok(vec![1.0])
            }))
        });
        let pool = Pool::start(1, &load).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                pool.embed(&texts(&["sync 1", "sync 2"]), Turn::Sync)
                    .unwrap()
            });
            has_started.recv().unwrap();
            let call = Arc::new(Call::new(texts(&["question"])));
            pool.turns.push(
                [Job {
                    call: call.clone(),
                    position: 0,
                    done: false,
                }],
                Turn::Question,
            );
            (0..3).for_each(|_| go.send(()).unwrap());
            call.wait().unwrap();
        });
        assert_eq!(
            order.try_iter().collect::<Vec<_>>(),
            ["sync 1", "question", "sync 2"]
        );
    }
}
