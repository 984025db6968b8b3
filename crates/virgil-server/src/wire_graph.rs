//! How answers of the graph travel, for clients that are generated from the API's document.
//!
//! Answers are the graph's own, with every place turned into evidence; these types say what that amounts to, and a
//! test holds both together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use virgil_model::Evidence;

/// Where something is stated.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WirePlace {
    /// The source.
    source: String,
    /// The path inside the source.
    path: String,
    /// The commit that was read.
    commit: Option<String>,
    /// The first line, from 1.
    start_line: u32,
    /// The last line.
    end_line: u32,
    /// A link to the lines, if the source has a web face.
    url: Option<String>,
}

impl From<Evidence> for WirePlace {
    fn from(evidence: Evidence) -> WirePlace {
        WirePlace {
            source: evidence.source,
            path: evidence.path,
            commit: evidence.commit,
            start_line: evidence.lines.start,
            end_line: evidence.lines.end,
            url: evidence.url,
        }
    }
}

/// A thing in brief.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireEntity {
    /// Its key of highest precedence.
    reference: String,
    /// What kind of thing it is, such as `dataset`.
    kind: String,
    /// Its name for people.
    name: String,
}

/// An answer to a query.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireAnswer {
    /// How many things there are, whatever the limit.
    total: usize,
    /// One row for each thing, up to the limit.
    rows: Vec<WireRow>,
    /// How many things there are for each value of `by`, most first.
    groups: Vec<WireGroup>,
    /// One shortest path for each thing that paths lead to, up to the limit.
    paths: Vec<WirePath>,
    /// Whether that is all.
    completeness: WireCompleteness,
}

/// One thing of an answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireRow {
    /// Its key of highest precedence.
    reference: String,
    /// What kind of thing it is.
    kind: String,
    /// Its name for people.
    name: String,
    /// Whether nothing visible declares it.
    unresolved: bool,
    /// Whether only its table, not the column asked about, is known to reach it.
    possibly: bool,
    /// The values of the columns, in the order asked for.
    columns: Vec<WireCell>,
    /// One shortest path from where the query started; empty for a thing that was named or listed.
    evidence: Vec<WireEdge>,
    /// Where it is declared.
    mentions: Vec<WirePlace>,
}

/// The values of one column of a row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireCell {
    /// The values, in order.
    values: Vec<WireShown>,
}

/// One value, with its statements.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum WireShown {
    /// The value of an attribute.
    Value {
        /// A text, a number, true or false, or a list of them.
        value: serde_json::Value,
        /// Who says so.
        evidence: Vec<WirePlace>,
    },
    /// A thing that is linked.
    Entity {
        /// The thing.
        entity: WireEntity,
        /// How it is linked.
        evidence: Vec<WireEdge>,
    },
}

/// How many things share a value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireGroup {
    /// The value, or the reference of the thing; null for those without one.
    value: Option<String>,
    /// How many.
    count: usize,
}

/// One shortest path.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WirePath {
    /// Where it starts.
    from: WireEntity,
    /// Where it leads.
    to: WireEntity,
    /// Its relations, in order.
    edges: Vec<WireEdge>,
}

/// A relation that a row, a path or a lineage rests on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireEdge {
    /// Where the relation starts.
    subject: WireEntity,
    /// What kind of relation, such as `reads`.
    predicate: String,
    /// Where the relation ends.
    object: WireEntity,
    /// How it comes to hold.
    via: WireVia,
    /// Who says so.
    evidence: Vec<WirePlace>,
}

/// How a relation comes to hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WireVia {
    /// A statement names both ends.
    Stated,
    /// A column's key contains its table's.
    Containment,
    /// A statement names a pointer that resolves to an end.
    Pointer,
    /// A statement's selector picks an end.
    Selector,
}

/// Whether an answer is all there is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "completeness")]
pub(crate) enum WireCompleteness {
    /// Exactly this.
    Exact,
    /// This, and perhaps more.
    AtLeast {
        /// Why there may be more.
        why: Vec<WireWhy>,
    },
    /// Perhaps less, perhaps more.
    Unknown {
        /// Why it is not exact.
        why: Vec<WireWhy>,
    },
}

/// Why an answer is not exact.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum WireWhy {
    /// A walk was cut at the greatest depth.
    Depth {
        /// That depth.
        hops: u32,
    },
    /// A walk reached more than is allowed.
    FanOut {
        /// How many that is.
        entities: usize,
    },
    /// A walk reached things that nothing visible declares.
    Unresolved {
        /// How many.
        count: usize,
        /// The first of them.
        examples: Vec<String>,
    },
    /// A source is not whole.
    Partial {
        /// The number of the source.
        source: i64,
        /// What is wrong with it.
        why: String,
    },
}

