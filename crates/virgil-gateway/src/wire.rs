//! The body of a request: `CreateChatCompletionRequest` of the OpenAI API.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Accounting, ChatRequest, Role, Tool, ToolChoice, ToolRound};

/// What a gateway does not take, learnt from its refusals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// It refuses `stream_options`; tokens are not reported then.
    pub(crate) no_stream_options: bool,
    /// It wants `max_completion_tokens` for `max_tokens`, as OpenAI's reasoning models do.
    pub(crate) max_completion_tokens: bool,
}

impl Dialect {
    /// The dialect that a refusal (status 400 or 422) asks for; `None` if it is about something else.
    pub(crate) fn corrected(self, message: &str) -> Option<Dialect> {
        let mut dialect = self;
        if message.contains("max_completion_tokens") {
            dialect.max_completion_tokens = true;
        } else if message.contains("stream_options") {
            dialect.no_stream_options = true;
        }
        (dialect != self).then_some(dialect)
    }
}

#[derive(Serialize)]
pub(crate) struct Body<'a> {
    model: &'a str,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
}

impl<'a> Body<'a> {
    pub(crate) fn new(
        request: &ChatRequest,
        model: &'a str,
        user: Option<String>,
        accounting: &Accounting,
        dialect: Dialect,
    ) -> Body<'a> {
        let mut messages: Vec<Value> = request
            .messages
            .iter()
            .map(|message| json!({ "role": role(message.role), "content": message.content }))
            .collect();
        messages.extend(request.rounds.iter().flat_map(round));
        let choice = match request.tool_choice {
            ToolChoice::Auto => "auto",
            ToolChoice::None => "none",
        };
        let max_tokens = Some(request.max_tokens);
        Body {
            model,
            messages,
            max_tokens: max_tokens.filter(|_| !dialect.max_completion_tokens),
            max_completion_tokens: max_tokens.filter(|_| dialect.max_completion_tokens),
            stream: true,
            stream_options: (!dialect.no_stream_options).then(|| json!({ "include_usage": true })),
            tools: request.tools.iter().map(tool).collect(),
            tool_choice: (!request.tools.is_empty()).then_some(choice),
            user,
            metadata: accounting.metadata().map(|tags| json!({ "tags": tags })),
        }
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "function": { "name": tool.name, "description": tool.description, "parameters": tool.parameters },
    })
}

/// The model's message with its calls, then one message for each result.
fn round(round: &ToolRound) -> Vec<Value> {
    let calls: Vec<Value> = round
        .calls
        .iter()
        .map(|(call, _)| {
            json!({
                "id": call.id, "type": "function",
                "function": { "name": call.name, "arguments": call.arguments },
            })
        })
        .collect();
    let text = (!round.text.is_empty()).then_some(&round.text);
    let mut messages = vec![json!({ "role": "assistant", "content": text, "tool_calls": calls })];
    messages.extend(round.calls.iter().map(
        |(call, result)| json!({ "role": "tool", "tool_call_id": call.id, "content": result }),
    ));
    messages
}
