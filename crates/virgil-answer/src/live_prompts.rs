//! Prompts that follow their files while the program runs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::prompt::{Prompts, PromptsError, read};

/// How often the files are looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// The prompts of a folder. An edit holds from the next question; a broken one changes nothing until it is mended.
pub struct LivePrompts {
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    prompts: Arc<Prompts>,
    /// What was read last, good or bad.
    texts: Vec<String>,
    looked_at: Instant,
    problem: Option<String>,
}

impl LivePrompts {
    /// The prompts of `folder`, or the built-in ones. At start they have to be good.
    pub fn load(folder: Option<PathBuf>) -> Result<LivePrompts, PromptsError> {
        let texts = read(folder.as_deref())?;
        let state = State {
            prompts: Arc::new(Prompts::parse(&texts)?),
            texts,
            looked_at: Instant::now(),
            problem: None,
        };
        Ok(LivePrompts {
            folder,
            state: Mutex::new(state),
        })
    }

    /// The prompts as the files have them now; the last good ones if they are broken.
    pub fn current(&self) -> Arc<Prompts> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.folder.is_some() && state.looked_at.elapsed() >= INTERVAL {
            state.looked_at = Instant::now();
            self.look(&mut state);
        }
        state.prompts.clone()
    }

    /// What is wrong with the files, if the last good prompts are used in their place.
    pub fn problem(&self) -> Option<String> {
        self.current();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.problem.clone()
    }

    fn look(&self, state: &mut State) {
        let changed = match read(self.folder.as_deref()) {
            Ok(texts) if texts == state.texts => return,
            Ok(texts) => {
                let prompts = Prompts::parse(&texts);
                state.texts = texts;
                prompts
            }
            Err(error) => Err(error),
        };
        let problem = match changed {
            Ok(prompts) => {
                tracing::info!(hash = prompts.hash(), "the prompts have changed");
                state.prompts = Arc::new(prompts);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem.as_ref().filter(|_| problem != state.problem) {
            tracing::error!(
                problem,
                "the prompts were changed and are broken: the last good ones stay in use"
            );
        }
        state.problem = problem;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str =
        "{{ fence }}{{ question }}{% for p in passages %}{{ p.text }}{% endfor %}";

    #[test]
    fn an_edit_holds_at_once_and_a_broken_one_does_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |text: &str| {
            std::fs::write(folder.path().join("question.txt.tera"), text).expect("a file");
        };
        write(QUESTION);
        let prompts = LivePrompts::load(Some(folder.path().to_owned())).expect("they are good");
        let look = || {
            prompts.look(&mut prompts.state.lock().unwrap());
            (prompts.current().hash().to_owned(), prompts.problem())
        };
        let (first, problem) = look();
        assert_eq!(problem, None);

        write(&format!("{QUESTION} again"));
        let (second, problem) = look();
        assert_ne!(first, second, "the edit holds");
        assert_eq!(problem, None);

        write("{{ fence }}{{ quesion }}");
        let (third, problem) = look();
        assert_eq!(third, second, "the broken edit does not");
        assert!(problem.is_some_and(|problem| problem.contains("quesion")));
        assert_eq!(look().0, second);

        write(QUESTION);
        assert_eq!(look(), (first, None), "mended");
    }

    #[test]
    fn broken_prompts_are_refused_at_start() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("system.txt.tera"), "{{ x }}").expect("a file");
        assert!(LivePrompts::load(Some(folder.path().to_owned())).is_err());
    }
}
