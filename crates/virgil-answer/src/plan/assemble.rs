//! From a sketch to queries: every way to hang the things of a question on what it asks for, by type, each with its price.

use virgil_graph::{Column, Query, Set};

use crate::plan::arcs::{Reach, arcs, at_all, least_link};
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Word};
use crate::plan::nouns::{attributes, in_groups, is_served, links, per_role};
use crate::plan::phrases::{Ask, Cat};
use crate::plan::pieces::{Place, Voice};
use crate::plan::question::question;
use crate::plan::sem::{Head, Mod, Np, Quant, apply, clause, column};
use crate::plan::sketch::{Bound, Lead, Mark, Node, Sketch, Sort, Tie};

/// How many ways to hang the things of one question together are tried.
const MOST_TRIES: usize = 300;
/// How many phrases are kept of what one thing may be.
const BEAM: usize = 5;
/// How much dearer than the likeliest a reading may be.
pub(super) const WINDOW: f32 = 0.25;
/// A thing between two phrases that belong together.
const PARTED: f32 = 0.1;

/// Where a child hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    Root,
    Child(usize),
    /// It is shown beside what is asked for.
    Shown,
}

/// What a tie is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// To link this child with its parent.
    Arc(usize),
    /// To say that this node is linked at all.
    AtAll(usize),
    /// To say that something has the value behind it.
    Value,
}

/// Something said in another sentence.
const ELSEWHERE: f32 = 0.7;
/// What runs in services.
const SERVED: [virgil_model::Kind; 2] =
    [virgil_model::Kind::Model, virgil_model::Kind::ModelVersion];

/// What a node may be.
fn kinds(node: &Node) -> Kinds {
    let senses = node.senses.iter();
    senses.fold(Kinds::NONE, |kinds, (np, _)| kinds.or(np.kinds))
}

/// One way to hang everything together. Node 0 is what is asked for, the others its children.
struct Frame<'s> {
    sketch: &'s Sketch,
    lexicon: &'s Lexicon,
    nodes: Vec<Node>,
    parents: Vec<Parent>,
    ties: Vec<&'s Tie>,
    uses: Vec<Use>,
    marks: Vec<&'s Mark>,
    marked: Vec<usize>,
    most: &'s std::cell::Cell<f32>,
    /// What the links that are chosen cost at least.
    ahead: f32,
    reach: Reach,
}

/// Everything that a sketch may ask, the likeliest first.
pub(super) fn assemble(
    sketch: &Sketch,
    lexicon: &Lexicon,
    is_yes_no: bool,
    most: f32,
    tries: &mut usize,
) -> Vec<(Query, f32)> {
    let mut asked: Vec<(Query, f32)> = Vec::new();
    // What is much dearer than what is known counts for nothing.
    let most = std::cell::Cell::new(most);
    let mut keep = |cat: &Cat, cost: f32| {
        if cost > most.get() {
            return;
        }
        if let Some(query) = question(cat, is_yes_no) {
            most.set(most.get().min(cost + WINDOW));
            match asked.iter_mut().find(|(known, _)| *known == query) {
                Some((_, known)) => *known = known.min(cost),
                None => asked.push((query, cost)),
            }
        }
    };
    let distributed = distributed(sketch);
    let sketch = distributed.as_ref().unwrap_or(sketch);
    if sketch.is_path {
        paths(sketch, &mut keep);
    } else if let Some((cats, cost)) = counted_roles(sketch) {
        for cat in &cats {
            keep(cat, cost);
        }
    } else {
        for (root, left_out, cost) in roots(sketch, is_yes_no) {
            let mut nodes = vec![Node {
                is_asked: true,
                ..root
            }];
            nodes.extend(
                sketch
                    .nodes
                    .iter()
                    .enumerate()
                    .filter(|(index, node)| Some(*index) != left_out && node.bound == Bound::Free)
                    .map(|(_, node)| node.clone()),
            );
            let mut frame = Frame {
                sketch,
                lexicon,
                parents: vec![Parent::Root; nodes.len()],
                nodes,
                ties: sketch
                    .ties
                    .iter()
                    .filter(|tie| tie.bound == Bound::Free)
                    .collect(),
                uses: Vec::new(),
                marks: sketch.marks.iter().collect(),
                marked: Vec::new(),
                most: &most,
                ahead: 0.0,
                reach: if sketch.is_direct && !sketch.is_transitive {
                    Reach::Direct
                } else if sketch.is_transitive {
                    Reach::Transitive
                } else {
                    Reach::Usual
                },
            };
            frame.hang(1, cost + sketch.cost, tries, &mut keep);
        }
    }
    asked.sort_by(|left, right| left.1.total_cmp(&right.1));
    asked
}

