//! What a gateway says when it refuses, and what that means.
//!
//! The same words come with an HTTP status before an answer and inside a stream that began well, so both are read here.
//! The envelope is OpenAI's (`{"error": {"message", "type", "param", "code"}}`); kinds are told apart by `code` and
//! `type` first, by status second, and by the words of the message where a gateway gives nothing else (LiteLLM puts the
//! names of its exceptions there).

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use secrecy::{ExposeSecret, SecretString};

use crate::GatewayError;

/// The longest wait that is believed; a gateway that asks for more is as good as away.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// What a gateway said when it refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// One line, shortened.
    pub(crate) message: String,
    /// The error's `code`, if it is a word.
    pub(crate) code: String,
    /// The error's `type`.
    pub(crate) kind: String,
    /// The error's `code`, if it is an HTTP status.
    pub(crate) status: Option<u16>,
}

impl Said {
    /// Reads `{"error": {"message", "type", "code"}}` and its relatives; other text is shortened to one line.
    pub(crate) fn parse(bytes: &[u8]) -> Said {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
            return Said {
                message: one_line(&String::from_utf8_lossy(bytes)),
                ..Said::default()
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
        let number = error
            .get("code")
            .and_then(serde_json::Value::as_u64)
            .or_else(|| text("code")?.parse().ok());
        Said {
            message: one_line(message),
            code: text("code")
                .filter(|_| number.is_none())
                .unwrap_or_default()
                .to_owned(),
            kind: text("type").unwrap_or_default().to_owned(),
            status: number
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (400..600).contains(status)),
        }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.code.as_str()) || names.contains(&self.kind.as_str())
    }

    fn speaks_of(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words.iter().any(|word| message.contains(word))
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// How long a gateway asks to wait: seconds, milliseconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = || text("retry-after-ms")?.parse().ok();
    let wait = match text(header::RETRY_AFTER.as_str()) {
        None => Duration::from_millis(milliseconds()?),
        Some(after) => match after.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX),
            Err(_) => httpdate::parse_http_date(after)
                .ok()?
                .duration_since(now)
                .unwrap_or_default(),
        },
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// Turns what a gateway said into errors that say what to do.
#[derive(Debug, Clone)]
pub(crate) struct Refusals {
    /// The base URL of the gateway.
    pub(crate) url: String,
    /// Taken out of what is passed on: some gateways repeat it.
    pub(crate) key: Option<SecretString>,
}

impl Refusals {
    /// The gateway, for people.
    pub(crate) fn place(&self) -> String {
        format!("the AI gateway at `{}`", self.url)
    }

    /// What a refusal of `model` means. `status` is that of the response, or of an error inside a stream.
    pub(crate) fn read(
        &self,
        status: StatusCode,
        retry_after: Option<Duration>,
        said: &Said,
        model: &str,
    ) -> GatewayError {
        let place = self.place();
        let detail = self.detail(said);
        if is_budget(status, said) {
            return GatewayError::BudgetExhausted(format!(
                "the budget at {place} is used up: wait until it is renewed, or ask who runs the gateway to raise it{detail}"
            ));
        }
        if is_context(status, said) {
            return GatewayError::ContextTooLong(format!(
                "the question with its passages is too long for `{model}`: ask something shorter, or choose a model that takes more{detail}"
            ));
        }
        if is_filter(status, said) {
            return GatewayError::Filtered(format!(
                "a filter of {place} refused the question or its passages: put it in other words{detail}"
            ));
        }
        if is_unknown_model(status, said) {
            return GatewayError::ModelNotFound(format!(
                "{place} has no model `{model}`: check the gateway's models in the configuration{detail}"
            ));
        }
        if is_key(status, said) {
            return GatewayError::Unauthorized(format!(
                "{place} refuses the key: check `VIRGIL_GATEWAY__KEY` and what the key may use{detail}"
            ));
        }
        match status {
            StatusCode::TOO_MANY_REQUESTS => GatewayError::RateLimited {
                detail: format!(
                    "{place} gets too many requests: try again {}{detail}",
                    when(retry_after)
                ),
                retry_after,
            },
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                GatewayError::Invalid(format!(
                    "there is no chat API at `{}`: gateway.url usually ends in `/v1`",
                    self.url
                ))
            }
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE => GatewayError::Unavailable(format!(
                "{place} fails ({status}): try again later{detail}"
            )),
            status if status.is_redirection() => GatewayError::Invalid(format!(
                "{place} redirects elsewhere: set gateway.url to the final address"
            )),
            status if status.is_client_error() => {
                GatewayError::Refused(format!("{place} refuses the request ({status}){detail}"))
            }
            status => GatewayError::Broken(format!("{place} fails ({status}){detail}")),
        }
    }

    /// What an error inside a stream means.
    pub(crate) fn in_stream(&self, error: &serde_json::Value, model: &str) -> GatewayError {
        let said = Said::of(error);
        // Without a status it is a defect of the model, whatever it is called.
        let status = said
            .status
            .and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(if said.is(&["rate_limit_exceeded", "rate_limit_error"]) {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        });
        match self.read(status, None, &said, model) {
            GatewayError::Broken(_) => GatewayError::Broken(format!(
                "{} broke its answer off{}",
                self.place(),
                self.detail(&said)
            )),
            error => error,
        }
    }

    fn detail(&self, said: &Said) -> String {
        let mut message = said.message.clone();
        if let Some(key) = self.key.as_ref().map(|key| key.expose_secret())
            && !key.is_empty()
        {
            message = message.replace(key, "REDACTED_gateway_key");
        }
        if message.is_empty() {
            message
        } else {
            format!(" (it says: {message})")
        }
    }
}

