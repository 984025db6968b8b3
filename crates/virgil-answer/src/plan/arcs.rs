//! What links two things of a question: a relation that its words name, or one that the kinds suggest; and which of the two
//! is the subject, as word order and voice tell.

use virgil_graph::{Along, Flow, HopDirection, Hops, signature};
use virgil_model::Predicate;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Relation, Walk, Word};
use crate::plan::pieces::Voice;
use crate::plan::sem::{Head, Mod, Np, Quant, clause, exists};
use crate::plan::sketch::{Lead, Node, Tie};

/// A relation that only the kinds suggest.
const SUGGESTED: f32 = 0.3;
/// The same, where a preposition tells that there is one.
const PREPOSED: f32 = 0.15;
/// A subject behind its verb, and other ways to turn a clause round.
const TURNED: f32 = 0.35;
/// A verb that says little without its preposition.
const LIGHT: f32 = 0.4;
/// Another word that says the same.
const SAID_TWICE: f32 = 0.04;
/// A word that says more generally what another says.
const SAID_LOOSELY: f32 = 0.1;

/// How many relations a word is taken for.
const MOST_LINKS: usize = 6;

/// How far walks go where the question says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// As the relation has it.
    Usual,
    /// `directly`.
    Direct,
    /// `transitively`.
    Transitive,
}

/// A relation in one direction between two things: seen from the parent, what it costs, and which way data flows.
struct Link {
    /// From the parent to the child.
    relation: Relation,
    cost: f32,
}

/// What is said of `parent` by how it is linked with `child`, each with its cost.
pub(super) fn arcs(
    parent: (&Node, &Np),
    child: (&Node, &Np),
    ties: &[&Tie],
    reach: Reach,
    lexicon: &Lexicon,
) -> Vec<(Mod, f32)> {
    let mut made: Vec<(Mod, f32)> = Vec::new();
    let mut found = relations(parent, child, ties, reach, lexicon);
    found.extend(trained_at_any_remove(&found, child.1));
    // That nothing at all is linked is more than that no thing of one kind is.
    if child.1.head == Head::Any && child.1.quant == Quant::No {
        for (relation, _) in &mut found {
            *relation = reached(relation.clone(), Reach::Transitive);
            let is_flow = relation
                .forward
                .as_ref()
                .is_some_and(|walk| flow(&walk.along).is_some());
            if is_flow && child.1.kinds.is_any() {
                relation.object = Kinds::ANY;
            }
        }
    }
    for (relation, cost) in found {
        // Only a thing with a name breaks others.
        if ties.iter().any(|tie| tie.is_impact) && child.1.is_bare() {
            continue;
        }
        if let Some(said) = clause(&relation, child.1)
            && !said.domain.and(parent.1.kinds).is_empty()
        {
            let said = if ties.iter().any(|tie| tie.is_negative) {
                said.negated()
            } else {
                Some(said)
            };
            if let Some(said) = said {
                made.push((said, cost));
            }
        }
    }
    made
}

/// What a model is trained on is a file that is made of tables: of tables that are only described it is not said whether
/// they are what was read or what that was made of, so that both readings stand.
fn trained_at_any_remove(found: &[(Relation, f32)], child: &Np) -> Vec<(Relation, f32)> {
    let is_training = |walk: &Option<Walk>| {
        walk.as_ref().is_some_and(|walk| {
            matches!(&walk.along, Along::Relations(hops)
                if hops.iter().any(|hop| hop.predicate == Predicate::TrainedOn))
        })
    };
    if child.head == Head::Named {
        return Vec::new();
    }
    let trained = found
        .iter()
        .filter(|(relation, _)| is_training(&relation.forward) || is_training(&relation.backward));
    trained
        .map(|(relation, cost)| (reached(relation.clone(), Reach::Transitive), *cost))
        .collect()
}

