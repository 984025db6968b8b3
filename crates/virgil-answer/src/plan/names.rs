//! The names that a question may mention: everything that the asker's scope sees, under every spelling of its names.
//!
//! A name is looked up by the parts of its words, so that `fraud detector`, `fraud-detector` and `FraudDetector` meet.
//! Tables also go by the ends of their path (`marts.orders`, `orders`), columns by table and column
//! (`orders.email`), versions by model and number (`fraud-detector version 3`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use virgil_graph::{EntityId, EntityRef, View};
use virgil_model::{Key, Kind};

use crate::plan::tokens::{Token, parts};
use crate::plan::traits::Traits;

/// The most parts that a looked-up name has; references of objects in clusters have many.
const MOST_PARTS: usize = 32;
/// Words that may stand inside a name without being part of it.
const SMALL: &[&str] = &["the", "our", "my", "a", "an", "this", "'s"];
/// The most tokens that a name spreads over.
const MOST_TOKENS: usize = 6;

/// A thing under one of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The thing.
    pub(crate) entity: EntityRef,
    /// Whether the name is one that the thing goes by, and not only the end of a longer one.
    pub(crate) whole: bool,
    /// Whether nothing visible declares it.
    pub(crate) unresolved: bool,
}

/// A run of tokens that names things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The first token.
    pub(crate) start: usize,
    /// The token behind the last.
    pub(crate) end: usize,
    /// What it may name.
    pub(crate) candidates: Vec<Candidate>,
}

/// All names of a view.
#[derive(Debug, Default)]
pub(crate) struct Names {
    things: Vec<(EntityRef, bool)>,
    /// For the parts of a name, joined by spaces, which things go by it; those that it names wholly come first.
    by_parts: HashMap<String, Vec<(u32, bool)>>,
    traits: Traits,
}

impl Names {
    /// Collects the names of everything in the view.
    pub(crate) fn of(view: &View<'_>) -> Names {
        let mut names = Names::default();
        let mut numbers: BTreeMap<EntityId, u32> = BTreeMap::new();
        let entities = view.all(&BTreeSet::new());
        names.traits = Traits::of(view, &entities);
        for id in entities {
            let number = u32::try_from(names.things.len()).unwrap_or(u32::MAX);
            numbers.insert(id, number);
            let entity = view.shown(id);
            let kind = entity.kind.name();
            let mut spellings = BTreeMap::from([
                (entity.name.clone(), true),
                (format!("{kind}:{}", entity.name), true),
            ]);
            for key in view.keys(id) {
                for (spelling, whole) in spellings_of(&key, entity.kind) {
                    let known = spellings.entry(spelling).or_insert(whole);
                    *known |= whole;
                }
            }
            names.things.push((entity, view.entity(id).unresolved));
            for (spelling, whole) in spellings {
                names.insert(&spelling, number, whole);
            }
        }
        for (name, entities) in view.names() {
            for id in entities {
                if let Some(&number) = numbers.get(&id) {
                    names.insert(&name, number, true);
                }
            }
        }
        names
    }

    fn insert(&mut self, spelling: &str, number: u32, whole: bool) {
        let parts = parts(spelling);
        // A bare number, as of a version, names nothing.
        let is_number = |part: &String| part.chars().all(|c| c.is_ascii_digit());
        if parts.is_empty() || parts.len() > MOST_PARTS || parts.iter().all(is_number) {
            return;
        }
        let known = self.by_parts.entry(parts.join(" ")).or_default();
        match known.iter_mut().find(|(other, _)| *other == number) {
            Some((_, known)) => *known |= whole,
            None => known.push((number, whole)),
        }
    }

    /// Everything that has names, with whether nothing declares it.
    pub(crate) fn things(&self) -> impl Iterator<Item = (&EntityRef, bool)> {
        self.things
            .iter()
            .map(|(thing, unresolved)| (thing, *unresolved))
    }

