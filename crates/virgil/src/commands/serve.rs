//! `virgil serve`: the server.

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Place, Serve};
use crate::commands::config;
use crate::config::Auth;
use crate::data_dir::{DataDir, Ownership};
use crate::environment::say;
use crate::wiring;

pub(super) async fn run(place: &Place, serve: &Serve) -> anyhow::Result<()> {
    let config = config(place)?;
    let listen = serve.listen.unwrap_or(config.listen);
    if config.auth == Auth::None && !listen.ip().is_loopback() {
        bail!(
            "without API keys the server listens on loopback only, not on `{listen}`: add access.principals to the \
             configuration (`virgil keys` makes a key)"
        );
    }
    let data_dir = match DataDir::own(&place.data_dir)? {
        Ownership::Ours(data_dir) => data_dir,
        Ownership::Served(_) => {
            bail!(
                "a server runs on the data directory `{}` already",
                place.data_dir.display()
            )
        }
    };
    let tcp = TcpListener::bind(listen).await.with_context(|| {
        format!("`{listen}` cannot be listened on: choose another address with --listen")
    })?;
    let platform = wiring::platform(&config, &data_dir).await?;
    virgil_server::read_pushed(&platform);
    virgil_server::sweep_conversations(&platform);
    let address = tcp.local_addr()?;
    say(&format!("Virgil listens on http://{address}"));
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    virgil_server::serve(
        tcp,
        virgil_server::network(platform.clone()),
        &data_dir.socket(),
        virgil_server::local(platform),
        stop,
    )
    .await
}
