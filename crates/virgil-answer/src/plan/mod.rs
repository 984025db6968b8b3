//! The planner: a question in plain language becomes an exact query, or nothing.
//!
//! *Link* (`tokens`, `names`, `traits`, `link`): which words name something that the asker may see. *Parse*, twice: by their order
//! (`lexicon`, `grammar`, `chart`) and by typed pieces (`floating`). *Decide* (`decide`): a query is only made if every word that
//! carries meaning is used and no other reading is near; a wrong exact answer is worse than none. *Compare* (`examples`): questions
//! that are like it propose queries as well. *Weigh* (`weighed`, `weigh`): of all that was read and proposed, the likeliest answer is
//! taken, if it is likely enough.

mod about;
mod arcs;
mod assemble;
mod chart;
mod check;
mod clauses;
mod decide;
mod distance;
mod emptiness;
mod examples;
mod floating;
mod follow_up;
mod grammar;
mod inflect;
mod kinds;
mod lexicon;
mod link;
mod names;
mod near;
mod nouns;
mod oriented;
mod phrases;
mod pieces;
mod planned;
mod question;
mod read;
mod readings;
mod sem;
mod sentences;
mod sketch;
mod structure;
#[cfg(test)]
mod tests;
mod tokens;
mod traits;
mod vague;
mod ways;
mod weigh;
mod weighed;

use virgil_graph::{Known, Query, Set, View};

pub(crate) use about::{About, about};
pub use check::check;
pub(crate) use examples::Asker;
pub(crate) use examples::Examples;
pub(crate) use examples::ShownExample;
pub use examples::{ExampleError, WrittenExample as ExampleFile};
pub use lexicon::{Lexicon, LexiconError, Written as LexiconFile};
pub(crate) use link::named_in;
pub(crate) use names::Names;
pub(crate) use near::{is_misspelt, offers};
pub use planned::{
    Choices, Context, ExplainedExample, ExplainedLink, ExplainedParse, ExplainedProposal,
    ExplainedWord, Explanation, Outcome, Plan, Planned,
};
pub(crate) use read::Read;
pub(crate) use readings::plural;
pub use readings::reading;
pub(crate) use vague::{Vague, vague};

use crate::plan::chart::{Item, parse};
use crate::plan::decide::{FLOATED, PARSED, decide};
use crate::plan::link::{Linked, link};
use crate::plan::oriented::oriented;
use crate::plan::phrases::Cat;
use crate::plan::question::question;
use crate::plan::sem::Head;
pub(crate) use crate::plan::tokens::Token;
use crate::plan::tokens::tokens;
use crate::plan::ways::asks_for_a_way;

/// The most words that a planned question has.
const MOST_TOKENS: usize = 60;
/// How many near readings are compared.
const MOST_READINGS: usize = 6;

impl Lexicon {
    /// The phrases of a follow-up behind the word that opens it: `only the tables`, `and downstream`.
    fn opened(&self, tokens: &[Token], context: &Context, names: &Names) -> Vec<Item> {
        let opens = |token: &Token| matches!(&*token.text, "only" | "just" | "and" | "but");
        match tokens {
            [first, rest @ ..] if context.last_query.is_some() && opens(first) => {
                parse(rest.len(), link(rest, names, self).leaves, self)
            }
            [rest @ .., last] if context.last_query.is_some() && last.text == "only" => {
                parse(rest.len(), link(rest, names, self).leaves, self)
            }
            _ => Vec::new(),
        }
    }

