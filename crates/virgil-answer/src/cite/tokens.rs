//! Words, numbers, names and code of a text, as the check compares them.

use std::collections::HashSet;

use virgil_index::terms;
use virgil_model::{Tokenizer, words};

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// The word in lower case.
    pub(super) word: String,
    /// Its stem; empty for a stop word.
    pub(super) stem: String,
    /// Whether a clause ends before it: punctuation, or the start of the text.
    pub(super) starts_clause: bool,
    /// Whether it is written like a name: a capital inside, or one at the start that does not start a sentence.
    pub(super) is_name: bool,
}

/// The words of a text in order. Addresses of links are left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let text = without_addresses(text);
    let mut tokens: Vec<Token> = Vec::new();
    let (mut starts_clause, mut starts_sentence) = (true, true);
    let mut word = String::new();
    let mut characters = text.chars().peekable();
    loop {
        let next = characters.next();
        match next {
            Some(c) if c.is_alphanumeric() || c == '_' => {
                word.push(c);
                continue;
            }
            // `don't`, `1.8` and `1,000` are one word each.
            Some(c @ ('\'' | '’' | '.' | ','))
                if !word.is_empty()
                    && characters.peek().is_some_and(|after| {
                        let before_is_digit = word.ends_with(|c: char| c.is_ascii_digit());
                        if matches!(c, '\'' | '’') {
                            after.is_alphabetic()
                        } else {
                            before_is_digit && after.is_ascii_digit()
                        }
                    }) =>
            {
                match c {
                    ',' => {}
                    '’' => word.push('\''),
                    c => word.push(c),
                }
                continue;
            }
            _ => {}
        }
        if !word.is_empty() {
            tokens.push(token(&word, starts_clause, starts_sentence));
            word.clear();
            (starts_clause, starts_sentence) = (false, false);
        }
        match next {
            None => break,
            Some('.' | '!' | '?' | '\n') => (starts_clause, starts_sentence) = (true, true),
            Some(',' | ';' | ':' | '(' | ')' | '—' | '–' | '|') => starts_clause = true,
            Some(_) => {}
        }
    }
    tokens
}

fn token(written: &str, starts_clause: bool, starts_sentence: bool) -> Token {
    let word = written.to_lowercase();
    let inner_capital = written.chars().skip(1).any(char::is_uppercase);
    let first_capital = written.starts_with(char::is_uppercase);
    Token {
        stem: stem(&word),
        is_name: inner_capital || (first_capital && !starts_sentence && written.len() > 1),
        word,
        starts_clause,
    }
}

/// The stem of a lowercase word, with `-ise` spelt `-ize`; empty for a stop word.
fn stem(word: &str) -> String {
    let american = ["ise", "ised", "ises", "ising", "isation", "isations"]
        .iter()
        .find_map(|end| {
            let stem = word.strip_suffix(end)?;
            Some(format!("{stem}iz{}", &end[2..]))
        });
    terms(american.as_deref().unwrap_or(word))
        .into_iter()
        .next_back()
        .unwrap_or_default()
}

/// The text without the addresses of its Markdown links.
fn without_addresses(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        kept.push_str(&rest[..at + 1]);
        rest = &rest[at + 2..];
        match rest.find(')') {
            Some(close) if !rest[..close].contains(char::is_whitespace) => {
                rest = &rest[close + 1..];
            }
            _ => kept.push('('),
        }
    }
    kept.push_str(rest);
    kept
}

/// The numbers of a text by value: digits with their dots, without a leading `v`; number words from two to twelve.
pub(super) fn numbers(tokens: &[Token]) -> HashSet<String> {
    tokens.iter().filter_map(number).collect()
}

/// The number that a word is, if it is one.
pub(super) fn number(token: &Token) -> Option<String> {
    const WORDS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    if let Some(index) = WORDS.iter().position(|word| *word == token.word) {
        return Some((index + 2).to_string());
    }
    let digits = token.word.strip_prefix('v').unwrap_or(&token.word);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_number.then(|| digits.to_owned())
}

/// What stands in backticks or double quotes, each as its words, where that is more than stop words.
pub(super) fn spans(text: &str) -> Vec<Vec<String>> {
    let mut spans = Vec::new();
    for quote in ['`', '"'] {
        let parts: Vec<&str> = text.split(quote).collect();
        // Odd parts stand between two quotes; the last part stands behind the last quote.
        for inside in parts.iter().take(parts.len() - 1).skip(1).step_by(2) {
            let span = flat_words(inside);
            if !span.is_empty() {
                spans.push(span);
            }
        }
    }
    spans
}

