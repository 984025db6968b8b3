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
        self.each_term(text, |term| terms.push(term.to_owned()));
        terms
    }

    /// Hands over the same terms one after the other, without keeping any.
    pub fn each_term(self, text: &str, mut take: impl FnMut(&str)) {
        let mut lower = String::new();
        let mut whole = String::new();
        for word in words(text) {
            whole.clear();
            let mut pieces = 0;
            let mut take_piece = |piece: &str| {
                if !piece.is_empty() {
                    to_lower(piece, &mut lower);
                    whole.push_str(&lower);
                    pieces += 1;
                    take(&lower);
                }
            };
            for part in word.split('_') {
                match self {
                    Tokenizer::Plain => take_piece(part),
                    Tokenizer::Identifiers => each_camel_part(part, &mut take_piece),
                }
            }
            if pieces > 1 && self == Tokenizer::Identifiers {
                // The whole identifier, without separators, so that both spellings meet.
                take(&whole);
            }
        }
    }
}

/// The words of `text`: runs of letters, digits and `_`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

fn to_lower(piece: &str, lower: &mut String) {
    lower.clear();
    if piece.is_ascii() {
        lower.push_str(piece);
        lower.make_ascii_lowercase();
    } else {
        lower.push_str(&piece.to_lowercase());
    }
}

/// Splits `HTTPServerV2` into `HTTP`, `Server`, `V2`: before an upper-case letter that follows a lower-case one, and before the last of
/// several upper-case letters that a lower-case one follows.
fn each_camel_part<'a>(word: &'a str, take: &mut impl FnMut(&'a str)) {
    // Most words are plain: nothing after their first letter is upper-case.
    if word.is_ascii() && !word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()) {
        return take(word);
    }
    let mut start = 0;
    let mut characters = word.char_indices().peekable();
    let Some((_, mut previous)) = characters.next() else {
        return;
    };
    while let Some((offset, current)) = characters.next() {
        let next_is_lower = characters
            .peek()
            .is_some_and(|(_, next)| next.is_lowercase());
        let boundary = current.is_uppercase()
            && (previous.is_lowercase()
                || previous.is_numeric()
                || (previous.is_uppercase() && next_is_lower));
        if boundary {
            take(&word[start..offset]);
            start = offset;
        }
        previous = current;
    }
    take(&word[start..]);
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