/// `which version does every service serve`: the services, each with its version.
fn distributed(sketch: &Sketch) -> Option<Sketch> {
    let every = sketch.nodes.iter().position(|node| {
        node.sort == Sort::Noun
            && node.quant == Quant::All
            && !node.is_asked
            && node.bound == Bound::Free
    })?;
    let mut asked = sketch.nodes.iter().enumerate().filter(|(index, node)| {
        *index != every && node.sort == Sort::Noun && node.is_asked && node.bound == Bound::Free
    });
    let (asked, None) = (asked.next()?.0, asked.next()) else {
        return None;
    };
    let is_simple = sketch.nodes.len() == 2
        && !sketch.is_count
        && sketch
            .ties
            .iter()
            .all(|tie| !tie.is_negative && !tie.is_only && !tie.is_impact);
    if !is_simple {
        return None;
    }
    let mut each = sketch.clone();
    each.nodes[every].quant = Quant::Plain;
    each.nodes[asked].bound = Bound::Shown;
    each.nodes[asked].is_asked = false;
    for tie in &mut each.ties {
        tie.bound = Bound::Shown;
    }
    Some(each)
}

/// What may be asked for: the thing, which node of the sketch it is, and what it costs to take it so.
fn roots(sketch: &Sketch, is_yes_no: bool) -> Vec<(Node, Option<usize>, f32)> {
    let mut roots = Vec::new();
    let is_noun_asked = sketch
        .nodes
        .iter()
        .any(|node| node.sort == Sort::Noun && node.is_asked && node.bound == Bound::Free);
    let is_other_asked = sketch.nodes.iter().any(|node| {
        node.bound == Bound::Free
            && (node.sort == Sort::Noun || node.sort == Sort::Any && node.is_asked)
    });
    let wants_value = sketch.asks.is_some() || !sketch.attributes.is_empty();
    let mut nouns = 0;
    for (index, node) in sketch.nodes.iter().enumerate() {
        if node.bound != Bound::Free || matches!(node.quant, Quant::No | Quant::Most) {
            continue;
        }
        // Every one of something is asked for alone, or is a condition of another.
        let is_every_beside = node.quant == Quant::All
            && node.sort == Sort::Noun
            && sketch.nodes.iter().any(|other| {
                other.sort == Sort::Noun
                    && other.bound == Bound::Free
                    && other.start != node.start
                    && (other.is_asked || other.start < node.start)
            });
        if is_every_beside {
            continue;
        }
        let cost = match node.sort {
            Sort::Noun if node.is_asked => 0.0,
            Sort::Noun => {
                let rank = nouns;
                nouns += 1;
                f32::from(u8::try_from(rank).unwrap_or(9)) * 0.1
                    + if is_noun_asked { 0.3 } else { 0.0 }
            }
            Sort::Any if node.senses[0].0.head == Head::Built => 0.25,
            Sort::Any if is_noun_asked => 0.4,
            Sort::Any if node.is_asked => 0.05,
            Sort::Any => 0.35,
            Sort::Name if wants_value && is_other_asked => 0.35,
            Sort::Name if wants_value => 0.05,
            Sort::Name if is_yes_no => 0.2,
            Sort::Name => continue,
        };
        roots.push((node.clone(), Some(index), cost));
    }
    let has_root = sketch.nodes.iter().any(|node| {
        node.sort != Sort::Name && node.bound == Bound::Free && node.quant != Quant::No
    });
    if !has_root && (!wants_value || !sketch.ties.is_empty()) {
        let anything = Node {
            start: 0,
            end: 0,
            again: None,
            senses: vec![(Np::all(Kinds::ANY, Head::Any), 0.0)],
            sort: Sort::Any,
            is_asked: true,
            quant: Quant::Plain,
            before: Vec::new(),
            bound: Bound::Free,
            lead: Lead::Unsaid,
        };
        roots.push((anything, None, 0.05));
    }
    roots
}

