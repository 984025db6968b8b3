//! Chat completions as the OpenAI API has them (`POST {base}/chat/completions`, streamed as server-sent events).

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::patience::{Left, another_model_may_help, wait_before_retry};
use crate::refusal::{Refusals, Said, retry_after};
use crate::stream::{Chunks, Framing, Patience};
use crate::wire::{Body, Dialect};
use crate::{ChatEvent, ChatModel, ChatRequest, GatewayError, Settings, Usage};

/// The most that is read of an answer that refuses.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// The tags of a request, as LiteLLM takes them.
const TAGS_HEADER: &str = "x-litellm-tags";

/// An answer whose first event has come.
type Answer = BoxStream<'static, Result<ChatEvent, GatewayError>>;

/// A [`ChatModel`] behind any gateway that speaks the OpenAI protocol.
#[derive(Debug)]
pub struct OpenAiGateway {
    client: Client,
    endpoint: Url,
    settings: Settings,
    refusals: Refusals,
    dialect: Mutex<Dialect>,
}

impl OpenAiGateway {
    /// Prepares a client; nothing is connected yet. Fails with [`GatewayError::Invalid`] on a URL or a header that
    /// cannot be one.
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
            .default_headers(headers(&settings)?)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| GatewayError::Invalid(format!("no HTTP client: {error}")))?;
        let refusals = Refusals {
            url: settings.url.clone(),
            key: settings.key.clone(),
        };
        Ok(OpenAiGateway {
            client,
            endpoint,
            settings,
            refusals,
            dialect: Mutex::default(),
        })
    }

    /// One request of one model, up to the first event of its answer. `before` is what was tried so far.
    async fn attempt(
        &self,
        request: &ChatRequest,
        model: &str,
        before: &Usage,
        end: Instant,
    ) -> Result<Answer, GatewayError> {
        let patience = Patience {
            first: (Instant::now() + self.settings.first_token_timeout).min(end),
            idle: self.settings.idle_timeout,
            end,
        };
        let response = tokio::time::timeout_at(patience.first, self.send(request, model))
            .await
            .map_err(|_| {
                GatewayError::Timeout(format!(
                    "{} did not begin its answer in time: try again, or ask who runs it",
                    self.refusals.place()
                ))
            })??;
        let usage = reported(response.headers(), before);
        let framing = framing(response.headers());
        let bytes = response
            .bytes_stream()
            .map(|piece| piece.map_err(|error| root_cause(&error)))
            .boxed();
        let chunks = Chunks::new(
            self.refusals.clone(),
            model.to_owned(),
            bytes,
            framing,
            patience,
            usage,
        );
        let mut events = chunks.events().boxed();
        match events.next().await {
            Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(events).boxed()),
            Some(Err(error)) => Err(error),
            None => Err(GatewayError::Broken(format!(
                "{} sent nothing",
                self.refusals.place()
            ))),
        }
    }

    /// Sends the request; where the gateway does not take a part of it that can go, without that part.
    async fn send(&self, request: &ChatRequest, model: &str) -> Result<Response, GatewayError> {
        loop {
            let dialect = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
            let response = self.post(request, model, dialect).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let wait = retry_after(response.headers(), SystemTime::now());
            let said = self.read_refusal(response).await;
            let about_form = matches!(
                status,
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
            );
            // A dialect is only ever corrected towards less, so this comes to an end.
            match dialect.corrected(&said.message).filter(|_| about_form) {
                Some(corrected) => {
                    tracing::info!(?corrected, "the gateway wants requests in another form");
                    *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = corrected;
                }
                None => return Err(self.refusals.read(status, wait, &said, model)),
            }
        }
    }

    async fn post(
        &self,
        request: &ChatRequest,
        model: &str,
        dialect: Dialect,
    ) -> Result<Response, GatewayError> {
        let settings = &self.settings;
        let accounting = &settings.accounting;
        let user = accounting.user(&request.principal, settings.key.as_ref());
        let body = Body::new(request, model, user, accounting, dialect);
        let mut post = self
            .client
            .post(self.endpoint.clone())
            .header(header::ACCEPT, "text/event-stream")
            .json(&body);
        if let Some(key) = &settings.key {
            post = post.bearer_auth(key.expose_secret());
        }
        if let Some(tags) = accounting.header() {
            post = post.header(TAGS_HEADER, tags);
        }
        post.send().await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> GatewayError {
        let place = self.refusals.place();
        if error.is_timeout() {
            return GatewayError::Unavailable(format!(
                "{place} does not answer in time: is it running?"
            ));
        }
        GatewayError::Unavailable(format!(
            "{place} cannot be reached ({}): check gateway.url",
            root_cause(error)
        ))
    }

    async fn read_refusal(&self, response: Response) -> Said {
        let mut bytes = Vec::new();
        let mut body = response.bytes_stream();
        let until = Instant::now() + self.settings.connect_timeout;
        while bytes.len() < MAX_REFUSAL_BYTES {
            match tokio::time::timeout_at(until, body.next()).await {
                Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
                _ => break,
            }
        }
        bytes.truncate(MAX_REFUSAL_BYTES);
        Said::parse(&bytes)
    }
}

