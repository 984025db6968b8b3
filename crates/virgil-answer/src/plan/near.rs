//! Names near one that nothing goes by: misspelt, half, or of another kind than was said.
//!
//! `who owns backstage-dmeo?` and `who owns the component demo?` name nothing. What is near is offered and never taken: names that are
//! spelled almost so, and others that hold the word, where the question would be answered with them in its place.

use std::collections::BTreeSet;

use virgil_graph::EntityRef;
use virgil_index::terms;
use virgil_model::Kind;

use crate::plan::about::noun;
use crate::plan::examples::Asker;
use crate::plan::link::prior;
use crate::plan::names::Names;
use crate::plan::tokens::{BOUNDARY, Token, parts, tokens};
use crate::plan::ways::asks_for_a_way;
use crate::plan::{Choices, Context, Outcome};

/// How many near names are tried.
const MOST_TRIED: usize = 8;
/// How many are offered.
const MOST_OFFERED: usize = 5;
/// A name is misspelt if at most this part of its letters is wrong.
const LETTERS_PER_ERROR: usize = 4;
/// Shorter words are near to too much.
const LEAST_LETTERS: usize = 4;

/// What could be meant by a word of `question` that names nothing.
pub(crate) fn offers(question: &str, asker: &Asker<'_>) -> Option<Choices> {
    let tokens: Vec<Token> = tokens(question);
    if asks_for_a_way(&tokens) {
        return None;
    }
    let (word, kinds) = nameless(&tokens, asker)?;
    let mut found = near(asker.names, word, &kinds);
    if found.is_empty() && asker.names.links(&[Token::word(word)]).is_empty() {
        // What stood for a kind may be a verb: `does X run`.
        found = near(asker.names, word, &BTreeSet::new());
    }
    let tried = found.into_iter().take(MOST_TRIED);
    let answers = |thing: &EntityRef| {
        let meant = question.replacen(word, &format!("`{}`", thing.reference), 1);
        let planned = asker.lexicon.plan(
            &meant,
            &Context::default(),
            asker.names,
            asker.view,
            asker.known,
        );
        matches!(planned.outcome, Outcome::Query(_)) || is_misspelt(word, &thing.name)
    };
    let things: Vec<EntityRef> = tried.filter(answers).take(MOST_OFFERED).collect();
    (!things.is_empty()).then(|| Choices {
        name: word.to_owned(),
        things,
    })
}

/// The one word that stands where a name should and names nothing, with the kinds that are said of it.
fn nameless<'t>(tokens: &'t [Token], asker: &Asker<'_>) -> Option<(&'t str, BTreeSet<Kind>)> {
    let links = asker.names.links(tokens);
    let mut known = vec![false; tokens.len()];
    for at in 0..tokens.len() {
        for (length, _) in asker.lexicon.at(tokens, at) {
            known[at..at + length].fill(true);
        }
        known[at] |= !tokens[at].quoted
            && (tokens[at].text == BOUNDARY
                || tokens[at].parts.is_empty()
                || !asker
                    .names
                    .traits()
                    .named(&tokens[at].parts.join(" "))
                    .is_empty()
                || is_number(&tokens[at]));
    }
    for link in &links {
        known[link.start..link.end].fill(true);
    }
    let said = |at: usize| {
        let before = (0..at).find_map(|start| {
            let (length, kinds) = noun(tokens, start, asker.lexicon)?;
            (start + length == at).then_some(kinds)
        });
        let behind = noun(tokens, at + 1, asker.lexicon).map(|(_, kinds)| kinds);
        before.or(behind).unwrap_or_default()
    };
    let mut unknown = (0..tokens.len()).filter(|at| !known[*at]);
    if let Some(at) = unknown.next() {
        let is_alone = unknown.next().is_none();
        let is_long = tokens[at].raw.chars().count() >= LEAST_LETTERS;
        return (is_alone && is_long).then(|| (&*tokens[at].raw, said(at)));
    }
    // A name whose things are of other kinds than was said.
    let mut strange = links.iter().filter_map(|link| {
        let kinds = said(link.start);
        let fits = link
            .candidates
            .iter()
            .any(|candidate| kinds.contains(&candidate.entity.kind));
        let is_word =
            link.end == link.start + 1 && noun(tokens, link.start, asker.lexicon).is_none();
        (is_word && !kinds.is_empty() && !fits).then_some((&*tokens[link.start].raw, kinds))
    });
    let only = strange.next()?;
    strange.next().is_none().then_some(only)
}

