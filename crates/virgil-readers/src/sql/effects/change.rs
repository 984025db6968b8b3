//! Statements that change rows: `INSERT`, `UPDATE`, `DELETE` and `MERGE`.

use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Insert, Merge, MergeAction, MergeInsertKind,
    MergeUpdateKind, ObjectName, SetExpr, TableFactor, TableObject, Update, UpdateTableFromKind,
};

use super::{Effects, Made};
use crate::sql::lineage::{self, Catalog, Origins, trace_value};
use crate::sql::name::{Name, Place};
use crate::sql::reads::places;

impl Effects {
    pub(super) fn insert(&mut self, insert: &Insert, catalog: &dyn Catalog) {
        let target = match &insert.table {
            TableObject::TableName(name) => Place::of(name),
            _ => None,
        };
        self.write(target.clone());
        let Some(query) = &insert.source else {
            return;
        };
        if matches!(&*query.body, SetExpr::Values(_)) && query.with.is_none() {
            self.read(places(query));
            return;
        }
        let mut names: Vec<String> = insert
            .columns
            .iter()
            .filter_map(Name::of)
            .map(|name| name.table().to_owned())
            .collect();
        // Without a list the results go to the columns in their order, if that is known.
        if names.is_empty()
            && !insert.by_name
            && let Some(Place::Table(name)) = &target
        {
            names = catalog.columns(name).unwrap_or_default();
            if names.is_empty() {
                let from = places(query);
                self.read(from.clone());
                self.made.extend(target.map(|place| Made {
                    place,
                    from,
                    columns: Vec::new(),
                }));
                return;
            }
        }
        self.make(target, query, &names, catalog);
    }

    pub(super) fn update(&mut self, update: &Update) {
        let TableFactor::Table { name, .. } = &update.table.relation else {
            return;
        };
        let target = Name::of(name).map(Place::Table);
        let mut from = places(&update.table.joins);
        if let Some(
            UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables),
        ) = &update.from
        {
            from.extend(places(tables));
        }
        for assignment in &update.assignments {
            from.extend(places(&assignment.value));
        }
        // What only picks the rows does not become part of them.
        let picks = places(&update.selection);
        self.read(
            picks
                .into_iter()
                .filter(|place| Some(place) != target.as_ref())
                .collect(),
        );
        self.write_from(target, from);
    }

    pub(super) fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let named = delete.tables.iter().filter_map(Name::of).map(Place::Table);
        let mut targets: Vec<Place> = named.collect();
        if targets.is_empty() {
            targets.extend(tables.iter().filter_map(|table| match &table.relation {
                TableFactor::Table { name, .. } => Name::of(name).map(Place::Table),
                _ => None,
            }));
        }
        let mut from = places(&delete.selection);
        from.extend(places(&delete.using));
        from.retain(|place| !targets.contains(place));
        self.read(from);
        for target in targets {
            self.write(Some(target));
        }
    }

    pub(super) fn merge(&mut self, merge: &Merge, catalog: &dyn Catalog) {
        let TableFactor::Table { name, .. } = &merge.table else {
            return;
        };
        let target = Name::of(name).map(Place::Table);
        let mut from = places(&merge.source);
        for clause in &merge.clauses {
            from.extend(places(clause));
        }
        let mut columns: Vec<(String, Origins)> = Vec::new();
        for (name, value) in merge
            .clauses
            .iter()
            .flat_map(|clause| assigned(&clause.action))
        {
            let tables = [&merge.source, &merge.table];
            let mut origins = trace_value(value, &tables, catalog);
            origins.retain(|(place, _), _| Some(place) != target.as_ref());
            match columns.iter_mut().find(|(other, _)| *other == name) {
                Some((_, own)) => lineage::merge(own, origins),
                None => columns.push((name, origins)),
            }
        }
        from.retain(|place| Some(place) != target.as_ref());
        self.read(from.clone());
        self.write(target.clone());
        self.made.extend(target.map(|place| Made {
            place,
            from,
            columns,
        }));
    }
}

/// The columns that a clause of `MERGE` sets, with their values.
fn assigned(action: &MergeAction) -> Vec<(String, &Expr)> {
    let table = |name: &ObjectName| Name::of(name).map(|name| name.table().to_owned());
    match action {
        MergeAction::Update(update) => match &update.kind {
            MergeUpdateKind::Set(assignments) => {
                let pairs = assignments.iter().filter_map(|one| match &one.target {
                    AssignmentTarget::ColumnName(column) => Some((table(column)?, &one.value)),
                    AssignmentTarget::Tuple(_) => None,
                });
                pairs.collect()
            }
            MergeUpdateKind::Wildcard => Vec::new(),
        },
        MergeAction::Insert(insert) => match &insert.kind {
            MergeInsertKind::Values(values) => {
                let row = values.rows.first().map_or(&[][..], |row| &row.content);
                let names = insert.columns.iter();
                let pairs = names.zip(row);
                pairs
                    .filter_map(|(name, value)| Some((table(name)?, value)))
                    .collect()
            }
            MergeInsertKind::Row | MergeInsertKind::Wildcard => Vec::new(),
        },
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => Vec::new(),
    }
}
