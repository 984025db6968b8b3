//! The seams' contracts on every implementation, and the embedding model against its reference.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that goes wrong"
)]

mod contract;
mod cross_encoder;
mod edge;
mod memory;
mod model;
mod onnx;
mod small_cross_encoder;
