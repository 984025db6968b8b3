//! Feast feature repositories (<https://docs.feast.dev/reference/feature-repository>): the definitions of a
//! Python file that imports `feast`, as far as their arguments are known without running it ([`crate::python`]).
//!
//! A definition is known inside its project, which `feature_store.yaml` in the same folder or above names. A
//! view is derived from its sources; a source is the table or URI that it reads. A feature is the column of the
//! source that has its name, or that `field_mapping` gives its name, as Feast itself finds it. A service depends on
//! its views and on the features it takes of them; its tag `model` names the registered model that it serves.
//!
//! The placeholders of a template that is not filled yet, such as `%REDSHIFT_DATABASE%`, name nothing.

mod template;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value as Stated};

use crate::keys;
use crate::python::syntax;
use crate::python::value::{Call, Value};
use crate::python::walk::{Event, walk};
use crate::statements::{Asset, Format, Said};
use crate::tree;

use template::{has_placeholder, text};

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
    let Some(script) = syntax::script(asset) else {
        said.problem(1, "the feature definitions take too long to parse");
        return;
    };
    let project = project(asset.raw.path, files);
    let mut repository = Repository {
        project: project.as_deref().unwrap_or("feast"),
        functions: HashMap::new(),
        defined: HashSet::new(),
    };
    let is_whole = walk(&script, &mut |event, _| match event {
        Event::Call(call) => repository.define(call, said),
        Event::Function(function) => {
            let decorators = function.decorators.iter().filter_map(Value::call);
            for decorator in decorators.filter(|call| DECORATORS.contains(&call.function())) {
                let view = View {
                    call: Rc::clone(decorator),
                    name: named(decorator, "name")
                        .unwrap_or(&function.name)
                        .to_owned(),
                };
                repository.view(&view, function.lines, said);
                repository.functions.insert(function.name.clone(), view);
            }
        }
        Event::Order { .. } => {}
    });
    if !is_whole {
        said.problem(1, "the file is too large to be followed to its end");
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

/// The classes whose objects are views.
const VIEWS: &[&str] = &[
    "FeatureView",
    "BatchFeatureView",
    "StreamFeatureView",
    "OnDemandFeatureView",
    "LabelView",
];

/// The decorators that make a view of a function.
const DECORATORS: &[&str] = &[
    "on_demand_feature_view",
    "stream_feature_view",
    "batch_feature_view",
];

/// A view, by what defines it.
struct View {
    call: Rc<Call>,
    /// That of the call, or of the function that it decorates.
    name: String,
}

struct Repository<'n> {
    project: &'n str,
    /// The views that functions are made, by the functions' names.
    functions: HashMap<String, View>,
    /// What has been said, by where the call stands and what it names: loops come by again.
    defined: HashSet<(usize, Option<Key>)>,
}

