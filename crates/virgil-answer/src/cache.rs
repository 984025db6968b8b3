//! Answers that were written before, given again to the same question over the same evidence.
//!
//! A key holds everything that an answer depends on: the question (white space aside), the labels that the asker sees and the
//! generations of the sources behind them, the model and the prompts. So nothing is ever shared between askers who see
//! different things, and a sync forgets what it made untrue. The cache lives in memory and is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use virgil_model::Scope;
use virgil_store::AnswerKey;

use crate::answer::Answer;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    /// How many answers; none turns the cache off.
    pub max_entries: usize,
    /// How many bytes of text they may have together.
    pub max_bytes: usize,
    /// How old one may become.
    pub max_age: Duration,
}

impl Default for CacheLimits {
    /// 1,000 answers, 64 MiB, a day.
    fn default() -> CacheLimits {
        CacheLimits {
            max_entries: 1_000,
            max_bytes: 64 * 1024 * 1024,
            max_age: Duration::from_secs(24 * 3_600),
        }
    }
}

/// What an answer depends on, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey(pub(crate) AnswerKey);

impl CacheKey {
    /// `revision` is that of the sources that `scope` sees, `prompts` the hash of the templates, `model` and `options`
    /// whatever else the answer depends on.
    pub(crate) fn new(
        question: &str,
        scope: &Scope,
        revision: &str,
        model: &str,
        prompts: &str,
        options: &[&str],
    ) -> CacheKey {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        let words: Vec<&str> = question.split_whitespace().collect();
        let labels: Vec<String> = scope.labels().map(|label| label.0.to_string()).collect();
        add(&words.join(" "));
        add(&labels.join(","));
        add(if scope.audit() { "audit" } else { "" });
        for part in [revision, model, prompts].iter().chain(options) {
            add(part);
        }
        CacheKey(*hasher.finalize().as_bytes())
    }
}

/// The answers that are kept.
pub(crate) struct AnswerCache {
    limits: CacheLimits,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<CacheKey, Entry>,
    bytes: usize,
    /// Counts uses: the entry with the smallest one was used longest ago.
    uses: u64,
}

struct Entry {
    answer: Answer,
    bytes: usize,
    used: u64,
    written: Instant,
}

impl AnswerCache {
    pub(crate) fn new(limits: CacheLimits) -> AnswerCache {
        AnswerCache {
            limits,
            kept: Mutex::default(),
        }
    }

    /// Whether nothing is ever kept.
    pub(crate) fn is_off(&self) -> bool {
        self.limits.max_entries == 0
    }

    /// The answer that is kept under `key`.
    pub(crate) fn get(&self, key: &CacheKey) -> Option<Answer> {
        let mut kept = self.lock();
        kept.uses += 1;
        let used = kept.uses;
        let entry = kept.entries.get_mut(key)?;
        if entry.written.elapsed() > self.limits.max_age {
            kept.forget(key);
            return None;
        }
        entry.used = used;
        Some(entry.answer.clone())
    }

    /// Keeps an answer; what was used longest ago makes room for it.
    pub(crate) fn put(&self, key: CacheKey, answer: &Answer) {
        let bytes = size(answer);
        if self.is_off() || bytes > self.limits.max_bytes {
            return;
        }
        let mut kept = self.lock();
        kept.forget(&key);
        while kept.entries.len() >= self.limits.max_entries
            || kept.bytes + bytes > self.limits.max_bytes
        {
            let oldest = kept.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                break;
            };
            kept.forget(&oldest);
        }
        kept.uses += 1;
        let entry = Entry {
            answer: answer.clone(),
            bytes,
            used: kept.uses,
            written: Instant::now(),
        };
        kept.bytes += bytes;
        kept.entries.insert(key, entry);
    }

    /// Forgets the answer that is kept under `key`.
    pub(crate) fn forget(&self, key: &CacheKey) {
        self.lock().forget(key);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, key: &CacheKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }
}

