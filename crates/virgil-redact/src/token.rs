//! Matches the rows of the table, behind their prefix or behind a word that announces them.

use crate::look;
use crate::shape::{ALNUM, URL64, WORD, fit};
use crate::span::{Rank, Span};
use crate::table::Row;

/// How far behind a word its token may begin, in bytes.
const REACH: usize = 40;

/// The token of a row whose prefix stands at `at`.
pub(crate) fn behind_prefix(
    text: &str,
    row: &'static Row,
    prefix: &str,
    at: usize,
) -> Option<Span> {
    let bytes = text.as_bytes();
    if !bytes[at..].starts_with(prefix.as_bytes())
        || row.lead.is_none() && !begins(bytes, at, row.weak)
    {
        return None;
    }
    let body = at + prefix.len();
    let end = body + fit(&bytes[body..], row.parts)?;
    let start = match row.lead {
        Some(lead) => {
            let from = at.saturating_sub(lead.most + 1);
            let length = bytes[from..at]
                .iter()
                .rev()
                .take_while(|byte| lead.of.has(**byte))
                .count();
            if length < lead.least || length > lead.most {
                return None;
            }
            at - length
        }
        None => at,
    };
    let from = if row.keep { body } else { start };
    if !convinces(text, row, prefix, start, body, end) || look::in_digest(bytes, start) {
        return None;
    }
    Some(Span {
        start: from,
        end,
        rule: row.rule.name,
        rank: Rank::Token,
    })
}

/// Whether the look of a body, or its checksum, says that it is a token.
fn convinces(text: &str, row: &Row, prefix: &str, start: usize, body: usize, end: usize) -> bool {
    if row.crc && checksum_holds(&text[body..end]) {
        return true;
    }
    // What a lead row looks like is decided by its lead: the rest may be a few characters.
    let look = if row.lead.is_some() { start } else { body };
    let shown = &text[look..end];
    if row.weak {
        return look::random(shown) && !look::filler(shown);
    }
    let telling = prefix.starts_with("AKIA") && shown.ends_with("EXAMPLE");
    !telling && !look::filler(shown)
}

/// Whether a token may begin here: not in the middle of a word, but behind an escape such as `\n` or `%3D`.
pub(crate) fn begins(bytes: &[u8], at: usize, weak: bool) -> bool {
    let Some(before) = at.checked_sub(1).map(|index| bytes[index]) else {
        return true;
    };
    if !WORD.has(bytes[at]) {
        return true;
    }
    let inside = if weak {
        URL64.has(before) || before == b'.'
    } else {
        ALNUM.has(before)
    };
    if !inside {
        return true;
    }
    let escape = at >= 2 && bytes[at - 2] == b'\\' && matches!(before, b'n' | b't' | b'r');
    let percent =
        at >= 3 && bytes[at - 3] == b'%' && bytes[at - 2..at].iter().all(u8::is_ascii_hexdigit);
    escape || percent
}

/// The token of a row that is announced by the word at `start..end`.
pub(crate) fn behind_word(text: &str, row: &'static Row, start: usize, end: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    if !starts_word(bytes, start) {
        return None;
    }
    let most = bytes.len().min(end + REACH);
    let line = bytes[end..most]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(most, |length| end + length);
    let mut assigned = false;
    for at in end + 1..line {
        let before = bytes[at - 1];
        assigned |= matches!(before, b'=' | b':');
        if !b"=:\"'` (>,[".contains(&before) || !ALNUM.has(bytes[at]) {
            continue;
        }
        let Some(span) = at_value(text, row, at) else {
            continue;
        };
        let value = &text[span.start..span.end];
        let plain_identifier = look::commit(value) || look::uuid(value);
        let own = bytes[end..at].iter().all(|byte| b"=:\"'` >".contains(byte));
        let announced = says_key(&bytes[start..at]) || assigned && own && !plain_identifier;
        return (announced && !look::in_digest(bytes, at)).then_some(span);
    }
    None
}

fn at_value(text: &str, row: &'static Row, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let prefix = match row
        .prefixes
        .iter()
        .find(|prefix| bytes[at..].starts_with(prefix.as_bytes()))
    {
        Some(prefix) => prefix.len(),
        None if row.prefixes.is_empty() => 0,
        None => return None,
    };
    let end = at + prefix + fit(&bytes[at + prefix..], row.parts)?;
    let body = &text[at + prefix..end];
    // A dot or a slash behind goes on with a path or a name, a parenthesis with a call.
    let goes_on = match bytes.get(end) {
        Some(b'(' | b'[') => true,
        Some(b'.' | b'/') => bytes.get(end + 1).is_some_and(|next| ALNUM.has(*next)),
        _ => false,
    };
    let looks = look::uuid(body) || look::random(body);
    (looks && !goes_on && !look::filler(body)).then_some(Span {
        start: at,
        end,
        rule: row.rule.name,
        rank: Rank::Word,
    })
}

fn starts_word(bytes: &[u8], start: usize) -> bool {
    match start.checked_sub(1).map(|index| bytes[index]) {
        Some(before) if before.is_ascii_lowercase() => bytes[start].is_ascii_uppercase(),
        Some(before) => !before.is_ascii_alphabetic() || !bytes[start].is_ascii_alphabetic(),
        None => true,
    }
}

fn says_key(gap: &[u8]) -> bool {
    [
        "key",
        "token",
        "secret",
        "passw",
        "auth",
        "credential",
        "license",
        "licence",
        "_pat",
        "_sk",
        "api:",
    ]
    .iter()
    .any(|word| look::contains(gap, word.as_bytes()))
}

/// Whether the last six characters are the CRC-32 of the rest in base62, as GitHub and npm write it.
pub(crate) fn checksum_holds(body: &str) -> bool {
    let Some(split) = body.len().checked_sub(6) else {
        return false;
    };
    body.is_char_boundary(split) && checksum(&body.as_bytes()[..split]) == body.as_bytes()[split..]
}

/// The CRC-32 of bytes as six digits of base62.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    crc = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(crc % 62) as usize];
        crc /= 62;
    }
    digits
}
