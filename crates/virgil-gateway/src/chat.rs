//! What is asked of a chat model and what comes back.

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The models to ask, as the gateway calls them: the first one, then its fall-backs in order.
    pub models: Vec<String>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The rounds of tool calls that followed the messages, oldest first.
    pub rounds: Vec<ToolRound>,
    /// The tools that the model may call; none for a model that knows no tools.
    pub tools: Vec<Tool>,
    /// Whether it may call them this time.
    pub tool_choice: ToolChoice,
    /// The most tokens that the answer may have.
    pub max_tokens: u32,
    /// The principal who asks, for the gateway's own accounting.
    pub principal: String,
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Who speaks in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Virgil's instructions.
    System,
    /// The asker.
    User,
    /// The model.
    Assistant,
}

/// A tool that a model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is for, for the model.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: serde_json::Value,
}

/// Whether a model may call tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it sees fit.
    Auto,
    /// No more: it has to answer.
    None,
}

/// A call of a tool, as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The model's name for the call, unique within its round.
    pub id: String,
    /// The tool; not necessarily one that exists.
    pub name: String,
    /// The arguments; not necessarily JSON.
    pub arguments: String,
}

/// What a model said, what it called, and what the calls brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRound {
    /// The text before the calls.
    pub text: String,
    /// Each call with its result.
    pub calls: Vec<(ToolCall, String)>,
}

/// One event of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// The next piece of text; never empty.
    Text(String),
    /// The answer is complete. Comes last, once.
    Done {
        /// What it cost.
        usage: Usage,
        /// The tools whose results the model waits for; none if it has answered.
        calls: Vec<ToolCall>,
    },
}

/// What an answer cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The model that answered, as the gateway reports it.
    pub model: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// Cost in US dollars, if the gateway reports one.
    pub cost_usd: Option<f64>,
    /// Whether the gateway answered from its own cache.
    pub gateway_cache: bool,
    /// How many requests were sent for it: 1, unless something was tried again.
    pub attempts: u32,
    /// How many models were given up before the one that answered, here and at the gateway.
    pub fall_backs: u32,
    /// Whether the answer was cut at `max_tokens`.
    pub truncated: bool,
}

impl Usage {
    /// The usage of this and a later round together.
    pub fn and_then(self, later: Usage) -> Usage {
        fn sum<T: std::ops::Add<Output = T>>(one: Option<T>, other: Option<T>) -> Option<T> {
            match (one, other) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            }
        }
        Usage {
            model: later.model.or(self.model),
            prompt_tokens: sum(self.prompt_tokens, later.prompt_tokens),
            completion_tokens: sum(self.completion_tokens, later.completion_tokens),
            cost_usd: sum(self.cost_usd, later.cost_usd),
            gateway_cache: later.gateway_cache,
            attempts: self.attempts + later.attempts,
            fall_backs: self.fall_backs + later.fall_backs,
            truncated: later.truncated,
        }
    }
}
