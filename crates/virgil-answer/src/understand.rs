//! What a question means in its conversation: an exact query, or a text to search for that stands alone.
//!
//! The planner edits the query of the question before. Where it cannot, a question that leans on what was asked before (it has a
//! pronoun, or hardly anything else) gets the name that it lacks: in the place of the pronoun, where the question before named one
//! thing; by the language model, if there is one; else behind the question, as further words to search for.

use std::collections::BTreeSet;
use std::ops::Range;

use tokio::sync::mpsc;
use virgil_gateway::Usage;
use virgil_index::terms;
use virgil_model::Scope;
use virgil_store::RestsOn;

use crate::answer::AnswerEvent;
use crate::guide::{AskError, Guide, Question};
use crate::models::ModelChoice;
use crate::plan::{Context, ExplainedLink, Outcome, Planned, named_in};
use crate::rewrite::told;

/// How many words of the question before are carried over where it names nothing.
const CARRIED_WORDS: usize = 4;
/// A question with no more words of meaning than that leans on the one before.
const FEW_TERMS: usize = 1;

/// Words that stand for something that was named before.
const PRONOUNS: [&str; 12] = [
    "it", "its", "they", "them", "their", "theirs", "those", "these", "ones", "he", "she", "same",
];
/// Those that stand for one thing.
const ONE: [&str; 4] = ["it", "its", "this", "that"];
/// Words that do so only where a verb or nothing follows: `that model` names something itself.
const POINTERS: [&str; 2] = ["this", "that"];
const AFTER_A_POINTER: [&str; 16] = [
    "is", "was", "does", "did", "do", "has", "have", "can", "run", "runs", "mean", "means", "work",
    "works", "and", "or",
];
/// What a question begins with that goes on.
const OPENERS: [&str; 5] = ["and ", "but ", "also ", "what about ", "how about "];

/// A question as it is understood.
pub(crate) struct Understood {
    pub(crate) planned: Planned,
    /// The question as it stands alone, if it did not.
    pub(crate) standalone: Option<String>,
    /// What that rests on.
    pub(crate) rests_on: RestsOn,
    /// What understanding it cost.
    pub(crate) usage: Option<Usage>,
}

