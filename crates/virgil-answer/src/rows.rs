//! Rows of the graph as passages: one line each, with the place that states it, so that a sentence can cite them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use uuid::Uuid;
use virgil_graph::{
    Along, Answer, Column, Completeness, Lineage, Place, Query, Row, Shown, WitnessEdge,
};
use virgil_model::{AssetId, Content, Evidence, LabelId, PointId, Scope, Value};
use virgil_store::{AssetPlace, Passage, Store};

use crate::retrieve::ScoredPassage;
use crate::tools::MAX_ROWS;

/// What a tool found.
pub(crate) struct Found {
    /// One line about all of it.
    pub(crate) summary: String,
    /// What can be cited.
    pub(crate) passages: Vec<ScoredPassage>,
    /// Whether their numbers are given already, so that what does not fit a result keeps its own.
    pub(crate) all_numbered: bool,
}

/// A line and who says so.
struct Line {
    text: String,
    place: Option<Place>,
}

/// The rows, groups or paths of an answer.
pub(crate) async fn of_answer(
    store: &Store,
    scope: &Scope,
    query: &Query,
    answer: &Answer,
) -> anyhow::Result<Found> {
    let mut lines: Vec<Line> = answer
        .rows
        .iter()
        .map(|row| of_row(row, &query.columns))
        .collect();
    for path in &answer.paths {
        lines.extend(path.edges.iter().map(of_edge));
    }
    let mut summary = format!("{} in all", answer.total);
    if answer.total > answer.rows.len().max(answer.paths.len()) && !lines.is_empty() {
        summary.push_str(", of which the first follow");
    }
    summary.push_str(&format!("; {}.", completeness(&answer.completeness)));
    for group in &answer.groups {
        let value = group.value.as_deref().unwrap_or("none");
        summary.push_str(&format!(" {value}: {}.", group.count));
    }
    found(store, scope, summary, lines).await
}

/// The edges of a lineage.
pub(crate) async fn of_lineage(
    store: &Store,
    scope: &Scope,
    lineage: &Lineage,
) -> anyhow::Result<Found> {
    let lines: Vec<Line> = lineage
        .edges
        .iter()
        .map(|edge| of_edge(&edge.relation))
        .collect();
    let summary = format!(
        "{} things and {} relations; {}.",
        lineage.nodes.len(),
        lines.len(),
        completeness(&lineage.completeness)
    );
    found(store, scope, summary, lines).await
}

/// Makes lines citable; only those whose place the asker sees are told.
async fn found(
    store: &Store,
    scope: &Scope,
    mut summary: String,
    mut lines: Vec<Line>,
) -> anyhow::Result<Found> {
    if lines.len() > MAX_ROWS {
        summary.push_str(&format!(" The first {MAX_ROWS} follow."));
        lines.truncate(MAX_ROWS);
    }
    let assets: BTreeSet<AssetId> = lines
        .iter()
        .filter_map(|line| Some(line.place.as_ref()?.asset))
        .collect();
    let assets: Vec<AssetId> = assets.into_iter().collect();
    let places = store
        .places(scope, &assets)
        .await
        .context("the places of what is stated cannot be read")?;
    let places: BTreeMap<AssetId, AssetPlace> = places.into_iter().collect();
    let mut passages = Vec::new();
    let mut nowhere = Vec::new();
    for line in lines {
        let place = line.place.as_ref();
        match place.and_then(|place| Some((place, places.get(&place.asset)?))) {
            Some((place, asset)) => passages.push(row_passage(line.text, place, asset)),
            None => nowhere.push(line.text),
        }
    }
    if !nowhere.is_empty() {
        summary.push_str(&format!(
            " Named, but declared nowhere: {}.",
            nowhere.join("; ")
        ));
    }
    Ok(Found {
        summary,
        passages,
        all_numbered: false,
    })
}

fn row_passage(text: String, place: &Place, asset: &AssetPlace) -> ScoredPassage {
    stated_passage(text, place.asset, asset.evidence(place.lines))
}

/// What the graph states at a place, as a passage.
pub(crate) fn stated_passage(text: String, asset: AssetId, evidence: Evidence) -> ScoredPassage {
    ScoredPassage {
        passage: Passage {
            // It is in no index.
            point: PointId(Uuid::nil()),
            asset,
            ordinal: 0,
            title: evidence.path.clone(),
            evidence,
            content: Content::Config,
            breadcrumb: vec!["stated".to_owned()],
            text,
            // Its place was read through the scope.
            label: LabelId(0),
        },
        score: 0.0,
        dense: None,
        sparse: None,
    }
}

/// Whether a passage is a row of the graph.
pub(crate) fn is_row(scored: &ScoredPassage) -> bool {
    scored.passage.point.0.is_nil()
}

fn of_row(row: &Row, columns: &[Column]) -> Line {
    let mut text = format!(
        "{} {} ({})",
        row.entity.kind.name(),
        row.entity.name,
        row.entity.reference
    );
    let mut place = row.mentions.first().cloned();
    if row.unresolved {
        text.push_str(", which nothing declares");
    }
    if row.possibly {
        text.push_str(", possibly (only its table is known to)");
    }
    for (column, cell) in columns.iter().zip(&row.columns) {
        if cell.values.is_empty() {
            continue;
        }
        let values: Vec<String> = cell.values.iter().map(of_value).collect();
        text.push_str(&format!("; {}: {}", name_of(column), values.join(", ")));
        if let Some(Shown::Value { evidence, .. }) = cell.values.first() {
            place = evidence.first().cloned().or(place);
        }
    }
    for edge in &row.evidence {
        let edge = of_edge(edge);
        text.push_str(&format!("; {}", edge.text));
        place = edge.place.or(place);
    }
    Line { text, place }
}

fn of_edge(edge: &WitnessEdge) -> Line {
    Line {
        text: format!(
            "{} {} {} {} {}",
            edge.subject.kind.name(),
            edge.subject.name,
            edge.predicate.name(),
            edge.object.kind.name(),
            edge.object.name
        ),
        place: edge.evidence.first().cloned(),
    }
}

fn name_of(column: &Column) -> String {
    match column {
        Column::Attribute(name) => name.clone(),
        Column::Linked { along, .. } => match along {
            Along::Upstream => "upstream".to_owned(),
            Along::Downstream => "downstream".to_owned(),
            Along::Owner => "owner".to_owned(),
            Along::Relations(hops) => {
                let names: BTreeSet<&str> = hops.iter().map(|hop| hop.predicate.name()).collect();
                names.into_iter().collect::<Vec<_>>().join(" or ")
            }
        },
    }
}

fn of_value(shown: &Shown) -> String {
    match shown {
        Shown::Entity { entity, .. } => entity.name.clone(),
        Shown::Value {
            value: Value::Text(text),
            ..
        } => text.split_whitespace().collect::<Vec<_>>().join(" "),
        // A value of the model always serialises.
        Shown::Value { value, .. } => serde_json::to_string(value).unwrap_or_default(),
    }
}

fn completeness(completeness: &Completeness) -> &'static str {
    match completeness {
        Completeness::Exact => "that is exact",
        Completeness::AtLeast { .. } => "there may be more",
        Completeness::Unknown { .. } => "whether that is right is not certain",
    }
}
