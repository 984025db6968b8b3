//! Following relations, level by level.
//!
//! A walk of `min..=max` hops reaches whatever a path of such a length reaches; cycles are fine. When flow is
//! followed, free hops cost nothing: from a version to its model and back, from a run to its job and from a job
//! to its latest run, from a column to its table and back. A walk that went up to a whole does not come down
//! again to another part of it: what one version was trained on does not flow into its siblings. A column's
//! effect on what only its table is known to feed is marked *possibly*; where columns of the table are known to feed
//! a thing, they alone decide.

use std::cell::RefMut;
use std::collections::BTreeSet;

use virgil_model::Kind;

use crate::completeness::Causes;
use crate::derived::{Derived, Edge};
use crate::entity::EntityId;
use crate::marks::{Certainty, Marks};
use crate::members::{Member, Members};
use crate::predicates::Bearing;
use crate::query::{Along, Hop, Hops};
use crate::trails::{Trail, Trails};
use crate::usage::{ByColumns, Lead, Rules, State, Use, after, is_told_apart};
use crate::view::View;

/// How many hops a walk makes at most.
pub const DEPTH_LIMIT: u32 = 50;

/// How many things a walk reaches at most.
pub const FAN_OUT_LIMIT: usize = 100_000;

/// What a walk has reached.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) members: Members,
    pub(crate) causes: Causes,
    /// How many things it has looked at.
    pub(crate) seen: usize,
    /// The edges it went along, if they are kept.
    pub(crate) edges: Vec<Passed>,
}

/// An edge that a walk went along.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) from: EntityId,
    /// Which of the relations of `from`.
    pub(crate) edge: u32,
    /// At which hop.
    pub(crate) hop: u32,
}

/// Whether a walk remembers all edges it went along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Members,
    Edges,
}

/// Where a walk stands, and how it came there.
type Front = (State, Option<Trail>);

/// From how many things on a walk remembers which of them it need not look at again.
const MANY: usize = 500;

struct Walk<'w> {
    derived: &'w Derived,
    trails: &'w mut Trails,
    rules: Rules,
    /// Where the edges that count as hops lead.
    bearings: Vec<Bearing>,
    limit: usize,
    keep: Keep,
    walked: Walked,
    /// From the least number of hops on, a state that was reached before leads nowhere new; below it, only the
    /// states of one level are known to be the same, and the marks are cleared in between.
    marks: RefMut<'w, Marks>,
    /// The state, beside the entity, in which most edges lead on: that of the first start.
    usual: u16,
    hop: u32,
    reached: Reached,
    is_cut: bool,
}

/// Walks from `starts`, and looks at no more than `limit` things.
pub(crate) fn walk(
    view: &View<'_>,
    trails: &mut Trails,
    starts: &Members,
    along: &Along,
    hops: Hops,
    keep: Keep,
    limit: usize,
) -> Walked {
    let derived = view.derived();
    let mut walk = Walk {
        derived,
        trails,
        rules: Rules::new(along),
        bearings: bearings(along),
        limit: limit.min(FAN_OUT_LIMIT),
        keep,
        walked: Walked::default(),
        marks: view.marks.borrow_mut(),
        usual: 0,
        hop: 0,
        reached: Reached::Passed,
        is_cut: false,
    };
    let bound = derived.nodes.len();
    walk.marks.clear(bound);
    let mut frontier = walk.starts(starts);
    if hops.min == 0 {
        for member in starts.iter() {
            walk.note_member(*member);
        }
    }
    walk.go_free(&mut frontier);
    let last = hops.max.unwrap_or(u32::MAX);
    for hop in 1..=last.min(DEPTH_LIMIT) {
        if frontier.is_empty() || walk.is_cut {
            break;
        }
        if hop <= hops.min {
            walk.marks.clear(bound);
        }
        walk.hop = hop;
        if hop >= hops.min {
            walk.reached = Reached::Member;
        }
        frontier = walk.hop(&frontier);
        walk.go_free(&mut frontier);
    }
    if last > DEPTH_LIMIT && !walk.is_cut && walk.goes_on(&frontier) {
        walk.walked.causes.depth = true;
    }
    walk.walked
}

/// Where the edges lead that count as hops.
fn bearings(along: &Along) -> Vec<Bearing> {
    match along {
        Along::Upstream => vec![Bearing::Upstream],
        Along::Downstream => vec![Bearing::Downstream],
        Along::Owner => vec![Bearing::Aside],
        Along::Relations(hops) => {
            let bearing = |hop: &Hop| Bearing::of(hop.predicate, hop.direction);
            let bearings: BTreeSet<Bearing> = hops.iter().map(bearing).collect();
            bearings.into_iter().collect()
        }
    }
}

/// Whether what a walk reaches is far enough to be a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Passed,
    Member,
}

