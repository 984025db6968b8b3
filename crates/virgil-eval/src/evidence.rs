//! Where expected places stand in what was found and cited.

use serde_json::Value;

use crate::expect::Place;

/// For each place the rank of the first passage that holds it, from 1; `None` if none does. `passages` come from the API, best first.
pub fn place_ranks(places: &[Place], passages: &Value) -> Vec<Option<u32>> {
    let passages = passages.as_array().map(Vec::as_slice).unwrap_or_default();
    let rank = |place: &Place| {
        let at = passages.iter().position(|passage| holds(passage, place))?;
        u32::try_from(at + 1).ok()
    };
    places.iter().map(rank).collect()
}

/// Whether an answer cites one of the places: a citation whose quote, or a passage of the answer under the cited lines, holds it.
pub fn cited(places: &[Place], answer: &Value) -> bool {
    let of = |name: &str| {
        answer[name]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    of("citations").iter().any(|citation| {
        let under = of("passages").iter().filter(|passage| {
            passage["source"] == citation["source"]
                && passage["path"] == citation["path"]
                && overlap(lines(passage), lines(citation))
        });
        places.iter().any(|place| {
            is_in(citation, place)
                && (holds_words(citation, "quote", place)
                    || under.clone().any(|passage| holds(passage, place)))
        })
    })
}

fn holds(passage: &Value, place: &Place) -> bool {
    is_in(passage, place) && holds_words(passage, "text", place)
}

/// Whether something stands in the document of a place, and at its lines if it has any.
fn is_in(found: &Value, place: &Place) -> bool {
    let source = place.source.as_deref();
    found["path"] == place.path.as_str()
        && source.is_none_or(|source| found["source"] == source)
        && place.lines.is_none_or(|span| overlap(lines(found), span))
}

fn holds_words(found: &Value, field: &str, place: &Place) -> bool {
    let Some(words) = &place.contains else {
        return true;
    };
    let text = found[field].as_str().unwrap_or_default();
    text.contains(words.as_str()) || in_one_line(text).contains(&in_one_line(words))
}

fn lines(found: &Value) -> (u32, u32) {
    let line = |name: &str| {
        let line = found[name].as_u64().unwrap_or_default();
        u32::try_from(line).unwrap_or(u32::MAX)
    };
    (line("start_line"), line("end_line"))
}

fn overlap(one: (u32, u32), other: (u32, u32)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(contains: Option<&str>, lines: Option<(u32, u32)>) -> Place {
        Place {
            source: Some("handbook".into()),
            path: "docs/gpu.md".into(),
            contains: contains.map(str::to_owned),
            lines,
        }
    }

    fn passage(source: &str, path: &str, lines: (u32, u32), text: &str) -> Value {
        json!({ "source": source, "path": path, "start_line": lines.0, "end_line": lines.1, "text": text })
    }

    #[test]
    fn a_place_is_found_by_source_path_words_and_lines() {
        let passages = json!([
            passage("other", "docs/gpu.md", (1, 9), "Ask in the channel"),
            passage("handbook", "docs/cpu.md", (1, 9), "Ask in the channel"),
            passage("handbook", "docs/gpu.md", (1, 9), "Nothing"),
            passage("handbook", "docs/gpu.md", (10, 19), "Ask\n  in the channel"),
        ]);
        let places = [
            place(Some("Ask in the"), None),
            place(None, None),
            place(None, Some((12, 13))),
            place(Some("Ask nobody"), None),
        ];
        let ranks = place_ranks(&places, &passages);
        assert_eq!(ranks, [Some(4), Some(3), Some(4), None]);
    }

    #[test]
    fn a_citation_holds_a_place_by_its_quote_or_by_the_passage_under_it() {
        let citation = |lines: (u32, u32), quote: &str| json!({ "source": "handbook", "path": "docs/gpu.md", "start_line": lines.0, "end_line": lines.1, "quote": quote });
        let passages = [passage(
            "handbook",
            "docs/gpu.md",
            (10, 19),
            "Ask in the channel",
        )];
        let answer = |citation| json!({ "citations": [citation], "passages": passages });
        let places = [place(Some("Ask in"), None)];
        assert!(cited(&places, &answer(citation((30, 31), "Ask in"))));
        assert!(cited(&places, &answer(citation((15, 15), "the channel"))));
        assert!(!cited(&places, &answer(citation((30, 31), "the channel"))));
        assert!(!cited(
            &places,
            &json!({ "citations": [], "passages": passages })
        ));
    }
}
