//! A question as things and what is said of them, before it is known how they hang together.
//!
//! Words that carry a decision - negations, quantifiers, comparisons, conjunctions - are bound to what stands behind them
//! here; one that finds nothing to bind to leaves no sketch, so that none is ever dropped.

use virgil_graph::{Op, Test};
use virgil_model::Value;

use crate::plan::lexicon::{Relation, Word};
use crate::plan::link::is_plural;
use crate::plan::pieces::{Piece, Place, Voice, What};
use crate::plan::sem::{Clause, Mod, Np, Quant, either};
use crate::plan::tokens::Token;

/// A name or a value beside the word for what it is.
const CUED: f32 = 0.3;
/// A value that is said to be a tag.
const TAGGED: f32 = 0.35;
/// A noun that stands for a name said before.
const SAID_AGAIN: f32 = 0.03;

/// A thing, or several, that a question speaks of.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where a pronoun stands for it.
    pub(super) again: Option<usize>,
    /// What it may be, and what each costs more than the cheapest.
    pub(super) senses: Vec<(Np, f32)>,
    pub(super) sort: Sort,
    /// Whether the question asks for it: `which tables`.
    pub(super) is_asked: bool,
    pub(super) quant: Quant,
    /// The words of structure before it.
    pub(super) before: Vec<Word>,
    /// Whether it is said with `their`, or behind `per`.
    pub(super) bound: Bound,
    /// Which way data flows from it, as the preposition before it tells.
    pub(super) lead: Lead,
}

/// Which end of a flow a preposition marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Unsaid,
    /// `from X`.
    Start,
    /// `into X`.
    End,
    /// `on X`: there is one, and it does not tell.
    Other,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Noun,
    Any,
}

/// What binds a phrase to what the question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Free,
    /// `their owners`.
    Shown,
    /// `per team`.
    Per,
}

/// Something that links two things.
#[derive(Debug, Clone)]
pub(super) struct Tie {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) senses: Vec<(Relation, Voice)>,
    pub(super) is_impact: bool,
    /// Whether an auxiliary verb or `by` tells that a participle is passive.
    pub(super) is_passive: bool,
    /// Whether it is a verb that says little without its preposition, which is not there: `come`.
    pub(super) is_light: bool,
    pub(super) is_negative: bool,
    pub(super) is_only: bool,
    pub(super) before: Vec<Word>,
    pub(super) behind: Vec<Word>,
    pub(super) bound: Bound,
}

/// Something that is said of one thing.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) senses: Vec<(Mod, Option<String>)>,
    pub(super) place: Place,
    pub(super) is_negative: bool,
}

/// An attribute that is named.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) names: Vec<String>,
    pub(super) compared: Option<(Op, Value)>,
    pub(super) is_negative: bool,
    pub(super) is_asked: bool,
    pub(super) before: Vec<Word>,
    pub(super) bound: Bound,
}

/// The things of a question and what is said of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketch {
    pub(super) nodes: Vec<Node>,
    pub(super) ties: Vec<Tie>,
    pub(super) marks: Vec<Mark>,
    pub(super) attributes: Vec<Named>,
    pub(super) is_count: bool,
    pub(super) is_path: bool,
    /// `how`, which asks for a way unless something is counted.
    is_how: bool,
    /// Whether something is supposed: `if X is dropped`.
    pub(super) is_if: bool,
    /// `directly`: one step, and no more.
    pub(super) is_direct: bool,
    /// `transitively`: as far as it goes.
    pub(super) is_transitive: bool,
    /// Where its sentences begin.
    pub(super) sentences: Vec<usize>,
    /// What its words cost by how they stand together.
    pub(super) cost: f32,
    /// What `when` asks for.
    pub(super) asks: Option<String>,
}

/// What waits for the phrase behind it.
#[derive(Debug, Default)]
struct Pending {
    negative: Option<Word>,
    is_asked: bool,
    is_all: bool,
    is_only: bool,
    is_per: bool,
    is_most: bool,
    is_their: bool,
    compare: Option<Op>,
}

