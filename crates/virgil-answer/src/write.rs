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
use crate::plan::ShownExample;
use crate::retrieve::ScoredPassage;
use crate::select::fitted;
use crate::tools::{MAX_PROPOSING_ROUNDS, MAX_ROUNDS, Tools, offered};

/// What a model is to do.
pub(crate) enum Task {
    /// Write around what is stated already.
    Explain,
    /// Answer, perhaps by a query that is like these.
    Answer(Vec<ShownExample>),
    /// The passages are too weak to answer from: propose a query, or say nothing.
    Propose(Vec<ShownExample>),
}

impl Task {
    /// The examples of what may be proposed.
    pub(crate) fn examples(&self) -> Option<&[ShownExample]> {
        match self {
            Task::Explain => None,
            Task::Answer(examples) | Task::Propose(examples) => Some(examples),
        }
    }
}

/// A language model at the desk of one question.
pub(crate) struct Writer<'a> {
    pub(crate) guide: &'a Guide,
    models: &'a Models,
    pub(crate) model: &'a ModelChoice,
    pub(crate) scope: &'a Scope,
    pub(crate) question: &'a Question,
    pub(crate) events: &'a mpsc::Sender<AnswerEvent>,
}

/// An answer while a model writes it.
struct Page {
    draft: Draft,
    /// How much of its text is stated and not the model's.
    stated: usize,
    /// How the text came about so far.
    stated_mode: Mode,
    /// Whether what the model says reaches nobody.
    silent: bool,
}

impl Guide {
    /// Lets `model` write an answer to `question`.
    pub(crate) fn writer<'a>(
        &'a self,
        model: &'a ModelChoice,
        scope: &'a Scope,
        question: &'a Question,
        events: &'a mpsc::Sender<AnswerEvent>,
    ) -> Result<Writer<'a>, AskError> {
        Ok(Writer {
            guide: self,
            models: self.models().ok_or_else(|| unknown(&model.name, &[]))?,
            model,
            scope,
            question,
            events,
        })
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
}

