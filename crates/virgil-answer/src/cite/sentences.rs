//! Cutting a growing text into sentences.

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
}
