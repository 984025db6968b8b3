//! Statements that carry data between tables and files: `COPY` and Snowflake's `COPY INTO`.

use sqlparser::ast::{CopySource, CopyTarget, ObjectName, Statement};

use super::Effects;
use crate::sql::lineage::Catalog;
use crate::sql::name::{Name, Place, uri};
use crate::sql::reads::places;

impl Effects {
    pub(super) fn copy(
        &mut self,
        source: &CopySource,
        to: bool,
        target: &CopyTarget,
        catalog: &dyn Catalog,
    ) {
        let file = match target {
            CopyTarget::File { filename } => uri(filename).map(Place::Uri),
            _ => None,
        };
        match source {
            CopySource::Query(query) => {
                self.read(places(query));
                self.write(file.clone());
                self.make(file, query, &[], catalog);
            }
            CopySource::Table { table_name, .. } => {
                let table = Name::of(table_name).map(Place::Table);
                let (from, into) = if to { (table, file) } else { (file, table) };
                self.write_from(into, from.into_iter().collect());
            }
        }
    }

    pub(super) fn copy_into(&mut self, statement: &Statement, catalog: &dyn Catalog) {
        use sqlparser::ast::CopyIntoSnowflakeKind::{Location, Table};
        let Statement::CopyIntoSnowflake {
            kind,
            into,
            from_obj,
            from_query,
            ..
        } = statement
        else {
            return;
        };
        // Stages are objects of the account; only locations that are written out are known.
        let place = |name: &ObjectName| {
            let written = name.to_string();
            match uri(written.trim_matches('\'')) {
                Some(uri) => Some(Place::Uri(uri)),
                None => Place::of(name),
            }
        };
        let target = match kind {
            Table | Location => place(into),
        };
        if let Some(query) = from_query {
            self.write(target.clone());
            self.make(target, query, &[], catalog);
        } else {
            let from = from_obj.as_ref().and_then(place);
            self.write_from(target, from.into_iter().collect());
        }
    }
}