fn when(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!("in {} seconds", wait.as_secs().max(1)),
        None => "later".to_owned(),
    }
}

/// LiteLLM: `budget_exceeded` with 400 or 429, in older versions 401 with these words. OpenAI: `insufficient_quota`.
/// Portkey: 412.
fn is_budget(status: StatusCode, said: &Said) -> bool {
    said.is(&["budget_exceeded", "insufficient_quota"])
        || status == StatusCode::PRECONDITION_FAILED
        || (status.is_client_error()
            && said.speaks_of(&["budget has been exceeded", "over budget", "exceededbudget"]))
}

fn is_context(status: StatusCode, said: &Said) -> bool {
    said.is(&["context_length_exceeded", "string_above_max_length"])
        || status == StatusCode::PAYLOAD_TOO_LARGE
        || said.speaks_of(&["contextwindowexceeded", "maximum context length"])
}

/// Portkey: 446.
fn is_filter(status: StatusCode, said: &Said) -> bool {
    said.is(&[
        "content_filter",
        "content_policy_violation",
        "guardrail_violation",
    ]) || status.as_u16() == 446
        || said.speaks_of(&["contentpolicyviolation", "content_filter", "guardrail"])
}

/// LiteLLM without a database knows no key but its own, and says of others that it has none.
fn is_key(status: StatusCode, said: &Said) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        || said.is(&["invalid_api_key", "auth_error", "no_db_connection"])
}

