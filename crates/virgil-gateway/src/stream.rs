//! A streamed answer: bytes to events, whatever way the stream breaks.
//!
//! The format is server-sent events (WHATWG HTML, section 9.2) whose data are `chat.completion.chunk` objects, ended
//! by `[DONE]`. Exactly one terminal event comes out: [`ChatEvent::Done`] after `[DONE]` or a `finish_reason`, an
//! error otherwise. A stream that ends without either was cut off. A gateway that ignores `stream` and answers with one
//! JSON object is understood too.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use serde_json::Value;
use tokio::time::Instant;

use crate::lines::Lines;
use crate::refusal::Refusals;
use crate::{ChatEvent, GatewayError, ToolCall, Usage};

/// The longest line, and the longest data of one event, that is kept; a longer one is not a chunk of an answer.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// The longest answer that is passed on, and the most arguments of tool calls that are kept.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most tool calls of one round.
const MAX_CALLS: usize = 16;

/// How the body of an answer is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON object.
    Whole,
}

/// The limits of an answer on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// When its first piece has to have come.
    pub(crate) first: Instant,
    /// How long it may be silent.
    pub(crate) idle: Duration,
    /// When it has to be over.
    pub(crate) end: Instant,
}

/// A streamed answer on its way.
pub(crate) struct Chunks {
    refusals: Refusals,
    model: String,
    bytes: BoxStream<'static, Result<Bytes, String>>,
    framing: Framing,
    patience: Patience,
    lines: Lines,
    /// The data of an event that goes on over several lines.
    data: Vec<u8>,
    ready: VecDeque<ChatEvent>,
    usage: Usage,
    calls: Vec<ToolCall>,
    /// Whether the model has begun: with text, a call, or thoughts that it keeps to itself.
    begun: bool,
    /// Whether the model said that it has finished.
    finished: bool,
    /// Whether nothing more is listened to.
    ended: bool,
    /// What the answer ends with once `ready` is empty.
    failure: Option<GatewayError>,
    answer_bytes: usize,
}

/// What a line meant for the stream.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    End,
}

impl Chunks {
    pub(crate) fn new(
        refusals: Refusals,
        model: String,
        bytes: BoxStream<'static, Result<Bytes, String>>,
        framing: Framing,
        patience: Patience,
        usage: Usage,
    ) -> Chunks {
        Chunks {
            refusals,
            model,
            bytes,
            framing,
            patience,
            lines: Lines::default(),
            data: Vec::new(),
            ready: VecDeque::new(),
            usage,
            calls: Vec::new(),
            begun: false,
            finished: false,
            ended: false,
            failure: None,
            answer_bytes: 0,
        }
    }

