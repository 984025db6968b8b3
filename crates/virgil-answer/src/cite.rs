//! Checking what a language model wrote, sentence by sentence, before anyone reads it.
//!
//! A sentence leaves when it is complete: its citation numbers must exist, its links and images become plain text,
//! and its words are compared with the passages that it cites. The check tells whether words agree; it proves nothing.

use std::collections::HashSet;

use virgil_model::{Tokenizer, words};

use virgil_index::terms;

use crate::answer::CitationState;

/// The share of a sentence's content words that its passages must hold for it to count as matched.
const MATCHED_RECALL: f32 = 0.6;

/// Cuts a growing text into complete sentences.
#[derive(Debug, Default)]
pub(crate) struct Sentences {
    pending: String,
}

impl Sentences {
    /// Adds a piece of text and returns the sentences that are complete now. A sentence ends at a line end, or at
    /// `.`, `!` or `?` followed by white space and something that is not a citation.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<String> {
        self.pending.push_str(piece);
        let mut complete = Vec::new();
        while let Some(end) = boundary(&self.pending) {
            let rest = self.pending.split_off(end);
            complete.push(std::mem::replace(&mut self.pending, rest));
        }
        complete
    }

    /// What is left at the end of the text.
    pub(crate) fn finish(self) -> Option<String> {
        (!self.pending.is_empty()).then_some(self.pending)
    }
}

fn boundary(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\n' => return Some(index + 1),
            b'.' | b'!' | b'?' => {
                let after = text[index + 1..].trim_start_matches(' ');
                let spaces = text.len() - index - 1 - after.len();
                // A citation behind the full stop belongs to the sentence; what has not come yet may be one.
                if spaces > 0 && !after.is_empty() && !after.starts_with('[') {
                    return Some(index + 1 + spaces);
                }
            }
            b']' => {
                let before_is_end = text[..index]
                    .rfind('[')
                    .is_some_and(|open| text[..open].trim_end().ends_with(['.', '!', '?', ']']));
                let after = text[index + 1..].trim_start_matches(' ');
                let spaces = text.len() - index - 1 - after.len();
                if before_is_end && spaces > 0 && !after.is_empty() && !after.starts_with('[') {
                    return Some(index + 1 + spaces);
                }
            }
            _ => {}
        }
        index += 1;
    }
    None
}

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

/// Takes out of a sentence what must not reach an asker: citations of passages that do not exist, links, images,
/// reference definitions, HTML. Their text stays; addresses become code, which no client follows.
pub(crate) fn sanitise(sentence: &str, passages: usize) -> String {
    let trimmed = sentence.trim_start();
    if trimmed.starts_with('[')
        && trimmed
            .split_once("]:")
            .is_some_and(|(label, _)| !label.contains(' '))
    {
        return String::new();
    }
    let mut clean = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(next) = rest.find(['!', '[', ']', '<', 'h', 'H', '`']) {
        clean.push_str(&rest[..next]);
        rest = &rest[next..];
        if rest.starts_with("![") {
            rest = &rest[1..];
        } else if rest.starts_with('`') {
            // Code is copied as it is, to its closing tick.
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let end = rest[ticks..]
                .find(&rest[..ticks])
                .map_or(rest.len(), |at| at + 2 * ticks);
            clean.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(inner) = rest.strip_prefix('[') {
            let close = inner.find(']').map(|at| &inner[..at]);
            let is_citation = |text: &str| {
                text.split(',')
                    .all(|part| part.trim().parse::<usize>().is_ok())
            };
            match close {
                Some(text) if is_citation(text) => {
                    for number in numbers(&rest[..text.len() + 2]) {
                        if (1..=passages).contains(&number) {
                            clean.push_str(&format!("[{number}]"));
                        }
                    }
                    rest = &rest[text.len() + 2..];
                    rest = without_target(rest);
                }
                _ => {
                    clean.push('[');
                    rest = inner;
                }
            }
        } else if let Some(after) = rest.strip_prefix(']') {
            clean.push(']');
            rest = without_target(after);
        } else if rest.starts_with('<') {
            clean.push_str("&lt;");
            rest = &rest[1..];
        } else if is_address(rest) {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '>' | ')' | ']' | '`'))
                .unwrap_or(rest.len());
            clean.push('`');
            clean.push_str(&rest[..end]);
            clean.push('`');
            rest = &rest[end..];
        } else {
            let mut characters = rest.chars();
            clean.extend(characters.next());
            rest = characters.as_str();
        }
    }
    clean.push_str(rest);
    clean
}

/// Drops the `(address)` or `[reference]` that makes a link of the brackets before it.
fn without_target(after: &str) -> &str {
    if let Some(target) = after.strip_prefix('(') {
        return target.find(')').map_or("", |close| &target[close + 1..]);
    }
    after
}

