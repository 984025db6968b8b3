//! DAGs of Airflow (<https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html>), as far as they are
//! written out: `DAG(…)` and `@dag`, operators and `@task` functions, their order, and what they read, run and start.
//!
//! A DAG is known by its `dag_id`, a task by its DAG's key with `#task_id`; a task in a group has the group's
//! identifier in front, as Airflow writes it. A file does not name the Airflow that runs it.

mod operators;

use std::collections::{BTreeMap, HashMap};

use virgil_model::{Key, Kind, LineSpan, Predicate, Value as Written};

use crate::ci;
use crate::cluster::state_image;
use crate::keys;
use crate::statements::Said;

use operators::asset;

use super::Context;
use super::value::{Call, Value};
use super::walk::{Around, Event, Function};

/// A script that holds none of these says nothing here.
pub(super) const WORDS: &[&str] = &["airflow"];

/// The DAGs of a script.
pub(super) struct Dags<'c> {
    context: &'c Context<'c>,
    /// By what makes them: the end of the call, or the name of the function.
    dags: BTreeMap<Maker, Key>,
    /// The tasks by what makes them.
    tasks: HashMap<Maker, Vec<Key>>,
    /// Functions that are tasks when they are called, with their identifiers.
    functions: HashMap<String, TaskFunction>,
    /// What comes before what.
    orders: Vec<(Value, Value, LineSpan)>,
    /// How often each task function was called in a DAG and group.
    called: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Maker {
    Call(usize),
    Function(String),
}

#[derive(Clone)]
struct TaskFunction {
    id: String,
    kind: String,
    lines: LineSpan,
    image: Option<String>,
}

