//! The way of a question: search, judge the evidence, then extract or let the model write, and check.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use futures::StreamExt;
use tokio::sync::mpsc;
use virgil_gateway::{ChatEvent, ChatModel, ChatRequest, GatewayError, Usage};
use virgil_index::{Embedder, VectorIndex};
use virgil_model::{Content, LineSpan, Scope};
use virgil_store::Store;

use crate::answer::{Answer, AnswerEvent, Citation, CitationState, Freshness, Mode, Stage};
use crate::cite::{Sentences, check, numbers, sanitise};
use crate::extract::{QuestionTerms, extract};
use crate::fuse::Weights;
use crate::prompt::{Prompts, PromptsError};
use crate::retrieve::{Query, ScoredPassage};

/// How many passages are found for a question.
const PASSAGES: usize = 12;
/// How many of them an answer without a language model quotes.
const EXTRACTS: usize = 4;
/// How many characters an extract may have.
const EXTRACT_CHARACTERS: usize = 600;
/// The share of the question's weighted terms that the best passages must hold, when meaning alone is not near.
const MIN_COVERAGE: f32 = 0.5;
/// The cosine similarity at which a passage counts as near by meaning alone.
const NEAR_BY_MEANING: f32 = 0.48;
/// The cosine similarity below which shared words are taken for chance.
const FAR_BY_MEANING: f32 = 0.32;

/// Answers questions.
pub struct Guide {
    pub(crate) store: Store,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) weights: Weights,
    pub(crate) index: Arc<dyn VectorIndex>,
    model: Option<Model>,
    prompts: Prompts,
}

/// The language model and how much it may write.
#[derive(Clone)]
pub struct Model {
    /// The model.
    pub chat: Arc<dyn ChatModel>,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words.
    pub text: String,
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The gateway refused or broke off; the text so far stands.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The prompts cannot be used.
    #[error(transparent)]
    Prompts(#[from] PromptsError),
    /// Store, index or embedder failed.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
    /// The asker left.
    #[error("the asker left")]
    Left,
}

impl Guide {
    /// A guide over a store, an index and an embedder that fit together; without a `model` it answers by extracts.
    pub fn new(
        store: Store,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        model: Option<Model>,
        prompts: Prompts,
    ) -> Guide {
        Guide {
            store,
            embedder,
            weights: Weights::default(),
            index,
            model,
            prompts,
        }
    }

    /// Answers `question` for whoever `scope` belongs to, telling `events` on the way; the last event is the
    /// answer. Ends early when nobody listens any more, which also cancels the language model.
    pub async fn ask(
        &self,
        scope: &Scope,
        question: &Question,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        tell(events, AnswerEvent::Stage(Stage::Searching)).await?;
        let query = Query {
            text: question.text.clone(),
            limit: PASSAGES,
            sources: None,
        };
        let passages = self.search(scope, &query).await?;
        tell(
            events,
            AnswerEvent::Stage(Stage::Answering {
                passages: passages.len(),
            }),
        )
        .await?;

        let terms = QuestionTerms::weigh(
            &question.text,
            passages.iter().map(|scored| scored.passage.text.as_str()),
        );
        let mut draft = if is_weak(&terms, &passages) {
            abstain(question, &passages, events).await?
        } else {
            match &self.model {
                None => extracts(&terms, &passages, events).await?,
                Some(model) => {
                    self.write(model, scope, question, &passages, events)
                        .await?
                }
            }
        };
        let freshness = self.freshness(scope, &passages).await?;
        for citation in &mut draft.citations {
            let fresh = freshness
                .iter()
                .find(|fresh| fresh.source == citation.evidence.source);
            citation.synced_at = fresh.and_then(|fresh| fresh.synced_at.clone());
        }
        let answer = Answer {
            text: draft.text,
            citations: draft.citations,
            passages,
            abstained: draft.abstained,
            mode: draft.mode,
            notice: draft.notice,
            freshness,
            prompt_hash: draft
                .usage
                .is_some()
                .then(|| self.prompts.hash().to_owned()),
            usage: draft.usage,
        };
        tell(events, AnswerEvent::Answer(Box::new(answer))).await
    }