impl Sketch {
    /// What a cut question speaks of; nothing if a word that carries a decision is bound to nothing.
    pub(super) fn of(pieces: &[Piece], tokens: &[Token]) -> Option<Sketch> {
        let mut sketch = Sketch::default();
        let mut pending = Pending::default();
        let mut glue: Vec<Word> = Vec::new();
        let mut numbers: Vec<(usize, Op, Value)> = Vec::new();
        let mut pronouns: Vec<usize> = Vec::new();
        let mut is_ask_verb = false;
        for (index, piece) in pieces.iter().enumerate() {
            let behind = pieces.get(index + 1);
            match &piece.what {
                What::Free => {}
                What::Word(word) => sketch.word(*word, piece, &mut pending, &mut glue, tokens)?,
                What::Names(senses) => {
                    sketch.node(senses, Sort::Name, piece, &mut pending, &mut glue, tokens)?
                }
                What::Nouns(nouns) => {
                    let senses: Vec<(Np, f32)> = nouns.iter().map(|np| (np.clone(), 0.0)).collect();
                    sketch.node(&senses, Sort::Noun, piece, &mut pending, &mut glue, tokens)?;
                }
                What::Any(senses) => {
                    // `what tables` asks for tables.
                    let is_which = tokens[piece.start].text == "what"
                        && behind.is_some_and(|next| {
                            matches!(
                                next.what,
                                What::Nouns(_) | What::Attributes(_) | What::Values(_)
                            ) && next.start == piece.end
                        });
                    if is_which {
                        pending.is_asked = true;
                    } else {
                        sketch.node(senses, Sort::Any, piece, &mut pending, &mut glue, tokens)?;
                    }
                }
                // `those tables` are tables.
                What::Pronoun
                    if behind.is_some_and(|next| {
                        next.start == piece.end
                            && matches!(next.what, What::Nouns(_) | What::Filters(_))
                    }) => {}
                What::Pronoun => pronouns.push(piece.start),
                What::Relations(senses) => {
                    if pending.compare.is_some() || pending.is_per && !all_roles(senses) {
                        return None;
                    }
                    let is_by =
                        behind.is_some_and(|next| matches!(next.what, What::Word(Word::By)));
                    if glue.contains(&Word::Tagged) {
                        sketch.cost += TAGGED;
                    }
                    let is_negative = pending.negative.take().is_some();
                    let is_only = std::mem::take(&mut pending.is_only);
                    let bound = pending.bound();
                    sketch.ties.push(Tie {
                        start: piece.start,
                        end: piece.end,
                        senses: senses.clone(),
                        is_impact: false,
                        is_passive: is_by || is_behind_be(tokens, piece.start),
                        is_light: piece.end == piece.start + 1
                            && is_light(&tokens[piece.start].text),
                        is_negative,
                        is_only,
                        before: std::mem::take(&mut glue),
                        behind: Vec::new(),
                        bound,
                    });
                    // `all served` and `all their owners` say something of every one.
                    let is_first = sketch.nodes.is_empty() && sketch.ties.len() == 1;
                    if std::mem::take(&mut pending.is_all) && !(is_first && all_roles(senses)) {
                        return None;
                    }
                    pending.is_asked = false;
                }
                What::Filters(filters) => {
                    let senses = filters
                        .iter()
                        .map(|(said, _)| (said.clone(), tested(said)))
                        .collect();
                    sketch.mark(senses, filters[0].1, piece, &mut pending, &mut glue)?;
                }
                What::Values(values) => {
                    let senses = values
                        .iter()
                        .map(|(test, name, kinds)| {
                            let said = Mod::one(Clause::Test(test.clone()), *kinds);
                            (said, Some(name.clone()))
                        })
                        .collect();
                    let place = if glue.is_empty() {
                        Place::Before
                    } else {
                        Place::Behind
                    };
                    sketch.mark(senses, place, piece, &mut pending, &mut glue)?;
                }
                What::Attributes(names) => {
                    if pending.is_most
                        || std::mem::take(&mut pending.is_all) && pending.negative.is_some()
                    {
                        return None;
                    }
                    let is_negative = pending.negative.take().is_some();
                    let bound = pending.bound();
                    sketch.attributes.push(Named {
                        start: piece.start,
                        end: piece.end,
                        names: names.clone(),
                        compared: None,
                        is_negative,
                        is_asked: std::mem::take(&mut pending.is_asked),
                        before: std::mem::take(&mut glue),
                        bound,
                    });
                }
                What::Number(op, value) => {
                    let op = pending.compare.take().unwrap_or(*op);
                    if pending.negative.is_some() {
                        return None;
                    }
                    numbers.push((piece.start, op, value.clone()));
                    glue.clear();
                }
                What::Asks(name) => {
                    if sketch.asks.as_ref().is_some_and(|known| known != name) {
                        return None;
                    }
                    sketch.asks = Some(name.clone());
                }
                What::AskVerb => is_ask_verb = true,
            }
        }
        if let Some(tie) = sketch.ties.last_mut()
            && tie.behind.is_empty()
            && sketch.nodes.iter().all(|node| node.start < tie.start)
        {
            tie.behind = glue.clone();
        }
        let is_left = pending.negative.is_some()
            || pending.is_per
            || pending.is_most
            || pending.is_their
            || pending.compare.is_some()
            || pending.is_only && !sketch.is_only_of_noun(tokens)
            || is_ask_verb && sketch.asks.is_none()
            || glue.contains(&Word::Or);
        if is_left {
            return None;
        }
        if sketch.is_how && !sketch.is_count {
            sketch.is_path = true;
        }
        // What is supposed has an effect.
        if sketch.is_if && !sketch.ties.iter().any(|tie| tie.is_impact) {
            return None;
        }
        sketch.count_per_noun();
        sketch.count_numbers(numbers)?;
        sketch.attributes_as_marks();
        sketch.resolve_possessive();
        sketch.resolve(&pronouns, tokens)?;
        sketch.cue(tokens);
        sketch.again(tokens);
        Some(sketch)
    }