#[async_trait]
impl ChatModel for OpenAiGateway {
    async fn chat(&self, request: ChatRequest) -> Result<Answer, GatewayError> {
        let end = Instant::now() + self.settings.total_timeout;
        let mut tried = Usage::default();
        let mut models = request.models.iter().peekable();
        let mut failure = GatewayError::Invalid("no model was chosen".into());
        while let Some(model) = models.next() {
            let left = match models.peek() {
                Some(_) => Left::FallBack,
                None => Left::Nothing,
            };
            for retried in 0.. {
                tried.attempts += 1;
                match self.attempt(&request, model, &tried, end).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => failure = error,
                }
                let remaining = end.saturating_duration_since(Instant::now());
                let wait = wait_before_retry(&failure, retried, left, remaining)
                    .filter(|_| retried < self.settings.retries);
                let Some(wait) = wait else { break };
                tracing::debug!(model, %failure, ?wait, "the gateway is asked again");
                tokio::time::sleep(wait).await;
            }
            if left == Left::Nothing || !another_model_may_help(&failure) || Instant::now() >= end {
                break;
            }
            tracing::info!(model, %failure, "the next model is asked");
            tried.fall_backs += 1;
        }
        Err(failure)
    }
}

/// The configured headers; what does not belong there is refused.
fn headers(settings: &Settings) -> Result<HeaderMap, GatewayError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let invalid =
            |why: &str| GatewayError::Invalid(format!("the gateway's header `{name}` {why}"));
        let parsed = HeaderName::try_from(name).map_err(|_| invalid("has no valid name"))?;
        if matches!(
            parsed,
            header::AUTHORIZATION | header::HOST | header::CONTENT_LENGTH
        ) {
            return Err(invalid("is set by the program itself"));
        }
        let mut value = HeaderValue::try_from(value).map_err(|_| invalid("has no valid value"))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

fn framing(headers: &HeaderMap) -> Framing {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    match kind {
        Some(kind)
            if kind
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("application/json") =>
        {
            Framing::Whole
        }
        // A wrong type is no reason to refuse a stream that is one.
        _ => Framing::Events,
    }
}

/// What the headers of an answer say of its cost. LiteLLM shows a hit of its cache by the presence of a cache key.
fn reported(headers: &HeaderMap, tried: &Usage) -> Usage {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|value| value.parse::<u32>().ok());
    Usage {
        cost_usd: text("x-litellm-response-cost")
            .and_then(|cost| cost.parse().ok())
            .filter(|cost: &f64| cost.is_finite() && *cost >= 0.0),
        gateway_cache: text("x-litellm-cache-key").is_some()
            || text("x-portkey-cache-status").is_some_and(|status| status.contains("HIT")),
        fall_backs: tried
            .fall_backs
            .saturating_add(number("x-litellm-attempted-fallbacks").unwrap_or_default()),
        ..tried.clone()
    }
}

/// The innermost cause of an error, which says most and names no URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_one_is_refused() {
        for url in [
            "",
            "gateway.example/v1",
            "ftp://gateway.example",
            "https://u:p@gateway.example/v1",
        ] {
            let settings = Settings::new(url.into(), None);
            assert!(
                matches!(OpenAiGateway::new(settings), Err(GatewayError::Invalid(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn a_header_that_cannot_be_one_is_refused() {
        for (name, value) in [("a b", "x"), ("x-tenant", "a\nb"), ("Authorization", "x")] {
            let mut settings = Settings::new("https://gateway.example/v1".into(), None);
            settings.headers = vec![(name.into(), value.into())];
            assert!(
                matches!(OpenAiGateway::new(settings), Err(GatewayError::Invalid(_))),
                "{name}"
            );
        }
    }
}
