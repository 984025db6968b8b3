//! Hard words: those that turn a question into another one, such as negations, quantifiers and comparisons.

use std::collections::BTreeSet;

use super::form::Unit;

/// Classes of words that may not differ between a question and the wording that it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Hard {
    Not,
    /// A second negation, which may take the first one back.
    NotAgain,
    Count,
    Per,
    Most,
    Least,
    More,
    Less,
    Only,
    All,
    Direct,
    Or,
    First,
    Old,
    New,
    Time,
    Same,
    Average,
    Why,
    When,
}

/// What classes of hard words tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Family {
    Denial,
    Count,
    Extreme,
    Comparison,
    Reach,
    Time,
    Other,
}

impl Hard {
    pub(in crate::plan) fn family(self) -> Family {
        match self {
            Hard::Not | Hard::NotAgain => Family::Denial,
            Hard::Count | Hard::Per => Family::Count,
            Hard::Most | Hard::Least => Family::Extreme,
            Hard::More | Hard::Less => Family::Comparison,
            Hard::Only | Hard::Direct => Family::Reach,
            Hard::First | Hard::Old | Hard::New | Hard::Time | Hard::When => Family::Time,
            Hard::All | Hard::Or | Hard::Same | Hard::Average | Hard::Why => Family::Other,
        }
    }

    /// Whether wordings of one example may differ in it.
    pub(super) fn may_vary(self) -> bool {
        matches!(
            self,
            Hard::All
                | Hard::Or
                | Hard::More
                | Hard::Only
                | Hard::Direct
                | Hard::New
                | Hard::First
                | Hard::When
                | Hard::Time
        )
    }
}

/// The class of a word, if it has one.
pub(super) fn hard(text: &str) -> Option<Hard> {
    Some(match text {
        "not" | "no" | "never" | "without" | "none" | "nobody" | "nothing" | "neither" | "nor"
        | "lack" | "lacks" | "lacking" | "miss" | "except" | "outside" | "leaving"
        | "excluding" | "minus" | "w/o" | "cannot" | "noone" | "nowhere" | "besides" | "unless"
        | "hardly" | "free" | "absent" | "empty" | "blank" => Hard::Not,
        "many" | "count" | "number" | "numbers" | "amount" | "tally" | "counts" | "much"
        | "headcount" => Hard::Count,
        "per" | "grouped" | "group" | "broken" | "breakdown" | "split" => Hard::Per,
        "most" | "highest" | "largest" | "biggest" | "longest" | "maximal" => Hard::Most,
        "least" | "fewest" | "lowest" | "smallest" | "shortest" => Hard::Least,
        "more" | "above" | "greater" | "exceeding" | "exceed" | "exceeds" | "larger" | "bigger"
        | "higher" => Hard::More,
        "less" | "fewer" | "below" | "under" | "lower" | "smaller" => Hard::Less,
        "only" | "solely" | "exclusively" | "merely" => Hard::Only,
        "all" | "every" | "each" | "everything" => Hard::All,
        "direct" | "directly" | "immediate" | "immediately" | "hop" | "straight" | "nearest" => {
            Hard::Direct
        }
        "or" => Hard::Or,
        "first" | "earliest" => Hard::First,
        "old" | "older" | "oldest" | "stale" | "outdated" => Hard::Old,
        "new" | "newer" | "newest" | "latest" | "last" | "recent" | "recently" => Hard::New,
        "yesterday" | "week" | "month" | "year" | "ago" | "since" | "ever" | "until"
        | "tomorrow" | "hour" | "hours" | "minutes" | "day" => Hard::Time,
        "same" | "similar" | "identical" | "both" | "common" | "shared" => Hard::Same,
        "average" | "mean" | "median" | "sum" => Hard::Average,
        "why" => Hard::Why,
        "when" => Hard::When,
        _ if is_undone(text) => Hard::Not,
        _ => return None,
    })
}

