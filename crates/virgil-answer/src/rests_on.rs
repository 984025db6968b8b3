//! What an answer rests on: who keeps an answer needs it, to know later whether it may still be read.

use std::collections::BTreeSet;

use virgil_model::{Evidence, LabelId, Scope};
use virgil_store::{FilePlace, RestsOn};

use crate::answer::Mode;
use crate::draft::Draft;
use crate::retrieve::ScoredPassage;
use crate::rows::is_row;

/// What a draft rests on that was made from `passages` for whoever `scope` belongs to.
///
/// Extracts rest on what they cite. A language model has read every passage, whatever it cites of them. What was computed,
/// counted or looked up in the graph rests on everything that the scope sees: with less, it might be another number.
pub(crate) fn rests_on(scope: &Scope, draft: &Draft, passages: &[ScoredPassage]) -> RestsOn {
    let cited: BTreeSet<FilePlace> = draft
        .citations
        .iter()
        .map(|citation| place(&citation.evidence))
        .collect();
    let read: Vec<&ScoredPassage> = passages
        .iter()
        .filter(|scored| {
            draft.mode == Mode::Model || cited.contains(&place(&scored.passage.evidence))
        })
        .collect();
    let over_the_graph = draft.mode == Mode::Facts
        || draft.over_the_graph
        || draft.facts.is_some()
        || read.iter().any(|scored| is_row(scored));
    let labels: BTreeSet<LabelId> = if over_the_graph {
        scope.labels().collect()
    } else {
        read.iter().map(|scored| scored.passage.label).collect()
    };
    let mut places = cited;
    // A place whose asset went while it was read stands nowhere.
    let read = read.iter().map(|scored| place(&scored.passage.evidence));
    places.extend(read.filter(|place| !place.source.is_empty()));
    RestsOn { labels, places }
}

fn place(evidence: &Evidence) -> FilePlace {
    FilePlace {
        source: evidence.source.clone(),
        path: evidence.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use virgil_model::{AssetId, Content, LineSpan, PointId};
    use virgil_store::Passage;

    use super::*;
    use crate::answer::CitationState;
    use crate::draft::cite;
    use crate::extract::QuestionTerms;

    fn passage(path: &str, label: i64) -> ScoredPassage {
        ScoredPassage {
            passage: Passage {
                point: PointId(Uuid::from_u128(1)),
                asset: AssetId(1),
                ordinal: 0,
                evidence: Evidence {
                    source: "docs".into(),
                    path: path.into(),
                    commit: None,
                    lines: LineSpan::line(1),
                    url: None,
                },
                title: path.into(),
                content: Content::Config,
                breadcrumb: Vec::new(),
                text: "text".into(),
                label: LabelId(label),
            },
            score: 1.0,
            dense: None,
            sparse: None,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "tests issue scopes")]
    fn scope() -> Scope {
        Scope::issue("ada".into(), [1, 2, 3].map(LabelId).into(), false)
    }

    fn check(change: impl Fn(&mut Draft), labels: &[i64], paths: &[&str]) {
        let passages = [passage("a.md", 1), passage("b.md", 2)];
        let mut draft = Draft::new(Mode::Extract);
        let terms = QuestionTerms::default();
        draft
            .citations
            .push(cite(1, &passages[0], &terms, CitationState::Quoted));
        change(&mut draft);
        let rests = rests_on(&scope(), &draft, &passages);
        let found: Vec<i64> = rests.labels.iter().map(|label| label.0).collect();
        assert_eq!(found, labels);
        let found: Vec<&str> = rests.places.iter().map(|place| &*place.path).collect();
        assert_eq!(found, paths);
    }

    #[test]
    fn extracts_rest_on_what_they_cite() {
        check(|_| {}, &[1], &["a.md"]);
    }

    #[test]
    fn a_model_has_read_every_passage() {
        check(|draft| draft.mode = Mode::Model, &[1, 2], &["a.md", "b.md"]);
    }

    #[test]
    fn what_the_graph_was_asked_rests_on_the_whole_scope() {
        check(|draft| draft.mode = Mode::Facts, &[1, 2, 3], &["a.md"]);
        check(|draft| draft.over_the_graph = true, &[1, 2, 3], &["a.md"]);
    }
}