impl Repository<'_> {
    /// Says a definition, if the call is one of Feast's.
    fn define(&mut self, call: &Rc<Call>, said: &mut Said) {
        if !self.defined.insert((call.offset, self.key(call))) {
            return;
        }
        match call.function() {
            function if VIEWS.contains(&function) => {
                if let Some(name) = self.name(call, said) {
                    let name = name.to_owned();
                    let call = Rc::clone(call);
                    let lines = call.lines;
                    self.view(&View { call, name }, lines, said);
                }
            }
            "Entity" => self.entity(call, said),
            "FeatureService" => self.service(call, said),
            function if function.ends_with("Source") => self.source(call, said),
            _ => {}
        }
    }

    /// The key of what a call defines.
    fn key(&self, call: &Call) -> Option<Key> {
        let scheme = match call.function() {
            function if VIEWS.contains(&function) => "feature_view",
            "Entity" => "feast_entity",
            "FeatureService" => "feature_service",
            function if function.ends_with("Source") => {
                return place(call).or_else(|| self.source_key(call));
            }
            _ => return None,
        };
        Some(Key::scoped(scheme, self.project, named(call, "name")?))
    }

    fn source_key(&self, call: &Call) -> Option<Key> {
        let name = named(call, "name")?;
        Some(Key::scoped("feast_source", self.project, name))
    }

    fn view_key(&self, view: &View) -> Key {
        Key::scoped("feature_view", self.project, &view.name)
    }

    fn name<'c>(&self, call: &'c Call, said: &mut Said) -> Option<&'c str> {
        let name = named(call, "name");
        if name.is_none() {
            let message = format!("the name of the `{}` is no literal", call.function());
            said.problem(call.lines.start, message);
        }
        name
    }

    fn common(&self, key: &Key, call: &Call, lines: LineSpan, said: &mut Said) {
        let description = named(call, "description").unwrap_or_default();
        said.text(lines, key, "description", description);
        if let Some(owner) = named(call, "owner").filter(|owner| !owner.is_empty()) {
            let owner = keys::owner(owner, self.project);
            said.relation(lines, key, Predicate::OwnedBy, &owner);
        }
        for (label, value) in tags(call) {
            said.tag(lines, key, label, Stated::Text(value.to_owned()));
        }
    }

    fn entity(&self, call: &Call, said: &mut Said) {
        let Some(name) = self.name(call, said) else {
            return;
        };
        let key = Key::scoped("feast_entity", self.project, name);
        let lines = call.lines;
        said.mention(lines, Kind::Resource, &[&key], name);
        said.text(lines, &key, "type", "feature_entity");
        let keys = call.named("join_keys").map_or(&[][..], Value::items);
        let keys = keys.iter().filter_map(text);
        let keys = keys.map(|key| Stated::Text(key.to_owned())).collect();
        said.attribute(lines, &key, "join_keys", Stated::List(keys));
        self.common(&key, call, lines, said);
    }

    fn source(&self, call: &Call, said: &mut Said) {
        let lines = call.lines;
        let place = place(call);
        let own = self.source_key(call);
        let all: Vec<&Key> = place.iter().chain(&own).collect();
        let Some(key) = all.first().copied() else {
            let message = format!("the `{}` has neither a name nor a place", call.function());
            said.problem(lines.start, message);
            return;
        };
        let name = named(call, "name").unwrap_or(&key.value);
        said.mention(lines, Kind::Dataset, &all, name);
        said.text(lines, key, "type", &keys::snake(call.function()));
        self.common(key, call, lines, said);
        for other in self.referred(call, "batch_source", lines, said) {
            said.relation(lines, key, Predicate::DerivedFrom, &other);
        }
    }

    fn view(&self, view: &View, lines: LineSpan, said: &mut Said) {
        let (call, key) = (&*view.call, self.view_key(view));
        said.mention(lines, Kind::FeatureView, &[&key], &view.name);
        said.text(lines, &key, "type", &keys::snake(call.function()));
        if let Some(Value::Constant(online)) = call.named("online") {
            said.attribute(lines, &key, "online", Stated::Bool(online == "True"));
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
            let Some(name) = named(field, "name") else {
                said.problem(field.lines.start, "the name of the field is no literal");
                continue;
            };
            let column = keys::column(&key, name);
            let lines = LineSpan::line(field.lines.start);
            said.mention(lines, Kind::Column, &[&column], name);
            said.relation(lines, &column, Predicate::PartOf, &key);
            let kind = match field.named("dtype") {
                Some(Value::Name(name)) => name.rsplit('.').next().unwrap_or_default(),
                Some(Value::Call(call)) => call.function(),
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
    }

    /// The one source whose columns the features of a view are, with the columns that it names otherwise; `None`
    /// where the view computes its features.
    fn origin<'c>(&self, call: &'c Call) -> Option<(Key, HashMap<&'c str, &'c str>)> {
        let computes = ["udf", "feature_transformation", "transformation", "mode"];
        let is_plain = matches!(
            call.function(),
            "FeatureView" | "BatchFeatureView" | "StreamFeatureView"
        );
        if !is_plain || computes.iter().any(|name| call.named(name).is_some()) {
            return None;
        }
        let source = call.named("source").or(call.named("batch_source"))?;
        let Value::Call(source) = source else {
            return None;
        };
        let key = self.key(source)?;
        let mapping = source
            .named("field_mapping")
            .map_or(&[][..], Value::entries);
        let renamed = mapping
            .iter()
            .filter_map(|(column, feature)| Some((text(feature)?, text(column)?)));
        let has_columns = matches!(key.scheme.as_str(), "table" | "uri");
        has_columns.then(|| (key, renamed.collect()))
    }

    fn service(&self, call: &Call, said: &mut Said) {
        let Some(name) = self.name(call, said) else {
            return;
        };
        let key = Key::scoped("feature_service", self.project, name);
        let lines = call.lines;
        said.mention(lines, Kind::Resource, &[&key], name);
        said.text(lines, &key, "type", "feature_service");
        self.common(&key, call, lines, said);
        for item in call.named("features").map_or(&[][..], Value::items) {
            for view in self.refer(item, lines, said) {
                said.relation(lines, &key, Predicate::DependsOn, &view);
                for feature in self.taken(item) {
                    let column = keys::column(&view, feature);
                    said.relation(lines, &key, Predicate::DependsOn, &column);
                }
            }
        }
        for (_, model) in tags(call).filter(|(label, _)| *label == "model") {
            let model = keys::mlflow_model(model);
            said.relation(lines, &model, Predicate::DependsOn, &key);
        }
    }

    /// The features that an item of a service takes: those picked, else all of the view.
    fn taken<'v>(&'v self, item: &'v Value) -> Vec<&'v str> {
        let view = match item {
            Value::Part(_, picked) => return picked.items().iter().filter_map(text).collect(),
            Value::Call(view) => view,
            Value::Name(name) => match self.functions.get(name) {
                Some(view) => &view.call,
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        fields(view)
            .filter_map(|field| named(field, "name"))
            .collect()
    }

    /// What an argument of a call refers to.
    fn referred(&self, call: &Call, argument: &str, lines: LineSpan, said: &mut Said) -> Vec<Key> {
        match call.named(argument) {
            Some(value) => self.refer(value, lines, said),
            None => Vec::new(),
        }
    }

    /// What a value refers to: a definition, or lists and maps of those. Old entities are named by their name.
    fn refer(&self, value: &Value, lines: LineSpan, said: &mut Said) -> Vec<Key> {
        match value {
            Value::Call(call) => self.key(call).into_iter().collect(),
            Value::Name(name) => match self.functions.get(name) {
                Some(view) => vec![self.view_key(view)],
                None => {
                    let message = format!("`{name}` is not defined in this file");
                    said.problem(lines.start, message);
                    Vec::new()
                }
            },
            Value::List(items) => {
                let items = items.iter();
                items
                    .flat_map(|item| self.refer(item, lines, said))
                    .collect()
            }
            Value::Map(entries) => {
                let values = entries.iter().map(|(_, value)| value);
                values
                    .flat_map(|value| self.refer(value, lines, said))
                    .collect()
            }
            Value::Part(whole, _) => self.refer(whole, lines, said),
            Value::Text(_) | Value::Constant(_) | Value::Unknown => Vec::new(),
        }
    }
}

/// The text of an argument.
fn named<'c>(call: &'c Call, argument: &str) -> Option<&'c str> {
    text(call.named(argument)?)
}

