//! Tools that a language model may call while it writes. All of them only read, inside the asker's scope.
//!
//! What a tool brings is data like the passages of the prompt: fenced, numbered on from them, and citable. What a model does
//! wrong - a tool that does not exist, arguments that are none - is told to it as the result, so that it can do better. How often
//! it may call, and how much text all results have together, is bounded.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use virgil_gateway::{Tool, ToolCall};
use virgil_graph::{Along, Column, Direction, Hop, HopDirection, Hops, Query, Set};
use virgil_model::{Kind, Predicate, Scope};

use crate::facts::FactsError;
use crate::guide::{AskError, Guide};
use crate::plan::ExplainedProposal;
use crate::prompt::Prompts;
use crate::query_tool::query_tool;
use crate::retrieve::{self, ScoredPassage};
use crate::rows::{Found, of_answer, of_lineage};
use crate::state::Computed;
use crate::write::Task;

/// How many rounds of calls a model may make.
pub(crate) const MAX_ROUNDS: usize = 4;
/// How many where it may only propose a query: one, and one that does better.
pub(crate) const MAX_PROPOSING_ROUNDS: usize = 2;
/// How many bytes the arguments of a call may have.
const MAX_ARGUMENTS: usize = 16 * 1024;
/// How many calls it may make in all rounds.
const MAX_CALLS: usize = 8;
/// How many bytes of results it may get in all rounds.
const MAX_BYTES: usize = 32 * 1024;
/// How many passages a search brings at most.
const MAX_PASSAGES: usize = 10;
/// How many rows a query brings at most.
pub(crate) const MAX_ROWS: usize = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchArguments {
    query: String,
    #[serde(default = "usual_passages")]
    limit: usize,
}

fn usual_passages() -> usize {
    6
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityArguments {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineageArguments {
    of: String,
    #[serde(default = "upstream")]
    direction: Direction,
    #[serde(default = "usual_depth")]
    depth: u32,
}

fn upstream() -> Direction {
    Direction::Upstream
}

fn usual_depth() -> u32 {
    5
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    kind: Kind,
}

/// The tools that a task takes, as a model is told of them.
pub(crate) fn offered(task: &Task) -> Vec<Tool> {
    if let Task::Propose(examples) = task {
        return vec![query_tool(Some(examples))];
    }
    let names = |names: Vec<&str>| names.join(", ");
    let kinds = names(Kind::ALL.iter().map(|kind| kind.name()).collect());
    let tool = |name: &str, description: String, properties: Value, required: &[&str]| Tool {
        name: name.to_owned(),
        description,
        parameters: json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        }),
    };
    vec![
        tool(
            "search",
            "Finds passages of the platform's files and documents by meaning and by words.".into(),
            json!({ "query": { "type": "string" }, "limit": { "type": "integer", "minimum": 1, "maximum": MAX_PASSAGES } }),
            &["query"],
        ),
        tool(
            "entity",
            "Tells what the platform states of one thing: what it is, its owner, what it is linked with.".into(),
            json!({ "name": { "type": "string", "description": "a name, a reference, or kind:name" } }),
            &["name"],
        ),
        tool(
            "lineage",
            "Follows the flow of data to (upstream) or from (downstream) one thing.".into(),
            json!({
                "of": { "type": "string", "description": "a name, a reference, or kind:name" },
                "direction": { "enum": ["upstream", "downstream"] },
                "depth": { "type": "integer", "minimum": 1, "maximum": 20 },
            }),
            &["of"],
        ),
        tool(
            "list",
            "Lists everything of one kind.".into(),
            json!({ "kind": { "type": "string", "description": kinds } }),
            &["kind"],
        ),
        query_tool(task.examples()),
    ]
}

