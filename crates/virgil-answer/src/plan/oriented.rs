//! Paths from where data starts to where it goes, whichever end a question names first.

use virgil_graph::{Along, Hops, Known, Output, Query, Set, View};

/// The query with its ends exchanged, if it asks for paths that only lead the other way with the flow of data.
pub(super) fn oriented(query: Query, view: &View<'_>, known: &Known) -> Query {
    let Output::Paths { to } = &query.output else {
        return query;
    };
    let leads = |from: &Set, to: &Set| {
        let downstream = Set::Step {
            from: Box::new(from.clone()),
            along: Along::Downstream,
            hops: Hops::any(),
        };
        let met = Query::rows(Set::And(vec![downstream, to.clone()]));
        view.query(&met, known).is_ok_and(|answer| answer.total > 0)
    };
    if leads(&query.set, to) || !leads(to, &query.set) {
        return query;
    }
    let (from, to) = (to.clone(), query.set.clone());
    Query {
        set: from,
        output: Output::Paths { to },
        ..query
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{view, world};

    #[test]
    fn a_path_begins_where_data_does() {
        let graph = world();
        let view = view(&graph);
        let (orders, model) = ("table:pg/shop.public.orders", "model:mlflow/fraud-detector");
        let one = |name: &str| Set::Refs(vec![name.to_owned()]);
        let paths = |from: &str, to: &str| Query {
            output: Output::Paths { to: one(to) },
            ..Query::rows(one(from))
        };
        let known = Known::default();
        let expect = paths(orders, model);
        assert_eq!(oriented(paths(orders, model), &view, &known), expect);
        assert_eq!(oriented(paths(model, orders), &view, &known), expect);
        let unlinked = paths(orders, "table:pg/shop.public.signups");
        assert_eq!(oriented(unlinked.clone(), &view, &known), unlinked);
    }
}