/// The tags of a definition whose texts are known.
fn tags(call: &Call) -> impl Iterator<Item = (&str, &str)> {
    let tags = call.named("tags").map_or(&[][..], Value::entries).iter();
    tags.filter_map(|(label, value)| Some((text(label)?, text(value)?)))
}

/// The fields of a view.
fn fields(call: &Call) -> impl Iterator<Item = &Call> {
    let fields = call.named("schema").or_else(|| call.named("features"));
    let fields = fields.map_or(&[][..], Value::items).iter();
    fields.filter_map(|field| match field {
        Value::Call(field) => Some(&**field),
        _ => None,
    })
}

/// The table, topic or URI of a source; a table without a part of its name that is not known would be another one.
fn place(call: &Call) -> Option<Key> {
    let path = named(call, "path").or_else(|| named(call, "file_url"));
    if let Some(path) = path {
        return keys::is_uri(path).then(|| keys::uri(path));
    }
    if let (Some(topic), Some(servers)) =
        (named(call, "topic"), named(call, "kafka_bootstrap_servers"))
    {
        let server = servers.split(',').next().unwrap_or_default();
        return Some(keys::table(&format!("kafka://{server}"), topic));
    }
    let table = named(call, "table").or_else(|| named(call, "table_ref"))?;
    let system = call.function().strip_suffix("Source")?.to_lowercase();
    let system = match system.as_str() {
        "postgresql" | "postgres" => "postgres",
        system => system,
    };
    let mut parts = Vec::new();
    for part in ["database", "catalog", "schema"] {
        match call.named(part) {
            None | Some(Value::Constant(_)) => {}
            Some(value) => parts.push(text(value)?),
        }
    }
    parts.push(table);
    Some(keys::table(system, &parts.join(".")))
}
