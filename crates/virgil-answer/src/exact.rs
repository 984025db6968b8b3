//! An exact answer: what the graph computed, with numbered evidence for every row.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use virgil_graph::{
    Answer, Cell, Column, Completeness, EntityRef, Output, Place, Query, Row, Shown, WitnessEdge,
};
use virgil_model::{AssetId, Evidence, Kind, LineSpan, Value};
use virgil_store::Quote;

use crate::answer::{Citation, CitationState};
use crate::plan::Plan;
use crate::retrieve::ScoredPassage;
use crate::rows::stated_passage;

/// How many rows, groups or paths an answer carries.
pub(crate) const MOST_ROWS: usize = 200;
/// How many places an answer cites.
const MOST_CITATIONS: usize = 60;
/// How many places one row cites.
const PLACES_PER_ROW: usize = 3;
/// How many relations a picture shows.
const MOST_EDGES: usize = 300;
/// How many characters of a cited line are quoted.
const QUOTE_CHARACTERS: usize = 600;

/// What was computed for a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExactAnswer {
    /// The query in words.
    pub reading: String,
    /// The query.
    pub query: Query,
    /// Whether a language model read the question so; what was computed is no less exact.
    pub proposed: bool,
    /// Whether the question wants yes or no.
    pub yes_no: bool,
    /// How many things there are, whatever is shown.
    pub total: usize,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// One for each thing.
    pub rows: Vec<FactRow>,
    /// How many things there are by value, if that was asked.
    pub groups: Vec<FactGroup>,
    /// How things are connected, if that was asked.
    pub paths: Vec<FactPath>,
    /// Whether that is all: `exact`, `at_least` or `unknown`.
    pub completeness: &'static str,
    /// The same in words, and why; empty if it is exact.
    pub caveats: Vec<String>,
}

/// One thing of an exact answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactRow {
    /// The thing.
    #[serde(flatten)]
    pub entity: EntityRef,
    /// Whether nothing visible declares it.
    pub unresolved: bool,
    /// Whether only its table, not the column asked about, is known to reach it.
    pub possibly: bool,
    /// The values of each column.
    pub values: Vec<Vec<String>>,
    /// The numbers of the citations that it rests on.
    pub citations: Vec<usize>,
}

/// A count by value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactGroup {
    /// The value; `None` for what has none.
    pub value: Option<String>,
    /// How many.
    pub count: usize,
}

/// One way between two things.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactPath {
    /// Where it starts.
    pub from: EntityRef,
    /// Where it leads.
    pub to: EntityRef,
    /// Its relations in order.
    pub steps: Vec<FactStep>,
}

/// A relation of a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactStep {
    /// Where the relation starts.
    pub subject: EntityRef,
    /// What kind of relation.
    pub predicate: &'static str,
    /// Where it ends.
    pub object: EntityRef,
    /// The numbers of the citations that it rests on.
    pub citations: Vec<usize>,
}

/// What an answer rests on, as a picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Picture {
    /// The things.
    pub nodes: Vec<EntityRef>,
    /// The relations between them.
    pub edges: Vec<PictureEdge>,
}

/// A relation of a picture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PictureEdge {
    /// The reference of its subject.
    pub from: String,
    /// What kind of relation.
    pub predicate: &'static str,
    /// The reference of its object.
    pub to: String,
    /// The numbers of the citations that state it.
    pub citations: Vec<usize>,
}

/// Gives places numbers, in the order of first mention.
pub(crate) struct Numbers {
    /// How many numbers are taken already.
    before: usize,
    places: Vec<(AssetId, LineSpan)>,
}

impl Numbers {
    pub(crate) fn after(before: usize) -> Numbers {
        Numbers {
            before,
            places: Vec::new(),
        }
    }

    /// The numbered places, in order, with their numbers.
    fn numbered(&self) -> impl Iterator<Item = (usize, &(AssetId, LineSpan))> {
        (self.before + 1..).zip(&self.places)
    }

