//! Checking what a language model wrote, sentence by sentence, before anyone reads it.
//!
//! A sentence leaves when it is complete: its citation numbers must exist, its links and images become plain text,
//! and its words are compared with the passages that it cites. The check tells whether words agree; it proves nothing.

mod align;
mod check;
mod polarity;
mod sanitise;
mod sentences;
mod tokens;

pub use check::{Cited, check_citation};
pub(crate) use sanitise::{Sanitiser, sanitise};
pub(crate) use sentences::Sentences;

/// The citation numbers in a sentence, in order, without repetitions.
pub(crate) fn numbers(sentence: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut rest = sentence;
    while let Some(open) = rest.find('[') {
        rest = &rest[open + 1..];
        let Some(close) = rest.find(']') else { break };
        for part in rest[..close].split(',') {
            if let Ok(number) = part.trim().parse::<usize>()
                && !found.contains(&number)
            {
                found.push(number);
            }
        }
    }
    found
}
