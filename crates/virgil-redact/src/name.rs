//! Values assigned to a name that sounds like a secret: `password = "…"`, `"apiKey": "…"`, `TOKEN=…`, `<secret>…`.
//!
//! The value must be written out and look drawn by chance. Expressions, references, paths, addresses and words stay,
//! and so does the value of a name that goes on to say something else (`token_type`, `secretName`).

use crate::look;
use crate::shape::{Alphabet, WORD};
use crate::span::{Rank, Span};

pub(crate) const ASSIGNMENT: &str = "secret_assignment";
pub(crate) const CONNECTION: &str = "connection_password";

/// The words that make a name sound like a secret.
pub(crate) const WORDS: &[&str] = &[
    "password",
    "passwd",
    "_pass",
    "requirepass",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "accesskey",
    "access-key",
    "private_key",
    "privatekey",
    "private-key",
    "signing_key",
    "signingkey",
    "encryption_key",
    "encryptionkey",
    "auth_key",
    "authkey",
    "app_key",
    "appkey",
    "master_key",
    "masterkey",
    "account_key",
];

/// How a name goes on when its value is no secret.
const OTHER: &str = "name id ids type file path url uri endpoint ref count limit length len size ttl expir \
    hash digest checksum fingerprint arn version field header iz provider class polic \
    pattern regex format prefix rotat store manager namespace label reset less mount dir \
    lifetime budget usage index alias selector identifier project bucket generator \
    validator public issuer scope at";

/// How long a name may go on behind its word, in bytes.
const NAME: usize = 60;
/// How long a value may be, in bytes.
const VALUE: usize = 1024;

/// Where the value of a name stands, and how it is written.
struct Value<'a> {
    start: usize,
    text: &'a str,
    quoted: bool,
    /// The separator is one equals sign, as in a connection string.
    equals: bool,
    /// Only a blank stands between the name and the value, as on a command line or in a sentence.
    spaced: bool,
}

impl Value<'_> {
    fn span(&self, rule: &'static str, rank: Rank) -> Span {
        Span {
            start: self.start,
            end: self.start + self.text.len(),
            rule,
            rank,
        }
    }
}

/// The secret assigned to the name with the word at `start..end`.
pub(crate) fn assigned(text: &str, start: usize, end: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let name_end = end + NAME_PART.run(&bytes[end..], NAME);
    let word = &text[start..end];
    let rest = &text[end..name_end];
    if says_other(rest) {
        return None;
    }
    let value = value(text, start, name_end)?;
    let password =
        word.as_bytes()[0].eq_ignore_ascii_case(&b'p') && !look::contains(word.as_bytes(), b"key");
    if password && rest.is_empty() && value.equals && in_connection(text, start, &value) {
        return (!look::placeholder(value.text)).then(|| value.span(CONNECTION, Rank::Place));
    }
    let name = before(bytes, start);
    let other = ["page", "continu", "next", "cursor", "public", "hash"]
        .iter()
        .any(|word| look::contains(name, word.as_bytes()));
    let flag = name.first() == Some(&b'-');
    let strong = !word.eq_ignore_ascii_case("credential") && (flag || !value.spaced);
    (!other && literal(&value, strong, password)).then(|| value.span(ASSIGNMENT, Rank::Name))
}

const NAME_PART: Alphabet = WORD.and(Alphabet::of("-."));

/// The part of the name in front of the word.
fn before(bytes: &[u8], start: usize) -> &[u8] {
    let from = start.saturating_sub(NAME);
    let length = bytes[from..start]
        .iter()
        .rev()
        .take_while(|byte| NAME_PART.has(**byte))
        .count();
    &bytes[start - length..start]
}

