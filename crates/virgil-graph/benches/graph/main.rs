//! Prints what loading, asking and changing a platform of 100,000 entities and 500,000 relations costs.
//!
//! Two times stand on each line: of the clock, and of the processor for this thread, which a busy machine does not
//! lengthen.
#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use virgil_graph::{
    Along, Direction, Graph, Hop, HopDirection, Hops, Known, Output, Quantifier, Query, QueryError,
    Set, Systems, Test, View, lineage,
};
use virgil_model::{Key, Kind, LabelId, Predicate, Value};

use platform::{ASSETS, column, id, job, label, model, next, owners, says, stated, table, version};

mod platform;

/// Ten statements are replaced so many times.
const CHANGES: usize = 200;

/// Each walk is made so many times.
const WALKS: usize = 50;

/// A moment of the clock and of the processor.
struct Start {
    clock: Instant,
    processor: Duration,
}

impl Start {
    fn now() -> Start {
        Start {
            processor: on_processor(),
            clock: Instant::now(),
        }
    }

    fn took(&self) -> Took {
        Took {
            clock: self.clock.elapsed(),
            processor: on_processor().saturating_sub(self.processor),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Took {
    clock: Duration,
    processor: Duration,
}

/// How long this thread has run.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

fn figure(what: &str, took: Took) {
    let [clock, processor] = [took.clock, took.processor].map(|time| time.as_secs_f64() * 1000.0);
    println!("{what:<64} {clock:>10.2} ms {processor:>10.2} ms");
}

fn timed<T>(what: &str, f: impl FnOnce() -> T, note: impl FnOnce(&T) -> String) -> T {
    let start = Start::now();
    let result = f();
    let took = start.took();
    figure(&format!("{what}{}", note(&result)), took);
    result
}

fn resident_kilobytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kilobytes.unwrap_or_default()
}

fn memory(what: &str, before: usize) -> usize {
    let grown = resident_kilobytes().saturating_sub(before);
    println!("{what:<64} {:>10} MB", grown / 1024);
    grown
}

fn reach(view: &View<'_>, from: &Key, along: Along, output: Output, limit: usize) -> usize {
    let hops = Hops {
        min: 1,
        max: Some(20),
    };
    let query = Query {
        output,
        limit: Some(limit),
        ..Query::rows(Set::Step {
            from: Box::new(Set::Refs(vec![from.to_string()])),
            along,
            hops,
        })
    };
    let answer = view.query(&query, &Known::default());
    answer.expect("the start is there").total
}

/// What the first of many runs took, what half of them took at most, the shortest, and what a run takes of the
/// processor in the mean.
fn repeated<T>(what: &str, mut f: impl FnMut() -> T, note: impl FnOnce(&T) -> String) {
    let mut times = Vec::with_capacity(WALKS);
    let mut run = || {
        let start = Instant::now();
        let result = f();
        times.push(start.elapsed());
        result
    };
    let processor = on_processor();
    let result = run();
    for _ in 1..WALKS {
        run();
    }
    let processor = on_processor().saturating_sub(processor) / WALKS as u32;
    let first = times[0];
    times.sort_unstable();
    let what = format!("{what}{}", note(&result));
    print!("{what:<52}");
    for time in [first, times[times.len() / 2], times[0], processor] {
        print!(" {:>7.2} ms", time.as_secs_f64() * 1000.0);
    }
    println!();
}

/// Walks to depth 20, each as a query on a view of its own, as a server asks.
fn walks(graph: &Graph, scope: &BTreeSet<LabelId>) {
    println!(
        "{:<54} {:>13} {:>13} {:>13}",
        "", "first", "median", "least"
    );
    let any = Along::Relations(
        Predicate::ALL
            .iter()
            .flat_map(|&predicate| {
                [HopDirection::Forward, HopDirection::Backward].map(|direction| Hop {
                    predicate,
                    direction,
                })
            })
            .collect(),
    );
    let (tangle, domain) = (table(1_234, 3), table(4_977, 2));
    for (what, from, along) in [
        ("upstream through half the graph", &tangle, Along::Upstream),
        (
            "downstream through half the graph",
            &tangle,
            Along::Downstream,
        ),
        ("upstream of a column", &column(1_234, 2), Along::Upstream),
        ("upstream of a model", &model(1_234), Along::Upstream),
        ("along all relations", &tangle, any.clone()),
        ("upstream through a domain", &domain, Along::Upstream),
        ("downstream through a domain", &domain, Along::Downstream),
    ] {
        for (shown, output, limit) in [("", Output::Count, 0), (", 100 rows", Output::Rows, 100)] {
            repeated(
                &format!("{what}{shown}"),
                || {
                    let view = graph.view(scope);
                    reach(&view, from, along.clone(), output.clone(), limit)
                },
                |reached| format!(" ({reached})"),
            );
        }
    }
    for (what, from, depth) in [
        ("lineage of a model version, depth 2", version(4_977), 2),
        ("lineage of a model version, depth 5", version(4_977), 5),
    ] {
        repeated(
            what,
            || {
                let view = graph.view(scope);
                let root = view.resolve(&from.to_string()).expect("it is there");
                lineage(&view, root, Direction::Upstream, depth, &Known::default())
                    .expect("it is valid")
            },
            |picture| format!(" ({} nodes)", picture.nodes.len()),
        );
    }
}

/// What looks at many things.
fn tests(view: &View<'_>) -> Result<(), QueryError> {
    let known = Known::default();
    let datasets = || Box::new(Set::All([Kind::Dataset].into()));
    let count = |set: Set| Query {
        output: Output::Count,
        ..Query::rows(set)
    };
    let filter = |test: Test| Set::Where {
        set: datasets(),
        test: Box::new(test),
    };
    let named = Test::Attribute {
        name: "name".to_owned(),
        op: virgil_graph::Op::StartsWith,
        value: Some(Value::Text("table_12".to_owned())),
    };
    let linked = |along: Along, hops: Hops, kind: Kind, quantifier: Quantifier| Test::Linked {
        along,
        hops,
        to: Box::new(Set::All([kind].into())),
        quantifier,
    };
    let to_depth_3 = Hops {
        min: 1,
        max: Some(3),
    };
    let unread = linked(
        Along::backward(Predicate::Reads),
        Hops::default(),
        Kind::Pipeline,
        Quantifier::None,
    );
    let feeding = linked(Along::Downstream, to_depth_3, Kind::Model, Quantifier::Some);
    for (what, query) in [
        (
            "all datasets, with their evidence",
            Query::rows(*datasets()),
        ),
        ("all datasets of a name", count(filter(named))),
        ("all datasets that no pipeline reads", count(filter(unread))),
        (
            "all datasets that feed a model within 3 hops",
            count(filter(feeding)),
        ),
    ] {
        let start = Start::now();
        let answer = view.query(&query, &known)?;
        let kind = match answer.completeness {
            virgil_graph::Completeness::Exact => "exact",
            virgil_graph::Completeness::AtLeast { .. } => "at least",
            virgil_graph::Completeness::Unknown { .. } => "unknown",
        };
        figure(&format!("{what} ({}, {kind})", answer.total), start.took());
    }
    Ok(())
}

/// Replaces ten statements again and again beside those who ask, as a server does, and asks after each change.
fn changes(
    what: &str,
    graph: &mut Graph,
    scopes: &[BTreeSet<LabelId>],
    said: impl Fn(usize) -> Vec<virgil_model::Says>,
) {
    let mut total = Took::default();
    let mut worst = Duration::ZERO;
    for change in 0..CHANGES {
        let asset = ASSETS + 10;
        let statements = stated(asset, LabelId(1), said(change));
        let start = Start::now();
        let mut next = graph.clone();
        next.replace(id(asset), statements);
        next.refresh();
        for scope in scopes {
            reach(
                &next.view(scope),
                &table(4_977, 2),
                Along::Upstream,
                Output::Rows,
                10,
            );
        }
        *graph = next;
        let took = start.took();
        total.clock += took.clock;
        total.processor += took.processor;
        worst = worst.max(took.processor);
    }
    let mean = Took {
        clock: total.clock / CHANGES as u32,
        processor: total.processor / CHANGES as u32,
    };
    figure(
        &format!("{what}, worst {:.2} ms", worst.as_secs_f64() * 1000.0),
        mean,
    );
}

fn main() -> Result<(), QueryError> {
    println!("{:<64} {:>13} {:>13}", "", "clock", "processor");
    let mut state = 7;
    let scopes: [BTreeSet<LabelId>; 3] =
        [&[1, 2, 3][..], &[1], &[1, 2]].map(|labels| labels.iter().copied().map(LabelId).collect());
    let mut graph = Graph::new(Systems::default());
    let mut loading = Took::default();
    let empty = resident_kilobytes();
    let mut load = |asset: usize, statements| {
        let start = Start::now();
        graph.replace(id(asset), statements);
        let took = start.took();
        loading.clock += took.clock;
        loading.processor += took.processor;
    };
    for asset in 0..ASSETS {
        load(asset, stated(asset, label(asset), says(asset, &mut state)));
    }
    load(ASSETS, stated(ASSETS, LabelId(1), owners()));
    figure("load all statements", loading);
    let bytes = memory("memory of the statements", empty) * 1024;
    let count = graph.sizes().statements;
    println!(
        "{:<64} {:>10} bytes",
        format!("for each of {count} statements"),
        bytes / count
    );

    let before = resident_kilobytes();
    let first = |graph: &Graph, scope| {
        reach(
            &graph.view(scope),
            &table(4_977, 2),
            Along::Upstream,
            Output::Rows,
            10,
        )
    };
    timed(
        "first answer, with everything derived",
        || first(&graph, &scopes[0]),
        |_| String::new(),
    );
    memory("memory of what is derived under three labels", before);
    memory("memory of statements and what is derived", empty);
    walks(&graph, &scopes[0]);
    tests(&graph.view(&scopes[0]))?;

    let before = resident_kilobytes();
    timed(
        "first answer under one label",
        || first(&graph, &scopes[1]),
        |_| String::new(),
    );
    timed(
        "first answer under two labels",
        || first(&graph, &scopes[2]),
        |_| String::new(),
    );
    memory("memory of what is derived under these", before);

    let before = resident_kilobytes();
    let relations = |change: usize| {
        let mut state = change as u64;
        let mut one = || {
            let asset = ASSETS / 2 + next(&mut state, ASSETS / 2);
            virgil_model::Says::Relation {
                subject: job(asset, 0),
                predicate: Predicate::Reads,
                object: virgil_model::Target::Key(table(asset, next(&mut state, 7))),
                attributes: Default::default(),
            }
        };
        (0..10).map(|_| one()).collect::<Vec<_>>()
    };
    changes(
        "ten relations changed, for three sets of labels",
        &mut graph,
        &scopes,
        relations,
    );
    let mentions = |change: usize| says(ASSETS + change, &mut 1).into_iter().take(10).collect();
    changes(
        "ten statements of new things, for three sets of labels",
        &mut graph,
        &scopes,
        mentions,
    );
    let hubs = |change: usize| {
        let mut all = relations(change);
        for (asset, said) in all.iter_mut().take(3).enumerate() {
            *said = virgil_model::Says::Mention {
                kind: Kind::Dataset,
                keys: vec![
                    table(asset, 0),
                    Key::global("uri", format!("s3://hub/{asset}")),
                ],
                name: format!("hub {change}"),
            };
        }
        all
    };
    changes(
        "ten statements, three of them of hubs",
        &mut graph,
        &scopes,
        hubs,
    );
    memory("more memory after all these changes", before);

    let start = Start::now();
    for asset in 0..ASSETS + 20 {
        graph.replace(id(asset), Vec::new());
    }
    figure("withdraw everything", start.took());
    println!("{:?}", graph.sizes());
    Ok(())
}
