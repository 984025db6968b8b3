//! What holds for every text.

use proptest::prelude::*;

use crate::redact;

fn check(text: &str, path: Option<&str>) {
    let once = redact(text, path);
    let newlines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    assert_eq!(newlines(text), newlines(&once.text), "{text:?}");
    assert_eq!(
        text.split('\n').count(),
        once.text.split('\n').count(),
        "{text:?}"
    );
    let twice = redact(&once.text, path);
    assert_eq!(once.text, twice.text, "{text:?}");
    assert!(twice.found.is_empty());
    assert_eq!(
        once.found.is_empty(),
        matches!(once.text, std::borrow::Cow::Borrowed(_))
    );
}

/// Pieces of which texts with secrets, and nearly with secrets, are made.
const PIECES: &[&str] = &[
    "AKIA",
    "AKIAZ7QK2M4XW6TPL3VN",
    "ghp_",
    "sk-",
    "eyJhbGciOiJIUzI1NiJ9.",
    "eyJzdWIiOiIxIn0.",
    "c2lnbmF0dXJl",
    "\n",
    "\n",
    "  ",
    " ",
    "=",
    ": ",
    "\"",
    "'",
    "\\n",
    "password",
    "token",
    "api_key",
    "datadog",
    "x8Kq2LmZp0VtR4",
    "9f86d081884c7d659a2feaa0c55ad015",
    "kind: Secret\n",
    "data:\n  a: b3BlbnNlc2FtZQ==\n",
    "  key: |\n    one\n    two\n",
    "---\n",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "postgres://",
    "user:",
    "hunter2@",
    "@",
    "é",
    "\u{1F600}",
    "\r\n",
    "- ",
    "{",
    "}",
    "\"kind\": \"Secret\"",
    "\"data\": {",
    "Authorization: Bearer ",
    "REDACTED_",
    "#",
    "AgA",
    ";",
    "Server=a;",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn lines_stay_and_a_second_time_finds_nothing(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
        path in prop::sample::select(&[None, Some(".env"), Some("id_rsa"), Some(".netrc"), Some(".pgpass"), Some(".htpasswd"), Some("yarn.lock")][..]),
    ) {
        check(&pieces.concat(), path);
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        check(&text, None);
    }

    #[test]
    fn no_ascii_is_too_strange(text in "[ -~\n]{0,200}") {
        check(&text, None);
        check(&text, Some("a.env"));
    }
}

#[test]
fn a_finding_names_the_line_and_newlines_stand_behind_the_word() {
    let text = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END RSA PRIVATE KEY-----\nb\n";
    let redacted = redact(text, None);
    assert_eq!(redacted.text, "a\nREDACTED_private_key\n\n\nb\n");
    assert_eq!(
        (redacted.found[0].rule, redacted.found[0].line),
        ("private_key", 2)
    );
}

/// Texts made to be walked again and again: a bounded look ahead keeps each of them in the time of a few walks.
#[test]
fn no_text_takes_long() {
    for piece in [
        "kind: Secret\n",
        "\"kind\": \"Secret\" ",
        "{\"kind\": \"Secret\" ",
        "-----BEGIN PRIVATE KEY-----\n",
        "http://a:",
        "eyJ",
        "token=",
        "session_token=a=",
        "password: \"",
        "AKIA",
        "authorization: basic ",
        "data:\n  a: |\n",
        "aGVsbG8gd29ybGQs",
        "glpat-",
        "(",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        let began = std::time::Instant::now();
        redact(&text, None);
        assert!(
            began.elapsed().as_secs() < 3,
            "{piece:?} took {:?}",
            began.elapsed()
        );
    }
}
