//! A query in words, so that an asker sees what was understood.

use virgil_graph::{
    Along, Column, Hop, HopDirection, Hops, Op, Order, OrderDirection, Output, Quantifier, Query,
    Set, Test, View,
};
use virgil_model::{Kind, Predicate, Value};

/// Of so many kinds it says which; more are nearly all.
const MOST_NOUNS: usize = 5;

/// Says what a query asks, such as `datasets upstream of model fraud-detector`.
pub fn reading(query: &Query, view: &View<'_>) -> String {
    let words = Words { view };
    let things = words.set(&query.set, None);
    let mut said = match (&query.output, &query.by) {
        (Output::Paths { to }, _) => {
            return format!("paths from {things} to {}", words.set(to, None));
        }
        (_, Some(by)) => format!("number of {things} by {}", words.column(by)),
        (Output::Count, None) => format!("number of {things}"),
        (Output::Rows, None) => things,
    };
    if !query.columns.is_empty() {
        let columns: Vec<String> = query.columns.iter().map(|c| words.column(c)).collect();
        said = format!("{said}, with {}", columns.join(" and "));
    }
    if let Some(Order { by, direction }) = &query.order {
        let way = match direction {
            OrderDirection::Ascending => "lowest",
            OrderDirection::Descending => "highest",
        };
        said = format!("{said}, {way} {} first", words.column(by));
    }
    said
}

/// The plural of a kind's name, for people.
pub(crate) fn plural(kind: Kind) -> String {
    let name = kind.name().replace('_', " ");
    match name.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{name}s"),
    }
}

struct Words<'v, 'g> {
    view: &'v View<'g>,
}

impl Words<'_, '_> {
    /// A set, with `head` for what its things are called.
    fn set(&self, set: &Set, head: Option<&str>) -> String {
        match set {
            Set::Refs(names) => {
                let names: Vec<String> = names.iter().map(|name| self.name(name)).collect();
                listed(&names, "and")
            }
            Set::All(kinds) => match head {
                Some(head) => head.to_owned(),
                None if kinds.is_empty() || kinds.len() > MOST_NOUNS => "things".to_owned(),
                None => {
                    let kinds: Vec<String> = kinds.iter().map(|kind| plural(*kind)).collect();
                    listed(&kinds, "and")
                }
            },
            Set::Step { from, along, hops } => self.step(from, along, *hops, head),
            Set::Where { set, test } => {
                // A test of the kind becomes the noun.
                if let Some(kinds) = kinds_of(test) {
                    if kinds.len() > MOST_NOUNS {
                        return self.set(set, head.or(Some("things")));
                    }
                    let nouns: Vec<String> = kinds.iter().map(|kind| plural(*kind)).collect();
                    return self.set(set, Some(&listed(&nouns, "and")));
                }
                let said = self.set(set, head);
                // A table is a dataset that is no file.
                if is_no_file(test)
                    && let Some(rest) = said.strip_prefix("datasets")
                {
                    return format!("tables{rest}");
                }
                if let Test::AllOf(tests) = &**test
                    && tests.iter().any(is_no_file)
                    && let Some(rest) = said.strip_prefix("datasets")
                {
                    let others = tests.iter().filter(|test| !is_no_file(test));
                    let others = self.test(&Test::AllOf(others.cloned().collect()));
                    return format!("tables{rest} {others}");
                }
                let test = self.test(test);
                // A follow-up may ask for what was asked for already.
                if said.ends_with(&format!(" {test}")) {
                    return said;
                }
                format!("{said} {test}")
            }
            Set::And(sets) => {
                let sets: Vec<String> = sets.iter().map(|set| self.set(set, head)).collect();
                sets.join(" that are also ")
            }
            Set::Or(sets) => {
                let sets: Vec<String> = sets.iter().map(|set| self.set(set, head)).collect();
                listed(&sets, "or")
            }
            Set::Minus { set, without } => format!(
                "{} other than {}",
                self.set(set, head),
                self.set(without, None)
            ),
        }
    }

