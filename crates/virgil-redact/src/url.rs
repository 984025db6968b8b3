//! Passwords in addresses: `scheme://user:password@host`, whatever the scheme.

use crate::look;
use crate::span::{Rank, Span};

pub(crate) const RULE: &str = "url_password";

/// How long the part before the host may be, in bytes.
const REACH: usize = 512;

/// The password of the address whose `://` ends at `at`.
pub(crate) fn password(text: &str, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let scheme = bytes[..at.checked_sub(3)?].last()?;
    if !scheme.is_ascii_alphanumeric() {
        return None;
    }
    let reach = &bytes[at..bytes.len().min(at + REACH)];
    let closed = reach
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || b"\"'`<>\\|".contains(byte));
    let word = &reach[..closed.unwrap_or(reach.len())];
    // A template in the place of the password may hold blanks and brackets: it has no `@` in this word, and stays.
    let authority = &word[..word
        .iter()
        .position(|byte| b"/?#".contains(byte))
        .unwrap_or(word.len())];
    let user_info = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(length) => &authority[..length],
        None => sloppy(word)?,
    };
    let colon = user_info.iter().position(|byte| *byte == b':')?;
    let (start, end) = (at + colon + 1, at + user_info.len());
    let value = text.get(start..end)?;
    let template = value.contains(['{', '}', '[', ']', '(', ')']) && !look::composed(value);
    if look::placeholder(value) || template || value.starts_with('%') && value.len() < 4 {
        return None;
    }
    Some(Span {
        start,
        end,
        rule: RULE,
        rank: Rank::Place,
    })
}

/// The user part of an address whose password has an unescaped `/`, `?` or `#`: there is no port before it.
fn sloppy(word: &[u8]) -> Option<&[u8]> {
    let length = word.iter().position(|byte| *byte == b'@')?;
    let colon = word[..length]
        .iter()
        .position(|byte| b":/?#".contains(byte))?;
    let password = &word[colon + 1..length];
    let digits = password
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let port = digits > 0
        && password
            .get(digits)
            .is_some_and(|byte| b"/?#".contains(byte));
    let secret =
        word[colon] == b':' && !port && std::str::from_utf8(password).is_ok_and(look::random);
    secret.then_some(&word[..length])
}
