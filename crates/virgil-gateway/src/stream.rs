//! A streamed answer: bytes to events, whatever way the stream breaks.
//!
//! The format is server-sent events (WHATWG HTML, section 9.2) whose data are `chat.completion.chunk` objects, ended
//! by `[DONE]`. Exactly one terminal event comes out: [`ChatEvent::Done`] after `[DONE]` or a `finish_reason`, an
//! error otherwise. A stream that ends without either was cut off.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use tokio::time::Instant;

use crate::openai::Said;
use crate::{ChatEvent, GatewayError, Usage};

/// The longest line that is kept; a longer one is not a chunk of an answer.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// The longest answer that is passed on.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A streamed answer on its way.
pub(crate) struct Chunks {
    place: String,
    bytes: BoxStream<'static, Result<Bytes, String>>,
    idle_timeout: Duration,
    deadline: Instant,
    lines: Lines,
    ready: VecDeque<ChatEvent>,
    usage: Usage,
    finished: bool,
    answer_bytes: usize,
}

/// What a line meant for the stream.
enum Step {
    GoOn,
    End,
}

impl Chunks {
    pub(crate) fn new(
        place: String,
        bytes: BoxStream<'static, Result<Bytes, String>>,
        idle_timeout: Duration,
        total_timeout: Duration,
        cost_usd: Option<f64>,
    ) -> Chunks {
        Chunks {
            place,
            bytes,
            idle_timeout,
            deadline: Instant::now() + total_timeout,
            lines: Lines::default(),
            ready: VecDeque::new(),
            usage: Usage {
                cost_usd,
                ..Usage::default()
            },
            finished: false,
            answer_bytes: 0,
        }
    }

    /// Text pieces, then exactly one end.
    pub(crate) fn events(self) -> impl Stream<Item = Result<ChatEvent, GatewayError>> {
        stream::unfold(Some(self), |state| async move {
            let mut chunks = state?;
            match chunks.next().await {
                Ok(Some(text)) => Some((Ok(text), Some(chunks))),
                Ok(None) => Some((Ok(ChatEvent::Done(std::mem::take(&mut chunks.usage))), None)),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// The next piece of text; `None` at the proper end.
    async fn next(&mut self) -> Result<Option<ChatEvent>, GatewayError> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Ok(Some(text));
            }
            let now = Instant::now();
            if now >= self.deadline {
                return Err(GatewayError::Timeout(format!(
                    "{} did not finish its answer in time",
                    self.place
                )));
            }
            let patience = self.idle_timeout.min(self.deadline - now);
            let piece = tokio::time::timeout(patience, self.bytes.next())
                .await
                .map_err(|_| {
                    GatewayError::Timeout(format!(
                        "{} stopped in the middle of its answer",
                        self.place
                    ))
                })?;
            match piece {
                Some(Ok(piece)) => {
                    if let Step::End = self.take(&piece)? {
                        return self.end();
                    }
                }
                Some(Err(error)) => {
                    return if self.finished {
                        self.end()
                    } else {
                        Err(self.cut_off(&error))
                    };
                }
                None => {
                    if let Some(rest) = self.lines.finish() {
                        self.line(&rest)?;
                    }
                    return if self.finished {
                        self.end()
                    } else {
                        Err(self.cut_off("the connection was closed"))
                    };
                }
            }
        }
    }

    /// The end; text that came in the same piece goes first.
    fn end(&mut self) -> Result<Option<ChatEvent>, GatewayError> {
        self.finished = true;
        self.bytes = stream::empty().boxed();
        Ok(self.ready.pop_front())
    }

    fn cut_off(&self, why: &str) -> GatewayError {
        GatewayError::Unavailable(format!("{} broke its answer off: {why}", self.place))
    }

    fn take(&mut self, piece: &[u8]) -> Result<Step, GatewayError> {
        self.lines.push(piece);
        while let Some(line) = self.lines.next() {
            if let Step::End = self.line(&line)? {
                return Ok(Step::End);
            }
        }
        if self.lines.waiting() > MAX_LINE_BYTES {
            return Err(self.cut_off("a line of it is longer than 1 MiB"));
        }
        Ok(Step::GoOn)
    }

    fn line(&mut self, line: &[u8]) -> Result<Step, GatewayError> {
        // Every chunk is one `data` line; `event`, `id`, `retry` and comments do not matter.
        let Some(data) = line.strip_prefix(b"data:") else {
            return Ok(Step::GoOn);
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            return Ok(Step::End);
        }
        if data.is_empty() {
            return Ok(Step::GoOn);
        }
        let chunk: serde_json::Value =
            serde_json::from_slice(data).map_err(|_| self.cut_off("a chunk of it is not JSON"))?;
        self.chunk(&chunk).map(|()| Step::GoOn)
    }

    fn chunk(&mut self, chunk: &serde_json::Value) -> Result<(), GatewayError> {
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            return Err(self.cut_off(&Said::of(error).message));
        }
        if let Some(model) = chunk.get("model").and_then(serde_json::Value::as_str) {
            self.usage.model = Some(model.to_owned());
        }
        if let Some(usage) = chunk.get("usage") {
            let tokens = |key: &str| usage.get(key).and_then(serde_json::Value::as_u64);
            self.usage.prompt_tokens = tokens("prompt_tokens").or(self.usage.prompt_tokens);
            self.usage.completion_tokens =
                tokens("completion_tokens").or(self.usage.completion_tokens);
            let cost = usage.get("cost").and_then(serde_json::Value::as_f64);
            self.usage.cost_usd = cost.or(self.usage.cost_usd);
        }
        let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(());
        };
        let delta = choice.get("delta").or_else(|| choice.get("message"));
        let text = delta
            .and_then(|delta| delta.get("content"))
            .and_then(serde_json::Value::as_str);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.answer_bytes += text.len();
            if self.answer_bytes > MAX_ANSWER_BYTES {
                return Err(self.cut_off("it is longer than 4 MiB"));
            }
            self.ready.push_back(ChatEvent::Text(text.to_owned()));
        }
        match choice
            .get("finish_reason")
            .and_then(serde_json::Value::as_str)
        {
            Some("content_filter") => {
                return Err(GatewayError::Refused(format!(
                    "a filter of {} stopped the answer",
                    self.place
                )));
            }
            Some("length") => (self.finished, self.usage.truncated) = (true, true),
            Some(_) => self.finished = true,
            None => {}
        }
        Ok(())
    }
}

/// Cuts bytes into lines that end in LF, CR LF or CR.
#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    /// Where the search for the next end goes on.
    searched: usize,
    /// A CR ended the last line: an LF right after it belongs to that end.
    after_cr: bool,
}

impl Lines {
    fn push(&mut self, piece: &[u8]) {
        self.waiting.extend_from_slice(piece);
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.after_cr && self.waiting.first() == Some(&b'\n') {
            self.waiting.remove(0);
        }
        if !self.waiting.is_empty() {
            self.after_cr = false;
        }
        let Some(found) = self.waiting[self.searched..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
        else {
            self.searched = self.waiting.len();
            return None;
        };
        let end = self.searched + found;
        self.after_cr = self.waiting[end] == b'\r';
        let rest = self.waiting.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.waiting, rest);
        line.pop();
        self.searched = 0;
        Some(line)
    }

    fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.waiting);
        (!rest.is_empty()).then_some(rest)
    }
}
