//! Where the columns of a query come from.
//!
//! A column is traced through aliases, common table expressions, subqueries, joins and set operations to columns of
//! tables. `*` is spread only over relations whose columns are known. What is ambiguous without knowing more - a bare
//! name where two relations might have it - has no origin; nothing is guessed.
//!
//! The kinds of steps are those of OpenLineage's column lineage facet
//! (<https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json>): a column is used as it is, in an expression,
//! in an aggregate, or only decides about the value.

mod expression;

use std::collections::BTreeMap;

use sqlparser::ast::{
    Cte, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor,
    TableWithJoins, WildcardAdditionalOptions,
};

use super::name::{Name, Place, is_same};

/// More columns than this are not traced.
const MAX_COLUMNS: usize = 2_000;
/// How deep queries may nest.
const MAX_DEPTH: usize = 40;

/// How a column of the result depends on another; what is later in the order has lost more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// It is the other one.
    Identity,
    /// It is computed from it.
    Transformation,
    /// It is an aggregate of it.
    Aggregation,
    /// The other one only decides about the value: the condition of a `CASE`, the filter or window of an aggregate.
    Condition,
}

impl Step {
    /// The type and subtype that OpenLineage gives such a step.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Step::Identity => ("direct", "identity"),
            Step::Transformation => ("direct", "transformation"),
            Step::Aggregation => ("direct", "aggregation"),
            Step::Condition => ("indirect", "conditional"),
        }
    }
}

/// The columns that something comes from, each with the step that keeps most of it.
pub(crate) type Origins = BTreeMap<(Place, String), Step>;

/// A column of a result.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Its name; `None` for an expression without one.
    pub(crate) name: Option<String>,
    /// What it comes from.
    pub(crate) origins: Origins,
}

/// The columns of a relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Those that are known by name.
    pub(crate) known: Vec<Output>,
    /// What other names may mean.
    pub(crate) rest: Rest,
}

/// What a name means that is none of the known columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing: all columns are known.
    #[default]
    Nothing,
    /// A column of a table whose columns are not known.
    Of(Place),
    /// Something that cannot be told.
    Unknown,
}

/// The columns of tables, as far as they are known.
pub(crate) trait Catalog {
    /// The names of the columns of a table, all of them; `None` where they are not known.
    fn columns(&self, table: &Name) -> Option<Vec<String>>;
}

/// The columns of the result of a query.
pub(crate) fn trace(query: &Query, catalog: &dyn Catalog) -> Columns {
    let tracer = Tracer { catalog, depth: 0 };
    tracer.query(query, &Names::default())
}

/// The origins of a value among some tables, as in the clauses of `MERGE` and `UPDATE`.
pub(crate) fn trace_value(value: &Expr, tables: &[&TableFactor], catalog: &dyn Catalog) -> Origins {
    let tracer = Tracer { catalog, depth: 0 };
    let names = Names::default();
    let mut scope = Scope::default();
    for table in tables {
        tracer.factor(table, &names, &mut scope);
    }
    tracer.expression(value, &scope, &names)
}

/// What a place holds by itself.
pub(crate) fn columns_of(place: &Place, catalog: &dyn Catalog) -> Columns {
    let names = match place {
        Place::Table(name) => catalog.columns(name),
        Place::Uri(_) => None,
    };
    let Some(names) = names else {
        return Columns {
            known: Vec::new(),
            rest: Rest::Of(place.clone()),
        };
    };
    let known = names
        .into_iter()
        .map(|name| Output {
            origins: Origins::from([((place.clone(), name.clone()), Step::Identity)]),
            name: Some(name),
        })
        .collect();
    Columns {
        known,
        rest: Rest::Nothing,
    }
}

/// Where a query stands: the tables that `WITH` names and the relations of the queries around it.
#[derive(Default, Clone)]
struct Names<'n> {
    tables: Vec<(String, Columns)>,
    around: Option<&'n Scope<'n>>,
}

