//! What goes before anything else in an answer: the card of the one thing that a question is about, or the question back whether a
//! name was meant that is near.

use std::collections::BTreeMap;

use anyhow::Context;
use tokio::sync::mpsc;
use virgil_model::{Scope, SourceId};

use crate::abstain::abstain;
use crate::answer::{AnswerEvent, Mode};
use crate::card::{Card, text_of};
use crate::draft::Draft;
use crate::exact::{Numbers, citations, stated_passages};
use crate::extract::QuestionTerms;
use crate::guide::{AskError, Guide, PASSAGES, Question, tell};
use crate::models::ModelChoice;
use crate::plan::{About, Choices, Explanation, Outcome, Plan, Vague, reading, vague};
use crate::quote::{extracts, plain};
use crate::retrieve::ScoredPassage;
use crate::rows::is_row;
use crate::state::{ask_back, offer};
use crate::write::Task;

/// What is known of a question when its answer begins.
pub(crate) struct Asked<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) question: &'a Question,
    pub(crate) model: Option<&'a ModelChoice>,
    /// What planning came to.
    pub(crate) outcome: &'a Outcome,
    /// Whether the passages are too weak to answer.
    pub(crate) weak: bool,
}

impl Guide {
    /// The answer to a question that asks for nothing but what is known of a thing; without a language model also to one that no
    /// reading covers and that names one thing, or nearly does. None for others.
    pub(crate) async fn lead(
        &self,
        asked: &Asked<'_>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Option<Draft>, AskError> {
        let text = &asked.question.text;
        let about = self.facts.about(asked.scope, &self.lexicon, text).await;
        let about = about.map_err(anyhow::Error::from)?;
        let about = about.filter(|about| match asked.outcome {
            Outcome::Nothing => about.only || (asked.model.is_none() && about.is_one()),
            Outcome::Choices(_) => about.only,
            // A reading in the light of the question before is nearer than a name.
            Outcome::Query(_) => about.only && asked.question.context.last_query.is_none(),
        });
        let Some(about) = about else {
            return self.near(asked, passages, explanation, events).await;
        };
        if !about.is_one() {
            "it may be about several things of one name".clone_into(&mut explanation.verdict);
            let choices = Choices {
                name: about.name,
                things: about.things,
            };
            return ask_back(choices, events).await.map(Some);
        }
        let Some(draft) = self.card(asked.scope, &about, passages, events).await? else {
            return Ok(None);
        };
        if about.only {
            "it asks for nothing but what is known of a thing".clone_into(&mut explanation.verdict);
        }
        match asked.model {
            Some(model) => {
                let writer = self.writer(model, asked.scope, asked.question, events)?;
                let draft = writer.write(Task::Explain, passages, draft).await?;
                Ok(Some(draft))
            }
            None if about.only && asked.weak => Ok(Some(draft)),
            None => self.behind(draft, asked, passages, events).await.map(Some),
        }
    }

