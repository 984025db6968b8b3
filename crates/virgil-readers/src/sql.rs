//! SQL, in files and in the literals of code: which tables a statement reads and writes, and where columns come from.
//!
//! Start at [`parse::parse`] for one statement, [`effects::effects`] for what it does, [`state::state`] for how that
//! is stated. [`lineage`] traces columns.

mod dbt_model;
pub(crate) mod effects;
pub(crate) mod file;
pub(crate) mod lineage;
pub(crate) mod name;
pub(crate) mod parse;
mod reads;
mod split;
pub(crate) mod state;
pub(crate) mod system;

use crate::statements::Format;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[file::FORMAT];

/// The statements of a text.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    split::split(text).into_iter().map(|piece| piece.text)
}
