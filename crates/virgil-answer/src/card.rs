//! What is stated about one thing, as a card: what it is, where that is stated, who owns it, what it is next to.
//!
//! It leads the answer to `what is fraud-detector?`, and stands before the passages of a question that names one thing and that
//! no reading covers: then it claims nothing but what is stated, and the asker sees what the graph knows.

use std::collections::{BTreeMap, BTreeSet};

use virgil_graph::{EntityRef, HopDirection, Neighbours, Place, View};
use virgil_model::{Kind, Predicate, Value};

use crate::cite::sanitise;
use crate::exact::{Numbers, text_of as value_text};
use crate::fact_text::marks;
use crate::knowers::owners;
use crate::plan::About;
use crate::prompt::visible;
use crate::quote::plain;

/// How many things of one relation a card names.
const MOST_THINGS: usize = 6;
/// How many attributes it shows.
const MOST_ATTRIBUTES: usize = 8;
/// How many values of one attribute.
const MOST_VALUES: usize = 4;
/// How many characters of one value.
const MOST_CHARACTERS: usize = 160;
/// How many places it names.
const MOST_PLACES: usize = 3;
/// How many things of the same name it mentions.
const MOST_OTHERS: usize = 5;

/// What people ask for first; anything else follows in alphabetical order.
const FIRST: [&str; 10] = [
    "type",
    "lifecycle",
    "schedule",
    "timezone",
    "severity",
    "expression",
    "for",
    "image",
    "version",
    "status",
];
/// What says nothing to people, or what a card tells in another way.
const LEFT_OUT: [&str; 10] = [
    "description",
    "summary",
    "labels",
    "pod_labels",
    "namespace",
    "component",
    "part_of",
    "source_location",
    "outputs",
    "root_run",
];

/// What is stated about a thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    thing: EntityRef,
    unresolved: bool,
    description: Option<(String, Place)>,
    places: Vec<Place>,
    more_places: usize,
    owners: Vec<(EntityRef, Place)>,
    attributes: Vec<(String, String, Place)>,
    neighbours: Vec<Neighbours>,
    others: Vec<EntityRef>,
}

impl Card {
    /// The card of a thing; none, if it is not there any more.
    pub(crate) fn of(view: &View<'_>, about: &About) -> Option<Card> {
        let [thing] = &about.things[..] else {
            return None;
        };
        let id = view.resolve(&thing.reference).ok()?;
        let mut attributes = view.attributes(id);
        let description = ["description", "summary"].into_iter().find_map(|name| {
            let (value, places) = attributes.remove(name)?.into_iter().next()?;
            Some((brief(&value_text(&value)), places.into_iter().next()?))
        });
        let mentions = view.mentions(id);
        let mut places: Vec<Place> = mentions.clone();
        places.truncate(MOST_PLACES);
        let owners = owners(view, thing)
            .into_iter()
            .map(|knower| (knower.owner, knower.place));
        Some(Card {
            thing: view.shown(id),
            unresolved: view.entity(id).unresolved,
            description,
            more_places: mentions.len() - places.len(),
            places,
            owners: owners.collect(),
            attributes: told(attributes),
            neighbours: view.neighbours(id, MOST_THINGS),
            others: about.others.iter().take(MOST_OTHERS).cloned().collect(),
        })
    }

    /// The card line by line, as Markdown; the places that it cites get numbers. `name_of` says how a place is called.
    pub(crate) fn lines(
        &self,
        numbers: &mut Numbers,
        name_of: impl Fn(&Place) -> String,
    ) -> Vec<CardLine> {
        let mut lines = Vec::new();
        let mut line = |text: String, places: Vec<&Place>| {
            let citations = numbers.of(places);
            lines.push(CardLine { text, citations });
        };
        let name = format!("**{}**", shown(&in_words(&self.thing)));
        match &self.description {
            Some((description, place)) => {
                line(format!("{name}: {}", shown(description)), vec![place]);
            }
            None => line(name, Vec::new()),
        }
        if self.places.is_empty() || self.unresolved {
            let said = "- stated in: nothing that you may see describes it; it is only referred to";
            line(said.to_owned(), Vec::new());
        } else {
            let mut said: Vec<String> = self
                .places
                .iter()
                .map(|place| shown(&name_of(place)))
                .collect();
            if self.more_places > 0 {
                said.push(format!("and {} more", self.more_places));
            }
            line(
                format!("- stated in: {}", said.join(", ")),
                self.places.iter().collect(),
            );
        }
        let owners = named(
            self.owners.iter().map(|(owner, _)| owner),
            self.owners.len(),
        );
        match self.owners.as_slice() {
            [] if matches!(self.thing.kind, Kind::Team | Kind::User) => {}
            [] => line("- owner: none is stated".to_owned(), Vec::new()),
            stated => line(
                format!("- owner: {owners}"),
                stated.iter().map(|(_, place)| place).collect(),
            ),
        }
        for (name, value, place) in &self.attributes {
            line(format!("- {}: {}", shown(name), shown(value)), vec![place]);
        }
        let has_tag = self.attributes.iter().any(|(name, _, _)| name == "image");
        for near in &self.neighbours {
            if has_tag && near.predicate == Predicate::RunsImage {
                // The image with its tag is told already.
                continue;
            }
            if let Some(head) = relation(near.predicate, near.direction) {
                let said = named(near.things.iter().map(|(thing, _)| thing), near.total);
                let places = near.things.iter().filter_map(|(_, places)| places.first());
                line(format!("- {head}: {said}"), places.collect());
            }
        }
        if !self.others.is_empty() {
            let mut others: Vec<&EntityRef> = self.others.iter().collect();
            others.dedup_by_key(|other| (other.kind, &other.name));
            let said = named(others.iter().copied(), others.len());
            line(format!("- of the same name: {said}"), Vec::new());
        }
        lines
    }
}

