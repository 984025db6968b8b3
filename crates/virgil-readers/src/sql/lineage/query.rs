//! The columns of a query: common table expressions, the bodies behind them, and set operations over those.

use sqlparser::ast::{Cte, Query, SetExpr, SetOperator, SetQuantifier};

use super::scope::rename;
use super::{Columns, Names, Origins, Output, Rest, Tracer, has_name, merge, unknown};

/// How deep queries may nest.
const MAX_DEPTH: usize = 40;

impl Tracer<'_> {
    pub(super) fn query(self, query: &Query, names: &Names<'_>) -> Columns {
        if self.depth > MAX_DEPTH || !query.pipe_operators.is_empty() {
            return unknown();
        }
        let tracer = Tracer {
            depth: self.depth + 1,
            ..self
        };
        let mut names = names.clone();
        if let Some(with) = &query.with {
            for table in &with.cte_tables {
                let columns = tracer.common_table(table, with.recursive, &names);
                names.tables.push((table.alias.name.value.clone(), columns));
            }
        }
        tracer.body(&query.body, &names)
    }

    fn common_table(self, table: &Cte, is_recursive: bool, names: &Names<'_>) -> Columns {
        let mut columns = match (&*table.query.body, is_recursive) {
            // What a recursive table takes from itself it has from its first part.
            (SetExpr::SetOperation { left, .. }, true) => {
                let mut names = names.clone();
                let mut first = self.body(left, &names);
                rename(&mut first, &table.alias);
                names.tables.push((table.alias.name.value.clone(), first));
                self.query(&table.query, &names)
            }
            _ => self.query(&table.query, names),
        };
        rename(&mut columns, &table.alias);
        columns
    }

    fn body(self, body: &SetExpr, names: &Names<'_>) -> Columns {
        match body {
            SetExpr::Select(select) => self.select(select, names),
            SetExpr::Query(query) => self.query(query, names),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let left = self.body(left, names);
                let right = self.body(right, names);
                let is_by_name = matches!(
                    set_quantifier,
                    SetQuantifier::ByName
                        | SetQuantifier::AllByName
                        | SetQuantifier::DistinctByName
                );
                match op {
                    SetOperator::Except | SetOperator::Minus => left,
                    _ if is_by_name => by_name(left, right),
                    _ => by_position(left, right),
                }
            }
            SetExpr::Values(values) => {
                let count = values.rows.first().map_or(0, |row| row.content.len());
                let known = (0..count).map(|_| Output {
                    name: None,
                    origins: Origins::new(),
                });
                Columns {
                    known: known.collect(),
                    rest: Rest::Nothing,
                }
            }
            _ => unknown(),
        }
    }
}

fn by_position(left: Columns, right: Columns) -> Columns {
    let is_closed = left.rest == Rest::Nothing && right.rest == Rest::Nothing;
    if !is_closed || left.known.len() != right.known.len() {
        return unknown();
    }
    let mut result = left;
    for (output, other) in result.known.iter_mut().zip(right.known) {
        merge(&mut output.origins, other.origins);
    }
    result
}

fn by_name(left: Columns, right: Columns) -> Columns {
    if left.rest != Rest::Nothing || right.rest != Rest::Nothing {
        return unknown();
    }
    let mut result = left;
    for other in right.known {
        let name = other.name.clone().unwrap_or_default();
        match result.known.iter_mut().find(|own| has_name(own, &name)) {
            Some(own) => merge(&mut own.origins, other.origins),
            None => result.known.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use crate::sql::lineage::shown::check;

    #[test]
    fn aliases_subqueries_and_common_tables_are_followed() {
        check(
            "select o.id, o.total * 2 as double, 1 as one from shop.orders as o",
            &["id: shop.orders.id", "double: shop.orders.total f", "one: "],
        );
        check(
            "with big as (select id as order_id, total from orders where total > 9), \
             sums as (select order_id, sum(total) as s from big group by 1) select * from sums",
            &["order_id: orders.id", "s: orders.total agg"],
        );
        check(
            "select x.n from (select upper(name) as n from customers) x",
            &["n: customers.name f"],
        );
        check(
            "with orders as (select * from raw.orders) select id from orders",
            &["id: raw.orders.id"],
        );
        check(
            "with recursive up as (select id, boss from staff union all select s.id, up.boss from staff s join up on s.boss = up.id) select id, boss from up",
            &["id: staff.id", "boss: staff.boss"],
        );
    }

    #[test]
    fn set_operations_join_by_position() {
        check(
            "select id as a from orders union all select email from customers",
            &["a: customers.email, orders.id"],
        );
        check("select * from unknown union select 1", &["* ?"]);
        check(
            "select id from orders except select email from customers",
            &["id: orders.id"],
        );
    }
}
