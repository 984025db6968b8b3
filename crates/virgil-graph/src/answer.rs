//! What a query answers: rows, counts or paths, each with its evidence, and how complete they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use virgil_model::{Kind, Predicate, Value};

use crate::adjacency::Edge;
use crate::completeness::{Completeness, Known, Quality};
use crate::edges::Via;
use crate::entity::EntityId;
use crate::evaluate::{Evaluator, is_intrinsic};
use crate::ids::Ids;
use crate::members::{Member, Members};
use crate::query::{
    Along, Column, Hop, HopDirection, Hops, Order, OrderDirection, Output, Query, QueryError, Set,
};
use crate::stated::Place;
use crate::trails::Trail;
use crate::values::rank;
use crate::view::View;

/// From this part of all things on, it is faster to look for members among all than to order the members.
const MANY: usize = 16;

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// How many things there are, whatever the limit.
    pub total: usize,
    /// One row for each thing, up to the limit.
    pub rows: Vec<Row>,
    /// How many things there are for each value of `by`, most first.
    pub groups: Vec<Group>,
    /// One shortest path for each thing that paths lead to, up to the limit.
    pub paths: Vec<Path>,
    /// Whether that is all.
    pub completeness: Completeness,
}

/// A thing in brief.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EntityRef {
    /// Its key of highest precedence.
    pub reference: String,
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its name for people.
    pub name: String,
}

/// One thing of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The thing.
    #[serde(flatten)]
    pub entity: EntityRef,
    /// Whether nothing visible declares it.
    pub unresolved: bool,
    /// Whether only its table, not the column asked about, is known to reach it.
    pub possibly: bool,
    /// The values of the columns, in the order asked for.
    pub columns: Vec<Cell>,
    /// One shortest path from where the query started; empty for a thing that was named or listed.
    pub evidence: Vec<WitnessEdge>,
    /// Where it is declared.
    pub mentions: Vec<Place>,
}

/// The values of one column of a row.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// The values, in order.
    pub values: Vec<Shown>,
}

/// One value, with its statements.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The value of an attribute.
    Value {
        /// The value.
        value: Value,
        /// Who says so.
        evidence: Vec<Place>,
    },
    /// A thing that is linked.
    Entity {
        /// The thing.
        entity: EntityRef,
        /// How it is linked.
        evidence: Vec<WitnessEdge>,
    },
}

/// How many things share a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The value, or the reference of the thing; `None` for those without one.
    pub value: Option<String>,
    /// How many.
    pub count: usize,
}

/// One shortest path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Path {
    /// Where it starts.
    pub from: EntityRef,
    /// Where it leads.
    pub to: EntityRef,
    /// Its relations, in order.
    pub edges: Vec<WitnessEdge>,
}

/// A relation that a row or a path rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WitnessEdge {
    /// Where the relation starts.
    pub subject: EntityRef,
    /// What kind of relation.
    pub predicate: Predicate,
    /// Where the relation ends.
    pub object: EntityRef,
    /// How it comes to hold.
    pub via: Via,
    /// Who says so.
    pub evidence: Vec<Place>,
}

impl View<'_> {
    /// Answers a query.
    pub fn query(&self, query: &Query, known: &Known) -> Result<Answer, QueryError> {
        let evaluator = Evaluator::new(self, known);
        let (members, mut quality) = evaluator.set(&query.set)?;
        let mut answer = Answer {
            total: members.len(),
            rows: Vec::new(),
            groups: Vec::new(),
            paths: Vec::new(),
            completeness: Completeness::Exact,
        };
        if let Some(by) = &query.by {
            answer.groups = evaluator.groups(&members, by, &mut quality)?;
        }
        match &query.output {
            Output::Rows => answer.rows = evaluator.rows(query, &members, &mut quality)?,
            Output::Count => {}
            Output::Paths { to } => {
                answer.paths = evaluator.paths(&members, to, &mut quality)?;
                answer.total = answer.paths.len();
                answer.paths.truncate(query.limit.unwrap_or(usize::MAX));
            }
        }
        answer.completeness = quality.completeness(self, known);
        Ok(answer)
    }

    pub(crate) fn witness_edge(&self, from: EntityId, at: u32) -> WitnessEdge {
        let links = self.derived().links(from);
        let Edge { other, tag } = links.edge(at);
        let (subject, object) = match tag.direction {
            HopDirection::Forward => (from, other),
            HopDirection::Backward => (other, from),
        };
        WitnessEdge {
            subject: self.shown(subject),
            predicate: tag.predicate,
            object: self.shown(object),
            via: tag.via,
            evidence: self.sight().places(links.rows(at).iter().copied()),
        }
    }
}

