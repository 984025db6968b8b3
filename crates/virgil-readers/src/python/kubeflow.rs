//! Pipelines of Kubeflow in Python (<https://kubeflow-pipelines.readthedocs.io>, SDK v2): `@dsl.pipeline` functions, the
//! components that they call, and the order that outputs and `.after` give.
//!
//! A pipeline and its tasks have the keys of their compiled form (`ci/kfp.rs`), so that both say of one thing: the
//! function's name with dashes, `-2` behind the second call of one component, and what a condition or loop holds
//! below it.

use std::collections::HashMap;

use virgil_model::{Key, Kind, LineSpan, Predicate, Value as Written};

use crate::ci;
use crate::cluster::state_image;
use crate::keys;
use crate::statements::Said;

use super::Context;
use super::value::{Call, Value};
use super::walk::{Around, Event, Function};

/// A script that holds none of these says nothing here.
pub(super) const WORDS: &[&str] = &["kfp"];

/// The pipelines of a script.
pub(super) struct Pipelines<'c> {
    context: &'c Context<'c>,
    components: HashMap<String, Component>,
    pipelines: Vec<Pipeline>,
    /// Calls inside functions, to be looked at when all components are known.
    calls: Vec<(Call, String, Vec<Value>)>,
    /// What is put behind what: by the ends of the calls that make the tasks.
    after: Vec<(usize, Vec<usize>, LineSpan, String)>,
    /// Pipelines that the script starts.
    started: Vec<(String, LineSpan)>,
}

/// A function that is a step.
#[derive(Default)]
struct Component {
    image: Option<String>,
    /// The command of its container.
    command: Vec<String>,
    lines: Option<LineSpan>,
    /// Whether its body is the step, so that what the script reads the step reads.
    is_function: bool,
}

struct Pipeline {
    function: String,
    name: String,
    description: Option<String>,
    lines: LineSpan,
}