impl<'c> Dags<'c> {
    /// Nothing was found yet.
    pub(super) fn new(context: &'c Context<'c>) -> Dags<'c> {
        Dags {
            context,
            dags: BTreeMap::new(),
            tasks: HashMap::new(),
            functions: HashMap::new(),
            orders: Vec::new(),
            called: HashMap::new(),
        }
    }

    /// Takes what the script does.
    pub(super) fn event(&mut self, event: &Event<'_>, around: &Around, said: &mut Said) {
        match event {
            Event::Function(function) => self.function(function, said),
            Event::Call(call) => self.call(call, around, said),
            Event::Order {
                before,
                after,
                lines,
            } => self
                .orders
                .push(((*before).clone(), (*after).clone(), *lines)),
        }
    }

    /// States the order of the tasks, when all of them are known.
    pub(super) fn finish(self, said: &mut Said) {
        for (before, after, lines) in &self.orders {
            self.order(before, after, *lines, said);
        }
    }

    fn order(&self, before: &Value, after: &Value, lines: LineSpan, said: &mut Said) {
        for first in self.tasks_of(before) {
            for second in self.tasks_of(after) {
                if first != second {
                    said.relation(lines, second, Predicate::DependsOn, first);
                }
            }
        }
    }

    fn tasks_of(&self, value: &Value) -> Vec<&Key> {
        let values = value.one_or_many().iter();
        let calls = values.filter_map(Value::call).flat_map(|call| call.chain());
        calls
            .filter_map(|call| self.tasks.get(&Maker::Call(call.offset)))
            .flatten()
            .collect()
    }

    fn function(&mut self, function: &Function, said: &mut Said) {
        for decorator in &function.decorators {
            let (name, call) = match decorator {
                Value::Call(call) => (call.name(), Some(&**call)),
                Value::Name(name) => (name.clone(), None),
                _ => continue,
            };
            if !name.starts_with("airflow.") {
                continue;
            }
            let parts: Vec<&str> = name.split('.').collect();
            match parts.as_slice() {
                [.., "dag"] => {
                    let written = call.and_then(|call| call.argument("dag_id", 0));
                    let id = match written {
                        Some(value) => value.text(),
                        None => Some(function.name.as_str()),
                    };
                    if let Some(id) = id {
                        let documentation = function.documentation.as_deref();
                        let key = self.dag(id, call, function.lines, documentation, said);
                        self.dags
                            .insert(Maker::Function(function.name.clone()), key);
                    }
                }
                [.., "task"] | [.., "task", _] => {
                    let kind = match parts.last() {
                        Some(&"task") | None => "python",
                        Some(kind) => kind,
                    };
                    let written = call.and_then(|call| call.named("task_id"));
                    let id = match written {
                        Some(value) => value.text(),
                        None => Some(function.name.as_str()),
                    };
                    let image = call.and_then(|call| call.text("image", usize::MAX));
                    if let Some(id) = id {
                        let task = TaskFunction {
                            id: id.to_owned(),
                            kind: format!("@task.{kind}").replace("@task.python", "@task"),
                            lines: function.lines,
                            image: image.map(str::to_owned),
                        };
                        self.functions.insert(function.name.clone(), task);
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, call: &Call, around: &Around, said: &mut Said) {
        let name = call.name();
        let function = call.function();
        if name.starts_with("airflow.") && function == "DAG" {
            if let Some(id) = call.text("dag_id", 0) {
                let key = self.dag(id, Some(call), call.lines, None, said);
                self.dags.insert(Maker::Call(call.offset), key);
            }
            return;
        }
        match function {
            "chain" if name.starts_with("airflow.") => {
                let steps: Vec<&Value> = call.arguments().iter().map(|(_, value)| value).collect();
                for pair in steps.windows(2) {
                    // Lists of one length are joined item by item.
                    match (pair[0].items(), pair[1].items()) {
                        (one, other) if !one.is_empty() && one.len() == other.len() => {
                            for (one, other) in one.iter().zip(other) {
                                self.orders.push((one.clone(), other.clone(), call.lines));
                            }
                        }
                        _ => self
                            .orders
                            .push((pair[0].clone(), pair[1].clone(), call.lines)),
                    }
                }
                return;
            }
            "set_downstream" | "set_upstream" => {
                let own = call.root.clone();
                for (_, other) in call.arguments().iter().take(1) {
                    let order = if function == "set_downstream" {
                        (own.clone(), other.clone(), call.lines)
                    } else {
                        (other.clone(), own.clone(), call.lines)
                    };
                    self.orders.push(order);
                }
                return;
            }
            _ => {}
        }
        let Some(dag) = self.dag_of(call, around) else {
            return;
        };
        let group = group(around);
        // `extract(…)`, `extract.override(…)(…)`, `extract.expand(…)`
        let first = call.chain().last().copied().unwrap_or(call);
        let task_function = match (&first.root, first.links.as_slice()) {
            (Value::Name(module), [link]) if module.is_empty() => self.functions.get(&link.name),
            (Value::Name(name), [link, ..])
                if matches!(link.name.as_str(), "override" | "expand" | "partial") =>
            {
                self.functions.get(name)
            }
            _ => None,
        };
        if let Some(task) = task_function.cloned() {
            let is_made = matches!(call.links.as_slice(), [link] if self.functions.contains_key(&link.name))
                || matches!(function, "expand" | "expand_kwargs" | "__call__");
            if is_made {
                self.called_task(&task, &dag, &group, call, said);
            }
            return;
        }
        let is_operator = call.links.len() == 1
            && name.contains("airflow")
            && function.starts_with(|c: char| c.is_uppercase())
            && call.named("task_id").is_some();
        if is_operator {
            self.operator(call, &dag, &group, said);
        }
    }

    /// The DAG that a task belongs to: the one it names, the one whose `with` it stands in, the one whose function.
    fn dag_of(&self, call: &Call, around: &Around) -> Option<Key> {
        if let Some(value) = call.named("dag") {
            let made = value.call()?;
            return self.dags.get(&Maker::Call(made.offset)).cloned();
        }
        let held = around.with.iter().rev().filter_map(Value::call);
        let mut held = held.filter_map(|call| self.dags.get(&Maker::Call(call.offset)));
        if let Some(key) = held.next() {
            return Some(key.clone());
        }
        let functions = around.functions.iter().rev();
        let mut of_functions =
            functions.filter_map(|function| self.dags.get(&Maker::Function(function.name.clone())));
        of_functions.next().cloned()
    }

    fn dag(
        &self,
        id: &str,
        call: Option<&Call>,
        lines: LineSpan,
        documentation: Option<&str>,
        said: &mut Said,
    ) -> Key {
        let key = dag_key(id);
        said.mention(lines, Kind::Pipeline, &[&key], id);
        said.text(lines, &key, "type", "airflow_dag");
        said.relation(lines, &key, Predicate::DefinedIn, &self.context.subject);
        let Some(call) = call else {
            said.text(
                lines,
                &key,
                "description",
                documentation.unwrap_or_default(),
            );
            return key;
        };
        let text = |name: &str| call.named(name).and_then(Value::text);
        let description = text("description")
            .or_else(|| text("doc_md"))
            .or(documentation);
        said.text(lines, &key, "description", description.unwrap_or_default());
        for parameter in ["schedule", "schedule_interval", "timetable"] {
            if let Some(value) = call.named(parameter) {
                self.schedule(value, &key, lines, said);
            }
        }
        let tags = call.named("tags").map(Value::items).unwrap_or_default();
        let tags = tags.iter().filter_map(Value::text);
        let tags = tags.map(|tag| Written::Text(tag.to_owned())).collect();
        said.attribute(lines, &key, "tags", Written::List(tags));
        let owner = call
            .named("default_args")
            .and_then(|arguments| arguments.get("owner"))
            .and_then(Value::text)
            // What Airflow says where nobody says anything.
            .filter(|owner| !owner.is_empty() && *owner != "airflow");
        if let Some(owner) = owner {
            said.relation(
                lines,
                &key,
                Predicate::OwnedBy,
                &keys::owner(owner, "airflow"),
            );
        }
        for flag in ["catchup", "is_paused_upon_creation"] {
            if let Some(Value::Constant(value)) = call.named(flag)
                && matches!(value.as_str(), "True" | "False")
            {
                said.attribute(lines, &key, flag, Written::Bool(value == "True"));
            }
        }
        key
    }

    /// A schedule: an expression or preset, a timetable, or the assets whose update starts the DAG.
    fn schedule(&self, value: &Value, key: &Key, lines: LineSpan, said: &mut Said) {
        match value {
            Value::Text(text) if value.text().is_some() => said.text(lines, key, "schedule", text),
            Value::Constant(text) if text != "None" => said.text(lines, key, "schedule", text),
            Value::List(items) => {
                for asset in items.iter().filter_map(asset) {
                    said.relation(lines, &asset, Predicate::Triggers, key);
                }
            }
            Value::Call(call) => match asset(value) {
                Some(asset) => said.relation(lines, &asset, Predicate::Triggers, key),
                None => {
                    let arguments: Vec<&str> = call
                        .arguments()
                        .iter()
                        .filter_map(|(_, value)| value.inside_constant())
                        .collect();
                    let text = format!("{}({})", call.function(), arguments.join(", "));
                    said.text(lines, key, "schedule", &text);
                }
            },
            _ => {}
        }
    }

    fn called_task(
        &mut self,
        task: &TaskFunction,
        dag: &Key,
        group: &str,
        call: &Call,
        said: &mut Said,
    ) {
        let named = call
            .earlier("override")
            .and_then(|arguments| {
                let mut arguments = arguments.iter();
                arguments.find(|(name, _)| name.as_deref() == Some("task_id"))
            })
            .map(|(_, value)| value);
        let id = match named {
            Some(value) => match value.text() {
                Some(id) => id.to_owned(),
                None => return,
            },
            None => {
                // A second call of the same function gets a number.
                let count = self
                    .called
                    .entry(format!("{dag}{group}{}", task.id))
                    .or_default();
                *count += 1;
                match *count {
                    1 => task.id.clone(),
                    count => format!("{}__{}", task.id, count - 1),
                }
            }
        };
        let key = ci::task(dag, &format!("{group}{id}"), call.lines, said);
        said.text(call.lines, &key, "operator", &task.kind);
        if let Some(image) = &task.image {
            state_image(image, &key, task.lines, said);
        } else {
            said.relation(
                task.lines,
                &key,
                Predicate::DependsOn,
                &self.context.subject,
            );
        }
        // What it gets from other tasks comes after them.
        for (_, argument) in call.arguments() {
            for other in argument.one_or_many() {
                if other.call().is_some() {
                    self.orders
                        .push((other.clone(), Value::Call(call.clone().into()), call.lines));
                }
            }
        }
        self.tasks
            .entry(Maker::Call(call.offset))
            .or_default()
            .push(key);
    }
}

/// The key of a DAG; a file does not name the Airflow that runs it.
pub(crate) fn dag_key(id: &str) -> Key {
    Key::scoped("airflow_dag", "airflow", id)
}

/// The identifiers of the groups around, each with a dot behind it.
fn group(around: &Around) -> String {
    let calls = around.with.iter().filter_map(Value::call);
    let groups = calls.filter(|call| call.function() == "TaskGroup");
    let names = groups.filter_map(|call| call.text("group_id", 0));
    names.fold(String::new(), |all, name| format!("{all}{name}."))
}
