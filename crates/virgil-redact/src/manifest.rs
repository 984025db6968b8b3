//! Kubernetes manifests of `kind: Secret`, in YAML or JSON: the values below `data` and `stringData`.
//!
//! The manifest is walked by its lines or braces rather than parsed, because it may stand in a template, in the middle
//! of documentation, or be broken. An `ExternalSecret` or a `SealedSecret` is another kind and stays.

use crate::look;
use crate::span::{Rank, Span};

pub(crate) const RULE: &str = "kubernetes_secret";

/// How far before its kind a manifest may begin, in bytes.
const BEFORE: usize = 64 * 1024;
/// How far before a kind its line may begin, in bytes.
const LINE: usize = 4096;
/// How far behind its kind a manifest is followed, in bytes.
const BEHIND: usize = 1024 * 1024;

/// How far manifests have been followed: nothing before is looked at again.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    yaml: usize,
    json: usize,
}

/// Finds the values of the manifest whose kind is the word at `start..end`.
pub(crate) fn secret(
    text: &str,
    start: usize,
    end: usize,
    followed: &mut Followed,
    spans: &mut Vec<Span>,
) {
    if text[start..end] != *"Secret" {
        return;
    }
    let reach = text.floor_char_boundary(start.saturating_sub(LINE));
    let newline = text[reach..start]
        .rfind('\n')
        .map(|newline| reach + newline + 1);
    let line = newline.unwrap_or(reach);
    let before = &text[line..start];
    let key = before.trim_end_matches(['"', '\'', '\\']).trim_end();
    let Some(key) = key.strip_suffix(':') else {
        return;
    };
    let behind = text.as_bytes().get(end).copied();
    if key.ends_with("kind") && before.ends_with([' ', '"', '\'']) && !key.ends_with("\"kind") {
        let head = key.strip_suffix("kind").unwrap_or(key);
        let plain = head
            .chars()
            .all(|character| matches!(character, ' ' | '-' | '\t' | '#' | '>' | '|' | '*'));
        let ends = behind.is_none_or(|byte| b"\"' \r\n#".contains(&byte));
        if plain && ends && line >= followed.yaml && (newline.is_some() || reach == 0) {
            followed.yaml = yaml(text, line, head.chars().count(), followed.yaml, spans);
        }
    } else if start >= followed.json && (key.ends_with("kind\"") || key.ends_with("kind\\\"")) {
        let quote = if key.ends_with("\\\"") { "\\\"" } else { "\"" };
        followed.json = json(text, start, followed.json, quote, spans);
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-', '#', '>', '\t']).len()
}

/// Walks the mapping around the line at `kind` whose keys stand at column `column`.
fn yaml(text: &str, kind: usize, column: usize, floor: usize, spans: &mut Vec<Span>) -> usize {
    let mut first = kind;
    // Back to the head of the mapping: a line with less indent, the dash of its list item, or a document marker.
    let own = &text[kind..kind + column];
    if !own.contains('-') {
        let mut end = kind;
        while end > floor && kind - end < BEFORE {
            let start = text[..end - 1].rfind('\n').map_or(0, |newline| newline + 1);
            let line = &text[start..end];
            let blank = line.trim().is_empty();
            if start < floor
                || line.starts_with("---")
                || line.starts_with("```")
                || !blank && indent(line) < column
            {
                break;
            }
            first = start;
            let item = line.get(..column).is_some_and(|head| head.contains('-'));
            if item {
                break;
            }
            end = start;
        }
    }
    let mut at = first;
    let mut inside: Option<Entry> = None;
    for line in text[first..].split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_end();
        let depth = indent(line);
        if start > kind {
            let head = line.get(..column).unwrap_or_default();
            let next_item = depth == column && head.contains('-');
            let over =
                content.starts_with("---") || content.starts_with("```") || at - kind > BEHIND;
            if over || !content.is_empty() && (depth < column || next_item) {
                at = start;
                break;
            }
        }
        // In a manifest that is itself a comment every line begins like this.
        let comment = !own.contains('#') && content.trim_start().starts_with('#');
        if content.is_empty() || comment && !inside.as_ref().is_some_and(|entry| entry.goes_on) {
            continue;
        }
        if depth <= column {
            let key = line
                .trim_start_matches([' ', '-', '#', '>', '\t'])
                .trim_end();
            inside = matches!(
                key.split(" #").next().map(str::trim),
                Some("data:" | "stringData:")
            )
            .then_some(Entry::default());
            flow(text, start, line, key, spans);
            continue;
        }
        if let Some(entry) = &mut inside {
            entry.line(text, start, line, depth, spans);
        }
    }
    at.max(floor)
}

/// `data: {password: …}` on one line.
fn flow(text: &str, start: usize, line: &str, key: &str, spans: &mut Vec<Span>) {
    if !["data: {", "stringData: {"]
        .iter()
        .any(|head| key.starts_with(head))
    {
        return;
    }
    let open = line.find('{').map_or(line.len(), |brace| brace + 1);
    let mut at = start + open;
    for pair in line[open..].split(',') {
        if let Some((name, value)) = pair.split_once(':') {
            let value_at = at + name.len() + 1;
            push(
                text,
                value_at,
                value_at + value.trim_end().trim_end_matches(['}', ' ']).len(),
                spans,
            );
        }
        at += pair.len() + 1;
    }
}

