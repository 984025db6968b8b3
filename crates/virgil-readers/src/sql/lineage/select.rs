//! The columns of one `SELECT`: its items over the relations of its `FROM`, with `*` spread where they are known.

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions,
};

use super::scope::{Found, Relation, Scope};
use super::{Columns, Names, Origins, Output, Rest, Tracer, expression, has_name, merge, unknown};
use crate::sql::name::{Name, is_same};

/// More columns than this are not traced.
const MAX_COLUMNS: usize = 2_000;

impl Tracer<'_> {
    pub(super) fn select(self, select: &Select, names: &Names<'_>) -> Columns {
        let mut scope = Scope {
            around: names.around,
            ..Scope::default()
        };
        for table in &select.from {
            self.joined(table, names, &mut scope);
        }
        for view in &select.lateral_views {
            let known = view.lateral_col_alias.iter().map(|name| Output {
                name: Some(name.value.clone()),
                origins: self.expression(&view.lateral_view, &scope, names),
            });
            scope.relations.push(Relation {
                name: Name::of(&view.lateral_view_name),
                columns: Columns {
                    known: known.collect(),
                    rest: Rest::Nothing,
                },
            });
        }
        let mut result = Columns::default();
        for item in &select.projection {
            if result.known.len() > MAX_COLUMNS {
                return unknown();
            }
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let origins = self.aliased(expression, &scope, &result, names);
                    result.known.push(Output {
                        name: implied_name(expression),
                        origins,
                    });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let origins = self.aliased(expr, &scope, &result, names);
                    result.known.push(Output {
                        name: Some(alias.value.clone()),
                        origins,
                    });
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    let origins = self.aliased(expr, &scope, &result, names);
                    result.known.extend(aliases.iter().map(|alias| Output {
                        name: Some(alias.value.clone()),
                        origins: origins.clone(),
                    }));
                }
                SelectItem::Wildcard(options) => {
                    let spread = scope.all();
                    self.spread(spread, options, &scope, names, &mut result);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let relation = match kind {
                        SelectItemQualifiedWildcardKind::ObjectName(name) => scope.named(name),
                        SelectItemQualifiedWildcardKind::Expr(_) => None,
                    };
                    let spread = relation.map_or_else(unknown, |found| found.columns.clone());
                    self.spread(spread, options, &scope, names, &mut result);
                }
            }
        }
        result
    }

    /// Adds all columns of a relation, but for what the options of the wildcard leave out, replace and rename.
    fn spread(
        self,
        mut columns: Columns,
        options: &WildcardAdditionalOptions,
        scope: &Scope<'_>,
        names: &Names<'_>,
        result: &mut Columns,
    ) {
        use sqlparser::ast::{ExcludeSelectItem, RenameSelectItem};
        let mut left_out: Vec<&str> = Vec::new();
        if let Some(except) = &options.opt_except {
            let more = except.additional_elements.iter();
            left_out.extend(
                std::iter::once(&except.first_element)
                    .chain(more)
                    .map(|name| name.value.as_str()),
            );
        }
        let last = |name: &ObjectName| Name::of(name).map(|name| name.table().to_owned());
        let excluded: Vec<String> = match &options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => last(name).into_iter().collect(),
            Some(ExcludeSelectItem::Multiple(names)) => names.iter().filter_map(last).collect(),
            None => Vec::new(),
        };
        left_out.extend(excluded.iter().map(String::as_str));
        let is_left_out = |output: &Output| {
            let name = output.name.as_deref().unwrap_or_default();
            left_out.iter().any(|other| is_same(name, other))
        };
        columns.known.retain(|output| !is_left_out(output));
        for element in options
            .opt_replace
            .iter()
            .flat_map(|replace| &replace.items)
        {
            let origins = self.expression(&element.expr, scope, names);
            put(&mut columns, &element.column_name.value, origins);
        }
        let renamed = match &options.opt_rename {
            Some(RenameSelectItem::Single(one)) => std::slice::from_ref(one),
            Some(RenameSelectItem::Multiple(several)) => several,
            None => &[],
        };
        for one in renamed {
            let output = columns
                .known
                .iter_mut()
                .find(|output| has_name(output, &one.ident.value));
            match output {
                Some(output) => output.name = Some(one.alias.value.clone()),
                None => columns.rest = Rest::Unknown,
            }
        }
        if options.opt_ilike.is_some() {
            columns.rest = Rest::Unknown;
            columns.known.clear();
        }
        // A place with some columns taken out is no longer the place.
        if !left_out.is_empty() && columns.rest != Rest::Nothing {
            columns.rest = Rest::Unknown;
        }
        result.known.extend(columns.known);
        result.rest = match (&result.rest, columns.rest) {
            (Rest::Nothing, rest) => rest,
            (other, Rest::Nothing) => other.clone(),
            (_, _) => Rest::Unknown,
        };
    }

    /// An item of the select list, which may use the aliases in front of it where no relation has such a column.
    fn aliased(
        self,
        expression: &Expr,
        scope: &Scope<'_>,
        before: &Columns,
        names: &Names<'_>,
    ) -> Origins {
        expression::origins(
            expression,
            &|parts| match scope.find(parts) {
                Found::Nothing => match parts {
                    [only] => before
                        .known
                        .iter()
                        .rev()
                        .find(|output| has_name(output, &only.value))
                        .map(|output| output.origins.clone())
                        .unwrap_or_default(),
                    _ => Origins::new(),
                },
                Found::Column(origins) => origins,
                Found::Ambiguous => Origins::new(),
            },
            &|query| self.inner(query, scope, names),
        )
    }

    pub(super) fn expression(
        self,
        expression: &Expr,
        scope: &Scope<'_>,
        names: &Names<'_>,
    ) -> Origins {
        self.aliased(expression, scope, &Columns::default(), names)
    }

    /// What a query inside an expression gives.
    fn inner(self, query: &Query, scope: &Scope<'_>, names: &Names<'_>) -> Origins {
        let names = Names {
            tables: names.tables.clone(),
            around: Some(scope),
        };
        let result = self.query(query, &names);
        let mut origins = Origins::new();
        for output in result.known {
            merge(&mut origins, output.origins);
        }
        origins
    }
}

/// The name that a column without an alias gets in every dialect.
fn implied_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()),
        Expr::Nested(inner) => implied_name(inner),
        _ => None,
    }
}

fn put(columns: &mut Columns, name: &str, origins: Origins) {
    let output = columns
        .known
        .iter_mut()
        .find(|output| has_name(output, name));
    match output {
        Some(output) => output.origins = origins,
        None => columns.known.push(Output {
            name: Some(name.to_owned()),
            origins,
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::lineage::shown::check;

    #[test]
    fn a_star_is_spread_only_over_known_columns() {
        check(
            "select * from customers",
            &[
                "customer_id: customers.customer_id",
                "email: customers.email",
                "name: customers.name",
            ],
        );
        check(
            "with a as (select * from unknown) select x from a",
            &["x: unknown.x"],
        );
        check(
            "select u.*, o.id from unknown u, orders o",
            &[
                "id: orders.id",
                "* Table(Name([Part { text: \"unknown\", is_quoted: false }]))",
            ],
        );
        check("select * from unknown, other", &["* ?"]);
        check(
            "select * exclude (email) replace (lower(name) as name) from customers",
            &[
                "customer_id: customers.customer_id",
                "name: customers.name f",
            ],
        );
        check(
            "select c.* except (email, name) from customers c",
            &["customer_id: customers.customer_id"],
        );
        check(
            "with a as (select * except (x) from unknown) select y from a",
            &["y: "],
        );
    }
}
