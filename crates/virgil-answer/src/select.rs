//! What a prompt shows of the passages that were found, within its budget of tokens.
//!
//! The best passages stand whole, in half of the room. Further ones are cut to the run of lines that covers most of the question, so that
//! more of them fit: where the answer stands far down, a few of its lines are enough. What room is left then makes cut ones whole, the best
//! first. Rows of the graph go first, and take half of it at most. What does not fit is left out, the worst first; numbers are positions
//! among what stays.

use virgil_gateway::{Message, Tool};
use virgil_model::{Evidence, LineSpan};

use crate::extract::{QuestionTerms, extract};
use crate::prompt::{Prompts, PromptsError, visible};
use crate::retrieve::ScoredPassage;
use crate::rows::is_row;
use crate::tokens::tokens;

/// The share of the room for passages that stand whole. Chosen with [`CUT_CHARACTERS`] on the tuning halves of 218 questions; from 0.4 to
/// 0.6 there is no difference beyond a question or two. `docs/evaluation.md` says what 3,000 tokens lose against 8,000.
const WHOLE_SHARE: f32 = 0.5;
/// The characters of further ones.
const CUT_CHARACTERS: usize = 440;
/// The characters of the best passage where the question and the rules leave no room for it.
const LEAST_CHARACTERS: usize = 400;
/// The tokens of a fence line beside what it names.
const FENCE_LINE: usize = 19;

/// What a prompt shows of one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its position among the passages; its number is one more.
    pub(crate) index: usize,
    /// Its text, or the lines of it that are shown.
    pub(crate) text: String,
    /// Where these lines stand.
    pub(crate) lines: LineSpan,
}

/// What a language model is given, or would be given, for an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptShown {
    /// Its size, estimated.
    pub tokens: usize,
    /// The most that it may have.
    pub max_tokens: usize,
    /// The passages, or the lines of them, that it shows.
    pub passages: Vec<(Evidence, String)>,
}

/// A prompt, and what it shows of the passages.
pub(crate) struct FittedPrompt {
    pub(crate) messages: Vec<Message>,
    pub(crate) shown: PromptShown,
}

/// The prompt for a question with as many of `passages`, best first, as `max_tokens` allow together with the rules and the
/// definitions of `tools`. What is not shown leaves `passages`.
pub(crate) fn fitted(
    prompts: &Prompts,
    question: &str,
    passages: &mut Vec<ScoredPassage>,
    tools: &[Tool],
    fence: &str,
    max_tokens: usize,
) -> Result<FittedPrompt, PromptsError> {
    let texts = passages.iter().map(|scored| scored.passage.text.as_str());
    let terms = QuestionTerms::weigh(question, texts);
    let tools: usize = tools.iter().map(tool_tokens).sum();
    let size = |messages: &[Message]| {
        let messages = messages.iter().map(|message| tokens(&message.content));
        tools + messages.sum::<usize>()
    };
    let frame = prompts.render(question, &[], &[], fence)?;
    let mut room = max_tokens.saturating_sub(size(&frame));
    loop {
        let mut kept = passages.clone();
        let shown = select(&mut kept, &terms, room);
        let messages = prompts.render(question, &kept, &shown, fence)?;
        let tokens = size(&messages);
        if tokens > max_tokens && shown.len() > 1 && room > 0 {
            // The platform's own templates may need more for each passage.
            room = room.saturating_sub(tokens - max_tokens);
            continue;
        }
        let places = shown.into_iter().map(|shown| {
            let mut evidence = kept[shown.index].passage.evidence.clone();
            evidence.lines = shown.lines;
            (evidence, shown.text)
        });
        let shown = PromptShown {
            tokens,
            max_tokens,
            passages: places.collect(),
        };
        *passages = kept;
        return Ok(FittedPrompt { messages, shown });
    }
}

fn tool_tokens(tool: &Tool) -> usize {
    tokens(&tool.name) + tokens(&tool.description) + tokens(&tool.parameters.to_string())
}

/// All of every passage.
pub(crate) fn whole(passages: &[ScoredPassage]) -> Vec<Shown> {
    let numbered = passages.iter().enumerate();
    numbered
        .map(|(index, scored)| show(index, scored, None))
        .collect()
}

