//! Errors as RFC 9457 problem documents. The codes are stable; this table is all of them.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What a client gets when a request cannot be served.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: String,
    retry_after_seconds: Option<u64>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status code.
    pub status: u16,
    /// A short name of the problem for people.
    pub title: String,
    /// What happened and what to do next.
    pub detail: String,
    /// The stable name of the problem for programs.
    pub code: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:ident, $title:literal;)+) => {
        /// The stable error codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $code),+ }

        impl Code {
            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => $name),+ }
            }

            fn status(self) -> StatusCode {
                match self { $(Code::$code => StatusCode::$status),+ }
            }

            fn title(self) -> &'static str {
                match self { $(Code::$code => $title),+ }
            }
        }
    };
}

codes! {
    /// The request's body or parameters are wrong.
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request is not valid";
    /// No key, or one that is not known.
    Unauthorized = "unauthorized", UNAUTHORIZED, "An API key is needed";
    /// The principal may not do that.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// There is no such thing, or the principal may not see it.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// A name stands for several things.
    Ambiguous = "ambiguous", CONFLICT, "The name is not unique";
    /// The method does not fit the path.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The body is not JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "JSON is expected";
    /// The body is too large.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The request is too large";
    /// A sync of the source is running already.
    Busy = "busy", CONFLICT, "Already running";
    /// A source cannot be read as it is configured.
    SourceUnreadable = "source_unreadable", UNPROCESSABLE_ENTITY, "The source cannot be read";
    /// The model that was chosen is not among those that may be.
    UnknownModel = "unknown_model", BAD_REQUEST, "The model cannot be chosen";
    /// A conversation takes no more.
    ConversationFull = "conversation_full", CONFLICT, "The conversation is full";
    /// The principal has spent what may be spent.
    BudgetExhausted = "budget_exhausted", TOO_MANY_REQUESTS, "The budget is used up";
    /// The budget at the gateway is used up.
    GatewayBudgetExhausted = "gateway_budget_exhausted", SERVICE_UNAVAILABLE, "The budget at the AI gateway is used up";
    /// The question with its passages is longer than the model takes.
    GatewayContextTooLong = "gateway_context_too_long", BAD_GATEWAY, "The question is too long for the model";
    /// A filter of the gateway refused the question or the answer.
    GatewayFiltered = "gateway_filtered", BAD_GATEWAY, "A filter of the AI gateway refused";
    /// The gateway does not know the model.
    GatewayModelNotFound = "gateway_model_not_found", BAD_GATEWAY, "The AI gateway has no such model";
    /// The gateway refuses the key.
    GatewayUnauthorized = "gateway_unauthorized", BAD_GATEWAY, "The AI gateway refuses the key";
    /// The gateway refuses the request as it is.
    GatewayRefused = "gateway_refused", BAD_GATEWAY, "The AI gateway refused";
    /// A pushed event is not valid.
    InvalidEvent = "invalid_event", UNPROCESSABLE_ENTITY, "An event is not valid";
    /// The gateway asks to wait.
    GatewayBusy = "gateway_busy", SERVICE_UNAVAILABLE, "The AI gateway is busy";
    /// The gateway did not answer in time.
    GatewayTimeout = "gateway_timeout", GATEWAY_TIMEOUT, "The AI gateway did not answer in time";
    /// The gateway does not answer, or not properly.
    GatewayUnavailable = "gateway_unavailable", BAD_GATEWAY, "The AI gateway does not answer";
    /// There is not enough disk space to go on.
    DiskFull = "disk_full", INSUFFICIENT_STORAGE, "The disk is full";
    /// The server is stopping, or a part of it cannot be used.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available now";
    /// A defect or a damaged store; the log has the cause under the request id.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong";
}

impl ApiError {
    /// An error with that code; `detail` is shown to the client.
    pub fn new(code: Code, detail: impl Into<String>) -> ApiError {
        ApiError {
            code,
            detail: detail.into(),
            retry_after_seconds: None,
        }
    }

    /// Logs the cause and tells the client only that something went wrong.
    pub fn internal(cause: impl std::fmt::Display) -> ApiError {
        tracing::error!(%cause, "a request failed");
        ApiError::new(Code::Internal, "the server's log has the cause")
    }

    /// The same, asking the client to wait.
    pub fn retry_after(mut self, seconds: u64) -> ApiError {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The problem document.
    pub fn problem(&self) -> Problem {
        Problem {
            status: self.code.status().as_u16(),
            title: self.code.title().to_owned(),
            detail: self.detail.clone(),
            code: self.code.name().to_owned(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code == Code::Unauthorized {
            headers.insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer realm=\"virgil\""),
            );
        }
        response
    }
}
