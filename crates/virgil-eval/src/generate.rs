//! Questions with known answers, made from what the graph states.
//!
//! A template asks one kind of thing one question, in words and typed. Which things there are, and what is right, comes from the API,
//! inside whoever's access it is; this module only says what to ask, and writes down what came. The same seed over the same things
//! makes the same questions.
//!
//! Such questions hold the planner to the graph, not the graph to the files: what a reader leaves out, both leave out.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

/// The most rows of an answer that is written down: longer ones test nothing more, and nobody reads them.
const MOST_ROWS: usize = 25;

/// A thing of the platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    reference: String,
    name: String,
}

/// A question that may be worth asking.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    about: &'static str,
    name: String,
    /// In words.
    pub question: String,
    /// Typed.
    pub query: Value,
}

struct Template {
    about: &'static str,
    kinds: &'static [&'static str],
    /// With `{kind}` and `{name}` in it.
    words: &'static str,
    query: fn(&str) -> Value,
}

const TEMPLATES: [Template; 8] = [
    Template {
        about: "ownership",
        kinds: &["dataset", "model", "component", "pipeline", "dashboard"],
        words: "Who owns the {kind} {name}?",
        query: |of| json!({ "set": { "step": { "from": { "refs": [of] }, "along": "owner" } } }),
    },
    Template {
        about: "lineage",
        kinds: &["model", "dataset", "feature_view", "dashboard"],
        words: "Which datasets are upstream of the {kind} {name}?",
        query: |of| all_along(of, "upstream", "dataset"),
    },
    Template {
        about: "impact",
        kinds: &["dataset", "feature_view"],
        words: "Which models are downstream of the {kind} {name}?",
        query: |of| all_along(of, "downstream", "model"),
    },
    Template {
        about: "readers",
        kinds: &["dataset"],
        words: "Which runs read the {kind} {name}?",
        query: |of| one_hop_to(of, "reads", "run"),
    },
    Template {
        about: "columns",
        kinds: &["dataset"],
        words: "Which columns does the {kind} {name} have?",
        query: |of| one_hop_to(of, "part_of", "column"),
    },
    Template {
        about: "images",
        kinds: &["inference_service", "notebook", "training_job", "component"],
        words: "Which image does the {kind} {name} run?",
        query: |of| one_hop(of, "runs_image"),
    },
    Template {
        about: "monitoring",
        kinds: &["model", "inference_service", "dataset", "component"],
        words: "Which alerts monitor the {kind} {name}?",
        query: |of| one_hop_to(of, "monitors", "alert"),
    },
    Template {
        about: "writes",
        kinds: &["pipeline"],
        words: "What does the {kind} {name} write?",
        query: |of| one_hop(of, "writes"),
    },
];

/// Kinds that are counted.
const COUNTED: [&str; 6] = [
    "model",
    "inference_service",
    "dashboard",
    "alert",
    "team",
    "feature_view",
];

fn all_along(of: &str, along: &str, kind: &str) -> Value {
    let hops = json!({ "min": 1, "max": null });
    json!({ "set": { "and": [
        { "step": { "from": { "refs": [of] }, "along": along, "hops": hops } },
        { "all": [kind] },
    ] } })
}

/// What a thing is linked with.
fn one_hop(of: &str, predicate: &str) -> Value {
    let hop = json!({ "predicate": predicate });
    json!({ "set": { "step": { "from": { "refs": [of] }, "along": { "relations": [hop] } } } })
}

/// The things of a kind that are linked with it.
fn one_hop_to(of: &str, predicate: &str, kind: &str) -> Value {
    let hop = json!({ "predicate": predicate, "direction": "backward" });
    json!({ "set": { "and": [
        { "step": { "from": { "refs": [of] }, "along": { "relations": [hop] } } },
        { "all": [kind] },
    ] } })
}

/// The kinds that templates ask about, each with the query that lists its things.
pub fn listings() -> Vec<(&'static str, Value)> {
    let mut kinds: Vec<&str> = TEMPLATES.iter().flat_map(|of| of.kinds).copied().collect();
    kinds.extend(COUNTED);
    kinds.sort_unstable();
    kinds.dedup();
    kinds
        .into_iter()
        .map(|kind| (kind, json!({ "set": { "all": [kind] } })))
        .collect()
}

/// The things of a listing that are declared, and whose name no other thing of it has.
pub fn things(listed: &Value) -> Vec<Thing> {
    let rows = listed["rows"].as_array().map(Vec::as_slice);
    let rows = rows.unwrap_or_default().iter();
    let mut by_name: BTreeMap<String, Vec<Thing>> = BTreeMap::new();
    for row in rows.filter(|row| row["unresolved"] != true) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (reference, name) = (text("reference"), text("name"));
        by_name
            .entry(name.to_lowercase())
            .or_default()
            .push(Thing { reference, name });
    }
    let alone = by_name.into_values().filter(|things| things.len() == 1);
    alone.flatten().collect()
}