/// LiteLLM: 400 with "Invalid model name", or 401 for one that the key may not use.
fn is_unknown_model(status: StatusCode, said: &Said) -> bool {
    said.is(&["model_not_found", "key_model_access_denied"])
        || (status == StatusCode::NOT_FOUND && said.speaks_of(&["model"]))
        || (status.is_client_error() && said.speaks_of(&["invalid model name"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_in_every_spelling() {
        let said = |message: &str, code: &str, kind: &str, status| Said {
            message: message.to_owned(),
            code: code.to_owned(),
            kind: kind.to_owned(),
            status,
        };
        for (body, expect) in [
            (
                r#"{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                said(
                    "no",
                    "context_length_exceeded",
                    "invalid_request_error",
                    None,
                ),
            ),
            (
                r#"{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","param":null,"code":"400"}}"#,
                said(
                    "Budget has been exceeded!",
                    "",
                    "budget_exceeded",
                    Some(400),
                ),
            ),
            (r#"{"error":{"code":503}}"#, said("", "", "", Some(503))),
            (r#"{"error":"plain"}"#, said("plain", "", "", None)),
            (r#"{"detail":"Not Found"}"#, said("Not Found", "", "", None)),
            (
                "<html>\n bad   gateway</html>",
                said("<html> bad gateway</html>", "", "", None),
            ),
        ] {
            assert_eq!(Said::parse(body.as_bytes()), expect, "{body}");
        }
    }

    #[test]
    fn waits_are_read_in_every_spelling() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, header::HeaderValue::from_static(value));
            retry_after(&headers, now).map(|wait| wait.as_millis())
        };
        assert_eq!(read("retry-after", "7"), Some(7_000));
        assert_eq!(read("retry-after", "0.5"), Some(500));
        assert_eq!(read("retry-after-ms", "250"), Some(250));
        assert_eq!(
            read("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
            Some(10_000)
        );
        assert_eq!(read("retry-after", "-5"), Some(0));
        let day = Some(LONGEST_RETRY_AFTER.as_millis());
        for far in ["1000000000", "1e300", "inf"] {
            assert_eq!(read("retry-after", far), day, "{far}");
        }
        for nothing in ["soon", "", "NaN seconds"] {
            assert_eq!(read("retry-after", nothing), None, "{nothing}");
        }
    }

    /// What LiteLLM, OpenAI, Azure, vLLM, Portkey and Ollama are documented or seen to answer.
    #[test]
    fn every_gateway_s_refusals_are_told_apart() {
        let refusals = Refusals {
            url: "https://gateway.example/v1".into(),
            key: Some(SecretString::from("sk-1234".to_owned())),
        };
        let name = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            let error = refusals.read(status, None, &Said::parse(body.as_bytes()), "small");
            assert!(!error.to_string().contains("sk-1234"), "{error}");
            let name = format!("{error:?}");
            name.split(['(', ' ']).next().unwrap().to_owned()
        };
        for (status, body, expect) in [
            (
                400,
                r#"{"error":{"message":"Budget has been exceeded! Current cost: 1.2, Max budget: 1.0","type":"budget_exceeded","param":null,"code":"400"}}"#,
                "BudgetExhausted",
            ),
            (
                429,
                r#"{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","param":null,"code":"429"}}"#,
                "BudgetExhausted",
            ),
            (
                401,
                r#"{"error":{"message":"Authentication Error, ExceededTokenBudget: Current spend for token: 7.2e-05; Max Budget for Token: 2e-07","type":"auth_error","param":"None","code":401}}"#,
                "Unauthorized",
            ),
            (
                401,
                r#"{"error":{"message":"Authentication Error, Budget has been exceeded! User: ada is over budget","type":"auth_error","code":"401"}}"#,
                "BudgetExhausted",
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                "BudgetExhausted",
            ),
            (412, "", "BudgetExhausted"),
            (
                446,
                r#"{"error":{"message":"denied by hooks"}}"#,
                "Filtered",
            ),
            (
                400,
                r#"{"error":{"message":"The response was filtered","code":"content_filter"}}"#,
                "Filtered",
            ),
            (
                400,
                r#"{"error":{"message":"litellm.ContentPolicyViolationError: no","type":null,"param":null,"code":"400"}}"#,
                "Filtered",
            ),
            (
                400,
                r#"{"error":{"message":"litellm.ContextWindowExceededError: litellm.BadRequestError: too long","type":null,"param":null,"code":"400"}}"#,
                "ContextTooLong",
            ),
            (
                400,
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#,
                "ContextTooLong",
            ),
            (413, "", "ContextTooLong"),
            (
                429,
                r#"{"error":{"message":"No deployments available for selected model, Try again in 5 seconds.","type":"None","code":"429"}}"#,
                "RateLimited",
            ),
            (
                401,
                r#"{"error":{"message":"Authentication Error, Invalid proxy server token passed. sk-1234","type":"auth_error","code":"401"}}"#,
                "Unauthorized",
            ),
            (
                401,
                r#"{"error":{"message":"key not allowed to access model","type":"key_model_access_denied","code":"401"}}"#,
                "ModelNotFound",
            ),
            (
                400,
                r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.","type":"invalid_request_error","code":"400"}}"#,
                "ModelNotFound",
            ),
            (
                404,
                r#"{"error":{"message":"model 'x' not found","type":"api_error"}}"#,
                "ModelNotFound",
            ),
            (404, "404 page not found", "Invalid"),
            (408, "", "Unavailable"),
            (
                503,
                r#"{"error":{"message":"upstream connect error"}}"#,
                "Unavailable",
            ),
            (
                500,
                r#"{"error":{"message":"litellm.InternalServerError"}}"#,
                "Broken",
            ),
            (422, r#"{"detail":[{"msg":"field required"}]}"#, "Refused"),
        ] {
            assert_eq!(name(status, body), expect, "{status} {body}");
        }
    }
}
