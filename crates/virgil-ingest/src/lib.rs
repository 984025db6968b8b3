//! A sync: from a source to chunks, vectors and statements, committed as one generation.
//!
//! Invariants:
//!
//! * Redaction comes before everything: no reader, vector, row or error text sees a secret.
//! * What a sync writes is invisible until one transaction makes its generation live; a crash at any moment
//!   leaves the last generation whole, and the next sync goes on from the last batch that was done.
//! * One bad asset never stops a sync; an incomplete listing never deletes anything.
//!
//! Start at [`Ingest::sync`]; [`Ingest::rebuild`] and [`Ingest::verify`] keep the index in step with the store.

mod crash;
mod maintain;
mod prepare;
mod progress;
mod pushed;
mod source_config;
mod stages;
mod sync;

#[cfg(debug_assertions)]
pub use crash::arm as arm_crash_point;
pub use maintain::Verification;
pub use progress::{Phase, Progress, Reporter};
pub use pushed::{InvalidEvent, OPENLINEAGE, PushParameters, Pushed, events};
pub use source_config::{PathRule, SourceConfig};
pub use sync::{Ingest, index_identity};