/// The tools of one question.
pub(crate) struct Tools<'a> {
    pub(crate) guide: &'a Guide,
    pub(crate) scope: &'a Scope,
    prompts: &'a Prompts,
    fence: &'a str,
    calls_left: usize,
    bytes_left: usize,
    /// Whether a query may be proposed as the answer.
    pub(crate) proposing: bool,
    /// The last query that was proposed and is not stated yet.
    pub(crate) proposal: Option<Computed>,
    /// All that was proposed, and what came of it.
    pub(crate) proposals: Vec<ExplainedProposal>,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(
        guide: &'a Guide,
        scope: &'a Scope,
        prompts: &'a Prompts,
        fence: &'a str,
        proposing: bool,
    ) -> Tools<'a> {
        Tools {
            guide,
            scope,
            prompts,
            fence,
            calls_left: MAX_CALLS,
            bytes_left: MAX_BYTES,
            proposing,
            proposal: None,
            proposals: Vec::new(),
        }
    }

    /// Whether another call would bring anything.
    pub(crate) fn are_used_up(&self) -> bool {
        self.calls_left == 0 || self.bytes_left == 0
    }

    /// Carries a call out. What it found goes to the end of `passages`, to be cited; its text is the result.
    pub(crate) async fn call(
        &mut self,
        call: &ToolCall,
        passages: &mut Vec<ScoredPassage>,
    ) -> Result<String, AskError> {
        if self.are_used_up() {
            return Ok("No more calls are possible: answer with what there is.".into());
        }
        self.calls_left -= 1;
        tracing::debug!(tool = call.name, "the model calls");
        let outcome = match call.name.as_str() {
            "search" => self.search(call, passages).await?,
            "entity" => self.entity(call).await?,
            "lineage" => self.lineage(call).await?,
            "list" => self.list(call).await?,
            "query" => self.query(call, passages.len()).await?,
            other => Err(format!(
                "There is no tool `{}`: there are search, entity, lineage, list and query.",
                other.chars().take(100).collect::<String>()
            )),
        };
        let text = match outcome {
            Err(told) => told,
            Ok(mut found) => {
                // A result that does not fit is cut at a row, never inside one.
                let mut shown = found.passages.len();
                let text = loop {
                    let text = self.prompts.render_result(
                        &found.summary,
                        &found.passages[..shown],
                        passages.len(),
                        self.fence,
                    )?;
                    if text.len() <= self.bytes_left || shown == 0 {
                        break text;
                    }
                    shown /= 2;
                    found.summary.push_str(" Cut to fit.");
                };
                if !found.all_numbered {
                    found.passages.truncate(shown);
                }
                passages.append(&mut found.passages);
                text
            }
        };
        self.bytes_left = self.bytes_left.saturating_sub(text.len());
        Ok(text)
    }

    async fn search(
        &self,
        call: &ToolCall,
        known: &[ScoredPassage],
    ) -> Result<Result<Found, String>, AskError> {
        let arguments: SearchArguments = match arguments(call) {
            Ok(arguments) => arguments,
            Err(told) => return Ok(Err(told)),
        };
        let query = retrieve::Query {
            text: arguments.query.chars().take(1_000).collect(),
            limit: arguments.limit.clamp(1, MAX_PASSAGES),
            sources: None,
        };
        let found = self.guide.search(self.scope, &query).await?;
        let total = found.len();
        let position = |passage: &ScoredPassage| {
            let same = |known: &ScoredPassage| known.passage.point == passage.passage.point;
            known.iter().position(same)
        };
        let seen: BTreeSet<usize> = found
            .iter()
            .filter_map(&position)
            .map(|at| at + 1)
            .collect();
        let new: Vec<ScoredPassage> = found
            .into_iter()
            .filter(|passage| position(passage).is_none())
            .collect();
        let mut summary = format!("{total} passages were found, {} of them new.", new.len());
        if !seen.is_empty() {
            let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
            summary.push_str(&format!(" Known already: {}.", seen.join(", ")));
        }
        Ok(Ok(Found {
            summary,
            passages: new,
            all_numbered: false,
        }))
    }

    async fn entity(&self, call: &ToolCall) -> Result<Result<Found, String>, AskError> {
        let arguments: EntityArguments = match arguments(call) {
            Ok(arguments) => arguments,
            Err(told) => return Ok(Err(told)),
        };
        let it = Set::Refs(vec![arguments.name]);
        let owner = Column::Linked {
            along: Along::Owner,
            hops: Hops::any(),
        };
        let of_itself = Query {
            columns: vec![Column::Attribute("description".into()), owner],
            ..Query::rows(it.clone())
        };
        let around = Query::rows(Set::Step {
            from: Box::new(it),
            along: any_relation(),
            hops: Hops::exactly(1),
        });
        let itself = match self.ask_graph(of_itself).await? {
            Ok(found) => found,
            Err(told) => return Ok(Err(told)),
        };
        let around = self.ask_graph(around).await?;
        Ok(around.map(|mut around| {
            around.summary = format!(
                "The thing itself, and what it is linked with. {}",
                around.summary
            );
            around.passages.splice(0..0, itself.passages);
            around
        }))
    }

    async fn lineage(&self, call: &ToolCall) -> Result<Result<Found, String>, AskError> {
        let arguments: LineageArguments = match arguments(call) {
            Ok(arguments) => arguments,
            Err(told) => return Ok(Err(told)),
        };
        let depth = arguments.depth.clamp(1, 20);
        let lineage = self
            .guide
            .facts
            .lineage(self.scope, &arguments.of, arguments.direction, depth)
            .await;
        match lineage {
            Ok(lineage) => Ok(Ok(
                of_lineage(&self.guide.store, self.scope, &lineage).await?
            )),
            Err(error) => told(error),
        }
    }

    async fn list(&self, call: &ToolCall) -> Result<Result<Found, String>, AskError> {
        match arguments::<ListArguments>(call) {
            Ok(arguments) => {
                self.ask_graph(Query::rows(Set::All([arguments.kind].into())))
                    .await
            }
            Err(told) => Ok(Err(told)),
        }
    }

    /// Asks the graph; what the query gets wrong is told.
    pub(crate) async fn ask_graph(
        &self,
        mut query: Query,
    ) -> Result<Result<Found, String>, AskError> {
        query.limit = Some(query.limit.unwrap_or(MAX_ROWS).min(MAX_ROWS));
        match self.guide.facts.execute(self.scope, &query).await {
            Ok(answer) => Ok(Ok(of_answer(
                &self.guide.store,
                self.scope,
                &query,
                &answer,
            )
            .await?)),
            Err(error) => told(error),
        }
    }
}