impl Walk<'_> {
    /// Where the walk begins: with the shortest trails, then in the order of references.
    fn starts(&mut self, starts: &Members) -> Vec<Front> {
        let mut ordered: Vec<&Member> = starts.iter().collect();
        ordered.sort_by_cached_key(|member| {
            let rank = self.derived.node(member.id).rank;
            (self.trails.length(member.trail), rank)
        });
        let mut frontier = Vec::with_capacity(ordered.len());
        for member in ordered {
            let state = State {
                id: member.id,
                came_up: false,
                of_column: self.derived.node(member.id).kind == Kind::Column,
                widened: false,
                possibly: member.possibly,
            };
            let mark = self.marks.get(state.id);
            self.marks.set(state.id, mark.with(state.bit()));
            frontier.push((state, member.trail));
        }
        self.usual = frontier.first().map_or(0, |(state, _)| state.bit());
        frontier
    }

    /// Takes every edge that counts.
    fn hop(&mut self, frontier: &[Front]) -> Vec<Front> {
        let derived = self.derived;
        let mut next = Vec::new();
        // What is reached and not gone on from, but for the wholes it is part of.
        let mut ends = Vec::new();
        for index in 0..self.bearings.len() {
            let bearing = self.bearings[index];
            for from in frontier {
                let (first, edges) = derived.node(from.0.id).adjacency.leading(bearing);
                let may_skip = self.keep == Keep::Members
                    && self.walked.seen > MANY
                    && from.0.after_hop().bit() == self.usual;
                let by_columns = ByColumns::of(derived, from.0, bearing);
                let lead = |edge: &Edge| match &by_columns {
                    Some(columns) => columns.lead(derived, edge),
                    None => Lead::On,
                };
                for (at, edge) in (first..).zip(edges) {
                    let skips = may_skip && self.marks.is_settled(edge.other);
                    if skips || !self.rules.is_hop(edge) {
                        continue;
                    }
                    let is_apart =
                        || self.rules.follows_flow() && is_told_apart(derived, edge, bearing);
                    match lead(edge) {
                        Lead::Nowhere => {}
                        Lead::On if !is_apart() => {
                            self.pass(*from, at, edge, Use::Hop, &mut next);
                        }
                        Lead::On | Lead::There => {
                            self.pass(*from, at, edge, Use::Hop, &mut ends);
                        }
                    }
                }
                if self.is_cut {
                    return next;
                }
            }
        }
        self.go_free(&mut ends);
        next
    }

    /// Adds what free hops reach from the frontier.
    fn go_free(&mut self, frontier: &mut Vec<Front>) {
        let derived = self.derived;
        let mut index = 0;
        while index < frontier.len() && !self.is_cut {
            let from = frontier[index];
            index += 1;
            if !self.rules.goes_free(derived, from.0.id) {
                continue;
            }
            let (first, edges) = derived.node(from.0.id).adjacency.leading(Bearing::Aside);
            for (at, edge) in (first..).zip(edges) {
                if let Some(used) = self.rules.free(from.0, edge) {
                    self.pass(from, at, edge, used, frontier);
                }
            }
        }
    }

    /// Goes along one edge.
    fn pass(
        &mut self,
        (state, trail): Front,
        at: u32,
        edge: &Edge,
        used: Use,
        next: &mut Vec<Front>,
    ) {
        let to = after(state, edge, used);
        let known = self.marks.get(to.id);
        let is_new = !known.has(to.bit());
        let counts = self.reached == Reached::Member
            && used != Use::Through
            && to.certainty() > known.certainty();
        if !is_new && !counts && self.keep == Keep::Members {
            if to.bit() == self.usual && to.certainty() <= known.certainty() {
                self.settle(to.id);
            }
            return;
        }
        if !self.rules.admits(self.derived, to.id) {
            return;
        }
        if self.walked.seen >= self.limit {
            self.is_cut = true;
            self.walked.causes.fan_out = true;
            return;
        }
        if self.keep == Keep::Edges {
            self.walked.edges.push(Passed {
                from: state.id,
                edge: at,
                hop: self.hop,
            });
            if !is_new && !counts {
                return;
            }
        }
        let trail = Some(self.trails.add(trail, state.id, at));
        if is_new {
            self.marks.set(to.id, known.with(to.bit()));
            self.walked.seen += 1;
            next.push((to, trail));
        }
        if counts {
            let member = Member {
                id: to.id,
                trail,
                possibly: to.possibly,
            };
            self.note_member(member);
            if is_new && to.bit() == self.usual {
                self.settle(to.id);
            }
            if self.derived.node(to.id).unresolved {
                self.walked.causes.unresolved.push(to.id);
            }
        }
    }

    /// Remembers that the usual state leads to nothing new there.
    fn settle(&mut self, id: EntityId) {
        if self.walked.seen > MANY {
            self.marks.settle(id);
        }
    }

    /// Puts a thing among the members, in the place of what was less sure.
    fn note_member(&mut self, member: Member) {
        let mark = self.marks.get(member.id);
        let members = &mut self.walked.members.0;
        let place = if mark.certainty() == Certainty::Not {
            members.push(member);
            members.len() - 1
        } else {
            members[mark.place()] = member;
            mark.place()
        };
        let certainty = Certainty::of(member.possibly);
        self.marks.set(member.id, mark.member(certainty, place));
    }

    /// Whether one more hop would reach something new.
    fn goes_on(&self, frontier: &[Front]) -> bool {
        let leads_on = |state: State, bearing: Bearing| {
            let (_, edges) = self.derived.node(state.id).adjacency.leading(bearing);
            edges.iter().any(|edge| {
                let to = after(state, edge, Use::Hop);
                self.rules.is_hop(edge)
                    && self.rules.admits(self.derived, to.id)
                    && !self.marks.get(to.id).has(to.bit())
            })
        };
        let anywhere = |state: State| self.bearings.iter().any(|to| leads_on(state, *to));
        frontier.iter().any(|(state, _)| anywhere(*state))
    }
}
