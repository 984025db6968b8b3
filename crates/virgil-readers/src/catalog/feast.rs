//! Feast feature repositories (<https://docs.feast.dev/reference/feature-repository>): the definitions of a
//! Python file that imports `feast`, as far as their arguments are literals and names of the same file.
//!
//! A definition is known inside its project, which `feature_store.yaml` in the same folder or above names. A
//! view is derived from its sources; a source is the table or URI that it reads.

use std::collections::HashMap;

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree;

use super::feast_python::{Call, Literal, definitions};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "feast",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "py" && asset.mentions(&["from feast", "import feast"])
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let project = project(asset.raw.path, files);
    let mut repository = Repository {
        project: project.as_deref().unwrap_or("feast"),
        known: HashMap::new(),
    };
    let Some(definitions) = definitions(asset.raw.text) else {
        said.problem(1, "the feature definitions take too long to parse");
        return;
    };
    for definition in &definitions {
        let key = repository.define(&definition.call, definition.lines, said);
        if let Some(key) = key {
            repository.known.insert(&definition.name, key);
        }
    }
}

/// The project that the nearest `feature_store.yaml` names.
pub(crate) fn project(path: &str, files: &dyn Files) -> Option<String> {
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        let file = format!("{folder}/feature_store.yaml");
        let file = files.read(file.trim_start_matches('/'));
        if let Some(text) = file.and_then(|bytes| String::from_utf8(bytes).ok()) {
            let documents = tree::yaml(&text, 1);
            let project = documents.first()?.text_at(&["project"])?;
            return Some(project.to_owned());
        }
        if folder.is_empty() {
            return None;
        }
    }
}

struct Repository<'n> {
    project: &'n str,
    /// The definitions so far, by the name of their variable.
    known: HashMap<&'n str, Key>,
}