/// The relations from a parent to a child that the ties between them name.
pub(super) fn relations(
    parent: (&Node, &Np),
    child: (&Node, &Np),
    ties: &[&Tie],
    reach: Reach,
    lexicon: &Lexicon,
) -> Vec<(Relation, f32)> {
    let fits = |relation: &Relation| {
        !relation.subject.and(parent.1.kinds).is_empty()
            && !relation.object.and(child.1.kinds).is_empty()
    };
    if ties.is_empty() {
        let mut found: Vec<(Relation, f32)> = Vec::new();
        let is_preposed = child.0.before.iter().chain(&parent.0.before).any(|word| {
            matches!(
                word,
                Word::Of | Word::With | Word::Have | Word::Via | Word::Possessive
            )
        });
        let cost = if is_preposed { PREPOSED } else { SUGGESTED };
        for vague in &lexicon.vague {
            for relation in [vague.relation.reversed(), vague.relation.clone()] {
                if fits(&relation) {
                    found.push((reached(relation, reach), cost));
                }
            }
        }
        return found;
    }
    let links: Vec<Vec<Link>> = ties
        .iter()
        .map(|tie| {
            let mut links = links(tie, (parent.0, parent.1.kinds), (child.0, child.1.kinds));
            links.sort_by(|left, right| left.cost.total_cmp(&right.cost));
            links.truncate(MOST_LINKS);
            links
        })
        .collect();
    let mut found = Vec::new();
    for (main, choices) in links.iter().enumerate() {
        'links: for link in choices {
            let mut cost = link.cost + link.relation.dear;
            for (other, choices) in links.iter().enumerate() {
                if other == main {
                    continue;
                }
                let agreeing = choices
                    .iter()
                    .filter_map(|also| {
                        let dear = agreement(&link.relation, &also.relation)?;
                        Some(also.cost + dear)
                    })
                    .fold(f32::MAX, f32::min);
                if agreeing > 1.0 {
                    continue 'links;
                }
                cost += agreeing;
            }
            found.push((reached(link.relation.clone(), reach), cost));
        }
    }
    found.sort_by(|left, right| left.1.total_cmp(&right.1));
    found.truncate(MOST_LINKS);
    found
}

/// That something is linked at all with what a tie says: `is monitored`, `has an owner`.
pub(super) fn at_all(node: (&Node, &Np), tie: &Tie) -> Vec<(Mod, f32)> {
    let is_subject_first = node.0.start < tie.start;
    let mut made = Vec::new();
    for (relation, voice) in &tie.senses {
        let readings = match voice {
            Voice::Role => vec![(relation.clone(), 0.0)],
            Voice::Active => vec![(relation.clone(), 0.2), (relation.reversed(), 0.4)],
            Voice::Participle => vec![(
                relation.reversed(),
                if is_subject_first || tie.is_passive {
                    0.0
                } else {
                    0.1
                },
            )],
        };
        for (relation, cost) in readings {
            if relation.subject.and(node.1.kinds).is_empty() {
                continue;
            }
            let Some(said) = exists(&relation) else {
                continue;
            };
            let usual = if tie.is_negative || is_had(tie) {
                0.05
            } else {
                0.3
            };
            let said = if tie.is_negative {
                said.negated()
            } else {
                Some(said)
            };
            if let Some(said) = said {
                made.push((said, usual + cost + relation.dear));
            }
        }
    }
    made
}

