//! Accepting connections, with the limits that `axum::serve` does not set.
//!
//! A client has ten seconds to send its headers, there are never more than [`MAX_CONNECTIONS`] at once, and a
//! shutdown waits a bounded time for answers that are under way.

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

/// How many connections are served at once; further ones wait in the backlog.
const MAX_CONNECTIONS: usize = 1_024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `network` on `tcp` and `local` on a socket at `socket` until `stop` resolves, then drains.
///
/// The socket belongs to the owner of the data directory: its mode is 0600, and what comes through it is
/// trusted as the owner.
pub async fn serve(
    tcp: TcpListener,
    network: Router,
    socket: &Path,
    local: Router,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    // The caller holds the data directory's lock, so a socket that is there is one that a killed server left.
    if socket.exists() {
        std::fs::remove_file(socket)
            .with_context(|| format!("the old socket `{}` cannot be removed", socket.display()))?;
    }
    let unix = UnixListener::bind(socket)
        .with_context(|| format!("the socket `{}` cannot be made", socket.display()))?;
    restrict(socket)?;

    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = pin!(stop);
    loop {
        let permit = permits.clone().acquire_owned();
        tokio::select! {
            () = &mut stop => break,
            accepted = async {
                let permit = permit.await;
                tokio::select! {
                    accepted = tcp.accept() => (accepted.map(|(stream, _)| Accepted::Tcp(stream)), permit),
                    accepted = unix.accept() => (accepted.map(|(stream, _)| Accepted::Unix(stream)), permit),
                }
            } => match accepted {
                (Ok(Accepted::Tcp(stream)), Ok(permit)) => {
                    // Small pieces of an answer must not wait for more.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "nodelay was refused");
                    }
                    spawn(stream, network.clone(), &graceful, permit);
                }
                (Ok(Accepted::Unix(stream)), Ok(permit)) => {
                    spawn(stream, local.clone(), &graceful, permit);
                }
                (Err(error), _) => {
                    // Out of file descriptors, most likely: wait for some to be closed.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                (Ok(_), Err(_)) => unreachable!("the semaphore is never closed"),
            },
        }
    }
    drop(tcp);
    if let Err(error) = std::fs::remove_file(socket) {
        tracing::debug!(%error, "the socket was already gone");
    }
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some answers were still under way and were cut off");
    }
    Ok(())
}

enum Accepted {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

fn restrict(socket: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).with_context(|| {
        format!(
            "the socket `{}` cannot be restricted to its owner",
            socket.display()
        )
    })
}

fn spawn<S>(stream: S, router: Router, graceful: &GracefulShutdown, permit: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = router
        .map_request(|request: Request<Incoming>| request.map(Body::new))
        .map_err(|never: Infallible| match never {});
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30));
    let connection = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(permit);
    });
}
