//! How a question was read, for `virgil ask --explain`.

use serde_json::Value;

use crate::environment::say;

/// Prints the names, readings and passages behind an answer.
pub(super) fn print(answer: &Value) {
    let explanation = &answer["explanation"];
    say("\n— how the question was read");
    for link in list(&explanation["links"]) {
        let candidates: Vec<String> = list(&link["candidates"])
            .map(|thing| format!("{} ({})", text(&thing["kind"]), text(&thing["reference"])))
            .collect();
        say(&format!(
            "name     {}: {}",
            text(&link["text"]),
            candidates.join(", ")
        ));
    }
    for word in list(&explanation["unused"]) {
        let near: Vec<&str> = list(&word["near"]).map(text).collect();
        let near = if near.is_empty() {
            String::new()
        } else {
            format!("; near are {}", near.join(", "))
        };
        say(&format!("unknown  {}{near}", text(&word["text"])));
    }
    for parse in list(&explanation["parses"]) {
        let verdict = match parse["rejected"].as_str() {
            Some(why) => format!(" — not taken: {why}"),
            None => " — taken".to_owned(),
        };
        say(&format!(
            "reading  {:.2}  {}{verdict}",
            parse["cost"].as_f64().unwrap_or_default(),
            text(&parse["reading"])
        ));
        say(&format!("         {}", parse["query"]));
    }
    for example in list(&explanation["examples"]) {
        let verdict = match example["rejected"].as_str() {
            Some(why) => format!(" — not taken: {why}"),
            None => String::new(),
        };
        say(&format!(
            "example  {:.2}  {} ({}){verdict}",
            example["likeness"].as_f64().unwrap_or_default(),
            text(&example["wording"]),
            text(&example["example"])
        ));
    }
    say(&format!("verdict  {}", text(&explanation["verdict"])));
    print_judgement(&explanation["judgement"]);
    print_reranked(&explanation["reranked"]);
    for proposal in list(&explanation["proposals"]) {
        say(&format!(
            "proposed {}: {}",
            text(&proposal["arguments"]),
            text(&proposal["outcome"])
        ));
    }
    for passage in list(&answer["passages"]) {
        say(&format!(
            "passage  {:.3} (meaning {}, terms {})  {}/{}:{}",
            passage["score"].as_f64().unwrap_or_default(),
            score(&passage["dense_score"]),
            score(&passage["sparse_score"]),
            text(&passage["source"]),
            text(&passage["path"]),
            passage["start_line"],
        ));
    }
    for citation in list(&answer["citations"]) {
        say(&format!(
            "check    [{}] {}",
            citation["number"],
            text(&citation["state"]).replace('_', " ")
        ));
    }
    say("");
}

/// Says how likely the passages were taken to answer the question, and why.
fn print_judgement(judgement: &Value) {
    let Some(probability) = judgement["probability"].as_f64() else {
        return;
    };
    let mut reasons = vec![
        format!("best passage {}", score(&judgement["score"])),
        format!("{} ahead of the tenth", score(&judgement["margin"])),
        format!("nearest by meaning {}", score(&judgement["cosine"])),
        format!("pairs of words {}", score(&judgement["pairs"])),
        format!("spread over documents {}", score(&judgement["spread"])),
    ];
    let missing: Vec<&str> = list(&judgement["missing"]).map(text).collect();
    if !missing.is_empty() {
        reasons.push(format!(
            "the first passages lack {} (without, the question moves by {} and is {} nearer)",
            missing.join(", "),
            score(&judgement["apart"]),
            score(&judgement["nearer"])
        ));
    }
    let unseen: Vec<&str> = list(&judgement["unseen"]).map(text).collect();
    if !unseen.is_empty() {
        reasons.push(format!("nothing holds {}", unseen.join(", ")));
    }
    if judgement["lacking"] == true {
        reasons.push("what is asked for has a form that the passages lack".to_owned());
    }
    if judgement["now"] == true {
        reasons.push("what is asked for changes by the hour".to_owned());
    }
    if judgement["alone"] == true {
        reasons.push("the best passage is data with one word of the question".to_owned());
    }
    let least = judgement["least"].as_f64().unwrap_or_default();
    let outcome = if probability < least {
        "too little to answer"
    } else {
        "answered"
    };
    say(&format!(
        "judged   {probability:.2} of at least {least:.2}, {outcome}: {}",
        reasons.join("; ")
    ));
}

/// Says which model put the passages in order, and what it had time for.
fn print_reranked(reranked: &Value) {
    let Some(model) = reranked["model"].as_str() else {
        return;
    };
    let outcome = match reranked["problem"].as_str() {
        Some(problem) => format!("failed, the order is that of the second stage: {problem}"),
        None => format!(
            "read {} of {} passages",
            reranked["scored"], reranked["candidates"]
        ),
    };
    say(&format!(
        "ordered  {model} {outcome} ({} ms)",
        reranked["took_ms"]
    ));
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn score(value: &Value) -> String {
    value
        .as_f64()
        .map_or("–".to_owned(), |score| format!("{score:.2}"))
}
