//! The answers that readings and examples come to, and which of them is taken.

use virgil_graph::{EntityRef, Output, Query};

use crate::plan::check::check;
use crate::plan::decide::{Answered, Limits, PARSED, decide};
use crate::plan::emptiness::{asks_for_dependents, may_be_empty};
use crate::plan::examples::{Asker, Family, Proposal};
use crate::plan::link::Group;
use crate::plan::planned::{ExplainedLink, ExplainedParse, Explanation, Outcome, Planned};
use crate::plan::read::Read;
use crate::plan::readings::reading;
use crate::plan::weigh::{Signal, Signals, Weights};

/// What a reading costs at most, as a signal.
const MOST_COST: f32 = 1.5;

/// Something that proposes an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Chart,
    Pieces,
    /// The proposal of that number.
    Example(usize),
}

/// An answer and all that proposes it.
pub(super) struct Weighed {
    answered: Answered,
    pub(super) ways: Vec<(Way, Query)>,
    pub(super) signals: Vec<Signals>,
}

/// All answers that are proposed, with what speaks for each.
pub(super) fn weighed(read: &Read, proposals: &[Proposal], asker: Asker<'_>) -> Vec<Weighed> {
    let read_by = |planned: Option<&Planned>| {
        let explanation = &planned?.explanation;
        let settled = match &planned?.outcome {
            Outcome::Query(plan) => Some(plan.query.clone()),
            _ => None,
        };
        settled.or_else(|| Some(explanation.parses.first()?.query.clone()))
    };
    let mut ways: Vec<(Way, Query)> = Vec::new();
    ways.extend(read_by(Some(&read.chart)).map(|query| (Way::Chart, query)));
    ways.extend(read_by(read.pieces.as_ref()).map(|query| (Way::Pieces, query)));
    for (number, proposal) in proposals.iter().enumerate() {
        ways.extend(
            proposal
                .filled
                .first()
                .map(|filled| (Way::Example(number), filled.query.clone())),
        );
    }
    let mut all: Vec<Weighed> = Vec::new();
    for (way, query) in ways {
        if let Some(known) = all
            .iter_mut()
            .find(|known| known.ways.iter().any(|(_, other)| *other == query))
        {
            known.ways.push((way, query));
            continue;
        }
        let Some((query, answered)) = answered(query, asker) else {
            continue;
        };
        // Two queries that find nothing need not ask for the same.
        let is_same =
            |known: &&mut Weighed| !answered.is_empty() && known.answered.says_what(&answered);
        match all.iter_mut().find(is_same) {
            Some(known) => known.ways.push((way, query)),
            None => all.push(Weighed {
                answered,
                ways: vec![(way, query)],
                signals: Vec::new(),
            }),
        }
    }
    // What a reading leaves out, or what may only be a name, takes an example that says the same.
    let has_unused = |planned: &Planned| !planned.explanation.unused.is_empty();
    let is_open = matches!(read.chart.outcome, Outcome::Choices(_))
        || has_unused(&read.chart)
        || read.pieces.as_ref().is_some_and(has_unused);
    let by_example = |weighed: &Weighed| {
        let mut ways = weighed.ways.iter();
        ways.any(|(way, _)| matches!(way, Way::Example(_)))
    };
    all.retain(|weighed| !is_open || by_example(weighed));
    for weighed in &mut all {
        weighed.signals = signals(weighed, read, proposals, asker);
    }
    all
}

/// What a query comes to. Where no way leads from the one end to the other, but one leads back, that one is meant: data flows one way.
fn answered(query: Query, asker: Asker<'_>) -> Option<(Query, Answered)> {
    let found = Answered::of(asker.view.query(&query, asker.known).ok()?);
    if let Output::Paths { to } = &query.output
        && found.is_empty()
    {
        let back = Query {
            set: to.clone(),
            output: Output::Paths {
                to: query.set.clone(),
            },
            ..query.clone()
        };
        let led_back = Answered::of(asker.view.query(&back, asker.known).ok()?);
        if !led_back.is_empty() {
            return Some((back, led_back));
        }
    }
    Some((query, found))
}

