//! `POST /api/v1/ask`: a question, answered as JSON, or as a stream of events when the client accepts one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use virgil_answer::{Answer, AnswerEvent, AskError, Context, Question, Stage};
use virgil_gateway::GatewayError;

use crate::caller::Caller;
use crate::keeping::{Talk, refusal as refusal_of_keeping, turn};
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};
use crate::routes::check_question;
use crate::wire::{AskRequest, AskResponse, WireCitation};

/// Answers a question.
///
/// With `Accept: text/event-stream` the answer arrives as events: `stage`, `text` (append), `citation`, and at the
/// end exactly one of `answer` (the whole object) and `error` (a problem document).
#[utoipa::path(
    post, path = "/api/v1/ask", tag = "questions", request_body = AskRequest,
    responses(
        (status = 200, description = "The answer", content((AskResponse = "application/json"), (String = "text/event-stream"))),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "Something failed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    headers: HeaderMap,
    request: Result<Json<AskRequest>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(request) = request?;
    check_question(&request.question)?;
    let talk = match &request.conversation_id {
        Some(id) => Some(Talk::of(&platform, &caller.scope, id).await?),
        None => None,
    };
    let (mut context, earlier) = match talk {
        Some(talk) => talk.before(&platform, &caller.scope).await?,
        None => (Context::default(), Vec::new()),
    };
    if let Some(last_query) = request.context.last_query {
        context.last_query = Some(last_query);
    }
    let trace_id = uuid::Uuid::new_v4().simple().to_string();
    let span = tracing::info_span!("ask", trace_id, principal = caller.scope.principal());
    let (events_in, events) = mpsc::channel(32);
    let (wire_in, wire) = mpsc::channel(32);
    let asked = Arc::new(Asked {
        platform,
        caller,
        question: Question {
            text: request.question,
            model: request.model,
            context,
            earlier,
            explain: request.explain,
        },
        talk,
        trace_id,
    });
    let asking = {
        let (asked, wire_in) = (asked.clone(), wire_in.clone());
        async move {
            let guide = &asked.platform.guide;
            let result = guide
                .ask(&asked.caller.scope, &asked.question, &events_in)
                .await;
            drop(events_in);
            match result {
                // Whoever left needs no answer.
                Ok(()) | Err(AskError::Left) => {}
                Err(error) => {
                    let _ = wire_in.send(Outgoing::Failed(refusal(error))).await;
                }
            }
        }
    };
    let passing_on = pass_on(asked, events, wire_in);
    tokio::spawn(tracing::Instrument::instrument(
        async move {
            tokio::join!(asking, passing_on);
        },
        span,
    ));
    if wants_events(&headers) {
        let stream =
            ReceiverStream::new(wire).map(|outgoing| Ok::<_, Infallible>(outgoing.event()));
        let stream =
            Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
        return Ok((
            [("x-accel-buffering", "no"), ("cache-control", "no-cache")],
            stream,
        )
            .into_response());
    }
    let mut wire = wire;
    while let Some(outgoing) = wire.recv().await {
        match outgoing {
            Outgoing::Answer(answer) => return Ok(Json(answer).into_response()),
            Outgoing::Failed(error) => return Err(error),
            Outgoing::Stage { .. } | Outgoing::Text(_) | Outgoing::Citation(_) => {}
        }
    }
    Err(ApiError::internal("the guide ended without an answer"))
}

/// What goes out: an event of the stream.
enum Outgoing {
    Stage {
        stage: &'static str,
        passages: Option<usize>,
    },
    Text(String),
    Citation(Box<WireCitation>),
    Answer(Box<AskResponse>),
    Failed(ApiError),
}

impl Outgoing {
    fn event(self) -> Event {
        let (name, data) = match self {
            Outgoing::Stage { stage, passages } => (
                "stage",
                serde_json::json!({ "stage": stage, "passages": passages }),
            ),
            Outgoing::Text(text) => ("text", serde_json::json!({ "text": text })),
            Outgoing::Citation(citation) => ("citation", json(&citation)),
            Outgoing::Answer(answer) => ("answer", json(&answer)),
            Outgoing::Failed(error) => ("error", json(&error.problem())),
        };
        // JSON has no bare line ends, so the data is one line.
        Event::default().event(name).data(data.to_string())
    }
}

fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("wire types have string keys and serialise")
}

/// A question, who asks it, and where the answer is kept.
struct Asked {
    platform: Arc<Platform>,
    caller: Caller,
    question: Question,
    talk: Option<Talk>,
    trace_id: String,
}

impl Asked {
    /// The answer as it is told, once it is kept. One that cannot be kept is told nevertheless, with the reason.
    async fn finish(&self, mut answer: Answer) -> AskResponse {
        let mut kept = None;
        if let Some(talk) = self.talk {
            let turn = turn(&self.question.text, &answer, &self.trace_id);
            match talk.keep(&self.platform, &self.caller.scope, &turn).await {
                Ok(number) => kept = Some((talk.id(), number)),
                Err(error) => {
                    let why = refusal_of_keeping(error).problem().detail;
                    answer.notice = Some(match answer.notice.take() {
                        Some(notice) => format!("{notice} This answer is not kept: {why}."),
                        None => format!("This answer is not kept: {why}."),
                    });
                }
            }
        }
        let mut response = AskResponse::new(answer, self.trace_id.clone());
        if let Some((id, number)) = kept {
            response.conversation_id = Some(id);
            response.turn = Some(number);
        }
        response
    }
}

async fn pass_on(
    asked: Arc<Asked>,
    mut events: mpsc::Receiver<AnswerEvent>,
    wire: mpsc::Sender<Outgoing>,
) {
    loop {
        // A closed channel means that the asker left: dropping `events` tells the guide, which cancels the model.
        let event = tokio::select! {
            event = events.recv() => event,
            () = wire.closed() => return,
        };
        let Some(event) = event else { return };
        let outgoing = match event {
            AnswerEvent::Stage(Stage::Searching) => Outgoing::Stage {
                stage: "searching",
                passages: None,
            },
            AnswerEvent::Stage(Stage::Answering { passages }) => Outgoing::Stage {
                stage: "answering",
                passages: Some(passages),
            },
            AnswerEvent::Text(text) => Outgoing::Text(text),
            AnswerEvent::Citation(citation) => Outgoing::Citation(Box::new(citation.into())),
            AnswerEvent::Answer(answer) => Outgoing::Answer(Box::new(asked.finish(*answer).await)),
        };
        if wire.send(outgoing).await.is_err() {
            return;
        }
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"))
}

fn refusal(error: AskError) -> ApiError {
    let gateway = match error {
        AskError::Gateway(gateway) => gateway,
        AskError::Model(error) => return ApiError::new(Code::UnknownModel, error.to_string()),
        AskError::Budget(error) => {
            let wait = error.retry_after.as_secs();
            return ApiError::new(Code::BudgetExhausted, error.to_string()).retry_after(wait);
        }
        AskError::Prompts(error) => return ApiError::internal(error),
        AskError::Other(error) => return ApiError::internal(format!("{error:#}")),
        AskError::Left => return ApiError::internal("the asker left"),
    };
    tracing::warn!(error = %gateway, "the gateway gave no answer");
    let detail = gateway.to_string();
    let code = match gateway {
        GatewayError::RateLimited { retry_after, .. } => {
            let wait = retry_after.map_or(10, |wait| wait.as_secs().max(1));
            return ApiError::new(Code::GatewayBusy, detail).retry_after(wait);
        }
        GatewayError::Unauthorized(_) => Code::GatewayUnauthorized,
        GatewayError::BudgetExhausted(_) => Code::GatewayBudgetExhausted,
        GatewayError::ContextTooLong(_) => Code::GatewayContextTooLong,
        GatewayError::Filtered(_) => Code::GatewayFiltered,
        GatewayError::ModelNotFound(_) => Code::GatewayModelNotFound,
        GatewayError::Refused(_) | GatewayError::Invalid(_) => Code::GatewayRefused,
        GatewayError::Timeout(_) => Code::GatewayTimeout,
        GatewayError::Unavailable(_) | GatewayError::Broken(_) => Code::GatewayUnavailable,
    };
    ApiError::new(code, detail)
}
