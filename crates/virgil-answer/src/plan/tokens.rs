//! A question as tokens: words, identifiers, quoted names, possessives and negations.

use virgil_model::Tokenizer;

/// A word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The word as it was typed, without quotes.
    pub(crate) raw: String,
    /// The word in lower case.
    pub(crate) text: String,
    /// The parts of an identifier, in lower case: `FraudDetector` and `fraud-detector` both have `fraud` and `detector`.
    pub(crate) parts: Vec<String>,
    /// Whether it was typed between quotation marks or backticks.
    pub(crate) quoted: bool,
}

impl Token {
    fn new(raw: &str, quoted: bool) -> Token {
        Token {
            raw: raw.to_owned(),
            text: raw.to_lowercase(),
            parts: parts(raw),
            quoted,
        }
    }

    /// A word as it stands.
    pub(crate) fn word(raw: &str) -> Token {
        Token::new(raw, false)
    }

    /// Whether the word has the shape of an identifier: digits, inner punctuation or inner capitals.
    pub(crate) fn is_identifier(&self) -> bool {
        self.quoted
            || self.parts.len() > 1
            || self
                .raw
                .chars()
                .any(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '/' | ':' | '@' | '#'))
    }
}

/// The parts of an identifier, in lower case, without the joined form.
pub(crate) fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for word in virgil_model::words(text) {
        let mut terms = Tokenizer::Identifiers.terms(word);
        // The tokenizer adds the joined identifier behind its parts.
        if terms.len() > 2 {
            terms.pop();
        }
        parts.append(&mut terms);
    }
    parts
}

/// What stands between the sentences of a question.
pub(crate) const BOUNDARY: &str = "|";