/// The lineage of one thing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireLineage {
    /// The reference of the thing.
    root: String,
    /// `upstream` or `downstream`.
    direction: String,
    /// What is there, the root first; by depth, then by reference.
    nodes: Vec<WireNode>,
    /// How it hangs together.
    edges: Vec<WireFlow>,
    /// Whether that is all.
    completeness: WireCompleteness,
}

/// A thing in a lineage.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireNode {
    /// Its key of highest precedence.
    reference: String,
    /// What kind of thing it is.
    kind: String,
    /// Its name for people.
    name: String,
    /// How many hops from the root.
    depth: u32,
    /// Whether nothing visible declares it.
    unresolved: bool,
    /// Whether only its table, not the root's column, is known to reach it.
    possibly: bool,
}

/// A relation in a lineage.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireFlow {
    /// The reference of the thing that data flows from.
    from: String,
    /// The reference of the thing that data flows to.
    to: String,
    /// The relation.
    relation: WireEdge,
}

/// What the configuration of systems and teams lacks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireMapping {
    /// The systems that tables name, by platform and name.
    systems: Vec<WireSystem>,
    /// Spellings that may mean one system.
    proposals: Vec<WireProposal>,
    /// Names that may mean one team.
    teams: Vec<WireProposal>,
    /// Joins that hold only while one system of their platform is known.
    sole_system: Vec<WireSoleSystem>,
    /// What statements disagree on.
    conflicts: Vec<WireConflict>,
}

/// A system as tables name it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireSystem {
    /// Its platform.
    platform: String,
    /// Its name, or the spelling that nothing maps.
    name: String,
    /// `configured`, `unmapped`, `platform_only` or `source_only`.
    standing: String,
    /// How many tables name it.
    tables: usize,
    /// Two of them.
    examples: Vec<String>,
}

/// Names that may mean one thing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireProposal {
    /// What the names have in common.
    why: String,
    /// How many tables or names were seen so.
    count: usize,
    /// Two of them.
    examples: Vec<String>,
    /// What to paste into `ingest-config/systems.yaml`.
    yaml: String,
}

/// Joins by the sole system of a platform.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireSoleSystem {
    /// The system.
    system: String,
    /// How many tables and columns are joined.
    joins: usize,
    /// Two of the joins: the two keys.
    examples: Vec<(String, String)>,
}

