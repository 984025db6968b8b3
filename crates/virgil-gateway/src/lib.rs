//! The language model, reached through an AI gateway that speaks the OpenAI protocol.
//!
//! No gateway is trusted to end a stream properly: every call yields text pieces and then exactly one
//! terminal event, within bounded time and memory. Nor is one asked twice for what it refused for good: only
//! what may go better the next time is tried again, and only before the first piece. Start at [`ChatModel`].

mod accounting;
mod chat;
mod error;
mod lines;
mod openai;
mod patience;
mod refusal;
mod settings;
mod stream;
mod wire;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use accounting::{Accounting, PrincipalAs, TagsIn};
pub use chat::{
    ChatEvent, ChatRequest, Message, Role, Tool, ToolCall, ToolChoice, ToolRound, Usage,
};
pub use error::GatewayError;
pub use openai::OpenAiGateway;
pub use settings::Settings;

/// Chat models behind a gateway.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Starts an answer. The stream yields [`ChatEvent::Text`] pieces and ends with exactly one
    /// [`ChatEvent::Done`] or an error; dropping it cancels the request upstream.
    async fn chat(
        &self,
        request: ChatRequest,
    ) -> Result<BoxStream<'static, Result<ChatEvent, GatewayError>>, GatewayError>;
}
