//! The questions about the sample platform, typed and in words: how many are answered exactly, and how many wrongly.
//!
//! `virgil eval` asks them, and compares whole results: references, values of columns, counts, groups, paths, completeness. A
//! reference of the files counts as the thing that it names to the asker, so nothing here depends on which of its keys a thing
//! is shown by. What it says of the held-out phrasings is their score and nothing else, so that nobody tunes on them.

use serde_json::Value;

use crate::support::Sample;
use crate::support::questions::questions;

/// How many of the phrasings of a half were asked, are exactly right and are wrong.
fn score(summary: &Value, split: &str) -> (u64, u64, u64) {
    let groups = summary["by_split"].as_array().expect("splits");
    let group = groups
        .iter()
        .find(|group| group["name"] == split && group["asked"] == "set")
        .expect(split);
    let number = |name: &str| group[name].as_u64().expect(name);
    (number("questions"), number("right"), number("wrong"))
}

/// How often something came of questions of a kind.
fn outcome(summary: &Value, kind: &str, outcome: &str) -> u64 {
    let kinds = summary["kinds"].as_array().expect("kinds");
    let kind = kinds.iter().find(|of| of["asked"] == kind).expect(kind);
    kind["outcomes"][outcome].as_u64().unwrap_or_default()
}

#[test]
fn questions_are_answered_as_the_files_do_or_not_at_all() {
    let sample = Sample::shared();
    let evaluated = sample.home.evaluated(&["sample.yaml", "unanswerable.yaml"]);
    let items = evaluated["run"]["items"].as_array().expect("items");
    for item in items.iter().filter(|item| !item["note"].is_null()) {
        println!(
            "{}: {} {} {}",
            item["outcome"], item["key"], item["note"]["question"], item["note"]["got"][0]
        );
    }
    let hidden = items.iter().filter(|item| item["split"] == "held_out");
    assert!(hidden.clone().count() > 0);
    assert!(hidden.into_iter().all(|item| item["note"].is_null()));

    let summary = &evaluated["summary"];
    let typed = outcome(summary, "typed", "exact");
    let asked = questions("sample.yaml").len() as u64;
    assert_eq!(typed, asked, "typed queries as the files have them");
    for (split, least, most_wrong) in [("tune", 95, 1), ("held_out", 77, 2)] {
        let (asked, exact, wrong) = score(summary, split);
        println!("{split}: {exact} of {asked} exact, {wrong} wrong");
        assert!(exact * 100 >= asked * least, "{split}: {exact} of {asked}");
        assert!(
            wrong * 100 <= asked * most_wrong,
            "{split}: {wrong} of {asked}"
        );
    }
    let computed = outcome(summary, "abstain", "computed");
    let offered = outcome(summary, "choices", "offered");
    println!(
        "unanswerable: {computed} computed all the same; {offered} asked back with every choice"
    );
    assert_eq!(computed, 0);
    assert!(offered >= 9, "{offered} of 10 asked back");
}