/// The hard words of the asking part of a form, and the signs that stand for some in the text.
///
/// Each stands with how many names stand before it, so that `in A but not in B` differs from `not in A but in B`.
pub(super) fn hards(text: &str, units: &[Unit]) -> BTreeSet<(Hard, usize)> {
    let names = units
        .iter()
        .filter(|unit| matches!(unit, Unit::Slot { .. }));
    let tells_apart = names.count() > 1;
    let mut passed = 0;
    let mut skip = 0;
    let mut found = BTreeSet::new();
    let mut nouns = 0;
    let word = |index: usize| match units.get(index) {
        Some(Unit::Word { text, .. }) => text.as_str(),
        _ => "",
    };
    for (index, unit) in units.iter().enumerate() {
        let text = match unit {
            Unit::Kind { .. } | Unit::Asked => {
                nouns += 1;
                continue;
            }
            Unit::Word { text, .. } => text.as_str(),
            Unit::Slot { .. } if tells_apart => {
                passed += 1;
                continue;
            }
            _ => continue,
        };
        let behind = units.get(index + 1);
        let in_front = index.checked_sub(1).map_or("", &word);
        let class = match (text, hard(text)) {
            // `alerts missing a runbook`, but not `if X is missing`.
            ("missing", _)
                if behind.is_some()
                    || !matches!(
                        in_front,
                        "is" | "are" | "was" | "were" | "be" | "goes" | "went" | "gone"
                    ) =>
            {
                Hard::Not
            }
            // `zero alerts`, but not `zero replicas`.
            ("zero", _) if matches!(behind, Some(Unit::Kind { .. } | Unit::Asked)) => Hard::Not,
            ("other", _) if word(index + 1) == "than" => Hard::Not,
            ("least", _) if in_front == "at" => {
                if matches!(word(index + 1), "one" | "a" | "an" | "any") {
                    continue;
                }
                Hard::More
            }
            // Only goes with what came before it: `neither … nor`.
            ("nor", _) if found.iter().any(|(class, _)| *class == Hard::Not) => continue,
            ("well", _) if in_front == "as" && word(index + 1) == "as" => Hard::Same,
            // `all the models`, `all the way`: only rhythm, unless it says something of a second kind.
            (_, Some(Hard::All))
                if nouns == 0
                    || word(index + 1) == "way"
                    || (word(index + 1) == "the" && word(index + 2) == "way") =>
            {
                continue;
            }
            // `tables only`, `only tables`.
            (_, Some(Hard::Only))
                if matches!(behind, Some(Unit::Kind { .. } | Unit::Asked))
                    || index.checked_sub(1).is_some_and(|before| {
                        matches!(units[before], Unit::Kind { .. } | Unit::Asked)
                    }) =>
            {
                continue;
            }
            // `files below s3://bucket`.
            (_, Some(Hard::Less | Hard::More))
                if matches!(behind, Some(Unit::Slot { .. }))
                    || word(index + 1) == "the"
                    || (in_front.is_empty() && text == "under") =>
            {
                continue;
            }
            // `I mean the table itself`.
            ("mean", _)
                if matches!(
                    in_front,
                    "i" | "just" | "only" | "we" | "to" | "not" | "n't"
                ) =>
            {
                continue;
            }
            // `one step and no further`, `no matter how`, `and nothing else`: rhythm beside what is said already.
            ("no", _)
                if matches!(
                    word(index + 1),
                    "further" | "matter" | "doubt" | "idea" | "exceptions"
                ) || (word(index + 1), word(index + 2)) == ("more", "than") =>
            {
                continue;
            }
            ("nothing", _) if matches!(word(index + 1), "else" | "more" | "further") => continue,
            // `do not add up`: a reason to ask.
            ("not", _) if matches!(word(index + 1), "sure" | "certain" | "just" | "only") => {
                continue;
            }
            ("new", _) if word(index + 1) == "here" || word(index + 1) == "to" => continue,
            (_, Some(Hard::When)) if index > 0 => continue,
            // `directly or indirectly`, `directly or through others`, `directly or not` leave nothing out.
            (_, Some(Hard::Direct)) if matches!(word(index + 1), "or" | "and") => {
                skip = index + 2;
                continue;
            }
            (_, Some(_)) if index <= skip && skip > 0 => continue,
            (_, Some(class)) => class,
            (_, None) => continue,
        };
        if class == Hard::Count && !counts_things(units, index) {
            continue;
        }
        if class == Hard::Not && found.iter().any(|(class, _)| *class == Hard::Not) {
            found.insert((Hard::NotAgain, passed));
        } else {
            found.insert((class, passed));
        }
    }
    // `directly or indirectly` leaves nothing out.
    let deep = |unit: &Unit| matches!(unit, Unit::Word { text, .. } if matches!(&**text, "indirectly" | "indirect" | "transitively" | "transitive"));
    if units.iter().any(deep) {
        found.retain(|(class, _)| !matches!(class, Hard::Direct | Hard::Or));
    }
    let signs = text
        .replace("->", " ")
        .replace("=>", " ")
        .replace(">= 1 ", " ");
    for (sign, class) in SIGNS {
        if signs.contains(sign) {
            found.insert((*class, 0));
        }
    }
    // `how many for each team`, `count by team`.
    if found.iter().any(|(class, _)| *class == Hard::Count) {
        let by = |index: usize| {
            matches!(word(index), "each" | "every" | "per")
                || word(index) == "by" && !index.checked_sub(1).map_or("", &word).ends_with("ed")
                || matches!(word(index), "all" | "the")
                    && matches!(
                        word(index.wrapping_sub(1)),
                        "for" | "across" | "over" | "by"
                    )
        };
        if (0..units.len()).any(by) {
            found.retain(|(class, _)| *class != Hard::All);
            found.insert((Hard::Per, 0));
        }
    }
    found
}

