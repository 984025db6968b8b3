//! Feast feature repositories (<https://docs.feast.dev/reference/feature-repository>): the definitions of a
//! Python file that imports `feast`, as far as their arguments are literals and names of the same file.
//!
//! A definition is known inside its project, which `feature_store.yaml` in the same folder or above names. A
//! view is derived from its sources; a source is the table or URI that it reads. A feature is the column of the
//! source that has its name, or that `field_mapping` gives its name, as Feast itself finds it. A service depends on
//! its views and on the features it takes of them; its tag `model` names the registered model that it serves.
//!
//! The placeholders of a template that is not filled yet, such as `%REDSHIFT_DATABASE%`, name nothing.

use std::collections::HashMap;

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree;

use super::feast_python::{Call, Literal, definitions, has_placeholder};

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
            let known = (key, &definition.call);
            repository.known.insert(&definition.name, known);
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
            return Some(project.to_owned()).filter(|project| !has_placeholder(project));
        }
        if folder.is_empty() {
            return None;
        }
    }
}

struct Repository<'n> {
    project: &'n str,
    /// The definitions so far, by the name of their variable.
    known: HashMap<&'n str, (Key, &'n Call)>,
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
        let origin = self.origin(call);
        for field in fields(call) {
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
            if let Some((source, mapping)) = &origin {
                let name = mapping.get(name).copied().unwrap_or(name);
                let from = keys::column(source, name);
                said.relation(lines, &column, Predicate::DerivedFrom, &from);
            }
        }
        Some(key)
    }

    /// The one source whose columns the features of a view are, with the columns that it names otherwise; `None`
    /// where the view computes its features.
    fn origin<'c>(&'c self, call: &'c Call) -> Option<(Key, HashMap<&'c str, &'c str>)> {
        let computes = ["udf", "feature_transformation", "transformation", "mode"];
        let is_plain = matches!(
            call.function.as_str(),
            "FeatureView" | "BatchFeatureView" | "StreamFeatureView"
        );
        if !is_plain || computes.iter().any(|name| call.argument(name).is_some()) {
            return None;
        }
        let (key, source) = match call.argument("source").or(call.argument("batch_source"))? {
            Literal::Name(name) => {
                let (key, source) = self.known.get(name.as_str())?;
                (key.clone(), *source)
            }
            Literal::Call(source) => (place(source)?, source),
            _ => return None,
        };
        let mapping = source.argument("field_mapping").map(Literal::entries);
        let renamed = mapping
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| match entry {
                (Literal::Text(column), Literal::Text(feature)) => Some((&**feature, &**column)),
                _ => None,
            });
        let has_columns = matches!(key.scheme.as_str(), "table" | "uri");
        has_columns.then(|| (key, renamed.collect()))
    }

    fn service(&self, call: &Call, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let name = self.name(call, lines, said)?;
        let key = Key::scoped("feature_service", self.project, name);
        said.mention(lines, Kind::Resource, &[&key], name);
        said.text(lines, &key, "type", "feature_service");
        self.common(&key, call, lines, said);
        let items = call.argument("features").map(Literal::items);
        for item in items.unwrap_or_default() {
            for view in self.refer(item, lines, said) {
                said.relation(lines, &key, Predicate::DependsOn, &view);
                for feature in self.taken(item) {
                    let column = keys::column(&view, feature);
                    said.relation(lines, &key, Predicate::DependsOn, &column);
                }
            }
        }
        for (label, value) in call
            .argument("tags")
            .map(Literal::entries)
            .unwrap_or_default()
        {
            if let (Literal::Text(label), Literal::Text(model)) = (label, value)
                && label == "model"
            {
                let model = keys::mlflow_model(model);
                said.relation(lines, &model, Predicate::DependsOn, &key);
            }
        }
        Some(key)
    }

    /// The features that an item of a service takes: those picked, else all of the view.
    fn taken<'c>(&'c self, item: &'c Literal) -> Vec<&'c str> {
        match item {
            Literal::Part(_, picked) => {
                let picked = picked.items().iter();
                picked
                    .filter_map(|name| match name {
                        Literal::Text(name) => Some(name.as_str()),
                        _ => None,
                    })
                    .collect()
            }
            Literal::Name(name) => match self.known.get(name.as_str()) {
                Some((_, view)) => fields(view)
                    .filter_map(|field| field.text("name"))
                    .collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
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
                Some((key, _)) => vec![key.clone()],
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
            Literal::Part(whole, _) => self.refer(whole, lines, said),
            // Old entities are named by their name.
            Literal::Text(_) | Literal::Placeholder | Literal::Other(_) => Vec::new(),
        }
    }
}

/// The fields of a view.
fn fields(call: &Call) -> impl Iterator<Item = &Call> {
    let fields = call
        .argument("schema")
        .or_else(|| call.argument("features"));
    let fields = fields.map(Literal::items).unwrap_or_default().iter();
    fields.filter_map(|field| match field {
        Literal::Call(field) => Some(field),
        _ => None,
    })
}

