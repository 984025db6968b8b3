//! What is next to a thing.

use virgil_graph::{HopDirection, View};
use virgil_model::{AssetId, Kind, Predicate, Says};

use crate::world::{PUBLIC, SECRET, attribute, graph, labels, mention, relation, stated, text};

/// A run of `job:etl/load` that ended on a day, reads `from` and writes the orders.
fn run(name: &str, day: &str, from: &str) -> Vec<Says> {
    let run = format!("run:etl/{name}");
    vec![
        mention(Kind::Run, name, &[&run]),
        attribute(&run, "state", text("completed")),
        attribute(&run, "ended_at", text(day)),
        relation(&run, Predicate::PartOf, "job:etl/load"),
        relation(&run, Predicate::Reads, from),
        relation(&run, Predicate::Writes, "table:lake/orders"),
    ]
}

/// The neighbours of what a name means, one way on a line.
fn told(view: &View<'_>, name: &str, most: usize) -> String {
    let id = view.resolve(name).expect("a test's input is valid");
    let lines = view.neighbours(id, most).into_iter().map(|near| {
        let things: Vec<String> = near
            .things
            .iter()
            .map(|(thing, places)| format!("{} [{}]", thing.name, places[0].path))
            .collect();
        let way = match near.direction {
            HopDirection::Forward => "",
            HopDirection::Backward => " from",
        };
        let more = near.total - things.len();
        let (predicate, things) = (near.predicate.name(), things.join(", "));
        format!("{predicate}{way} {things} and {more} more")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_current_run_does_is_told_of_its_job_and_what_is_hidden_is_not_counted() {
    let mut graph = graph(vec![
        vec![
            mention(Kind::Pipeline, "load", &["job:etl/load"]),
            mention(Kind::Dataset, "orders", &["table:lake/orders"]),
            relation("job:etl/load", Predicate::OwnedBy, "team:growth"),
        ],
        run("old", "2026-01-01", "table:lake/legacy"),
        run("new", "2026-02-01", "table:lake/raw"),
        vec![relation(
            "view:x/report",
            Predicate::Reads,
            "table:lake/orders",
        )],
    ]);
    let hidden = vec![relation(
        "view:x/hidden",
        Predicate::Reads,
        "table:lake/orders",
    )];
    graph.replace(AssetId(9), stated(9, SECRET, hidden));
    let view = graph.view(&labels(&[PUBLIC]));
    assert_eq!(
        told(&view, "load", 8),
        "reads raw [file-3.yaml] and 0 more\n\
         writes orders [file-3.yaml] and 0 more\n\
         owned_by growth [file-1.yaml] and 0 more"
    );
    assert_eq!(
        told(&view, "orders", 8),
        "reads from report [file-4.yaml] and 0 more\nwrites from load [file-3.yaml] and 0 more"
    );
    let both = graph.view(&labels(&[PUBLIC, SECRET]));
    assert!(told(&both, "orders", 1).starts_with("reads from hidden [file-9.yaml] and 1 more"));
}
