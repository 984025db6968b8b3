//! The graph through its public face.

mod conflicts;
mod laws;
mod lineage;
mod queries;
mod stories;
mod world;