    fn word(
        &mut self,
        word: Word,
        piece: &Piece,
        pending: &mut Pending,
        glue: &mut Vec<Word>,
        tokens: &[Token],
    ) -> Option<()> {
        match word {
            // `columns on which the tag is set` asks for nothing.
            Word::Which => {
                let is_relative = !glue.is_empty()
                    && self.nodes.last().is_some_and(|last| {
                        last.sort == Sort::Noun && last.end + glue.len() == piece.start
                    });
                pending.is_asked = !is_relative;
            }
            Word::Not | Word::No | Word::Without => {
                // A double negation is too much to be sure of.
                if pending.negative.replace(word).is_some() {
                    return None;
                }
                if word == Word::Without {
                    glue.push(Word::With);
                }
            }
            Word::HowMany => {
                self.is_count = true;
                pending.is_asked = true;
            }
            Word::All => pending.is_all = true,
            Word::Only => {
                // `tables only` says what to list.
                let is_behind_noun = self.nodes.last().is_some_and(|node| {
                    node.sort == Sort::Noun && node.end == piece.start && glue.is_empty()
                });
                if !is_behind_noun {
                    pending.is_only = true;
                }
            }
            Word::Per => pending.is_per = true,
            Word::Most => pending.is_most = true,
            Word::If => self.is_if = true,
            Word::Their => pending.is_their = true,
            Word::Direct => self.is_direct = true,
            Word::Transitive => self.is_transitive = true,
            Word::AtLeast => pending.compare = Some(Op::Ge),
            Word::AtMost => pending.compare = Some(Op::Le),
            Word::MoreThan => pending.compare = Some(Op::Gt),
            Word::LessThan => pending.compare = Some(Op::Lt),
            Word::PathOpen if tokens[piece.start].text == "how" && piece.end == piece.start + 1 => {
                self.is_how = true;
            }
            Word::PathOpen => self.is_path = true,
            Word::Impact | Word::ImpactAct | Word::ImpactEnd => {
                if pending.is_all || pending.is_only || pending.is_per || pending.compare.is_some()
                {
                    return None;
                }
                self.ties.push(Tie {
                    start: piece.start,
                    end: piece.end,
                    senses: Vec::new(),
                    is_impact: true,
                    is_passive: is_behind_be(tokens, piece.start),
                    is_light: false,
                    is_negative: pending.negative.take().is_some(),
                    is_only: false,
                    before: std::mem::take(glue),
                    behind: vec![word],
                    bound: Bound::Free,
                });
            }
            // What is only said by the code of the chart.
            Word::What | Word::Who | Word::Nothing | Word::Nobody | Word::Them => return None,
            soft => {
                if let Some(tie) = self.ties.last_mut()
                    && !tie.is_impact
                    && glue.is_empty()
                    && tie.end == piece.start
                {
                    tie.behind.push(soft);
                }
                glue.push(soft);
            }
        }
        Some(())
    }

