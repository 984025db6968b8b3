//! Judging whether the evidence is too weak to answer, and saying so.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use crate::answer::{AnswerEvent, CitationState, Mode};
use crate::draft::{Draft, cite};
use crate::extract::QuestionTerms;
use crate::guide::{AskError, Question, tell};
use crate::quote::{EXTRACTS, plain};
use crate::retrieve::ScoredPassage;

/// The share of the question's weighted terms that the best passages must hold, when meaning alone is not near.
const MIN_COVERAGE: f32 = 0.5;
/// The cosine similarity at which a passage counts as near by meaning alone.
const NEAR_BY_MEANING: f32 = 0.48;
/// The cosine similarity below which shared words are taken for chance.
const FAR_BY_MEANING: f32 = 0.32;

/// Whether the passages are too far from the question to answer it.
pub(crate) fn is_weak(terms: &QuestionTerms, passages: &[ScoredPassage]) -> bool {
    let nearest = passages
        .iter()
        .filter_map(|scored| scored.dense)
        .fold(0.0_f32, f32::max);
    let texts: Vec<String> = passages
        .iter()
        .take(EXTRACTS)
        .map(|scored| {
            let passage = &scored.passage;
            let place = format!("{} {}", passage.evidence.path, passage.breadcrumb.join(" "));
            format!("{place} {}", passage.text)
        })
        .collect();
    let coverage = terms.coverage(&texts.join(" "));
    tracing::debug!(nearest, coverage, "evidence");
    if terms.is_empty() {
        return nearest < NEAR_BY_MEANING;
    }
    nearest < FAR_BY_MEANING || (coverage < MIN_COVERAGE && nearest < NEAR_BY_MEANING)
}

/// Says that nothing was found that answers, and what is near.
pub(crate) async fn abstain(
    question: &Question,
    passages: &[ScoredPassage],
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let mut draft = Draft::new(Mode::Extract);
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
        let number = draft.citations.len() + 1;
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
