//! One call of a language model, paid for: its most is reserved before, what it cost takes that place afterwards.

use futures::StreamExt;
use futures::stream::BoxStream;
use virgil_gateway::{ChatEvent, ChatModel, ChatRequest, GatewayError, ToolCall, Usage};
use virgil_store::{Reservation, Spending};

use crate::budget::{Purse, priced, spent};
use crate::guide::AskError;
use crate::models::ModelChoice;

/// What a model said in one call, what it called, and what that cost.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) usage: Usage,
    pub(crate) calls: Vec<ToolCall>,
}

/// A call that is reserved for. Whoever began one ends it with [`PaidCall::settle`]: what is never settled stays spent.
pub(crate) struct PaidCall<'a> {
    purse: &'a Purse<'a>,
    gateway: &'a dyn ChatModel,
    model: &'a ModelChoice,
    request: &'a ChatRequest,
    reservation: Reservation,
    stream: Option<BoxStream<'static, Result<ChatEvent, GatewayError>>>,
    said: Said,
}

impl<'a> PaidCall<'a> {
    /// Reserves the most that `request` may cost; nothing is sent yet.
    pub(crate) async fn reserve(
        purse: &'a Purse<'a>,
        gateway: &'a dyn ChatModel,
        model: &'a ModelChoice,
        request: &'a ChatRequest,
    ) -> Result<PaidCall<'a>, AskError> {
        Ok(PaidCall {
            purse,
            gateway,
            model,
            request,
            reservation: purse.reserve(model, request).await?,
            stream: None,
            said: Said::default(),
        })
    }

    /// The next piece of text; the first time the request is sent. `None` once the model has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, AskError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => self
                .stream
                .insert(self.gateway.chat(self.request.clone()).await?),
        };
        while let Some(event) = stream.next().await {
            match event? {
                ChatEvent::Text(piece) => {
                    self.said.text.push_str(&piece);
                    return Ok(Some(piece));
                }
                ChatEvent::Done { usage, calls } => {
                    self.said.usage = usage;
                    self.said.calls = calls;
                }
            }
        }
        Ok(None)
    }

    /// Ends the request and settles what it cost; `outcome` is how listening to it ended.
    pub(crate) async fn settle(mut self, outcome: Result<(), AskError>) -> Result<Said, AskError> {
        // Whoever still writes upstream is told first that nobody listens any more.
        self.stream = None;
        let said = &self.said;
        // A call that was refused before its first piece cost nothing. One that broke off, that timed out or that
        // nobody waits for any more may have cost its whole prompt.
        let free = match &outcome {
            Err(AskError::Gateway(GatewayError::Timeout(_)) | AskError::Left) | Ok(()) => false,
            Err(_) => said.text.is_empty(),
        };
        let cost = if free {
            Spending::default()
        } else {
            let calls = said.calls.iter();
            let calls = calls.map(|call| call.name.len() + call.arguments.len());
            let bytes = said.text.len() + calls.sum::<usize>();
            spent(self.model, self.request, &said.usage, bytes)
        };
        let settled = self.purse.settle(&self.reservation, cost).await;
        outcome?;
        settled?;
        let mut said = self.said;
        said.usage = priced(self.model, said.usage);
        Ok(said)
    }
}
