//! The relations of all entities, each seen from both of its ends.
//!
//! A walk through half of a graph is as fast as memory answers. So edges are small, those of neighbouring numbers lie one
//! after the other in blocks, and their statements lie apart. Copies share the blocks that neither has changed.

use std::sync::Arc;

use virgil_model::Predicate;

use crate::edges::Via;
use crate::entity::EntityId;
use crate::predicates::Bearing;
use crate::query::HopDirection;
use crate::statements::RowId;

/// The relations of so many entities are copied together.
const BLOCK: usize = 64;

/// A relation as seen from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) other: EntityId,
    pub(crate) tag: Tag,
}

/// What there is to an edge beside where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) predicate: Predicate,
    /// Forward, if this end is the subject.
    pub(crate) direction: HopDirection,
    pub(crate) via: Via,
    /// Whether following flow may use it without counting a hop.
    pub(crate) is_free: bool,
}

/// Where an edge lies among those of one entity: those across the flow in the middle, so that a walk up as well
/// as a walk down finds its edges beside the free ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Upstream,
    FreeAside,
    OtherAside,
    Downstream,
}

impl Edge {
    /// The same relation as seen from its other end.
    pub(crate) fn mirrored(self, from: EntityId) -> Edge {
        let direction = self.tag.direction.reversed();
        Edge {
            other: from,
            tag: Tag {
                direction,
                ..self.tag
            },
        }
    }

    /// What makes it one edge among those of one entity.
    pub(crate) fn identity(self) -> (Predicate, HopDirection, EntityId) {
        (self.tag.predicate, self.tag.direction, self.other)
    }
}

impl Tag {
    pub(crate) fn section(self) -> Section {
        match Bearing::of(self.predicate, self.direction) {
            Bearing::Upstream => Section::Upstream,
            Bearing::Aside if self.is_free => Section::FreeAside,
            Bearing::Aside => Section::OtherAside,
            Bearing::Downstream => Section::Downstream,
        }
    }

    /// Whether it says that one end is a part of the other: of this end's, if it leads forward.
    pub(crate) fn is_part(self, direction: HopDirection) -> bool {
        self.predicate == Predicate::PartOf && self.direction == direction
    }
}

/// Edges of one entity in order of section, predicate, direction and the other's reference, each with its statements,
/// while they are derived.
#[derive(Debug, Default)]
pub(crate) struct List {
    edges: Vec<Edge>,
    /// The statements of the first edge, then those of the second, and so on.
    rows: Vec<RowId>,
    /// Where those of each edge end.
    ends: Vec<usize>,
}

impl List {
    /// Adds what comes next in order.
    pub(crate) fn push(&mut self, edge: Edge, rows: &[RowId]) {
        self.edges.push(edge);
        self.rows.extend_from_slice(rows);
        self.ends.push(self.rows.len());
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = (Edge, &[RowId])> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let rows = starts.zip(&self.ends);
        let rows = rows.map(|(start, end)| &self.rows[*start..*end]);
        self.edges.iter().copied().zip(rows)
    }
}

/// The relations of all entities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adjacencies {
    blocks: Vec<Arc<Block>>,
}

/// The relations of the entities of successive numbers.
#[derive(Debug)]
struct Block {
    /// Where each section of each entity starts; the last one's first where all end.
    starts: [[u32; 4]; BLOCK + 1],
    edges: Box<[Edge]>,
    /// The statements of the first edge, then those of the second, and so on.
    rows: Box<[RowId]>,
    /// Where those of each edge end; empty, if each has one.
    row_ends: Box<[u32]>,
}

impl Default for Block {
    fn default() -> Block {
        Block {
            starts: [[0; 4]; BLOCK + 1],
            edges: Box::default(),
            rows: Box::default(),
            row_ends: Box::default(),
        }
    }
}