/// The table, topic or URI of a source; a table without a part of its name that a template has yet to fill would be
/// another one.
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
    let is_open = |part: &&str| matches!(call.argument(part), Some(Literal::Placeholder));
    if parts.iter().any(is_open) {
        return None;
    }
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
    field_mapping={"age_days": "age"},
)
risk = FeatureView(
    name="risk",
    entities=[payment],
    schema=[
        Field(name="amount", dtype=Float64),
        Field(name="age", dtype=Int64),
        Field(name=f"x{1}", dtype=Int64),
    ],
    online=True,
    source=risk_file,
    tags={"team": "ml-risk"},
    owner="ml-risk@bottega.example",
)
scoring = FeatureService(name="scoring", features=[risk[["amount"]], elsewhere], tags={"model": "fraud"})

@on_demand_feature_view(sources=[risk], schema=[Field(name="double", dtype=Float64)])
def doubled(inputs):
    return inputs
"#, &Store), @r####"
        [3-4] resource "payment" feast_entity:bottega/payment
        [3-4] feast_entity:bottega/payment .type = "feature_entity"
        [3-4] feast_entity:bottega/payment .join_keys = ["payment_id"]
        [3-4] feast_entity:bottega/payment .description = "One attempt"
        [5-9] dataset "risk_file" uri:s3://lake/features/risk.parquet feast_source:bottega/risk_file
        [5-9] uri:s3://lake/features/risk.parquet .type = "file_source"
        [10-22] feature_view "risk" feature_view:bottega/risk
        [10-22] feature_view:bottega/risk .type = "feature_view"
        [10-22] feature_view:bottega/risk .online = true
        [10-22] feature_view:bottega/risk owned_by email:ml-risk@bottega.example
        [10-22] feature_view:bottega/risk .tag_team = "ml-risk"
        [10-22] feature_view:bottega/risk derived_from uri:s3://lake/features/risk.parquet
        [10-22] feature_view:bottega/risk depends_on feast_entity:bottega/payment
        [14] column "amount" feature_view_column:bottega/risk#amount
        [14] feature_view_column:bottega/risk#amount part_of feature_view:bottega/risk
        [14] feature_view_column:bottega/risk#amount .type = "Float64"
        [14] feature_view_column:bottega/risk#amount derived_from column:s3://lake/features/risk.parquet#amount
        [15] column "age" feature_view_column:bottega/risk#age
        [15] feature_view_column:bottega/risk#age part_of feature_view:bottega/risk
        [15] feature_view_column:bottega/risk#age .type = "Int64"
        [15] feature_view_column:bottega/risk#age derived_from column:s3://lake/features/risk.parquet#age_days
        [23] resource "scoring" feature_service:bottega/scoring
        [23] feature_service:bottega/scoring .type = "feature_service"
        [23] feature_service:bottega/scoring .tag_model = "fraud"
        [23] feature_service:bottega/scoring depends_on feature_view:bottega/risk
        [23] feature_service:bottega/scoring depends_on feature_view_column:bottega/risk#amount
        [23] model:mlflow/fraud depends_on feature_service:bottega/scoring
        [25-27] feature_view "doubled" feature_view:bottega/doubled
        [25-27] feature_view:bottega/doubled .type = "on_demand_feature_view"
        [25-27] feature_view:bottega/doubled derived_from feature_view:bottega/risk
        [25] column "double" feature_view_column:bottega/doubled#double
        [25] feature_view_column:bottega/doubled#double part_of feature_view:bottega/doubled
        [25] feature_view_column:bottega/doubled#double .type = "Float64"
        [16] problem: the name of the field is no literal
        [23] problem: `elsewhere` is not defined in this file
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

    #[test]
    fn placeholders_of_a_template_name_nothing() {
        assert_snapshot!(check("f.py", r#"
from feast import FeatureView, FileSource, KafkaSource, RedshiftSource
a = RedshiftSource(name="a", table="t", schema="public", database="%REDSHIFT_DATABASE%")
b = RedshiftSource(table="%TABLE%", database="d")
c = FileSource(name="c", path="s3://lake/%ENVIRONMENT%/c.parquet")
d = KafkaSource(name="d", kafka_bootstrap_servers="%BROKERS%", topic="views")
e = FeatureView(name="%PROJECT_NAME%_e", source=a)
f = FeatureView(name="f", schema=[Field(name="x", dtype=Int64)], source=a, owner="%OWNER%")
"#), @r####"
        [3] dataset "a" feast_source:feast/a
        [3] feast_source:feast/a .type = "redshift_source"
        [5] dataset "c" feast_source:feast/c
        [5] feast_source:feast/c .type = "file_source"
        [6] dataset "d" feast_source:feast/d
        [6] feast_source:feast/d .type = "kafka_source"
        [8] feature_view "f" feature_view:feast/f
        [8] feature_view:feast/f .type = "feature_view"
        [8] feature_view:feast/f derived_from feast_source:feast/a
        [8] column "x" feature_view_column:feast/f#x
        [8] feature_view_column:feast/f#x part_of feature_view:feast/f
        [8] feature_view_column:feast/f#x .type = "Int64"
        [4] problem: the `RedshiftSource` has neither a name nor a place
        [7] problem: the name of the `FeatureView` is no literal
        "####);
    }
}