    fn step(&self, from: &Set, along: &Along, hops: Hops, head: Option<&str>) -> String {
        let is_one = matches!(from, Set::Refs(names) if names.len() == 1);
        let from = self.set(from, None);
        let directly = if hops.max == Some(1) { "directly " } else { "" };
        match along {
            Along::Upstream => format!("{} {directly}upstream of {from}", head.unwrap_or("things")),
            Along::Downstream => {
                format!(
                    "{} {directly}downstream of {from}",
                    head.unwrap_or("things")
                )
            }
            Along::Owner => format!("{} of {from}", head.unwrap_or("owners")),
            Along::Relations(hops) => {
                let verbs: Vec<String> = hops
                    .iter()
                    .map(|hop| match hop.direction {
                        // From the subject to its objects: `datasets that X reads`.
                        HopDirection::Forward
                            if hop.predicate == Predicate::PartOf
                                && let Some(rest) = from.strip_prefix("things ") =>
                        {
                            format!("with parts {rest}")
                        }
                        HopDirection::Forward if is_one => {
                            format!("that {from} {}", verb(hop.predicate))
                        }
                        HopDirection::Forward => format!("that {from} {}", base(hop.predicate)),
                        HopDirection::Backward => format!("that {} {from}", base(hop.predicate)),
                    })
                    .collect();
                format!("{} {}", head.unwrap_or("things"), listed(&verbs, "or"))
            }
        }
    }

    /// A test, as it stands behind what it is about.
    fn test(&self, test: &Test) -> String {
        match test {
            Test::Attribute { name, op, value } => attribute(name, *op, value.as_ref()),
            Test::Linked {
                along,
                hops,
                to,
                quantifier,
            } => {
                let anything = matches!(&**to, Set::All(kinds) if kinds.is_empty()
                    || *along == Along::Owner && kinds.contains(&Kind::Team) && kinds.contains(&Kind::User));
                self.linked(along, *hops, (!anything).then_some(&**to), *quantifier)
            }
            Test::AllOf(tests) => {
                let mut tests: Vec<String> = tests.iter().map(|test| self.test(test)).collect();
                // A follow-up may ask for what was asked for already.
                tests.dedup();
                tests.join(" and ")
            }
            Test::AnyOf(tests) => {
                let tests: Vec<String> = tests.iter().map(|test| self.test(test)).collect();
                tests.join(" or ")
            }
            test if is_no_file(test) => "that are no files".to_owned(),
            Test::Not(test) => format!("not {}", self.test(test)),
        }
    }

    fn linked(
        &self,
        along: &Along,
        hops: Hops,
        to: Option<&Set>,
        quantifier: Quantifier,
    ) -> String {
        let (none, only) = (
            quantifier == Quantifier::None,
            quantifier == Quantifier::All,
        );
        let far = match to {
            Some(to) => self.set(to, None),
            None => "anything".to_owned(),
        };
        let directly = if hops.max == Some(1) { "directly " } else { "" };
        match along {
            Along::Owner => match (to, none) {
                (None, false) => "with an owner".to_owned(),
                (None, true) => "without an owner".to_owned(),
                (Some(_), false) => format!("owned {}by {far}", if only { "only " } else { "" }),
                (Some(_), true) => format!("not owned by {far}"),
            },
            Along::Upstream | Along::Downstream => {
                let way = if *along == Along::Upstream {
                    "downstream of"
                } else {
                    "upstream of"
                };
                let not = if none {
                    "not "
                } else if only {
                    "only "
                } else {
                    ""
                };
                format!("that are {not}{directly}{way} {far}")
            }
            Along::Relations(hops) => {
                let hop = |hop: &Hop| match hop.direction {
                    HopDirection::Forward if none => {
                        match base(hop.predicate).strip_prefix("are ") {
                            Some(rest) => format!("that are not {rest} {far}"),
                            None => format!("that do not {} {far}", base(hop.predicate)),
                        }
                    }
                    HopDirection::Forward => format!(
                        "that {}{} {far}",
                        if only { "only " } else { "" },
                        base(hop.predicate)
                    ),
                    HopDirection::Backward => {
                        let one = matches!(to, Some(Set::Refs(names)) if names.len() == 1);
                        let (who, does) = match (to, none) {
                            (None, true) => ("nothing".to_owned(), verb(hop.predicate)),
                            (None, false) => ("something".to_owned(), verb(hop.predicate)),
                            (Some(_), true) => (format!("none of the {far}"), base(hop.predicate)),
                            (Some(_), false) if one => (far.clone(), verb(hop.predicate)),
                            (Some(_), false) => (far.clone(), base(hop.predicate)),
                        };
                        format!("that {who} {does}")
                    }
                };
                let hops: Vec<String> = hops.iter().map(hop).collect();
                listed(&hops, if none { "and" } else { "or" })
            }
        }
    }

