//! Letting the language model write, sentence by checked sentence, with tools if it knows any.

use tokio::sync::mpsc;
use virgil_gateway::{ChatRequest, GatewayError, ToolChoice, ToolRound, Usage};
use virgil_model::Scope;

use crate::answer::{AnswerEvent, Mode};
use crate::budget::Purse;
use crate::cite::Sentences;
use crate::draft::Draft;
use crate::guide::{AskError, Guide, Question};
use crate::models::{ModelChoice, Models, unknown};
use crate::paid::{PaidCall, Said};
use crate::retrieve::ScoredPassage;
use crate::select::fitted;
use crate::tools::{MAX_ROUNDS, Tools, offered};

impl Guide {
    /// Lets the language model write, and sends each sentence when its check is done. What tools bring is added to
    /// `passages`.
    pub(crate) async fn write(
        &self,
        model: &ModelChoice,
        scope: &Scope,
        question: &Question,
        passages: &mut Vec<ScoredPassage>,
        mut draft: Draft,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Draft, AskError> {
        let models = self.models().ok_or_else(|| unknown(&model.name, &[]))?;
        let prompts = self.writing.prompts.current();
        let fence = self.fence(&question.text, passages);
        let offered = if model.tools { offered() } else { Vec::new() };
        let prompt = fitted(
            &prompts,
            &question.text,
            passages,
            &offered,
            &fence,
            self.writing.prompt_tokens,
        )?;
        draft.prompt = Some(prompt.shown);
        let mut tools = Tools::new(self, scope, &prompts, &fence);
        let mut request = ChatRequest {
            models: model.gateway_names.clone(),
            messages: prompt.messages,
            rounds: Vec::new(),
            tools: offered,
            tool_choice: ToolChoice::Auto,
            max_tokens: model.max_tokens,
            principal: scope.principal().to_owned(),
        };
        let purse = self.purse(scope).await?;
        // What is stated already stays as it is; the model writes around it.
        let stated = draft.text.len();
        let stated_mode = draft.mode;
        draft.mode = Mode::Model;
        draft.prompt_hash = Some(prompts.hash().to_owned());
        let mut usage: Option<Usage> = None;
        loop {
            let round = self
                .round(
                    models, model, &purse, &request, passages, &mut draft, events,
                )
                .await;
            let round = match round {
                Ok(round) => round,
                // What the graph states needs no model: it stands, and the asker learns why nothing is around it.
                Err(error @ (AskError::Gateway(_) | AskError::Budget(_)))
                    if stated > 0 && draft.text.len() == stated =>
                {
                    draft.mode = stated_mode;
                    draft.prompt_hash = None;
                    draft.usage = usage;
                    draft.notice = Some(format!("The language model added nothing: {error}."));
                    return Ok(draft);
                }
                Err(error) => return Err(error),
            };
            usage = Some(match usage {
                None => round.usage,
                Some(before) => before.and_then(round.usage),
            });
            if round.calls.is_empty() {
                break;
            }
            if request.tool_choice == ToolChoice::None || request.tools.is_empty() {
                if draft.text[stated..].trim().is_empty() {
                    return Err(AskError::Gateway(GatewayError::Broken(format!(
                        "the model `{}` goes on calling tools and gives no answer: ask something more specific, or choose another model",
                        model.name
                    ))));
                }
                draft.notice = Some(
                    "The language model wanted to look further than it may: this may not be all."
                        .to_owned(),
                );
                break;
            }
            let mut calls = Vec::with_capacity(round.calls.len());
            for call in round.calls {
                let result = tokio::select! {
                    result = tools.call(&call, passages) => result?,
                    () = events.closed() => return Err(AskError::Left),
                };
                calls.push((call, result));
            }
            draft.over_the_graph = true;
            request.rounds.push(ToolRound {
                text: round.text,
                calls,
            });
            if request.rounds.len() >= MAX_ROUNDS || tools.are_used_up() {
                request.tool_choice = ToolChoice::None;
            }
        }
        if usage.as_ref().is_some_and(|usage| usage.truncated) {
            draft.notice = Some("The answer was cut off at its length limit.".to_owned());
        }
        draft.usage = usage;
        if draft.text[stated..].trim().is_empty() {
            return Err(AskError::Gateway(GatewayError::Broken(format!(
                "the model `{}` answered with nothing: try again, or choose another model",
                model.name
            ))));
        }
        if draft.citations.is_empty() && draft.notice.is_none() {
            draft.notice =
                Some("The language model cited nothing: take this with care.".to_owned());
        }
        Ok(draft)
    }

    /// A line that stands around passages in a prompt. No document can hold it: it follows from a secret of this process, and
    /// from everything that it stands around. The same question over the same passages gets the same one, so that caches of
    /// the gateway and of the model behind it can do their work.
    pub(crate) fn fence(&self, question: &str, passages: &[ScoredPassage]) -> String {
        let texts = passages.iter().map(|scored| scored.passage.text.as_str());
        self.fence_around(question, texts)
    }

    /// The same around other texts.
    pub(crate) fn fence_around<'t>(
        &self,
        question: &str,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.fence_key);
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(question.as_bytes());
        format!("=== {} ===", &hasher.finalize().to_hex()[..16])
    }

    /// One call of the model: its text goes to `draft` as it comes. Ends when the asker leaves, which ends the request
    /// upstream.
    #[expect(
        clippy::too_many_arguments,
        reason = "a step of `write`, which owns all of it"
    )]
    async fn round(
        &self,
        models: &Models,
        model: &ModelChoice,
        purse: &Purse<'_>,
        request: &ChatRequest,
        passages: &[ScoredPassage],
        draft: &mut Draft,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Said, AskError> {
        let mut call = PaidCall::reserve(purse, &*models.gateway, model, request).await?;
        let outcome = tokio::select! {
            outcome = listen(&mut call, passages, draft, events) => outcome,
            () = events.closed() => Err(AskError::Left),
        };
        call.settle(outcome).await
    }
}

/// Passes the text of a model on, sentence by checked sentence.
async fn listen(
    call: &mut PaidCall<'_>,
    passages: &[ScoredPassage],
    draft: &mut Draft,
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<(), AskError> {
    let mut sentences = Sentences::default();
    // What is said behind facts or after a look at tools is a paragraph of its own; behind a list one line end is not enough.
    let mut break_before = match draft.text.as_str() {
        text if text.is_empty() || text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    while let Some(piece) = call.next().await? {
        let paragraph = std::mem::take(&mut break_before);
        draft.say(paragraph.to_owned(), events).await?;
        for sentence in sentences.push(&piece) {
            draft.take(&sentence, passages, events).await?;
        }
    }
    if let Some(rest) = sentences.finish() {
        draft.take(&rest, passages, events).await?;
    }
    Ok(())
}
