//! Prints what loading and walking a platform of 100,000 entities and 500,000 relations costs.
#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use virgil_graph::{Along, Direction, Graph, Hops, Known, Query, Set, Stated, Systems, lineage};
use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, SourceId, Statement, Target,
};

const ENTITIES: usize = 100_000;
const RELATIONS: usize = 500_000;
const PER_ASSET: usize = 20;
const LABEL: LabelId = LabelId(1);

fn key(number: usize) -> Key {
    match number % 4 {
        0 => Key::scoped(
            "pipeline",
            "airflow-prod",
            &format!("team-{}/job-{number}", number % 97),
        ),
        _ => Key::scoped(
            "table",
            "warehouse",
            &format!("shop.schema_{}.table_{number}", number % 89),
        ),
    }
}

/// A pseudo-random number below `bound`, always the same ones.
fn next(state: &mut u64, bound: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap_or_default() % bound
}

fn statements(asset: usize, state: &mut u64) -> Vec<Stated> {
    let path: Arc<str> = format!("repository/jobs/asset_{asset}.yaml").into();
    let mut says = Vec::new();
    for number in asset * PER_ASSET..(asset + 1) * PER_ASSET {
        let kind = if number.is_multiple_of(4) {
            Kind::Pipeline
        } else {
            Kind::Dataset
        };
        says.push(Says::Mention {
            kind,
            keys: vec![
                key(number),
                Key::global("uri", format!("s3://lake/{number}")),
            ],
            name: format!("thing_{number}"),
        });
        for _ in 0..RELATIONS / ENTITIES {
            // The first half is one tangle with hubs at its beginning; the second half are domains of a
            // thousand things, whose relations lead to later ones of the same domain.
            let other = match next(state, 10) {
                _ if number >= ENTITIES / 2 => number + 1 + next(state, 1_000 - number % 1_000),
                0 => next(state, 50),
                _ => (number + 1 + next(state, 2_000)) % (ENTITIES / 2),
            };
            let predicate = match number % 4 {
                0 if next(state, 2) == 0 => Predicate::Reads,
                0 => Predicate::Writes,
                _ => Predicate::DerivedFrom,
            };
            says.push(Says::Relation {
                subject: key(number),
                predicate,
                object: Target::Key(key(other)),
                attributes: Attributes::new(),
            });
        }
    }
    let stated = says.into_iter().zip(1..).map(|(says, line)| Stated {
        asset: AssetId(asset as i64),
        label: LABEL,
        source: SourceId(1),
        path: Arc::clone(&path),
        statement: Statement {
            lines: LineSpan::line(line),
            says,
        },
    });
    stated.collect()
}

fn resident_megabytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() / 1024
}

fn figure(what: &str, took: Duration) {
    println!("{what:<60} {:>10.2} ms", took.as_secs_f64() * 1000.0);
}

fn main() -> Result<(), virgil_graph::QueryError> {
    let mut state = 7;
    let labels = BTreeSet::from([LABEL]);
    let mut graph = Graph::new(Systems::default());
    let mut loading = Duration::ZERO;
    for asset in 0..ENTITIES / PER_ASSET {
        let statements = statements(asset, &mut state);
        let start = Instant::now();
        graph.replace(AssetId(asset as i64), statements);
        loading += start.elapsed();
    }
    figure("load 100,000 entities and 500,000 relations", loading);
    println!("{:<60} {:>10} MB", "resident", resident_megabytes());

    let again = statements(17, &mut state);
    let start = Instant::now();
    graph.replace(AssetId(17), again);
    figure("replace one asset of 120 statements", start.elapsed());

    let start = Instant::now();
    let view = graph.view(&labels);
    figure("a view", start.elapsed());
    let far = Hops {
        min: 1,
        max: Some(20),
    };
    for (what, number, hops) in [
        ("direct upstream, cold", 20_000, Hops::exactly(1)),
        ("20 hops through one domain, cold", 99_001, far),
        ("20 hops through one domain, warm", 99_001, far),
        ("20 hops through the tangle, cold", 10_001, far),
        ("20 hops through the tangle, warm", 10_001, far),
    ] {
        let query = Query {
            output: virgil_graph::Output::Count,
            ..Query::rows(Set::Step {
                from: Box::new(Set::Refs(vec![key(number).to_string()])),
                along: Along::Upstream,
                hops,
            })
        };
        let start = Instant::now();
        let answer = view.query(&query, &Known::default())?;
        figure(
            &format!("{what} ({} reached)", answer.total),
            start.elapsed(),
        );
    }
    drop(view);
    graph.replace(AssetId(-1), Vec::new());
    let view = graph.view(&labels);
    let start = Instant::now();
    let all = view.query(
        &Query::rows(Set::All([Kind::Dataset].into())),
        &Known::default(),
    )?;
    figure(
        &format!("all datasets with their evidence ({})", all.total),
        start.elapsed(),
    );

    let unread = Query {
        output: virgil_graph::Output::Count,
        ..Query::rows(Set::Where {
            set: Box::new(Set::All([Kind::Dataset].into())),
            test: Box::new(virgil_graph::Test::Linked {
                along: Along::backward(Predicate::Reads),
                hops: Hops::default(),
                to: Box::new(Set::All([Kind::Pipeline].into())),
                quantifier: virgil_graph::Quantifier::None,
            }),
        })
    };
    let start = Instant::now();
    let answer = view.query(&unread, &Known::default())?;
    figure(
        &format!("all datasets that no pipeline reads ({})", answer.total),
        start.elapsed(),
    );

    drop(view);
    graph.replace(AssetId(-1), Vec::new());
    let view = graph.view(&labels);
    let root = view.resolve(&key(99_001).to_string())?;
    let start = Instant::now();
    let picture = lineage(&view, root, Direction::Upstream, 2, &Known::default())?;
    figure(
        &format!("lineage, depth 2 ({} nodes)", picture.nodes.len()),
        start.elapsed(),
    );
    println!(
        "{:<60} {:>10} MB",
        "resident at the end",
        resident_megabytes()
    );

    let start = Instant::now();
    drop(view);
    for asset in 0..ENTITIES / PER_ASSET {
        graph.replace(AssetId(asset as i64), Vec::new());
    }
    figure("withdraw everything", start.elapsed());
    println!("{:?}", graph.sizes());
    Ok(())
}
