//! The statements of all assets, and the door to what can be seen of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use virgil_model::{AssetId, LabelId};

use crate::selectors::Selections;
use crate::stated::Stated;
use crate::statements::Statements;
use crate::systems::Systems;
use crate::view::{Memo, View};

/// How many label sets keep their resolved selectors between changes.
const KEPT_SELECTIONS: usize = 64;

/// How many entities past views keep together between changes.
const KEPT_ENTITIES: usize = 400_000;

/// The graph over all statements.
///
/// A change costs time in proportion to the statements of the asset and the uses of the keys in them;
/// nothing is derived until a [`View`] is asked.
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) systems: Systems,
    pub(crate) statements: Statements,
    selections: Mutex<HashMap<BTreeSet<LabelId>, Arc<Selections>>>,
    /// What past views have derived; the next view of the same labels goes on from there.
    memos: Mutex<HashMap<BTreeSet<LabelId>, Memo>>,
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

impl Graph {
    /// An empty graph over the configured systems.
    pub fn new(systems: Systems) -> Graph {
        Graph {
            systems,
            ..Graph::default()
        }
    }

    /// Replaces all that an asset says; no statements withdraw it.
    pub fn replace(&mut self, asset: AssetId, statements: Vec<Stated>) {
        self.statements.remove(asset);
        self.statements.add(asset, statements, &self.systems);
        self.selections
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.memos
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// What the statements under these labels say, and nothing else.
    pub fn view(&self, labels: &BTreeSet<LabelId>) -> View<'_> {
        View::new(self, labels)
    }

    /// How much it holds.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            assets: self.statements.assets().len(),
            statements: self.statements.len(),
            keys: self.statements.keys.len(),
            indexed: self.statements.indexed(),
        }
    }

    /// What an earlier view of these labels has derived, unless another view is using it.
    pub(crate) fn take_memo(&self, labels: &BTreeSet<LabelId>) -> Option<Memo> {
        let mut memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        memos.remove(labels)
    }

    /// Keeps what a view has derived.
    pub(crate) fn keep_memo(&self, labels: &BTreeSet<LabelId>, memo: Memo) {
        let mut memos = self.memos.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = memos.values().map(|memo| memo.entities.len()).sum();
        if kept + memo.entities.len() > KEPT_ENTITIES {
            memos.clear();
        }
        memos.insert(labels.clone(), memo);
    }

    /// The selectors as these labels resolve them; kept until the next change.
    pub(crate) fn selections(
        &self,
        labels: &BTreeSet<LabelId>,
        resolve: impl FnOnce() -> Selections,
    ) -> Arc<Selections> {
        let lock = || {
            self.selections
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(labels) {
            return Arc::clone(known);
        }
        let resolved = Arc::new(resolve());
        let mut kept = lock();
        if kept.len() >= KEPT_SELECTIONS {
            kept.clear();
        }
        kept.insert(labels.clone(), Arc::clone(&resolved));
        resolved
    }
}
