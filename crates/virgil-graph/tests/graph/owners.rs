//! Who owns files that state nothing themselves.

use virgil_model::{AssetId, Kind, SourceId};

use crate::world::{PUBLIC, SECRET, graph, labels, mention, public, rule, stated};

#[test]
fn the_rules_of_a_source_tell_the_owners_of_any_path_that_its_reader_may_know() {
    let mut graph = graph(vec![
        vec![
            rule("team:everything", "**", 1, false),
            rule("team:handbook", "docs/**", 2, false),
            rule("source:source-1/", "docs/attic/**", 3, true),
        ],
        vec![mention(Kind::Team, "The handbook", &["team:handbook"])],
    ]);
    let hidden = vec![rule("team:hidden", "docs/**", 1, false)];
    graph.replace(AssetId(9), stated(9, SECRET, hidden));
    let owners = |labels: &[virgil_model::LabelId], source: i64, path: &str| {
        let view = graph.view(&self::labels(labels));
        let owners = view.path_owners(SourceId(source), path);
        let told = owners
            .iter()
            .map(|(owner, place)| format!("{} [{} {}]", owner.name, place.path, place.lines.start));
        told.collect::<Vec<_>>().join(", ")
    };
    let docs = "docs/gpu.md";
    assert_eq!(owners(&[PUBLIC], 1, docs), "The handbook [file-1.yaml 2]");
    assert_eq!(owners(&[PUBLIC], 1, "run.sh"), "everything [file-1.yaml 1]");
    assert_eq!(owners(&[PUBLIC], 1, "docs/attic/old.md"), "");
    assert_eq!(owners(&[PUBLIC], 2, docs), "", "another source");
    let both = owners(&[PUBLIC, SECRET], 1, docs);
    assert!(both.contains("hidden [file-9.yaml 1]"), "{both}");
    assert_eq!(public(&graph).path_owners(SourceId(1), docs).len(), 1);
}
