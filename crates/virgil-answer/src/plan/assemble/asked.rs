//! What is asked of a thing: the thing itself, what is shown beside it, or how many there are, alone or in groups.

use virgil_graph::Column;

use crate::plan::assemble::frame::{Frame, Parent};
use crate::plan::nouns::{attributes, in_groups, links, per_role};
use crate::plan::phrases::{Ask, Cat};
use crate::plan::pieces::Voice;
use crate::plan::sem::{Head, Np, Quant, column};
use crate::plan::sketch::{Bound, Sketch, Sort, Tie};

impl Frame<'_> {
    /// What is asked of a noun phrase that has everything said of it.
    pub(super) fn asked(&self, np: &Np) -> Vec<(Cat, f32)> {
        let mut columns: Vec<(Vec<Column>, f32)> = vec![(Vec::new(), 0.0)];
        let mut by: Vec<Column> = Vec::new();
        let mut is_grouped = false;
        let mut add = |found: Vec<Column>, cost: f32| {
            let mut wider = Vec::new();
            for (known, dear) in &columns {
                for column in &found {
                    wider.push((
                        [&known[..], std::slice::from_ref(column)].concat(),
                        dear + cost,
                    ));
                }
            }
            columns = wider;
        };
        for (child, parent) in self.parents.iter().enumerate().skip(1) {
            if *parent == Parent::Shown {
                let kinds = self.nodes[child].senses[0].0.kinds;
                add(links(&np.kinds, &kinds, self.lexicon), 0.0);
            }
        }
        for node in &self.sketch.nodes {
            let kinds = node.senses[0].0.kinds;
            match node.bound {
                Bound::Free => {}
                Bound::Shown if node.sort == Sort::Noun && !self.is_shown_by_tie() => {
                    add(links(&np.kinds, &kinds, self.lexicon), 0.05);
                }
                Bound::Shown => {}
                Bound::Per => {
                    is_grouped = true;
                    by = links(&np.kinds, &kinds, self.lexicon);
                }
            }
        }
        for tie in &self.sketch.ties {
            match tie.bound {
                Bound::Free => {}
                Bound::Shown => add(shown_by(tie, np), 0.05),
                Bound::Per => {
                    is_grouped = true;
                    by = shown_by(tie, np);
                }
            }
        }
        for named in &self.sketch.attributes {
            let found: Vec<Column> = named.names.iter().cloned().map(Column::Attribute).collect();
            match named.bound {
                Bound::Per => {
                    is_grouped = true;
                    by = found;
                }
                _ => {
                    let is_listed =
                        named.is_asked || named.bound == Bound::Shown || !named.before.is_empty();
                    let is_of_name = np.head == Head::Named;
                    let cost = match (is_listed, is_of_name) {
                        (true, _) => 0.05,
                        (false, true) => 0.15,
                        // Whether it is shown or asked for is not said.
                        (false, false) => 0.5,
                    };
                    add(found, cost);
                }
            }
        }
        if let Some(name) = &self.sketch.asks {
            add(vec![Column::Attribute(name.clone())], 0.0);
        }
        if is_grouped {
            if !self.sketch.is_count || columns != [(Vec::new(), 0.0)] {
                return Vec::new();
            }
            return by
                .into_iter()
                .map(|by| (Ask::groups(in_groups(np, &by), by), 0.0))
                .collect();
        }
        if self.sketch.is_count {
            if columns != [(Vec::new(), 0.0)] || self.nodes[0].sort != Sort::Noun {
                return Vec::new();
            }
            return vec![(Cat::Np(np.clone().with(Quant::Count)), 0.0)];
        }
        columns
            .into_iter()
            .map(|(columns, cost)| {
                if columns.is_empty() {
                    return (Cat::Np(np.clone()), cost);
                }
                let names: Vec<String> = columns
                    .iter()
                    .filter_map(|column| match column {
                        Column::Attribute(name) => Some(name.clone()),
                        Column::Linked { .. } => None,
                    })
                    .collect();
                let shown = if names.len() == columns.len() {
                    attributes(&names)
                } else {
                    columns
                };
                (Ask::columns(np.clone(), shown), cost)
            })
            .collect()
    }

    fn is_shown_by_tie(&self) -> bool {
        self.sketch.ties.iter().any(|tie| tie.bound == Bound::Shown)
    }
}

/// The columns that a tie shows of what is asked for.
fn shown_by(tie: &Tie, np: &Np) -> Vec<Column> {
    let mut found = Vec::new();
    for (relation, voice) in &tie.senses {
        let walk = match voice {
            Voice::Role if !relation.subject.and(np.kinds).is_empty() => &relation.forward,
            Voice::Role => continue,
            // `who owns them`
            _ if !relation.object.and(np.kinds).is_empty() => &relation.backward,
            _ => continue,
        };
        if let Some(walk) = walk {
            let shown = column(walk);
            if !found.contains(&shown) {
                found.push(shown);
            }
        }
    }
    found
}

/// `how many members does each team have`.
pub(super) fn counted_roles(sketch: &Sketch) -> Option<(Vec<Cat>, f32)> {
    let [tie] = sketch.ties.as_slice() else {
        return None;
    };
    let [node] = sketch.nodes.as_slice() else {
        return None;
    };
    let is_counted = sketch.is_count
        && node.bound == Bound::Per
        && sketch.marks.is_empty()
        && sketch.attributes.is_empty()
        && !tie.is_negative;
    if !is_counted {
        return None;
    }
    let kinds = node.senses[0].0.kinds;
    let cats: Vec<Cat> = tie
        .senses
        .iter()
        .filter(|(relation, voice)| {
            *voice == Voice::Role && !relation.subject.and(kinds).is_empty()
        })
        .flat_map(|(relation, _)| per_role(relation))
        .map(|(cat, _)| cat)
        .collect();
    (!cats.is_empty()).then_some((cats, 0.0))
}

#[cfg(test)]
mod tests {
    use crate::plan::assemble::shown::assembled;

    #[test]
    fn columns_counts_and_groups_are_asked_of_a_thing() {
        for (question, expect) in [
            ("How many models are there?", "number of models"),
            (
                "How many models does each team own?",
                "number of models with an owner by owner",
            ),
            (
                "How many members does each team have?",
                "number of users that are a member of teams by what each is a member of",
            ),
            ("the models and their owners", "models, with owner"),
            (
                "When does nightly run?",
                "runs that are part of pipeline nightly, with schedule and timezone",
            ),
            (
                "the severity of FraudSlow",
                "alert FraudSlow, with severity",
            ),
        ] {
            assert_eq!(assembled(question), expect, "{question}");
        }
    }
}
