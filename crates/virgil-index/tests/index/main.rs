//! The seams' contracts on every implementation, and the embedding model against its reference.

mod contract;
mod edge;
mod memory;
mod model;
