//! Who may know what Virgil does not: the owners of what a question names and of what is near to it.

use std::collections::BTreeMap;

use anyhow::Context;
use tokio::sync::mpsc;
use virgil_graph::{Along, EntityRef, Hops, Known, Place, Query, Set, View};
use virgil_model::{Kind, Scope, SourceId};

use crate::answer::{AnswerEvent, Citation, CitationState};
use crate::draft::Draft;
use crate::guide::{AskError, Guide, tell};
use crate::plan::ExplainedLink;
use crate::quote::plain;

/// How many owners are named.
const MOST_OWNERS: usize = 4;
/// How many things of one name are looked at.
const MOST_CANDIDATES: usize = 3;
/// How many characters of a rule are quoted.
const QUOTE_CHARACTERS: usize = 300;

/// Somebody who owns something, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Knower {
    pub(crate) owner: EntityRef,
    /// What is owned, in words.
    of: String,
    pub(crate) place: Place,
}

impl Guide {
    /// Names the owners of what the question names, then those of the documents that the draft cites, each with the rule or
    /// the entry that makes them owners.
    pub(crate) async fn name_knowers(
        &self,
        scope: &Scope,
        links: &[ExplainedLink],
        draft: &mut Draft,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        let things: Vec<EntityRef> = links
            .iter()
            .flat_map(|link| link.candidates.iter().take(MOST_CANDIDATES))
            .cloned()
            .collect();
        let sources = self.store.sources(scope).await;
        let sources: BTreeMap<String, SourceId> = sources
            .context("the sources cannot be read")?
            .into_iter()
            .map(|source| (source.name, source.id))
            .collect();
        let files: Vec<(SourceId, String)> = draft
            .citations
            .iter()
            .filter_map(|citation| {
                let source = sources.get(&citation.evidence.source)?;
                Some((*source, citation.evidence.path.clone()))
            })
            .collect();
        let look = move |view: &View<'_>| knowers(view, &things, &files);
        let knowers = self.facts.look(scope, look).await;
        let knowers = knowers.map_err(anyhow::Error::from)?;
        if knowers.is_empty() {
            return Ok(());
        }
        draft.over_the_graph = true;
        let places: Vec<_> = knowers
            .iter()
            .map(|knower| (knower.place.asset, knower.place.lines))
            .collect();
        let quotes = self.store.quotes(scope, &places).await;
        let mut quotes = quotes.context("the evidence cannot be read")?;
        draft.say("\nWho may know:\n\n".to_owned(), events).await?;
        for knower in knowers {
            let mut mark = String::new();
            if let Some(quote) = quotes.remove(&(knower.place.asset, knower.place.lines)) {
                let number = draft.citations.len() + 1;
                let citation = Citation {
                    number,
                    title: quote.title,
                    evidence: quote.evidence,
                    quote: quote.text.chars().take(QUOTE_CHARACTERS).collect(),
                    synced_at: None,
                    state: CitationState::Quoted,
                    score: 1.0,
                };
                tell(events, AnswerEvent::Citation(citation.clone())).await?;
                draft.citations.push(citation);
                mark = format!(" [{number}]");
            }
            let who = if knower.owner.kind == Kind::User {
                "who"
            } else {
                "which"
            };
            let line = format!(
                "- {} **{}**, {who} owns {}{mark}\n",
                knower.owner.kind.name().replace('_', " "),
                plain(&knower.owner.name),
                plain(&knower.of)
            );
            draft.say(line, events).await?;
        }
        Ok(())
    }
}

/// The owners of things and files, each once.
fn knowers(view: &View<'_>, things: &[EntityRef], files: &[(SourceId, String)]) -> Vec<Knower> {
    let of_things = things.iter().flat_map(|thing| owners(view, thing));
    let of_files = files.iter().flat_map(|(source, path)| {
        let owners = view.path_owners(*source, path);
        owners.into_iter().map(|(owner, place)| Knower {
            owner,
            of: path.clone(),
            place,
        })
    });
    let mut knowers: Vec<Knower> = Vec::new();
    for knower in of_things.chain(of_files) {
        let is_known = knowers.iter().any(|known| known.owner == knower.owner);
        if !is_known && knowers.len() < MOST_OWNERS {
            knowers.push(knower);
        }
    }
    knowers
}

/// The owners of a thing; none, if it is not there any more.
pub(crate) fn owners(view: &View<'_>, thing: &EntityRef) -> Vec<Knower> {
    let query = Query::rows(Set::Step {
        from: Box::new(Set::Refs(vec![thing.reference.clone()])),
        along: Along::Owner,
        hops: Hops::default(),
    });
    let Ok(answer) = view.query(&query, &Known::default()) else {
        return Vec::new();
    };
    let knowers = answer.rows.into_iter().filter_map(|row| {
        let place = row.evidence.last()?.evidence.first()?.clone();
        Some(Knower {
            owner: row.entity,
            of: format!("{} {}", thing.kind.name().replace('_', " "), thing.name),
            place,
        })
    });
    knowers.collect()
}