impl Evaluator<'_, '_> {
    /// The relations of a trail, the first one first.
    fn witness(&self, trail: Option<Trail>) -> Vec<WitnessEdge> {
        let trails = self.trails.borrow();
        let steps = trails.steps(trail);
        let mut edges: Vec<WitnessEdge> = steps
            .map(|step| self.view.witness_edge(step.from, step.edge))
            .collect();
        edges.reverse();
        edges
    }

    fn rows(
        &self,
        query: &Query,
        members: &Members,
        quality: &mut Quality,
    ) -> Result<Vec<Row>, QueryError> {
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut members = match query.order {
            None => self.first(members, limit),
            Some(_) => members.iter().copied().collect(),
        };
        members.sort_by_cached_key(|member| self.view.derived().node(member.id).rank);
        if let Some(order) = &query.order {
            members = self.ordered(members, order, quality)?;
        }
        members.truncate(limit);
        members
            .into_iter()
            .map(|member| {
                let id = member.id;
                let mut columns = Vec::with_capacity(query.columns.len());
                for column in &query.columns {
                    columns.push(self.cell(id, column, quality)?);
                }
                Ok(Row {
                    entity: self.view.shown(id),
                    unresolved: self.view.entity(id).unresolved,
                    possibly: member.possibly,
                    columns,
                    evidence: self.witness(member.trail),
                    mentions: self.view.mentions(id),
                })
            })
            .collect()
    }

    /// The members with the first references, in no particular order.
    fn first(&self, members: &Members, limit: usize) -> Vec<Member> {
        if limit >= members.len() {
            return members.iter().copied().collect();
        }
        let derived = self.view.derived();
        let mut first = Ids::default();
        if members.len() > derived.len() / MANY {
            // Of many, some come early in the order of all.
            let all = members.to_ids();
            let of_all = derived.order.iter().filter(|id| all.contains(**id));
            first.extend(of_all.take(limit).copied());
        } else {
            let mut ids: Vec<EntityId> = members.ids().collect();
            ids.select_nth_unstable_by_key(limit, |id| derived.node(*id).rank);
            first.extend(ids.into_iter().take(limit));
        }
        let members = members.iter().filter(|member| first.contains(member.id));
        members.copied().collect()
    }

    fn ordered(
        &self,
        members: Vec<Member>,
        order: &Order,
        quality: &mut Quality,
    ) -> Result<Vec<Member>, QueryError> {
        let mut keyed = Vec::with_capacity(members.len());
        for member in members {
            let cell = self.cell(member.id, &order.by, quality)?;
            keyed.push((cell.values.first().map(sort_value), member));
        }
        keyed.sort_by(|(left, _), (right, _)| match (left, right) {
            (Some(left), Some(right)) => match order.direction {
                OrderDirection::Ascending => rank(left, right),
                OrderDirection::Descending => rank(right, left),
            },
            (left, right) => right.is_some().cmp(&left.is_some()),
        });
        Ok(keyed.into_iter().map(|(_, member)| member).collect())
    }

