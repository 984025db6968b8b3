//! An answer while it is made: its text so far and what it cites.

use tokio::sync::mpsc;
use virgil_gateway::Usage;
use virgil_model::LineSpan;

use crate::answer::{AnswerEvent, Citation, CitationState, Mode};
use crate::cite::{Cited, Sanitiser, check_citation, numbers};
use crate::exact::{ExactAnswer, Picture};
use crate::extract::{QuestionTerms, extract};
use crate::guide::{AskError, tell};
use crate::plan::{Choices, ExplainedProposal};
use crate::retrieve::ScoredPassage;
use crate::select::PromptShown;

/// How many characters an extract may have.
const EXTRACT_CHARACTERS: usize = 600;

/// An answer on its way.
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) citations: Vec<Citation>,
    pub(crate) abstained: bool,
    pub(crate) mode: Mode,
    pub(crate) notice: Option<String>,
    pub(crate) usage: Option<Usage>,
    pub(crate) prompt_hash: Option<String>,
    /// What a language model was given.
    pub(crate) prompt: Option<PromptShown>,
    sanitiser: Sanitiser,
    pub(crate) facts: Option<ExactAnswer>,
    pub(crate) graph: Option<Picture>,
    pub(crate) choices: Option<Choices>,
    /// What a language model proposed to compute.
    pub(crate) proposals: Vec<ExplainedProposal>,
    /// Whether it tells something that the graph was asked for.
    pub(crate) over_the_graph: bool,
}

impl Draft {
    pub(crate) fn new(mode: Mode) -> Draft {
        Draft {
            text: String::new(),
            citations: Vec::new(),
            abstained: false,
            mode,
            notice: None,
            usage: None,
            prompt_hash: None,
            prompt: None,
            sanitiser: Sanitiser::default(),
            facts: None,
            graph: None,
            choices: None,
            proposals: Vec::new(),
            over_the_graph: false,
        }
    }

    /// The number of what is cited next.
    pub(crate) fn next_number(&self) -> usize {
        let numbers = self.citations.iter().map(|citation| citation.number);
        numbers.max().unwrap_or_default() + 1
    }

    /// Adds a piece of text and sends it.
    pub(crate) async fn say(
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
    pub(crate) async fn take(
        &mut self,
        sentence: &str,
        passages: &[ScoredPassage],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<(), AskError> {
        let sentence = self.sanitiser.take(sentence, passages.len());
        let cited = numbers(&sentence);
        let contexts: Vec<String> = cited
            .iter()
            .map(|number| context_of(&passages[number - 1]))
            .collect();
        let evidence: Vec<Cited<'_>> = cited
            .iter()
            .zip(&contexts)
            .map(|(number, context)| Cited {
                context,
                text: &passages[number - 1].passage.text,
            })
            .collect();
        let state = check_citation(&sentence, &evidence);
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

/// Where a passage stands, for names that its own text need not repeat.
fn context_of(scored: &ScoredPassage) -> String {
    let passage = &scored.passage;
    format!(
        "{} {} {}",
        passage.title,
        passage.evidence.path,
        passage.breadcrumb.join(" > ")
    )
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
pub(crate) fn cite(
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