    fn node(
        &mut self,
        senses: &[(Np, f32)],
        sort: Sort,
        piece: &Piece,
        pending: &mut Pending,
        glue: &mut Vec<Word>,
        tokens: &[Token],
    ) -> Option<()> {
        // A number that is compared stands before its attribute, or is some.
        // A tag is a value or an attribute.
        if pending.compare.is_some() || glue.contains(&Word::Tagged) {
            return None;
        }
        let mut quant = senses[0].0.quant;
        match pending.negative.take() {
            None => {}
            Some(Word::Not)
                if sort != Sort::Name
                    && !(sort == Sort::Noun
                        && glue
                            .iter()
                            .any(|word| matches!(word, Word::Have | Word::With))) =>
            {
                return None;
            }
            Some(_) if quant == Quant::No => return None,
            Some(_) => quant = Quant::No,
        }
        if std::mem::take(&mut pending.is_only) && sort != Sort::Noun {
            return None;
        }
        if std::mem::take(&mut pending.is_most) {
            quant = Quant::Most;
        }
        if std::mem::take(&mut pending.is_all) && quant == Quant::Plain {
            quant = Quant::All;
        }
        let bound = pending.bound();
        // `all of their versions` says more than that versions are shown.
        if bound == Bound::Shown && quant == Quant::All {
            return None;
        }
        let before = std::mem::take(glue);
        let is_asked = std::mem::take(&mut pending.is_asked)
            || sort == Sort::Any && is_wh(&tokens[piece.start].text);
        let is_joined = before.contains(&Word::Or)
            || matches!(before.last(), Some(Word::And | Word::Comma)) && sort == Sort::Name;
        if is_joined
            && let Some(last) = self.nodes.last_mut()
            && last.sort == sort
            && (last.quant == quant || is_nor(last.quant, quant, &before))
            && bound == Bound::Free
            && piece.start == last.end + before.len()
        {
            let is_or = before.contains(&Word::Or);
            let mut joined = Vec::new();
            for (left, dear) in &last.senses {
                for (right, also) in senses {
                    if left.kinds == right.kinds || sort == Sort::Noun {
                        let mut both = either(left, right);
                        if !is_or && sort == Sort::Name {
                            let parts = |np: &Np| match np.each.is_empty() {
                                true => vec![np.set.clone()],
                                false => np.each.clone(),
                            };
                            both.each = [parts(left), parts(right)].concat();
                        }
                        both.quant = last.quant;
                        joined.push((both, dear + also));
                    }
                }
            }
            if joined.is_empty() {
                return None;
            }
            last.senses = joined;
            last.end = piece.end;
            return Some(());
        }
        // `tables and columns` may mean either, or each with the other.
        let is_two_nouns = sort == Sort::Noun
            && bound == Bound::Free
            && before == [Word::And]
            && self
                .nodes
                .last()
                .is_some_and(|last| last.sort == Sort::Noun && last.end + 1 == piece.start);
        if before.contains(&Word::Or) || is_two_nouns {
            return None;
        }
        self.nodes.push(Node {
            start: piece.start,
            end: piece.end,
            again: None,
            senses: senses.to_vec(),
            sort,
            is_asked,
            quant,
            before,
            bound,
            lead: self.lead(tokens, piece.start),
        });
        Some(())
    }

    fn mark(
        &mut self,
        senses: Vec<(Mod, Option<String>)>,
        place: Place,
        piece: &Piece,
        pending: &mut Pending,
        glue: &mut Vec<Word>,
    ) -> Option<()> {
        if pending.compare.is_some() || pending.is_most || pending.is_per {
            return None;
        }
        let before = std::mem::take(glue);
        let is_negative = pending.negative.take().is_some();
        if std::mem::take(&mut pending.is_all) && is_negative {
            return None;
        }
        if before.contains(&Word::Or) {
            let last = self.marks.last_mut()?;
            if last.is_negative != is_negative || last.end + before.len() != piece.start {
                return None;
            }
            let mut joined = Vec::new();
            for (left, name) in &last.senses {
                for (right, other) in &senses {
                    if name == other
                        && let Some(both) = left.clone().or(right.clone())
                    {
                        joined.push((both, name.clone()));
                    }
                }
            }
            if joined.is_empty() {
                return None;
            }
            last.senses = joined;
            last.end = piece.end;
            return Some(());
        }
        self.marks.push(Mark {
            start: piece.start,
            end: piece.end,
            senses,
            place,
            is_negative,
        });
        Some(())
    }