    pub(crate) fn of<'p>(&mut self, places: impl IntoIterator<Item = &'p Place>) -> Vec<usize> {
        let mut numbers = Vec::new();
        for place in places.into_iter().take(PLACES_PER_ROW) {
            let at = (place.asset, place.lines);
            let number = match self.places.iter().position(|known| *known == at) {
                Some(index) => self.before + index + 1,
                None if self.places.len() < MOST_CITATIONS => {
                    self.places.push(at);
                    self.before + self.places.len()
                }
                None => continue,
            };
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// The numbers of those of the places that have one.
    fn known(&self, places: &[Place]) -> Vec<usize> {
        let numbers = places.iter().filter_map(|place| {
            let at = (place.asset, place.lines);
            Some(self.before + self.places.iter().position(|known| *known == at)? + 1)
        });
        numbers.take(PLACES_PER_ROW).collect()
    }

    /// The numbered places, in order.
    pub(crate) fn places(&self) -> &[(AssetId, LineSpan)] {
        &self.places
    }
}

/// The answer of the graph as it is shown, and the places that its numbers mean: those behind the first `before`.
pub(crate) fn exact(
    plan: Plan,
    answer: Answer,
    before: usize,
    source_names: &BTreeMap<i64, String>,
) -> (ExactAnswer, Numbers, Picture) {
    let mut numbers = Numbers::after(before);
    let mut answer = answer;
    if plan.query.order.is_none() {
        // Things before their parts and single runs, of which there are many.
        answer.rows.sort_by_key(|row| match row.entity.kind {
            Kind::Column => 2,
            Kind::Run => 1,
            _ => 0,
        });
    }
    let rows = answer
        .rows
        .iter()
        .map(|row| fact_row(row, &mut numbers))
        .collect();
    let paths = answer
        .paths
        .iter()
        .map(|path| FactPath {
            from: path.from.clone(),
            to: path.to.clone(),
            steps: path
                .edges
                .iter()
                .map(|edge| FactStep {
                    subject: edge.subject.clone(),
                    predicate: edge.predicate.name(),
                    object: edge.object.clone(),
                    citations: numbers.of(edge.evidence.iter().take(1)),
                })
                .collect(),
        })
        .collect();
    let mut picture = Picture::default();
    for row in &answer.rows {
        draw(&row.evidence, &numbers, &mut picture);
    }
    for path in &answer.paths {
        draw(&path.edges, &numbers, &mut picture);
    }
    let (completeness, caveats) = caveats(&answer.completeness, source_names);
    let columns = plan.query.columns.iter().map(column_name).collect();
    let exact = ExactAnswer {
        reading: plan.reading,
        proposed: false,
        yes_no: plan.yes_no,
        total: answer.total,
        columns,
        rows,
        groups: answer
            .groups
            .into_iter()
            .take(MOST_ROWS)
            .map(|group| FactGroup {
                value: group.value,
                count: group.count,
            })
            .collect(),
        paths,
        completeness,
        caveats,
        query: plan.query,
    };
    (exact, numbers, picture)
}

fn fact_row(row: &Row, numbers: &mut Numbers) -> FactRow {
    // What the row says beyond its existence is cited first: its values, then how it was reached.
    let in_cells = row.columns.iter().flat_map(cell_places);
    let reached = row
        .evidence
        .iter()
        .rev()
        .filter_map(|edge| edge.evidence.first());
    let mentions = row.mentions.iter().take(1);
    let mut places: Vec<&Place> = in_cells.chain(reached).collect();
    if places.is_empty() {
        places.extend(mentions);
    }
    FactRow {
        entity: row.entity.clone(),
        unresolved: row.unresolved,
        possibly: row.possibly,
        values: row.columns.iter().map(cell_texts).collect(),
        citations: numbers.of(places),
    }
}

fn cell_places(cell: &Cell) -> impl Iterator<Item = &Place> {
    cell.values.iter().filter_map(|shown| match shown {
        Shown::Value { evidence, .. } => evidence.first(),
        Shown::Entity { evidence, .. } => evidence.last().and_then(|edge| edge.evidence.first()),
    })
}

fn cell_texts(cell: &Cell) -> Vec<String> {
    cell.values
        .iter()
        .map(|shown| match shown {
            Shown::Value { value, .. } => text_of(value),
            Shown::Entity { entity, .. } => {
                format!("{} {}", entity.kind.name().replace('_', " "), entity.name)
            }
        })
        .collect()
}

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The name of a column, for the head of a table.
pub(crate) fn column_name(column: &Column) -> String {
    match column {
        Column::Attribute(name) => name.strip_prefix("tag_").unwrap_or(name).replace('_', " "),
        Column::Linked { along, .. } => match along {
            virgil_graph::Along::Upstream => "upstream".to_owned(),
            virgil_graph::Along::Downstream => "downstream".to_owned(),
            virgil_graph::Along::Owner => "owner".to_owned(),
            virgil_graph::Along::Relations(hops) => {
                let names: Vec<String> = hops
                    .iter()
                    .map(|hop| match hop.direction {
                        virgil_graph::HopDirection::Forward => {
                            hop.predicate.name().replace('_', " ")
                        }
                        virgil_graph::HopDirection::Backward => {
                            format!("{} (from)", hop.predicate.name().replace('_', " "))
                        }
                    })
                    .collect();
                names.join(", ")
            }
        },
    }
}

fn draw(edges: &[WitnessEdge], numbers: &Numbers, picture: &mut Picture) {
    for edge in edges {
        if picture.edges.len() >= MOST_EDGES {
            return;
        }
        let drawn = PictureEdge {
            from: edge.subject.reference.clone(),
            predicate: edge.predicate.name(),
            to: edge.object.reference.clone(),
            citations: numbers.known(&edge.evidence),
        };
        if !picture.edges.contains(&drawn) {
            picture.edges.push(drawn);
        }
        for end in [&edge.subject, &edge.object] {
            if !picture.nodes.contains(end) {
                picture.nodes.push(end.clone());
            }
        }
    }
}

/// How complete an answer is: its stable name, and what keeps it from being exact, in words.
fn caveats(
    completeness: &Completeness,
    source_names: &BTreeMap<i64, String>,
) -> (&'static str, Vec<String>) {
    let (name, why) = match completeness {
        Completeness::Exact => return ("exact", Vec::new()),
        Completeness::AtLeast { why } => ("at_least", why),
        Completeness::Unknown { why } => ("unknown", why),
    };
    let words = |why: &virgil_graph::Why| match why {
        virgil_graph::Why::Depth { hops } => {
            format!("what is more than {hops} steps away is not followed")
        }
        virgil_graph::Why::FanOut { entities } => {
            format!("only the first {entities} things were followed")
        }
        virgil_graph::Why::Unresolved { count, examples } => {
            let rest = count.saturating_sub(examples.len());
            let more = if rest > 0 {
                format!(" and {rest} more")
            } else {
                String::new()
            };
            format!(
                "{count} {} only referred to and described nowhere that you may see: {}{more}",
                if *count == 1 {
                    "thing is"
                } else {
                    "things are"
                },
                examples.join(", "),
            )
        }
        virgil_graph::Why::Partial(source) => {
            let name = source_names
                .get(&source.source.0)
                .map_or("a source", String::as_str);
            format!("{name} is not whole: {}", source.why)
        }
    };
    (name, why.iter().map(words).collect())
}

/// The citations behind the numbers of an exact answer. A place whose text is not at hand is cited without a quote.
pub(crate) fn citations(
    numbers: &Numbers,
    mut quotes: HashMap<(AssetId, LineSpan), Quote>,
) -> Vec<Citation> {
    numbers
        .numbered()
        .filter_map(|(number, place)| {
            let quote = quotes.remove(place)?;
            Some(Citation {
                number,
                title: quote.title,
                evidence: quote.evidence,
                quote: quote.text.chars().take(QUOTE_CHARACTERS).collect(),
                synced_at: None,
                state: CitationState::Quoted,
                score: 1.0,
            })
        })
        .collect()
}

/// The rows behind each citation, as passages that a language model reads and cites under the same numbers.
pub(crate) fn fact_passages(
    exact: &ExactAnswer,
    citations: &[Citation],
    numbers: &Numbers,
) -> Vec<ScoredPassage> {
    let mut said: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for row in &exact.rows {
        let mut text = format!("{} {}", row.entity.kind.name(), row.entity.name);
        for (name, values) in exact.columns.iter().zip(&row.values) {
            text.push_str(&format!("; {name}: {}", values.join(", ")));
        }
        for number in &row.citations {
            said.entry(*number).or_default().push(text.clone());
        }
    }
    for step in exact.paths.iter().flat_map(|path| &path.steps) {
        for number in &step.citations {
            said.entry(*number).or_default().push(format!(
                "{} {} {}",
                step.subject.name, step.predicate, step.object.name
            ));
        }
    }
    let said = |number: usize| {
        let rows = said.get(&number).map(|rows| rows.join("; "));
        let rows = rows.unwrap_or_default();
        format!("{} ({}): {rows}", exact.reading, exact.total)
    };
    stated_passages(said, citations, numbers)
}

/// A passage for each numbered place: what is said of it, and its lines.
pub(crate) fn stated_passages(
    said: impl Fn(usize) -> String,
    citations: &[Citation],
    numbers: &Numbers,
) -> Vec<ScoredPassage> {
    let by_number: BTreeMap<usize, &Citation> = citations
        .iter()
        .map(|citation| (citation.number, citation))
        .collect();
    numbers
        .numbered()
        .map(|(number, (asset, _))| {
            let Some(citation) = by_number.get(&number) else {
                // The asset went while it was read; its number must not become another's.
                return stated_passage(String::new(), *asset, nowhere());
            };
            let text = format!("{}\n{}", said(number), citation.quote);
            stated_passage(text, *asset, citation.evidence.clone())
        })
        .collect()
}

fn nowhere() -> Evidence {
    Evidence {
        source: String::new(),
        path: String::new(),
        commit: None,
        lines: LineSpan::line(1),
        url: None,
    }
}

impl ExactAnswer {
    /// Whether the question asked for a number.
    pub(crate) fn is_count(&self) -> bool {
        matches!(self.query.output, Output::Count)
    }
}
