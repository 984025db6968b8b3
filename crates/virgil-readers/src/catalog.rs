//! What catalogues and registries declare: owners, systems, models, features.

mod backstage;
mod codeowners;
mod datahub;
mod feast;
mod mlflow;
mod mlflow_files;
mod mlflow_records;
mod model_card;
mod model_registry;
mod openmetadata;
mod timestamp;

use crate::statements::Format;

pub(crate) use feast::project as feast_project;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[
    backstage::FORMAT,
    codeowners::FORMAT,
    datahub::FORMAT,
    feast::FORMAT,
    mlflow::FORMAT,
    mlflow_files::FORMAT,
    model_card::FORMAT,
    model_registry::FORMAT,
    openmetadata::FORMAT,
];