    /// Whether what is left of `only` stands behind the last noun: `tables only`.
    fn is_only_of_noun(&self, tokens: &[Token]) -> bool {
        self.nodes
            .last()
            .is_some_and(|node| node.sort == Sort::Noun && node.end + 1 >= tokens.len())
    }

    /// `how many members has every team` counts per team.
    fn count_per_noun(&mut self) {
        let is_count = self.is_count;
        let many = self.nodes.len() + self.ties.len() > 1;
        for node in &mut self.nodes {
            if is_count && many && node.sort == Sort::Noun && node.quant == Quant::All {
                node.bound = Bound::Per;
                node.quant = Quant::Plain;
            }
        }
    }

    /// Gives every number to the attribute next to it.
    fn count_numbers(&mut self, numbers: Vec<(usize, Op, Value)>) -> Option<()> {
        for (at, op, value) in numbers {
            // At least one is some.
            if op == Op::Ge && value == Value::Integer(1) && self.attributes.is_empty() {
                continue;
            }
            let nearest = self
                .attributes
                .iter_mut()
                .filter(|attribute| attribute.compared.is_none())
                .min_by_key(|attribute| attribute.start.abs_diff(at))?;
            if nearest.is_negative {
                return None;
            }
            nearest.compared = Some((op, value));
        }
        Some(())
    }

    /// Makes tests of attributes that are compared, missing or had; a value beside the name of its attribute takes it in.
    fn attributes_as_marks(&mut self) {
        let mut kept = Vec::new();
        for named in std::mem::take(&mut self.attributes) {
            let is_free =
                named.bound == Bound::Free && !named.is_negative && named.compared.is_none();
            let value = self.marks.iter_mut().find(|mark| {
                let is_near =
                    mark.start.abs_diff(named.end) <= 2 || named.start.abs_diff(mark.end) <= 2;
                is_near
                    && mark.senses.iter().any(|(_, name)| {
                        name.as_ref().is_some_and(|name| named.names.contains(name))
                    })
            });
            if is_free && let Some(mark) = value {
                mark.senses.retain(|(_, name)| {
                    name.as_ref().is_some_and(|name| named.names.contains(name))
                });
                mark.start = mark.start.min(named.start);
                mark.end = mark.end.max(named.end);
                continue;
            }
            let is_had = [Word::With, Word::Have, Word::Tagged]
                .iter()
                .any(|word| named.before.contains(word));
            if named.compared.is_some() || named.is_negative || is_had && is_free && !named.is_asked
            {
                let test = |name: &String| match &named.compared {
                    Some((op, value)) => crate::plan::traits::test(name, *op, value.clone()),
                    None => is_stated(name),
                };
                self.marks.push(Mark {
                    start: named.start,
                    end: named.end,
                    senses: named
                        .names
                        .iter()
                        .map(|name| {
                            let said =
                                Mod::one(Clause::Test(test(name)), crate::plan::kinds::Kinds::ANY);
                            (said, None)
                        })
                        .collect(),
                    place: Place::Behind,
                    is_negative: named.is_negative,
                });
            }
            if is_free || named.bound != Bound::Free {
                kept.push(named);
            }
        }
        self.attributes = kept;
    }

    /// Takes `its columns` for the columns of the name said before, unless another thing is spoken of since.
    fn resolve_possessive(&mut self) {
        let nodes = self.nodes.clone();
        let possessor = |at: usize| {
            let is_noun = |node: &&Node| {
                node.sort == Sort::Noun && node.bound == Bound::Free && node.start < at
            };
            let named = nodes
                .iter()
                .rposition(|node| node.sort == Sort::Name && node.start < at);
            named.filter(|_| !nodes.iter().any(|node| is_noun(&node)))
        };
        let mut again = Vec::new();
        for node in &mut self.nodes {
            if node.bound == Bound::Shown
                && let Some(name) = possessor(node.start)
            {
                node.bound = Bound::Free;
                node.before.push(Word::Possessive);
                again.push((name, node.start));
            }
        }
        for tie in &mut self.ties {
            if tie.bound == Bound::Shown
                && let Some(name) = possessor(tie.start)
            {
                tie.bound = Bound::Free;
                again.push((name, tie.start));
            }
        }
        for named in &mut self.attributes {
            if named.bound == Bound::Shown && possessor(named.start).is_some() {
                named.bound = Bound::Free;
            }
        }
        for (name, at) in again {
            self.nodes[name].again = Some(at.saturating_sub(1));
        }
    }

