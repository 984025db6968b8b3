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
use std::hint::black_box;

use virgil_model::Kind;

use crate::adjacency::{Edge, Edges, Links};
use crate::completeness::Causes;
use crate::derived::Derived;
use crate::entity::EntityId;
use crate::marks::Marks;
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

/// So many places are looked at together.
const TOGETHER: usize = 32;

struct Walk<'w> {
    derived: &'w Derived,
    trails: &'w mut Trails,
    rules: Rules,
    reach: Vec<Reach>,
    limit: usize,
    keep: Keep,
    walked: Walked,
    /// From the least number of hops on, a state that was reached before leads nowhere new; below it, only the
    /// states of one level are known to be the same, and the marks are cleared in between.
    marks: RefMut<'w, Marks>,
    by_columns: ByColumns,
    hop: u32,
    reached: Reached,
    is_cut: bool,
    /// Whether something became certain that was only possible before.
    is_surer: bool,
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
        reach: reach(along),
        limit: limit.min(FAN_OUT_LIMIT),
        keep,
        walked: Walked::default(),
        marks: view.marks.borrow_mut(),
        by_columns: ByColumns::default(),
        hop: 0,
        reached: Reached::Passed,
        is_cut: false,
        is_surer: false,
    };
    walk.marks.clear();
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
            walk.marks.clear();
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
    walk.finish()
}

/// Edges among which a walk finds those that count as hops.
#[derive(Debug, Clone, Copy)]
enum Reach {
    Leading(Bearing),
    /// Wherever they lead.
    All,
}

impl Reach {
    fn edges(self, links: Links<'_>) -> Edges<'_> {
        match self {
            Reach::Leading(bearing) => links.leading(bearing),
            Reach::All => links.all(),
        }
    }
}

fn reach(along: &Along) -> Vec<Reach> {
    let hops = match along {
        Along::Upstream => return vec![Reach::Leading(Bearing::Upstream)],
        Along::Downstream => return vec![Reach::Leading(Bearing::Downstream)],
        Along::Owner => return vec![Reach::Leading(Bearing::Aside)],
        Along::Relations(hops) => hops,
    };
    let bearing = |hop: &Hop| Bearing::of(hop.predicate, hop.direction);
    let bearings: BTreeSet<Bearing> = hops.iter().map(bearing).collect();
    match bearings.len() {
        3 => vec![Reach::All],
        _ => bearings.into_iter().map(Reach::Leading).collect(),
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
            self.marks.passed[state.number()].insert(state.id);
            frontier.push((state, member.trail));
        }
        frontier
    }

    /// Takes every edge that counts.
    fn hop(&mut self, frontier: &[Front]) -> Vec<Front> {
        let mut next = Vec::new();
        // What is reached and not gone on from, but for the wholes it is part of.
        let mut ends = Vec::new();
        for together in frontier.chunks(TOGETHER) {
            for reach in &self.reach {
                self.fetch(together, |links| reach.edges(links));
            }
            for from in together {
                for index in 0..self.reach.len() {
                    self.take(*from, self.reach[index], &mut next, &mut ends);
                    if self.is_cut {
                        return next;
                    }
                }
            }
        }
        self.go_free(&mut ends);
        next
    }

    /// Reads a little of what is about to be looked at, of many at once: memory answers them together, where it would
    /// otherwise answer one after the other.
    fn fetch<'e>(&'e self, fronts: &[Front], of: impl Fn(Links<'e>) -> Edges<'e>) {
        let edges = fronts
            .iter()
            .map(|(state, _)| of(self.derived.links(state.id)).edges);
        let firsts = edges.filter_map(|edges| edges.first());
        black_box(firsts.fold(0, |all, edge| all ^ edge.other.0));
    }