    /// Lets the language model write, and sends each sentence when its check is done.
    async fn write(
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

    async fn freshness(
        &self,
        scope: &Scope,
        passages: &[ScoredPassage],
    ) -> anyhow::Result<Vec<Freshness>> {
        let cited: BTreeSet<&str> = passages
            .iter()
            .map(|scored| scored.passage.evidence.source.as_str())
            .collect();
        let sources = self
            .store
            .sources(scope)
            .await
            .context("the sources cannot be read")?;
        Ok(sources
            .into_iter()
            .filter(|source| cited.contains(source.name.as_str()))
            .map(|source| Freshness {
                state: source.state.name().to_owned(),
                source: source.name,
                synced_at: source.synced_at.map(|at| at.to_string()),
                commit: source.commit,
            })
            .collect())
    }
}

/// An answer on its way.
struct Draft {
    text: String,
    citations: Vec<Citation>,
    abstained: bool,
    mode: Mode,
    notice: Option<String>,
    usage: Option<Usage>,
}

impl Draft {
    fn new(mode: Mode) -> Draft {
        Draft {
            text: String::new(),
            citations: Vec::new(),
            abstained: false,
            mode,
            notice: None,
            usage: None,
        }
    }

    async fn say(
        &mut self,
        text: String,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        if text.is_empty() {
            return Ok(());
        }
        self.text.push_str(&text);
        tell(events, AnswerEvent::Text(text)).await
    }