    fn cell(
        &self,
        id: EntityId,
        column: &Column,
        quality: &mut Quality,
    ) -> Result<Cell, QueryError> {
        let mut cell = Cell::default();
        match column {
            Column::Attribute(name) if is_intrinsic(name) => {
                let entity = self.view.entity(id);
                let value = match name.as_str() {
                    "kind" => Value::Text(entity.kind.name().to_owned()),
                    "name" => Value::Text(entity.name.clone()),
                    "unresolved" => Value::Bool(entity.unresolved),
                    _ => Value::Text(entity.reference.clone()),
                };
                let evidence = self.view.mentions(id);
                cell.values.push(Shown::Value { value, evidence });
            }
            Column::Attribute(name) => {
                quality.merge(self.partial());
                for (value, evidence) in self.view.attribute(id, name) {
                    cell.values.push(Shown::Value { value, evidence });
                }
            }
            Column::Linked { along, hops } => {
                let before = self.trails.borrow().len();
                let (mut linked, step) = self.step(&Members::given([id]), along, *hops)?;
                quality.merge(step);
                linked
                    .0
                    .sort_by_cached_key(|member| self.view.derived().node(member.id).rank);
                for member in linked.iter() {
                    let evidence = self.witness(member.trail);
                    let entity = self.view.shown(member.id);
                    cell.values.push(Shown::Entity { entity, evidence });
                }
                self.trails.borrow_mut().forget(before);
            }
        }
        Ok(cell)
    }

    fn groups(
        &self,
        members: &Members,
        by: &Column,
        quality: &mut Quality,
    ) -> Result<Vec<Group>, QueryError> {
        let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for id in members.ids() {
            let cell = self.cell(id, by, quality)?;
            let values: BTreeSet<String> = cell.values.iter().map(text_of).collect();
            if values.is_empty() {
                *counts.entry(None).or_default() += 1;
            }
            for value in values {
                *counts.entry(Some(value)).or_default() += 1;
            }
        }
        let groups = counts
            .into_iter()
            .map(|(value, count)| Group { value, count });
        let mut groups: Vec<Group> = groups.collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        Ok(groups)
    }

    /// For each thing of `to` that is not itself a start one shortest path.
    fn paths(
        &self,
        from: &Members,
        to: &Set,
        quality: &mut Quality,
    ) -> Result<Vec<Path>, QueryError> {
        let (to, of_set) = self.set(to)?;
        quality.merge(of_set);
        let starts = Members::given(from.ids());
        let are_starts = starts.to_ids();
        let mut wanted: Vec<EntityId> = self.view.in_order(to.ids());
        wanted.retain(|id| !are_starts.contains(*id));
        let mut paths = Vec::new();
        for along in [Along::Downstream, Along::Upstream, any_relation()] {
            if wanted.is_empty() {
                break;
            }
            let (reached, step) = self.step(&starts, &along, Hops::any())?;
            let reached: HashMap<EntityId, Member> =
                reached.iter().map(|member| (member.id, *member)).collect();
            let mut missing = Vec::new();
            for id in wanted {
                let trail = reached.get(&id).and_then(|member| member.trail);
                let Some(first) = self.trails.borrow().steps(trail).last() else {
                    missing.push(id);
                    continue;
                };
                paths.push(Path {
                    from: self.view.shown(first.from),
                    to: self.view.shown(id),
                    edges: self.witness(trail),
                });
            }
            // A path that was found is a path, whatever the walk did not see.
            if matches!(along, Along::Relations(_)) && !missing.is_empty() {
                quality.merge(step);
            }
            wanted = missing;
        }
        paths.sort_by(|left, right| left.to.cmp(&right.to));
        Ok(paths)
    }
}

fn any_relation() -> Along {
    let both = [HopDirection::Forward, HopDirection::Backward];
    let hops = Predicate::ALL.iter().flat_map(|&predicate| {
        both.map(|direction| Hop {
            predicate,
            direction,
        })
    });
    Along::Relations(hops.collect())
}

fn sort_value(shown: &Shown) -> Value {
    match shown {
        Shown::Value { value, .. } => value.clone(),
        Shown::Entity { entity, .. } => Value::Text(entity.name.clone()),
    }
}

fn text_of(shown: &Shown) -> String {
    match shown {
        Shown::Value {
            value: Value::Text(text),
            ..
        } => text.clone(),
        Shown::Value { value, .. } => serde_json::to_string(value).unwrap_or_default(),
        Shown::Entity { entity, .. } => entity.reference.clone(),
    }
}
