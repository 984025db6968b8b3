//! One way to the API for every command.
//!
//! One process owns a data directory. A command that finds a server running talks to it over the socket in that
//! directory; otherwise it becomes the owner itself and calls the same routes in its own process.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use tower::ServiceExt;

/// The header by which the owner acts with the access of some groups only.
pub(crate) const GROUPS_HEADER: &str = "x-virgil-groups";

/// A way to the API.
#[derive(Clone)]
pub(crate) struct Client {
    way: Way,
    groups: Option<String>,
}

#[derive(Clone)]
enum Way {
    InProcess(Router),
    Socket(reqwest::Client),
}

/// An answer whose body is still to come.
pub(crate) struct Reply {
    status: u16,
    body: BoxStream<'static, anyhow::Result<Bytes>>,
}

impl Client {
    /// Calls `router` in this process; `router` must trust its caller as the owner.
    pub(crate) fn in_process(router: Router, groups: Option<&[String]>) -> Client {
        Client {
            way: Way::InProcess(router),
            groups: groups.map(|groups| groups.join(",")),
        }
    }

    /// Talks to the server that listens at `socket`.
    pub(crate) fn socket(socket: &Path, groups: Option<&[String]>) -> anyhow::Result<Client> {
        let client = reqwest::Client::builder()
            .unix_socket(socket)
            .no_proxy()
            .build()
            .context("the client could not be made")?;
        Ok(Client {
            way: Way::Socket(client),
            groups: groups.map(|groups| groups.join(",")),
        })
    }

    /// The same way, with the access of these groups only.
    pub(crate) fn acting_as(&self, groups: &[String]) -> Client {
        Client {
            way: self.way.clone(),
            groups: Some(groups.join(",")),
        }
    }

    /// Calls `method path` and returns its JSON, or the problem that it answered with.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> anyhow::Result<T> {
        let reply = self.call(method, path, body, "application/json").await?;
        let status = reply.status;
        let bytes = reply.bytes().await?;
        if status >= 400 {
            return Err(problem(status, &bytes));
        }
        serde_json::from_slice(&bytes)
            .with_context(|| format!("the answer of `{method} {path}` could not be understood"))
    }

    /// Calls `method path` and returns its text.
    pub(crate) async fn text(&self, method: &str, path: &str) -> anyhow::Result<String> {
        let reply = self.call(method, path, None, "text/plain").await?;
        let status = reply.status;
        let bytes = reply.bytes().await?;
        if status >= 400 {
            return Err(problem(status, &bytes));
        }
        String::from_utf8(bytes).context("the answer is not text")
    }

    /// Calls `method path` for its effect.
    pub(crate) async fn nothing(&self, method: &str, path: &str) -> anyhow::Result<()> {
        let reply = self.call(method, path, None, "application/json").await?;
        let status = reply.status;
        let bytes = reply.bytes().await?;
        if status >= 400 {
            Err(problem(status, &bytes))
        } else {
            Ok(())
        }
    }

    /// Calls `method path` and hands each server-sent event to `on_event` as (name, data), until the stream ends.
    pub(crate) async fn events(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
        mut on_event: impl FnMut(&str, serde_json::Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let reply = self.call(method, path, body, "text/event-stream").await?;
        if reply.status >= 400 {
            let status = reply.status;
            return Err(problem(status, &reply.bytes().await?));
        }
        let mut events =
            sse_stream::SseStream::from_bytes_stream(reply.body.map_err(std::io::Error::other));
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| anyhow!("the stream broke off: {error}"))?;
            let Some(data) = event.data else { continue };
            let data = serde_json::from_str(&data).context("an event is not JSON")?;
            on_event(event.event.as_deref().unwrap_or("message"), data)?;
        }
        Ok(())
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
        accept: &str,
    ) -> anyhow::Result<Reply> {
        let body = body.map(serde_json::Value::to_string);
        match &self.way {
            Way::InProcess(router) => {
                let mut request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(header::ACCEPT, accept);
                if body.is_some() {
                    request = request.header(header::CONTENT_TYPE, "application/json");
                }
                if let Some(groups) = &self.groups {
                    request = request.header(GROUPS_HEADER, groups);
                }
                let request = request.body(body.map_or_else(Body::empty, Body::from))?;
                let response = router
                    .clone()
                    .oneshot(request)
                    .await
                    .unwrap_or_else(|never| match never {});
                let status = response.status().as_u16();
                let body = response
                    .into_body()
                    .into_data_stream()
                    .map_err(anyhow::Error::from)
                    .boxed();
                Ok(Reply { status, body })
            }
            Way::Socket(client) => {
                let method = reqwest::Method::from_bytes(method.as_bytes())?;
                let mut request = client
                    .request(method, format!("http://virgil{path}"))
                    .header("accept", accept);
                if let Some(body) = body {
                    request = request
                        .header("content-type", "application/json")
                        .body(body);
                }
                if let Some(groups) = &self.groups {
                    request = request.header(GROUPS_HEADER, groups);
                }
                let response = request
                    .send()
                    .await
                    .context("the running server does not answer")?;
                let status = response.status().as_u16();
                Ok(Reply {
                    status,
                    body: response.bytes_stream().map_err(anyhow::Error::from).boxed(),
                })
            }
        }
    }
}

impl Reply {
    async fn bytes(self) -> anyhow::Result<Vec<u8>> {
        self.body
            .try_fold(Vec::new(), |mut all, piece| async move {
                all.extend_from_slice(&piece);
                Ok(all)
            })
            .await
            .context("the answer broke off")
    }
}

fn problem(status: u16, bytes: &[u8]) -> anyhow::Error {
    #[derive(serde::Deserialize)]
    struct Problem {
        detail: String,
    }
    match serde_json::from_slice::<Problem>(bytes) {
        Ok(problem) => anyhow!("{}", problem.detail),
        Err(_) => anyhow!("the server answered with status {status}"),
    }
}

/// A source name as one part of a path: names need no encoding, and anything else is none.
pub(crate) fn path_part(name: &str) -> anyhow::Result<&str> {
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        bail!("`{name}` is not the name of a source");
    }
    Ok(name)
}
