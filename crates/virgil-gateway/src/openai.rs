//! Chat completions as the OpenAI API has them (`POST {base}/chat/completions`, streamed as server-sent events).

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::stream::Chunks;
use crate::{ChatEvent, ChatModel, ChatRequest, GatewayError, Role};

/// The most that is read of an answer that refuses.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// The cost of an answer in US dollars, as LiteLLM reports it.
const COST_HEADER: &str = "x-litellm-response-cost";

/// How to reach the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base URL, up to and without `/chat/completions`.
    pub url: String,
    /// The key, sent as a bearer token.
    pub key: Option<SecretString>,
    /// The model or alias.
    pub model: String,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the next piece may take to come, the first one included.
    pub idle_timeout: Duration,
    /// How long the whole answer may take.
    pub total_timeout: Duration,
}

impl Settings {
    /// Settings with the usual limits: 5 s to connect, 60 s between pieces, 5 minutes in all.
    pub fn new(url: String, key: Option<SecretString>, model: String) -> Settings {
        Settings {
            url,
            key,
            model,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(300),
        }
    }
}

/// A [`ChatModel`] behind any gateway that speaks the OpenAI protocol.
#[derive(Debug)]
pub struct OpenAiGateway {
    client: Client,
    endpoint: Url,
    settings: Settings,
}

impl OpenAiGateway {
    /// Prepares a client; nothing is connected yet. Fails with [`GatewayError::Invalid`] on a URL that cannot be one.
    pub fn new(settings: Settings) -> Result<OpenAiGateway, GatewayError> {
        let invalid = |why: &str| {
            GatewayError::Invalid(format!("the gateway's URL `{}` {why}", settings.url))
        };
        let base = settings
            .url
            .trim_end_matches('/')
            .trim_end_matches("/chat/completions");
        let endpoint =
            Url::parse(&format!("{base}/chat/completions")).map_err(|_| invalid("is not a URL"))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(invalid("must begin with `https://` or `http://`"));
        }
        if endpoint.password().is_some() {
            return Err(GatewayError::Invalid(
                "the gateway's URL holds a password: give it as the key".into(),
            ));
        }
        let client = Client::builder()
            .connect_timeout(settings.connect_timeout)
            // A redirect would carry the prompt to a place that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("virgil/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| GatewayError::Invalid(format!("no HTTP client: {error}")))?;
        Ok(OpenAiGateway {
            client,
            endpoint,
            settings,
        })
    }

    fn place(&self) -> String {
        format!("the AI gateway at `{}`", self.settings.url)
    }

    async fn send(&self, body: &Body<'_>) -> Result<Response, GatewayError> {
        let mut request = self
            .client
            .post(self.endpoint.clone())
            .header(header::ACCEPT, "text/event-stream")
            .json(body);
        if let Some(key) = &self.settings.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = tokio::time::timeout(self.settings.idle_timeout, request.send())
            .await
            .map_err(|_| self.silent())?
            .map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refusal(response).await)
        }
    }

    fn silent(&self) -> GatewayError {
        GatewayError::Timeout(format!(
            "{} sent nothing for {} seconds: try again, or ask who runs it",
            self.place(),
            self.settings.idle_timeout.as_secs()
        ))
    }

    fn unreachable(&self, error: &reqwest::Error) -> GatewayError {
        if error.is_timeout() {
            return GatewayError::Timeout(format!(
                "{} does not answer in time: is it running?",
                self.place()
            ));
        }
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        GatewayError::Unavailable(format!(
            "{} cannot be reached ({cause}): check gateway.url",
            self.place()
        ))
    }

    /// What an answer that is not a success means.
    async fn refusal(&self, response: Response) -> GatewayError {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let said = self.read_refusal(response).await;
        let place = self.place();
        let detail = if said.message.is_empty() {
            String::new()
        } else {
            format!(": {}", said.message)
        };
        match (status, said.kind.as_str()) {
            (_, "budget_exceeded") | (_, "insufficient_quota") => {
                GatewayError::BudgetExhausted(format!("the budget at {place} is used up{detail}"))
            }
            (_, "context_length_exceeded") => GatewayError::ContextTooLong(format!(
                "the prompt is too long for `{}`{detail}",
                self.settings.model
            )),
            (_, "content_filter" | "content_policy_violation" | "guardrail_violation") => {
                GatewayError::Refused(format!("a filter of {place} refused the question{detail}"))
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => GatewayError::RateLimited {
                detail: format!("{place} gets too many requests{detail}"),
                retry_after,
            },
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                GatewayError::Unauthorized(format!(
                    "{place} refuses the key: check `VIRGIL_GATEWAY__KEY` and what the key may use{detail}"
                ))
            }
            (StatusCode::NOT_FOUND, "model_not_found") => self.no_model(&detail),
            (StatusCode::NOT_FOUND, _) if said.message.to_lowercase().contains("model") => {
                self.no_model(&detail)
            }
            (StatusCode::NOT_FOUND, _) => GatewayError::Invalid(format!(
                "there is no chat API at `{}`: gateway.url usually ends in `/v1`",
                self.settings.url
            )),
            (StatusCode::BAD_REQUEST, _)
                if said.message.to_lowercase().contains("invalid model") =>
            {
                self.no_model(&detail)
            }
            (status, _) if status.is_redirection() => GatewayError::Invalid(format!(
                "{place} redirects elsewhere: set gateway.url to the final address"
            )),
            (status, _) if status.is_client_error() => {
                GatewayError::Refused(format!("{place} refuses the request ({status}){detail}"))
            }
            (status, _) => GatewayError::Unavailable(format!("{place} fails ({status}){detail}")),
        }
    }

    fn no_model(&self, detail: &str) -> GatewayError {
        GatewayError::ModelNotFound(format!(
            "{} has no model `{}`: set gateway.model{detail}",
            self.place(),
            self.settings.model
        ))
    }

    async fn read_refusal(&self, response: Response) -> Said {
        let mut bytes = Vec::new();
        let mut body = response.bytes_stream();
        while bytes.len() < MAX_REFUSAL_BYTES {
            match tokio::time::timeout(self.settings.connect_timeout, body.next()).await {
                Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
                _ => break,
            }
        }
        let mut said = Said::parse(&bytes);
        if let Some(key) = &self.settings.key {
            // Some gateways repeat the key in what they say.
            said.message = said
                .message
                .replace(key.expose_secret(), "REDACTED_gateway_key");
        }
        said
    }
}

