//! What a whole question asks.

use virgil_graph::{Output, Quantifier, Query, Set, Test};

use crate::plan::lexicon::Walk;
use crate::plan::phrases::Cat;
use crate::plan::sem::{Head, Quant, step};

/// What makes it true that a thing passes a test, which says more than the thing: of `is X monitored`, what monitors it.
fn reached(set: &Set) -> Set {
    if let Set::Where { set: from, test } = set
        && matches!(**from, Set::Refs(_))
        && let Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::Some,
        } = &**test
        && !matches!(**to, Set::Refs(_))
    {
        let walk = Walk {
            along: along.clone(),
            hops: *hops,
        };
        return Set::And(vec![step((**from).clone(), &walk), (**to).clone()]);
    }
    set.clone()
}

/// What a whole question asks, if a phrase is one.
pub(crate) fn question(cat: &Cat, is_yes_no: bool) -> Option<Query> {
    match cat {
        Cat::Np(np) => {
            let asks = match np.head {
                Head::Kind => !np.kinds.is_any(),
                Head::Built => true,
                Head::Named => is_yes_no && !matches!(np.set, Set::Refs(_)),
                Head::Any | Head::Pronoun => false,
            };
            if !asks || matches!(np.quant, Quant::No | Quant::Each | Quant::Most) {
                return None;
            }
            let set = match &np.failing {
                Some(failing) if is_yes_no => failing.clone(),
                _ if np.head == Head::Named => reached(&np.set),
                _ => np.set.clone(),
            };
            Some(Query {
                output: if np.quant == Quant::Count {
                    Output::Count
                } else {
                    Output::Rows
                },
                ..Query::rows(set)
            })
        }
        Cat::Ask(ask) => {
            if matches!(ask.np.head, Head::Any | Head::Pronoun) || ask.np.quant == Quant::No {
                return None;
            }
            let output = match &ask.to {
                Some(to) => Output::Paths { to: to.clone() },
                None if ask.by.is_some() => Output::Count,
                None => Output::Rows,
            };
            Some(Query {
                columns: ask.columns.clone(),
                by: ask.by.clone(),
                output,
                ..Query::rows(ask.np.set.clone())
            })
        }
        _ => None,
    }
}
