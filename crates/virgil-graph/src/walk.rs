//! Following relations, level by level.
//!
//! A walk of `min..=max` hops reaches whatever a path of such a length reaches; cycles are fine. When flow is
//! followed, free hops cost nothing: from a version to its model and back, from a run to its job and from a job
//! to its latest run, from a column to its table and back. A walk that went up to a whole does not come down
//! again to another part of it: what one version was trained on does not flow into its siblings. A column's
//! effect on what only its table is known to feed is marked *possibly*.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_model::Kind;

use crate::completeness::Cause;
use crate::edges::{Adjacent, EdgeAt};
use crate::entity::EntityId;
use crate::marks::Marks;
use crate::predicates::Bearing;
use crate::query::{Along, Hop, Hops};
use crate::usage::{Rules, Seen, State, Use, after};
use crate::view::View;

/// How many hops a walk makes at most.
pub const DEPTH_LIMIT: u32 = 50;

/// How many things a walk reaches at most.
pub const FAN_OUT_LIMIT: usize = 100_000;

/// How a walk came to a thing: a list of edges, the last one first.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) before: Option<Arc<Trail>>,
    pub(crate) from: EntityId,
    /// Which of the relations of `from`.
    pub(crate) edge: EdgeAt,
    pub(crate) length: usize,
}

/// A thing in a set, and why it is there.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) trail: Option<Arc<Trail>>,
    /// Whether only its table is known to be touched.
    pub(crate) possibly: bool,
}

impl Member {
    /// A thing that is there because it was named or listed.
    pub(crate) fn given() -> Member {
        Member {
            trail: None,
            possibly: false,
        }
    }

    pub(crate) fn length(&self) -> usize {
        self.trail.as_ref().map_or(0, |trail| trail.length)
    }
}

/// Things, each once.
pub(crate) type Members = BTreeMap<EntityId, Member>;

/// What a walk has reached.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) members: Members,
    pub(crate) causes: BTreeSet<Cause>,
    /// How many things it has looked at.
    pub(crate) seen: usize,
    /// The edges it went along, if they are kept: from, which of its relations, and at which hop.
    pub(crate) edges: Vec<(EntityId, EdgeAt, u32)>,
}

/// Whether a walk remembers all edges it went along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Members,
    Edges,
}

type Frontier = Vec<(State, Option<Arc<Trail>>)>;

struct Walk<'w, 'g> {
    view: &'w View<'g>,
    along: &'w Along,
    rules: Rules<'w, 'g>,
    /// Where the edges that count as hops lead.
    bearings: Vec<Bearing>,
    limit: usize,
    keep: Keep,
    walked: Walked,
    /// For each entity whether it is a member, as far as is known.
    certainty: Marks,
    is_cut: bool,
}

/// How sure it is that a walk reaches a thing; zero, if it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Possibly = 1,
    Certainly = 2,
}

