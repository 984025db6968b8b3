//! The planner: a question in plain language becomes an exact query, or nothing.
//!
//! *Link* (`tokens`, `names`, `traits`, `link`): which words name something that the asker may see. *Parse* (`lexicon`, `grammar`,
//! `chart`): how the words hang together. *Decide* (`decide`): a query is only made if every word that carries meaning is used
//! and no other reading is near; a wrong exact answer is worse than none.

mod chart;
mod check;
mod decide;
mod emptiness;
mod examples;
mod follow_up;
mod grammar;
mod inflect;
mod kinds;
mod lexicon;
mod link;
mod names;
mod nouns;
mod phrases;
mod planned;
mod question;
mod readings;
mod sem;
mod sentences;
mod structure;
#[cfg(test)]
mod tests;
mod tokens;
mod traits;

use virgil_graph::{Known, Query, Set, View};

pub use check::check;
pub(crate) use examples::Asker;
pub(crate) use examples::Examples;
pub use examples::{ExampleError, WrittenExample as ExampleFile};
pub use lexicon::{Lexicon, LexiconError, Written as LexiconFile};
pub(crate) use names::Names;
pub use planned::{
    Choices, Context, ExplainedExample, ExplainedLink, ExplainedParse, ExplainedWord, Explanation,
    Outcome, Plan, Planned,
};
pub use readings::reading;

use crate::plan::chart::{Item, parse};
use crate::plan::decide::decide;
use crate::plan::link::{Linked, link};
use crate::plan::phrases::Cat;
use crate::plan::question::question;
use crate::plan::sem::Head;
use crate::plan::tokens::Token;

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
                    readings.push((query, item.cost));
                }
            }
        }
        explanation.parses = readings
            .iter()
            .take(MOST_READINGS)
            .map(|(query, cost)| ExplainedParse {
                reading: reading(query, view),
                query: query.clone(),
                cost: *cost,
                rejected: None,
            })
            .collect();
        // Who asks on knows what was found before, and may hear that nothing is left.
        let may_find_nothing = yes_no || context.last_query.is_some();
        decide(explanation, &groups, yes_no, may_find_nothing, view, known)
    }
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