impl Guide {
    /// Plans a question, and puts into it what it lacks to stand alone.
    pub(crate) async fn understand(
        &self,
        scope: &Scope,
        question: &Question,
        model: Option<&ModelChoice>,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Understood, AskError> {
        if let Some(understood) = self.of_the_same(scope, question).await? {
            return Ok(understood);
        }
        let planned = self.plan(scope, &question.text, &question.context).await?;
        let mut understood = Understood {
            planned,
            standalone: None,
            rests_on: RestsOn::default(),
            usage: None,
        };
        let links = &understood.planned.explanation.links;
        let Some(before) = question.earlier.last().filter(|_| {
            understood.planned.outcome == Outcome::Nothing && leans(&question.text, links)
        }) else {
            return Ok(understood);
        };
        let named = self
            .plan(scope, &before.question, &Context::default())
            .await?;
        let named = outermost(named.explanation.links);
        understood.rests_on = before.rests_on.clone();
        if let Some((shown, meant)) = substituted(&question.text, &named) {
            let planned = self.plan(scope, &meant, &Context::default()).await?;
            understood.standalone = Some(shown);
            if matches!(planned.outcome, Outcome::Query(_)) {
                understood.planned = planned;
                return Ok(understood);
            }
        } else {
            understood.standalone = carried(&question.text, &named, &before.question);
        }
        let Some(model) = model else {
            return Ok(understood);
        };
        match self.rewrite(model, scope, question, events).await {
            Ok(rewritten) => {
                understood.usage = Some(rewritten.usage);
                if let Some(text) = rewritten.text {
                    for turn in told(&question.earlier) {
                        understood.rests_on.add(&turn.rests_on);
                    }
                    let planned = self.plan(scope, &text, &Context::default()).await?;
                    if planned.outcome != Outcome::Nothing {
                        understood.planned = planned;
                    }
                    understood.standalone = Some(text).filter(|text| *text != question.text);
                }
            }
            Err(AskError::Gateway(error)) => {
                tracing::warn!(%error, "a question was not rewritten: it is searched for with the names of the one before");
            }
            Err(error) => return Err(error),
        }
        Ok(understood)
    }

    /// Understands `which alerts watch it?` behind a question about one thing as about that thing, and not about what was found;
    /// where one other thing was found, `it` is that.
    async fn of_the_same(
        &self,
        scope: &Scope,
        question: &Question,
    ) -> Result<Option<Understood>, AskError> {
        let (Some(last), Some(before)) = (&question.context.last_query, question.earlier.last())
        else {
            return Ok(None);
        };
        let is_one = pronoun(&question.text)
            .is_some_and(|pronoun| ONE.contains(&&*question.text[pronoun].to_lowercase()));
        let starts: BTreeSet<String> = named_in(&last.set).into_iter().collect();
        if !is_one || starts.len() != 1 {
            return Ok(None);
        }
        let found = self
            .facts
            .query(scope, last)
            .await
            .map_err(anyhow::Error::from)?;
        if let [row] = &found.rows[..]
            && !starts.contains(&row.entity.reference)
        {
            return Ok(None);
        }
        let named = self
            .plan(scope, &before.question, &Context::default())
            .await?;
        let mut named = outermost(named.explanation.links);
        for link in &mut named {
            // The question before has settled what its name means.
            link.candidates
                .retain(|thing| starts.contains(&thing.reference));
        }
        named.retain(|link| !link.candidates.is_empty());
        let Some((shown, meant)) = substituted(without_opener(&question.text), &named) else {
            return Ok(None);
        };
        let planned = self.plan(scope, &meant, &Context::default()).await?;
        if planned.outcome == Outcome::Nothing {
            // An edit of the query before stands if it is still about the thing.
            let edited = self.plan(scope, &question.text, &question.context).await?;
            if let Outcome::Query(edited) = edited.outcome
                && named_in(&edited.query.set)
                    .iter()
                    .any(|name| starts.contains(name))
            {
                return Ok(None);
            }
        }
        Ok(Some(Understood {
            planned,
            standalone: Some(shown),
            rests_on: before.rests_on.clone(),
            usage: None,
        }))
    }

    async fn plan(
        &self,
        scope: &Scope,
        question: &str,
        context: &Context,
    ) -> Result<Planned, AskError> {
        let by_example = self.by_example.as_ref();
        let planned = self
            .facts
            .plan(scope, &self.lexicon, by_example, question, context)
            .await;
        Ok(planned.map_err(anyhow::Error::from)?)
    }
}

/// Whether a question stands for something that was named before, and not in itself.
fn leans(question: &str, links: &[ExplainedLink]) -> bool {
    let lower = question.to_lowercase();
    let first_name = links
        .iter()
        .filter_map(|link| lower.find(&link.text.to_lowercase()))
        .min();
    if let Some(pronoun) = pronoun(question) {
        // `Who owns orders and who reads it?` names what it means.
        return first_name.is_none_or(|name| pronoun.start < name);
    }
    let goes_on = OPENERS
        .iter()
        .any(|opener| lower.trim_start().starts_with(opener));
    first_name.is_none() && (goes_on || terms(question).len() <= FEW_TERMS)
}

/// The question without the word that opens it: `and who owns it?`.
fn without_opener(question: &str) -> &str {
    let question = question.trim_start();
    let opener = OPENERS.iter().find(|opener| {
        question
            .get(..opener.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(opener))
    });
    opener.map_or(question, |opener| &question[opener.len()..])
}

/// Where the first pronoun stands.
fn pronoun(question: &str) -> Option<Range<usize>> {
    let words = words(question);
    words.iter().enumerate().find_map(|(at, (range, word))| {
        let next = words.get(at + 1).map(|(_, word)| word.as_str());
        let stands_alone = next.is_none_or(|next| AFTER_A_POINTER.contains(&next));
        let is_pronoun = PRONOUNS.contains(&word.as_str())
            || (POINTERS.contains(&word.as_str()) && stands_alone);
        is_pronoun.then(|| range.clone())
    })
}

/// The words of a text in lower case, with where they stand. What a name joins stays one word.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut start = None;
    let inside =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '\'' | '’');
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, inside(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                let word = text[from..at].trim_end_matches(['.', ':', '-', '\'', '’']);
                words.push((from..from + word.len(), word.to_lowercase()));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The links that are not inside another, each once.
fn outermost(links: Vec<ExplainedLink>) -> Vec<ExplainedLink> {
    let mut kept: Vec<ExplainedLink> = Vec::new();
    let is_inside = |link: &ExplainedLink, others: &[ExplainedLink]| {
        others
            .iter()
            .any(|other| other.text.len() > link.text.len() && other.text.contains(&link.text))
    };
    for link in &links {
        if !is_inside(link, &links) && !kept.iter().any(|known| known.text == link.text) {
            kept.push(link.clone());
        }
    }
    kept
}

/// The question with the one thing that was named before in the place of its pronoun: for people, and for the planner.
fn substituted(question: &str, named: &[ExplainedLink]) -> Option<(String, String)> {
    let [only] = named else {
        return None;
    };
    let pronoun = pronoun(question)?;
    let word = question[pronoun.clone()].to_lowercase();
    let ending = if matches!(&*word, "its" | "their") {
        "'s"
    } else {
        ""
    };
    let with = |name: &str| {
        let (before, after) = (&question[..pronoun.start], &question[pronoun.end..]);
        format!("{before}{name}{ending}{after}")
    };
    let meant = match &only.candidates[..] {
        [thing] => format!(
            "{} `{}`",
            thing.kind.name().replace('_', " "),
            thing.reference
        ),
        _ => only.text.clone(),
    };
    Some((with(&only.text), with(&meant)))
}

/// The question with the names of the one before behind it; where it named nothing, with its words.
fn carried(question: &str, named: &[ExplainedLink], before: &str) -> Option<String> {
    let names: Vec<&str> = if named.is_empty() {
        let own = terms(question);
        let is_new = |word: &&str| {
            let terms = terms(word);
            !terms.is_empty() && !terms.iter().any(|term| own.contains(term))
        };
        let words = words(before).into_iter().map(|(range, _)| &before[range]);
        words.filter(is_new).take(CARRIED_WORDS).collect()
    } else {
        named.iter().map(|link| link.text.as_str()).collect()
    };
    (!names.is_empty()).then(|| format!("{} ({})", question.trim(), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use virgil_graph::EntityRef;
    use virgil_model::Kind;

    use super::*;

    fn link(text: &str, candidates: usize) -> ExplainedLink {
        let thing = EntityRef {
            reference: format!("model:mlflow/{text}"),
            kind: Kind::Model,
            name: text.into(),
        };
        ExplainedLink {
            text: text.into(),
            candidates: vec![thing; candidates],
        }
    }

    #[test]
    fn a_question_leans_on_the_one_before_by_its_words() {
        for question in [
            "Who is on call for it?",
            "And its runbook?",
            "What about the thresholds?",
            "How often?",
            "Why is that?",
            "does this run on a GPU",
        ] {
            assert!(leans(question, &[]), "{question}");
        }
        for question in [
            "How do I get a GPU notebook?",
            "Who is on call when the warehouse build fails?",
            "Which services read that table from the lake?",
        ] {
            assert!(!leans(question, &[]), "{question}");
        }
        let orders = [link("orders", 1)];
        assert!(!leans("Who owns orders and who reads it?", &orders));
        assert!(leans("Does it read orders?", &orders));
        assert!(!leans("And orders?", &orders));
    }

    #[test]
    fn what_opens_a_question_is_no_part_of_it() {
        assert_eq!(without_opener("And who owns it?"), "who owns it?");
        assert_eq!(without_opener("What about its owner?"), "its owner?");
        assert_eq!(without_opener("Android apps?"), "Android apps?");
        assert_eq!(without_opener("é"), "é");
    }

    #[test]
    fn the_one_thing_that_was_named_takes_the_place_of_the_pronoun() {
        let named = [link("fraud-detector", 1)];
        let check = |question: &str, shown: &str, meant: &str| {
            let (found, for_planner) = substituted(question, &named).expect("it has a pronoun");
            assert_eq!((found.as_str(), for_planner.as_str()), (shown, meant));
        };
        check(
            "Who owns it?",
            "Who owns fraud-detector?",
            "Who owns model `model:mlflow/fraud-detector`?",
        );
        check(
            "What are its thresholds?",
            "What are fraud-detector's thresholds?",
            "What are model `model:mlflow/fraud-detector`'s thresholds?",
        );
        assert_eq!(
            substituted("Who owns it?", &[link("a", 1), link("b", 1)]),
            None
        );
        assert_eq!(substituted("And the thresholds?", &named), None);
        let several = substituted("Who owns it?", &[link("orders", 2)]).expect("a pronoun");
        assert_eq!(several.1, "Who owns orders?");
    }

    #[test]
    fn names_are_carried_over_and_words_where_there_are_none() {
        let named = outermost(vec![
            link("fraud-detector", 1),
            link("detector", 1),
            link("fraud-detector", 1),
        ]);
        assert_eq!(named.len(), 1);
        assert_eq!(
            carried("And the thresholds?", &named, "What is fraud-detector?").as_deref(),
            Some("And the thresholds? (fraud-detector)")
        );
        assert_eq!(
            carried("And without a GPU?", &[], "How do I get a GPU notebook?").as_deref(),
            Some("And without a GPU? (get, notebook)")
        );
        assert_eq!(carried("Why?", &[], "And?"), None);
    }
}
