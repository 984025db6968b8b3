//! What a run amounts to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::{Measure, recall};
use crate::run::{Asked, Citations, Item, Outcome, Run, Usage};

/// How far the recall curve goes.
pub(crate) const CURVE: u32 = 20;

/// What a run amounts to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How many wordings and queries were asked.
    pub asked: usize,
    /// How many of them are as they should be.
    pub right: usize,
    /// The mean of each measure, over the questions that it is about.
    pub measures: Vec<Mean>,
    /// What came of each kind of question.
    pub kinds: Vec<Kind>,
    /// The exact answers of each half, and what each is about.
    pub by_split: Vec<Group>,
    /// The same by what the questions are about.
    pub by_about: Vec<Group>,
    /// The mean recall among the first 1, 2, … passages.
    pub recall_curve: Vec<f64>,
    /// How many citations were in which state.
    pub citations: Citations,
    /// Milliseconds until the first words.
    pub first_text_ms: Option<Spread>,
    /// Milliseconds until the whole answer.
    pub answer_ms: Option<Spread>,
    /// Estimated tokens of prompts.
    pub prompt_tokens: Option<Spread>,
    /// What the language model took in all.
    pub usage: Usage,
    /// How many answers had been written before.
    pub cached: usize,
}

/// The mean of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// What was measured.
    pub measure: Measure,
    /// Over how many questions.
    pub questions: usize,
    /// From 0 to 1.
    pub mean: f64,
}

/// What came of a kind of question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kind {
    /// The kind.
    pub asked: Asked,
    /// How many there were.
    pub questions: usize,
    /// How often what came of them.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// What the language model took for them; `None` if it took part in none.
    pub usage: Option<Usage>,
}

impl Kind {
    /// What came of them, in words: `3 exact, 1 wrong`.
    pub(crate) fn outcomes_in_words(&self) -> String {
        let counts = self.outcomes.iter();
        let words: Vec<String> = counts
            .map(|(outcome, count)| format!("{count} {}", outcome.title()))
            .collect();
        words.join(", ")
    }

    /// What they took of the language model, in words, if anything: `2100 + 340 tokens, 0.000519 US dollars`.
    pub(crate) fn usage_in_words(&self) -> Option<String> {
        self.usage.as_ref().map(Usage::in_words)
    }
}

/// What came of some questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// What they were asked for.
    pub asked: Asked,
    /// How many there are.
    pub questions: usize,
    /// How many are as they should be.
    pub right: usize,
    /// How many were answered wrongly instead of not at all.
    pub wrong: usize,
}

/// The middle and the slow end of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Half are at most this.
    pub p50: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

impl Summary {
    /// Sums a run up.
    pub fn of(run: &Run) -> Summary {
        let items = &run.items;
        let means = Measure::ALL.into_iter().filter_map(|measure| {
            let values: Vec<f64> = items.iter().filter_map(|item| measure.of(item)).collect();
            (!values.is_empty()).then(|| Mean {
                measure,
                questions: values.len(),
                mean: mean(&values),
            })
        });
        let kinds = run.by_asked().into_iter().map(|(asked, items)| {
            let mut outcomes = BTreeMap::new();
            for item in &items {
                *outcomes.entry(item.outcome).or_default() += 1;
            }
            Kind {
                asked,
                questions: items.len(),
                outcomes,
                usage: usage(items.iter().copied()),
            }
        });
        let split = |item: &Item| Some(item.split?.name().to_owned());
        Summary {
            asked: items.len(),
            right: items.iter().filter(|item| item.is_right()).count(),
            measures: means.collect(),
            kinds: kinds.collect(),
            by_split: groups(items, split),
            by_about: groups(items, |item| Some(item.about.clone())),
            recall_curve: recall_curve(items),
            citations: items
                .iter()
                .fold(Citations::default(), |sum, item| Citations {
                    quoted: sum.quoted + item.citations.quoted,
                    matched: sum.matched + item.citations.matched,
                    not_verified: sum.not_verified + item.citations.not_verified,
                }),
            first_text_ms: spread(items.iter().filter_map(|item| item.first_text_ms)),
            answer_ms: spread(items.iter().filter_map(|item| item.answer_ms)),
            prompt_tokens: spread(
                items
                    .iter()
                    .filter_map(|item| Some(item.prompt_tokens? as f64)),
            ),
            usage: usage(items).unwrap_or_default(),
            cached: items
                .iter()
                .filter(|item| item.usage.as_ref().is_some_and(|usage| usage.cached))
                .count(),
        }
    }

