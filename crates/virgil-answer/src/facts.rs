//! What the platform states, joined into one graph and asked exactly.
//!
//! The graph is derived from the live statements of the store and kept in memory. Before it is asked it is brought
//! up to date: assets that are new say what they say, assets that are gone say nothing any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{RwLock, RwLockReadGuard};
use virgil_graph::{
    Answer, Direction, Graph, Known, Lineage, PartialSource, Query, QueryError, Stated, Systems,
    lineage,
};
use virgil_model::{AssetId, Key, Says, Scope, Statement, Target};
use virgil_store::{SayingAsset, SourceState, Store, StoreError};

/// The graph of a store.
pub struct Facts {
    store: Store,
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
    /// The facts of a store; nothing is read yet.
    pub fn new(store: Store) -> Facts {
        let state = State {
            revision: String::new(),
            assets: BTreeSet::new(),
            graph: Graph::new(Systems::default()),
        };
        Facts {
            store,
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
                state.graph.replace(id, stated(&asset, statements));
            }
            state.assets = live;
            state.revision = revision;
        }
        Ok(state.downgrade())
    }
}

/// Statements with where they stand. In the files of a source, `.` as a system means that source.
fn stated(asset: &SayingAsset, statements: Vec<Statement>) -> Vec<Stated> {
    let path: Arc<str> = asset.path.as_str().into();
    statements
        .into_iter()
        .map(|statement| Stated {
            asset: asset.asset,
            label: asset.label,
            source: asset.source,
            path: path.clone(),
            statement: Statement {
                says: at_home(statement.says, &asset.source_name),
                ..statement
            },
        })
        .collect()
}

fn at_home(says: Says, source: &str) -> Says {
    let home = |key: Key| {
        let value = match key.value.strip_prefix("./") {
            Some(rest) => format!("{source}/{rest}"),
            None if key.value == "." => source.to_owned(),
            None => return key,
        };
        Key { value, ..key }
    };
    match says {
        Says::Mention { kind, keys, name } => {
            let name = if name == "." { source.to_owned() } else { name };
            Says::Mention {
                kind,
                keys: keys.into_iter().map(home).collect(),
                name,
            }
        }
        Says::Attribute { of, name, value } => Says::Attribute {
            of: home(of),
            name,
            value,
        },
        Says::Relation {
            subject,
            predicate,
            object,
            attributes,
        } => Says::Relation {
            subject: home(subject),
            predicate,
            object: match object {
                Target::Key(key) => Target::Key(home(key)),
                selector @ Target::Selector(_) => selector,
            },
            attributes,
        },
        Says::Same(one, other) => Says::Same(home(one), home(other)),
    }
}