impl<'c> Pipelines<'c> {
    /// Nothing was found yet.
    pub(super) fn new(context: &'c Context<'c>) -> Pipelines<'c> {
        Pipelines {
            context,
            components: HashMap::new(),
            pipelines: Vec::new(),
            calls: Vec::new(),
            after: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Takes what the script does.
    pub(super) fn event(&mut self, event: &Event<'_>, around: &Around, _said: &mut Said) {
        match event {
            Event::Function(function) => self.function(function),
            Event::Call(call) => self.call(call, around),
            Event::Order { .. } => {}
        }
    }

    fn function(&mut self, function: &Function) {
        for decorator in &function.decorators {
            let (name, call) = match decorator {
                Value::Call(call) => (call.name(), Some(call)),
                Value::Name(name) => (name.clone(), None),
                _ => continue,
            };
            let Some(rest) = name.strip_prefix("kfp.") else {
                continue;
            };
            let text = |name: &str| call.and_then(|call| call.text(name, usize::MAX));
            match rest.rsplit('.').next().unwrap_or_default() {
                "pipeline" => self.pipelines.push(Pipeline {
                    function: function.name.clone(),
                    name: text("name").map_or_else(|| dashed(&function.name), str::to_owned),
                    description: text("description")
                        .map(str::to_owned)
                        .or_else(|| function.documentation.clone()),
                    lines: function.lines,
                }),
                "component" | "container_component" | "notebook_component" => {
                    let component = self.components.entry(function.name.clone()).or_default();
                    component.image = text("base_image").map(str::to_owned);
                    component.lines = Some(function.lines);
                    component.is_function = rest.ends_with(".component") || rest == "component";
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, call: &Call, around: &Around) {
        let name = call.name();
        // ContainerSpec(image=…, command=[…]) inside a container component.
        if call.function() == "ContainerSpec"
            && let Some(function) = around.functions.last()
            && let Some(component) = self.components.get_mut(&function.name)
        {
            component.image = call.text("image", 0).map(str::to_owned);
            let words = ["command", "args"]
                .into_iter()
                .filter_map(|name| call.named(name));
            component.command = words
                .flat_map(Value::items)
                .map_while(|word| word.text().map(str::to_owned))
                .collect();
        }
        if matches!(call.function(), "create_run_from_pipeline_func")
            && let Some(Value::Name(function)) = call.argument("pipeline_func", 0)
        {
            self.started.push((function.clone(), call.lines));
        }
        let Some(function) = around.functions.first() else {
            return;
        };
        let is_pipeline = self
            .pipelines
            .iter()
            .any(|pipeline| pipeline.function == function.name);
        if !is_pipeline || around.functions.len() > 1 {
            return;
        }
        if call.function() == "after"
            && let Value::Call(task) = &call.root
        {
            let others = call
                .arguments()
                .iter()
                .filter_map(|(_, value)| value.call());
            let others = others.map(|other| first(other).offset).collect();
            let task = first(task).offset;
            self.after
                .push((task, others, call.lines, function.name.clone()));
        }
        if call.links.len() == 1 && !name.contains('.') {
            self.calls
                .push((call.clone(), function.name.clone(), around.with.clone()));
        }
    }

    /// States the pipelines.
    pub(super) fn finish(self, said: &mut Said) {
        for pipeline in &self.pipelines {
            self.pipeline(pipeline, said);
        }
        for (function, lines) in &self.started {
            let mut pipelines = self.pipelines.iter();
            if let Some(pipeline) = pipelines.find(|pipeline| pipeline.function == *function) {
                let key = ci::kfp::key(&pipeline.name);
                said.relation(*lines, &self.context.subject, Predicate::Triggers, &key);
            }
        }
    }

    fn pipeline(&self, pipeline: &Pipeline, said: &mut Said) {
        let key = ci::kfp::key(&pipeline.name);
        said.mention(pipeline.lines, Kind::Pipeline, &[&key], &pipeline.name);
        let file = &self.context.subject;
        said.relation(pipeline.lines, &key, Predicate::DefinedIn, file);
        let description = pipeline.description.as_deref().unwrap_or_default();
        said.text(pipeline.lines, &key, "description", description);
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut groups = Groups::default();
        let own = self
            .calls
            .iter()
            .filter(|(_, function, _)| *function == pipeline.function);
        groups.has_branches = own.clone().any(|(_, _, with)| with.iter().any(is_branch));
        // The path of each task by the end of the call that makes it.
        let mut tasks: HashMap<usize, String> = HashMap::new();
        for (call, _, with) in own {
            let component = self.components.get(call.function());
            let mut pipelines = self.pipelines.iter();
            let inner = pipelines.find(|other| other.function == call.function());
            let base = match (component, inner) {
                (Some(_), _) => dashed(call.function()),
                (None, Some(inner)) => dashed(&inner.name),
                (None, None) => continue,
            };
            let count = counts.entry(base.clone()).or_default();
            *count += 1;
            let Some(path) = groups.path(with) else {
                continue;
            };
            for (at, _) in path.match_indices('/') {
                ci::task(&key, &path[..at], call.lines, said);
            }
            let path = match *count {
                1 => format!("{path}{base}"),
                count => format!("{path}{base}-{count}"),
            };
            let task = ci::task(&key, &path, call.lines, said);
            for (_, argument) in call.arguments() {
                if let Some(other) = argument
                    .call()
                    .and_then(|call| tasks.get(&first(call).offset))
                {
                    depends(&key, &path, other, call.lines, said);
                }
            }
            if let Some(component) = component {
                self.step(component, &task, call.lines, said);
            }
            tasks.insert(call.offset, path);
        }
        for (task, others, lines, function) in &self.after {
            let Some(task) = tasks.get(task).filter(|_| *function == pipeline.function) else {
                continue;
            };
            for other in others.iter().filter_map(|other| tasks.get(other)) {
                depends(&key, task, other, *lines, said);
            }
        }
    }

    fn step(&self, component: &Component, task: &Key, lines: LineSpan, said: &mut Said) {
        let lines = component.lines.unwrap_or(lines);
        if let Some(image) = &component.image {
            state_image(image, task, lines, said);
        }
        if component.is_function {
            said.relation(lines, task, Predicate::DependsOn, &self.context.subject);
        }
        if let Some(path) = script(&component.command, self.context) {
            let attributes = virgil_model::Attributes::from([(
                "command".to_owned(),
                Written::Text(component.command.join(" ")),
            )]);
            let object = virgil_model::Target::Key(keys::file(&path));
            said.relation_with(lines, task, Predicate::DependsOn, object, attributes);
        }
    }
}

/// The first call of a chain: the one that makes the task that the others set up.
fn first(call: &Call) -> &Call {
    call.chain().last().copied().unwrap_or(call)
}

/// States that a task waits for another. What waits across groups are the groups: the compiler joins tasks that stand
/// side by side.
fn depends(pipeline: &Key, task: &str, other: &str, lines: LineSpan, said: &mut Said) {
    let (mut one, mut two) = (task.split('/'), other.split('/'));
    let mut shared = String::new();
    while let (Some(first), Some(second)) = (one.next(), two.next()) {
        if first != second {
            let task = ci::task_key(pipeline, &format!("{shared}{first}"));
            let other = ci::task_key(pipeline, &format!("{shared}{second}"));
            said.relation(lines, &task, Predicate::DependsOn, &other);
            return;
        }
        shared.push_str(first);
        shared.push('/');
    }
}

/// The loops, conditions and exit handlers of a pipeline, numbered as the compiler numbers them: with one count for
/// all. A loop over a list that is written out takes a number for the list too.
#[derive(Default)]
struct Groups {
    /// Whether there are `Elif` or `Else`, whose numbers depend on what is behind them.
    has_branches: bool,
    count: usize,
    known: Vec<(usize, String)>,
    /// Whether the numbers are not known any more.
    is_lost: bool,
}

impl Groups {
    /// The path of what stands in these groups; `None` where their numbers are not known.
    fn path(&mut self, with: &[Value]) -> Option<String> {
        let mut path = String::new();
        for held in with.iter().filter_map(Value::call) {
            let Some(kind) = group(held) else {
                continue;
            };
            let known = self.known.iter().find(|(offset, _)| *offset == held.offset);
            let name = match known {
                Some((_, name)) => name.clone(),
                None => {
                    self.count += 1;
                    if kind == "for-loop" {
                        match held.argument("items", 0) {
                            Some(Value::List(_)) => self.count += 1,
                            Some(Value::Part(_, _) | Value::Call(_) | Value::Name(_)) => {}
                            _ => self.is_lost = true,
                        }
                    }
                    let name = format!("{kind}-{}", self.count);
                    self.known.push((held.offset, name.clone()));
                    name
                }
            };
            path.push_str(&name);
            path.push('/');
        }
        let is_known = path.is_empty() || !self.has_branches && !self.is_lost;
        is_known.then_some(path)
    }
}

fn is_branch(held: &Value) -> bool {
    held.call().is_some_and(|call| {
        matches!(call.function(), "Elif" | "Else") && call.name().starts_with("kfp.")
    })
}

/// How the compiler names what a `with` of the SDK groups.
fn group(call: &Call) -> Option<&'static str> {
    if !call.name().starts_with("kfp.") {
        return None;
    }
    Some(match call.function() {
        "If" | "Elif" | "Else" | "Condition" => "condition",
        "ParallelFor" => "for-loop",
        "ExitHandler" => "exit-handler",
        _ => return None,
    })
}

/// The name that the compiler makes of a function's.
fn dashed(function: &str) -> String {
    let mut name = String::new();
    for c in function.chars() {
        if c.is_ascii_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.ends_with('-') && !name.is_empty() {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// The file of this source that the command of a container runs: `python x.py` beside the script, `python -m a.b`
/// below its folder or one above, where such a file is there.
fn script(command: &[String], context: &Context<'_>) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let rest = match words.as_slice() {
        ["python" | "python3", rest @ ..] => rest,
        _ => return None,
    };
    let (relative, is_module) = match rest {
        ["-m", module, ..] => (format!("{}.py", module.replace('.', "/")), true),
        [file, ..] if file.ends_with(".py") && !file.starts_with('/') => {
            ((*file).to_owned(), false)
        }
        _ => return None,
    };
    let mut folder = context.path;
    loop {
        let path = keys::beside(folder, &relative);
        if context.files.read(&path).is_some() {
            return Some(path);
        }
        let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
        if !is_module || above.is_empty() {
            return None;
        }
        folder = above;
    }
}