    /// Checks a sentence of the model, notes what it cites and sends it.
    async fn take(
        &mut self,
        sentence: &str,
        passages: &[ScoredPassage],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        let sentence = sanitise(sentence, passages.len());
        let cited = numbers(&sentence);
        let state = check(
            &sentence,
            cited
                .iter()
                .map(|number| passages[number - 1].passage.text.as_str()),
        );
        for number in cited {
            match self
                .citations
                .iter_mut()
                .find(|citation| citation.number == number)
            {
                Some(citation) => citation.state = weaker(citation.state, state),
                None => {
                    let scored = &passages[number - 1];
                    let terms = QuestionTerms::weigh(&sentence, [scored.passage.text.as_str()]);
                    let citation = cite(number, scored, &terms, state);
                    self.citations.push(citation.clone());
                    tell(events, AnswerEvent::Citation(citation)).await?;
                }
            }
        }
        self.say(sentence, events).await
    }
}

/// The weaker of two states: a citation is as good as the worst sentence that rests on it.
fn weaker(a: CitationState, b: CitationState) -> CitationState {
    let rank = |state| match state {
        CitationState::NotVerified => 0,
        CitationState::Matched => 1,
        CitationState::Quoted => 2,
    };
    if rank(a) <= rank(b) { a } else { b }
}

/// A citation of the lines of a passage that `terms` point to.
fn cite(
    number: usize,
    scored: &ScoredPassage,
    terms: &QuestionTerms,
    state: CitationState,
) -> Citation {
    let passage = &scored.passage;
    let found = extract(&passage.text, terms, EXTRACT_CHARACTERS);
    let mut evidence = passage.evidence.clone();
    let lines = evidence.lines;
    // Lines are counted inside the passage only where it repeats the asset line by line.
    if passage.text.split('\n').count() as u32 == lines.end - lines.start + 1 {
        let start = lines.start + found.first_line as u32;
        let narrowed = LineSpan::new(start, start + found.line_count as u32 - 1);
        evidence.url = evidence
            .url
            .map(|url| url.replace(&anchor(lines), &anchor(narrowed)));
        evidence.lines = narrowed;
    }
    Citation {
        number,
        title: passage.title.clone(),
        evidence,
        quote: found.text,
        synced_at: None,
        state,
        score: scored.score,
    }
}

fn anchor(lines: LineSpan) -> String {
    format!("#L{}-L{}", lines.start, lines.end)
}

/// Answers with the lines of the best passages that cover the question, verbatim.
async fn extracts(
    terms: &QuestionTerms,
    passages: &[ScoredPassage],
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let mut draft = Draft::new(Mode::Extract);
    draft.notice = Some(
        "No language model is configured: these are the passages that fit best, word for word."
            .to_owned(),
    );
    let best = passages.first().map_or(0.0, |scored| scored.score);
    let near = passages
        .iter()
        .filter(|scored| scored.score >= best * 0.5)
        .take(EXTRACTS);
    for (index, scored) in near.enumerate() {
        let citation = cite(index + 1, scored, terms, CitationState::Quoted);
        let passage = &scored.passage;
        let place = std::iter::once(passage.title.as_str())
            .chain(
                passage
                    .breadcrumb
                    .iter()
                    .map(String::as_str)
                    .filter(|part| *part != passage.title),
            )
            .collect::<Vec<_>>()
            .join(" › ");
        let text = format!(
            "**{}** [{}]\n\n{}\n\n",
            plain(&place),
            citation.number,
            quoted(&citation.quote, passage.content)
        );
        tell(events, AnswerEvent::Citation(citation.clone())).await?;
        draft.citations.push(citation);
        draft.say(text, events).await?;
    }
    Ok(draft)
}

/// Text that stands inside bold Markdown without ending it or starting anything else.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '*' | '_' | '[' | ']' | '<' | '>' | '`' | '!' | '\\') {
                format!("\\{c}")
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// A quote as Markdown: prose as a quotation without live links, everything else as a code block.
fn quoted(text: &str, content: Content) -> String {
    if content == Content::Prose {
        // No passage has more numbers to cite, so that every bracketed number stays plain text.
        return text
            .lines()
            .map(|line| format!("> {}", sanitise(&escape_citations(line), 0)))
            .collect::<Vec<_>>()
            .join("\n");
    }
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}\n{text}\n{ticks}")
}

/// Numbers in brackets inside a quote are the document's own, not citations.
fn escape_citations(line: &str) -> String {
    if numbers(line).is_empty() {
        line.to_owned()
    } else {
        line.replace('[', "(").replace(']', ")")
    }
}

/// Whether the passages are too far from the question to answer it.
fn is_weak(terms: &QuestionTerms, passages: &[ScoredPassage]) -> bool {
    let nearest = passages
        .iter()
        .filter_map(|scored| scored.dense)
        .fold(0.0_f32, f32::max);
    let texts: Vec<String> = passages
        .iter()
        .take(EXTRACTS)
        .map(|scored| {
            let passage = &scored.passage;
            let place = format!("{} {}", passage.evidence.path, passage.breadcrumb.join(" "));
            format!("{place} {}", passage.text)
        })
        .collect();
    let coverage = terms.coverage(&texts.join(" "));
    tracing::debug!(nearest, coverage, "evidence");
    if terms.is_empty() {
        return nearest < NEAR_BY_MEANING;
    }
    nearest < FAR_BY_MEANING || (coverage < MIN_COVERAGE && nearest < NEAR_BY_MEANING)
}

/// Says that nothing was found that answers, and what is near.
async fn abstain(
    question: &Question,
    passages: &[ScoredPassage],
    events: &mpsc::Sender<AnswerEvent>,
) -> Result<Draft, AskError> {
    let mut draft = Draft::new(Mode::Extract);
    draft.abstained = true;
    let asked = plain(question.text.trim());
    if passages.is_empty() {
        draft
            .say(
                format!("I looked for “{asked}” and found nothing in what you may see."),
                events,
            )
            .await?;
        return Ok(draft);
    }
    draft
        .say(
            format!("I looked for “{asked}” and found nothing that answers it. The nearest that I found:\n\n"),
            events,
        )
        .await?;
    let mut titles = BTreeSet::new();
    for scored in passages {
        let passage = &scored.passage;
        if titles.len() == 3 || !titles.insert(&passage.title) {
            continue;
        }
        let number = draft.citations.len() + 1;
        let terms = QuestionTerms::weigh(&question.text, [passage.text.as_str()]);
        let citation = cite(number, scored, &terms, CitationState::Quoted);
        tell(events, AnswerEvent::Citation(citation.clone())).await?;
        draft.citations.push(citation);
        let line = format!(
            "- {} ({}) [{number}]\n",
            plain(&passage.title),
            plain(&passage.evidence.path)
        );
        draft.say(line, events).await?;
    }
    Ok(draft)
}

/// A line that stands around passages in a prompt. It is random, so that no document can hold it.
fn fence() -> String {
    format!("=== {} ===", uuid::Uuid::new_v4().simple())
}

async fn tell(events: &mpsc::Sender<AnswerEvent>, event: AnswerEvent) -> Result<(), AskError> {
    events.send(event).await.map_err(|_| AskError::Left)
}