    /// Plans a question on what a view shows by its two readings alone.
    pub(crate) fn plan(
        &self,
        text: &str,
        context: &Context,
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Planned {
        self.read_twice(text, context, names, view, known)
            .alone(view, known)
    }

    /// Reads a question on what a view shows: by the chart, sentence by sentence, and by its pieces.
    pub(crate) fn read_twice(
        &self,
        text: &str,
        context: &Context,
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Read {
        let tokens = tokens(text);
        if asks_for_a_way(&tokens) {
            let chart = Planned {
                outcome: Outcome::Nothing,
                explanation: Explanation {
                    tokens: tokens.iter().map(|token| token.raw.clone()).collect(),
                    verdict: "it asks how or why, which no list of things answers".to_owned(),
                    ..Explanation::default()
                },
            };
            return Read {
                tokens,
                chart,
                pieces: None,
            };
        }
        let chart = self.by_sentences(&tokens, context, names, view, known);
        let is_alone = tokens.len() <= MOST_TOKENS && context.last_query.is_none();
        let pieces = is_alone.then(|| self.by_pieces(&tokens, names, view, known));
        Read {
            tokens,
            chart,
            pieces,
        }
    }

    /// Plans a question by its pieces.
    fn by_pieces(
        &self,
        tokens: &[Token],
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Planned {
        let floated = self.float(tokens, names);
        let unused = floated.linked.unused.into_iter();
        let explanation = Explanation {
            tokens: tokens.iter().map(|token| token.raw.clone()).collect(),
            links: floated.linked.links,
            unused: unused
                .map(|text| ExplainedWord {
                    near: near(view, &text),
                    text,
                })
                .collect(),
            parses: explained(&floated.readings, view, known),
            ..Explanation::default()
        };
        let mut planned = decide(
            explanation,
            &floated.linked.groups,
            FLOATED,
            floated.is_yes_no,
            floated.is_yes_no,
            view,
            known,
        );
        planned.explanation.verdict.push_str(" (by its pieces)");
        planned
    }

    /// Plans one sentence.
    fn sentence(
        &self,
        tokens: Vec<Token>,
        context: &Context,
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Planned {
        let tokens = fronted(tokens);
        let mut explanation = Explanation {
            tokens: tokens.iter().map(|token| token.raw.clone()).collect(),
            ..Explanation::default()
        };
        let Linked {
            leaves,
            groups,
            links,
            unused,
        } = link(&tokens, names, self);
        explanation.links = links;
        explanation.unused = unused
            .into_iter()
            .map(|text| ExplainedWord {
                near: near(view, &text),
                text,
            })
            .collect();
        if !explanation.unused.is_empty() {
            explanation.verdict = "some words mean nothing here".to_owned();
            return Planned {
                outcome: Outcome::Nothing,
                explanation,
            };
        }
        let yes_no = tokens.first().is_some_and(|first| is_yes_no(&first.text));
        let items = parse(tokens.len(), leaves, self);
        let mut readings: Vec<(Query, f32)> = Vec::new();
        for item in &items {
            if let Some(query) = question(&item.cat, yes_no)
                && !readings.iter().any(|(known, _)| *known == query)
            {
                readings.push((query, item.cost));
            }
        }
        if readings.is_empty() {
            if let Some(choices) = lone_name(&items, &explanation.links) {
                explanation.verdict = format!("`{}` names several things", choices.name);
                return Planned {
                    outcome: Outcome::Choices(choices),
                    explanation,
                };
            }
            for item in items.iter().chain(&self.opened(&tokens, context, names)) {
                if let Some(query) = follow_up::edit(&item.cat, context) {
                    // `downstream` of whatever was asked about, before what only some kinds have.
                    let is_special =
                        matches!(&item.cat, Cat::Role(relation) if !relation.subject.is_any());
                    let cost = item.cost + if is_special { 0.2 } else { 0.0 };
                    readings.push((query, cost));
                }
            }
        }
        readings.sort_by(|left, right| left.1.total_cmp(&right.1));
        explanation.parses = explained(&readings, view, known);
        // Who asks on knows what was found before, and may hear that nothing is left.
        let may_find_nothing = yes_no || context.last_query.is_some();
        decide(
            explanation,
            &groups,
            PARSED,
            yes_no,
            may_find_nothing,
            view,
            known,
        )
    }
}

/// The likeliest readings, for people.
fn explained(readings: &[(Query, f32)], view: &View<'_>, known: &Known) -> Vec<ExplainedParse> {
    readings
        .iter()
        .take(MOST_READINGS)
        .map(|(query, cost)| {
            let query = oriented(query.clone(), view, known);
            ExplainedParse {
                reading: reading(&query, view),
                query,
                cost: *cost,
                rejected: None,
            }
        })
        .collect()
}

/// The things that a question names that is a name and nothing more, if they are several.
fn lone_name(items: &[Item], links: &[ExplainedLink]) -> Option<Choices> {
    let is_name = |item: &Item| matches!(&item.cat, Cat::Np(np) if np.head == Head::Named && matches!(np.set, Set::Refs(_)));
    let link = links.iter().max_by_key(|link| link.text.len())?;
    (items.iter().any(is_name) && link.candidates.len() > 1).then(|| Choices {
        name: link.text.clone(),
        things: link.candidates.clone(),
    })
}

/// Puts a preposition that stands in front of its question word behind the question, where the verb waits for it: `from
/// which columns is x derived` is `which columns is x derived from`.
fn fronted(mut tokens: Vec<Token>) -> Vec<Token> {
    let is = |token: Option<&Token>, words: &[&str]| {
        token.is_some_and(|token| !token.quoted && words.contains(&&*token.text))
    };
    if tokens.len() > 3
        && is(tokens.first(), &["from", "on", "in", "by", "to", "at"])
        && is(tokens.get(1), &["which", "what"])
    {
        tokens.rotate_left(1);
    }
    tokens
}

/// Whether a question that begins so wants yes or no.
fn is_yes_no(first: &str) -> bool {
    matches!(
        first,
        "is" | "are" | "does" | "do" | "did" | "has" | "have" | "was" | "were" | "can"
    )
}

/// Visible names near a word that means nothing.
fn near(view: &View<'_>, word: &str) -> Vec<String> {
    if word.chars().count() < 4 {
        return Vec::new();
    }
    match view.resolve(word) {
        Err(virgil_graph::QueryError::NotFound { nearest, .. }) => nearest,
        _ => Vec::new(),
    }
}