/// Where the walk is inside `data`.
#[derive(Default)]
struct Entry {
    /// The column of the keys.
    keys: Option<usize>,
    /// The last value may go on in deeper lines.
    goes_on: bool,
}

impl Entry {
    fn line(&mut self, text: &str, start: usize, line: &str, depth: usize, spans: &mut Vec<Span>) {
        let keys = *self.keys.get_or_insert(depth);
        let end = start + line.trim_end().len();
        if depth > keys && self.goes_on {
            // The lines of one block are one span when they follow each other.
            let from = start + depth.min(line.trim_end().len());
            match spans.last_mut() {
                Some(last) if last.rule == RULE && text[last.end..from].trim().is_empty() => {
                    last.end = end
                }
                _ => push(text, from, end, spans),
            }
            return;
        }
        let content = &line[depth.min(line.len())..];
        self.goes_on = false;
        // A comment in the block is not a key, a template directive neither.
        let Some(colon) = content
            .find(": ")
            .or_else(|| content.trim_end().strip_suffix(':').map(str::len))
        else {
            return;
        };
        if content.starts_with("{{") {
            return;
        }
        self.goes_on = true;
        let value_at = start + depth.min(line.len()) + colon + 1;
        let value = text[value_at..end].trim_start();
        if value.starts_with(['|', '>']) && value.len() <= 3 {
            return;
        }
        push(text, value_at, end, spans);
    }
}

/// Pushes what is left of a value without blanks, quotes and a comment, unless it stands for something else.
fn push(text: &str, start: usize, end: usize, spans: &mut Vec<Span>) {
    let Some(raw) = text.get(start..end) else {
        return;
    };
    let trimmed = raw.trim_start();
    let mut start = start + raw.len() - trimmed.len();
    let mut value = trimmed.trim_end();
    if let Some(rest) = value.strip_prefix(['!', '&']) {
        let Some((tag, rest)) = rest.split_once(' ') else {
            return;
        };
        start += tag.len() + 2;
        value = rest;
    }
    let quote = value
        .chars()
        .next()
        .filter(|character| matches!(character, '"' | '\''));
    let value = match quote {
        Some(quote) => {
            start += 1;
            value[1..]
                .split_once(quote)
                .map_or(&value[1..], |(value, _)| value)
        }
        None => value.split(" #").next().unwrap_or(value).trim_end(),
    };
    // In a manifest the name `password` may well be the password; only templates and stand-ins stay.
    let stays = value.is_empty()
        || matches!(value, "{}" | "null" | "~")
        || look::placeholder(value) && !word(value);
    if !stays {
        spans.push(Span {
            start,
            end: start + value.len(),
            rule: RULE,
            rank: Rank::Place,
        });
    }
}

fn word(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !value.starts_with("REDACTED")
        && !["changeme", "example", "placeholder", "xxx"]
            .iter()
            .any(|part| look::contains(value.as_bytes(), part.as_bytes()))
}

/// Walks the object around `kind` whose strings are quoted with `quote`.
fn json(text: &str, kind: usize, floor: usize, quote: &str, spans: &mut Vec<Span>) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_i32;
    let mut open = None;
    for at in (floor.max(kind.saturating_sub(BEFORE))..kind).rev() {
        match bytes[at] {
            b'}' => depth += 1,
            b'{' if depth == 0 => {
                open = Some(at);
                break;
            }
            b'{' => depth -= 1,
            _ => {}
        }
    }
    let Some(open) = open else {
        return kind;
    };
    let most = bytes.len().min(open + BEHIND);
    let mut at = open + 1;
    let mut depth = 1;
    let mut key = "";
    let mut data = false;
    while at < most && depth > 0 {
        match bytes[at] {
            b'{' | b'[' => {
                depth += 1;
                data = data && depth > 2 || depth == 2 && matches!(key, "data" | "stringData");
            }
            b'}' | b']' => {
                depth -= 1;
                data &= depth > 1;
            }
            _ if bytes[at..].starts_with(quote.as_bytes()) => {
                let start = at + quote.len();
                let Some(end) = string_end(bytes, start, most, quote.as_bytes()) else {
                    break;
                };
                let value = &text[start..end];
                let behind = bytes[end + quote.len()..most]
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace());
                let ahead = bytes[open..at]
                    .iter()
                    .rev()
                    .find(|byte| !byte.is_ascii_whitespace());
                // In code a string may be a part of an expression; a value stands alone.
                let alone = ahead == Some(&b':') && matches!(behind, Some(b',' | b'}') | None);
                let filled = !value.is_empty() && (word(value) || !look::placeholder(value));
                if behind == Some(&b':') {
                    key = value;
                } else if data && alone && filled {
                    spans.push(Span {
                        start,
                        end,
                        rule: RULE,
                        rank: Rank::Place,
                    });
                }
                at = end + quote.len();
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    at.max(kind)
}

/// Where the string that began before `at` ends.
fn string_end(bytes: &[u8], mut at: usize, most: usize, quote: &[u8]) -> Option<usize> {
    while at < most {
        if bytes[at..].starts_with(quote) {
            return Some(at);
        }
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    None
}