/// What speaks for an answer, for each example that proposes it; once, if none does.
fn signals(
    weighed: &Weighed,
    read: &Read,
    proposals: &[Proposal],
    asker: Asker<'_>,
) -> Vec<Signals> {
    let is_by = |way: Way| weighed.ways.iter().any(|(other, _)| *other == way);
    let mut common: Signals = vec![(Signal::Constant, 1.0)];
    let is_settled = |planned: &Planned| flag(matches!(planned.outcome, Outcome::Query(_)));
    let cost = |planned: &Planned| {
        let best = planned.explanation.parses.first();
        best.map_or(0.0, |best| best.cost.min(MOST_COST))
    };
    if is_by(Way::Chart) {
        let unused = read.chart.explanation.unused.len();
        common.extend([
            (Signal::Chart, 1.0),
            (Signal::ChartCost, cost(&read.chart)),
            (Signal::ChartUnused, counted(unused, 3)),
            (Signal::ChartSettled, is_settled(&read.chart)),
        ]);
    }
    if let Some(pieces) = read.pieces.as_ref().filter(|_| is_by(Way::Pieces)) {
        common.extend([
            (Signal::Pieces, 1.0),
            (Signal::PiecesCost, cost(pieces)),
            (Signal::PiecesSettled, is_settled(pieces)),
        ]);
    }
    // Who asks what depends on something, or what lacks something, may hear that there is nothing.
    let may_be_empty =
        |(_, query): &(Way, Query)| may_be_empty(query) || asks_for_dependents(query, asker.view);
    let is_missing = weighed.answered.is_empty() && !weighed.ways.iter().any(may_be_empty);
    common.push((Signal::Empty, flag(is_missing)));
    let examples: Vec<&Proposal> = weighed
        .ways
        .iter()
        .filter_map(|(way, _)| match way {
            Way::Example(number) => Some(&proposals[*number]),
            _ => None,
        })
        .collect();
    if examples.is_empty() {
        let others = proposals.iter().map(Proposal::likeness);
        common.extend([
            (Signal::NoExample, 1.0),
            (Signal::OtherExample, others.fold(0.0, f32::max)),
        ]);
        return vec![common];
    }
    if is_by(Way::Chart) || is_by(Way::Pieces) {
        common.push((Signal::ExampleAndReading, 1.0));
    }
    let of_each = |proposal: &Proposal| [common.clone(), of_example(proposal)].concat();
    examples.into_iter().map(of_each).collect()
}

/// What speaks for a proposal of an example by itself.
fn of_example(proposal: &Proposal) -> Signals {
    let (differences, shares) = (&proposal.differences, &proposal.shares);
    let unknown = differences.unknown.len();
    let mut signals = vec![
        (Signal::Words, proposal.words),
        (Signal::Meaning, proposal.meaning),
        (Signal::AskedInWording, shares.asked),
        (Signal::WordingInAsked, shares.wording),
        (Signal::Known, shares.known),
        (Signal::Marks, shares.marks),
        (Signal::Strange, counted(shares.strange, 6)),
        (Signal::Values, counted(shares.values, 3)),
        (Signal::Harmless, counted(differences.harmless, 3)),
        (Signal::Harmful, counted(unknown - differences.harmless, 3)),
        (Signal::Lacking, counted(differences.lacking.len(), 2)),
        (Signal::Nouns, counted(differences.nouns, 3)),
        (Signal::Turned, flag(differences.turned)),
        (Signal::Crossed, flag(differences.crossed)),
    ];
    let classes = [
        (&differences.only_asked, 0),
        (&differences.only_said, 1),
        (&differences.unusual, 2),
    ];
    for (classes, side) in classes {
        let mut told: Vec<Signal> = classes
            .iter()
            .map(|class| hard_signals(class.family())[side])
            .collect();
        told.sort_unstable();
        told.dedup();
        signals.extend(told.into_iter().map(|signal| (signal, 1.0)));
    }
    signals
}

/// The signals of a class of hard words: only the question says it, only the wording does, most wordings differ in it.
fn hard_signals(family: Family) -> [Signal; 3] {
    use Signal::*;
    match family {
        Family::Denial => [DenialAsked, DenialSaid, DenialUnusual],
        Family::Count => [CountAsked, CountSaid, CountUnusual],
        Family::Extreme => [ExtremeAsked, ExtremeSaid, ExtremeUnusual],
        Family::Comparison => [ComparisonAsked, ComparisonSaid, ComparisonUnusual],
        Family::Reach => [ReachAsked, ReachSaid, ReachUnusual],
        Family::Time => [TimeAsked, TimeSaid, TimeUnusual],
        Family::Other => [OtherAsked, OtherSaid, OtherUnusual],
    }
}