    /// Takes the edges from one place that lead there.
    fn take(&mut self, from: Front, reach: Reach, next: &mut Vec<Front>, ends: &mut Vec<Front>) {
        let derived = self.derived;
        let edges = reach.edges(derived.links(from.0.id));
        let state = from.0.after_hop().number();
        let may_skip = self.keep == Keep::Members;
        let mut are_columns_known = false;
        for (at, edge) in edges.numbered() {
            let is_settled = || self.marks.settled[state].contains(edge.other);
            if may_skip && is_settled() || !self.rules.is_hop(edge.tag) {
                continue;
            }
            let mut lead = Lead::On;
            if let (true, Reach::Leading(bearing)) = (from.0.widened, reach) {
                // The columns of a table decide, if the walk came up from one of them.
                if !are_columns_known {
                    self.by_columns.find(derived, from.0.id, bearing);
                    are_columns_known = true;
                }
                lead = self.by_columns.lead(derived, edge, bearing);
            }
            if lead == Lead::On && self.rules.follows_flow() && is_told_apart(derived, edge) {
                lead = Lead::There;
            }
            match lead {
                Lead::Nowhere => {}
                Lead::On => self.pass(from, at, edge, Use::Hop, next),
                Lead::There => self.pass(from, at, edge, Use::Hop, ends),
            }
        }
    }

    /// Adds what free hops reach from the frontier.
    fn go_free(&mut self, frontier: &mut Vec<Front>) {
        if matches!(self.rules, Rules::Relations(_)) {
            return;
        }
        let derived = self.derived;
        let mut index = 0;
        while index < frontier.len() && !self.is_cut {
            if index % TOGETHER == 0 {
                let end = frontier.len().min(index + TOGETHER);
                self.fetch(&frontier[index..end], Links::free);
            }
            let from = frontier[index];
            index += 1;
            let free = derived.links(from.0.id).free();
            if free.edges.is_empty() || !self.rules.goes_free(derived, from.0.id) {
                continue;
            }
            for (at, edge) in free.numbered() {
                if let Some(used) = self.rules.free(from.0, edge.tag) {
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
        edge: Edge,
        used: Use,
        next: &mut Vec<Front>,
    ) {
        let to = after(state, edge, used);
        let number = to.number();
        let is_new = !self.marks.passed[number].contains(to.id);
        let is_known = self.marks.is_member(to.id, to.possibly);
        let counts = self.reached == Reached::Member && used != Use::Through && !is_known;
        if !is_new && !counts && self.keep == Keep::Members {
            if is_known {
                self.marks.settled[number].insert(to.id);
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
            self.marks.passed[number].insert(to.id);
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
            if self.derived.unresolved.contains(to.id) {
                self.walked.causes.unresolved.push(to.id);
            }
        }
        if counts || is_known {
            self.marks.settled[number].insert(to.id);
        }
    }

    /// Puts a thing among the members that was not there, or less sure.
    fn note_member(&mut self, member: Member) {
        if member.possibly {
            self.marks.possible.insert(member.id);
        } else {
            self.is_surer |= self.marks.possible.contains(member.id);
            self.marks.certain.insert(member.id);
        }
        self.walked.members.0.push(member);
    }

    /// What the walk has reached, each once: what is certain is not also possible.
    fn finish(self) -> Walked {
        let (mut walked, marks) = (self.walked, self.marks);
        if self.is_surer {
            let is_surest =
                |member: &Member| !member.possibly || !marks.certain.contains(member.id);
            walked.members.0.retain(is_surest);
        }
        walked
    }

    /// Whether one more hop would reach something new.
    fn goes_on(&self, frontier: &[Front]) -> bool {
        let leads_on = |state: State, reach: &Reach| {
            let mut edges = reach.edges(self.derived.links(state.id)).numbered();
            edges.any(|(_, edge)| {
                let to = after(state, edge, Use::Hop);
                self.rules.is_hop(edge.tag)
                    && self.rules.admits(self.derived, to.id)
                    && !self.marks.passed[to.number()].contains(to.id)
            })
        };
        let anywhere = |state: State| self.reach.iter().any(|to| leads_on(state, to));
        frontier.iter().any(|(state, _)| anywhere(*state))
    }
}