    fn column(&self, column: &Column) -> String {
        match column {
            Column::Attribute(name) => name.replace('_', " "),
            Column::Linked { along, .. } => match along {
                Along::Owner => "owner".to_owned(),
                Along::Upstream => "what is upstream".to_owned(),
                Along::Downstream => "what is downstream".to_owned(),
                Along::Relations(hops) => {
                    let hops: Vec<String> = hops
                        .iter()
                        .map(|hop| match hop.direction {
                            HopDirection::Forward => {
                                format!("what each {}", verb(hop.predicate))
                            }
                            HopDirection::Backward => {
                                format!("what {} each", verb(hop.predicate))
                            }
                        })
                        .collect();
                    listed(&hops, "or")
                }
            },
        }
    }

    /// A thing by kind and name; its reference too, where others of its kind share the name.
    fn name(&self, reference: &str) -> String {
        let Ok(id) = self.view.resolve(reference) else {
            return format!("`{reference}`");
        };
        let shown = self.view.shown(id);
        let kind = shown.kind.name().replace('_', " ");
        let twins = self
            .view
            .by_name(&shown.name)
            .into_iter()
            .filter(|other| *other != id && self.view.shown(*other).kind == shown.kind)
            .count();
        if twins > 0 {
            format!("{kind} {} ({})", shown.name, shown.reference)
        } else {
            format!("{kind} {}", shown.name)
        }
    }
}

fn listed(parts: &[String], word: &str) -> String {
    match parts {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [front @ .., last] => format!("{} {word} {last}", front.join(", ")),
    }
}

/// Whether a test leaves files out.
fn is_no_file(test: &Test) -> bool {
    matches!(test, Test::Not(not) if matches!(&**not, Test::Attribute { name, op: Op::StartsWith, value: Some(Value::Text(start)) }
        if name == "reference" && start == "uri:"))
}

/// The kinds that a test asks for, if that is all it asks.
fn kinds_of(test: &Test) -> Option<Vec<Kind>> {
    match test {
        Test::Attribute {
            name,
            op: Op::Eq,
            value: Some(Value::Text(kind)),
        } if name == "kind" => Some(vec![Kind::from_name(kind)?]),
        Test::AnyOf(tests) => {
            let kinds: Option<Vec<Vec<Kind>>> = tests.iter().map(kinds_of).collect();
            Some(kinds?.concat())
        }
        _ => None,
    }
}

fn attribute(name: &str, op: Op, value: Option<&Value>) -> String {
    let name = name.strip_prefix("tag_").unwrap_or(name).replace('_', " ");
    let value = match value {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(value) => serde_json::to_string(value).unwrap_or_default(),
    };
    match op {
        Op::Eq => format!("with {name} {value}"),
        Op::Ne => format!("with {name} other than {value}"),
        Op::Lt => format!("with {name} below {value}"),
        Op::Le => format!("with {name} at most {value}"),
        Op::Gt => format!("with {name} above {value}"),
        Op::Ge => format!("with {name} at least {value}"),
        Op::Contains => format!("with {value} in {name}"),
        Op::StartsWith => format!("with {name} {value}…"),
        Op::Exists if name.starts_with(['a', 'e', 'i', 'o']) => format!("with an {name}"),
        Op::Exists => format!("with a {name}"),
    }
}

/// What a subject does with its object: `reads`.
fn verb(predicate: Predicate) -> String {
    match predicate {
        Predicate::DerivedFrom => "is derived from".to_owned(),
        Predicate::TrainedOn => "is trained on".to_owned(),
        Predicate::VersionOf => "is a version of".to_owned(),
        Predicate::StoredAt => "is stored at".to_owned(),
        Predicate::PartOf => "is part of".to_owned(),
        Predicate::OwnedBy => "is owned by".to_owned(),
        Predicate::MemberOf => "is a member of".to_owned(),
        Predicate::DocumentedBy => "is documented by".to_owned(),
        Predicate::DefinedIn => "is defined in".to_owned(),
        Predicate::RunsImage => "runs".to_owned(),
        Predicate::ProvidesApi => "provides".to_owned(),
        Predicate::ConsumesApi => "consumes".to_owned(),
        Predicate::UsesTemplate => "uses".to_owned(),
        other => other.name().replace('_', " "),
    }
}

/// The same for several subjects: `read`.
fn base(predicate: Predicate) -> String {
    let said = verb(predicate);
    if let Some(rest) = said.strip_prefix("is a ") {
        return format!("are a {rest}");
    }
    if let Some(rest) = said.strip_prefix("is ") {
        return format!("are {rest}");
    }
    match said.split_once(' ') {
        Some((first, rest)) => format!("{} {rest}", first.strip_suffix('s').unwrap_or(first)),
        None => said.strip_suffix('s').unwrap_or(&said).to_owned(),
    }
}