/// Chooses what fits into `room` tokens. Passages that are not shown leave `passages`, apart from rows of the graph, whose
/// numbers the answer has used already. The best passage is always shown, if only in part.
pub(crate) fn select(
    passages: &mut Vec<ScoredPassage>,
    terms: &QuestionTerms,
    room: usize,
) -> Vec<Shown> {
    let mut left = room;
    // Rows are stated already, whatever is shown of them: passages need room beside them.
    let mut left_for_rows = room / 2;
    let mut left_for_whole = None;
    let mut shown: Vec<Shown> = Vec::new();
    let mut kept: Vec<ScoredPassage> = Vec::with_capacity(passages.len());
    // Where the first of the cut passages stands in `shown`.
    let mut first_cut = None;
    let mut is_full = false;
    for scored in passages.drain(..) {
        if is_row(&scored) {
            let row = show(kept.len(), &scored, None);
            let cost = cost_of(&row, &scored);
            left_for_rows = left_for_rows.saturating_sub(cost);
            if left_for_rows > 0 {
                left -= cost;
                shown.push(row);
            }
            kept.push(scored);
            continue;
        }
        // A shorter one further down would fit, and tell less: the order of ranks is kept.
        if is_full {
            continue;
        }
        let is_best = left_for_whole.is_none();
        let whole_room = left_for_whole.unwrap_or((left as f32 * WHOLE_SHARE) as usize);
        let cut = first_cut.map(|_| (terms, CUT_CHARACTERS));
        let mut candidate = show(kept.len(), &scored, cut);
        let mut cost = cost_of(&candidate, &scored);
        if is_best && cost > left {
            candidate = show(kept.len(), &scored, Some((terms, LEAST_CHARACTERS)));
            cost = cost_of(&candidate, &scored).min(left);
        } else if !is_best && first_cut.is_none() && cost > whole_room {
            first_cut = Some(shown.len());
            candidate = show(kept.len(), &scored, Some((terms, CUT_CHARACTERS)));
            cost = cost_of(&candidate, &scored);
        }
        left_for_whole = Some(whole_room.saturating_sub(cost));
        is_full = cost > left;
        if !is_full {
            left -= cost;
            shown.push(candidate);
            kept.push(scored);
        }
    }
    for cut in shown.iter_mut().skip(first_cut.unwrap_or(usize::MAX)) {
        let scored = &kept[cut.index];
        let whole = show(cut.index, scored, None);
        let more = cost_of(&whole, scored).saturating_sub(cost_of(cut, scored));
        if more > left {
            break;
        }
        left -= more;
        *cut = whole;
    }
    *passages = kept;
    shown
}

fn cost_of(shown: &Shown, scored: &ScoredPassage) -> usize {
    let passage = &scored.passage;
    let place = tokens(&passage.evidence.path) + tokens(&passage.evidence.source);
    let breadcrumb: usize = passage.breadcrumb.iter().map(|part| tokens(part) + 1).sum();
    tokens(&shown.text) + place + breadcrumb + FENCE_LINE
}

