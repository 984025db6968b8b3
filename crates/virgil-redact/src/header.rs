//! `Authorization` headers and JSON Web Tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::look;
use crate::shape::{ALNUM, Alphabet, URL64};
use crate::span::{Rank, Span};
use crate::token::begins;

pub(crate) const JWT: &str = "json_web_token";
pub(crate) const AUTHORIZATION: &str = "authorization_header";
pub(crate) const DOCKER: &str = "docker_auth";

/// How long one part of a token may be, in bytes.
const PART: usize = 16 * 1024;

/// What the value of a header is made of (token68 of RFC 9110, and the colon of some vendors).
const VALUE: Alphabet = ALNUM.and(Alphabet::of("-._~+/=:|"));

/// The token whose first part begins at `at` (RFC 7519): three parts, the first is JSON with an `alg`.
pub(crate) fn web_token(text: &str, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    if !bytes[at..].starts_with(b"eyJ") || !begins(bytes, at, false) {
        return None;
    }
    let header = URL64.run(&bytes[at..], PART);
    let payload_at = at + header + 1;
    if bytes.get(payload_at - 1) != Some(&b'.') {
        return None;
    }
    let payload = URL64.run(&bytes[payload_at..], PART);
    let signature_at = payload_at + payload + 1;
    if payload < 4 || bytes.get(signature_at - 1) != Some(&b'.') {
        return None;
    }
    let mut end = signature_at + URL64.run(&bytes[signature_at..], PART);
    // An encrypted token has five parts.
    while bytes.get(end) == Some(&b'.') && URL64.run(&bytes[end + 1..], PART) >= 8 {
        end += 1 + URL64.run(&bytes[end + 1..], PART);
    }
    let decoded = URL_SAFE_NO_PAD.decode(&bytes[at..at + header]).ok()?;
    let json = decoded.starts_with(b"{") && look::contains(&decoded, b"\"alg\"");
    (json && end > signature_at).then_some(Span {
        start: at,
        end,
        rule: JWT,
        rank: Rank::Token,
    })
}

/// The credentials behind the word `Authorization` that ends at `at`.
pub(crate) fn authorization(text: &str, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let gap = Alphabet::of("\"'`:=, \\]>(").run(&bytes[at..], 12);
    let scheme_at = at + gap;
    let scheme = Alphabet::of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
        .run(&bytes[scheme_at..], 24);
    let space = Alphabet::of(" ").run(&bytes[scheme_at + scheme..], 4);
    if gap == 0 || scheme == 0 || space == 0 {
        return None;
    }
    let start = scheme_at + scheme + space;
    let end = start + VALUE.run(&bytes[start..], PART);
    let value = &text[start..end];
    if look::placeholder(value)
        || look::filler(value)
        || matches!(bytes.get(end), Some(b'(' | b'[' | b'{'))
    {
        return None;
    }
    let secret = match &text[scheme_at..scheme_at + scheme] {
        name if name.eq_ignore_ascii_case("basic") => decodes_to_pair(value),
        name if [
            "bearer",
            "token",
            "apikey",
            "api-key",
            "key",
            "ssws",
            "splunk",
            "bot",
            "genie-key",
            "digest",
        ]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known)) =>
        {
            value.len() >= 10 && (look::random(value) || look::uuid(value) || look::commit(value))
        }
        _ => false,
    };
    secret.then_some(Span {
        start,
        end,
        rule: AUTHORIZATION,
        rank: Rank::Place,
    })
}

/// The value of `"auth"` in a Docker configuration: base64 of `user:password`. The key ends at `at`.
pub(crate) fn docker(text: &str, at: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let gap = Alphabet::of(" :\"\\\t").run(&bytes[at..], 12);
    let start = at + gap;
    let end = start + crate::shape::PADDED64.run(&bytes[start..], PART);
    let quoted = bytes[at..start].contains(&b':') && matches!(bytes.get(end), Some(b'"' | b'\\'));
    (quoted && decodes_to_pair(&text[start..end])).then_some(Span {
        start,
        end,
        rule: DOCKER,
        rank: Rank::Place,
    })
}

fn decodes_to_pair(value: &str) -> bool {
    let Ok(decoded) = STANDARD_NO_PAD.decode(value.trim_end_matches('=')) else {
        return false;
    };
    let Ok(pair) = std::str::from_utf8(&decoded) else {
        return false;
    };
    let Some((_, password)) = pair.split_once(':') else {
        return false;
    };
    !pair.contains(char::is_control) && !look::placeholder(password)
}
