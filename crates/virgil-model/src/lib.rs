//! The words of Virgil as types.
//!
//! Every other crate speaks in these terms; this one knows nothing of files, networks, SQL or
//! async. Invariants worth knowing:
//!
//! * A [`Scope`] is what an asker may see. Only the store (and tests) issue one; every read takes one.
//! * A [`LineSpan`] counts lines of the *asset* from 1, both ends included, whatever the reader did
//!   to the text in between.
//! * A [`Statement`] is the only graph data that is stored; entities and relations are derived.
//!
//! Start reading at [`Document`] and [`Chunk`] (what is embedded and cited), then [`Statement`].

mod asset;
mod chunk;
mod document;
mod evidence;
mod id;
mod scope;
mod statement;
mod term;

pub use asset::{Files, NoFiles, Problem, SkipReason};
pub use chunk::{Chunk, ChunkId, PointId, VectorKey};
pub use document::{Content, Document, Section};
pub use evidence::{Evidence, LineSpan, Permalink};
pub use id::{AssetId, Generation, LabelId, SourceId};
pub use scope::Scope;
pub use statement::{
    Attributes, Key, KeyClass, Kind, Labelled, Predicate, Says, Selector, Statement, Target, Value,
};
pub use term::{Tokenizer, words};
