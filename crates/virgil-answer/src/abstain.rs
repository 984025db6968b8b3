//! Saying that the evidence is too weak to answer.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use crate::answer::{AnswerEvent, CitationState, Mode};
use crate::draft::{Draft, cite};
use crate::extract::QuestionTerms;
use crate::guide::{AskError, Question, tell};
use crate::quote::plain;
use crate::retrieve::ScoredPassage;

/// Says that nothing was found that answers, and what is near; behind what `draft` says already.
pub(crate) async fn abstain(
    mut draft: Draft,
    question: &Question,
    passages: &[ScoredPassage],
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    if !draft.text.is_empty() {
        draft.say("\n".to_owned(), events).await?;
    }
    draft.mode = Mode::Extract;
    draft.abstained = true;
    let asked = plain(question.text.trim());
    if passages.is_empty() {
        draft
            .say(
                format!("I looked for “{asked}” and found nothing in what you may see."),
                events,
            )
            .await?;
        return Ok(draft);
    }
    draft
        .say(
            format!("I looked for “{asked}” and found nothing that answers it. The nearest that I found:\n\n"),
            events,
        )
        .await?;
    let mut titles = BTreeSet::new();
    for scored in passages {
        let passage = &scored.passage;
        if titles.len() == 3 || !titles.insert(&passage.title) {
            continue;
        }
        let number = draft.next_number();
        let terms = QuestionTerms::weigh(&question.text, [passage.text.as_str()]);
        let citation = cite(number, scored, &terms, CitationState::Quoted);
        tell(events, AnswerEvent::Citation(citation.clone())).await?;
        draft.citations.push(citation);
        let line = format!(
            "- {} ({}) [{number}]\n",
            plain(&passage.title),
            plain(&passage.evidence.path)
        );
        draft.say(line, events).await?;
    }
    Ok(draft)
}