    /// Shows what a vague word compares. None, if there is nothing to compare.
    async fn compared(
        &self,
        scope: &Scope,
        vague: Vague,
        passages: &mut Vec<ScoredPassage>,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Option<Draft>, AskError> {
        let query = vague.query;
        let read = query.clone();
        let reading = self
            .facts
            .look(scope, move |view| reading(&read, view))
            .await;
        let plan = Plan {
            reading: reading.map_err(anyhow::Error::from)?,
            query,
            yes_no: false,
        };
        let computed = self.compute(scope, plan, 0).await;
        let mut computed = computed.map_err(anyhow::Error::from)?;
        if computed.exact.total == 0 {
            return Ok(None);
        }
        passages.splice(0..0, std::mem::take(&mut computed.passages));
        let mut draft = Draft::new(Mode::Facts);
        let lead = format!(
            "What is {} and what is not, is not stated. This is what there is to compare:\n\n",
            plain(&vague.word)
        );
        draft.say(lead, events).await?;
        draft.state(computed, events).await?;
        Ok(Some(draft))
    }

    /// Asks back whether a name is meant that is near to one that nothing goes by, and shows what a vague word compares.
    async fn near(
        &self,
        asked: &Asked<'_>,
        passages: &mut Vec<ScoredPassage>,
        explanation: &mut Explanation,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Option<Draft>, AskError> {
        if asked.model.is_some() || *asked.outcome != Outcome::Nothing {
            return Ok(None);
        }
        let text = &asked.question.text;
        if let Some(vague) = vague(text, &self.lexicon)
            && let Some(draft) = self.compared(asked.scope, vague, passages, events).await?
        {
            explanation.verdict.push_str("; what it compares is shown");
            return Ok(Some(draft));
        }
        let near = self.facts.offers(asked.scope, &self.lexicon, text).await;
        let Some(near) = near.map_err(anyhow::Error::from)? else {
            return Ok(None);
        };
        explanation
            .verdict
            .push_str("; a name that is near is offered");
        offer(near, events).await.map(Some)
    }

    /// Begins an answer with what is stated about the thing of a question. Its lines go before `passages`, so that a language model
    /// can cite them under the same numbers. None, if the thing is not there any more.
    async fn card(
        &self,
        scope: &Scope,
        about: &About,
        passages: &mut Vec<ScoredPassage>,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Option<Draft>, AskError> {
        let meant = about.clone();
        let card = self.facts.look(scope, move |view| Card::of(view, &meant));
        let Some(card) = card.await.map_err(anyhow::Error::from)? else {
            return Ok(None);
        };
        let sources = self.store.sources(scope).await;
        let sources: BTreeMap<SourceId, String> = sources
            .context("the sources cannot be read")?
            .into_iter()
            .map(|source| (source.id, source.name))
            .collect();
        let mut numbers = Numbers::after(0);
        let lines = card.lines(&mut numbers, |place| {
            let source = sources.get(&place.source).map_or("", String::as_str);
            format!("{source}/{}:{}", place.path, place.lines.start)
        });
        let quotes = self.store.quotes(scope, numbers.places()).await;
        let quotes = quotes.context("the evidence cannot be read")?;
        let mut draft = Draft::new(Mode::Facts);
        draft.over_the_graph = true;
        if about.only && !about.others.is_empty() {
            let things = about.things.iter().chain(&about.others);
            draft.choices = Some(Choices {
                name: about.name.clone(),
                things: things.cloned().collect(),
            });
        }
        for citation in citations(&numbers, quotes) {
            tell(events, AnswerEvent::Citation(citation.clone())).await?;
            draft.citations.push(citation);
        }
        if !about.only {
            let lead = "I have no exact answer. This is stated about what you name:\n\n";
            draft.say(lead.to_owned(), events).await?;
        }
        draft.say(text_of(&lines), events).await?;
        let said = |number: usize| {
            let lines = lines.iter().filter(|line| line.citations.contains(&number));
            let lines: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
            lines.join("\n")
        };
        let stated = stated_passages(said, &draft.citations, &numbers);
        passages.splice(0..0, stated);
        Ok(Some(draft))
    }

    /// Goes on behind what is stated about a thing with passages, or with saying that none answers.
    async fn behind(
        &self,
        draft: Draft,
        asked: &Asked<'_>,
        passages: &[ScoredPassage],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Draft, AskError> {
        let found = passages.iter().filter(|scored| !is_row(scored));
        let nearest: Vec<ScoredPassage> = found.take(PASSAGES).cloned().collect();
        if asked.weak {
            return abstain(draft, asked.question, &nearest, events).await;
        }
        let texts = nearest.iter().map(|scored| scored.passage.text.as_str());
        let terms = QuestionTerms::weigh(&asked.question.text, texts);
        extracts(draft, &terms, &nearest, events).await
    }
}
