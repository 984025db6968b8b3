//! Takes secrets out of bytes before anything else sees them.
//!
//! [`redact`] replaces every secret of a text by one plain word, `REDACTED_` and the name of the rule. What it promises:
//! lines never move, what was redacted stays as it is when it is redacted again, a text without a secret is not copied,
//! the time is linear in the text, and no finding holds the value it found.
//!
//! There are two kinds of rules. The table (`table.rs`) has one row for each token format of a provider; `shape.rs` is
//! its little language. The other modules know places where secrets stand: PEM blocks, addresses, headers, manifests,
//! files with a telling path, names that sound like a secret, and base64 around any of these. One automaton over all
//! prefixes and words (`scan.rs`, the place to start reading) leads to each of them.

mod command;
mod file;
mod header;
mod look;
mod manifest;
mod name;
mod pem;
mod scan;
mod shape;
mod span;
mod table;
mod token;
mod url;
mod wrapped;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// The version of the rules: what was redacted by another version is to be redacted again.
pub const REDACTOR_VERSION: u32 = 1;

/// How often a text is walked until nothing is found any more.
const ROUNDS: usize = 8;

/// One kind of secret.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What stands behind `REDACTED_`.
    pub name: &'static str,
    /// Who issues such secrets, or the format that they belong to.
    pub provider: &'static str,
    /// What the secret is.
    pub what: &'static str,
}

/// A secret was there; what it was is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// The line where the secret began, from 1.
    pub line: u32,
}

/// A text without its secrets.
#[derive(Debug, Clone)]
pub struct Redacted<'a> {
    /// The text; borrowed when nothing was found.
    pub text: Cow<'a, str>,
    /// What was found, by line.
    pub found: Vec<Finding>,
}

/// Replaces the secrets of a text; its path, where there is one, says what kind of file it is.
pub fn redact<'a>(text: &'a str, path: Option<&str>) -> Redacted<'a> {
    let kind = file::kind(path);
    let mut redacted = Redacted {
        text: Cow::Borrowed(text),
        found: Vec::new(),
    };
    // What stands behind a long secret may come into the reach of a word when the secret is gone.
    for _ in 0..ROUNDS {
        let spans = scan::spans(&redacted.text, kind, 0);
        if spans.is_empty() {
            break;
        }
        find(&redacted.text, &spans, &mut redacted.found);
        redacted.text = Cow::Owned(span::replace(&redacted.text, &spans));
    }
    redacted.found.sort_by_key(|finding| finding.line);
    redacted
}

fn find(text: &str, spans: &[span::Span], found: &mut Vec<Finding>) {
    let mut line = 1;
    let mut at = 0;
    for span in spans {
        line += text[at..span.start]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count() as u32;
        at = span.start;
        found.push(Finding {
            rule: span.rule,
            line,
        });
    }
}

/// Every rule: the rows of the table, then the rules for places.
pub fn rules() -> impl Iterator<Item = Rule> {
    table::ROWS
        .iter()
        .map(|row| row.rule)
        .chain(PLACES.iter().copied())
}

const fn place(name: &'static str, provider: &'static str, what: &'static str) -> Rule {
    Rule {
        name,
        provider,
        what,
    }
}

static PLACES: &[Rule] = &[
    place(pem::RULE, "PEM", "private key block"),
    place(url::RULE, "URL", "password in an address"),
    place(
        name::CONNECTION,
        "ADO, JDBC, ODBC",
        "password in a connection string",
    ),
    place(
        name::ASSIGNMENT,
        "any",
        "value of a name that sounds like a secret",
    ),
    place(
        command::RULE,
        "curl, sshpass, docker",
        "password on a command line",
    ),
    place(header::JWT, "RFC 7519", "JSON Web Token"),
    place(
        header::AUTHORIZATION,
        "HTTP",
        "credentials of an Authorization header",
    ),
    place(header::DOCKER, "Docker", "registry credentials"),
    place(manifest::RULE, "Kubernetes", "value of a Secret manifest"),
    place(file::ENVIRONMENT, "dotenv", "value in an environment file"),
    place(file::KEY, "any", "key file"),
    place(
        file::PASSWORD,
        "netrc, pgpass, htpasswd",
        "password in a password file",
    ),
];