    /// The mean of a measure, if there was anything to measure.
    pub fn mean(&self, measure: Measure) -> Option<f64> {
        let found = self.measures.iter().find(|mean| mean.measure == measure);
        found.map(|mean| mean.mean)
    }
}

/// What the language model took for some questions; `None` if it took part in none.
fn usage<'i>(items: impl IntoIterator<Item = &'i Item>) -> Option<Usage> {
    let each = items.into_iter().filter_map(|item| item.usage.clone());
    each.reduce(|sum, usage| Usage {
        prompt_tokens: sum.prompt_tokens + usage.prompt_tokens,
        completion_tokens: sum.completion_tokens + usage.completion_tokens,
        cost_usd: match (sum.cost_usd, usage.cost_usd) {
            (None, cost) | (cost, None) => cost,
            (Some(sum), Some(cost)) => Some(sum + cost),
        },
        cached: sum.cached && usage.cached,
    })
}

fn groups(items: &[Item], name: impl Fn(&Item) -> Option<String>) -> Vec<Group> {
    let mut groups: BTreeMap<(Asked, String), Group> = BTreeMap::new();
    for item in items {
        let Some(name) = name(item) else { continue };
        let group = groups
            .entry((item.asked, name.clone()))
            .or_insert_with(|| Group {
                name,
                asked: item.asked,
                questions: 0,
                right: 0,
                wrong: 0,
            });
        group.questions += 1;
        group.right += usize::from(item.is_right());
        group.wrong += usize::from(matches!(item.outcome, Outcome::Wrong | Outcome::Computed));
    }
    groups.into_values().collect()
}

fn recall_curve(items: &[Item]) -> Vec<f64> {
    let ranks: Vec<&[Option<u32>]> = items
        .iter()
        .map(|item| item.place_ranks.as_slice())
        .filter(|ranks| !ranks.is_empty())
        .collect();
    if ranks.is_empty() {
        return Vec::new();
    }
    let at = |k| {
        mean(
            &ranks
                .iter()
                .map(|ranks| recall(ranks, k))
                .collect::<Vec<_>>(),
        )
    };
    (1..=CURVE).map(at).collect()
}

fn spread(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    Some(Spread {
        p50: percentile(&values, 50)?,
        p95: percentile(&values, 95)?,
        max: *values.last()?,
    })
}

/// The smallest of `sorted` values that `percent` of them do not exceed (nearest rank); `None` of none.
pub fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::testing::{failed, run};

    #[test]
    fn what_each_kind_took_adds_up() {
        let item = |asked, usage| Item {
            asked,
            usage,
            ..failed("q")
        };
        let took = |prompt_tokens, cost_usd| {
            Some(Usage {
                prompt_tokens,
                completion_tokens: 10,
                cost_usd,
                cached: false,
            })
        };
        let summary = Summary::of(&run(vec![
            item(Asked::Evidence, took(1_000, Some(0.25))),
            item(Asked::Evidence, took(2_000, Some(0.5))),
            item(Asked::Set, None),
            item(Asked::Abstain, took(500, None)),
        ]));
        let of = |asked| {
            let mut kinds = summary.kinds.iter();
            kinds
                .find(|kind| kind.asked == asked)
                .expect("a kind")
                .usage_in_words()
        };
        assert_eq!(
            of(Asked::Evidence).as_deref(),
            Some("3000 + 20 tokens, 0.750000 US dollars")
        );
        assert_eq!(of(Asked::Set), None);
        assert_eq!(of(Asked::Abstain).as_deref(), Some("500 + 10 tokens"));
        assert_eq!(
            summary.usage.in_words(),
            "3500 + 30 tokens, 0.750000 US dollars"
        );
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(percentile(&values, 50), Some(2.0));
        assert_eq!(percentile(&values, 95), Some(4.0));
        assert_eq!(percentile(&[7.0], 50), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }
}