impl Repository<'_> {
    /// Says a definition; `None` when it is none of Feast's, or has no name.
    fn define(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        match call.function.as_str() {
            "FeatureView"
            | "BatchFeatureView"
            | "StreamFeatureView"
            | "OnDemandFeatureView"
            | "LabelView"
            | "on_demand_feature_view"
            | "stream_feature_view"
            | "batch_feature_view" => self.view(call, lines, said),
            "Entity" => self.entity(call, lines, said),
            "FeatureService" => self.service(call, lines, said),
            function if function.ends_with("Source") => self.source(call, lines, said),
            _ => None,
        }
    }

    fn name<'c>(&self, call: &'c Call, lines: LineSpan, said: &mut Said) -> Option<&'c str> {
        let name = call.text("name");
        if name.is_none() {
            let message = format!("the name of the `{}` is no literal", call.function);
            said.problem(lines.start, message);
        }
        name
    }

    fn common(&self, key: &Key, call: &Call, lines: LineSpan, said: &mut Said) {
        let text = call.text("description").unwrap_or_default();
        said.text(lines, key, "description", text);
        if let Some(owner) = call.text("owner").filter(|owner| !owner.is_empty()) {
            said.relation(
                lines,
                key,
                Predicate::OwnedBy,
                &keys::owner(owner, self.project),
            );
        }
        for (label, value) in call
            .argument("tags")
            .map(Literal::entries)
            .unwrap_or_default()
        {
            if let (Literal::Text(label), Literal::Text(value)) = (label, value) {
                said.tag(lines, key, label, Value::Text(value.clone()));
            }
        }
    }

    fn entity(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let name = self.name(call, lines, said)?;
        let key = Key::scoped("feast_entity", self.project, name);
        said.mention(lines, Kind::Resource, &[&key], name);
        said.text(lines, &key, "type", "feature_entity");
        said.attribute(lines, &key, "join_keys", texts(call.argument("join_keys")));
        self.common(&key, call, lines, said);
        Some(key)
    }

    fn source(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let place = place(call);
        let own = call
            .text("name")
            .map(|name| Key::scoped("feast_source", self.project, name));
        let all: Vec<&Key> = place.iter().chain(&own).collect();
        let Some(key) = all.first().copied() else {
            said.problem(
                lines.start,
                format!("the `{}` has neither a name nor a place", call.function),
            );
            return None;
        };
        let name = call.text("name").unwrap_or(&key.value);
        said.mention(lines, Kind::Dataset, &all, name);
        said.text(lines, key, "type", &keys::snake(&call.function));
        self.common(key, call, lines, said);
        for other in self.referred(call, "batch_source", lines, said) {
            said.relation(lines, key, Predicate::DerivedFrom, &other);
        }
        Some(key.clone())
    }

    fn view(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let name = self.name(call, lines, said)?;
        let key = Key::scoped("feature_view", self.project, name);
        said.mention(lines, Kind::FeatureView, &[&key], name);
        said.text(lines, &key, "type", &keys::snake(&call.function));
        if let Some(Literal::Other(online)) = call.argument("online") {
            said.attribute(lines, &key, "online", Value::Bool(online == "True"));
        }
        self.common(&key, call, lines, said);
        for argument in ["source", "batch_source", "stream_source", "sources"] {
            for origin in self.referred(call, argument, lines, said) {
                said.relation(lines, &key, Predicate::DerivedFrom, &origin);
            }
        }
        for entity in self.referred(call, "entities", lines, said) {
            said.relation(lines, &key, Predicate::DependsOn, &entity);
        }
        let fields = call
            .argument("schema")
            .or_else(|| call.argument("features"));
        for field in fields.map(Literal::items).unwrap_or_default() {
            let Literal::Call(field) = field else {
                continue;
            };
            let Some(name) = field.text("name") else {
                said.problem(field.line, "the name of the field is no literal");
                continue;
            };
            let column = keys::column(&key, name);
            let lines = LineSpan::line(field.line);
            said.mention(lines, Kind::Column, &[&column], name);
            said.relation(lines, &column, Predicate::PartOf, &key);
            let kind = match field.argument("dtype") {
                Some(Literal::Name(name)) => name,
                Some(Literal::Call(call)) => &call.function,
                _ => "",
            };
            said.text(lines, &column, "type", kind);
            self.common(&column, field, lines, said);
        }
        Some(key)
    }

    fn service(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let name = self.name(call, lines, said)?;
        let key = Key::scoped("feature_service", self.project, name);
        said.mention(lines, Kind::Resource, &[&key], name);
        said.text(lines, &key, "type", "feature_service");
        self.common(&key, call, lines, said);
        for view in self.referred(call, "features", lines, said) {
            said.relation(lines, &key, Predicate::DependsOn, &view);
        }
        Some(key)
    }

    /// What an argument of a call refers to.
    fn referred(&self, call: &Call, argument: &str, lines: LineSpan, said: &mut Said) -> Vec<Key> {
        match call.argument(argument) {
            Some(literal) => self.refer(literal, lines, said),
            None => Vec::new(),
        }
    }

    /// What a literal refers to: names of the file, definitions in place, or lists and maps of those.
    fn refer(&self, literal: &Literal, lines: LineSpan, said: &mut Said) -> Vec<Key> {
        match literal {
            Literal::Name(name) => match self.known.get(name.as_str()) {
                Some(key) => vec![key.clone()],
                None => {
                    let message = format!("`{name}` is not defined in this file");
                    said.problem(lines.start, message);
                    Vec::new()
                }
            },
            Literal::Call(call) => self
                .define(call, LineSpan::line(call.line), said)
                .into_iter()
                .collect(),
            Literal::List(items) => {
                let items = items.iter();
                items
                    .flat_map(|item| self.refer(item, lines, said))
                    .collect()
            }
            Literal::Map(entries) => {
                let values = entries.iter().map(|(_, value)| value);
                values
                    .flat_map(|value| self.refer(value, lines, said))
                    .collect()
            }
            // Old entities are named by their name.
            Literal::Text(_) | Literal::Other(_) => Vec::new(),
        }
    }
}

/// The table, topic or URI of a source.
fn place(call: &Call) -> Option<Key> {
    let path = call.text("path").or_else(|| call.text("file_url"));
    if let Some(path) = path {
        return keys::is_uri(path).then(|| keys::uri(path));
    }
    if let (Some(topic), Some(servers)) = (call.text("topic"), call.text("kafka_bootstrap_servers"))
    {
        let server = servers.split(',').next().unwrap_or_default();
        return Some(keys::table(&format!("kafka://{server}"), topic));
    }
    let table = call.text("table").or_else(|| call.text("table_ref"))?;
    let system = call.function.strip_suffix("Source")?.to_lowercase();
    let system = match system.as_str() {
        "postgresql" | "postgres" => "postgres",
        system => system,
    };
    let parts = ["database", "catalog", "schema"];
    let parts = parts.iter().filter_map(|part| call.text(part));
    let parts: Vec<&str> = parts.chain([table]).collect();
    Some(keys::table(system, &parts.join(".")))
}