/// Walks from `starts`, and looks at no more than `limit` things.
pub(crate) fn walk(
    view: &View<'_>,
    starts: &Members,
    along: &Along,
    hops: Hops,
    keep: Keep,
    limit: usize,
) -> Walked {
    let mut walk = Walk {
        view,
        along,
        rules: Rules::new(view, along),
        bearings: bearings(along),
        limit: limit.min(FAN_OUT_LIMIT),
        keep,
        walked: Walked::default(),
        certainty: Marks::default(),
        is_cut: false,
    };
    let mut ordered: Vec<EntityId> = view.in_order(starts.keys().copied());
    ordered.sort_by_key(|id| starts[id].length());
    let start = |id: EntityId| {
        let member = &starts[&id];
        let state = State {
            id,
            came_up: false,
            of_column: view.kind(id) == Kind::Column,
            widened: false,
            possibly: member.possibly,
        };
        (state, member.trail.clone())
    };
    let mut frontier: Frontier = ordered.into_iter().map(start).collect();
    // From the least number of hops on, a state that was reached before leads nowhere new; below it, only
    // the states of one level are known to be the same.
    let mut seen = Seen::default();
    let mut level = Seen::default();
    let first = if hops.min == 0 { &mut seen } else { &mut level };
    for (state, _) in &frontier {
        first.insert(*state);
    }
    if hops.min == 0 {
        walk.walked.members = starts.clone();
        for (id, member) in starts {
            walk.is_news(*id, certainty(member.possibly));
        }
    }
    walk.go_free(&mut frontier, first, 0, Reached::Passed);
    let last = hops.max.unwrap_or(u32::MAX);
    for hop in 1..=last.min(DEPTH_LIMIT) {
        if frontier.is_empty() || walk.is_cut {
            break;
        }
        let (seen, reached) = if hop < hops.min {
            level = Seen::default();
            (&mut level, Reached::Passed)
        } else {
            (&mut seen, Reached::Member)
        };
        frontier = walk.hop(&frontier, seen, hop, reached);
        walk.go_free(&mut frontier, seen, hop, reached);
    }
    if last > DEPTH_LIMIT && !walk.is_cut && walk.goes_on(&frontier, &seen) {
        walk.walked.causes.insert(Cause::Depth);
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

impl Walk<'_, '_> {
    /// Takes every edge that counts.
    fn hop(
        &mut self,
        frontier: &Frontier,
        seen: &mut Seen,
        hop: u32,
        reached: Reached,
    ) -> Frontier {
        let mut next = Frontier::new();
        for index in 0..self.bearings.len() {
            let bearing = self.bearings[index];
            for from in frontier {
                self.take(from, bearing, seen, &mut next, hop, reached);
            }
        }
        next
    }

    /// Adds what free hops reach from the frontier.
    fn go_free(&mut self, frontier: &mut Frontier, seen: &mut Seen, hop: u32, reached: Reached) {
        if matches!(self.along, Along::Relations(_)) {
            return;
        }
        let mut index = 0;
        while index < frontier.len() && !self.is_cut {
            let from = frontier[index].clone();
            self.take_free(&from, seen, frontier, hop, reached);
            index += 1;
        }
    }

    fn take(
        &mut self,
        from: &(State, Option<Arc<Trail>>),
        bearing: Bearing,
        seen: &mut Seen,
        next: &mut Frontier,
        hop: u32,
        reached: Reached,
    ) {
        let adjacent = self.view.adjacent(from.0.id, bearing);
        for (index, edge) in adjacent.iter().enumerate() {
            if self.rules.usage(from.0, edge, &adjacent) == Some(Use::Hop) {
                let at = EdgeAt { bearing, index };
                self.pass(from, (at, edge, Use::Hop), seen, next, hop, reached);
            }
        }
    }

    fn take_free(
        &mut self,
        from: &(State, Option<Arc<Trail>>),
        seen: &mut Seen,
        next: &mut Frontier,
        hop: u32,
        reached: Reached,
    ) {
        let bearing = Bearing::Aside;
        let adjacent = self.view.adjacent(from.0.id, bearing);
        for (index, edge) in adjacent.iter().enumerate() {
            match self.rules.usage(from.0, edge, &adjacent) {
                None | Some(Use::Hop) => {}
                Some(used) => {
                    let at = EdgeAt { bearing, index };
                    self.pass(from, (at, edge, used), seen, next, hop, reached);
                }
            }
        }
    }

    /// Goes along one edge.
    fn pass(
        &mut self,
        (state, trail): &(State, Option<Arc<Trail>>),
        (at, edge, used): (EdgeAt, &Adjacent, Use),
        seen: &mut Seen,
        next: &mut Frontier,
        hop: u32,
        reached: Reached,
    ) {
        if self.walked.seen >= self.limit {
            self.is_cut = true;
            self.walked.causes.insert(Cause::FanOut);
            return;
        }
        if self.keep == Keep::Edges {
            self.walked.edges.push((state.id, at, hop));
        }
        let to = after(*state, edge, used);
        let is_new = seen.insert(to);
        let counts = reached == Reached::Member
            && used != Use::Through
            && self.is_news(to.id, certainty(to.possibly));
        if !is_new && !counts {
            return;
        }
        let trail = Arc::new(Trail {
            before: trail.clone(),
            from: state.id,
            edge: at,
            length: trail.as_ref().map_or(0, |trail| trail.length) + 1,
        });
        if counts {
            self.reach(to, Arc::clone(&trail));
        }
        if is_new {
            self.walked.seen += 1;
            next.push((to, Some(trail)));
        }
    }

    /// Notes how surely a thing is reached, and whether that is more than was known.
    fn is_news(&mut self, id: EntityId, certainty: Certainty) -> bool {
        let is_news = certainty as u16 > self.certainty.get(id);
        if is_news {
            self.certainty.set(id, certainty as u16);
        }
        is_news
    }

    fn reach(&mut self, state: State, trail: Arc<Trail>) {
        if self.view.is_unresolved(state.id) {
            self.walked.causes.insert(Cause::Unresolved(state.id));
        }
        let member = Member {
            trail: Some(trail),
            possibly: state.possibly,
        };
        self.walked.members.insert(state.id, member);
    }

    /// Whether one more hop would reach something new.
    fn goes_on(&self, frontier: &Frontier, seen: &Seen) -> bool {
        let leads_on = |state: State, bearing: Bearing| {
            let adjacent = self.view.adjacent(state.id, bearing);
            adjacent.iter().any(|edge| {
                self.rules.usage(state, edge, &adjacent) == Some(Use::Hop)
                    && !seen.contains(after(state, edge, Use::Hop))
            })
        };
        let anywhere = |state: State| self.bearings.iter().any(|to| leads_on(state, *to));
        frontier.iter().any(|(state, _)| anywhere(*state))
    }
}

fn certainty(possibly: bool) -> Certainty {
    if possibly {
        Certainty::Possibly
    } else {
        Certainty::Certainly
    }
}