fn is_address(text: &str) -> bool {
    let start: String = text
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

/// What comparing a sentence with the passages that it cites finds.
pub(crate) fn check<'a>(sentence: &str, cited: impl IntoIterator<Item = &'a str>) -> CitationState {
    let cited: Vec<&str> = cited.into_iter().collect();
    let claim = claim_of(sentence);
    if cited.is_empty() || claim.trim().is_empty() {
        return CitationState::NotVerified;
    }
    let claim_words = normalised(&claim);
    if cited
        .iter()
        .any(|text| normalised(text).contains(&claim_words))
    {
        return CitationState::Quoted;
    }
    let evidence = cited.join("\n");
    // The hard gate: every number and every identifier of the sentence stands in the evidence.
    let known: HashSet<String> = Tokenizer::Identifiers
        .terms(&evidence)
        .into_iter()
        .collect();
    let strict = words(&claim).filter(|word| is_strict(word));
    for word in strict {
        if Tokenizer::Identifiers
            .terms(word)
            .iter()
            .any(|term| !known.contains(term))
        {
            return CitationState::NotVerified;
        }
    }
    // The soft gate: most of its content words do.
    let evidence_terms: HashSet<String> = terms(&evidence).into_iter().collect();
    let claimed: HashSet<String> = terms(&claim).into_iter().collect();
    let found = claimed
        .iter()
        .filter(|term| evidence_terms.contains(*term))
        .count();
    if !claimed.is_empty() && found as f32 / claimed.len() as f32 >= MATCHED_RECALL {
        CitationState::Matched
    } else {
        CitationState::NotVerified
    }
}

/// The sentence without its citation marks.
fn claim_of(sentence: &str) -> String {
    let mut claim = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(open) = rest.find('[') {
        claim.push_str(&rest[..open]);
        match rest[open..].find(']') {
            Some(close) if !numbers(&rest[open..=open + close]).is_empty() => {
                rest = &rest[open + close + 1..]
            }
            _ => {
                claim.push('[');
                rest = &rest[open + 1..];
            }
        }
    }
    claim.push_str(rest);
    claim
}

fn normalised(text: &str) -> String {
    let mut normalised = String::from(" ");
    for word in words(text) {
        normalised.push_str(&word.to_lowercase());
        normalised.push(' ');
    }
    normalised
}

/// Whether a word is one that must not be off by anything: a number, or a name with inner structure.
fn is_strict(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit() || c == '_')
        || word.chars().skip(1).any(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_cut_behind_their_citations() {
        let mut sentences = Sentences::default();
        let mut complete = Vec::new();
        for piece in [
            "It runs dai",
            "ly. [1] Then",
            " it stops.[2][3] Fin",
            "e\nLast",
        ] {
            complete.extend(sentences.push(piece));
        }
        assert_eq!(
            complete,
            ["It runs daily. [1] ", "Then it stops.[2][3] ", "Fine\n"]
        );
        assert_eq!(sentences.finish().as_deref(), Some("Last"));
    }

    #[test]
    fn links_images_and_unknown_citations_do_not_leave() {
        let check = |text: &str, expect: &str| assert_eq!(sanitise(text, 2), expect, "{text}");
        check("See [the docs](https://evil.example/x).", "See [the docs].");
        check("![x](https://evil.example/?q=secret)", "[x]");
        check("True [1] and [7].", "True [1] and .");
        check("Both [1, 2](https://evil.example).", "Both [1][2].");
        check(
            "Go to https://evil.example/a now",
            "Go to `https://evil.example/a` now",
        );
        check("<img src=x>", "&lt;img src=x>");
        check("[r]: https://evil.example", "");
        check("`let x = a[0](b);` stays", "`let x = a[0](b);` stays");
    }

    #[test]
    fn a_check_tells_agreement_from_invention() {
        let passage = "The fraud-detector model is retrained every 7 days by the risk team.";
        let verdict = |sentence: &str| check(sentence, [passage]);
        assert_eq!(
            verdict("The fraud-detector model is retrained every 7 days [1]."),
            CitationState::Quoted
        );
        assert_eq!(
            verdict("The risk team retrains the fraud-detector model every 7 days [1]."),
            CitationState::Matched
        );
        assert_eq!(
            verdict("The risk team retrains fraud-detector every 9 days [1]."),
            CitationState::NotVerified
        );
        assert_eq!(
            verdict("It is written in COBOL by strangers [1]."),
            CitationState::NotVerified
        );
        assert_eq!(check("Anything [1].", []), CitationState::NotVerified);
    }
}
