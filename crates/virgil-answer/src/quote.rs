//! Answering without a language model: the passages that fit best, word for word.

use tokio::sync::mpsc;
use virgil_model::Content;

use crate::answer::{AnswerEvent, CitationState, Mode};
use crate::cite::{numbers, sanitise};
use crate::draft::{Draft, cite};
use crate::extract::QuestionTerms;
use crate::guide::{AskError, tell};
use crate::retrieve::ScoredPassage;

/// How many passages an answer quotes.
pub(crate) const EXTRACTS: usize = 4;

/// How many it quotes behind what is stated about a thing.
const EXTRACTS_BEHIND: usize = 2;

/// Answers with the lines of the best passages that cover the question, verbatim; behind what `draft` says already.
pub(crate) async fn extracts(
    mut draft: Draft,
    terms: &QuestionTerms,
    passages: &[ScoredPassage],
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let most = if draft.text.is_empty() {
        EXTRACTS
    } else {
        draft.say("\n".to_owned(), events).await?;
        EXTRACTS_BEHIND
    };
    draft.mode = Mode::Extract;
    draft.notice = Some(
        "No language model is configured: these are the passages that fit best, word for word."
            .to_owned(),
    );
    let best = passages.first().map_or(0.0, |scored| scored.score);
    let near = passages
        .iter()
        .filter(|scored| scored.score >= best * 0.5)
        .take(most);
    let first = draft.next_number();
    for (number, scored) in (first..).zip(near) {
        let citation = cite(number, scored, terms, CitationState::Quoted);
        let passage = &scored.passage;
        let place = std::iter::once(passage.title.as_str())
            .chain(
                passage
                    .breadcrumb
                    .iter()
                    .map(String::as_str)
                    .filter(|part| *part != passage.title),
            )
            .collect::<Vec<_>>()
            .join(" › ");
        let text = format!(
            "**{}** [{}]\n\n{}\n\n",
            plain(&place),
            citation.number,
            quoted(&citation.quote, passage.content)
        );
        tell(events, AnswerEvent::Citation(citation.clone())).await?;
        draft.citations.push(citation);
        draft.say(text, events).await?;
    }
    Ok(draft)
}

/// Text that stands inside bold Markdown without ending it or starting anything else.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '*' | '_' | '[' | ']' | '<' | '>' | '`' | '!' | '\\') {
                format!("\\{c}")
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// A quote as Markdown: prose as a quotation without live links, everything else as a code block.
fn quoted(text: &str, content: Content) -> String {
    if content == Content::Prose {
        // No passage has more numbers to cite, so that every bracketed number stays plain text.
        return text
            .lines()
            .map(|line| format!("> {}", sanitise(&escape_citations(line), 0)))
            .collect::<Vec<_>>()
            .join("\n");
    }
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}\n{text}\n{ticks}")
}

/// Numbers in brackets inside a quote are the document's own, not citations.
fn escape_citations(line: &str) -> String {
    if numbers(line).is_empty() {
        line.to_owned()
    } else {
        line.replace('[', "(").replace(']', ")")
    }
}
