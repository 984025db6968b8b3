//! Following relations, level by level.
//!
//! A walk of `min..=max` hops reaches whatever a path of such a length reaches; cycles are fine. When flow is
//! followed, free hops cost nothing: from a version to its model and back, from a run to its job and from a job
//! to its latest run, from a column to its table and back. A walk that went up to a whole does not come down
//! again to another part of it: what one version was trained on does not flow into its siblings. A column's
//! effect on what only its table is known to feed is marked *possibly*.

use std::cell::RefMut;
use std::collections::BTreeSet;

use virgil_model::Kind;

use crate::completeness::Causes;
use crate::derived::{Derived, Edge};
use crate::entity::EntityId;
use crate::marks::Marks;
use crate::members::{Member, Members};
use crate::predicates::Bearing;
use crate::query::{Along, Hop, Hops};
use crate::trails::{Trail, Trails};
use crate::usage::{Rules, State, Use, after};
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

/// How sure it is that a walk reaches a thing stands above the bits of its states; zero, if it does not.
const CERTAINTY: u32 = 16;

struct Walk<'w> {
    derived: &'w Derived,
    trails: &'w mut Trails,
    rules: Rules,
    /// Where the edges that count as hops lead.
    bearings: Vec<Bearing>,
    limit: usize,
    keep: Keep,
    walked: Walked,
    /// For each entity the states it was passed in, how sure it is a member, and its place among them. From the
    /// least number of hops on, a state that was reached before leads nowhere new; below it, only the states of
    /// one level are known to be the same.
    marks: RefMut<'w, Marks>,
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
        hop: 0,
        reached: Reached::Passed,
        is_cut: false,
    };
    let bound = derived.nodes.len();
    walk.marks.clear(bound);
    let mut frontier = walk.starts(starts);
    if hops.min == 0 {
        for member in starts.iter() {
            let certainty = certainty(member.possibly);
            walk.note_member(*member, certainty);
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
            self.marks.set_number(state.id, state.bit());
            frontier.push((state, member.trail));
        }
        frontier
    }

    /// Takes every edge that counts.
    fn hop(&mut self, frontier: &[Front]) -> Vec<Front> {
        let derived = self.derived;
        let mut next = Vec::new();
        for index in 0..self.bearings.len() {
            let bearing = self.bearings[index];
            for from in frontier {
                for (at, edge) in derived.node(from.0.id).adjacency.leading(bearing) {
                    if self.rules.is_hop(edge) {
                        self.pass(*from, at, edge, Use::Hop, &mut next);
                    }
                }
                if self.is_cut {
                    return next;
                }
            }
        }
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
            for (at, edge) in derived.node(from.0.id).adjacency.leading(Bearing::Aside) {
                if let Some(used) = self.rules.free(derived, from.0, edge) {
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
        let known = self.marks.number(to.id);
        let is_new = known & to.bit() == 0;
        let certainty = certainty(to.possibly);
        let counts = self.reached == Reached::Member
            && used != Use::Through
            && certainty > known >> CERTAINTY;
        if !is_new && !counts && self.keep == Keep::Members {
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
            self.marks.set_number(to.id, known | to.bit());
            self.walked.seen += 1;
            next.push((to, trail));
        }
        if counts {
            let member = Member {
                id: to.id,
                trail,
                possibly: to.possibly,
            };
            self.note_member(member, certainty);
            if self.derived.node(to.id).unresolved {
                self.walked.causes.unresolved.push(to.id);
            }
        }
    }

    /// Puts a thing among the members, in the place of what was less sure.
    fn note_member(&mut self, member: Member, certainty: u32) {
        let number = self.marks.number(member.id);
        let members = &mut self.walked.members.0;
        if number >> CERTAINTY == 0 {
            let place = u32::try_from(members.len()).expect("fewer than 2^32 entities");
            self.marks.set_place(member.id, place);
            members.push(member);
        } else {
            members[self.marks.place(member.id) as usize] = member;
        }
        let states = number & ((1 << CERTAINTY) - 1);
        self.marks
            .set_number(member.id, states | certainty << CERTAINTY);
    }

    /// Whether one more hop would reach something new.
    fn goes_on(&self, frontier: &[Front]) -> bool {
        let leads_on = |state: State, bearing: Bearing| {
            let mut edges = self.derived.node(state.id).adjacency.leading(bearing);
            edges.any(|(_, edge)| {
                let to = after(state, edge, Use::Hop);
                self.rules.is_hop(edge)
                    && self.rules.admits(self.derived, to.id)
                    && self.marks.number(to.id) & to.bit() == 0
            })
        };
        let anywhere = |state: State| self.bearings.iter().any(|to| leads_on(state, *to));
        frontier.iter().any(|(state, _)| anywhere(*state))
    }
}

fn certainty(possibly: bool) -> u32 {
    if possibly { 1 } else { 2 }
}