impl Adjacencies {
    /// The relations of an entity whose number is below what [`Adjacencies::grow`] made room for.
    pub(crate) fn of(&self, id: EntityId) -> Links<'_> {
        Links {
            block: &self.blocks[id.0 as usize / BLOCK],
            slot: id.0 as usize % BLOCK,
        }
    }

    /// Makes room for so many entities.
    pub(crate) fn grow(&mut self, bound: usize) {
        let missing = bound.div_ceil(BLOCK).saturating_sub(self.blocks.len());
        if missing > 0 {
            let empty = Arc::<Block>::default();
            self.blocks.extend(std::iter::repeat_n(empty, missing));
        }
    }

    /// Replaces the relations of these entities, each named once.
    pub(crate) fn replace(&mut self, mut lists: Vec<(EntityId, List)>) {
        lists.sort_unstable_by_key(|(id, _)| *id);
        let mut lists = lists.into_iter().peekable();
        while let Some((EntityId(first), _)) = lists.peek() {
            let number = *first as usize / BLOCK;
            let mut anew: [Option<List>; BLOCK] = std::array::from_fn(|_| None);
            while let Some((id, list)) = lists.next_if(|(id, _)| id.0 as usize / BLOCK == number) {
                anew[id.0 as usize % BLOCK] = Some(list);
            }
            let block = Block::from(self.blocks[number].as_ref(), &anew);
            self.blocks[number] = Arc::new(block);
        }
    }
}

impl Block {
    /// The block with some of its lists replaced.
    fn from(before: &Block, anew: &[Option<List>; BLOCK]) -> Block {
        let mut block = Block::default();
        let mut all = List::default();
        for (slot, list) in anew.iter().enumerate() {
            let start = all.edges.len();
            match list {
                Some(list) => list.links().for_each(|(edge, rows)| all.push(edge, rows)),
                None => {
                    let kept = Links {
                        block: before,
                        slot,
                    };
                    kept.links().for_each(|(edge, rows)| all.push(edge, rows));
                }
            }
            let edges = &all.edges[start..];
            let sections = [
                Section::Upstream,
                Section::FreeAside,
                Section::OtherAside,
                Section::Downstream,
            ];
            block.starts[slot] = sections.map(|section| {
                number(start + edges.partition_point(|edge| edge.tag.section() < section))
            });
        }
        block.starts[BLOCK] = [number(all.edges.len()); 4];
        if all.rows.len() > all.edges.len() {
            block.row_ends = all.ends.iter().map(|end| number(*end)).collect();
        }
        block.edges = all.edges.into();
        block.rows = all.rows.into();
        block
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 relations")
}

/// The relations of one entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links<'d> {
    block: &'d Block,
    slot: usize,
}

impl<'d> Links<'d> {
    /// The edges that lead there.
    pub(crate) fn leading(self, bearing: Bearing) -> Edges<'d> {
        let [upstream, free, _, downstream] = self.block.starts[self.slot];
        let (start, end) = match bearing {
            Bearing::Upstream => (upstream, free),
            Bearing::Aside => (free, downstream),
            Bearing::Downstream => (downstream, self.end()),
        };
        self.edges(start, end)
    }

    /// The edges across the flow that following it may use without counting a hop.
    pub(crate) fn free(self) -> Edges<'d> {
        let [_, free, other, _] = self.block.starts[self.slot];
        self.edges(free, other)
    }

    pub(crate) fn all(self) -> Edges<'d> {
        self.edges(self.start(), self.end())
    }

    pub(crate) fn edge(self, at: u32) -> Edge {
        self.block.edges[(self.start() + at) as usize]
    }

    /// The statements of an edge.
    pub(crate) fn rows(self, at: u32) -> &'d [RowId] {
        let at = (self.start() + at) as usize;
        let ends = &self.block.row_ends;
        if ends.is_empty() {
            return &self.block.rows[at..=at];
        }
        let start = at.checked_sub(1).map_or(0, |before| ends[before]);
        &self.block.rows[start as usize..ends[at] as usize]
    }

    /// All edges, each with its statements.
    pub(crate) fn links(self) -> impl Iterator<Item = (Edge, &'d [RowId])> {
        let edges = self.all().numbered();
        edges.map(move |(at, edge)| (edge, self.rows(at)))
    }

    fn start(self) -> u32 {
        self.block.starts[self.slot][0]
    }

    fn end(self) -> u32 {
        self.block.starts[self.slot + 1][0]
    }

    fn edges(self, start: u32, end: u32) -> Edges<'d> {
        Edges {
            first: start - self.start(),
            edges: &self.block.edges[start as usize..end as usize],
        }
    }
}