/// What a model has to be told of its query; what is not its fault is an error.
pub(crate) fn told(error: FactsError) -> Result<Result<Found, String>, AskError> {
    match error {
        FactsError::Query(error) => {
            let hint = match &error {
                virgil_graph::QueryError::NotFound { nearest, .. } => nearest.clone(),
                virgil_graph::QueryError::Ambiguous { choices, .. } => choices
                    .iter()
                    .map(|choice| choice.reference.clone())
                    .collect(),
                virgil_graph::QueryError::Invalid { .. } => Vec::new(),
            };
            let hint = match hint.as_slice() {
                [] => String::new(),
                names => format!(" Near are: {}.", names.join(", ")),
            };
            Ok(Err(format!("{error}.{hint}")))
        }
        error => Err(anyhow::Error::new(error)
            .context("the graph cannot be asked")
            .into()),
    }
}

pub(crate) fn arguments<T: DeserializeOwned>(call: &ToolCall) -> Result<T, String> {
    let text = match call.arguments.trim() {
        "" => "{}",
        text if text.len() > MAX_ARGUMENTS => {
            return Err(format!(
                "The arguments of `{}` are too long: at most {MAX_ARGUMENTS} bytes.",
                call.name
            ));
        }
        text => text,
    };
    serde_json::from_str(text)
        .map_err(|error| format!("The arguments of `{}` are not valid: {error}.", call.name))
}

/// Any relation, either way.
fn any_relation() -> Along {
    let both = [HopDirection::Forward, HopDirection::Backward];
    let hops = Predicate::ALL.iter().flat_map(|&predicate| {
        both.map(|direction| Hop {
            predicate,
            direction,
        })
    });
    Along::Relations(hops.collect())
}