/// What may be asked, in the order in which to try: one of each template and kind, then the next of each.
pub fn drafts(things: &BTreeMap<&str, Vec<Thing>>, seed: u64) -> Vec<Draft> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut turns: Vec<Vec<Draft>> = Vec::new();
    for template in &TEMPLATES {
        for kind in template.kinds {
            let mut things = things.get(kind).cloned().unwrap_or_default();
            things.sort();
            random.shuffle(&mut things);
            let draft = |thing: Thing| Draft {
                about: template.about,
                question: template
                    .words
                    .replace("{kind}", &in_words(kind))
                    .replace("{name}", &thing.name),
                query: (template.query)(&thing.reference),
                name: format!("{kind} {}", thing.name),
            };
            turns.push(things.into_iter().map(draft).collect());
        }
    }
    let counted = COUNTED.iter().filter(|kind| things.contains_key(**kind));
    let mut counts: Vec<Draft> = counted.map(|kind| count(kind)).collect();
    random.shuffle(&mut counts);
    turns.push(counts);
    let most = turns.iter().map(Vec::len).max().unwrap_or_default();
    let round = |number: usize| {
        turns
            .iter()
            .filter_map(move |turn| turn.get(number).cloned())
    };
    (0..most).flat_map(round).collect()
}

fn count(kind: &str) -> Draft {
    Draft {
        about: "counts",
        name: kind.to_owned(),
        question: format!("How many {}s are there?", in_words(kind)),
        query: json!({ "set": { "all": [kind] }, "output": "count" }),
    }
}

fn in_words(kind: &str) -> String {
    kind.replace('_', " ")
}

/// What is right for a draft, given the result of its query; `None` if that makes no good question: nothing comes, or too much,
/// or it is not sure to be all.
pub fn expected(draft: &Draft, result: &Value) -> Option<Value> {
    if result["completeness"]["completeness"] != "exact" {
        return None;
    }
    let total = result["total"].as_u64().filter(|total| *total > 0)?;
    if draft.query["output"] == "count" {
        return Some(json!({ "count": total }));
    }
    let rows = result["rows"].as_array()?;
    if rows.len() > MOST_ROWS || rows.len() as u64 != total {
        return None;
    }
    let rows: Vec<&str> = rows
        .iter()
        .filter(|row| row["possibly"] != true)
        .filter_map(|row| row["reference"].as_str())
        .collect();
    (rows.len() as u64 == total).then(|| json!({ "rows": rows }))
}

/// Questions as a file that `virgil eval` reads. `remark` is a line at its top.
pub fn written(questions: &[(Draft, Value)], remark: &str) -> String {
    let mut text = format!("# {}\n", remark.replace('\n', " "));
    for (number, (draft, expected)) in questions.iter().enumerate() {
        let id = format!("{} {} {}", number + 1, draft.about, draft.name);
        // JSON is YAML, and its quoting knows every character.
        let _ = write!(
            text,
            "- id: {}\n  about: {}\n  question: {}\n  query: {}\n  expect: {expected}\n",
            json!(id),
            draft.about,
            json!(draft.question),
            draft.query
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::questions;

    fn listed(names: &[&str]) -> Value {
        let rows: Vec<Value> = names
            .iter()
            .map(|name| json!({ "reference": format!("ref:{name}"), "name": name, "unresolved": name.starts_with('?') }))
            .collect();
        json!({ "rows": rows })
    }

    fn platform() -> BTreeMap<&'static str, Vec<Thing>> {
        BTreeMap::from([
            (
                "dataset",
                things(&listed(&[
                    "orders",
                    "Twice",
                    "twice",
                    "?gone",
                    "pay: \"ments\" #1",
                ])),
            ),
            ("model", things(&listed(&["fraud"]))),
        ])
    }

    #[test]
    fn only_what_is_declared_and_has_a_name_of_its_own_is_asked_about() {
        let names: Vec<String> = platform()["dataset"]
            .iter()
            .map(|t| t.name.clone())
            .collect();
        assert_eq!(names, ["orders", "pay: \"ments\" #1"]);
    }

    #[test]
    fn the_same_seed_makes_the_same_questions() {
        let of = |seed| drafts(&platform(), seed);
        assert_eq!(of(1), of(1));
        assert!((2..20).any(|seed| of(seed) != of(1)));
        let words: Vec<String> = of(1).into_iter().map(|draft| draft.question).collect();
        assert!(
            words.contains(&"Who owns the model fraud?".to_owned()),
            "{words:?}"
        );
        assert!(
            words.contains(&"How many models are there?".to_owned()),
            "{words:?}"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let result = json!({ "total": 1, "rows": [{ "reference": "team:a \"b\"" }],
            "completeness": { "completeness": "exact" } });
        let asked: Vec<(Draft, Value)> = drafts(&platform(), 7)
            .into_iter()
            .filter_map(|draft| Some((draft.clone(), expected(&draft, &result)?)))
            .collect();
        assert!(asked.len() > 10, "{}", asked.len());
        let text = written(&asked, "made\nup");
        let (read, broken) = questions("made.yaml", &text);
        assert_eq!(broken, []);
        assert_eq!(read.len(), asked.len());
        for (question, (draft, _)) in read.iter().zip(&asked) {
            assert_eq!(question.wordings[0].text, draft.question);
            assert_eq!(question.query.as_ref(), Some(&draft.query));
        }
    }

    #[test]
    fn what_may_not_be_all_makes_no_question() {
        let draft = &drafts(&platform(), 1)[0];
        let result = |total: usize, completeness: &str| {
            let rows: Vec<Value> = (0..total.min(30))
                .map(|n| json!({ "reference": n.to_string() }))
                .collect();
            json!({ "total": total, "rows": rows, "completeness": { "completeness": completeness } })
        };
        assert!(expected(draft, &result(2, "exact")).is_some());
        assert!(expected(draft, &result(0, "exact")).is_none());
        assert!(expected(draft, &result(30, "exact")).is_none());
        assert!(expected(draft, &result(2, "at_least")).is_none());
    }
}