/// Successive edges of one entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edges<'d> {
    /// The number of the first among all edges of the entity.
    pub(crate) first: u32,
    pub(crate) edges: &'d [Edge],
}

impl<'d> Edges<'d> {
    /// Each with its number.
    pub(crate) fn numbered(self) -> impl Iterator<Item = (u32, Edge)> + 'd {
        (self.first..).zip(self.edges.iter().copied())
    }

    /// Where those lead that pass.
    pub(crate) fn to(
        self,
        passes: impl Fn(Tag) -> bool + 'd,
    ) -> impl Iterator<Item = EntityId> + 'd {
        let edges = self.edges.iter().filter(move |edge| passes(edge.tag));
        edges.map(|edge| edge.other)
    }

    /// Whether one passes.
    pub(crate) fn any(self, passes: impl Fn(Tag) -> bool) -> bool {
        self.edges.iter().any(|edge| passes(edge.tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(predicate: Predicate, direction: HopDirection, other: u32) -> Edge {
        let tag = Tag {
            predicate,
            direction,
            via: Via::Stated,
            is_free: predicate == Predicate::VersionOf,
        };
        Edge {
            other: EntityId(other),
            tag,
        }
    }

    fn list(links: &[(Edge, &[RowId])]) -> List {
        let mut list = List::default();
        let mut links = links.to_vec();
        links.sort_by_key(|(edge, _)| edge.tag.section());
        links.iter().for_each(|(edge, rows)| list.push(*edge, rows));
        list
    }

    #[test]
    fn a_block_changes_only_where_lists_are_replaced() {
        let read = edge(Predicate::Reads, HopDirection::Forward, 5);
        let owned = edge(Predicate::OwnedBy, HopDirection::Forward, 9);
        let written = edge(Predicate::Writes, HopDirection::Forward, 70);
        let version = edge(Predicate::VersionOf, HopDirection::Backward, 3);
        let mut all = Adjacencies::default();
        all.grow(130);
        all.replace(vec![
            (EntityId(70), list(&[(version, &[4])])),
            (
                EntityId(2),
                list(&[
                    (written, &[1, 2]),
                    (owned, &[3]),
                    (read, &[7]),
                    (version, &[8]),
                ]),
            ),
        ]);
        let before = all.clone();
        all.replace(vec![(EntityId(3), list(&[(read, &[5])]))]);

        for all in [&before, &all] {
            let links = all.of(EntityId(2));
            let expect = [
                (read, &[7][..]),
                (version, &[8]),
                (owned, &[3]),
                (written, &[1, 2]),
            ];
            assert_eq!(links.links().collect::<Vec<_>>(), expect);
            let aside = links.leading(Bearing::Aside);
            assert_eq!((aside.first, aside.edges.len()), (1, 2));
            assert_eq!(links.free().numbered().collect::<Vec<_>>(), [(1, version)]);
            assert_eq!((links.edge(3), links.rows(3)), (written, &[1, 2][..]));
            let downstream = links.leading(Bearing::Downstream);
            assert_eq!(downstream.numbered().collect::<Vec<_>>(), [(3, written)]);
        }
        assert_eq!(before.of(EntityId(3)).links().count(), 0);
        assert_eq!(all.of(EntityId(3)).rows(0), [5]);
        assert_eq!(all.of(EntityId(70)).rows(0), [4]);
        assert!(Arc::ptr_eq(&before.blocks[1], &all.blocks[1]));

        all.replace(vec![(EntityId(2), List::default())]);
        assert_eq!(all.of(EntityId(2)).links().count(), 0);
        assert_eq!(all.of(EntityId(3)).rows(0), [5]);
    }
}