/// Cuts a question into tokens. A possessive ending becomes the token `'s`, a contracted negation the token `not`;
/// commas stay, and what ends a sentence becomes a [`BOUNDARY`].
pub(crate) fn tokens(question: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = question;
    while let Some(first) = rest.chars().next() {
        if let Some(close) = closing(first)
            && let Some(length) = rest[first.len_utf8()..].find(close)
            && length > 0
        {
            let inner = &rest[first.len_utf8()..first.len_utf8() + length];
            tokens.push(Token::new(inner.trim(), true));
            rest = &rest[first.len_utf8() + length + close.len_utf8()..];
            continue;
        }
        let length = rest.find(|c: char| !is_inner(c)).unwrap_or(rest.len());
        if length == 0 {
            let operators = [
                ">=", "<=", "!=", "==", "->", "=>", "≥", "≤", "≠", "=", ">", "<", "+", "&",
            ];
            if let Some(operator) = operators
                .into_iter()
                .find(|operator| rest.starts_with(operator))
            {
                tokens.push(Token::new(operator, false));
                rest = &rest[operator.len()..];
                continue;
            }
            match first {
                ',' => tokens.push(Token::new(",", false)),
                '?' | '!' | ';' | '—' | '–' => tokens.push(boundary(first)),
                _ => {}
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let run = &rest[..length];
        rest = &rest[length..];
        if run == "#" {
            tokens.push(Token::new(run, false));
            continue;
        }
        word(run, &mut tokens);
        if run == "-" && rest.starts_with('>') {
            rest = &rest[1..];
        }
        if let Some(end) = run.chars().last().filter(|end| matches!(end, '.' | ':'))
            && !is_abbreviation(run)
        {
            tokens.push(boundary(end));
        } else if run == "-" {
            tokens.push(boundary('-'));
        }
    }
    tokens
}

/// What parts two sentences, as it was typed.
fn boundary(sign: char) -> Token {
    Token {
        raw: sign.to_string(),
        text: BOUNDARY.to_owned(),
        parts: Vec::new(),
        quoted: false,
    }
}

/// Whether the full stop behind a word belongs to it.
fn is_abbreviation(run: &str) -> bool {
    matches!(
        &*run.to_lowercase(),
        "i.e." | "e.g." | "incl." | "excl." | "etc." | "vs."
    )
}

/// What ends a quotation that `open` begins. An apostrophe begins none: it is part of words.
fn closing(open: char) -> Option<char> {
    match open {
        '`' | '"' => Some(open),
        '“' => Some('”'),
        '«' => Some('»'),
        _ => None,
    }
}

/// Whether a character can stand inside a word or an identifier.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '#' | '\'' | '’')
}

/// Splits possessives and contractions off a run of word characters.
fn word(run: &str, tokens: &mut Vec<Token>) {
    let run = run.replace('’', "'");
    let run = run.trim_matches(|c| matches!(c, '.' | ':' | '-' | '/' | '#'));
    let lower = run.to_lowercase();
    if let Some(stem) = lower.strip_suffix("n't") {
        // `can't` has lost its n, `won't` more: neither matters, both verbs carry no meaning here.
        if !stem.is_empty() {
            tokens.push(Token::new(stem, false));
        }
        tokens.push(Token::new("not", false));
        return;
    }
    for ending in ["'re", "'ve", "'ll", "'d", "'m"] {
        if lower.ends_with(ending) {
            push(&run[..run.len() - ending.len()], tokens);
            return;
        }
    }
    if lower.ends_with("'s") {
        push(&run[..run.len() - 2], tokens);
        tokens.push(Token::new("'s", false));
    } else if lower.ends_with("s'") {
        push(&run[..run.len() - 1], tokens);
        tokens.push(Token::new("'s", false));
    } else {
        push(run, tokens);
    }
}

fn push(word: &str, tokens: &mut Vec<Token>) {
    let word = word.trim_matches('\'');
    if !word.is_empty() {
        tokens.push(Token::new(word, false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: &str, expect: &str) {
        let shown: Vec<String> = tokens(question)
            .into_iter()
            .filter(|token| token.text != BOUNDARY)
            .map(|token| {
                if token.quoted {
                    format!("`{}`", token.raw)
                } else {
                    token.text
                }
            })
            .collect();
        assert_eq!(shown.join(" | "), expect, "{question}");
    }

    #[test]
    fn questions_become_words_and_identifiers() {
        check("Who owns fraud-detector?", "who | owns | fraud-detector");
        check(
            "What breaks if I drop orders.email?",
            "what | breaks | if | i | drop | orders.email",
        );
        check(
            "fraud-detector's upstream tables",
            "fraud-detector | 's | upstream | tables",
        );
        check(
            "Which teams' models aren't monitored?",
            "which | teams | 's | models | are | not | monitored",
        );
        check(
            "Who reads `fct orders`, and why?",
            "who | reads | `fct orders` | , | and | why",
        );
        check(
            "What’s in s3://bucket/x.parquet.",
            "what | 's | in | s3://bucket/x.parquet",
        );
        check("", "");
        check("“", "");
    }

    #[test]
    fn sentences_are_told_apart() {
        let count = |question: &str| {
            tokens(question)
                .split(|token| token.text == BOUNDARY)
                .filter(|sentence| !sentence.is_empty())
                .count()
        };
        assert_eq!(count("Who owns orders.v1?"), 1);
        assert_eq!(count("An audit: which tables are personal? Only marts."), 3);
        assert_eq!(count("fraud-detector - who owns it"), 2);
        assert_eq!(count("What is in s3://bucket/a.b: c"), 2);
    }

    #[test]
    fn spellings_of_a_name_have_the_same_parts() {
        for spelling in [
            "FraudDetector",
            "fraud-detector",
            "fraud_detector",
            "fraud.detector",
        ] {
            assert_eq!(parts(spelling), ["fraud", "detector"], "{spelling}");
        }
        assert_eq!(parts("orders"), ["orders"]);
        assert_eq!(parts("fct_orders"), ["fct", "orders"]);
    }
}
