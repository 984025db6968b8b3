//! What the platform states, joined into one graph and asked exactly.
//!
//! The graph is derived from the live statements of the store and kept in memory. Before it is asked it is brought
//! up to date: assets that are new say what they say, assets that are gone say nothing any more. That happens in a
//! copy, which then takes the place of the graph: who is asking keeps what they began with, and who comes later
//! waits for the new one, because what it hides must not be shown any more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use virgil_graph::{
    Answer, Direction, Graph, Known, Lineage, Mapping, PartialSource, Query, QueryError, Stated,
    Systems, View, lineage,
};
use virgil_model::{AssetId, LabelId, Scope, Statement};
use virgil_store::{SayingAsset, SourceState, Store, StoreError};

use crate::by_example::ByExample;
use crate::plan::{
    About, Asker, Choices, Context, ExplainedExample, Lexicon, Names, Planned, ShownExample, about,
    check, offers,
};

/// For how many sets of labels the names are kept.
const KEPT_NAMES: usize = 16;

/// The graph of a store.
pub struct Facts {
    store: Store,
    systems: Arc<Systems>,
    state: RwLock<Arc<State>>,
    /// Held by the one who brings the graph up to date.
    refreshing: Mutex<()>,
}

/// The graph and what it was derived from.
struct State {
    revision: String,
    /// The assets that it holds, under their labels.
    assets: BTreeMap<AssetId, LabelId>,
    graph: Graph,
    /// The names that labels show, of the labels that asked last.
    names: std::sync::Mutex<VecDeque<(BTreeSet<LabelId>, Arc<Names>)>>,
}

impl State {
    /// The names that a view shows; they are collected once.
    fn names(&self, labels: &BTreeSet<LabelId>, view: &View<'_>) -> Arc<Names> {
        let mut kept = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, names)) = kept.iter().find(|(of, _)| of == labels) {
            return Arc::clone(names);
        }
        let names = Arc::new(Names::of(view));
        if kept.len() >= KEPT_NAMES {
            kept.pop_front();
        }
        kept.push_back((labels.clone(), Arc::clone(&names)));
        names
    }
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
    /// The work on the graph did not end.
    #[error("the graph could not be asked: look at the log of the server")]
    Broken(#[from] tokio::task::JoinError),
}

impl Facts {
    /// The facts of a store over the configured systems; nothing is read yet.
    pub fn new(store: Store, systems: Systems) -> Facts {
        let state = State {
            revision: String::new(),
            assets: BTreeMap::new(),
            graph: Graph::new(systems.clone()),
            names: std::sync::Mutex::default(),
        };
        Facts {
            store,
            systems: Arc::new(systems),
            state: RwLock::new(Arc::new(state)),
            refreshing: Mutex::new(()),
        }
    }

