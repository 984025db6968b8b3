//! The language model, reached through an AI gateway that speaks the OpenAI protocol.
//!
//! No gateway is trusted to end a stream properly: every call yields text pieces and then exactly one
//! terminal event. Start at [`ChatModel`].

mod error;
mod openai;
mod stream;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use error::GatewayError;
pub use openai::{OpenAiGateway, Settings};

/// A chat model behind the gateway.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name as the gateway knows it.
    fn name(&self) -> &str;

    /// Starts an answer. The stream yields [`ChatEvent::Text`] pieces and ends with exactly one
    /// [`ChatEvent::Done`] or an error; dropping it cancels the request upstream.
    async fn chat(
        &self,
        request: ChatRequest,
    ) -> Result<BoxStream<'static, Result<ChatEvent, GatewayError>>, GatewayError>;
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
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

/// One event of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// The next piece of text; never empty.
    Text(String),
    /// The answer is complete. Comes last, once.
    Done(Usage),
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
    /// Whether the answer was cut at `max_tokens`.
    pub truncated: bool,
}