fn is_number(token: &Token) -> bool {
    token.text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Declared things of these kinds (of any, if there are none) whose names are near a word, the nearest first.
pub(super) fn near(names: &Names, word: &str, kinds: &BTreeSet<Kind>) -> Vec<EntityRef> {
    let wanted: Vec<char> = word.to_lowercase().chars().collect();
    let wanted_parts = parts(word);
    let mut near: Vec<(usize, u32, &EntityRef)> = names
        .things()
        .filter(|(thing, _)| match thing.kind {
            // There are many, and few are asked about by name; a title of a document holds what it is about.
            Kind::Column | Kind::Run | Kind::Artifact | Kind::Document => {
                kinds.contains(&thing.kind)
            }
            kind => kinds.is_empty() || kinds.contains(&kind),
        })
        .filter(|(thing, _)| !is_inflected(word, &thing.name))
        .filter_map(|(thing, unresolved)| {
            let distance = distance(&wanted, &wanted_parts, &thing.name)?;
            let unlikely = (prior(thing.kind) * 100.0) as u32 + u32::from(unresolved) * 50;
            Some((distance, unlikely, thing))
        })
        .collect();
    near.sort();
    if let Some(&(nearest, ..)) = near.first()
        && nearest <= wanted.len() / LETTERS_PER_ERROR
    {
        // Beside a name that is spelled almost so, others are hardly meant.
        near.retain(|(distance, ..)| *distance <= nearest + 1);
    }
    near.into_iter()
        .map(|(_, _, thing)| thing.clone())
        .collect()
}

/// Whether a word is another form of the ordinary word that a name is: `uploaded` is no misspelt `upload`.
fn is_inflected(word: &str, name: &str) -> bool {
    word.chars().all(char::is_alphabetic)
        && !word.eq_ignore_ascii_case(name)
        && terms(word) == terms(name)
}

/// How far a name is from a word; none, if it is neither misspelt so nor named in part.
fn distance(wanted: &[char], wanted_parts: &[String], name: &str) -> Option<usize> {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    let most = wanted.len() / LETTERS_PER_ERROR;
    if letters.len().abs_diff(wanted.len()) <= most
        && let Some(errors) = errors(wanted, &letters).filter(|errors| *errors <= most)
    {
        return Some(errors);
    }
    let of_name = parts(name);
    let has = |part: &String| of_name.contains(part);
    let is_part = !wanted_parts.is_empty() && wanted_parts.iter().all(has);
    is_part.then(|| wanted.len() + of_name.len() - wanted_parts.len())
}

/// Whether a word may be a misspelt name, and not only stand in it.
pub(crate) fn is_misspelt(word: &str, name: &str) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (word, name) = (letters(word), letters(name));
    let most = word.len() / LETTERS_PER_ERROR;
    errors(&word, &name).is_some_and(|errors| errors <= most)
}

/// How many letters are wrong, missing, too many, or swapped with the next.
fn errors(left: &[char], right: &[char]) -> Option<usize> {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let mut best = (previous[column] + usize::from(letter != other))
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_of_a_word_is_not_misspelt() {
        assert!(is_inflected("uploaded", "upload"));
        assert!(is_inflected("registers", "Register"));
        assert!(!is_inflected("scorre", "scorer"));
        assert!(!is_inflected("scorer-v1", "scorer-v1s"));
    }

    #[test]
    fn misspelt_and_half_names_are_near_and_others_are_not() {
        let near = |word: &str, name: &str| {
            let wanted: Vec<char> = word.to_lowercase().chars().collect();
            distance(&wanted, &parts(word), name)
        };
        assert_eq!(near("backstage-dmeo", "backstage-demo"), Some(1), "swapped");
        assert_eq!(near("kube-state-metrix", "kube-state-metrics"), Some(2));
        assert_eq!(near("BadConfig", "PrometheusBadConfig"), Some(10));
        assert_eq!(near("graphql", "demo-graphql"), Some(8));
        assert_eq!(near("fct_refunds", "fct_returns"), None);
        assert_eq!(near("upsell-predictor", "churn-predictor"), None);
        assert_eq!(near("disk", "NodeRAIDDiskFailure"), Some(7));
    }
}