#[derive(Clone, Copy)]
struct Tracer<'c> {
    catalog: &'c dyn Catalog,
    depth: usize,
}

/// The relations of one `FROM`.
#[derive(Clone, Default)]
struct Scope<'n> {
    relations: Vec<Relation>,
    /// Columns that a join made one, with the side that gives them.
    merged: Vec<(String, Side)>,
    around: Option<&'n Scope<'n>>,
}

#[derive(Clone)]
struct Relation {
    /// What it is called here.
    name: Option<Name>,
    columns: Columns,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

/// What a name was found to mean.
enum Found {
    Column(Origins),
    /// Several things, or something that cannot be told.
    Ambiguous,
    /// No relation has it.
    Nothing,
}

impl<'c> Tracer<'c> {
    fn query(self, query: &Query, names: &Names<'_>) -> Columns {
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

    fn select(self, select: &Select, names: &Names<'_>) -> Columns {
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

    fn expression(self, expression: &Expr, scope: &Scope<'_>, names: &Names<'_>) -> Origins {
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

    fn joined(self, table: &TableWithJoins, names: &Names<'_>, scope: &mut Scope<'_>) {
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

    fn factor(self, factor: &TableFactor, names: &Names<'_>, scope: &mut Scope<'_>) {
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
                let columns = match super::reads::file_of(factor) {
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

impl Columns {
    fn has(&self, name: &str) -> bool {
        self.known.iter().any(|output| has_name(output, name))
    }

    /// The origins of a column: those known, else a column of the place.
    fn get(&self, name: &str) -> Option<Origins> {
        let known = self.known.iter().find(|output| has_name(output, name));
        match (known, &self.rest) {
            (Some(output), _) => Some(output.origins.clone()),
            (None, Rest::Of(place)) => {
                let column = (place.clone(), name.to_owned());
                Some(Origins::from([(column, Step::Identity)]))
            }
            (None, _) => None,
        }
    }
}

impl Scope<'_> {
    fn add(&mut self, alias: Option<&TableAlias>, name: Option<Name>, mut columns: Columns) {
        if let Some(alias) = alias {
            rename(&mut columns, alias);
        }
        let name = match alias {
            Some(alias) => Name::dotted(&alias.name.value),
            None => name,
        };
        self.relations.push(Relation { name, columns });
    }

    /// The relation that a name qualifies columns of.
    fn named(&self, name: &ObjectName) -> Option<&Relation> {
        let name = Name::of(name)?;
        self.relations
            .iter()
            .find(|relation| relation.name.as_ref().is_some_and(|other| name.ends(other)))
    }

    /// What `*` stands for: columns that a join made one stand once.
    fn all(&self) -> Columns {
        let mut all = Columns::default();
        for relation in &self.relations {
            for output in &relation.columns.known {
                let merged = self.merged.iter().find(|(name, _)| has_name(output, name));
                match merged {
                    Some((name, _)) if all.has(name) => {}
                    Some((name, _)) => {
                        let origins = match self.bare(name) {
                            Found::Column(origins) => origins,
                            Found::Ambiguous | Found::Nothing => Origins::new(),
                        };
                        all.known.push(Output {
                            name: output.name.clone(),
                            origins,
                        });
                    }
                    None => all.known.push(output.clone()),
                }
            }
            all.rest = match (&all.rest, &relation.columns.rest) {
                (Rest::Nothing, rest) => rest.clone(),
                (rest, Rest::Nothing) => rest.clone(),
                (_, _) => Rest::Unknown,
            };
        }
        all
    }

    /// What a name of one or more parts means.
    fn find(&self, parts: &[Ident]) -> Found {
        let [first, .., last] = parts else {
            return match parts {
                [only] => self.bare(&only.value),
                _ => Found::Nothing,
            };
        };
        let qualifier: Vec<Ident> = parts[..parts.len() - 1].to_vec();
        if let Some(relation) = self.named(&ObjectName::from(qualifier)) {
            return match relation.columns.get(&last.value) {
                Some(origins) => Found::Column(origins),
                None => Found::Ambiguous,
            };
        }
        // A field of a structure: `relation.column.field` or `column.field`.
        let field = |origins: Origins| Found::Column(at_least(origins, Step::Transformation));
        if let Some(relation) = self.named(&ObjectName::from(vec![first.clone()])) {
            return match relation.columns.get(&parts[1].value) {
                Some(origins) => field(origins),
                None => Found::Ambiguous,
            };
        }
        if let Some(around) = self.around {
            let found = around.find(parts);
            if matches!(found, Found::Column(_)) {
                return found;
            }
        }
        let known = self
            .relations
            .iter()
            .any(|relation| relation.columns.has(&first.value));
        match self.bare(&first.value) {
            Found::Column(origins) if known => field(origins),
            _ => Found::Ambiguous,
        }
    }

    /// What a name without a qualifier means.
    fn bare(&self, name: &str) -> Found {
        let known: Vec<&Relation> = self
            .relations
            .iter()
            .filter(|relation| relation.columns.has(name))
            .collect();
        let merged = self
            .merged
            .iter()
            .rev()
            .find(|(other, _)| is_same(other, name));
        if let Some((_, side)) = merged {
            let having: Vec<Origins> = self
                .relations
                .iter()
                .filter_map(|relation| relation.columns.get(name))
                .collect();
            // Among relations that are not known, any might be the one that has it.
            let is_sure = known.len() == having.len() || self.relations.len() == 2;
            return match (having.first(), having.last(), side) {
                _ if !is_sure => Found::Ambiguous,
                (Some(first), _, Side::Left) => Found::Column(first.clone()),
                (_, Some(last), Side::Right) => Found::Column(last.clone()),
                (Some(_), _, Side::Both) => {
                    let mut all = Origins::new();
                    having
                        .into_iter()
                        .for_each(|origins| merge(&mut all, origins));
                    Found::Column(all)
                }
                _ => Found::Nothing,
            };
        }
        match known.as_slice() {
            [only] => return only.columns.get(name).map_or(Found::Nothing, Found::Column),
            [] => {}
            _ => return Found::Ambiguous,
        }
        let open: Vec<&Relation> = self
            .relations
            .iter()
            .filter(|relation| relation.columns.rest != Rest::Nothing)
            .collect();
        match open.as_slice() {
            [] => match self.around {
                Some(around) => around.bare(name),
                None => Found::Nothing,
            },
            [only] => match only.columns.get(name) {
                Some(origins) => Found::Column(origins),
                None => Found::Ambiguous,
            },
            _ => Found::Ambiguous,
        }
    }
}

fn unknown() -> Columns {
    Columns {
        known: Vec::new(),
        rest: Rest::Unknown,
    }
}

/// The names that an alias gives to the columns: `as t(a, b)`.
fn rename(columns: &mut Columns, alias: &TableAlias) {
    if alias.columns.is_empty() {
        return;
    }
    if columns.rest != Rest::Nothing {
        // Which columns get the names is not known.
        let known = alias.columns.iter().map(|column| Output {
            name: Some(column.name.value.clone()),
            origins: Origins::new(),
        });
        *columns = Columns {
            known: known.collect(),
            rest: Rest::Nothing,
        };
        return;
    }
    for (output, column) in columns.known.iter_mut().zip(&alias.columns) {
        output.name = Some(column.name.value.clone());
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

fn has_name(output: &Output, name: &str) -> bool {
    output.name.as_deref().is_some_and(|own| is_same(own, name))
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

/// Adds origins; of two steps from one column the one that keeps more of it stays.
pub(crate) fn merge(into: &mut Origins, more: Origins) {
    for (column, step) in more {
        into.entry(column)
            .and_modify(|own| *own = (*own).min(step))
            .or_insert(step);
    }
}

/// The origins behind one more step.
fn at_least(origins: Origins, step: Step) -> Origins {
    origins
        .into_iter()
        .map(|(column, own)| (column, own.max(step)))
        .collect()
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
mod tests;