impl Frame<'_> {
    /// Tries every place for the child `index` and those behind it.
    fn hang(
        &mut self,
        index: usize,
        cost: f32,
        tries: &mut usize,
        keep: &mut dyn FnMut(&Cat, f32),
    ) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        if index == self.nodes.len() {
            if !self.hangs_together() {
                return;
            }
            return self.tie(cost, tries, keep);
        }
        let node = &self.nodes[index];
        let is_bare_noun = node.sort == Sort::Noun && node.quant == Quant::Plain;
        let is_listed = node
            .before
            .iter()
            .all(|word| matches!(word, Word::And | Word::Comma | Word::With));
        let is_had = node.before.contains(&Word::With);
        let mut places = vec![(Parent::Root, 0.0)];
        if is_bare_noun && is_listed && node.start > self.nodes[0].start {
            places.push((
                Parent::Shown,
                if is_had {
                    0.3
                } else if node.before.is_empty() {
                    0.25
                } else {
                    0.05
                },
            ));
        }
        // What hangs on a thing beside it; only one of two neighbours may hang on the other.
        let is_before = index > 1
            && !matches!(self.parents[index - 1], Parent::Shown)
            && self.parents[index - 1] != Parent::Child(index);
        if is_before {
            places.push((Parent::Child(index - 1), 0.05));
        }
        if index + 1 < self.nodes.len() {
            places.push((Parent::Child(index + 1), 0.08));
        }
        for (place, dear) in places {
            self.parents[index] = place;
            self.hang(index + 1, cost + dear, tries, keep);
        }
    }

    /// Whether everything hangs on what is asked for, and nothing on what is only shown.
    fn hangs_together(&self) -> bool {
        (1..self.nodes.len()).all(|index| {
            let mut at = index;
            for _ in 0..self.nodes.len() {
                match self.parents[at] {
                    Parent::Root => return true,
                    Parent::Shown => return at == index,
                    Parent::Child(parent) => at = parent,
                }
            }
            false
        })
    }

    /// Tries every use of the next tie.
    fn tie(&mut self, cost: f32, tries: &mut usize, keep: &mut dyn FnMut(&Cat, f32)) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        let Some(tie) = self.ties.get(self.uses.len()).copied() else {
            return self.mark(cost, tries, keep);
        };
        let mut uses = Vec::new();
        for index in 1..self.nodes.len() {
            let parent = match self.parents[index] {
                Parent::Root => 0,
                Parent::Child(parent) => parent,
                Parent::Shown => continue,
            };
            let (above, below) = (&self.nodes[parent], &self.nodes[index]);
            let Some(least) = least_link(tie, (above, kinds(above)), (below, kinds(below))) else {
                continue;
            };
            let between = [above, below]
                .iter()
                .map(|end| self.between(tie.start, end.start))
                .fold(f32::MAX, f32::min);
            uses.push((Use::Arc(index), PARTED * between, least));
        }
        if !tie.is_impact {
            for index in 0..self.nodes.len() {
                let node = &self.nodes[index];
                let is_linked = self.parents[index] != Parent::Shown
                    && node.sort != Sort::Any
                    && tie.senses.iter().any(|(relation, _)| {
                        let kinds = kinds(node);
                        !relation.subject.and(kinds).is_empty()
                            || !relation.object.and(kinds).is_empty()
                    });
                if is_linked {
                    let between = self.between(tie.start, node.start);
                    uses.push((Use::AtAll(index), PARTED * between, 0.05));
                }
            }
            // `use the runtime x`: have it.
            let has_value = self.marks.iter().any(|mark| {
                mark.start >= tie.end
                    && mark.start <= tie.end + 2
                    && mark.senses.iter().any(|(_, name)| name.is_some())
            });
            if has_value && !tie.is_negative && !tie.is_only {
                uses.push((Use::Value, 0.15, 0.0));
            }
        }
        // What happens and what is affected is one event.
        if tie.is_impact {
            let known = self
                .ties
                .iter()
                .zip(&self.uses)
                .find(|(other, _)| other.is_impact);
            if let Some((_, known)) = known {
                uses.retain(|(tied, _, _)| tied == known);
            }
        }
        for (tied, dear, least) in uses {
            self.uses.push(tied);
            self.ahead += least;
            self.tie(cost + dear, tries, keep);
            self.ahead -= least;
            self.uses.pop();
        }
    }

    /// Tries every bearer of the next mark.
    fn mark(&mut self, cost: f32, tries: &mut usize, keep: &mut dyn FnMut(&Cat, f32)) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        let Some(mark) = self.marks.get(self.marked.len()).copied() else {
            *tries += 1;
            for (cat, made) in self.build() {
                keep(&cat, cost + made);
            }
            return;
        };
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let of = kinds(node);
            let is_fit = mark.senses.iter().any(|(said, name)| {
                !said.domain.and(of).is_empty()
                    || name.as_deref() == Some("cluster") && !of.and(Kinds::of(&SERVED)).is_empty()
            });
            if self.parents[index] == Parent::Shown || !is_fit {
                continue;
            }
            let between = self.between(mark.start, node.start);
            let is_usual = match mark.place {
                Place::Before => mark.start < node.start,
                Place::Behind => mark.start > node.start,
            };
            let is_elsewhere =
                self.sketch.sentences.iter().any(|&start| {
                    (mark.start < start) != (node.again.unwrap_or(node.start) < start)
                });
            let dear = PARTED * between
                + if is_usual { 0.0 } else { 0.08 }
                + if is_elsewhere { ELSEWHERE } else { 0.0 };
            self.marked.push(index);
            self.mark(cost + dear, tries, keep);
            self.marked.pop();
        }
    }

    /// How many things stand between two places.
    fn between(&self, left: usize, right: usize) -> f32 {
        let (low, high) = (left.min(right), left.max(right));
        let count = self.nodes[..]
            .iter()
            .filter(|node| node.start > low && node.start < high)
            .count();
        f32::from(u8::try_from(count).unwrap_or(u8::MAX))
    }

    /// What the whole asks.
    fn build(&self) -> Vec<(Cat, f32)> {
        let mut made = Vec::new();
        for (np, cost) in self.phrases(0, 0) {
            for (cat, dear) in self.asked(&np) {
                made.push((cat, cost + dear));
            }
        }
        made
    }

    /// What a node may be, with everything that hangs on it.
    fn phrases(&self, index: usize, depth: usize) -> Vec<(Np, f32)> {
        if depth > self.nodes.len() {
            return Vec::new();
        }
        let node = &self.nodes[index];
        // Of all of them, not of some: that is more than a link says.
        if index > 0 && node.sort == Sort::Noun && node.quant == Quant::All {
            return Vec::new();
        }
        let mut phrases: Vec<(Np, f32)> = node
            .senses
            .iter()
            .map(|(np, cost)| {
                let mut np = np.clone();
                // All of what a question asks for is what it asks for anyhow.
                if index > 0 {
                    np.quant = node.quant;
                }
                (np, *cost)
            })
            .collect();
        for (child, parent) in self.parents.iter().enumerate().skip(1) {
            let hangs = match parent {
                Parent::Root => index == 0,
                Parent::Child(parent) => *parent == index,
                Parent::Shown => false,
            };
            if hangs {
                phrases = self.with_child(node, phrases, child, depth);
            }
        }
        for (tie, tied) in self.ties.iter().zip(&self.uses) {
            if *tied == Use::AtAll(index) {
                phrases = widened(&phrases, |np| {
                    let said = at_all((node, np), tie).into_iter();
                    // What is served in a cluster is served.
                    let is_placed = is_served(np)
                        && !tie.is_negative
                        && self.marks.iter().zip(&self.marked).any(|(mark, marked)| {
                            *marked == index
                                && mark
                                    .senses
                                    .iter()
                                    .any(|(_, name)| name.as_deref() == Some("cluster"))
                        });
                    said.filter_map(|(said, cost)| {
                        let cost = if is_placed { cost.min(0.05) } else { cost };
                        Some((said_about(np, &said)?, cost))
                    })
                    .collect()
                });
            }
        }
        for (mark, marked) in self.marks.iter().zip(&self.marked) {
            if *marked == index {
                phrases = widened(&phrases, |np| self.marked(np, mark));
            }
        }
        phrases
    }

    fn with_child(
        &self,
        node: &Node,
        phrases: Vec<(Np, f32)>,
        child: usize,
        depth: usize,
    ) -> Vec<(Np, f32)> {
        let ties: Vec<&Tie> = self
            .ties
            .iter()
            .zip(&self.uses)
            .filter(|(_, tied)| **tied == Use::Arc(child))
            .map(|(tie, _)| *tie)
            .collect();
        let children = self.phrases(child, depth + 1);
        widened(&phrases, |np| {
            let mut made = Vec::new();
            for (object, dear) in &children {
                // A thing without a relation is only hung on what has a kind.
                if ties.is_empty() && (np.kinds.is_any() || object.kinds.is_any()) {
                    continue;
                }
                let child = (&self.nodes[child], object);
                for (said, cost) in arcs((node, np), child, &ties, self.reach, self.lexicon) {
                    if ties.iter().any(|tie| tie.is_only) {
                        continue;
                    }
                    if let Some(np) = said_about(np, &said) {
                        made.push((np, cost + dear));
                    }
                }
            }
            made
        })
    }

    fn marked(&self, np: &Np, mark: &Mark) -> Vec<(Np, f32)> {
        let mut made = Vec::new();
        for (said, name) in &mark.senses {
            let turned = |said: Mod| {
                if mark.is_negative {
                    said.negated()
                } else {
                    Some(said)
                }
            };
            let fits = !np.kinds.and(said.domain).is_empty();
            // `models in prod-eu`: those that something there serves.
            if name.as_deref() == Some("cluster") && is_served(np) && !fits {
                let services = Np::all(
                    Kinds::of(&[virgil_model::Kind::InferenceService]),
                    Head::Kind,
                );
                let served = apply(&services, said);
                for vague in &self.lexicon.vague {
                    let relation = vague.relation.clone();
                    if relation.object.covers(services.kinds)
                        && !relation.subject.and(np.kinds).is_empty()
                        && let Some(served) = &served
                        && let Some(np) = clause(&relation, served)
                            .and_then(turned)
                            .and_then(|said| said_about(np, &said))
                    {
                        made.push((np, 0.1));
                    }
                }
                continue;
            }
            if fits
                && let Some(marked) = turned(said.clone()).and_then(|said| said_about(np, &said))
            {
                made.push((marked, described(np)));
            }
        }
        made
    }

    /// What is asked of a noun phrase that has everything said of it.
    fn asked(&self, np: &Np) -> Vec<(Cat, f32)> {
        let mut columns: Vec<(Vec<Column>, f32)> = vec![(Vec::new(), 0.0)];
        let mut by: Vec<Column> = Vec::new();
        let mut is_grouped = false;
        let mut add = |found: Vec<Column>, cost: f32| {
            let mut wider = Vec::new();
            for (known, dear) in &columns {
                for column in &found {
                    wider.push((
                        [&known[..], std::slice::from_ref(column)].concat(),
                        dear + cost,
                    ));
                }
            }
            columns = wider;
        };
        for (child, parent) in self.parents.iter().enumerate().skip(1) {
            if *parent == Parent::Shown {
                let kinds = self.nodes[child].senses[0].0.kinds;
                add(links(&np.kinds, &kinds, self.lexicon), 0.0);
            }
        }
        for node in &self.sketch.nodes {
            let kinds = node.senses[0].0.kinds;
            match node.bound {
                Bound::Free => {}
                Bound::Shown if node.sort == Sort::Noun && !self.is_shown_by_tie() => {
                    add(links(&np.kinds, &kinds, self.lexicon), 0.05);
                }
                Bound::Shown => {}
                Bound::Per => {
                    is_grouped = true;
                    by = links(&np.kinds, &kinds, self.lexicon);
                }
            }
        }
        for tie in &self.sketch.ties {
            match tie.bound {
                Bound::Free => {}
                Bound::Shown => add(shown_by(tie, np), 0.05),
                Bound::Per => {
                    is_grouped = true;
                    by = shown_by(tie, np);
                }
            }
        }
        for named in &self.sketch.attributes {
            let found: Vec<Column> = named.names.iter().cloned().map(Column::Attribute).collect();
            match named.bound {
                Bound::Per => {
                    is_grouped = true;
                    by = found;
                }
                _ => {
                    let is_listed =
                        named.is_asked || named.bound == Bound::Shown || !named.before.is_empty();
                    let is_of_name = np.head == Head::Named;
                    let cost = match (is_listed, is_of_name) {
                        (true, _) => 0.05,
                        (false, true) => 0.15,
                        // Whether it is shown or asked for is not said.
                        (false, false) => 0.5,
                    };
                    add(found, cost);
                }
            }
        }
        if let Some(name) = &self.sketch.asks {
            add(vec![Column::Attribute(name.clone())], 0.0);
        }
        if is_grouped {
            if !self.sketch.is_count || columns != [(Vec::new(), 0.0)] {
                return Vec::new();
            }
            return by
                .into_iter()
                .map(|by| (Ask::groups(in_groups(np, &by), by), 0.0))
                .collect();
        }
        if self.sketch.is_count {
            if columns != [(Vec::new(), 0.0)] || self.nodes[0].sort != Sort::Noun {
                return Vec::new();
            }
            return vec![(Cat::Np(np.clone().with(Quant::Count)), 0.0)];
        }
        columns
            .into_iter()
            .map(|(columns, cost)| {
                if columns.is_empty() {
                    return (Cat::Np(np.clone()), cost);
                }
                let names: Vec<String> = columns
                    .iter()
                    .filter_map(|column| match column {
                        Column::Attribute(name) => Some(name.clone()),
                        Column::Linked { .. } => None,
                    })
                    .collect();
                let shown = if names.len() == columns.len() {
                    attributes(&names)
                } else {
                    columns
                };
                (Ask::columns(np.clone(), shown), cost)
            })
            .collect()
    }

    fn is_shown_by_tie(&self) -> bool {
        self.sketch.ties.iter().any(|tie| tie.bound == Bound::Shown)
    }
}