fn texts(literal: Option<&Literal>) -> Value {
    let items = literal.map(Literal::items).unwrap_or_default().iter();
    let texts = items.filter_map(|item| match item {
        Literal::Text(text) => Some(Value::Text(text.clone())),
        _ => None,
    });
    Value::List(texts.collect())
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::{check, check_with};
    use insta::assert_snapshot;
    use virgil_model::Files;

    struct Store;

    impl Files for Store {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            (path == "feast/feature_store.yaml").then(|| b"project: bottega\n".to_vec())
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn views_sources_and_services_are_joined_by_their_names() {
        assert_snapshot!(check_with("feast/repo/features.py", r#"
from feast import Entity, FeatureService, FeatureView, Field, FileSource
payment = Entity(name="payment", join_keys=["payment_id"], description="One "
    "attempt")
risk_file = FileSource(
    name="risk_file",
    path="s3a://lake/features/risk.parquet",
)
risk = FeatureView(
    name="risk",
    entities=[payment],
    schema=[
        Field(name="amount", dtype=Float64),
        Field(name=f"x{1}", dtype=Int64),
    ],
    online=True,
    source=risk_file,
    tags={"team": "ml-risk"},
    owner="ml-risk@bottega.example",
)
scoring = FeatureService(name="scoring", features=[risk[["amount"]], elsewhere])

@on_demand_feature_view(sources=[risk], schema=[Field(name="double", dtype=Float64)])
def doubled(inputs):
    return inputs
"#, &Store), @r####"
        [3-4] resource "payment" feast_entity:bottega/payment
        [3-4] feast_entity:bottega/payment .type = "feature_entity"
        [3-4] feast_entity:bottega/payment .join_keys = ["payment_id"]
        [3-4] feast_entity:bottega/payment .description = "One attempt"
        [5-8] dataset "risk_file" uri:s3://lake/features/risk.parquet feast_source:bottega/risk_file
        [5-8] uri:s3://lake/features/risk.parquet .type = "file_source"
        [9-20] feature_view "risk" feature_view:bottega/risk
        [9-20] feature_view:bottega/risk .type = "feature_view"
        [9-20] feature_view:bottega/risk .online = true
        [9-20] feature_view:bottega/risk owned_by email:ml-risk@bottega.example
        [9-20] feature_view:bottega/risk .tag_team = "ml-risk"
        [9-20] feature_view:bottega/risk derived_from uri:s3://lake/features/risk.parquet
        [9-20] feature_view:bottega/risk depends_on feast_entity:bottega/payment
        [13] column "amount" feature_view_column:bottega/risk#amount
        [13] feature_view_column:bottega/risk#amount part_of feature_view:bottega/risk
        [13] feature_view_column:bottega/risk#amount .type = "Float64"
        [21] resource "scoring" feature_service:bottega/scoring
        [21] feature_service:bottega/scoring .type = "feature_service"
        [21] feature_service:bottega/scoring depends_on feature_view:bottega/risk
        [23-25] feature_view "doubled" feature_view:bottega/doubled
        [23-25] feature_view:bottega/doubled .type = "on_demand_feature_view"
        [23-25] feature_view:bottega/doubled derived_from feature_view:bottega/risk
        [23] column "double" feature_view_column:bottega/doubled#double
        [23] feature_view_column:bottega/doubled#double part_of feature_view:bottega/doubled
        [23] feature_view_column:bottega/doubled#double .type = "Float64"
        [14] problem: the name of the field is no literal
        [21] problem: `elsewhere` is not defined in this file
        "####);
    }

    #[test]
    fn tables_belong_to_their_platform() {
        assert_snapshot!(check("f.py", r#"
import feast
a = feast.BigQuerySource(table="p.d.t", timestamp_field="ts")
b = SnowflakeSource(name="b", database="D", schema="S", table="T")
c = KafkaSource(name="c", kafka_bootstrap_servers="k:9092,l:9092", topic="views", batch_source=a)
d = FileSource(path=PATH)
"#), @r####"
        [3] dataset "bigquery/p.d.t" table:bigquery/p.d.t
        [3] table:bigquery/p.d.t .type = "big_query_source"
        [4] dataset "b" table:snowflake/D.S.T feast_source:feast/b
        [4] table:snowflake/D.S.T .type = "snowflake_source"
        [5] dataset "c" table:kafka://k:9092/views feast_source:feast/c
        [5] table:kafka://k:9092/views .type = "kafka_source"
        [5] table:kafka://k:9092/views derived_from table:bigquery/p.d.t
        [6] problem: the `FileSource` has neither a name nor a place
        "####);
    }
}
