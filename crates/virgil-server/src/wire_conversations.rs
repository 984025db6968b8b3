//! The JSON shapes of conversations.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use virgil_store::{Conversation, Retention};

use crate::wire::AskResponse;

/// The caller's conversations, the one that was used last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationsResponse {
    pub(crate) conversations: Vec<WireConversation>,
    /// What to send as `cursor` for the next ones; absent if these are the last.
    pub(crate) next_cursor: Option<String>,
    pub(crate) retention: WireRetention,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireConversation {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) id: Uuid,
    pub(crate) title: String,
    /// RFC 3339, UTC.
    pub(crate) created_at: String,
    /// When something was last asked in it.
    pub(crate) updated_at: String,
    /// How many questions it has.
    pub(crate) turns: u64,
}

impl From<Conversation> for WireConversation {
    fn from(conversation: Conversation) -> WireConversation {
        WireConversation {
            id: conversation.id,
            title: conversation.title,
            created_at: conversation.created_at.to_string(),
            updated_at: conversation.updated_at.to_string(),
            turns: conversation.turns,
        }
    }
}

/// How much is kept of each principal, and for how long. The conversation that was left alone longest makes room.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireRetention {
    max_conversations: u64,
    /// Questions of one conversation.
    max_turns: u64,
    /// Of all questions and answers together.
    max_bytes: u64,
    /// After the last question of a conversation.
    max_age_days: u64,
}

impl From<&Retention> for WireRetention {
    fn from(retention: &Retention) -> WireRetention {
        WireRetention {
            max_conversations: retention.max_conversations,
            max_turns: retention.max_turns,
            max_bytes: retention.max_bytes,
            max_age_days: retention.max_age.as_secs() / 86_400,
        }
    }
}

/// A conversation with its turns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationResponse {
    #[serde(flatten)]
    pub(crate) conversation: WireConversation,
    /// The last ones in their order, under `history`.
    pub(crate) history: Vec<WireTurn>,
    /// What to send as `before` for those before them; absent if there are none.
    pub(crate) before: Option<u64>,
}

/// A question and its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireTurn {
    /// Its place in the conversation, from 1.
    pub(crate) turn: u64,
    /// RFC 3339, UTC.
    pub(crate) asked_at: String,
    pub(crate) question: String,
    /// Whether the answer is not given, because it rests on files that are gone or that the caller may not see now.
    pub(crate) withheld: bool,
    #[schema(value_type = Option<AskResponse>)]
    pub(crate) answer: Option<Value>,
}

/// What to change of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameRequest {
    /// From 1 to 200 characters in one line.
    pub(crate) title: String,
}