/// About how many bytes an answer takes.
fn size(answer: &Answer) -> usize {
    let citations = answer
        .citations
        .iter()
        .map(|citation| citation.quote.len() + 500);
    let passages = answer
        .passages
        .iter()
        .map(|scored| scored.passage.text.len() + 500);
    answer.text.len() + citations.chain(passages).sum::<usize>() + 1_000
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use virgil_model::LabelId;

    use super::*;
    use crate::answer::Mode;

    #[expect(clippy::disallowed_methods, reason = "tests issue scopes")]
    fn scope(principal: &str, labels: &[i64], audit: bool) -> Scope {
        let labels: BTreeSet<LabelId> = labels.iter().map(|label| LabelId(*label)).collect();
        Scope::issue(principal.into(), labels, audit)
    }

    fn answer(text: &str) -> Answer {
        Answer {
            text: text.into(),
            ..Answer::empty(Mode::Model)
        }
    }

    fn key(question: &str) -> CacheKey {
        CacheKey::new(
            question,
            &scope("ada", &[1], false),
            "1:1;",
            "small",
            "1f",
            &[],
        )
    }

    #[test]
    fn whatever_an_answer_depends_on_is_in_its_key() {
        let ada = scope("ada", &[1, 2], false);
        let base = CacheKey::new("who owns it?", &ada, "1:1;", "small", "1f", &["a"]);
        let same = CacheKey::new(
            " who  owns\nit? ",
            &scope("bob", &[2, 1], false),
            "1:1;",
            "small",
            "1f",
            &["a"],
        );
        assert_eq!(base, same, "who sees the same shares answers");
        let others = [
            CacheKey::new("Who owns it?", &ada, "1:1;", "small", "1f", &["a"]),
            CacheKey::new(
                "who owns it?",
                &scope("ada", &[1], false),
                "1:1;",
                "small",
                "1f",
                &["a"],
            ),
            CacheKey::new(
                "who owns it?",
                &scope("ada", &[1, 2, 3], false),
                "1:1;",
                "small",
                "1f",
                &["a"],
            ),
            CacheKey::new(
                "who owns it?",
                &scope("ada", &[12], false),
                "1:1;",
                "small",
                "1f",
                &["a"],
            ),
            CacheKey::new(
                "who owns it?",
                &scope("ada", &[1, 2], true),
                "1:1;",
                "small",
                "1f",
                &["a"],
            ),
            CacheKey::new("who owns it?", &ada, "1:2;", "small", "1f", &["a"]),
            CacheKey::new("who owns it?", &ada, "1:1;", "large", "1f", &["a"]),
            CacheKey::new("who owns it?", &ada, "1:1;", "small", "2f", &["a"]),
            CacheKey::new("who owns it?", &ada, "1:1;", "small", "1f", &["b"]),
            CacheKey::new("who owns it?", &ada, "1:1;small", "", "1f", &["a"]),
        ];
        for (position, other) in others.iter().enumerate() {
            assert_ne!(base, *other, "{position}");
        }
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let cache = AnswerCache::new(CacheLimits {
            max_entries: 2,
            ..CacheLimits::default()
        });
        cache.put(key("a"), &answer("A"));
        cache.put(key("b"), &answer("B"));
        assert_eq!(cache.get(&key("a")).unwrap().text, "A");
        cache.put(key("c"), &answer("C"));
        assert!(cache.get(&key("b")).is_none());
        assert!(cache.get(&key("a")).is_some() && cache.get(&key("c")).is_some());
    }

    #[test]
    fn bytes_and_age_are_bounded() {
        let cache = AnswerCache::new(CacheLimits {
            max_bytes: 10_000,
            ..CacheLimits::default()
        });
        for question in ["a", "b", "c", "d"] {
            cache.put(key(question), &answer(&"x".repeat(3_000)));
            assert!(cache.lock().bytes <= 10_000);
        }
        assert!(cache.get(&key("a")).is_none() && cache.get(&key("d")).is_some());
        cache.put(key("e"), &answer(&"x".repeat(20_000)));
        assert!(
            cache.get(&key("e")).is_none(),
            "one that fits nowhere is not kept"
        );
        let cache = AnswerCache::new(CacheLimits {
            max_age: Duration::ZERO,
            ..CacheLimits::default()
        });
        cache.put(key("a"), &answer("A"));
        std::thread::sleep(Duration::from_millis(1));
        assert!(cache.get(&key("a")).is_none());
        assert_eq!(cache.lock().bytes, 0);
    }
}
