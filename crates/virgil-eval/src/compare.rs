//! Two runs, question by question.
//!
//! Questions differ more from each other than runs do, so each is compared with itself: for a measure, the mean of the differences
//! over the questions of both runs, with a 95 % interval by the paired bootstrap (Efron and Tibshirani, "An Introduction to the
//! Bootstrap", 1993, percentile method; 10,000 resamples of the questions, always with the same random numbers). A drop counts when
//! it is greater than what is allowed *and* the whole interval lies below zero: what a few questions more or less would undo is noise.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::Measure;
use crate::questions::Split;
use crate::run::{Item, Run};
use crate::summary::mean;

/// How often the questions are drawn anew.
const RESAMPLES: usize = 10_000;
/// The random numbers are the same in every run.
const SEED: u64 = 0x5649_5247_494c;

/// What changed from one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// When the earlier run began.
    pub earlier: String,
    /// How many questions both have.
    pub common: usize,
    /// How many only the earlier one has.
    pub only_earlier: usize,
    /// How many only the later one has.
    pub only_later: usize,
    /// Each measure that both have.
    pub changes: Vec<Change>,
    /// The questions that were right and are no more, apart from those that are held out.
    pub lost: Vec<String>,
    /// The questions that are right now, apart from those that are held out.
    pub won: Vec<String>,
}

/// How a measure changed over the questions of both runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// What was measured.
    pub measure: Measure,
    /// Over how many questions.
    pub questions: usize,
    /// Its mean before.
    pub earlier: f64,
    /// Its mean now.
    pub later: f64,
    /// The 95 % interval of the difference.
    pub interval: (f64, f64),
    /// Whether it dropped by more than is allowed, and not by chance.
    pub dropped: bool,
}

impl Comparison {
    /// The measures that dropped.
    pub fn drops(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.dropped)
    }
}

/// Compares `later` with `earlier`; a measure may drop by `allowed` (0.01 is one of a hundred).
pub fn compare(earlier: &Run, later: &Run, allowed: f64) -> Comparison {
    let before: BTreeMap<&str, &Item> = by_key(earlier);
    let after: BTreeMap<&str, &Item> = by_key(later);
    let pairs: Vec<(&Item, &Item)> = after
        .iter()
        .filter_map(|(key, item)| Some((*before.get(key)?, *item)))
        .collect();
    let changes = Measure::ALL.into_iter().filter_map(|measure| {
        let values = pairs
            .iter()
            .filter_map(|(earlier, later)| Some((measure.of(earlier)?, measure.of(later)?)));
        change(measure, &values.collect::<Vec<_>>(), allowed)
    });
    let turned = |was: bool| {
        let turned = pairs.iter().filter(move |(earlier, later)| {
            let is_shown = later.split != Some(Split::HeldOut);
            is_shown && earlier.is_right() == was && later.is_right() != was
        });
        turned.map(|(_, later)| later.key.clone()).collect()
    };
    Comparison {
        earlier: earlier.started_at.clone(),
        common: pairs.len(),
        only_earlier: before.len() - pairs.len(),
        only_later: after.len() - pairs.len(),
        changes: changes.collect(),
        lost: turned(true),
        won: turned(false),
    }
}

fn by_key(run: &Run) -> BTreeMap<&str, &Item> {
    run.items
        .iter()
        .map(|item| (item.key.as_str(), item))
        .collect()
}

fn change(measure: Measure, values: &[(f64, f64)], allowed: f64) -> Option<Change> {
    if values.is_empty() {
        return None;
    }
    let (earlier, later): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
    let differences: Vec<f64> = values
        .iter()
        .map(|(before, after)| after - before)
        .collect();
    let interval = interval(&differences);
    let (earlier, later) = (mean(&earlier), mean(&later));
    Some(Change {
        measure,
        questions: values.len(),
        earlier,
        later,
        interval,
        dropped: earlier - later > allowed && interval.1 < 0.0,
    })
}

/// The 95 % interval of the mean of `differences`.
fn interval(differences: &[f64]) -> (f64, f64) {
    if differences.iter().all(|difference| *difference == 0.0) {
        return (0.0, 0.0);
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn =
                (0..differences.len()).map(|_| differences[random.usize(..differences.len())]);
            drawn.sum::<f64>() / differences.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    (means[RESAMPLES * 25 / 1000], means[RESAMPLES * 975 / 1000])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `all` questions that were right, `lost` no more are.
    fn changed(all: usize, lost: usize) -> Change {
        let values: Vec<(f64, f64)> = (0..all)
            .map(|number| (1.0, f64::from(u8::from(number >= lost))))
            .collect();
        change(Measure::Exact, &values, 0.01).expect("there are values")
    }

    #[test]
    fn a_drop_that_chance_explains_is_none() {
        assert!(!changed(100, 0).dropped);
        assert!(!changed(100, 2).dropped, "two of a hundred may be chance");
        assert!(changed(100, 10).dropped);
        assert!(!changed(2_000, 15).dropped, "less than is allowed");
        assert!(changed(2_000, 60).dropped);
    }

    #[test]
    fn the_interval_holds_the_difference_and_is_the_same_every_time() {
        let change = changed(200, 20);
        let difference = change.later - change.earlier;
        assert!(change.interval.0 < difference && difference < change.interval.1);
        // The binomial's standard deviation is 0.0212; 1.96 of them on either side.
        assert!((change.interval.0 + 0.142).abs() < 0.01, "{change:?}");
        assert_eq!(change, changed(200, 20));
    }

    #[test]
    fn what_gets_better_somewhere_and_worse_elsewhere_has_not_dropped() {
        let values: Vec<(f64, f64)> = (0..100)
            .map(|number| {
                if number % 2 == 0 {
                    (1.0, 0.0)
                } else {
                    (0.0, 1.0)
                }
            })
            .collect();
        assert!(
            !change(Measure::Exact, &values, 0.01)
                .expect("values")
                .dropped
        );
    }
}