    /// Text pieces, then exactly one end.
    pub(crate) fn events(self) -> impl Stream<Item = Result<ChatEvent, GatewayError>> + Send {
        stream::unfold(Some(self), |state| async move {
            let mut chunks = state?;
            match chunks.next().await {
                Ok(Some(text)) => Some((Ok(text), Some(chunks))),
                Ok(None) => Some((Ok(chunks.done()), None)),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    fn done(self) -> ChatEvent {
        ChatEvent::Done {
            usage: self.usage,
            calls: self.calls,
        }
    }

    /// The next piece of text; `None` at the proper end.
    async fn next(&mut self) -> Result<Option<ChatEvent>, GatewayError> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Ok(Some(text));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.ended {
                return Ok(None);
            }
            let piece = match tokio::time::timeout_at(self.wait_until()?, self.bytes.next()).await {
                Ok(piece) => piece,
                // Nothing is missing but the proper end.
                Err(_) if self.finished => return Ok(None),
                Err(_) => return Err(self.silent()),
            };
            let ended = match piece {
                Some(Ok(piece)) => self.take(&piece),
                Some(Err(error)) => self.rest(&error),
                None => self.rest("the connection was closed"),
            };
            match ended {
                Ok(Step::GoOn) => {}
                Ok(Step::End) => self.end(),
                // What came before it still goes first.
                Err(error) => {
                    self.end();
                    self.failure = Some(error);
                }
            }
        }
    }

    /// Until when the next bytes are waited for.
    fn wait_until(&self) -> Result<Instant, GatewayError> {
        let now = Instant::now();
        let patience = self.patience;
        if now >= patience.end && !self.finished {
            return Err(GatewayError::Timeout(format!(
                "{} did not finish its answer in time: try again, or ask something smaller",
                self.refusals.place()
            )));
        }
        if !self.begun && now >= patience.first && !self.finished {
            return Err(self.silent());
        }
        let idle = now + patience.idle;
        let until = if self.begun { idle } else { patience.first };
        Ok(until.min(patience.end))
    }

    fn silent(&self) -> GatewayError {
        let what = if self.begun {
            "stopped in the middle of its answer"
        } else {
            "did not begin its answer in time"
        };
        GatewayError::Timeout(format!(
            "{} {what}: try again, or ask who runs it",
            self.refusals.place()
        ))
    }

    /// Stops listening.
    fn end(&mut self) {
        self.ended = true;
        self.bytes = stream::empty().boxed();
        self.lines = Lines::default();
        self.data = Vec::new();
    }

    fn cut_off(&self, why: &str) -> GatewayError {
        GatewayError::Unavailable(format!(
            "{} broke its answer off: {why}",
            self.refusals.place()
        ))
    }

    fn broken(&self, why: &str) -> GatewayError {
        GatewayError::Broken(format!(
            "{} broke its answer off: {why}",
            self.refusals.place()
        ))
    }

    fn take(&mut self, piece: &[u8]) -> Result<Step, GatewayError> {
        if self.framing == Framing::Whole {
            self.data.extend_from_slice(piece);
            if self.data.len() > MAX_ANSWER_BYTES {
                return Err(self.broken("it is longer than 4 MiB"));
            }
            return Ok(Step::GoOn);
        }
        self.lines.push(piece);
        while let Some(line) = self.lines.next() {
            if self.line(&line)? == Step::End {
                return Ok(Step::End);
            }
        }
        if self.lines.waiting() > MAX_LINE_BYTES {
            return Err(self.broken("a line of it is longer than 1 MiB"));
        }
        Ok(Step::GoOn)
    }

    /// The end of the connection. What came since the last line end counts if it is whole.
    fn rest(&mut self, why: &str) -> Result<Step, GatewayError> {
        if self.framing == Framing::Whole {
            let data = std::mem::take(&mut self.data);
            let answer = serde_json::from_slice(&data).map_err(|_| self.cut_off(why))?;
            return self.chunk(&answer).map(|()| Step::End);
        }
        if let Some(rest) = self.lines.finish()
            && self.line(&rest)? == Step::End
        {
            return Ok(Step::End);
        }
        if let Ok(chunk) = serde_json::from_slice(&std::mem::take(&mut self.data)) {
            self.chunk(&chunk)?;
        }
        if self.finished {
            Ok(Step::End)
        } else {
            Err(self.cut_off(why))
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Step, GatewayError> {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        if line.is_empty() {
            return self.dispatch();
        }
        // `event`, `id`, `retry` and comments do not matter.
        let Some(data) = line.strip_prefix(b"data:") else {
            return Ok(Step::GoOn);
        };
        let data = data.trim_ascii();
        if !self.data.is_empty() {
            self.data.push(b'\n');
            self.data.extend_from_slice(data);
            if self.data.len() > MAX_LINE_BYTES {
                return Err(self.broken("an event of it is longer than 1 MiB"));
            }
            return Ok(Step::GoOn);
        }
        if data.is_empty() {
            return Ok(Step::GoOn);
        }
        if data == b"[DONE]" {
            return Ok(Step::End);
        }
        // Nearly always an event is one line. Some gateways leave out the empty line behind it.
        match serde_json::from_slice(data) {
            Ok(chunk) => self.chunk(&chunk).map(|()| Step::GoOn),
            Err(_) if data.len() > MAX_LINE_BYTES => {
                Err(self.broken("a line of it is longer than 1 MiB"))
            }
            Err(_) => {
                self.data.extend_from_slice(data);
                Ok(Step::GoOn)
            }
        }
    }

    /// The end of an event whose data took several lines.
    fn dispatch(&mut self) -> Result<Step, GatewayError> {
        if self.data.is_empty() {
            return Ok(Step::GoOn);
        }
        let data = std::mem::take(&mut self.data);
        let chunk =
            serde_json::from_slice(&data).map_err(|_| self.broken("a chunk of it is not JSON"))?;
        self.chunk(&chunk).map(|()| Step::GoOn)
    }

    fn chunk(&mut self, chunk: &Value) -> Result<(), GatewayError> {
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            return Err(self.refusals.in_stream(error, &self.model));
        }
        if let Some(model) = chunk.get("model").and_then(Value::as_str) {
            self.usage.model = Some(model.chars().take(200).collect());
        }
        if let Some(usage) = chunk.get("usage") {
            let tokens = |key: &str| usage.get(key).and_then(Value::as_u64);
            self.usage.prompt_tokens = tokens("prompt_tokens").or(self.usage.prompt_tokens);
            self.usage.completion_tokens =
                tokens("completion_tokens").or(self.usage.completion_tokens);
            let cost = usage.get("cost").and_then(Value::as_f64);
            self.usage.cost_usd = cost.filter(|cost| *cost >= 0.0).or(self.usage.cost_usd);
        }
        let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(());
        };
        if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
            self.delta(delta)?;
        }
        match choice.get("finish_reason").and_then(Value::as_str) {
            Some("content_filter") => {
                return Err(GatewayError::Filtered(format!(
                    "a filter of {} stopped the answer: put the question in other words",
                    self.refusals.place()
                )));
            }
            Some("length") => (self.finished, self.usage.truncated) = (true, true),
            Some(_) => self.finished = true,
            None => {}
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Value) -> Result<(), GatewayError> {
        let text = |key: &str| {
            let text = delta.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        // Thoughts are not passed on, but they show that the model is at work.
        self.begun |= text("reasoning_content").is_some() || text("reasoning").is_some();
        if let Some(text) = text("content") {
            self.begun = true;
            self.grow(text.len())?;
            self.ready.push_back(ChatEvent::Text(text.to_owned()));
        }
        let calls = delta.get("tool_calls").and_then(Value::as_array);
        for (position, part) in calls.into_iter().flatten().enumerate() {
            self.begun = true;
            self.call(position, part)?;
        }
        Ok(())
    }

    /// Adds a piece of a tool call. Pieces of one call share its index; the first one brings id and name.
    fn call(&mut self, position: usize, part: &Value) -> Result<(), GatewayError> {
        let index = part.get("index").and_then(Value::as_u64);
        let index = index.map_or(position, |index| {
            usize::try_from(index).unwrap_or(usize::MAX)
        });
        if index >= MAX_CALLS {
            return Err(self.broken("it calls too many tools at once"));
        }
        while self.calls.len() <= index {
            self.calls.push(ToolCall {
                id: format!("call_{}", self.calls.len()),
                name: String::new(),
                arguments: String::new(),
            });
        }
        let function = part.get("function");
        let text = |key: &str| function?.get(key)?.as_str();
        let (name, arguments) = (text("name"), text("arguments"));
        self.grow(name.map_or(0, str::len) + arguments.map_or(0, str::len))?;
        let call = &mut self.calls[index];
        if let Some(id) = part
            .get("id")
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty())
        {
            call.id = id.chars().take(200).collect();
        }
        call.name.push_str(name.unwrap_or_default());
        call.arguments.push_str(arguments.unwrap_or_default());
        Ok(())
    }

    fn grow(&mut self, bytes: usize) -> Result<(), GatewayError> {
        self.answer_bytes += bytes;
        if self.answer_bytes > MAX_ANSWER_BYTES {
            return Err(self.broken("it is longer than 4 MiB"));
        }
        Ok(())
    }
}