#[async_trait]
impl ChatModel for OpenAiGateway {
    fn name(&self) -> &str {
        &self.settings.model
    }

    async fn chat(
        &self,
        request: ChatRequest,
    ) -> Result<BoxStream<'static, Result<ChatEvent, GatewayError>>, GatewayError> {
        let body = Body {
            model: &self.settings.model,
            messages: request
                .messages
                .iter()
                .map(|message| WireMessage {
                    role: role(message.role),
                    content: &message.content,
                })
                .collect(),
            max_tokens: request.max_tokens,
            stream: true,
            stream_options: StreamOptions {
                include_usage: true,
            },
            user: &request.principal,
        };
        let response = self.send(&body).await?;
        let cost_usd = response
            .headers()
            .get(COST_HEADER)
            .and_then(|cost| cost.to_str().ok())
            .and_then(|cost| cost.parse().ok())
            .filter(|cost: &f64| cost.is_finite());
        let chunks = Chunks::new(
            self.place(),
            response
                .bytes_stream()
                .map(|piece| piece.map_err(|error| error.to_string()))
                .boxed(),
            self.settings.idle_timeout,
            self.settings.total_timeout,
            cost_usd,
        );
        Ok(chunks.events().boxed())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    max_tokens: u32,
    stream: bool,
    stream_options: StreamOptions,
    user: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: &'a str,
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// What a gateway said when it refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) message: String,
    /// The error's `code`, or its `type` where the code is a number or absent.
    pub(crate) kind: String,
}

impl Said {
    /// Reads `{"error": {"message", "type", "code"}}` and its relatives; other text is shortened to one line.
    pub(crate) fn parse(bytes: &[u8]) -> Said {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
            return Said {
                message: one_line(&String::from_utf8_lossy(bytes)),
                kind: String::new(),
            };
        };
        Said::of(value.get("error").unwrap_or(&value))
    }

    pub(crate) fn of(error: &serde_json::Value) -> Said {
        let text = |key: &str| error.get(key).and_then(serde_json::Value::as_str);
        let message = text("message")
            .or_else(|| text("detail"))
            .or(error.as_str())
            .unwrap_or_default();
        let named = |kind: &&str| kind.parse::<u32>().is_err();
        let kind = text("code")
            .filter(named)
            .or_else(|| text("type"))
            .unwrap_or_default();
        Said {
            message: one_line(message),
            kind: kind.to_owned(),
        }
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    // A gateway that asks for more is as good as away.
    Some(Duration::from_secs(seconds.min(3_600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_in_every_spelling() {
        for (body, message, kind) in [
            (
                r#"{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                "no",
                "context_length_exceeded",
            ),
            (
                r#"{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","param":null,"code":"400"}}"#,
                "Budget has been exceeded!",
                "budget_exceeded",
            ),
            (r#"{"error":"plain"}"#, "plain", ""),
            (r#"{"detail":"Not Found"}"#, "Not Found", ""),
            (
                "<html>\n bad   gateway</html>",
                "<html> bad gateway</html>",
                "",
            ),
        ] {
            let said = Said::parse(body.as_bytes());
            assert_eq!(
                (said.message.as_str(), said.kind.as_str()),
                (message, kind),
                "{body}"
            );
        }
    }

    #[test]
    fn a_url_that_cannot_be_one_is_refused() {
        for url in [
            "",
            "gateway.example/v1",
            "ftp://gateway.example",
            "https://u:p@gateway.example/v1",
        ] {
            let settings = Settings::new(url.into(), None, "m".into());
            assert!(
                matches!(OpenAiGateway::new(settings), Err(GatewayError::Invalid(_))),
                "{url}"
            );
        }
    }
}
