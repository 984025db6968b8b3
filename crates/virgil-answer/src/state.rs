//! Stating what was computed: an exact answer by template, or a question back.

use std::collections::BTreeMap;

use anyhow::Context;
use tokio::sync::mpsc;
use virgil_graph::Query;
use virgil_model::Scope;

use crate::answer::{AnswerEvent, Mode};
use crate::draft::Draft;
use crate::exact::{MOST_ROWS, citations, exact, fact_passages};
use crate::fact_text::{choices_text, fact_text};
use crate::guide::{AskError, Guide, tell};
use crate::plan::{Choices, Explanation, Plan};
use crate::retrieve::ScoredPassage;

impl Guide {
    /// Computes a plan and states what comes out, with its evidence. The rows go before `passages`, so that a language
    /// model can cite them under the same numbers.
    pub(crate) async fn state(
        &self,
        scope: &Scope,
        plan: Plan,
        passages: &mut Vec<ScoredPassage>,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Draft, AskError> {
        let limited = Query {
            limit: Some(plan.query.limit.unwrap_or(MOST_ROWS).min(MOST_ROWS)),
            ..plan.query.clone()
        };
        let answer = self
            .facts
            .execute(scope, &limited)
            .await
            .map_err(anyhow::Error::from)?;
        let sources = self
            .store
            .sources(scope)
            .await
            .context("the sources cannot be read")?;
        let names: BTreeMap<i64, String> = sources
            .into_iter()
            .map(|source| (source.id.0, source.name))
            .collect();
        let (exact, numbers, picture) = exact(plan, answer, &names);
        let quotes = self
            .store
            .quotes(scope, numbers.places())
            .await
            .context("the evidence cannot be read")?;
        let mut draft = Draft::new(Mode::Facts);
        for citation in citations(&numbers, quotes) {
            tell(events, AnswerEvent::Citation(citation.clone())).await?;
            draft.citations.push(citation);
        }
        draft.say(fact_text(&exact), events).await?;
        passages.splice(
            0..0,
            fact_passages(&exact, &draft.citations, numbers.places()),
        );
        draft.facts = Some(exact);
        draft.graph = (!picture.edges.is_empty()).then_some(picture);
        Ok(draft)
    }
}

/// Asks back which of several things is meant.
pub(crate) async fn ask_back(
    choices: Choices,
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let mut draft = Draft::new(Mode::Facts);
    draft.say(choices_text(&choices), events).await?;
    draft.choices = Some(choices);
    Ok(draft)
}

/// What to say about words that look like misspelt names.
pub(crate) fn unknown_names(explanation: &Explanation) -> Option<String> {
    let offers: Vec<String> = explanation
        .unused
        .iter()
        .filter(|word| !word.near.is_empty())
        .map(|word| {
            format!(
                "Nothing that you may see is called “{}”; near are: {}.",
                word.text,
                word.near.join(", ")
            )
        })
        .collect();
    (!offers.is_empty()).then(|| offers.join(" "))
}