/// Both directions of everything that a tie may mean, priced by where the two things stand.
fn links(
    tie: &Tie,
    (parent, parent_kinds): (&Node, Kinds),
    (child, child_kinds): (&Node, Kinds),
) -> Vec<Link> {
    if tie.is_impact {
        return impact(tie, parent, child);
    }
    let mut links = Vec::new();
    for (relation, voice) in &tie.senses {
        for is_parent_subject in [true, false] {
            let (subject, object, subjects, objects) = if is_parent_subject {
                (parent, child, parent_kinds, child_kinds)
            } else {
                (child, parent, child_kinds, parent_kinds)
            };
            if relation.subject.and(subjects).is_empty() || relation.object.and(objects).is_empty()
            {
                continue;
            }
            let cost = match voice {
                Voice::Active => active(tie, subject, object),
                Voice::Participle => {
                    let passive = active(tie, object, subject);
                    let plain = active(tie, subject, object);
                    if tie.is_phrasal && !tie.behind.contains(&Word::By) {
                        // `come from` has no passive, and `is computed from` is none.
                        plain.min(passive + TURNED)
                    } else if tie.is_passive {
                        passive.min(plain + TURNED)
                    } else {
                        (passive + 0.15).min(plain + 0.1)
                    }
                }
                // `with no service downstream`: what stands before the role is what has it.
                Voice::Role if is_had_before(tie, child) => {
                    if is_parent_subject {
                        0.05
                    } else {
                        TURNED
                    }
                }
                // The relation of a role leads from what has it to what it is. What a question asks for is the latter.
                Voice::Role if is_parent_subject && parent.is_asked && !is_had(tie) => {
                    stranded(tie, subject, object).unwrap_or(TURNED)
                }
                Voice::Role => role(tie, subject, object),
            };
            let relation: Relation = if is_parent_subject {
                relation.clone()
            } else {
                Relation {
                    dear: relation.dear,
                    ..relation.reversed()
                }
            };
            let cost = cost
                + against_leads(&relation, parent, child)
                + if tie.is_light && parent.lead == Lead::Unsaid && child.lead == Lead::Unsaid {
                    LIGHT
                } else {
                    0.0
                };
            links.push(Link { relation, cost });
        }
    }
    links
}

/// What a tie costs at least as a link between things of these kinds; nothing if it cannot link them.
pub(super) fn least_link(tie: &Tie, parent: (&Node, Kinds), child: (&Node, Kinds)) -> Option<f32> {
    links(tie, parent, child)
        .into_iter()
        .map(|link| link.cost)
        .min_by(f32::total_cmp)
}

/// What it costs that data flows another way than `from` and `into` say.
fn against_leads(relation: &Relation, parent: &Node, child: &Node) -> f32 {
    let Some(way) = relation.forward.as_ref().and_then(|walk| flow(&walk.along)) else {
        return 0.0;
    };
    // Walking with the flow, the parent is where it starts.
    let (start, end) = match way {
        HopDirection::Forward => (parent, child),
        HopDirection::Backward => (child, parent),
    };
    if start.lead == Lead::End || end.lead == Lead::Start {
        TURNED
    } else {
        0.0
    }
}

/// Where a thing stands seen from a word: before it or behind it.
fn places(node: &Node) -> impl Iterator<Item = usize> {
    std::iter::once(node.again.unwrap_or(node.start))
}

/// What it costs that a verb in the active voice has this subject and this object.
fn active(tie: &Tie, subject: &Node, object: &Node) -> f32 {
    let mut least = f32::MAX;
    for subject in places(subject) {
        for object in places(object) {
            let cost = match (subject < tie.start, object < tie.start) {
                (true, false) => 0.0,
                // `which tables does X read`: what stands nearer is the subject.
                (true, true) if object < subject => 0.0,
                (true, true) | (false, false) => 0.3,
                (false, true) => TURNED,
            };
            least = f32::min(least, cost);
        }
    }
    least
}

/// What it costs that a role is that of `anchor`, and that `holder` has it.
fn role(tie: &Tie, anchor: &Node, holder: &Node) -> f32 {
    if stranded(tie, holder, anchor).is_some() {
        return TURNED;
    }
    let is_of = is_of(tie);
    let mut least = f32::MAX;
    for anchor in places(anchor) {
        for holder in places(holder) {
            let cost = match (is_of, anchor >= tie.end) {
                (true, true) => 0.0,
                (true, false) => TURNED,
                (false, true) if holder >= tie.end => 0.15,
                (false, true) => 0.1,
                (false, false) if holder < tie.start && holder > anchor => 0.1,
                (false, false) => 0.05,
            };
            least = f32::min(least, cost);
        }
    }
    least
}

/// `which tables is X upstream of`: the role is that of what is asked for. What it costs, if it is so.
fn stranded(tie: &Tie, anchor: &Node, holder: &Node) -> Option<f32> {
    let is_last = places(anchor)
        .chain(places(holder))
        .all(|at| at < tie.start);
    (is_of(tie) && is_last && anchor.start < holder.start).then_some(0.0)
}