impl Writer<'_> {
    /// Lets the model write, and sends each sentence when its check is done. What tools bring is added to `passages`; a query
    /// that it proposes is stated before what it says next. A model that may only propose and does not leaves a draft without
    /// facts and text.
    pub(crate) async fn write(
        &self,
        task: Task,
        passages: &mut Vec<ScoredPassage>,
        mut draft: Draft,
    ) -> Result<Draft, AskError> {
        let (guide, model) = (self.guide, self.model);
        let prompts = guide.writing.prompts.current();
        let fence = guide.fence(&self.question.text, passages);
        let offered = if model.tools {
            offered(&task)
        } else {
            Vec::new()
        };
        let prompt = fitted(
            &prompts,
            &self.question.text,
            passages,
            &offered,
            &fence,
            guide.writing.prompt_tokens,
        )?;
        draft.prompt = Some(prompt.shown);
        let mut tools = Tools::new(
            guide,
            self.scope,
            &prompts,
            &fence,
            task.examples().is_some(),
        );
        let mut request = ChatRequest {
            models: model.gateway_names.clone(),
            messages: prompt.messages,
            rounds: Vec::new(),
            tools: offered,
            tool_choice: ToolChoice::Auto,
            max_tokens: model.max_tokens,
            principal: self.scope.principal().to_owned(),
        };
        let purse = guide.purse(self.scope).await?;
        // What is stated already stays as it is; the model writes around it.
        let mut page = Page {
            stated: draft.text.len(),
            stated_mode: draft.mode,
            silent: matches!(task, Task::Propose(_)),
            draft,
        };
        page.draft.mode = Mode::Model;
        page.draft.prompt_hash = Some(prompts.hash().to_owned());
        let most_rounds = if page.silent {
            MAX_PROPOSING_ROUNDS
        } else {
            MAX_ROUNDS
        };
        let mut usage: Option<Usage> = None;
        loop {
            let round = self
                .round(&purse, &request, passages, &mut tools, &mut page)
                .await;
            let round = match round {
                Ok(round) => round,
                Err(error @ (AskError::Gateway(_) | AskError::Budget(_))) => {
                    page.state(&mut tools, self.events).await?;
                    if !page.stands_alone() {
                        return Err(error);
                    }
                    // What the graph states needs no model: it stands, and the asker learns why nothing is around it.
                    let mut draft = page.without_the_model();
                    draft.usage = usage;
                    draft.proposals = tools.proposals;
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
                page.state(&mut tools, self.events).await?;
                if page.says_nothing() && !page.silent && page.stated == 0 {
                    return Err(AskError::Gateway(GatewayError::Broken(format!(
                        "the model `{}` goes on calling tools and gives no answer: ask something more specific, or choose another model",
                        model.name
                    ))));
                }
                page.draft.notice = Some(
                    "The language model wanted to look further than it may: this may not be all."
                        .to_owned(),
                );
                break;
            }
            let mut calls = Vec::with_capacity(round.calls.len());
            for call in round.calls {
                let result = tokio::select! {
                    result = tools.call(&call, passages) => result?,
                    () = self.events.closed() => return Err(AskError::Left),
                };
                calls.push((call, result));
            }
            page.draft.over_the_graph = true;
            request.rounds.push(ToolRound {
                text: round.text,
                calls,
            });
            if request.rounds.len() >= most_rounds || tools.are_used_up() {
                request.tool_choice = ToolChoice::None;
            }
        }
        page.state(&mut tools, self.events).await?;
        page.draft.proposals = tools.proposals;
        if usage.as_ref().is_some_and(|usage| usage.truncated) {
            page.draft.notice = Some("The answer was cut off at its length limit.".to_owned());
        }
        if page.says_nothing() {
            let is_proposed = page
                .draft
                .facts
                .as_ref()
                .is_some_and(|facts| facts.proposed);
            if !is_proposed && !page.silent {
                return Err(AskError::Gateway(GatewayError::Broken(format!(
                    "the model `{}` answered with nothing: try again, or choose another model",
                    model.name
                ))));
            }
            let mut draft = page.without_the_model();
            draft.usage = usage;
            return Ok(draft);
        }
        let mut draft = page.draft;
        draft.usage = usage;
        if draft.citations.is_empty() && draft.notice.is_none() {
            draft.notice =
                Some("The language model cited nothing: take this with care.".to_owned());
        }
        Ok(draft)
    }

    /// One call of the model: its text goes to the page as it comes. Ends when the asker leaves, which ends the request
    /// upstream.
    async fn round(
        &self,
        purse: &Purse<'_>,
        request: &ChatRequest,
        passages: &[ScoredPassage],
        tools: &mut Tools<'_>,
        page: &mut Page,
    ) -> Result<Said, AskError> {
        let mut call = PaidCall::reserve(purse, &*self.models.gateway, self.model, request).await?;
        let outcome = tokio::select! {
            outcome = self.listen(&mut call, passages, tools, page) => outcome,
            () = self.events.closed() => Err(AskError::Left),
        };
        call.settle(outcome).await
    }

    /// Passes the text of the model on, sentence by checked sentence.
    async fn listen(
        &self,
        call: &mut PaidCall<'_>,
        passages: &[ScoredPassage],
        tools: &mut Tools<'_>,
        page: &mut Page,
    ) -> Result<(), AskError> {
        let mut sentences = Sentences::default();
        let mut has_begun = false;
        while let Some(piece) = call.next().await? {
            if !piece.trim().is_empty() {
                page.state(tools, self.events).await?;
            }
            if page.silent {
                continue;
            }
            if !has_begun {
                has_begun = true;
                page.begin_paragraph(self.events).await?;
            }
            for sentence in sentences.push(&piece) {
                page.draft.take(&sentence, passages, self.events).await?;
            }
        }
        if let Some(rest) = sentences.finish() {
            page.draft.take(&rest, passages, self.events).await?;
        }
        Ok(())
    }
}

impl Page {
    /// States what the model proposed last, if anything. From then on nothing more is proposed.
    async fn state(
        &mut self,
        tools: &mut Tools<'_>,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        let Some(proposal) = tools.proposal.take() else {
            return Ok(());
        };
        tools.proposing = false;
        self.begin_paragraph(events).await?;
        self.draft.state(proposal, events).await?;
        self.stated = self.draft.text.len();
        self.stated_mode = Mode::Facts;
        self.silent = false;
        Ok(())
    }

    /// What is said behind facts or after a look at tools is a paragraph of its own; behind a list one line end is not enough.
    async fn begin_paragraph(
        &mut self,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        let paragraph = match self.draft.text.as_str() {
            text if text.is_empty() || text.ends_with("\n\n") => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        self.draft.say(paragraph.to_owned(), events).await
    }

    /// Whether the model has said nothing beside what is stated.
    fn says_nothing(&self) -> bool {
        self.draft.text[self.stated..].trim().is_empty()
    }

    /// Whether something is stated, and nothing of the model is behind it.
    fn stands_alone(&self) -> bool {
        self.stated > 0 && self.draft.text.len() == self.stated
    }

    /// What is stated, as if no model had been asked.
    fn without_the_model(self) -> Draft {
        let mut draft = self.draft;
        draft.mode = self.stated_mode;
        draft.prompt_hash = None;
        draft
    }
}