/// What it costs to describe a thing: what has one name needs no description.
fn described(np: &Np) -> f32 {
    match &np.set {
        Set::Refs(names) if names.len() == 1 => 0.35,
        _ => 0.0,
    }
}

/// A noun phrase of which something is said; a name only needs it where it names several things.
fn said_about(np: &Np, said: &Mod) -> Option<Np> {
    if np.quant == Quant::No && np.head == Head::Named {
        return None;
    }
    apply(np, said)
}

/// Every phrase with everything that may be said of it, the cheapest kept.
fn widened(phrases: &[(Np, f32)], mut say: impl FnMut(&Np) -> Vec<(Np, f32)>) -> Vec<(Np, f32)> {
    let mut wider: Vec<(Np, f32)> = Vec::new();
    for (np, cost) in phrases {
        for (np, dear) in say(np) {
            wider.push((np, cost + dear));
        }
    }
    wider.sort_by(|left, right| left.1.total_cmp(&right.1));
    wider.truncate(BEAM);
    wider
}

/// The columns that a tie shows of what is asked for.
fn shown_by(tie: &Tie, np: &Np) -> Vec<Column> {
    let mut found = Vec::new();
    for (relation, voice) in &tie.senses {
        let walk = match voice {
            Voice::Role if !relation.subject.and(np.kinds).is_empty() => &relation.forward,
            Voice::Role => continue,
            // `who owns them`
            _ if !relation.object.and(np.kinds).is_empty() => &relation.backward,
            _ => continue,
        };
        if let Some(walk) = walk {
            let shown = column(walk);
            if !found.contains(&shown) {
                found.push(shown);
            }
        }
    }
    found
}

