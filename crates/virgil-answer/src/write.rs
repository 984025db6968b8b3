//! Letting the language model write, sentence by checked sentence.

use futures::StreamExt;
use tokio::sync::mpsc;
use virgil_gateway::{ChatEvent, ChatRequest};
use virgil_model::Scope;

use crate::answer::{AnswerEvent, Mode};
use crate::cite::Sentences;
use crate::draft::Draft;
use crate::guide::{AskError, Guide, Model, Question};
use crate::retrieve::ScoredPassage;

impl Guide {
    /// Lets the language model write, and sends each sentence when its check is done.
    pub(crate) async fn write(
        &self,
        model: &Model,
        scope: &Scope,
        question: &Question,
        passages: &[ScoredPassage],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Draft, AskError> {
        let messages = self.prompts.render(&question.text, passages, &fence())?;
        let request = ChatRequest {
            messages,
            max_tokens: model.max_tokens,
            principal: scope.principal().to_owned(),
        };
        let mut stream = model.chat.chat(request).await?;
        let mut draft = Draft::new(Mode::Model);
        let mut sentences = Sentences::default();
        while let Some(event) = stream.next().await {
            match event? {
                ChatEvent::Text(piece) => {
                    for sentence in sentences.push(&piece) {
                        draft.take(&sentence, passages, events).await?;
                    }
                }
                ChatEvent::Done(usage) => {
                    if usage.truncated {
                        draft.notice =
                            Some("The answer was cut off at its length limit.".to_owned());
                    }
                    draft.usage = Some(usage);
                }
            }
        }
        if let Some(rest) = sentences.finish() {
            draft.take(&rest, passages, events).await?;
        }
        if draft.citations.is_empty() && draft.notice.is_none() {
            draft.notice =
                Some("The language model cited nothing: take this with care.".to_owned());
        }
        Ok(draft)
    }
}

/// A line that stands around passages in a prompt. It is random, so that no document can hold it.
fn fence() -> String {
    format!("=== {} ===", uuid::Uuid::new_v4().simple())
}
