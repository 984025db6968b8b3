//! Passwords on command lines: `curl -u user:password`, `sshpass -p password`, `docker login -p password`.

use crate::look;
use crate::shape::Alphabet;
use crate::span::{Rank, Span};

pub(crate) const RULE: &str = "command_password";

/// The options that come before a password, in lower case.
pub(crate) const OPTIONS: &[&str] = &[" -u ", " --user ", " -p "];

/// How far before the option its command may stand, in bytes.
const REACH: usize = 200;
const BLANK: Alphabet = Alphabet::of(" \t\r\n\"'`|;<>\\");

/// The password behind the option at `start..end`.
pub(crate) fn password(text: &str, start: usize, end: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let before = &bytes[start.saturating_sub(REACH)..start];
    let line = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(before, |at| &before[at + 1..]);
    let says = |commands: &[&str]| {
        commands
            .iter()
            .any(|command| look::contains(line, command.as_bytes()))
    };
    let alone = bytes[start..end].eq_ignore_ascii_case(b" -p ");
    let known = if alone {
        says(&["sshpass", " login"])
    } else {
        says(&["curl", "wget", "http "])
    };
    if !known {
        return None;
    }
    let quote = usize::from(matches!(bytes.get(end), Some(b'"' | b'\'')));
    let word = bytes[end + quote..]
        .iter()
        .take(REACH)
        .take_while(|byte| !BLANK.has(**byte))
        .count();
    let word = text.get(end + quote..end + quote + word)?;
    let value = if alone { word } else { word.split_once(':')?.1 };
    let start = end + quote + word.len() - value.len();
    let stays = look::placeholder(value)
        || value.len() < 3
        || value.starts_with('-')
        || value.bytes().all(|byte| byte.is_ascii_digit());
    (!stays).then_some(Span {
        start,
        end: start + value.len(),
        rule: RULE,
        rank: Rank::Place,
    })
}
