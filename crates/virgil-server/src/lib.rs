//! The HTTP edge: API, chat page, health and metrics. The only crate that knows status codes.
//!
//! Two routers are made of the same routes: [`network`] knows its callers by their API keys, [`local`] trusts its
//! caller as the owner of the data directory (it is reached through a socket with mode 0600, or from inside the same
//! process). Every route gets a `caller::Caller`, and through it the only `Scope` that it can read with; the OpenLineage
//! receiver alone gets a write key, with which nothing can be read.
//!
//! Start at [`Platform`], which is what the routes work with, and at `routes/`.

mod caller;
mod export;
mod keeping;
mod listener;
mod page;
mod platform;
mod problem;
mod receivers;
mod router;
mod routes;
mod syncs;
mod wire;
mod wire_conversations;
mod wire_graph;
mod wire_query;

pub use caller::OWNER;
pub use keeping::sweep_conversations;
pub use listener::serve;
pub use platform::{Auth, OpenShard, Platform, ResolveSecret};
pub use problem::{ApiError, Code, Problem};
pub use receivers::{Receivers, read_pushed};
pub use router::{local, network, openapi};
pub use syncs::Syncs;
