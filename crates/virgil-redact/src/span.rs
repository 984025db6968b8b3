//! A stretch of text that is to be replaced, and the replacing.

use std::cmp::Reverse;

/// How much a rule knows about what it found; of overlapping spans the better one names the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// The format of one provider, or a format with a grammar of its own.
    Token,
    /// A format that a word announces.
    Word,
    /// A place where secrets stand.
    Place,
    /// A name that sounds like a secret.
    Name,
}

/// Bytes `start..end` hold a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: &'static str,
    pub(crate) rank: Rank,
}

/// Sorts the spans and joins those that overlap, so that no part of a secret is left over.
pub(crate) fn join(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, Reverse(span.end), span.rank));
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => {
                last.end = last.end.max(span.end);
                if span.rank < last.rank {
                    (last.rule, last.rank) = (span.rule, span.rank);
                }
            }
            _ => joined.push(span),
        }
    }
    joined
}

/// The text with a word for each span; the newlines inside a span stand behind its word.
pub(crate) fn replace(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        out.push_str(&text[at..span.start]);
        out.push_str("REDACTED_");
        out.push_str(span.rule);
        let inside = &text[span.start..span.end];
        for (index, _) in inside.match_indices('\n') {
            out.push_str(if inside[..index].ends_with('\r') {
                "\r\n"
            } else {
                "\n"
            });
        }
        at = span.end;
    }
    out.push_str(&text[at..]);
    out
}
