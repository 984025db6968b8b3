//! What lineage and warehouse tools record: jobs, tables, columns, runs.

mod dbt;
mod dbt_catalog;
mod dbt_columns;
mod dbt_uses;
mod openlineage;
mod openlineage_facets;
mod openlineage_text;

use crate::statements::Format;

pub(crate) use openlineage_text::EventsReader;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[openlineage::FORMAT, dbt::FORMAT, dbt_catalog::FORMAT];