/// What statements disagree on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "conflict")]
pub(crate) enum WireConflict {
    /// One key is mentioned as things of incompatible kinds.
    Kinds {
        /// The key.
        key: String,
        /// The kinds.
        kinds: Vec<String>,
        /// Who says so.
        places: Vec<WirePlace>,
    },
    /// Two keys are said to be one thing, but would join two keys of one scheme and system; the link is cut.
    Keys {
        /// The ends of the cut link.
        link: (String, String),
        /// The keys that cannot be one thing.
        keys: (String, String),
        /// Who says that the link holds.
        places: Vec<WirePlace>,
    },
    /// Two keys are said to be one thing, but would join incompatible kinds; the link is cut.
    LinkedKinds {
        /// The ends of the cut link.
        link: (String, String),
        /// The kinds at its ends.
        kinds: (String, String),
        /// Who says that the link holds.
        places: Vec<WirePlace>,
    },
    /// A pointer points at several things.
    Pointer {
        /// The pointer.
        key: String,
        /// The references of the things.
        candidates: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use virgil_graph::{Direction, Graph, Known, PartialSource, Query, Stated, Systems, lineage};
    use virgil_model::{
        AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, SourceId, Statement,
        Target,
    };

    use super::*;
    use crate::routes::graph::visit;
    use crate::wire_query::WireQuery;

    const LABEL: LabelId = LabelId(1);

    fn graph() -> Graph {
        let table = |system: &str| Key::scoped("table", system, "shop.public.orders");
        let job = Key::scoped("job", "etl", "load");
        let mention = |kind, key: &Key, name: &str| Says::Mention {
            kind,
            keys: vec![key.clone()],
            name: name.to_owned(),
        };
        let relation = |subject: &Key, predicate, object: &Key| Says::Relation {
            subject: subject.clone(),
            predicate,
            object: Target::Key(object.clone()),
            attributes: Attributes::new(),
        };
        let model = Key::scoped("model", "mlflow", "fraud");
        let says = vec![
            mention(Kind::Dataset, &table("postgres://db"), "orders"),
            mention(Kind::Dataset, &table("postgres"), "orders"),
            mention(Kind::Pipeline, &job, "load"),
            relation(&job, Predicate::Reads, &table("postgres")),
            relation(&job, Predicate::Writes, &model),
            mention(Kind::Model, &model, "fraud"),
            mention(Kind::Notebook, &model, "fraud"),
            Says::Attribute {
                of: table("postgres"),
                name: "rows".to_owned(),
                value: virgil_model::Value::Integer(3),
            },
            Says::Same(
                Key::pointer("model_alias", "mlflow/fraud@live"),
                model.clone(),
            ),
            Says::Same(Key::pointer("model_alias", "mlflow/fraud@live"), job),
        ];
        let stated = (1..).zip(says).map(|(line, says)| Stated {
            asset: AssetId(1),
            label: LABEL,
            source: SourceId(1),
            path: Arc::from("a.yaml"),
            statement: Statement {
                lines: LineSpan::line(line),
                says,
            },
        });
        let mut graph = Graph::new(Systems::default());
        graph.replace(AssetId(1), stated.collect());
        graph
    }

    /// An answer as it is sent, read as the documented type and written again.
    fn check<W: Serialize + DeserializeOwned>(answer: &impl Serialize) -> Value {
        let mut sent = serde_json::to_value(answer).expect("it serialises");
        visit(&mut sent, &mut |_, lines| {
            Some(
                json!({"source": "s", "path": "a.yaml", "commit": null, "start_line": lines.start,
                        "end_line": lines.end, "url": null}),
            )
        });
        let read: W = serde_json::from_value(sent.clone()).expect("it is as documented");
        assert_eq!(serde_json::to_value(read).expect("it serialises"), sent);
        sent
    }

    #[test]
    fn answers_are_as_documented() {
        let graph = graph();
        let view = graph.view(&BTreeSet::from([LABEL]));
        let known = Known {
            partial_sources: vec![PartialSource {
                source: SourceId(1),
                why: "its last sync failed".to_owned(),
            }],
        };
        let asked: Query = serde_json::from_value(json!({
            "set": {"step": {"from": {"refs": ["orders"]}, "along": "downstream", "hops": {"min": 0, "max": null}}},
            "columns": [{"attribute": "rows"}, {"linked": {"along": "upstream"}}],
            "by": {"attribute": "kind"},
        }))
        .expect("a query");
        let answer = check::<WireAnswer>(&view.query(&asked, &known).expect("an answer"));
        let rows = answer["rows"].as_array().expect("rows");
        let has_value = |row: &Value| row["columns"][0]["values"][0]["value"].is_object();
        assert!(rows.iter().any(has_value), "{answer}");
        assert_eq!(answer["completeness"]["why"][0]["reason"], "partial");
        let paths: Query = serde_json::from_value(
            json!({"set": {"refs": ["orders"]}, "output": {"paths": {"to": {"refs": ["fraud"]}}}}),
        )
        .expect("a query");
        check::<WireAnswer>(&view.query(&paths, &known).expect("an answer"));
        let entity = view.resolve("orders").expect("it is there");
        let lineage = lineage(&view, entity, Direction::Downstream, 5, &Known::default());
        let lineage = check::<WireLineage>(&lineage.expect("a lineage"));
        assert!(lineage["edges"][0]["relation"]["evidence"][0]["start_line"].is_u64());
        let mapping = check::<WireMapping>(&view.mapping(&BTreeSet::new()));
        assert_eq!(mapping["sole_system"][0]["joins"], 1, "{mapping}");
        let conflicts: BTreeMap<&str, &Value> = mapping["conflicts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| (one["conflict"].as_str().expect("a name"), one))
            .collect();
        assert!(conflicts.contains_key("kinds"), "{mapping}");
    }

    #[test]
    fn queries_are_as_documented() {
        let asked = json!({
            "set": {"minus": {
                "set": {"where": {
                    "set": {"step": {"from": {"or": [{"refs": ["a"]}, {"and": [{"all": ["dataset"]}]}]},
                                     "along": {"relations": [{"predicate": "reads", "direction": "backward"}]},
                                     "hops": {"min": 1, "max": 3}}},
                    "test": {"all_of": [
                        {"attribute": {"name": "rows", "op": "gt", "value": 3}},
                        {"not": {"linked": {"along": "owner", "hops": {"min": 1, "max": 1}, "to": {"all": []}, "quantifier": "all"}}},
                        {"any_of": []}]}}},
                "without": {"all": ["model"]}}},
            "columns": [{"attribute": "rows"}, {"linked": {"along": "upstream", "hops": {"min": 1, "max": 1}}}],
            "by": {"attribute": "kind"},
            "order": {"by": {"attribute": "rows"}, "direction": "descending"},
            "limit": 5,
            "output": {"paths": {"to": {"all": ["team"]}}},
        });
        let query: Query = serde_json::from_value(asked.clone()).expect("a query");
        let wire: WireQuery = serde_json::from_value(asked).expect("it is as documented");
        assert_eq!(
            serde_json::to_value(wire).expect("it serialises"),
            serde_json::to_value(query).expect("it serialises")
        );
    }
}
