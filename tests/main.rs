//! Drives the real program from outside: its own data directory, its own port, a client's view.

#![expect(clippy::print_stdout, reason = "what a test that fails shows besides")]

mod access;
mod ask;
mod bad_input;
mod careful;
mod conversations;
mod documents;
mod evaluation;
mod everyday;
mod first_steps;
mod gateway;
mod graph;
mod kill;
#[path = "../crates/virgil-index/tests/index/onnx.rs"]
mod onnx;
mod phrasings;
mod questions;
mod receiver;
mod rerank;
mod sample;
mod sample_graph;
mod second_sync;
#[path = "../crates/virgil-index/tests/index/small_cross_encoder.rs"]
mod small_cross_encoder;
mod structure;
mod support;
mod systems;
