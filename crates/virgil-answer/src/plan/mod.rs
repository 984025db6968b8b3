//! The planner: a question in plain language becomes an exact query, or nothing.
//!
//! *Link* (`tokens`, `names`): which words name something that the asker may see. *Parse* (`lexicon`, `grammar`, `chart`): how
//! the words hang together. *Decide* (here): a query is only made if every word that carries meaning is used and no other
//! reading is near; a wrong exact answer is worse than none.

mod chart;
mod check;
mod emptiness;
mod follow_up;
mod grammar;
mod inflect;
mod kinds;
mod lexicon;
mod link;
mod names;
mod readings;
mod sem;
#[cfg(test)]
mod tests;
mod tokens;
mod traits;

use serde::{Deserialize, Serialize};
use virgil_graph::{EntityRef, Known, Query, Set, View};

pub use check::check;
pub use lexicon::{Lexicon, LexiconError, Written as LexiconFile};
pub(crate) use names::Names;
pub use readings::reading;

use crate::plan::chart::{Item, parse};
use crate::plan::emptiness::may_be_empty;
use crate::plan::grammar::{Cat, question};
use crate::plan::lexicon::Meaning;
use crate::plan::link::{Linked, ORDINARY, link};
use crate::plan::sem::Head;
use crate::plan::tokens::{BOUNDARY, Token, tokens};

/// The most words that a planned question has.
const MOST_TOKENS: usize = 40;
/// What the best reading may cost.
const MOST_COST: f32 = 0.6;
/// How much dearer another reading must be not to count.
const MARGIN: f32 = 0.15;
/// How many near readings are compared.
const MOST_READINGS: usize = 6;

/// What went before a question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The query of the question before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_query: Option<Query>,
}

/// What planning a question came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What to do.
    pub outcome: Outcome,
    /// How it came about.
    pub explanation: Explanation,
}

/// What to do with a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Execute a query.
    Query(Box<Plan>),
    /// Ask back which of several things is meant.
    Choices(Choices),
    /// Nothing exact: leave it to retrieval.
    Nothing,
}

/// A query and what it is taken to mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The query.
    pub query: Query,
    /// The query in words.
    pub reading: String,
    /// Whether the question wants yes or no.
    pub yes_no: bool,
}

/// Several things that a name may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Choices {
    /// The name as it was typed.
    pub name: String,
    /// What it may mean.
    pub things: Vec<EntityRef>,
}

/// How a plan came about, for `ask --explain`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The words of the question.
    pub tokens: Vec<String>,
    /// Which of them name what.
    pub links: Vec<ExplainedLink>,
    /// Words that mean nothing here.
    pub unused: Vec<ExplainedWord>,
    /// The readings, the likeliest first.
    pub parses: Vec<ExplainedParse>,
    /// Why there is a query, or none.
    pub verdict: String,
}

/// A run of words that names something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedLink {
    /// The words.
    pub text: String,
    /// What they may name.
    pub candidates: Vec<EntityRef>,
}

/// A word that means nothing here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedWord {
    /// The word.
    pub text: String,
    /// Names that are near.
    pub near: Vec<String>,
}

/// One reading of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedParse {
    /// In words.
    pub reading: String,
    /// As a query.
    pub query: Query,
    /// What it costs: the less, the likelier.
    pub cost: f32,
    /// Why it was not taken.
    pub rejected: Option<String>,
}

