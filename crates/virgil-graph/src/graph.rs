//! The statements of all assets, and the door to what can be seen of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use virgil_model::{AssetId, LabelId};

use crate::derived::Derived;
use crate::stated::Stated;
use crate::statements::Statements;
use crate::systems::Systems;
use crate::touched::{Change, Touched};
use crate::view::View;

/// How many entities are kept for all sets of labels together; those asked longest ago go first. An entity with
/// its relations takes about a kilobyte.
const KEPT_ENTITIES: usize = 1_000_000;

/// How many touched keys are never too many to derive again one by one.
const FEW_KEYS: usize = 1_000;

/// The graph over all statements.
///
/// A copy shares what neither changes, so that one can be brought up to date beside those who ask the other. What
/// a set of labels amounts to is derived when it is first asked for, and then kept: a change costs the time
/// of deriving again what it touches.
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) systems: Arc<Systems>,
    pub(crate) statements: Statements,
    kept: Mutex<Kept>,
}

/// What has been derived, by labels.
#[derive(Debug, Clone, Default)]
struct Kept {
    slots: HashMap<BTreeSet<LabelId>, Arc<Slot>>,
    /// The labels that were asked for, the last ones last.
    asked: Vec<BTreeSet<LabelId>>,
}

/// What the statements under some labels amount to, now or before what has changed since.
#[derive(Debug, Clone, Default)]
struct Slot {
    before: Option<Arc<Derived>>,
    touched: Touched,
    now: OnceLock<Arc<Derived>>,
}

/// How much a graph holds; equal before adding an asset and after withdrawing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Assets that say something.
    pub assets: usize,
    /// Statements.
    pub statements: usize,
    /// Keys that a statement uses, and the tables of used columns.
    pub keys: usize,
    /// Entries of all indexes.
    pub indexed: usize,
}

impl Clone for Graph {
    fn clone(&self) -> Graph {
        Graph {
            systems: Arc::clone(&self.systems),
            statements: self.statements.clone(),
            kept: Mutex::new(self.kept().clone()),
        }
    }
}

impl Graph {
    /// An empty graph over the configured systems.
    pub fn new(systems: Systems) -> Graph {
        Graph {
            systems: Arc::new(systems),
            ..Graph::default()
        }
    }

    /// Replaces all that an asset says; no statements withdraw it.
    pub fn replace(&mut self, asset: AssetId, statements: Vec<Stated>) {
        let mut change = Change::default();
        self.statements
            .replace(asset, statements, &self.systems, &mut change);
        let many = (self.statements.keys.len() / 4).max(FEW_KEYS);
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (labels, slot) in &mut kept.slots {
            let visible = change
                .by_label
                .iter()
                .filter(|(label, _)| labels.contains(label));
            for (_, touched) in visible {
                Arc::make_mut(slot).touch(touched, many);
            }
            if slot.before.is_some() && !change.forgotten.is_empty() {
                Arc::make_mut(slot).touched.forget(&change.forgotten);
            }
        }
    }

    /// What the statements under these labels say, and nothing else.
    pub fn view(&self, labels: &BTreeSet<LabelId>) -> View<'_> {
        let slot = self.kept().slot(labels);
        let derived = Arc::clone(slot.now.get_or_init(|| self.derive(labels, &slot)));
        self.kept().let_go();
        View::new(self, labels, derived)
    }

    /// Derives now what the next views of all labels that were asked for would wait for.
    pub fn refresh(&self) {
        let slots = self.kept().slots.clone();
        for (labels, slot) in slots {
            slot.now.get_or_init(|| self.derive(&labels, &slot));
        }
    }

    /// How much it holds.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            assets: self.statements.assets(),
            statements: self.statements.len(),
            keys: self.statements.keys.len(),
            indexed: self.statements.indexed(),
        }
    }

    fn derive(&self, labels: &BTreeSet<LabelId>, slot: &Slot) -> Arc<Derived> {
        let labels: Vec<LabelId> = labels.iter().copied().collect();
        Arc::new(match &slot.before {
            Some(before) => Derived::clone(before).after(self, &labels, slot.touched.clone()),
            None => Derived::fresh(self, &labels),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The slot of these labels, which are now the last ones asked for.
    fn slot(&mut self, labels: &BTreeSet<LabelId>) -> Arc<Slot> {
        if self.asked.last() != Some(labels) {
            self.asked.retain(|known| known != labels);
            self.asked.push(labels.clone());
        }
        if let Some(slot) = self.slots.get(labels) {
            return Arc::clone(slot);
        }
        let slot = Arc::<Slot>::default();
        self.slots.insert(labels.clone(), Arc::clone(&slot));
        slot
    }

    /// Forgets those asked for longest ago, while there are too many entities.
    fn let_go(&mut self) {
        let entities = |slot: &Arc<Slot>| {
            let derived = slot.now.get().or(slot.before.as_ref());
            derived.map_or(0, |derived| derived.len())
        };
        let mut kept: usize = self.slots.values().map(entities).sum();
        while kept > KEPT_ENTITIES && self.asked.len() > 1 {
            let oldest = self.asked.remove(0);
            kept -= self.slots.remove(&oldest).as_ref().map_or(0, entities);
        }
    }
}

impl Slot {
    /// Notes a change of visible statements. Where it touches many keys, all is derived anew.
    fn touch(&mut self, touched: &Touched, many: usize) {
        if let Some(now) = self.now.take() {
            self.before = Some(now);
            self.touched = Touched::default();
        }
        if self.before.is_some() {
            self.touched.merge(touched);
            if self.touched.keys.len() > many {
                self.before = None;
                self.touched = Touched::default();
            }
        }
    }
}
