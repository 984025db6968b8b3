//! Stating what was computed: an exact answer by template, or a question back.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use virgil_graph::{Along, EntityRef, Output, Query, Set, Test};
use virgil_model::Scope;

use crate::answer::{AnswerEvent, Citation, Mode};
use crate::draft::Draft;
use crate::exact::{ExactAnswer, MOST_ROWS, Picture, citations, exact, fact_passages};
use crate::fact_text::{choices_text, fact_text, instead_text, offers_text};
use crate::facts::FactsError;
use crate::guide::{AskError, Guide, tell};
use crate::plan::{Choices, Explanation, Plan, Token, is_misspelt};
use crate::retrieve::ScoredPassage;

/// What a plan came to, ready to be stated.
pub(crate) struct Computed {
    pub(crate) exact: ExactAnswer,
    pub(crate) citations: Vec<Citation>,
    picture: Picture,
    /// What stands where things of some kind were looked for and none is: things of other kinds.
    instead: Vec<EntityRef>,
    /// The rows behind each citation, in the order of their numbers.
    pub(crate) passages: Vec<ScoredPassage>,
}

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
        let computed = self.compute(scope, plan, 0).await;
        let mut computed = computed.map_err(anyhow::Error::from)?;
        passages.splice(0..0, std::mem::take(&mut computed.passages));
        let mut draft = Draft::new(Mode::Facts);
        draft.state(computed, events).await?;
        Ok(draft)
    }

    /// Type-checks and computes a plan, whoever made it; its citations are numbered on from `before`.
    pub(crate) async fn compute(
        &self,
        scope: &Scope,
        plan: Plan,
        before: usize,
    ) -> Result<Computed, FactsError> {
        let limited = Query {
            limit: Some(plan.query.limit.unwrap_or(MOST_ROWS).min(MOST_ROWS)),
            ..plan.query.clone()
        };
        let answer = self.facts.execute(scope, &limited).await?;
        let instead = match of_any_kind(&plan.query) {
            Some(wider) if answer.total == 0 => {
                let rows = self.facts.execute(scope, &wider).await?.rows;
                rows.into_iter().map(|row| row.entity).collect()
            }
            _ => Vec::new(),
        };
        let sources = self.store.sources(scope).await?;
        let names: BTreeMap<i64, String> = sources
            .into_iter()
            .map(|source| (source.id.0, source.name))
            .collect();
        let (exact, numbers, picture) = exact(plan, answer, before, &names);
        let quotes = self.store.quotes(scope, numbers.places()).await?;
        let citations = citations(&numbers, quotes);
        let passages = fact_passages(&exact, &citations, &numbers);
        Ok(Computed {
            exact,
            citations,
            picture,
            instead,
            passages,
        })
    }
}

/// How many things of other kinds are named.
const MOST_INSTEAD: usize = 6;

/// What a query for things of some kinds beside another asks without the kinds: `models downstream of X` may be none, and other
/// things are. None, if it asks for anything else.
fn of_any_kind(query: &Query) -> Option<Query> {
    let mut set = &query.set;
    let mut had_kinds = false;
    while let Set::Where { set: inner, test } = set {
        if !is_of_kinds(test) {
            return None;
        }
        had_kinds = true;
        set = inner;
    }
    let is_rows = query.by.is_none() && query.output == Output::Rows;
    let is_step = matches!(set, Set::Step { along, .. } if *along != Along::Owner);
    (had_kinds && is_rows && is_step).then(|| Query {
        limit: Some(MOST_INSTEAD),
        ..Query::rows(set.clone())
    })
}

/// Whether a test looks at nothing but what kind of thing something is.
fn is_of_kinds(test: &Test) -> bool {
    match test {
        Test::Attribute { name, .. } => name == "kind" || name == "reference",
        Test::AllOf(tests) | Test::AnyOf(tests) => tests.iter().all(is_of_kinds),
        Test::Not(test) => is_of_kinds(test),
        Test::Linked { .. } => false,
    }
}

impl Draft {
    /// States what was computed, by template.
    pub(crate) async fn state(
        &mut self,
        computed: Computed,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        for citation in computed.citations {
            tell(events, AnswerEvent::Citation(citation.clone())).await?;
            self.citations.push(citation);
        }
        self.say(fact_text(&computed.exact), events).await?;
        self.say(instead_text(&computed.instead), events).await?;
        self.facts = Some(computed.exact);
        self.graph = (!computed.picture.edges.is_empty()).then_some(computed.picture);
        Ok(())
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

/// Asks back whether a name was meant that is near to a word that names nothing.
pub(crate) async fn offer(
    choices: Choices,
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let mut draft = Draft::new(Mode::Facts);
    draft.abstained = true;
    draft.say(offers_text(&choices), events).await?;
    draft.choices = Some(choices);
    Ok(draft)
}

/// What to say about words that look like misspelt names.
pub(crate) fn unknown_names(explanation: &Explanation) -> Option<String> {
    let offers: Vec<String> = explanation
        .unused
        .iter()
        .filter(|word| {
            // Words of the language stand in many names.
            let is_name = Token::word(&word.text).is_identifier();
            !word.near.is_empty()
                && (is_name || word.near.iter().any(|near| is_misspelt(&word.text, near)))
        })
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