/// The words of a text in lower case, without any punctuation between them.
pub(super) fn flat_words(text: &str) -> Vec<String> {
    words(text).map(str::to_lowercase).collect()
}

/// Whether `words` holds `span` in one piece.
pub(super) fn contains(words: &[String], span: &[String]) -> bool {
    !span.is_empty() && words.windows(span.len()).any(|window| window == span)
}

/// The parts of identifiers and whole words of a text, in lower case.
pub(super) fn parts(text: &str) -> HashSet<String> {
    Tokenizer::Identifiers.terms(text).into_iter().collect()
}

/// The sentences of a passage: hard-wrapped lines are joined, list items, table rows and lines of code stand alone.
pub(super) fn sentences(passage: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in passage.lines() {
        let trimmed = line.trim();
        let is_fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
        let stands_alone = trimmed.is_empty()
            || is_fence
            || in_code
            || trimmed.starts_with(['#', '|', '-', '*', '>', '+'])
            || trimmed.split_once(['.', ')']).is_some_and(|(number, _)| {
                !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
            });
        if stands_alone {
            cut(&mut found, &std::mem::take(&mut paragraph));
        }
        in_code ^= is_fence;
        if in_code || is_fence {
            if !is_fence && !trimmed.is_empty() {
                found.push(trimmed.to_owned());
            }
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(trimmed);
    }
    cut(&mut found, &paragraph);
    found
}

/// Cuts a paragraph behind `.`, `!` or `?` where white space and something that can start a sentence follow.
fn cut(found: &mut Vec<String>, paragraph: &str) {
    let mut start = 0;
    for (at, c) in paragraph.char_indices() {
        if !matches!(c, '.' | '!' | '?') {
            continue;
        }
        let after = &paragraph[at + 1..];
        let begins = after.starts_with(' ')
            && after.trim_start().starts_with(|c: char| {
                c.is_uppercase() || c.is_ascii_digit() || matches!(c, '`' | '"' | '[' | '*' | '_')
            });
        let before = paragraph[start..at]
            .rsplit(|c: char| !c.is_alphanumeric() && c != '.')
            .next()
            .unwrap_or_default();
        let is_short = matches!(before, "e.g" | "i.e" | "etc" | "vs" | "cf" | "No" | "Fig")
            || before.chars().count() == 1 && before.chars().all(char::is_alphabetic);
        if begins && !is_short {
            found.push(paragraph[start..=at].trim().to_owned());
            start = at + 1;
        }
    }
    let rest = paragraph[start..].trim();
    if !rest.is_empty() {
        found.push(rest.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_names_are_told_apart() {
        let found = tokens("The MySQL server, v3.1, doesn't hold 1,000 rows in Postgres.");
        let names: Vec<&str> = found
            .iter()
            .filter(|token| token.is_name)
            .map(|token| token.word.as_str())
            .collect();
        assert_eq!(names, ["mysql", "postgres"]);
        let mut counted: Vec<String> = numbers(&found).into_iter().collect();
        counted.sort();
        assert_eq!(counted, ["1000", "3.1"]);
        assert!(found.iter().any(|token| token.word == "doesn't"));
        assert!(numbers(&tokens("at most three of them")).contains("3"));
    }

    #[test]
    fn code_and_quotations_are_spans() {
        assert_eq!(
            spans("Set `a.b/c-d` and \"no more\" in `x`."),
            [
                vec!["a".to_owned(), "b".into(), "c".into(), "d".into()],
                vec!["x".into()],
                vec!["no".into(), "more".into()]
            ]
        );
        assert!(spans("an open ` tick").is_empty());
    }

    #[test]
    fn wrapped_lines_are_one_sentence_and_items_stand_alone() {
        let passage = "# Title\n\nIt runs\ndaily. Then, e.g. on Sunday, it\nstops.\n- one\n- two\n\n```sh\nmake a\nmake b\n```";
        assert_eq!(
            sentences(passage),
            [
                "# Title",
                "It runs daily.",
                "Then, e.g. on Sunday, it stops.",
                "- one",
                "- two",
                "make a",
                "make b"
            ]
        );
    }

    #[test]
    fn spellings_of_one_word_meet() {
        let stem = |word: &str| tokens(word)[0].stem.clone();
        assert_eq!(stem("optimises"), stem("optimize"));
        assert_eq!(stem("the"), "");
    }
}
