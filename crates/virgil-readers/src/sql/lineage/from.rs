//! The relations that a `FROM` brings in: tables, files, subqueries and functions, and what joins do to them.

use sqlparser::ast::{JoinConstraint, JoinOperator, ObjectName, TableFactor, TableWithJoins};

use super::scope::{Scope, Side};
use super::{Columns, Names, Tracer, columns_of, unknown};
use crate::sql::name::{Name, Place, is_same};
use crate::sql::reads;

impl Tracer<'_> {
    pub(super) fn joined(self, table: &TableWithJoins, names: &Names<'_>, scope: &mut Scope<'_>) {
        self.factor(&table.relation, names, scope);
        for join in &table.joins {
            let before = scope.relations.len();
            self.factor(&join.relation, names, scope);
            let (constraint, side) = match &join.join_operator {
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                    (Some(constraint), Side::Right)
                }
                JoinOperator::FullOuter(constraint) => (Some(constraint), Side::Both),
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::CrossJoin(constraint)
                | JoinOperator::AsOf { constraint, .. }
                | JoinOperator::StraightJoin(constraint) => (Some(constraint), Side::Left),
                // Of these joins only one side has columns in the result.
                JoinOperator::Semi(_)
                | JoinOperator::LeftSemi(_)
                | JoinOperator::Anti(_)
                | JoinOperator::LeftAnti(_) => {
                    scope.relations.truncate(before);
                    (None, Side::Left)
                }
                JoinOperator::RightSemi(_) | JoinOperator::RightAnti(_) => {
                    scope.relations.drain(..before);
                    (None, Side::Left)
                }
                JoinOperator::CrossApply
                | JoinOperator::OuterApply
                | JoinOperator::ArrayJoin
                | JoinOperator::LeftArrayJoin
                | JoinOperator::InnerArrayJoin => (None, Side::Left),
            };
            match constraint {
                Some(JoinConstraint::Using(columns) | JoinConstraint::UsingAlias(columns, _)) => {
                    for column in columns.iter().filter_map(Name::of) {
                        scope.merged.push((column.table().to_owned(), side));
                    }
                }
                Some(JoinConstraint::Natural) => {
                    // Which columns are one depends on columns that may not be known.
                    let (left, right) = scope.relations.split_at(before);
                    let shared: Vec<String> = left
                        .iter()
                        .flat_map(|relation| &relation.columns.known)
                        .filter_map(|output| output.name.clone())
                        .filter(|name| right.iter().any(|other| other.columns.has(name)))
                        .collect();
                    scope
                        .merged
                        .extend(shared.into_iter().map(|name| (name, side)));
                }
                _ => {}
            }
        }
    }

    pub(super) fn factor(self, factor: &TableFactor, names: &Names<'_>, scope: &mut Scope<'_>) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let columns = self.table(name, names);
                scope.add(alias.as_ref(), Name::of(name), columns);
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                ..
            } => {
                let columns = if *lateral {
                    let outer = scope.clone();
                    let names = Names {
                        tables: names.tables.clone(),
                        around: Some(&outer),
                    };
                    self.query(subquery, &names)
                } else {
                    self.query(subquery, names)
                };
                scope.add(alias.as_ref(), None, columns);
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => match alias {
                None => self.joined(table_with_joins, names, scope),
                Some(_) => {
                    let mut inner = Scope::default();
                    self.joined(table_with_joins, names, &mut inner);
                    scope.add(alias.as_ref(), None, inner.all());
                }
            },
            TableFactor::Table { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => {
                // A function of other relations' columns, or of none; files that it reads are known by URI.
                let columns = match reads::file_of(factor) {
                    Some(place) => columns_of(&place, self.catalog),
                    None => unknown(),
                };
                scope.add(alias.as_ref(), None, columns);
            }
            TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. }
            | TableFactor::MatchRecognize { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::SemanticView { alias, .. } => {
                scope.add(alias.as_ref(), None, unknown());
            }
            TableFactor::UnpivotExpr { .. } => scope.add(None, None, unknown()),
        }
    }

    fn table(self, name: &ObjectName, names: &Names<'_>) -> Columns {
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && let Some((_, columns)) = names
                .tables
                .iter()
                .rev()
                .find(|(name, _)| is_same(name, &ident.value))
        {
            return columns.clone();
        }
        match Place::of(name) {
            Some(place) => columns_of(&place, self.catalog),
            None => unknown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::lineage::shown::check;

    #[test]
    fn files_and_structures_have_columns() {
        check(
            "select amount from read_parquet('s3://lake/a/*.parquet')",
            &["amount: s3://lake/a.amount"],
        );
        check(
            "select t.payload.user.id as u from events t",
            &["u: events.payload f"],
        );
        check("select n from range(1, 3) as t(n)", &["n: "]);
    }
}
