//! Assets and what they say, in few words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_graph::{
    Along, Answer, Graph, Hops, Known, Query, QueryError, Set, Stated, System, Systems, View,
};
use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, Selector, SourceId,
    Statement, Target, Value,
};

pub(crate) const PUBLIC: LabelId = LabelId(1);
pub(crate) const SECRET: LabelId = LabelId(2);

pub(crate) fn labels(labels: &[LabelId]) -> BTreeSet<LabelId> {
    labels.iter().copied().collect()
}

pub(crate) fn key(text: &str) -> Key {
    let (scheme, value) = text.split_once(':').expect("a test's input is valid");
    if value.contains('@') && scheme != "email" {
        Key::pointer(scheme, value)
    } else if scheme == "email" || scheme == "uri" || scheme == "team" {
        Key::global(scheme, value)
    } else {
        let (system, name) = value.rsplit_once('/').unwrap_or(("", value));
        Key::scoped(scheme, system, name)
    }
}

pub(crate) fn mention(kind: Kind, name: &str, keys: &[&str]) -> Says {
    Says::Mention {
        kind,
        keys: keys.iter().map(|text| key(text)).collect(),
        name: name.to_owned(),
    }
}

pub(crate) fn relation(subject: &str, predicate: Predicate, object: &str) -> Says {
    Says::Relation {
        subject: key(subject),
        predicate,
        object: Target::Key(key(object)),
        attributes: Attributes::new(),
    }
}

pub(crate) fn selects(subject: &str, predicate: Predicate, selector: Selector) -> Says {
    Says::Relation {
        subject: key(subject),
        predicate,
        object: Target::Selector(selector),
        attributes: Attributes::new(),
    }
}

/// A rule of a file of owners; the last one that matches a path counts.
pub(crate) fn rule(owner: &str, glob: &str, order: i64, unowned: bool) -> Says {
    let mut attributes = Attributes::from([("order".to_owned(), Value::Integer(order))]);
    if unowned {
        attributes.insert("unowned".to_owned(), Value::Bool(true));
    }
    Says::Relation {
        subject: key(owner),
        predicate: Predicate::OwnedBy,
        object: Target::Selector(Selector::PathGlob(glob.to_owned())),
        attributes,
    }
}

pub(crate) fn attribute(of: &str, name: &str, value: Value) -> Says {
    Says::Attribute {
        of: key(of),
        name: name.to_owned(),
        value,
    }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn same(left: &str, right: &str) -> Says {
    Says::Same(key(left), key(right))
}

/// What an asset says, one thing on each line.
pub(crate) fn stated(asset: i64, label: LabelId, says: Vec<Says>) -> Vec<Stated> {
    stated_at(asset, label, &format!("file-{asset}.yaml"), says)
}

pub(crate) fn stated_at(asset: i64, label: LabelId, path: &str, says: Vec<Says>) -> Vec<Stated> {
    let path: Arc<str> = path.into();
    (1..)
        .zip(says)
        .map(|(line, says)| Stated {
            asset: AssetId(asset),
            label,
            source: SourceId(1),
            path: Arc::clone(&path),
            statement: Statement {
                lines: LineSpan::line(line),
                says,
            },
        })
        .collect()
}

/// A graph in which each list is what one public asset says.
pub(crate) fn graph(assets: Vec<Vec<Says>>) -> Graph {
    let mut graph = Graph::new(Systems::default());
    for (asset, says) in (1..).zip(assets) {
        graph.replace(AssetId(asset), stated(asset, PUBLIC, says));
    }
    graph
}

pub(crate) fn public(graph: &Graph) -> View<'_> {
    graph.view(&labels(&[PUBLIC]))
}

pub(crate) fn warehouse(platform: &str, spellings: &[&str]) -> Systems {
    let system = System {
        platform: platform.to_owned(),
        spellings: spellings.iter().map(|text| (*text).to_owned()).collect(),
        ..System::default()
    };
    Systems::new(BTreeMap::from([("warehouse".to_owned(), system)]))
        .expect("a test's input is valid")
}

pub(crate) fn refs(names: &[&str]) -> Set {
    Set::Refs(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(crate) fn all(kinds: &[Kind]) -> Set {
    Set::All(kinds.iter().copied().collect())
}

pub(crate) fn ask(view: &View<'_>, set: Set) -> Result<Answer, QueryError> {
    view.query(&Query::rows(set), &Known::default())
}

/// The references in a set, in one line.
pub(crate) fn references(view: &View<'_>, set: Set) -> String {
    let answer = ask(view, set).expect("a test's input is valid");
    let rows = answer.rows.iter().map(|row| {
        let mut text = row.entity.reference.clone();
        if row.possibly {
            text.push('?');
        }
        text
    });
    rows.collect::<Vec<_>>().join(" ")
}

/// All that a view shows, as text: entities, attributes, relations and conflicts.
pub(crate) fn dump(view: &View<'_>) -> String {
    let mut lines = Vec::new();
    for id in view.all(&BTreeSet::new()) {
        let entity = view.entity(id);
        let keys: Vec<String> = view.keys(id).iter().map(ToString::to_string).collect();
        lines.push(format!(
            "{} {} `{}` unresolved={} {keys:?} joins={:?} at {:?}",
            entity.kind.name(),
            entity.reference,
            entity.name,
            entity.unresolved,
            entity.sole_system_joins,
            view.mentions(id),
        ));
        lines.push(format!("  {:?}", view.attributes(id)));
        for relation in view.relations(id) {
            lines.push(format!(
                "  {} {} {} {:?} {:?} {:?}",
                view.entity(relation.subject).reference,
                relation.predicate.name(),
                view.entity(relation.object).reference,
                relation.via,
                relation.attributes,
                relation.evidence,
            ));
        }
    }
    lines.push(format!("{:?}", view.conflicts()));
    lines.join("\n")
}

/// What one hop along reaches.
pub(crate) fn step(from: Set, along: Along) -> Set {
    walk(from, along, Hops::default())
}

pub(crate) fn walk(from: Set, along: Along, hops: Hops) -> Set {
    Set::Step {
        from: Box::new(from),
        along,
        hops,
    }
}