impl Lexicon {
    /// Plans a question on what a view shows.
    ///
    /// A question of several sentences is planned sentence by sentence: a later one may edit what an earlier one asked
    /// (`Who owns X? Only the people.`), and one that says nothing about the platform is left aside.
    pub(crate) fn plan(
        &self,
        text: &str,
        context: &Context,
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Planned {
        let tokens = tokens(text);
        if tokens.is_empty() || tokens.len() > MOST_TOKENS {
            return Planned {
                outcome: Outcome::Nothing,
                explanation: Explanation {
                    verdict: "the question is empty or too long".to_owned(),
                    ..Explanation::default()
                },
            };
        }
        let sentences: Vec<&[Token]> = tokens
            .split(|token| token.text == BOUNDARY && !token.quoted)
            .filter(|sentence| !sentence.is_empty())
            .collect();
        let mut context = context.clone();
        let mut whole: Option<Planned> = None;
        // What went before and is no question alone: `We drop orders.email. Which models break?`
        let mut before: Vec<Token> = Vec::new();
        let count = sentences.len();
        for (index, sentence) in sentences.into_iter().enumerate() {
            let mut planned = self.sentence(sentence.to_vec(), &context, names, view, known);
            if !before.is_empty() {
                let joined = match self.with_antecedent(&before, sentence, names) {
                    Some(said) => said,
                    None => [&before[..], sentence].concat(),
                };
                let both = self.sentence(joined, &context, names, view, known);
                if planned.outcome == Outcome::Nothing || both.outcome != Outcome::Nothing {
                    planned = both;
                } else {
                    // What stood before has been understood by nothing.
                    planned.outcome = Outcome::Nothing;
                }
                before.clear();
            }
            if !matches!(planned.outcome, Outcome::Query(_))
                && index + 1 < count
                && whole.is_none()
                && !self.is_aside(sentence, names)
            {
                before = sentence.to_vec();
                continue;
            }
            let is_later = whole.is_some();
            if planned.outcome == Outcome::Nothing
                && self.is_aside(sentence, names)
                && !(is_later && self.is_restriction(sentence))
            {
                // Its unknown words are no reason to think that a name is misspelt.
                continue;
            }
            // `Where is personal data? Name the tables.` asks for no table at all, but for those.
            if let (Some(_), Outcome::Query(plan)) = (&whole, &planned.outcome)
                && is_a_mere_kind(&plan.query.set)
            {
                planned.outcome = Outcome::Nothing;
            }
            let mut explanation = whole.map(|whole| whole.explanation).unwrap_or_default();
            explanation.then(planned.explanation);
            let outcome = planned.outcome;
            if let Outcome::Query(plan) = &outcome {
                context.last_query = Some(plan.query.clone());
            }
            let stop = !matches!(outcome, Outcome::Query(_));
            whole = Some(Planned {
                outcome,
                explanation,
            });
            if stop {
                break;
            }
        }
        whole.unwrap_or_else(|| {
            let is_word = |token: &Token| token.text != BOUNDARY || token.quoted;
            let words = tokens
                .iter()
                .filter(|token| is_word(token))
                .cloned()
                .collect();
            self.sentence(words, &context, names, view, known)
        })
    }

    /// Whether a sentence says nothing about the platform: no name, no filter, no attribute.
    fn is_aside(&self, tokens: &[Token], names: &Names) -> bool {
        let linked = link(tokens, names, self);
        let named = linked.leaves.iter().any(|leaf| match &leaf.item.cat {
            Cat::Np(np) => match np.head {
                Head::Named => leaf.item.cost < ORDINARY,
                Head::Kind | Head::Built => true,
                Head::Any | Head::Pronoun => false,
            },
            Cat::Adjective(..)
            | Cat::Mod(_)
            | Cat::Role(_)
            | Cat::Trait(..)
            | Cat::Range(..)
            | Cat::Attribute(_) => leaf.item.cost < ORDINARY,
            _ => false,
        });
        let is_name = |text: &String| {
            tokens
                .iter()
                .any(|token| token.raw == *text && token.is_identifier())
        };
        !named && !linked.unused.iter().any(is_name)
    }

    /// A sentence with the one name of the sentence before in place of its pronoun: `fct_orders is late. Who reads it?`
    fn with_antecedent(
        &self,
        before: &[Token],
        sentence: &[Token],
        names: &Names,
    ) -> Option<Vec<Token>> {
        let found = names.links(before);
        let longest = found.iter().max_by_key(|link| link.end - link.start)?;
        let is_inside = |link: &&crate::plan::names::Link| {
            link.start >= longest.start && link.end <= longest.end
        };
        if !found.iter().all(|link| is_inside(&link)) {
            return None;
        }
        let name = &before[longest.start..longest.end];
        let pronoun = sentence.iter().position(|token| {
            !token.quoted && matches!(&*token.text, "it" | "its" | "them" | "that" | "this")
        })?;
        let mut said = sentence[..pronoun].to_vec();
        said.extend_from_slice(name);
        if sentence[pronoun].text == "its" {
            said.extend(tokens("'s"));
        }
        said.extend_from_slice(&sentence[pronoun + 1..]);
        Some(said)
    }

    /// Whether a sentence behind a question narrows it, even where it is not understood: `Nothing but tables, please.`
    fn is_restriction(&self, tokens: &[Token]) -> bool {
        let narrows = |token: &Token| {
            matches!(
                &*token.text,
                "only"
                    | "just"
                    | "not"
                    | "no"
                    | "without"
                    | "except"
                    | "excluding"
                    | "including"
                    | "include"
                    | "exclude"
                    | "ignore"
                    | "skip"
                    | "direct"
                    | "directly"
                    | "nothing"
                    | "but"
                    | "also"
            )
        };
        let is_noun = |start: usize| {
            self.at(tokens, start)
                .iter()
                .any(|(_, meaning)| matches!(meaning, Meaning::Kind { .. }))
        };
        tokens.iter().any(narrows) || (0..tokens.len()).any(is_noun)
    }

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

impl Explanation {
    /// Adds how the next sentence was read.
    fn then(&mut self, next: Explanation) {
        self.tokens.extend(next.tokens);
        self.links.extend(next.links);
        self.unused.extend(next.unused);
        self.parses.extend(next.parses);
        self.verdict = next.verdict;
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

/// Takes the likeliest reading, unless it is unlikely, ambiguous, or another one is near and answers differently.
fn decide(
    mut explanation: Explanation,
    groups: &[link::Group],
    yes_no: bool,
    may_find_nothing: bool,
    view: &View<'_>,
    known: &Known,
) -> Planned {
    let Some(best) = explanation.parses.first().cloned() else {
        explanation.verdict = "no reading uses every word".to_owned();
        return Planned {
            outcome: Outcome::Nothing,
            explanation,
        };
    };
    for parse in explanation.parses.iter_mut().skip(1) {
        parse.rejected = Some(format!("dearer by {:.2}", parse.cost - best.cost));
    }
    let reject = |mut explanation: Explanation, why: String| {
        explanation.parses[0].rejected = Some(why.clone());
        explanation.verdict = why;
        Planned {
            outcome: Outcome::Nothing,
            explanation,
        }
    };
    if best.cost > MOST_COST {
        return reject(
            explanation,
            "the likeliest reading is too unlikely".to_owned(),
        );
    }
    if let Err(error) = check(&best.query) {
        return reject(explanation, error.to_string());
    }
    let near: Vec<Query> = explanation
        .parses
        .iter()
        .filter(|parse| parse.cost - best.cost < MARGIN)
        .map(|parse| parse.query.clone())
        .collect();
    let mut settled: Vec<Query> = Vec::new();
    for query in near {
        match link::settle(&query, groups, view, known) {
            Ok(query) => settled.push(query),
            Err(choices) => {
                explanation.verdict = format!("`{}` names several things", choices.name);
                return Planned {
                    outcome: Outcome::Choices(choices),
                    explanation,
                };
            }
        }
    }
    let answers: Vec<Option<Answered>> = settled
        .iter()
        .map(|query| view.query(query, known).ok().map(Answered::of))
        .collect();
    if answers.iter().any(|answer| *answer != answers[0]) {
        if let Some(choices) = link::differing(&settled, &explanation.links, view) {
            explanation.verdict = format!("`{}` may name different things", choices.name);
            return Planned {
                outcome: Outcome::Choices(choices),
                explanation,
            };
        }
        return reject(
            explanation,
            "another reading is as likely and answers differently".to_owned(),
        );
    }
    match &answers[0] {
        None => return reject(explanation, "the query cannot be answered".to_owned()),
        Some(answer) if answer.total == 0 && !may_find_nothing && !may_be_empty(&settled[0]) => {
            let why = "nothing is stated that fits what the question takes for granted";
            return reject(explanation, why.to_owned());
        }
        Some(_) => {}
    }
    explanation.verdict = "every word is used and no other reading is near".to_owned();
    let query = settled.swap_remove(0);
    Planned {
        outcome: Outcome::Query(Box::new(Plan {
            reading: reading(&query, view),
            query,
            yes_no,
        })),
        explanation,
    }
}

/// Whether a set is everything of some kinds.
fn is_a_mere_kind(set: &Set) -> bool {
    match set {
        Set::All(_) => true,
        Set::Where { set, .. } => is_a_mere_kind(set),
        _ => false,
    }
}

/// What an answer says, without how it knows.
#[derive(PartialEq)]
struct Answered {
    total: usize,
    rows: Vec<(EntityRef, Vec<String>)>,
    groups: Vec<(Option<String>, usize)>,
    paths: Vec<(EntityRef, EntityRef)>,
}

impl Answered {
    fn of(answer: virgil_graph::Answer) -> Answered {
        let cell =
            |cell: &virgil_graph::Cell| serde_json::to_string(&shown(cell)).unwrap_or_default();
        Answered {
            total: answer.total,
            rows: answer
                .rows
                .into_iter()
                .map(|row| (row.entity, row.columns.iter().map(cell).collect()))
                .collect(),
            groups: answer
                .groups
                .into_iter()
                .map(|group| (group.value, group.count))
                .collect(),
            paths: answer
                .paths
                .into_iter()
                .map(|path| (path.from, path.to))
                .collect(),
        }
    }
}

fn shown(cell: &virgil_graph::Cell) -> Vec<serde_json::Value> {
    cell.values
        .iter()
        .map(|value| match value {
            virgil_graph::Shown::Value { value, .. } => serde_json::json!(value),
            virgil_graph::Shown::Entity { entity, .. } => serde_json::json!(entity.reference),
        })
        .collect()
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
