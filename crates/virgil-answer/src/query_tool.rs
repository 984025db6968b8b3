//! The tool by which a language model asks the graph: to look something up, or to propose the query that the question is.
//!
//! A proposal goes the way of every query: it is type-checked, resolved and computed inside the asker's scope. What is wrong with
//! it is told to the model. Where it finds something, the asker is shown its reading and its rows by template, as for a
//! query that the planner made; one that finds nothing is shown to nobody, because a wrong query often finds nothing.

use serde::Deserialize;
use serde_json::json;
use virgil_gateway::{Tool, ToolCall};
use virgil_graph::{Output, Query};
use virgil_model::{Kind, Predicate};

use crate::exact::ExactAnswer;
use crate::guide::AskError;
use crate::plan::{ExplainedProposal, Plan, ShownExample, reading};
use crate::rows::Found;
use crate::tools::{Tools, arguments, told};

/// How many characters of a proposal are explained.
const EXPLAINED_CHARACTERS: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryArguments {
    query: Query,
    /// Whether the query is what the question asks for.
    #[serde(default)]
    answers: bool,
}

/// The tool as a model is told of it; with examples it may propose the query that the question is.
pub(crate) fn query_tool(proposing: Option<&[ShownExample]>) -> Tool {
    let names = |names: Vec<&str>| names.join(", ");
    let kinds = names(Kind::ALL.iter().map(|kind| kind.name()).collect());
    let predicates = names(
        Predicate::ALL
            .iter()
            .map(|predicate| predicate.name())
            .collect(),
    );
    let mut description = format!(
        "Answers a typed query exactly. A set is one of {{\"refs\": [name…]}}, {{\"all\": [kind…]}}, {{\"step\": {{\"from\": set, \"along\": along, \
         \"hops\": {{\"min\": 1, \"max\": null}}}}}}, {{\"where\": {{\"set\": set, \"test\": test}}}}, {{\"and\": [set…]}}, {{\"or\": [set…]}}, \
         {{\"minus\": {{\"set\": set, \"without\": set}}}}. along is \"upstream\", \"downstream\", \"owner\" or {{\"relations\": [{{\"predicate\": name, \
         \"direction\": \"forward\" or \"backward\"}}]}}. test is {{\"attribute\": {{\"name\": \"kind\", \"op\": \"eq\", \"value\": \"dataset\"}}}}, \
         {{\"linked\": {{\"along\": along, \"to\": set, \"quantifier\": \"some\" or \"none\" or \"all\"}}}}, or {{\"not\": test}}. \
         Predicates: {predicates}. Kinds: {kinds}."
    );
    let mut properties = json!({ "query": {
        "type": "object",
        "properties": {
            "set": { "type": "object" },
            "columns": { "type": "array", "description": "of {\"attribute\": name} or {\"linked\": {\"along\": along}}" },
            "output": { "description": "\"rows\", \"count\" or {\"paths\": {\"to\": set}}" },
        },
        "required": ["set"],
    } });
    if let Some(examples) = proposing {
        properties["answers"] = json!({
            "type": "boolean",
            "description": "true if what the query finds is what the question asks for: the asker is then shown all of it, with the query in words, \
                            and you need not repeat it; false to look something up",
        });
        if !examples.is_empty() {
            description.push_str(" Questions like this one and their queries:");
            for example in examples {
                description.push_str(&format!("\n{} {}", example.question, example.query));
            }
        }
    }
    Tool {
        name: "query".to_owned(),
        description,
        parameters: json!({
            "type": "object", "properties": properties, "required": ["query"], "additionalProperties": false,
        }),
    }
}

impl Tools<'_> {
    /// Computes a query, and keeps it as the answer if the model says that it is one and may.
    pub(crate) async fn query(
        &mut self,
        call: &ToolCall,
        known: usize,
    ) -> Result<Result<Found, String>, AskError> {
        let arguments: Result<QueryArguments, String> = arguments(call);
        let outcome = match arguments {
            Ok(QueryArguments { query, answers }) if answers && self.proposing => {
                self.propose(query, known).await?
            }
            Ok(QueryArguments { query, .. }) => return self.ask_graph(query).await,
            Err(told) => Err(told),
        };
        if self.proposing {
            let outcome = match &outcome {
                Ok(found) => found.summary.clone(),
                Err(told) => told.clone(),
            };
            self.proposals.push(ExplainedProposal {
                arguments: call.arguments.chars().take(EXPLAINED_CHARACTERS).collect(),
                outcome,
            });
        }
        Ok(outcome)
    }

    /// Computes a query that is to be stated, behind `known` passages.
    async fn propose(
        &mut self,
        query: Query,
        known: usize,
    ) -> Result<Result<Found, String>, AskError> {
        let for_reading = query.clone();
        let look = move |view: &virgil_graph::View<'_>| reading(&for_reading, view);
        // What is too deep or too large is refused before it is put into words.
        if let Err(error) = crate::plan::check(&query) {
            return told(error.into());
        }
        let reading = self.guide.facts.look(self.scope, look).await;
        let plan = Plan {
            reading: reading.map_err(anyhow::Error::from)?,
            query,
            yes_no: false,
        };
        let mut computed = match self.guide.compute(self.scope, plan, known).await {
            Ok(computed) => computed,
            Err(error) => return told(error),
        };
        if finds_nothing(&computed.exact) {
            return Ok(Err(format!(
                "{}: nothing, so the asker is shown nothing. If another query fits the question better, try that; else answer from the \
                 passages.",
                computed.exact.reading
            )));
        }
        computed.exact.proposed = true;
        let summary = format!(
            "{}: {}. The asker is shown that, as computed; add only what the passages say beyond it.",
            computed.exact.reading, computed.exact.total
        );
        let passages = std::mem::take(&mut computed.passages);
        self.proposal = Some(computed);
        Ok(Ok(Found {
            summary,
            passages,
            all_numbered: true,
        }))
    }
}

fn finds_nothing(exact: &ExactAnswer) -> bool {
    exact.total == 0 || matches!(exact.query.output, Output::Paths { .. }) && exact.paths.is_empty()
}