    /// Plans a question on what `scope` sees: an exact query, a question back, or nothing.
    pub(crate) async fn plan(
        &self,
        scope: &Scope,
        lexicon: &Arc<Lexicon>,
        by_example: Option<&Arc<ByExample>>,
        question: &str,
        context: &Context,
    ) -> Result<Planned, FactsError> {
        let (question, context) = (question.to_owned(), context.clone());
        let by_example = by_example.cloned();
        let plan = move |asker: Asker<'_>| {
            let read =
                asker
                    .lexicon
                    .read_twice(&question, &context, asker.names, asker.view, asker.known);
            match by_example {
                Some(by_example) => by_example.plan(read, &question, &context, asker),
                None => read.alone(asker.view, asker.known),
            }
        };
        self.as_asker(scope, lexicon, plan).await
    }

    /// Looks at what `scope` sees, off the threads that serve.
    async fn as_asker<T: Send + 'static>(
        &self,
        scope: &Scope,
        lexicon: &Arc<Lexicon>,
        look: impl FnOnce(Asker<'_>) -> T + Send + 'static,
    ) -> Result<T, FactsError> {
        let known = self.known(scope).await?;
        let state = self.fresh().await?;
        let labels: BTreeSet<LabelId> = scope.labels().collect();
        let lexicon = Arc::clone(lexicon);
        let look = move || {
            let view = state.graph.view(&labels);
            look(Asker {
                lexicon: &lexicon,
                names: &state.names(&labels, &view),
                view: &view,
                known: &known,
            })
        };
        Ok(tokio::task::spawn_blocking(look).await?)
    }

    /// The `most` examples that are most like a question, some of `fitting` first, on what `scope` sees.
    pub(crate) async fn nearest_examples(
        &self,
        scope: &Scope,
        lexicon: &Arc<Lexicon>,
        by_example: &Arc<ByExample>,
        question: &str,
        fitting: &[ExplainedExample],
        most: usize,
    ) -> Result<Vec<ShownExample>, FactsError> {
        let by_example = Arc::clone(by_example);
        let (question, fitting) = (question.to_owned(), fitting.to_owned());
        let nearest = move |asker: Asker<'_>| by_example.nearest(&question, &fitting, asker, most);
        self.as_asker(scope, lexicon, nearest).await
    }

    /// What could be meant by a word of a question that names nothing, of what `scope` sees.
    pub(crate) async fn offers(
        &self,
        scope: &Scope,
        lexicon: &Arc<Lexicon>,
        question: &str,
    ) -> Result<Option<Choices>, FactsError> {
        let question = question.to_owned();
        let offers = move |asker: Asker<'_>| offers(&question, &asker);
        self.as_asker(scope, lexicon, offers).await
    }

    /// What a question is about, of what `scope` sees.
    pub(crate) async fn about(
        &self,
        scope: &Scope,
        lexicon: &Arc<Lexicon>,
        question: &str,
    ) -> Result<Option<About>, FactsError> {
        let state = self.fresh().await?;
        let labels: BTreeSet<LabelId> = scope.labels().collect();
        let (lexicon, question) = (Arc::clone(lexicon), question.to_owned());
        let about = move || {
            let names = state.names(&labels, &state.graph.view(&labels));
            about(&question, &names, &lexicon)
        };
        Ok(tokio::task::spawn_blocking(about).await?)
    }

    /// Type-checks a query, whoever proposes it, and answers it on what `scope` sees.
    pub async fn execute(&self, scope: &Scope, query: &Query) -> Result<Answer, FactsError> {
        check(query)?;
        self.query(scope, query).await
    }

    /// Answers a query on what `scope` sees.
    pub async fn query(&self, scope: &Scope, query: &Query) -> Result<Answer, FactsError> {
        let known = self.known(scope).await?;
        let state = self.fresh().await?;
        let (labels, query) = (scope.labels().collect(), query.clone());
        let answer = move || state.graph.view(&labels).query(&query, &known);
        Ok(tokio::task::spawn_blocking(answer).await??)
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
        let (labels, name) = (scope.labels().collect(), name.to_owned());
        let draw = move || {
            let view = state.graph.view(&labels);
            let entity = view.resolve(&name)?;
            lineage(&view, entity, direction, depth, &known)
        };
        Ok(tokio::task::spawn_blocking(draw).await??)
    }

    /// What the configuration of systems and teams lacks, as far as `scope` sees.
    pub async fn mapping(&self, scope: &Scope) -> Result<Mapping, FactsError> {
        let sources = self.store.sources(scope).await?;
        let names = sources.into_iter().map(|source| source.name).collect();
        let state = self.fresh().await?;
        let labels = scope.labels().collect();
        let mapping = move || state.graph.view(&labels).mapping(&names);
        Ok(tokio::task::spawn_blocking(mapping).await?)
    }

    /// What can be seen in the graph as `scope` sees it now.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        scope: &Scope,
        look: impl FnOnce(&View<'_>) -> T + Send + 'static,
    ) -> Result<T, FactsError> {
        let state = self.fresh().await?;
        let labels = scope.labels().collect();
        let found = move || look(&state.graph.view(&labels));
        Ok(tokio::task::spawn_blocking(found).await?)
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
    async fn fresh(&self) -> Result<Arc<State>, FactsError> {
        let state = self.state();
        if state.revision == self.store.statements_revision().await? {
            return Ok(state);
        }
        let _one = self.refreshing.lock().await;
        let state = self.state();
        // What is read after the revision may be newer, never older.
        let revision = self.store.statements_revision().await?;
        if state.revision == revision {
            return Ok(state);
        }
        let saying = self.store.saying_assets().await?;
        let assets: BTreeMap<AssetId, LabelId> = saying
            .iter()
            .map(|asset| (asset.asset, asset.label))
            .collect();
        let new: Vec<SayingAsset> = saying
            .into_iter()
            .filter(|asset| state.assets.get(&asset.asset) != Some(&asset.label))
            .collect();
        let ids: Vec<AssetId> = new.iter().map(|asset| asset.asset).collect();
        let mut said = self.store.statements(&ids).await?;
        let systems = Arc::clone(&self.systems);
        let change = move || {
            let mut graph = state.graph.clone();
            // The new first: a key that both use keeps its place.
            for asset in new {
                let statements = said.remove(&asset.asset).unwrap_or_default();
                graph.replace(asset.asset, stated(&asset, statements, &systems));
            }
            for gone in state.assets.keys().filter(|id| !assets.contains_key(id)) {
                graph.replace(*gone, Vec::new());
            }
            graph.refresh();
            State {
                revision,
                assets,
                graph,
                names: std::sync::Mutex::default(),
            }
        };
        let state = Arc::new(tokio::task::spawn_blocking(change).await?);
        let mut current = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&state);
        Ok(state)
    }

    fn state(&self) -> Arc<State> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state)
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