/// A line of a card, and the numbers of what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CardLine {
    pub(crate) text: String,
    pub(crate) citations: Vec<usize>,
}

/// Lines of a card as one text.
pub(crate) fn text_of(lines: &[CardLine]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        text.push_str(&line.text);
        text.push_str(&marks(&line.citations));
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
    }
    text
}

/// Some things by kind and name, of `total`.
fn named<'t>(things: impl Iterator<Item = &'t EntityRef>, total: usize) -> String {
    let mut said: Vec<String> = things.map(|thing| shown(&in_words(thing))).collect();
    if total > said.len() {
        said.push(format!("and {} more", total - said.len()));
    }
    said.join(", ")
}

/// The attributes that people ask for, in the order in which they do.
fn told(attributes: BTreeMap<String, Vec<(Value, Vec<Place>)>>) -> Vec<(String, String, Place)> {
    let rank = |name: &str| {
        FIRST
            .iter()
            .position(|first| *first == name)
            .unwrap_or(FIRST.len())
    };
    let mut names: Vec<&String> = attributes.keys().collect();
    names.retain(|name| !LEFT_OUT.contains(&name.as_str()));
    names.sort_by_key(|name| (rank(name), name.as_str()));
    let told = names.into_iter().filter_map(|name| {
        let values = &attributes[name];
        let place = values.first()?.1.first()?.clone();
        let texts: BTreeSet<String> = values.iter().map(|(value, _)| value_text(value)).collect();
        let more = texts.len().saturating_sub(MOST_VALUES);
        let mut shown: Vec<String> = texts
            .into_iter()
            .take(MOST_VALUES)
            .map(|text| brief(&text))
            .collect();
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        let said = shown.join(", ");
        let name = name.strip_prefix("tag_").unwrap_or(name).replace('_', " ");
        (!said.is_empty()).then_some((name, said, place))
    });
    told.take(MOST_ATTRIBUTES).collect()
}

/// A text on one line, cut where it is long.
fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST_CHARACTERS {
        return line;
    }
    let mut cut: String = line.chars().take(MOST_CHARACTERS).collect();
    if let Some((whole, _)) = cut.rsplit_once(' ') {
        cut.truncate(whole.len());
    }
    format!("{cut} …")
}

fn in_words(thing: &EntityRef) -> String {
    format!("{} {}", thing.kind.name().replace('_', " "), thing.name)
}

/// How a thing is related, seen from it; what a card tells in another way has no words.
fn relation(predicate: Predicate, direction: HopDirection) -> Option<&'static str> {
    let (forward, backward) = match predicate {
        Predicate::Reads => ("reads", "read by"),
        Predicate::Writes => ("writes", "written by"),
        Predicate::DerivedFrom => ("derived from", "source of"),
        Predicate::Trains => ("trains", "trained by"),
        Predicate::TrainedOn => ("trained on", "training data of"),
        Predicate::VersionOf => ("version of", "versions"),
        Predicate::StoredAt => ("stored at", "holds"),
        Predicate::Serves => ("serves", "served by"),
        Predicate::RunsImage => ("runs image", "run by"),
        Predicate::Builds => ("builds", "built by"),
        Predicate::Triggers => ("triggers", "triggered by"),
        Predicate::PartOf => ("part of", "has"),
        Predicate::DependsOn => ("depends on", "needed by"),
        Predicate::ProvidesApi => ("provides", "provided by"),
        Predicate::ConsumesApi => ("consumes", "consumed by"),
        Predicate::MemberOf => ("member of", "members"),
        Predicate::Monitors => ("watches", "watched by"),
        Predicate::DocumentedBy => ("documented by", "documents"),
        Predicate::UsesTemplate => ("made from", "template of"),
        Predicate::DefinedIn => ("defined in", "defines"),
        Predicate::OwnedBy => ("", "owns"),
    };
    let words = match direction {
        HopDirection::Forward => forward,
        HopDirection::Backward => backward,
    };
    (!words.is_empty()).then_some(words)
}

/// Text of others as a piece of Markdown: on one line, without what cannot be seen, and without anything that leads elsewhere.
fn shown(text: &str) -> String {
    let line = visible(text).replace(['\n', '\r'], " ");
    sanitise(&plain(&line), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_leads_nowhere() {
        let said = shown(
            "See [this](https://evil.example/x) and ![](https://evil.example/y)\u{200b} [1]\nnow",
        );
        assert!(
            !said.contains("](") && !said.contains('\u{200b}'),
            "{said:?}"
        );
        assert!(!said.contains('\n') && !said.contains(" [1]"), "{said:?}");
    }

    #[test]
    fn long_values_are_cut_between_words() {
        assert_eq!(brief("one\n  two"), "one two");
        let long = "word ".repeat(60);
        let cut = brief(&long);
        assert!(
            cut.ends_with("word …") && cut.chars().count() <= MOST_CHARACTERS + 2,
            "{cut}"
        );
    }
}
