//! What a name means among the relations of one `FROM`, and of the queries around it.

use sqlparser::ast::{Ident, ObjectName, TableAlias};

use super::{Columns, Origins, Output, Rest, Step, at_least, has_name, merge};
use crate::sql::name::{Name, is_same};

/// The relations of one `FROM`.
#[derive(Clone, Default)]
pub(super) struct Scope<'n> {
    pub(super) relations: Vec<Relation>,
    /// Columns that a join made one, with the side that gives them.
    pub(super) merged: Vec<(String, Side)>,
    pub(super) around: Option<&'n Scope<'n>>,
}

#[derive(Clone)]
pub(super) struct Relation {
    /// What it is called here.
    pub(super) name: Option<Name>,
    pub(super) columns: Columns,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Both,
}

/// What a name was found to mean.
pub(super) enum Found {
    Column(Origins),
    /// Several things, or something that cannot be told.
    Ambiguous,
    /// No relation has it.
    Nothing,
}

impl Scope<'_> {
    pub(super) fn add(
        &mut self,
        alias: Option<&TableAlias>,
        name: Option<Name>,
        mut columns: Columns,
    ) {
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
    pub(super) fn named(&self, name: &ObjectName) -> Option<&Relation> {
        let name = Name::of(name)?;
        self.relations
            .iter()
            .find(|relation| relation.name.as_ref().is_some_and(|other| name.ends(other)))
    }

    /// What `*` stands for: columns that a join made one stand once.
    pub(super) fn all(&self) -> Columns {
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
    pub(super) fn find(&self, parts: &[Ident]) -> Found {
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

/// The names that an alias gives to the columns: `as t(a, b)`.
pub(super) fn rename(columns: &mut Columns, alias: &TableAlias) {
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

#[cfg(test)]
mod tests {
    use crate::sql::lineage::shown::check;

    #[test]
    fn joins_tell_whose_column_it_is_or_nothing() {
        check(
            "select email, total, customer_id from orders left join customers using (customer_id)",
            &[
                "email: customers.email",
                "total: orders.total",
                "customer_id: orders.customer_id",
            ],
        );
        check(
            "select customer_id from orders right join customers using (customer_id)",
            &["customer_id: customers.customer_id"],
        );
        check(
            "select customer_id from orders full join customers using (customer_id)",
            &["customer_id: customers.customer_id, orders.customer_id"],
        );
        check(
            "select customer_id from orders, customers",
            &["customer_id: "],
        );
        check(
            "select a, b.c from one join b on one.x = b.x",
            &["a: ", "c: b.c"],
        );
        check(
            "select email, q from customers join unknown on true",
            &["email: customers.email", "q: unknown.q"],
        );
        check(
            "select id from orders semi join customers using (customer_id)",
            &["id: orders.id"],
        );
        check(
            "select * from orders join customers using (customer_id)",
            &[
                "id: orders.id",
                "customer_id: orders.customer_id",
                "total: orders.total",
                "placed_at: orders.placed_at",
                "email: customers.email",
                "name: customers.name",
            ],
        );
    }
}
