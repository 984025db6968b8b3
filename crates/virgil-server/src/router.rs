//! All routes, put together twice: for the network, and for the owner.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Local;
use crate::page::{CONTENT_SECURITY_POLICY, page};
use crate::platform::{Auth, Platform};
use crate::problem::{ApiError, Code};
use crate::routes::{
    ask, conversations, graph, health, maintenance, models, receiver, search, sources,
};

/// The largest request body: a question is at most 4,000 characters.
const MAX_BODY_BYTES: usize = 64 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "Virgil", description = "Answers questions about a company's platform, each claim with its evidence."),
    tags(
        (name = "questions", description = "Asking and searching"),
        (name = "conversations", description = "What was asked and answered, kept to go on with"),
        (name = "graph", description = "What the platform states, asked exactly"),
        (name = "sources", description = "What is read and how fresh it is"),
        (name = "maintenance", description = "Keeping the index in step with the store"),
        (name = "health", description = "Whether the process lives and can serve"),
    )
)]
struct Api;

fn api() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(ask::ask))
        .routes(routes!(conversations::list, conversations::delete_all))
        .routes(routes!(
            conversations::get,
            conversations::rename,
            conversations::delete
        ))
        .routes(routes!(conversations::export))
        .routes(routes!(models::list))
        .routes(routes!(search::search))
        .routes(routes!(graph::entities))
        .routes(routes!(graph::lineage, receiver::receive))
        .routes(routes!(graph::query))
        .routes(routes!(graph::mapping))
        .routes(routes!(sources::list, sources::add))
        .routes(routes!(sources::remove))
        .routes(routes!(sources::sync))
        .routes(routes!(sources::progress))
        .routes(routes!(sources::problems))
        .routes(routes!(maintenance::verify))
        .routes(routes!(maintenance::rebuild))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// The OpenAPI document of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// The routes as the network reaches them: callers show their API keys.
pub fn network(platform: Arc<Platform>) -> Router {
    let guard = middleware::from_fn_with_state(platform.clone(), same_site);
    base(platform).layer(guard)
}

/// The routes for a caller who is known to be the owner of the data directory.
pub fn local(platform: Arc<Platform>) -> Router {
    base(platform).layer(Extension(Local))
}

fn base(platform: Arc<Platform>) -> Router {
    let (router, document) = api().split_for_parts();
    let document = Json(document);
    router
        .route(
            "/openapi.json",
            axum::routing::get(move || std::future::ready(document.clone())),
        )
        .route("/", axum::routing::get(page))
        .route("/assets/{*path}", axum::routing::get(page))
        .fallback(async |request: Request| {
            ApiError::new(
                Code::NotFound,
                format!("there is nothing at `{}`", request.uri().path()),
            )
        })
        .method_not_allowed_fallback(async |request: Request| {
            ApiError::new(
                Code::MethodNotAllowed,
                format!("`{}` cannot be used here", request.method()),
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(harden))
        .with_state(platform)
}

/// Headers that keep a browser from doing what it should not.
async fn harden(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if is_api && !headers.contains_key(header::CACHE_CONTROL) {
        // What one may see now, one may not see later.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Without API keys, whatever reaches the loopback address is trusted; so other sites' pages must not reach it through
/// a browser: neither by another name for this address, nor by sending requests across sites.
async fn same_site(
    State(platform): State<Arc<Platform>>,
    request: Request,
    next: Next,
) -> Response {
    if platform.auth == Auth::None {
        let headers = request.headers();
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| {
                request
                    .uri()
                    .authority()
                    .map(|authority| authority.as_str())
            });
        let Some(host) = host.filter(|host| is_loopback(host)) else {
            return ApiError::new(
                Code::Forbidden,
                "without API keys only requests to `localhost` or `127.0.0.1` are served",
            )
            .into_response();
        };
        let origin = headers
            .get(header::ORIGIN)
            .and_then(|origin| origin.to_str().ok());
        let same = origin.is_none_or(|origin| origin == format!("http://{host}"));
        if request.method() != Method::GET && !same {
            return ApiError::new(
                Code::Forbidden,
                "requests from other sites' pages are not served",
            )
            .into_response();
        }
    }
    next.run(request).await
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

impl From<axum::extract::rejection::JsonRejection> for ApiError {
    fn from(rejection: axum::extract::rejection::JsonRejection) -> ApiError {
        let code = match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
            _ => Code::InvalidRequest,
        };
        ApiError::new(code, rejection.body_text())
    }
}

impl From<axum::extract::rejection::QueryRejection> for ApiError {
    fn from(rejection: axum::extract::rejection::QueryRejection) -> ApiError {
        ApiError::new(Code::InvalidRequest, rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_loopback() {
        for host in [
            "localhost",
            "localhost:8642",
            "127.0.0.1:1",
            "[::1]:8642",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:80",
            "127.0.0.1.evil.example",
            "10.0.0.1:8642",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_api_is_documented() {
        let document = openapi().to_pretty_json().expect("the document serialises");
        for path in ["/api/v1/ask", "/api/v1/lineage", "/api/v1/sources"] {
            assert!(document.contains(path), "{path}");
        }
    }

    #[test]
    fn what_stands_in_a_path_is_a_parameter_of_it_and_nothing_else_is() {
        let document = serde_json::to_value(openapi()).expect("the document serialises");
        let mut seen = 0;
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let parameters = operation["parameters"].as_array();
                for parameter in parameters.into_iter().flatten() {
                    let name = parameter["name"].as_str().expect("a name");
                    let place = if path.contains(&format!("{{{name}}}")) {
                        "path"
                    } else {
                        "query"
                    };
                    assert_eq!(parameter["in"], place, "{method} {path}: {name}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 10, "{seen}");
    }
}
