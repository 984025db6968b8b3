//! How text is cut into terms for the sparse vectors, for linking names and for checking citations.
//!
//! Identifiers are split (`OrderFeatureView`, `order_feature_view` and `order-feature-view` meet in
//! `order`, `feature`, `view`) and also kept whole, because a name that is typed exactly should win.

/// Which parts of an identifier become terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// Words only, as runs of letters and digits.
    Plain,
    /// Words, and the parts of identifiers beside the whole identifier.
    Identifiers,
}

impl Tokenizer {
    /// The lowercase terms of `text`, in order, with repetitions.
    pub fn terms(self, text: &str) -> Vec<String> {
        let mut terms = Vec::with_capacity(text.len() / 5);
        match self {
            Tokenizer::Plain => {
                for word in words(text).flat_map(|word| word.split('_')) {
                    push(&mut terms, word);
                }
            }
            Tokenizer::Identifiers => {
                for word in words(text) {
                    let first = terms.len();
                    for part in word.split('_') {
                        for piece in camel_parts(part) {
                            push(&mut terms, piece);
                        }
                    }
                    if terms.len() > first + 1 {
                        // The whole identifier, without separators, so that both spellings meet.
                        terms.push(terms[first..].concat());
                    }
                }
            }
        }
        terms
    }
}

/// The words of `text`: runs of letters, digits and `_`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

fn push(terms: &mut Vec<String>, piece: &str) {
    if !piece.is_empty() {
        terms.push(piece.to_lowercase());
    }
}

/// Splits `HTTPServerV2` into `HTTP`, `Server`, `V2`: before an upper-case letter that follows a lower-case
/// one, and before the last of several upper-case letters that a lower-case one follows.
fn camel_parts(word: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = word.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for index in 1..characters.len() {
        let (offset, current) = characters[index];
        let previous = characters[index - 1].1;
        let next_is_lower = characters
            .get(index + 1)
            .is_some_and(|(_, next)| next.is_lowercase());
        let boundary = current.is_uppercase()
            && (previous.is_lowercase()
                || previous.is_numeric()
                || (previous.is_uppercase() && next_is_lower));
        if boundary {
            parts.push(&word[start..offset]);
            start = offset;
        }
    }
    parts.push(&word[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(
            Tokenizer::Identifiers.terms(text).join(" "),
            expect,
            "{text}"
        );
    }

    #[test]
    fn identifiers_are_split_and_kept() {
        check("OrderFeatureView", "order feature view orderfeatureview");
        check("order_feature_view", "order feature view orderfeatureview");
        check("fraud-detector", "fraud detector");
        check("HTTPServerV2", "http server v2 httpserverv2");
        check("sha256sum x1Y", "sha256sum x1 y x1y");
        check("plain words, here.", "plain words here");
        check("__init__", "init");
        check("Größe ÜBER_alles", "größe über alles überalles");
        check("", "");
    }

    #[test]
    fn plain_terms_are_words() {
        assert_eq!(
            Tokenizer::Plain.terms("OrderView in_use"),
            ["orderview", "in", "use"]
        );
    }
}