/// `how many members does each team have`.
fn counted_roles(sketch: &Sketch) -> Option<(Vec<Cat>, f32)> {
    let [tie] = sketch.ties.as_slice() else {
        return None;
    };
    let [node] = sketch.nodes.as_slice() else {
        return None;
    };
    let is_counted = sketch.is_count
        && node.bound == Bound::Per
        && sketch.marks.is_empty()
        && sketch.attributes.is_empty()
        && !tie.is_negative;
    if !is_counted {
        return None;
    }
    let kinds = node.senses[0].0.kinds;
    let cats: Vec<Cat> = tie
        .senses
        .iter()
        .filter(|(relation, voice)| {
            *voice == Voice::Role && !relation.subject.and(kinds).is_empty()
        })
        .flat_map(|(relation, _)| per_role(relation))
        .map(|(cat, _)| cat)
        .collect();
    (!cats.is_empty()).then_some((cats, 0.0))
}

/// `how does X get to Y`.
fn paths(sketch: &Sketch, keep: &mut dyn FnMut(&Cat, f32)) {
    let names: Vec<&Node> = sketch
        .nodes
        .iter()
        .filter(|node| node.sort == Sort::Name)
        .collect();
    let [first, second] = names.as_slice() else {
        return;
    };
    // `columns` would be asked for; `steps` only says that it is a way.
    let steps = Kinds::of(&[virgil_model::Kind::Task]);
    let is_more = !sketch.attributes.is_empty()
        || sketch.nodes.iter().any(|node| {
            node.sort == Sort::Noun && !node.senses.iter().any(|(np, _)| steps.covers(np.kinds))
        })
        || sketch.is_count
        || sketch.asks.is_some()
        || sketch.ties.iter().any(|tie| tie.is_negative || tie.is_only)
        || sketch
            .nodes
            .iter()
            .any(|node| node.quant == Quant::No || node.bound != Bound::Free);
    if is_more {
        return;
    }
    let marked = |node: &Node, np: &Np| -> Vec<Np> {
        let mut nps = vec![np.clone()];
        for mark in &sketch.marks {
            let is_near = mark.start.abs_diff(node.start);
            let other = if std::ptr::eq(node, *first) {
                second
            } else {
                first
            };
            if is_near > mark.start.abs_diff(other.start) {
                continue;
            }
            nps = nps
                .iter()
                .flat_map(|np| mark.senses.iter().filter_map(|(said, _)| apply(np, said)))
                .collect();
        }
        nps
    };
    for (from, dear) in &first.senses {
        for (to, also) in &second.senses {
            let is_back =
                second.lead == Lead::Start || first.lead == Lead::End && second.lead != Lead::End;
            for from in marked(first, from) {
                for to in marked(second, to) {
                    let (from, to) = if is_back { (&to, &from) } else { (&from, &to) };
                    let cat = Cat::Ask(Ask {
                        np: from.clone(),
                        columns: Vec::new(),
                        by: None,
                        to: Some(to.set.clone()),
                    });
                    keep(&cat, 0.05 + dear + also);
                }
            }
        }
    }
}