fn show(index: usize, scored: &ScoredPassage, cut: Option<(&QuestionTerms, usize)>) -> Shown {
    let passage = &scored.passage;
    let lines = passage.evidence.lines;
    let Some((terms, most)) = cut.filter(|(_, most)| passage.text.chars().count() > *most) else {
        return Shown {
            index,
            text: visible(&passage.text),
            lines,
        };
    };
    let part = extract(&passage.text, terms, most);
    // Lines are counted inside the passage only where it repeats the asset line by line.
    let counts = passage.text.split('\n').count() as u32 == lines.end - lines.start + 1;
    let first = lines.start + part.first_line as u32;
    Shown {
        index,
        text: visible(&part.text),
        lines: if counts {
            LineSpan::new(first, first + part.line_count as u32 - 1)
        } else {
            lines
        },
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use virgil_model::{AssetId, Content, LabelId, PointId};
    use virgil_store::Passage;

    use super::*;

    /// A passage of so many lines of ten words, with a point of its own.
    fn passage(number: u32, lines: u32, line: &str) -> ScoredPassage {
        ScoredPassage {
            passage: Passage {
                point: PointId(Uuid::from_u128(u128::from(number) + 1)),
                asset: AssetId(i64::from(number)),
                ordinal: 0,
                title: "Notebooks".into(),
                evidence: Evidence {
                    source: "handbook".into(),
                    path: format!("docs/{number}.md"),
                    commit: None,
                    lines: LineSpan::new(11, 10 + lines),
                    url: None,
                },
                content: Content::Prose,
                breadcrumb: vec!["Notebooks".into()],
                text: vec![line; lines as usize].join("\n"),
                label: LabelId(1),
            },
            score: 1.0 / (number as f32 + 1.0),
            dense: None,
            sparse: None,
        }
    }

    const LINE: &str = "the quick brown fox jumps over the lazy sleeping dog";

    fn fit(passages: &mut Vec<ScoredPassage>, question: &str, max_tokens: usize) -> FittedPrompt {
        let prompts = Prompts::load(None).expect("the built-in prompts");
        fitted(
            &prompts,
            question,
            passages,
            &[],
            "=== 0123456789abcdef ===",
            max_tokens,
        )
        .expect("a prompt")
    }

    #[test]
    fn a_prompt_keeps_to_its_budget_and_uses_it() {
        for max_tokens in [1_000, 3_000, 8_000] {
            let mut passages: Vec<_> = (0..60).map(|number| passage(number, 20, LINE)).collect();
            let prompt = fit(&mut passages, "who owns the fox?", max_tokens);
            let used = prompt.shown.tokens;
            assert!(
                used <= max_tokens && used + max_tokens / 10 + 300 > max_tokens,
                "{used} of {max_tokens}"
            );
            assert_eq!(prompt.shown.passages.len(), passages.len());
            let text = &prompt.messages[1].content;
            for number in 1..=passages.len() {
                assert!(text.contains(&format!(
                    " passage {number}: handbook docs/{}.md",
                    number - 1
                )));
            }
        }
    }

    #[test]
    fn what_stands_far_down_is_cut_to_the_lines_that_answer() {
        let mut passages: Vec<_> = (0..12).map(|number| passage(number, 20, LINE)).collect();
        let mut lines = vec![LINE; 20];
        lines[12] = "a notebook with a GPU is granted for a week";
        passages[9].passage.text = lines.join("\n");
        let prompt = fit(&mut passages, "How do I get a GPU notebook?", 3_000);
        let (evidence, text) = &prompt.shown.passages[9];
        assert!(text.contains("granted for a week"), "{text}");
        assert!(text.lines().count() < 20);
        let at = text
            .lines()
            .position(|line| line.contains("GPU"))
            .expect("the line");
        assert_eq!(evidence.lines.start as usize + at, 11 + 12);
        assert_eq!(
            prompt.shown.passages[0].1.lines().count(),
            20,
            "the best stand whole"
        );
    }

    #[test]
    fn nothing_is_cut_where_there_is_room() {
        let mut passages: Vec<_> = (0..12).map(|number| passage(number, 20, LINE)).collect();
        let prompt = fit(&mut passages, "How do I get a GPU notebook?", 8_000);
        assert_eq!(prompt.shown.passages.len(), 12);
        for (_, text) in &prompt.shown.passages {
            assert_eq!(text.lines().count(), 20);
        }
    }

    #[test]
    fn the_best_passage_is_there_even_without_room() {
        let mut passages = vec![passage(0, 40, LINE), passage(1, 40, LINE)];
        let prompt = fit(&mut passages, &"why ".repeat(1_000), 1_000);
        assert_eq!(prompt.shown.passages.len(), 1);
        assert_eq!(passages.len(), 1);
        assert!(prompt.shown.passages[0].1.chars().count() <= LEAST_CHARACTERS);
    }

    #[test]
    fn rows_keep_their_numbers_when_they_do_not_fit() {
        let mut passages: Vec<_> = (0..40).map(|number| passage(number, 10, LINE)).collect();
        for row in &mut passages[..30] {
            row.passage.point = PointId(Uuid::nil());
        }
        let prompt = fit(&mut passages, "who?", 1_500);
        let rows = prompt.shown.passages.iter().filter(|(evidence, _)| {
            passages[..30]
                .iter()
                .any(|row| row.passage.evidence.path == evidence.path)
        });
        let rows = rows.count();
        assert!((1..30).contains(&rows), "{rows}");
        assert!(
            prompt.shown.passages.len() > rows,
            "passages have room beside rows"
        );
        assert!(
            passages.len() > 30,
            "rows that are not shown keep their numbers"
        );
        let text = &prompt.messages[1].content;
        assert!(text.contains(" passage 31: handbook docs/30.md"), "{text}");
    }
}