/// Whether a name such as `secretName` or `token_type` goes on with another thing.
fn says_other(rest: &str) -> bool {
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    let mut from = 0;
    for at in 1..=rest.len() {
        let bytes = rest.as_bytes();
        let ends = at == rest.len()
            || !bytes[at].is_ascii_alphanumeric()
            || bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase();
        if ends {
            let segment = rest[from..at].trim_start_matches(['_', '-', '.']);
            let other = OTHER.split_ascii_whitespace().any(|word| {
                let head = segment.as_bytes().get(..word.len());
                let whole = word.len() > 2 || segment.len() == word.len();
                whole && head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
            });
            let ization = from == 0 && segment.to_ascii_lowercase().starts_with("iz");
            if other || ization {
                return true;
            }
            from = at;
        }
    }
    false
}

fn skip(bytes: &[u8], at: usize, of: &[u8], most: usize) -> usize {
    at + bytes[at.min(bytes.len())..]
        .iter()
        .take(most)
        .take_while(|byte| of.contains(byte))
        .count()
}

/// Finds the value behind the name that ends at `name_end`.
fn value(text: &str, start: usize, name_end: usize) -> Option<Value<'_>> {
    let bytes = text.as_bytes();
    let mut at = skip(bytes, name_end, b"\\\"'`])", 4);
    at = value_key(bytes, skip(bytes, at, b" \t", 40));
    let rest = &bytes[at..];
    let separator = match rest {
        [b':', b'=', ..] | [b'=', b'>' | b'=', ..] => 2,
        [b'=' | b':' | b'>', ..] => 1,
        [b',', ..] if at > name_end && bytes[at - 1] != b' ' => 1,
        _ if at == name_end + 1 && bytes[name_end] == b' ' => 0,
        _ => return None,
    };
    let equals = rest.first() == Some(&b'=') && separator == 1;
    let colon = rest.first() == Some(&b':');
    let spaced = separator == 0;
    at = skip(bytes, at + separator, b" \t", 40);
    if spaced && bytes[at..].starts_with(b"is ") {
        at += 3;
    }
    if colon {
        at = typed(bytes, at);
    }
    if matches!(bytes.get(at), Some(b'r' | b'b' | b'u'))
        && matches!(bytes.get(at + 1), Some(b'"' | b'\''))
    {
        at += 1;
    }
    let (open, escaped) = match &bytes[at.min(bytes.len())..] {
        [quote @ (b'"' | b'\'' | b'`'), ..] => (Some(*quote), false),
        [b'\\', quote @ (b'"' | b'\''), ..] => (Some(*quote), true),
        _ => (None, false),
    };
    let query =
        matches!(before(bytes, start), []) && start > 0 && matches!(bytes[start - 1], b'?' | b'&');
    let start = at + usize::from(open.is_some()) + usize::from(escaped);
    let reach = &bytes[start..bytes.len().min(start + VALUE)];
    let length = match open {
        Some(quote) => {
            let length = reach
                .iter()
                .position(|byte| *byte == quote || *byte == b'\n')?;
            if reach[length] == b'\n' {
                return None;
            }
            length - usize::from(escaped && length > 0 && reach[length - 1] == b'\\')
        }
        None => reach
            .iter()
            .position(|byte| {
                byte.is_ascii_whitespace()
                    || b",;\"'`<>|\\)]}".contains(byte)
                    || query && *byte == b'&'
            })
            .unwrap_or(reach.len()),
    };
    let call = open.is_none()
        && matches!(reach.get(length), Some(b'(' | b'[' | b')' | b'<'))
        && reach[..length].contains(&b'(');
    let text = text.get(start..start + length)?;
    (!call).then_some(Value {
        start,
        text,
        quoted: open.is_some(),
        equals,
        spaced,
    })
}

/// Moves past `value` where the name was only the name of a name: `<add key="…" value="…">`, `name: …` and `value: …`.
fn value_key(bytes: &[u8], at: usize) -> usize {
    let mut next = at;
    if bytes.get(next) == Some(&b',') {
        next = skip(bytes, next + 1, b" ", 4);
    }
    if matches!(bytes.get(next), Some(b'\n' | b'\r')) {
        next = skip(bytes, next, b"\r\n \t", 60);
    }
    next = skip(bytes, next, b"\"'", 1);
    if next == at || !bytes[next..].starts_with(b"value") {
        return if bytes[at..].starts_with(b"value=") {
            at + 5
        } else {
            at
        };
    }
    let end = skip(bytes, next + 5, b"\"' ", 3);
    if matches!(bytes.get(end), Some(b':' | b'=')) {
        end
    } else {
        at
    }
}