fn is_of(tie: &Tie) -> bool {
    tie.behind
        .iter()
        .any(|word| matches!(word, Word::Of | Word::Via))
}

fn is_had(tie: &Tie) -> bool {
    tie.before
        .iter()
        .any(|word| matches!(word, Word::With | Word::Have))
}

/// `with no service downstream`: the role is that of what is had, and stands behind it.
fn is_had_before(tie: &Tie, child: &Node) -> bool {
    let is_had = child
        .before
        .iter()
        .any(|word| matches!(word, Word::With | Word::Have));
    is_had && child.end == tie.start && tie.behind.is_empty()
}

/// `breaks if X is dropped`: what breaks lies downstream of what is dropped.
fn impact(tie: &Tie, parent: &Node, child: &Node) -> Vec<Link> {
    let relation = Relation {
        forward: Some(Walk {
            along: Along::Upstream,
            hops: Hops::any(),
        }),
        backward: Some(Walk {
            along: Along::Downstream,
            hops: Hops::any(),
        }),
        subject: Kinds::ANY,
        object: Kinds::ANY,
        dear: 0.0,
        also: None,
    };
    // `which jobs break X` asks the other way round.
    let is_object = tie.behind.first() == Some(&Word::Impact)
        && !tie.is_passive
        && places(child).any(|at| at == tie.end);
    // `break X down into its tasks` breaks nothing.
    let is_of_child = parent.before.contains(&Word::Possessive);
    let cost = if is_object || is_of_child { 0.6 } else { 0.0 };
    let cost = cost + against_leads(&relation, parent, child);
    vec![Link { relation, cost }]
}

/// What it costs that two relations say the same; nothing if they do not. The first is the one that is taken.
fn agreement(taken: &Relation, other: &Relation) -> Option<f32> {
    let (Some(left), Some(right)) = (&taken.forward, &other.forward) else {
        let is_same = taken.forward == other.forward && taken.backward == other.backward;
        return is_same.then_some(SAID_TWICE);
    };
    if left.along == right.along {
        return Some(SAID_TWICE);
    }
    let (left_flow, right_flow) = (flow(&left.along)?, flow(&right.along)?);
    if left_flow != right_flow {
        return None;
    }
    // What is more special is meant.
    let is_general = matches!(left.along, Along::Upstream | Along::Downstream);
    Some(if is_general {
        SAID_LOOSELY + 0.1
    } else {
        SAID_LOOSELY
    })
}

/// Whether a walk goes with the flow of data, or against it.
fn flow(along: &Along) -> Option<HopDirection> {
    match along {
        Along::Downstream => Some(HopDirection::Forward),
        Along::Upstream => Some(HopDirection::Backward),
        Along::Owner => None,
        Along::Relations(hops) => {
            let mut ways = hops.iter().filter_map(|hop| {
                match (signature(hop.predicate).flow, hop.direction) {
                    (Flow::None, _) => None,
                    (Flow::SubjectToObject, HopDirection::Forward)
                    | (Flow::ObjectToSubject, HopDirection::Backward) => {
                        Some(HopDirection::Forward)
                    }
                    (Flow::SubjectToObject, HopDirection::Backward)
                    | (Flow::ObjectToSubject, HopDirection::Forward) => {
                        Some(HopDirection::Backward)
                    }
                }
            });
            let first = ways.next()?;
            ways.all(|way| way == first).then_some(first)
        }
    }
}

/// A relation that goes as far as the question says.
fn reached(mut relation: Relation, reach: Reach) -> Relation {
    let walks = [&mut relation.forward, &mut relation.backward];
    for walk in walks.into_iter().flatten() {
        match (reach, flow(&walk.along)) {
            (Reach::Direct, Some(_))
                if matches!(walk.along, Along::Upstream | Along::Downstream) =>
            {
                walk.hops = Hops::default();
            }
            // A chain of steps of one kind is a way along the flow.
            (Reach::Transitive, Some(way)) => {
                walk.along = match way {
                    HopDirection::Forward => Along::Downstream,
                    HopDirection::Backward => Along::Upstream,
                };
                walk.hops = Hops::any();
            }
            _ => {}
        }
    }
    relation
}
