//! A platform of 100,000 entities and 500,000 relations: tables with columns, jobs, runs, models, versions,
//! services, owners and rules of owners, under three labels.
//!
//! The first half is one tangle with hubs; the second half are domains of a thousand things, whose data flows
//! to later assets of the same domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use virgil_graph::Stated;
use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, Selector, SourceId,
    Statement, Target, Value,
};

pub(crate) const ASSETS: usize = 5_000;
const DOMAIN: usize = 50;
const TEAMS: usize = 100;

/// A pseudo-random number below `bound`, always the same ones.
pub(crate) fn next(state: &mut u64, bound: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap_or_default() % bound
}

pub(crate) fn table(asset: usize, number: usize) -> Key {
    let name = format!("shop.schema_{}.table_{asset}_{number}", asset % 89);
    Key::scoped("table", "warehouse", &name)
}

pub(crate) fn column(asset: usize, number: usize) -> Key {
    let name = format!("shop.schema_{}.table_{asset}_{number}#amount", asset % 89);
    Key::scoped("column", "warehouse", &name)
}

pub(crate) fn job(asset: usize, number: usize) -> Key {
    let name = format!("team-{}/job-{asset}-{number}", asset % 97);
    Key::scoped("pipeline", "airflow-prod", &name)
}

pub(crate) fn version(asset: usize) -> Key {
    Key::scoped("model_version", "mlflow", &format!("model-{asset}/1"))
}

pub(crate) fn model(asset: usize) -> Key {
    Key::scoped("model", "mlflow", &format!("model-{asset}"))
}

fn team(number: usize) -> Key {
    Key::global("team", format!("team-{}", number % TEAMS))
}

/// Another asset whose data this one uses.
fn other(asset: usize, state: &mut u64) -> usize {
    if asset >= ASSETS / 2 {
        return asset + next(state, DOMAIN - asset % DOMAIN);
    }
    match next(state, 10) {
        0 => next(state, 3),
        _ => (asset + 1 + next(state, 100)) % (ASSETS / 2),
    }
}

fn relation(subject: Key, predicate: Predicate, object: Key) -> Says {
    Says::Relation {
        subject,
        predicate,
        object: Target::Key(object),
        attributes: Attributes::new(),
    }
}

fn mention(kind: Kind, keys: Vec<Key>, name: String) -> Says {
    Says::Mention { kind, keys, name }
}

/// What one asset says: 20 things and 100 relations.
pub(crate) fn says(asset: usize, state: &mut u64) -> Vec<Says> {
    use Predicate::{DerivedFrom, OwnedBy, PartOf, Reads, TrainedOn, Triggers, Writes};
    let mut all = Vec::new();
    for number in 0..7 {
        let lake = Key::global("uri", format!("s3://lake/{asset}/{number}"));
        let keys = vec![table(asset, number), lake];
        all.push(mention(
            Kind::Dataset,
            keys,
            format!("table_{asset}_{number}"),
        ));
        all.push(relation(table(asset, number), OwnedBy, team(asset)));
        let from = table(other(asset, state), next(state, 7));
        all.push(relation(table(asset, number), DerivedFrom, from));
    }
    for number in 0..6 {
        let keys = vec![column(asset, number)];
        all.push(mention(Kind::Column, keys, "amount".to_owned()));
        for _ in 0..3 {
            let from = column(other(asset, state), next(state, 6));
            all.push(relation(column(asset, number), DerivedFrom, from));
        }
    }
    for number in 0..3 {
        let keys = vec![job(asset, number)];
        all.push(mention(
            Kind::Pipeline,
            keys,
            format!("job-{asset}-{number}"),
        ));
        for _ in 0..10 {
            let from = table(other(asset, state), next(state, 7));
            all.push(relation(job(asset, number), Reads, from));
        }
        for _ in 0..5 {
            let to = table(asset, next(state, 7));
            all.push(relation(job(asset, number), Writes, to));
        }
        let triggered = job(other(asset, state), next(state, 3));
        all.push(relation(job(asset, number), Triggers, triggered));
    }
    let run = Key::scoped("run", "airflow-prod", &format!("run-{asset}"));
    all.push(mention(
        Kind::Run,
        vec![run.clone()],
        format!("run-{asset}"),
    ));
    all.push(relation(run.clone(), PartOf, job(asset, 0)));
    for _ in 0..3 {
        let from = table(other(asset, state), next(state, 7));
        all.push(relation(run.clone(), Reads, from));
    }
    for _ in 0..2 {
        all.push(relation(run.clone(), Writes, table(asset, next(state, 7))));
    }
    all.push(mention(
        Kind::Model,
        vec![model(asset)],
        format!("model-{asset}"),
    ));
    all.push(mention(
        Kind::ModelVersion,
        vec![version(asset)],
        "1".to_owned(),
    ));
    for _ in 0..5 {
        let from = table(other(asset, state), next(state, 7));
        all.push(relation(model(asset), TrainedOn, from));
    }
    for _ in 0..4 {
        let from = table(other(asset, state), next(state, 7));
        all.push(relation(version(asset), TrainedOn, from));
    }
    let service = format!("prod/serving.kserve.io/InferenceService/ml/model-{asset}");
    let service = Key::scoped("inference_service", "prod", &service);
    let keys = vec![service.clone()];
    all.push(mention(
        Kind::InferenceService,
        keys,
        format!("model-{asset}"),
    ));
    let repository = Key::global("uri", "https://git.example/models".to_owned());
    all.push(relation(version(asset), Predicate::VersionOf, model(asset)));
    all.push(relation(service.clone(), Predicate::Serves, version(asset)));
    all.push(relation(service, OwnedBy, team(asset + 1)));
    all.push(relation(model(asset), Predicate::DefinedIn, repository));
    all
}

/// The rules of one file of owners.
pub(crate) fn owners() -> Vec<Says> {
    let rules = (1..=200_usize).map(|order| {
        let glob = match order {
            1 => "**".to_owned(),
            order => format!("repository/jobs/*_{order}*"),
        };
        let order = i64::try_from(order).unwrap_or_default();
        Says::Relation {
            subject: team(usize::try_from(order).unwrap_or_default()),
            predicate: Predicate::OwnedBy,
            object: Target::Selector(Selector::PathGlob(glob)),
            attributes: BTreeMap::from([("order".to_owned(), Value::Integer(order))]),
        }
    });
    let teams =
        (0..TEAMS).map(|number| mention(Kind::Team, vec![team(number)], format!("team-{number}")));
    teams.chain(rules).collect()
}

/// Every twentieth asset is secret, three more are internal, the rest is public.
pub(crate) fn label(asset: usize) -> LabelId {
    match asset % 20 {
        0 => LabelId(3),
        1..=3 => LabelId(2),
        _ => LabelId(1),
    }
}

pub(crate) fn stated(asset: usize, label: LabelId, says: Vec<Says>) -> Vec<Stated> {
    let path: Arc<str> = format!("repository/jobs/asset_{asset}.yaml").into();
    let stated = says.into_iter().zip(1..).map(|(says, line)| Stated {
        asset: id(asset),
        label,
        source: SourceId(1),
        path: Arc::clone(&path),
        statement: Statement {
            lines: LineSpan::line(line),
            says,
        },
    });
    stated.collect()
}

pub(crate) fn id(asset: usize) -> AssetId {
    AssetId(i64::try_from(asset).unwrap_or_default())
}