/// Moves past the type in `token: &str = "…"` to the value.
fn typed(bytes: &[u8], at: usize) -> usize {
    let kind = skip(
        bytes,
        at,
        b"&'_?[]<>|ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        40,
    );
    let equals = skip(bytes, kind, b" ", 4);
    let quoted = skip(bytes, equals + 1, b" ", 4);
    let is_type = kind > at
        && bytes.get(equals) == Some(&b'=')
        && matches!(bytes.get(quoted), Some(b'"' | b'\''));
    if is_type { quoted } else { at }
}

/// Whether the value is written out and looks like a secret.
fn literal(value: &Value<'_>, strong: bool, password: bool) -> bool {
    let text = value.text;
    if value.spaced && !(strong || text.starts_with(|first: char| first.is_ascii_alphanumeric())) {
        return false;
    }
    if text.len() < 8 || !value.quoted && text.trim_end_matches('=').contains('=') {
        return false;
    }
    if text.contains(char::is_whitespace) || look::placeholder(text) || text.contains("://") {
        return false;
    }
    let expression: &[char] = if value.quoted {
        &['{', '}', '<', '>']
    } else {
        &['(', ')', '[', ']', '{', '}', '<', '>', '$']
    };
    let composed =
        password && strong && look::composed(text) && (value.quoted || !text.contains('('));
    if text.contains(expression) && !(composed && value.quoted) {
        return false;
    }
    let path = [
        "/",
        "./",
        "../",
        "~/",
        "arn:",
        "vault:",
        "file:",
        "projects/",
        "@",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    let file = text.rsplit_once('.').is_some_and(|(_, end)| {
        [
            "json", "yaml", "yml", "pem", "txt", "key", "crt", "md", "html", "com", "io", "org",
            "py", "go",
        ]
        .contains(&end)
    });
    // What kubeseal writes begins with its version byte and is long.
    let sealed = text.starts_with("Ag") && text.len() > 300;
    if path || file || sealed || digest(text) {
        return false;
    }
    // Members of members in code, such as `k8sHelper.getK8sSecret`.
    let member =
        |part: &str| part.len() < 32 && part.starts_with(|first: char| first.is_ascii_alphabetic());
    if !value.quoted && text.contains('.') && text.split('.').all(member) {
        return false;
    }
    if look::uuid(text) || look::commit(text) {
        return strong;
    }
    composed || text.len() >= 12 && look::random(text)
}

fn digest(text: &str) -> bool {
    ["sha1", "sha256", "sha384", "sha512", "md5", "h1"]
        .iter()
        .any(|name| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([':', '-', '=']))
        })
}

/// Whether `password=` stands in a connection string (ADO, JDBC, ODBC) or in the query of an address.
fn in_connection(text: &str, start: usize, value: &Value<'_>) -> bool {
    let bytes = text.as_bytes();
    if value.text.contains(['(', ')', '{', '}', '[']) {
        return false;
    }
    let line = &bytes[start.saturating_sub(240)..start];
    let line = line
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(line, |newline| &line[newline + 1..]);
    let end = value.start + value.text.len();
    let behind = &bytes[end..bytes.len().min(end + 240)];
    let behind = behind
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(behind, |newline| &behind[..newline]);
    let says = |words: &[&str]| {
        words.iter().any(|word| {
            look::contains(line, word.as_bytes()) || look::contains(behind, word.as_bytes())
        })
    };
    match line.last() {
        Some(b'?' | b'&') => says(&["://", "jdbc:"]),
        _ => {
            says(&[
                "server=",
                "data source=",
                "host=",
                "user id=",
                "uid=",
                "userid=",
                "jdbc:",
                "username=",
                "initial catalog=",
            ]) && (line.contains(&b';') || behind.contains(&b';'))
        }
    }
}