    /// The attributes of what has names.
    pub(crate) fn traits(&self) -> &Traits {
        &self.traits
    }

    /// Every run of tokens that names something.
    pub(crate) fn links(&self, tokens: &[Token]) -> Vec<Link> {
        let mut links = Vec::new();
        for start in 0..tokens.len() {
            let mut joined = String::new();
            // The same without the small words inside: `version 3 of our fraud detector`.
            let mut bare = String::new();
            for end in start + 1..=tokens.len().min(start + MOST_TOKENS) {
                let token = &tokens[end - 1];
                if token.parts.is_empty() || (token.quoted && end > start + 1) {
                    break;
                }
                let is_small = !token.quoted && SMALL.contains(&&*token.text);
                for part in &token.parts {
                    push(&mut joined, part);
                    if !is_small {
                        push(&mut bare, part);
                    }
                }
                let mut candidates = self.named(&joined);
                if candidates.is_empty() && !is_small && !SMALL.contains(&&*tokens[start].text) {
                    candidates = self.named(&bare);
                }
                if !candidates.is_empty() {
                    links.push(Link {
                        start,
                        end,
                        candidates,
                    });
                }
                if token.quoted {
                    break;
                }
            }
        }
        links
    }

    /// What goes by the joined parts of some tokens.
    pub(super) fn named(&self, joined: &str) -> Vec<Candidate> {
        let found = self.by_parts.get(joined).map_or(&[][..], Vec::as_slice);
        found
            .iter()
            .filter_map(|(number, whole)| {
                let (entity, unresolved) = self.things.get(*number as usize)?;
                Some(Candidate {
                    entity: entity.clone(),
                    whole: *whole,
                    unresolved: *unresolved,
                })
            })
            .collect()
    }
}

/// Adds a part behind a space.
fn push(joined: &mut String, part: &str) {
    if !joined.is_empty() {
        joined.push(' ');
    }
    joined.push_str(part);
}

/// How people write what a key names, each with whether it is the whole name inside its system.
fn spellings_of(key: &Key, kind: Kind) -> Vec<(String, bool)> {
    let mut spellings = vec![(key.to_string(), true), (key.value.clone(), true)];
    let mut ends = key.value.rsplitn(3, '/');
    let tail = ends.next().unwrap_or_default();
    match kind {
        Kind::Column => {
            if let Some((table, column)) = tail.split_once('#') {
                spellings.push((column.to_owned(), false));
                for table in dotted_ends(table) {
                    spellings.push((format!("{table}.{column}"), true));
                }
            }
        }
        Kind::Dataset | Kind::FeatureView => {
            let count = tail.split('.').count();
            for (index, end) in dotted_ends(tail).enumerate() {
                spellings.push((end.to_owned(), index + 1 >= count || index == 0));
            }
        }
        Kind::ModelVersion => {
            if let Some(model) = ends.next() {
                spellings.push((format!("{model} {tail}"), true));
                spellings.push((format!("{model} version {tail}"), true));
                spellings.push((format!("{model} v{tail}"), true));
                spellings.push((format!("version {tail} of {model}"), true));
                spellings.push((format!("v{tail} of {model}"), true));
            }
        }
        Kind::User => {
            spellings.push((tail.split('@').next().unwrap_or(tail).to_owned(), true));
        }
        _ => {
            spellings.push((tail.to_owned(), true));
            if let Some(before) = ends.next() {
                spellings.push((format!("{before}/{tail}"), true));
            }
            // A file of a bucket also goes by its name without the ending.
            if let Some((stem, _)) = tail.rsplit_once('.') {
                spellings.push((stem.to_owned(), false));
            }
        }
    }
    spellings
}

/// `a.b.c`, `b.c` and `c`, the longest first.
fn dotted_ends(name: &str) -> impl Iterator<Item = &str> {
    let starts = std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at + 1));
    starts.map(|start| &name[start..])
}
