//! Files whose path says what is in them: environment files, key files, password files, lock files.

use crate::look;
use crate::span::{Rank, Span};

pub(crate) const KEY: &str = "key_file";
pub(crate) const ENVIRONMENT: &str = "environment_value";
pub(crate) const PASSWORD: &str = "password_file";

/// What the path says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// Full of digests: only unmistakable formats count.
    Lock,
    Environment,
    Key,
    Netrc,
    Pgpass,
    Htpasswd,
}

const LOCKS: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "packages.lock.json",
    "go.sum",
    "go.work.sum",
    "bun.lockb",
    "Package.resolved",
    "lock.json",
    ".terraform.lock.hcl",
    "cabal.project.freeze",
    "yarn.lock",
];

/// What a path says; templates such as `.env.example` are plain files.
pub(crate) fn kind(path: Option<&str>) -> Kind {
    let Some(path) = path else { return Kind::Plain };
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let template = ["example", "sample", "template", "dist", "tpl"].contains(&extension);
    let key_name = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity"].contains(&name);
    match name {
        _ if LOCKS.contains(&name) || extension == "lock" => Kind::Lock,
        ".netrc" | "_netrc" => Kind::Netrc,
        ".pgpass" | "pgpass.conf" => Kind::Pgpass,
        ".htpasswd" => Kind::Htpasswd,
        _ if template => Kind::Plain,
        _ if name == ".env"
            || name.starts_with(".env.")
            || extension == "env"
            || name == ".envrc" =>
        {
            Kind::Environment
        }
        _ if key_name && !path.contains("src/") => Kind::Key,
        _ if ["pem", "ppk", "p8"].contains(&extension) => Kind::Key,
        _ => Kind::Plain,
    }
}

/// The secrets that stand where the kind of the file puts them.
pub(crate) fn scan(text: &str, kind: Kind, spans: &mut Vec<Span>) {
    match kind {
        Kind::Plain | Kind::Lock => {}
        Kind::Key => spans.extend(whole(text)),
        Kind::Netrc => words(text, spans),
        Kind::Environment => lines(text, ENVIRONMENT, spans, environment),
        Kind::Pgpass => lines(text, PASSWORD, spans, |line| {
            let from = line.match_indices(':').nth(3)?.0 + 1;
            Some((from, line.len()))
        }),
        Kind::Htpasswd => lines(text, PASSWORD, spans, |line| {
            Some((line.find(':')? + 1, line.len()))
        }),
    }
}

/// A key file without the markers that other rules go by is a secret as a whole.
fn whole(text: &str) -> Option<Span> {
    let start = text.len() - text.trim_start().len();
    let end = text.trim_end().len();
    let marked =
        text.contains("-----BEGIN ") || text.contains("REDACTED_") || text.starts_with("ssh-");
    let sealed =
        text.contains("Private-Lines:") || text.split_whitespace().any(|word| word.len() >= 32);
    (!marked && sealed).then_some(Span {
        start,
        end,
        rule: KEY,
        rank: Rank::Place,
    })
}

/// Applies a rule for lines: which bytes of a line are its secret.
fn lines(
    text: &str,
    rule: &'static str,
    spans: &mut Vec<Span>,
    value: impl Fn(&str) -> Option<(usize, usize)>,
) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some((start, end)) = value(content).filter(|_| !content.starts_with('#')) {
            let found = content.get(start..end).unwrap_or_default();
            if !look::placeholder(found) && !found.contains("REDACTED_") {
                spans.push(Span {
                    start: at + start,
                    end: at + end,
                    rule,
                    rank: Rank::Place,
                });
            }
        }
        at += line.len();
    }
}

/// The value of a line of an environment file, where its name sounds like a secret or it looks drawn by chance.
fn environment(line: &str) -> Option<(usize, usize)> {
    let equals = line.find('=')?;
    let name = line[..equals].trim().trim_start_matches("export ");
    let mut start = equals + 1;
    let mut value = &line[start..];
    let blank = value.len() - value.trim_start().len();
    (start, value) = (start + blank, value.trim_start());
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            start += 1;
            value = value[1..]
                .split_once(quote)
                .map_or(&value[1..], |(value, _)| value);
        }
        _ => value = value.split(" #").next().unwrap_or(value).trim_end(),
    }
    let upper = name.to_ascii_uppercase();
    let says = [
        "PASSWORD",
        "PASSWD",
        "PWD",
        "SECRET",
        "TOKEN",
        "CREDENTIAL",
        "PASSPHRASE",
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "_KEY",
        "_PASS",
        "_PAT",
        "SALT",
    ]
    .iter()
    .any(|word| upper.contains(word));
    let other = [
        "_FILE", "_PATH", "_URL", "_ID", "_NAME", "_TTL", "_TYPE", "_EXPIRY", "_LENGTH",
        "_TIMEOUT", "_LIMIT", "_ENABLED",
    ]
    .iter()
    .any(|end| upper.ends_with(end));
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 6
        || value.contains("://")
        || value.starts_with(['/', '.'])
        || matches!(value, "yes" | "no" | "on" | "off");
    let random = value.len() >= 16
        && !value.contains([' ', '/', ','])
        && look::random(value)
        && !look::uuid(value)
        && !look::commit(value)
        && !value.starts_with("sha256:");
    let secret = says && !other && !plain && value.len() >= 3 || random;
    secret.then_some((start, start + value.len()))
}

/// The words behind `password` in a `.netrc`.
fn words(text: &str, spans: &mut Vec<Span>) {
    let mut behind = false;
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if behind && !word.is_empty() {
            if !look::placeholder(word) {
                spans.push(Span {
                    start: at,
                    end: at + word.len(),
                    rule: PASSWORD,
                    rank: Rank::Place,
                });
            }
            behind = false;
        }
        behind |= word == "password" || word == "passwd";
        // Every kind of white space has its own width.
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
}
