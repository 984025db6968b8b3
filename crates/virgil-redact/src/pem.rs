//! PEM blocks with a private key (RFC 7468 and the older OpenSSL and `OpenPGP` forms).
//!
//! A block may be indented, commented, or written into one string with a literal `\n`. A certificate or a public key
//! stays, and so does a block whose body is only dots or a template.

use crate::shape::BASE64;
use crate::span::{Rank, Span};

pub(crate) const RULE: &str = "private_key";

/// How many characters of base64 make a body.
const LEAST: usize = 24;

/// The block whose `-----BEGIN` stands at `at`.
pub(crate) fn block(text: &str, at: usize) -> Option<Span> {
    let header = text[at..].strip_prefix("-----BEGIN ")?;
    let length = header
        .bytes()
        .take(60)
        .take_while(|byte| *byte == b' ' || byte.is_ascii_alphanumeric())
        .count();
    let label = &header[..length];
    if !label.contains("PRIVATE KEY") || !header[length..].starts_with("-----") {
        return None;
    }
    let body = at + "-----BEGIN ".len() + length + 5;
    // Up to the next marker of any kind, so that a file of headers without ends is walked once.
    let next = text[body..]
        .find("-----")
        .map_or(text.len(), |found| body + found);
    let end = match text[next..]
        .strip_prefix("-----END ")
        .and_then(|rest| rest.strip_prefix(label))
    {
        Some(rest) if rest.starts_with("-----") => next + "-----END ".len() + length + 5,
        _ => body + truncated(&text[body..next]),
    };
    let solid = text.as_bytes()[body..next.min(end)]
        .chunk_by(|left, right| BASE64.has(*left) == BASE64.has(*right))
        .filter(|run| BASE64.has(run[0]))
        .any(|run| run.len() >= LEAST);
    (solid && end > body).then_some(Span {
        start: at,
        end,
        rule: RULE,
        rank: Rank::Token,
    })
}

/// How much of what follows a header without an end is still its body: lines of base64 and header fields.
fn truncated(body: &str) -> usize {
    let mut taken = 0;
    for line in body.split_inclusive('\n') {
        let content = line.trim().trim_end_matches("\\n");
        let field = ["Proc-Type:", "DEK-Info:", "Version:", "Comment:"]
            .iter()
            .any(|name| content.starts_with(name));
        let inside = |byte: u8| BASE64.has(byte) || b"=\\ #*\"'+,".contains(&byte);
        if !field && !content.bytes().all(inside) || content.contains(' ') && !field && taken > 0 {
            // A string goes on behind its closing quote; the key ends there.
            let rest = line
                .bytes()
                .take_while(|byte| BASE64.has(*byte) || b"=\\".contains(byte))
                .count();
            return taken + if rest >= LEAST { rest } else { 0 };
        }
        taken += line.len();
    }
    taken
}
