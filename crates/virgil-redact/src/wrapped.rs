//! Secrets inside base64: a run that decodes to text is read with all rules, and the run goes as a whole.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::scan;
use crate::shape::{ALNUM, Alphabet};
use crate::span::{Rank, Span};

/// The shortest run that is decoded, in characters.
const LEAST: usize = 24;
/// How often base64 may be wrapped in base64.
const DEPTH: u8 = 2;
/// How long the lines of wrapped base64 are, in characters.
const WIDTHS: [usize; 3] = [60, 64, 76];

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN_ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

const RUN: Alphabet = ALNUM.and(Alphabet::of("+/_-"));

static IN_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = RUN.has(byte as u8);
        byte += 1;
    }
    table
};

/// Finds the runs that hide a secret.
pub(crate) fn runs(text: &str, depth: u8, spans: &mut Vec<Span>) {
    if depth >= DEPTH {
        return;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    // Looks at the last byte of the shortest run first: most windows end at once.
    while at + LEAST <= bytes.len() {
        let window = &bytes[at..at + LEAST];
        if let Some(gap) = window.iter().rposition(|byte| !IN_RUN[usize::from(*byte)]) {
            at += gap + 1;
            continue;
        }
        let start = at;
        let mut end = run_end(bytes, at + LEAST);
        at = end;
        let Some(engine) = engine(&bytes[start..start + LEAST], bytes, start, end) else {
            continue;
        };
        let mut encoded = bytes[start..end].to_vec();
        while let Some((from, to)) = next_line(bytes, start, end) {
            encoded.extend_from_slice(&bytes[from..to]);
            end = to;
        }
        at = end;
        let padding = bytes[end..]
            .iter()
            .take(2)
            .take_while(|byte| **byte == b'=')
            .count();
        let Some(decoded) = decode(engine, &encoded) else {
            continue;
        };
        if let Some(inner) = scan::spans(&decoded, crate::file::Kind::Plain, depth + 1).first() {
            spans.push(Span {
                start,
                end: end + padding,
                rule: inner.rule,
                rank: Rank::Place,
            });
        }
    }
}

fn run_end(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..]
        .iter()
        .take_while(|byte| IN_RUN[usize::from(**byte)])
        .count()
}

/// The engine for a run whose first characters decode to printable text.
fn engine(head: &[u8], bytes: &[u8], start: usize, end: usize) -> Option<&'static GeneralPurpose> {
    let mut first = [0; LEAST];
    let engine = if bytes[start..end]
        .iter()
        .any(|byte| matches!(byte, b'-' | b'_'))
    {
        &URL_ENGINE
    } else {
        &PLAIN_ENGINE
    };
    let length = engine.decode_slice(head, &mut first).ok()?;
    let printable = match std::str::from_utf8(&first[..length]) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    (printable && !first[..length].iter().any(|byte| control(*byte))).then_some(engine)
}

fn control(byte: u8) -> bool {
    byte < 32 && !matches!(byte, b'\n' | b'\r' | b'\t')
}

/// The next line of a run that fills its line to a usual width.
fn next_line(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let reach = &bytes[start..end];
    let line = reach
        .iter()
        .rev()
        .take(80)
        .take_while(|byte| IN_RUN[usize::from(**byte)])
        .count();
    if !WIDTHS.contains(&line) || !matches!(bytes.get(end), Some(b'\n' | b'\r')) {
        return None;
    }
    let from = end
        + bytes[end..]
            .iter()
            .take(80)
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
    let newlines = bytes[end..from]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    let to = run_end(bytes, from);
    (newlines == 1 && to > from && to - from <= line).then_some((from, to))
}

fn decode(engine: &GeneralPurpose, encoded: &[u8]) -> Option<String> {
    let most = encoded.len() - usize::from(encoded.len() % 4 == 1);
    let decoded = String::from_utf8(engine.decode(&encoded[..most]).ok()?).ok()?;
    (!decoded.bytes().any(control)).then_some(decoded)
}