    /// Finds what pronouns stand for: a name said before, or what the question asks for.
    fn resolve(&mut self, pronouns: &[usize], tokens: &[Token]) -> Option<()> {
        for &at in pronouns {
            let is_many = matches!(
                &*tokens[at].text,
                "they" | "them" | "those" | "these" | "each"
            );
            let has_noun = self.nodes.iter().any(|node| {
                node.sort == Sort::Noun && node.start < at && node.bound == Bound::Free
            });
            let name = self
                .nodes
                .iter_mut()
                .rfind(|node| node.sort == Sort::Name && node.start < at);
            match name {
                Some(name) if !(is_many && has_noun) => name.again = Some(at),
                _ if has_noun => {
                    // `who owns them`
                    if self.ties.iter().any(|tie| tie.is_negative) {
                        return None;
                    }
                    let tie = self
                        .ties
                        .iter_mut()
                        .min_by_key(|tie| tie.start.abs_diff(at).min(tie.end.abs_diff(at)))?;
                    tie.bound = Bound::Shown;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Joins a name and the noun beside it that says its kind: `the fraud-detector model`.
    fn cue(&mut self, tokens: &[Token]) {
        let mut index = 0;
        while index + 1 < self.nodes.len() {
            let (left, right) = (&self.nodes[index], &self.nodes[index + 1]);
            let is_between = |at: usize| at >= left.end && at < right.start;
            let is_parted = self.ties.iter().any(|tie| is_between(tie.start))
                || self.marks.iter().any(|mark| is_between(mark.start))
                || self.attributes.iter().any(|named| is_between(named.start))
                || !right.before.is_empty();
            let (name, noun) = match (left.sort, right.sort) {
                (Sort::Noun, Sort::Name)
                    if !left.is_asked
                        && left.quant == Quant::Plain
                        && (!is_plural(&tokens[left.end - 1].text)
                            || right.senses.iter().any(|(np, _)| np.each.len() > 1)) =>
                {
                    (right, left)
                }
                (Sort::Name, Sort::Noun)
                    if !right.is_asked
                        && right.quant == Quant::Plain
                        && !is_plural(&tokens[right.end - 1].text) =>
                {
                    (left, right)
                }
                _ => {
                    index += 1;
                    continue;
                }
            };
            let kinds = noun
                .senses
                .iter()
                .fold(crate::plan::kinds::Kinds::NONE, |kinds, (np, _)| {
                    kinds.or(np.kinds)
                });
            let fitting: Vec<(Np, f32)> = name
                .senses
                .iter()
                .filter(|(np, _)| !np.kinds.and(kinds).is_empty())
                .cloned()
                .collect();
            if is_parted || fitting.is_empty() || noun.bound != Bound::Free {
                index += 1;
                continue;
            }
            let least = fitting
                .iter()
                .map(|(_, dear)| *dear)
                .fold(f32::MAX, f32::min);
            let mut joined = name.clone();
            joined.senses = fitting
                .into_iter()
                .map(|(np, dear)| (np, dear - least))
                .collect();
            joined.start = left.start;
            joined.end = right.end;
            joined.before.clone_from(&left.before);
            joined.lead = left.lead;
            self.cost -= CUED;
            self.nodes[index] = joined;
            self.nodes.remove(index + 1);
        }
    }
}

impl Sketch {
    /// What the preposition before a phrase tells, unless it belongs to a verb.
    fn lead(&self, tokens: &[Token], start: usize) -> Lead {
        let passed = [
            "the", "a", "an", "which", "what", "all", "any", "every", "our", "these", "those",
            "this", "that",
        ];
        let before = (0..start)
            .rev()
            .find(|at| !passed.contains(&&*tokens[*at].text));
        let Some(at) = before else {
            return Lead::Unsaid;
        };
        if self.ties.iter().any(|tie| tie.start <= at && at < tie.end) {
            return Lead::Unsaid;
        }
        match &*tokens[at].text {
            "from" => Lead::Start,
            "on" | "of" | "in" | "upon" => Lead::Other,
            "into" | "to" | "->" | "→" => Lead::End,
            _ => Lead::Unsaid,
        }
    }

    /// Takes a noun with an article for the name said before that it may stand for: `X is late. Who owns that table?`
    fn again(&mut self, tokens: &[Token]) {
        let mut index = 1;
        while index < self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(index);
            let noun = &rest[0];
            let is_said_again = noun.sort == Sort::Noun
                && !noun.is_asked
                && noun.quant == Quant::Plain
                && noun.bound == Bound::Free
                && noun.start > 0
                && matches!(
                    &*tokens[noun.start - 1].text,
                    "the" | "that" | "this" | "said" | "same"
                )
                && !is_plural(&tokens[noun.end - 1].text);
            let fits = |name: &&mut Node| {
                name.sort == Sort::Name
                    && name.senses.iter().any(|(np, _)| {
                        noun.senses
                            .iter()
                            .any(|(noun, _)| !noun.kinds.and(np.kinds).is_empty())
                    })
            };
            if is_said_again && let Some(name) = before.iter_mut().rev().find(fits) {
                name.again = Some(noun.start);
                name.senses.retain(|(np, _)| {
                    noun.senses
                        .iter()
                        .any(|(noun, _)| !noun.kinds.and(np.kinds).is_empty())
                });
                self.cost += SAID_AGAIN;
                self.nodes.remove(index);
            } else {
                index += 1;
            }
        }
    }
}

/// The attribute that a test is about, if it is about one.
fn tested(said: &Mod) -> Option<String> {
    match said.clauses.as_slice() {
        [Clause::Test(Test::Attribute { name, .. })] => Some(name.clone()),
        _ => None,
    }
}

impl Pending {
    fn bound(&mut self) -> Bound {
        if std::mem::take(&mut self.is_per) {
            Bound::Per
        } else if std::mem::take(&mut self.is_their) {
            Bound::Shown
        } else {
            Bound::Free
        }
    }
}

fn all_roles(senses: &[(Relation, Voice)]) -> bool {
    senses.iter().all(|(_, voice)| *voice == Voice::Role)
}

/// Whether a form of `be` stands right before a word, or before the word before it.
fn is_behind_be(tokens: &[Token], at: usize) -> bool {
    tokens[..at].iter().rev().take(2).any(|token| {
        matches!(
            &*token.text,
            "is" | "are" | "was" | "were" | "be" | "been" | "being" | "gets" | "get" | "got"
        )
    })
}

/// Verbs that need their preposition to tell what they mean.
fn is_light(word: &str) -> bool {
    let stem = word
        .trim_end_matches("ing")
        .trim_end_matches('s')
        .trim_end_matches('e');
    matches!(
        stem,
        "com"
            | "cam"
            | "go"
            | "lead"
            | "led"
            | "sit"
            | "sat"
            | "li"
            | "ly"
            | "lay"
            | "stand"
            | "stood"
            | "pas"
            | "pass"
            | "land"
            | "look"
            | "work"
            | "call"
            | "hit"
            | "belong"
            | "be"
            | "made"
            | "mad"
            | "mak"
            | "put"
            | "brought"
            | "bring"
            | "hold"
            | "held"
            | "tak"
            | "taken"
            | "start"
            | "end"
            | "travel"
            | "load"
    )
}

fn is_wh(word: &str) -> bool {
    matches!(
        word,
        "what"
            | "who"
            | "whom"
            | "where"
            | "which"
            | "whatever"
            | "whoever"
            | "everything"
            | "all"
            | "anything"
    )
}

/// `neither A nor B`.
fn is_nor(left: Quant, right: Quant, between: &[Word]) -> bool {
    left == Quant::No && right == Quant::Plain && between.contains(&Word::Or)
}

/// A test that an attribute is there.
pub(super) fn is_stated(name: &str) -> Test {
    Test::Attribute {
        name: name.to_owned(),
        op: Op::Exists,
        value: None,
    }
}
