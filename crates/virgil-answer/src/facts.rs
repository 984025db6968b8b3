//! What the platform states, joined into one graph and asked exactly.
//!
//! The graph is derived from the live statements of the store and kept in memory. Before it is asked it is brought
//! up to date: assets that are new say what they say, assets that are gone say nothing any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{RwLock, RwLockReadGuard};
use virgil_graph::{
    Answer, Direction, Graph, Known, Lineage, Mapping, PartialSource, Query, QueryError, Stated,
    Systems, lineage,
};
use virgil_model::{AssetId, Scope, Statement};
use virgil_store::{SayingAsset, SourceState, Store, StoreError};

/// The graph of a store.
pub struct Facts {
    store: Store,
    systems: Systems,
    state: RwLock<State>,
}

/// The graph and what it was derived from.
struct State {
    revision: String,
    assets: BTreeSet<AssetId>,
    graph: Graph,
}

/// Why a query of the graph got no answer.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The query cannot be answered as asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Facts {
    /// The facts of a store over the configured systems; nothing is read yet.
    pub fn new(store: Store, systems: Systems) -> Facts {
        let state = State {
            revision: String::new(),
            assets: BTreeSet::new(),
            graph: Graph::new(systems.clone()),
        };
        Facts {
            store,
            systems,
            state: RwLock::new(state),
        }
    }

    /// Answers a query on what `scope` sees.
    pub async fn query(&self, scope: &Scope, query: &Query) -> Result<Answer, FactsError> {
        let known = self.known(scope).await?;
        let state = self.fresh().await?;
        Ok(state
            .graph
            .view(&scope.labels().collect())
            .query(query, &known)?)
    }

    /// The lineage of what `name` names, up to `depth` hops, on what `scope` sees.
    pub async fn lineage(
        &self,
        scope: &Scope,
        name: &str,
        direction: Direction,
        depth: u32,
    ) -> Result<Lineage, FactsError> {
        let known = self.known(scope).await?;
        let state = self.fresh().await?;
        let view = state.graph.view(&scope.labels().collect());
        let entity = view.resolve(name)?;
        Ok(lineage(&view, entity, direction, depth, &known)?)
    }

    /// What the configuration of systems and teams lacks, as far as `scope` sees.
    pub async fn mapping(&self, scope: &Scope) -> Result<Mapping, FactsError> {
        let sources = self.store.sources(scope).await?;
        let names = sources.into_iter().map(|source| source.name).collect();
        let state = self.fresh().await?;
        let view = state.graph.view(&scope.labels().collect());
        Ok(view.mapping(&names))
    }

    /// The visible sources that are not whole.
    async fn known(&self, scope: &Scope) -> Result<Known, StoreError> {
        let why = |state| match state {
            SourceState::Partial => Some("its first sync is not over"),
            SourceState::Failed => Some("its last sync failed"),
            SourceState::NeverSynced => Some("it was never synced"),
            SourceState::Live | SourceState::Syncing => None,
        };
        let sources = self.store.sources(scope).await?;
        let partial_sources = sources
            .into_iter()
            .filter_map(|source| {
                Some(PartialSource {
                    source: source.id,
                    why: why(source.state)?.to_owned(),
                })
            })
            .collect();
        Ok(Known { partial_sources })
    }

    /// The graph as the store has it now.
    async fn fresh(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let revision = self.store.statements_revision().await?;
        {
            let state = self.state.read().await;
            if state.revision == revision {
                return Ok(state);
            }
        }
        let mut state = self.state.write().await;
        if state.revision != revision {
            let saying = self.store.saying_assets().await?;
            let live: BTreeSet<AssetId> = saying.iter().map(|asset| asset.asset).collect();
            let new: BTreeMap<AssetId, SayingAsset> = saying
                .into_iter()
                .filter(|asset| !state.assets.contains(&asset.asset))
                .map(|asset| (asset.asset, asset))
                .collect();
            let ids: Vec<AssetId> = new.keys().copied().collect();
            let mut said = self.store.statements(&ids).await?;
            let gone: Vec<AssetId> = state.assets.difference(&live).copied().collect();
            for asset in gone {
                state.graph.replace(asset, Vec::new());
            }
            for (id, asset) in new {
                let statements = said.remove(&id).unwrap_or_default();
                state
                    .graph
                    .replace(id, stated(&asset, statements, &self.systems));
            }
            state.assets = live;
            state.revision = revision;
        }
        Ok(state.downgrade())
    }
}

/// Statements with where they stand, under the systems that their file means.
fn stated(asset: &SayingAsset, statements: Vec<Statement>, systems: &Systems) -> Vec<Stated> {
    let path: Arc<str> = asset.path.as_str().into();
    let home = systems.home(&asset.source_name, &asset.path, &statements);
    let stated = |says, lines| Stated {
        asset: asset.asset,
        label: asset.label,
        source: asset.source,
        path: path.clone(),
        statement: Statement { lines, says },
    };
    statements
        .into_iter()
        .flat_map(|statement| {
            let added = home.adds(&statement.says);
            let said = stated(home.says(statement.says), statement.lines);
            let added = added.map(|says| stated(says, statement.lines));
            [Some(said), added].into_iter().flatten()
        })
        .collect()
}
