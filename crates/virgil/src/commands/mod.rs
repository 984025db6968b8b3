//! The commands. Each turns its arguments into calls of the API and the answers into text.

mod ask;
mod conversations;
mod doctor;
mod eval;
mod explain;
mod graph;
mod ingest;
mod init;
mod keys;
mod maintenance;
mod models;
mod search;
mod serve;
mod sources;
mod table;

use std::path::Path;
use std::sync::Arc;

use virgil_server::Platform;

use crate::cli::{Cli, Command, Place};
use crate::client::Client;
use crate::config::Config;
use crate::data_dir::{DataDir, Ownership};
use crate::environment::variable;
use crate::wiring;

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<()> {
    let place = cli.place;
    match cli.command {
        Command::Init(init) => init::run(&init),
        Command::Keys => keys::run(place.json),
        Command::Doctor => doctor::run(&place).await,
        Command::List(list) => graph::list(&place, &list).await,
        Command::Lineage(lineage) => graph::lineage(&place, &lineage).await,
        Command::Query(query) => graph::query(&place, &query).await,
        Command::Eval(eval) => eval::run(&place, &eval).await,
        Command::Serve(serve) => serve::run(&place, &serve).await,
        Command::Ingest(ingest) => ingest::run(&place, &ingest).await,
        Command::Ask(ask) => ask::run(&place, &ask).await,
        Command::Conversations(conversations) => conversations::run(&place, &conversations).await,
        Command::Models => models::run(&place).await,
        Command::Search(search) => search::run(&place, &search).await,
        Command::Sources(sources) => sources::run(&place, &sources).await,
        Command::Verify => maintenance::verify(&place).await,
        Command::Rebuild => maintenance::rebuild(&place).await,
    }
}

/// The configuration that a command works with: the given folder, or `ingest-config` if that is there.
pub(crate) fn config(place: &Place) -> anyhow::Result<Config> {
    match &place.config {
        Some(folder) => Config::load(folder, true, variable),
        None => Config::load(Path::new("ingest-config"), false, variable),
    }
}

/// A way to the API: through the server that owns the data directory, or by becoming its owner.
pub(crate) struct Session {
    /// The way.
    pub(crate) client: Client,
    /// Kept until the command is over, because dropping it lets go of the data directory.
    _owned: Option<(Arc<Platform>, DataDir)>,
}

/// Opens a session.
pub(crate) async fn session(place: &Place) -> anyhow::Result<Session> {
    let groups = place.groups.as_deref();
    match DataDir::own(&place.data_dir)? {
        Ownership::Served(socket) => Ok(Session {
            client: Client::socket(&socket, groups)?,
            _owned: None,
        }),
        Ownership::Ours(data_dir) => {
            let config = config(place)?;
            let platform = wiring::platform(&config, &data_dir).await?;
            let client = Client::in_process(virgil_server::local(platform.clone()), groups);
            Ok(Session {
                client,
                _owned: Some((platform, data_dir)),
            })
        }
    }
}
