//! The columns that an expression uses, and how.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    LambdaFunctionParameter, Query, WindowType,
};

use super::{Origins, Step, at_least, merge};

/// How deep expressions may nest; chains of operators are as deep as they are long.
const MAX_DEPTH: usize = 700;

/// The origins of an expression: `column` says what a name of one or more parts means, `query` what a query inside
/// the expression gives.
pub(super) fn origins(
    expression: &Expr,
    column: &dyn Fn(&[Ident]) -> Origins,
    query: &dyn Fn(&Query) -> Origins,
) -> Origins {
    let mut walk = Walk {
        column,
        query,
        bound: Vec::new(),
        depth: 0,
        found: Origins::new(),
    };
    walk.expression(expression, Step::Identity);
    walk.found
}

struct Walk<'w> {
    column: &'w dyn Fn(&[Ident]) -> Origins,
    query: &'w dyn Fn(&Query) -> Origins,
    /// The parameters of the lambdas around.
    bound: Vec<String>,
    depth: usize,
    found: Origins,
}

impl Walk<'_> {
    fn expression(&mut self, expression: &Expr, step: Step) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.one(expression, step);
        self.depth -= 1;
    }

    fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>, step: Step) {
        for expression in expressions {
            self.expression(expression, step);
        }
    }

    fn one(&mut self, expression: &Expr, step: Step) {
        let computed = step.max(Step::Transformation);
        match expression {
            Expr::Identifier(ident) => self.name(std::slice::from_ref(ident), step),
            Expr::CompoundIdentifier(parts) => self.name(parts, step),
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } | Expr::Prior(inner) => {
                self.expression(inner, step);
            }
            Expr::Named { expr, .. } => self.expression(expr, computed),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                self.all(operand.as_deref(), Step::Condition);
                for when in conditions {
                    self.expression(&when.condition, Step::Condition);
                    self.expression(&when.result, computed);
                }
                self.all(else_result.as_deref(), computed);
            }
            Expr::Function(function) => self.function(function, computed),
            Expr::Subquery(query) => self.query(query, computed),
            // Whether rows are there decides; what they hold does not become the value.
            Expr::Exists { .. } => {}
            Expr::In { expr, target, .. } => {
                self.expression(expr, computed);
                if let sqlparser::ast::InTarget::List(list) = target {
                    self.all(list, computed);
                }
            }
            Expr::Lambda(lambda) => {
                let before = self.bound.len();
                let name = |parameter: &LambdaFunctionParameter| parameter.name.value.clone();
                match &lambda.params {
                    sqlparser::ast::OneOrManyWithParens::One(one) => self.bound.push(name(one)),
                    sqlparser::ast::OneOrManyWithParens::Many(several) => {
                        self.bound.extend(several.iter().map(name));
                    }
                }
                self.expression(&lambda.body, computed);
                self.bound.truncate(before);
            }
            Expr::BinaryOp { left, right, .. }
            | Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. } => self.all([&**left, &**right], computed),
            Expr::Like { expr, pattern, .. }
            | Expr::ILike { expr, pattern, .. }
            | Expr::SimilarTo { expr, pattern, .. }
            | Expr::RLike { expr, pattern, .. } => self.all([&**expr, &**pattern], computed),
            Expr::Between {
                expr, low, high, ..
            } => self.all([&**expr, &**low, &**high], computed),
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::OuterJoin(inner)
            | Expr::IsJson { expr: inner, .. }
            | Expr::IsNormalized { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Convert { expr: inner, .. }
            | Expr::Cast { expr: inner, .. }
            | Expr::Extract { expr: inner, .. }
            | Expr::Ceil { expr: inner, .. }
            | Expr::Floor { expr: inner, .. }
            | Expr::JsonAccess { value: inner, .. }
            | Expr::CompoundFieldAccess { root: inner, .. } => self.expression(inner, computed),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.all([&**timestamp, &**time_zone], computed),
            Expr::Position { expr, r#in } => self.all([&**expr, &**r#in], computed),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                self.expression(expr, computed);
                self.all(substring_from.as_deref(), computed);
                self.all(substring_for.as_deref(), computed);
            }
            Expr::Trim {
                expr, trim_what, ..
            } => {
                self.expression(expr, computed);
                self.all(trim_what.as_deref(), computed);
            }
            Expr::Overlay {
                expr, overlay_what, ..
            } => self.all([&**expr, &**overlay_what], computed),
            Expr::Tuple(items) | Expr::Struct { values: items, .. } => self.all(items, computed),
            Expr::Array(array) => self.all(&array.elem, computed),
            Expr::Dictionary(fields) => {
                self.all(fields.iter().map(|field| &*field.value), computed);
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    self.all([&*entry.key, &*entry.value], computed);
                }
            }
            Expr::Interval(interval) => self.expression(&interval.value, computed),
            // Values, and forms that use whole rows.
            _ => {}
        }
    }

    fn function(&mut self, function: &Function, step: Step) {
        let name = function.name.to_string().to_lowercase();
        let name = name.rsplit('.').next().unwrap_or_default();
        let is_window = function.over.is_some();
        let step = match name {
            _ if is_aggregate(name) => step.max(Step::Aggregation),
            _ => step,
        };
        match &function.args {
            FunctionArguments::List(list) => {
                for (at, argument) in list.args.iter().enumerate() {
                    let expression = match argument {
                        FunctionArg::Unnamed(expression) => expression,
                        FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } => arg,
                    };
                    let FunctionArgExpr::Expr(expression) = expression else {
                        continue;
                    };
                    // The first argument of `if`, `iff` and `nvl2` only decides.
                    let decides = at == 0 && matches!(name, "if" | "iff" | "nvl2");
                    if is_date_part(name, expression) {
                        continue;
                    }
                    let step = if decides { Step::Condition } else { step };
                    self.expression(expression, step);
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::Where(condition) => {
                            self.expression(condition, Step::Condition);
                        }
                        FunctionArgumentClause::OrderBy(order) => {
                            self.all(order.iter().map(|one| &one.expr), Step::Condition);
                        }
                        _ => {}
                    }
                }
            }
            FunctionArguments::Subquery(query) => self.query(query, step),
            FunctionArguments::None => {}
        }
        self.all(function.filter.as_deref(), Step::Condition);
        self.all(
            function.within_group.iter().map(|order| &order.expr),
            Step::Aggregation,
        );
        if let Some(WindowType::WindowSpec(window)) = function.over.as_ref().filter(|_| is_window) {
            self.all(&window.partition_by, Step::Condition);
            self.all(window.order_by.iter().map(|one| &one.expr), Step::Condition);
        }
    }

    fn query(&mut self, query: &Query, step: Step) {
        let origins = (self.query)(query);
        merge(&mut self.found, at_least(origins, step));
    }

    fn name(&mut self, parts: &[Ident], step: Step) {
        let first = parts.first().map_or("", |ident| ident.value.as_str());
        let is_bound = self.bound.iter().any(|name| name == first);
        let is_quoted = parts.iter().any(|ident| ident.quote_style.is_some());
        let is_constant = parts.len() == 1 && !is_quoted && is_constant(first);
        if is_bound || is_constant || first.contains(crate::sql::name::HOLE) {
            return;
        }
        let origins = (self.column)(parts);
        merge(&mut self.found, at_least(origins, step));
    }
}

