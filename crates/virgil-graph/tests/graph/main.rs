//! The graph through its public face.

mod conflicts;
mod laws;
mod lineage;
mod neighbours;
mod owners;
mod queries;
mod stories;
mod world;