/// Whether a word of counting counts things, and does not ask for a number that a thing has: `how many replicas`.
fn counts_things(units: &[Unit], at: usize) -> bool {
    let asks = |unit: Option<&Unit>, of: &[&str]| {
        unit.is_some_and(|unit| matches!(unit, Unit::Word { text, .. } if of.contains(&&**text)))
    };
    if asks(units.get(at), &["many"]) {
        return !(at + 1..at + 3).any(|index| asks(units.get(index), AMOUNTS));
    }
    let is_noun = |unit: &Unit| match unit {
        Unit::Kind { .. } | Unit::Asked => true,
        Unit::Word { stem, .. } => stem == "member",
        _ => false,
    };
    let behind = units.iter().skip(at + 1).take(4);
    let in_front = units[..at].iter().rev().take(3);
    behind.chain(in_front).any(is_noun)
}

/// What a thing has a number of, which is an attribute.
const AMOUNTS: &[&str] = &[
    "min", "max", "minimum", "maximum", "replica", "replicas", "days", "day", "gpus", "gpu",
    "cpus", "rows", "hours",
];

const SIGNS: &[(&str, Hard)] = &[
    ("!=", Hard::Not),
    ("≠", Hard::Not),
    ("<>", Hard::Not),
    ("# ", Hard::Count),
    ("#of", Hard::Count),
    ("> ", Hard::More),
    (">=", Hard::More),
    ("≥", Hard::More),
    ("< ", Hard::Less),
    ("<=", Hard::Less),
    ("≤", Hard::Less),
];

/// Verbs that say no by their prefix.
fn is_undone(text: &str) -> bool {
    const AFFIRMED: &[&str] = &[
        "under",
        "until",
        "unit",
        "union",
        "uniq",
        "unless",
        "upon",
        "unresolv",
        "universal",
    ];
    text.starts_with("un")
        && text.len() > 5
        && !AFFIRMED.iter().any(|known| text.starts_with(known))
}