/// Takes the likeliest answer, if it is likely enough; else leaves it at what the readings ask back.
pub(super) fn take(
    read: Read,
    proposals: &[Proposal],
    weights: &Weights,
    yes_no: bool,
    asker: Asker<'_>,
) -> Planned {
    let answers = weighed(&read, proposals, asker);
    let signals: Vec<Vec<Signals>> = answers
        .iter()
        .map(|answer| answer.signals.clone())
        .collect();
    let probabilities = weights.probabilities(&signals);
    let best = (0..answers.len())
        .max_by(|left, right| probabilities[*left].total_cmp(&probabilities[*right]));
    let best = best.filter(|best| probabilities[*best] >= weights.least);
    let best = word_for_word(&answers, proposals).or(best);
    let Some(best) = best else {
        let most = probabilities.iter().copied().fold(0.0, f32::max);
        let mut planned = read.alone(asker.view, asker.known);
        if let Outcome::Query(_) = planned.outcome {
            planned.outcome = Outcome::Nothing;
            planned.explanation.verdict = format!("no answer is likely enough ({most:.2})");
        } else {
            planned.explanation.verdict = format!(
                "{}; no answer is likely enough ({most:.2})",
                planned.explanation.verdict
            );
        }
        return planned;
    };
    let (answer, probability) = (&answers[best], probabilities[best]);
    let Some((way, query)) = answer.shown(proposals) else {
        return read.alone(asker.view, asker.known);
    };
    let choices = match &read.chart.outcome {
        Outcome::Choices(choices) => Some(choices.clone()),
        _ => None,
    };
    let mut planned = match way {
        Way::Chart => settled(read.chart, query, yes_no, asker),
        Way::Pieces => settled(read.pieces.unwrap_or(read.chart), query, yes_no, asker),
        Way::Example(number) => {
            let explanation = read.alone(asker.view, asker.known).explanation;
            by_example(&proposals[*number], query, explanation, yes_no, asker)
        }
    };
    // An example takes a name for few kinds; the chart knows all that go by it.
    if let (Outcome::Choices(some), Some(all)) = (&mut planned.outcome, choices)
        && all.things.len() > some.things.len()
    {
        *some = all;
    }
    planned.explanation.verdict = format!("{} ({probability:.2})", planned.explanation.verdict);
    planned
}

/// The one answer of an example that has the question as a wording: whoever wrote it there knew what is meant.
fn word_for_word(answers: &[Weighed], proposals: &[Proposal]) -> Option<usize> {
    let is_worded = |(way, _): &(Way, Query)| match way {
        Way::Example(number) => proposals[*number].is_word_for_word(),
        Way::Chart | Way::Pieces => false,
    };
    let mut worded = (0..answers.len()).filter(|at| answers[*at].ways.iter().any(is_worded));
    let only = worded.next()?;
    worded.next().is_none().then_some(only)
}

impl Weighed {
    /// What proposes the answer that is shown: the example that is most like the question, or else the chart before the pieces.
    pub(super) fn shown(&self, proposals: &[Proposal]) -> Option<&(Way, Query)> {
        let likeness = |(way, _): &&(Way, Query)| match way {
            Way::Example(number) => proposals[*number].likeness(),
            Way::Chart => -2.0,
            Way::Pieces => -3.0,
        };
        self.ways
            .iter()
            .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
    }
}

/// What a reading comes to, whatever else was near it.
fn settled(planned: Planned, query: &Query, yes_no: bool, asker: Asker<'_>) -> Planned {
    if matches!(planned.outcome, Outcome::Query(_)) || check(query).is_err() {
        return planned;
    }
    let mut explanation = planned.explanation;
    explanation.parses.truncate(1);
    let groups: Vec<Group> = explanation.links.iter().filter_map(group).collect();
    let any_cost = Limits {
        cost: f32::INFINITY,
        ..PARSED
    };
    decide(
        explanation,
        &groups,
        any_cost,
        yes_no,
        yes_no,
        asker.view,
        asker.known,
    )
}

/// Several things under one name.
fn group(link: &ExplainedLink) -> Option<Group> {
    (link.candidates.len() > 1).then(|| named(&link.text, &link.candidates))
}

fn named(name: &str, things: &[EntityRef]) -> Group {
    Group {
        name: name.to_owned(),
        references: things.iter().map(|thing| thing.reference.clone()).collect(),
        things: things.to_vec(),
    }
}

/// What an example comes to, unless the names in it may mean different things.
fn by_example(
    proposal: &Proposal,
    query: &Query,
    mut explanation: Explanation,
    yes_no: bool,
    asker: Asker<'_>,
) -> Planned {
    let mut parses: Vec<ExplainedParse> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (number, filled) in proposal.filled.iter().enumerate() {
        // The first one was weighed, and perhaps turned round.
        let query = if number == 0 { query } else { &filled.query };
        if parses.iter().any(|parse| parse.query == *query) {
            continue;
        }
        parses.push(ExplainedParse {
            reading: reading(query, asker.view),
            query: query.clone(),
            cost: 0.0,
            rejected: None,
        });
        let several = filled.names.iter().filter(|(_, things)| things.len() > 1);
        groups.extend(several.map(|(name, things)| named(name, things)));
    }
    explanation.parses = parses;
    decide(
        explanation,
        &groups,
        PARSED,
        yes_no,
        yes_no,
        asker.view,
        asker.known,
    )
}

fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

fn counted(count: usize, most: usize) -> f32 {
    count.min(most) as f32
}
