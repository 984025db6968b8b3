//! One walk over a text with one automaton, and what to look at where a word of it stands.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::file::Kind;
use crate::span::{Span, join};
use crate::table::{ROWS, Row};
use crate::{command, file, header, manifest, name, pem, token, url, wrapped};

/// What a word of the automaton may be the beginning of.
#[derive(Debug, Clone, Copy)]
enum Anchor {
    Prefix(&'static Row, &'static str),
    Word(&'static Row),
    Pem,
    Url,
    WebToken,
    Authorization,
    Docker,
    Name,
    Command,
    Manifest,
}

const STRUCTURES: &[(&str, Anchor)] = &[
    ("-----begin ", Anchor::Pem),
    ("://", Anchor::Url),
    ("eyj", Anchor::WebToken),
    ("authorization", Anchor::Authorization),
    ("\"auth\"", Anchor::Docker),
    ("\"auth\\\"", Anchor::Docker),
    ("secret", Anchor::Manifest),
];

struct Anchors {
    automaton: AhoCorasick,
    of_pattern: Vec<Vec<Anchor>>,
}

/// All prefixes, words and structural anchors; it ignores case, and what needs the case looks itself.
static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let mut patterns: BTreeMap<String, Vec<Anchor>> = BTreeMap::new();
    let mut add = |pattern: &str, anchor| {
        patterns
            .entry(pattern.to_ascii_lowercase())
            .or_default()
            .push(anchor)
    };
    for row in ROWS {
        for word in row.near {
            add(word, Anchor::Word(row));
        }
        if row.near.is_empty() {
            for prefix in row.prefixes {
                add(prefix, Anchor::Prefix(row, prefix));
            }
        }
    }
    for (pattern, anchor) in STRUCTURES {
        add(pattern, *anchor);
    }
    for option in command::OPTIONS {
        add(option, Anchor::Command);
    }
    for word in name::WORDS {
        add(word, Anchor::Name);
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns.keys())
        .expect("the patterns are few and short");
    Anchors {
        automaton,
        of_pattern: patterns.into_values().collect(),
    }
});

/// The secrets of a text that has been unwrapped `depth` times.
pub(crate) fn spans(text: &str, kind: Kind, depth: u8) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut followed = manifest::Followed::default();
    for found in ANCHORS.automaton.find_overlapping_iter(text) {
        for anchor in &ANCHORS.of_pattern[found.pattern().as_usize()] {
            let (start, end) = (found.start(), found.end());
            if kind == Kind::Lock && !distinctive(anchor) {
                continue;
            }
            let span = match *anchor {
                Anchor::Prefix(row, prefix) => token::behind_prefix(text, row, prefix, start),
                Anchor::Word(row) => token::behind_word(text, row, start, end),
                Anchor::Pem => pem::block(text, start),
                Anchor::Url => url::password(text, end),
                Anchor::WebToken => header::web_token(text, start),
                Anchor::Authorization => header::authorization(text, end),
                Anchor::Docker => header::docker(text, end),
                Anchor::Name => name::assigned(text, start, end),
                Anchor::Command => command::password(text, start, end),
                Anchor::Manifest => {
                    manifest::secret(text, start, end, &mut followed, &mut spans);
                    None
                }
            };
            spans.extend(span);
        }
    }
    file::scan(text, kind, &mut spans);
    if kind != Kind::Lock {
        wrapped::runs(text, depth, &mut spans);
    }
    spans.retain(|span| {
        span.start < span.end && !text[span.start..span.end].starts_with("REDACTED_")
    });
    join(spans)
}

/// Whether an anchor counts among digests.
fn distinctive(anchor: &Anchor) -> bool {
    match anchor {
        Anchor::Prefix(row, prefix) => !row.weak && row.lead.is_none() && prefix.len() >= 3,
        Anchor::Pem => true,
        _ => false,
    }
}
