//! What the routes work with.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use virgil_answer::{Facts, Guide};
use virgil_index::{Switch, VectorIndex};
use virgil_ingest::{Ingest, SourceConfig};
use virgil_store::{Conversations, Store};

use crate::receivers::Receivers;
use crate::syncs::Syncs;

/// Who may ask over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Anyone who reaches the address is an administrator: for loopback only.
    None,
    /// Principals with an API key.
    Keys,
}

/// Looks a secret up by the name of its environment variable; only the binary reads the environment.
pub type ResolveSecret = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Opens the index shard in the folder of that name below the data directory, making it if it is new.
pub type OpenShard = Arc<dyn Fn(&str) -> anyhow::Result<Arc<dyn VectorIndex>> + Send + Sync>;

/// A running Virgil: what every route works with.
pub struct Platform {
    /// What is known.
    pub store: Store,
    /// The vector index that is in use.
    pub index: Arc<Switch>,
    /// Answers questions.
    pub guide: Arc<Guide>,
    /// What the platform states, as one graph.
    pub facts: Arc<Facts>,
    /// What principals asked and were answered.
    pub conversations: Conversations,
    /// Brings sources up to date.
    pub ingest: Ingest,
    /// The sources of the configuration; further ones are in the store.
    pub configured: Vec<SourceConfig>,
    /// Where mirrors of remote repositories are kept.
    pub mirrors: PathBuf,
    /// Who may ask over the network.
    pub auth: Auth,
    /// Looks secrets up.
    pub resolve_secret: ResolveSecret,
    /// Opens index shards.
    pub open_shard: OpenShard,
    /// The sources that are pushed to.
    pub receivers: Receivers,
    /// The syncs that are running.
    pub syncs: Syncs,
}

impl Platform {
    /// The configuration of the source `name`: from the configuration files, or as it was added by hand.
    pub(crate) async fn source_config(&self, name: &str) -> anyhow::Result<Option<SourceConfig>> {
        if let Some(config) = self.configured.iter().find(|config| config.name == name) {
            return Ok(Some(config.clone()));
        }
        let Some(added) = self.store.added_source(name).await? else {
            return Ok(None);
        };
        Ok(Some(SourceConfig {
            name: added.name,
            kind: added.kind,
            parameters: serde_json::from_str(&added.parameters)
                .with_context(|| format!("the stored parameters of source `{name}` are damaged"))?,
            label: added.label,
            rules: Vec::new(),
        }))
    }

    /// Fills a new index from the store and searches it from then on; returns how many points it holds.
    pub(crate) async fn rebuild(&self) -> anyhow::Result<u64> {
        let shard = self.store.new_shard(&self.ingest.index_identity()).await?;
        let index = (self.open_shard)(&shard.directory)?;
        let switch = async {
            self.store.switch_shard(shard.number).await?;
            self.index.switch(index.clone());
            Ok(())
        };
        self.ingest.rebuild(index.clone(), switch).await
    }
}