/// Functions that some dialects call without parentheses, and words that are values.
fn is_constant(name: &str) -> bool {
    matches!(
        name.to_lowercase().as_str(),
        "current_date"
            | "current_time"
            | "current_timestamp"
            | "current_user"
            | "current_role"
            | "localtime"
            | "localtimestamp"
            | "session_user"
            | "sysdate"
            | "systimestamp"
            | "rownum"
            | "true"
            | "false"
            | "null"
            | "default"
    )
}

/// Whether an argument is a part of a date such as `day`, which some dialects write without quotes.
fn is_date_part(function: &str, argument: &Expr) -> bool {
    let Expr::Identifier(ident) = argument else {
        return false;
    };
    let is_of_dates = ["date", "time", "trunc", "last_day", "extract", "part"]
        .iter()
        .any(|word| function.contains(word));
    is_of_dates
        && ident.quote_style.is_none()
        && matches!(
            ident.value.to_lowercase().as_str(),
            "year"
                | "quarter"
                | "month"
                | "week"
                | "isoweek"
                | "isoyear"
                | "day"
                | "dayofweek"
                | "dayofyear"
                | "hour"
                | "minute"
                | "second"
                | "millisecond"
                | "microsecond"
                | "yy"
                | "yyyy"
                | "mm"
                | "dd"
                | "hh"
        )
}

fn is_aggregate(name: &str) -> bool {
    matches!(
        name,
        "sum"
            | "count"
            | "avg"
            | "mean"
            | "min"
            | "max"
            | "median"
            | "mode"
            | "stddev"
            | "stddev_pop"
            | "stddev_samp"
            | "variance"
            | "var_pop"
            | "var_samp"
            | "corr"
            | "any_value"
            | "first"
            | "last"
            | "arg_min"
            | "arg_max"
            | "min_by"
            | "max_by"
            | "array_agg"
            | "string_agg"
            | "listagg"
            | "list"
            | "group_concat"
            | "collect_list"
            | "collect_set"
            | "json_agg"
            | "jsonb_agg"
            | "object_agg"
            | "bool_and"
            | "bool_or"
            | "every"
            | "bit_and"
            | "bit_or"
            | "count_if"
            | "countif"
            | "approx_count_distinct"
            | "approx_quantiles"
            | "approx_percentile"
            | "percentile"
            | "percentile_cont"
            | "percentile_disc"
            | "quantile"
            | "quantile_cont"
            | "quantile_disc"
    )
}

#[cfg(test)]
mod tests {
    use crate::sql::lineage::shown::check;

    #[test]
    fn what_only_decides_is_told_from_what_becomes_the_value() {
        check(
            "select case when email is null then name else 'x' end as n, \
             count(*) filter (where total > 1) as c, \
             row_number() over (partition by customer_id order by placed_at) as r, \
             current_date as d, date_trunc(month, placed_at) as m from orders join customers using (customer_id)",
            &[
                "n: customers.email if, customers.name f",
                "c: orders.total if",
                "r: orders.customer_id if, orders.placed_at if",
                "d: ",
                "m: orders.placed_at f",
            ],
        );
        check(
            "select id + 1 as a, a * 2 as b, (select max(total) from orders) as m, \
             exists (select 1 from customers where customers.customer_id = orders.customer_id) as e from orders",
            &[
                "a: orders.id f",
                "b: orders.id f",
                "m: orders.total agg",
                "e: ",
            ],
        );
        check(
            "select (select email from customers c where c.customer_id = o.customer_id) as e, list_transform(x, y -> y + id) as t from orders o",
            &["e: customers.email f", "t: orders.id f"],
        );
    }
}
