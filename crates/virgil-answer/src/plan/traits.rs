//! Attributes as people say them: their names (`min replicas`, `severity`), their values (`prod-eu`, `champion`), and the
//! places that a name stands for (`warehouse.raw`, `s3://lake/training/`). All of it comes from what the asker sees.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use virgil_graph::{EntityId, Op, Test, View};
use virgil_model::{Kind, Value};

use crate::plan::kinds::Kinds;
use crate::plan::tokens::{Token, parts};

/// Attributes with more different values than this are not recognised by their values.
const MOST_VALUES: usize = 80;
/// The most parts that a recognised value has.
const MOST_PARTS: usize = 8;

/// A test of an attribute, as a value suggests it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trait {
    /// The name of the attribute.
    pub(crate) name: String,
    pub(crate) test: Test,
    /// What kinds of things have the attribute.
    pub(crate) kinds: Kinds,
}

/// The attributes of a view.
#[derive(Debug, Default)]
pub(crate) struct Traits {
    /// For the parts of a name as people say it, the attributes.
    by_name: HashMap<String, BTreeSet<String>>,
    /// For the parts of a value, what it may be a value of.
    by_value: HashMap<String, Vec<Trait>>,
    /// What `is suspended` means.
    flags: HashMap<String, Vec<Trait>>,
}

impl Traits {
    /// Collects the attributes of some entities.
    pub(crate) fn of(view: &View<'_>, entities: &[EntityId]) -> Traits {
        let mut values: BTreeMap<String, (Vec<Kind>, BTreeMap<String, Value>)> = BTreeMap::new();
        let mut places: BTreeSet<String> = BTreeSet::new();
        for &id in entities {
            let kind = view.entity(id).kind;
            for (name, stated) in view.attributes(id) {
                let (kinds, known) = values.entry(name).or_default();
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
                for (value, _) in stated {
                    let items = match value {
                        Value::List(items) => items,
                        one => vec![one],
                    };
                    for item in items {
                        if known.len() <= MOST_VALUES {
                            known.insert(serde_json::to_string(&item).unwrap_or_default(), item);
                        }
                    }
                }
            }
            if matches!(kind, Kind::Dataset | Kind::Column) {
                for key in view.keys(id) {
                    places.extend(schemas(&key.value));
                }
            }
        }
        let mut traits = Traits::default();
        for (name, (kinds, known)) in values {
            traits.add(&name, Kinds::of(&kinds), known);
        }
        for place in places {
            let test = test("reference", Op::Contains, Value::Text(format!("{place}.")));
            let kinds = Kinds::of(&[Kind::Dataset, Kind::Column]);
            // `the raw schema of the warehouse`
            if let Some((_, schema)) = place.rsplit_once('.') {
                for noun in ["schema", "layer", "area", "zone"] {
                    traits.insert(
                        &format!("{schema} {noun}"),
                        "reference",
                        test.clone(),
                        kinds,
                    );
                }
            }
            traits.insert(&place, "reference", test, kinds);
        }
        traits
    }

    fn add(&mut self, name: &str, kinds: Kinds, known: BTreeMap<String, Value>) {
        for said in said(name) {
            let names = self.by_name.entry(said).or_default();
            names.insert(name.to_owned());
        }
        let is_true = |value: &Value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) if text == "true" || text == "false" => Some(text == "true"),
            _ => None,
        };
        if !known.is_empty() && known.values().all(|value| is_true(value).is_some()) {
            if let Some(value) = known.values().find(|value| is_true(value) == Some(true)) {
                for said in said(name) {
                    let flag = Trait {
                        name: name.to_owned(),
                        test: test(name, Op::Eq, value.clone()),
                        kinds,
                    };
                    self.flags.entry(said).or_default().push(flag);
                }
            }
            return;
        }
        let too_many = known.len() > MOST_VALUES;
        for value in known.into_values() {
            let Value::Text(text) = &value else {
                continue;
            };
            if name == "image" {
                // An image goes by the end of its name, and by its tag.
                let ends = text.match_indices('/').map(|(at, _)| &text[at + 1..]);
                let tag = text.rsplit_once(':').map(|(_, tag)| tag);
                for end in std::iter::once(text.as_str()).chain(ends).chain(tag) {
                    let test = test(name, Op::Contains, Value::Text(end.to_owned()));
                    self.insert(end, name, test, kinds);
                }
            } else if !too_many && !text.contains('=') {
                self.insert(text, name, test(name, Op::Eq, value.clone()), kinds);
            }
        }
    }

    fn insert(&mut self, said: &str, name: &str, test: Test, kinds: Kinds) {
        let parts = parts(said);
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return;
        }
        let known = self.by_value.entry(parts.join(" ")).or_default();
        let found = Trait {
            name: name.to_owned(),
            test,
            kinds,
        };
        if !known.contains(&found) {
            known.push(found);
        }
    }

    /// The attributes that the parts of some tokens name.
    pub(crate) fn named(&self, joined: &str) -> Vec<String> {
        let found = self.by_name.get(joined).into_iter().flatten();
        found.cloned().collect()
    }

    /// What the parts of some tokens may be the value of.
    pub(crate) fn valued(&self, joined: &str) -> &[Trait] {
        self.by_value.get(joined).map_or(&[], Vec::as_slice)
    }

    /// What the parts of some tokens say of a thing as a word of its own.
    pub(crate) fn flagged(&self, joined: &str) -> &[Trait] {
        self.flags.get(joined).map_or(&[], Vec::as_slice)
    }
}

/// What a token with the shape of an address says of a thing: that it lies there.
pub(crate) fn below(token: &Token) -> Option<Trait> {
    token.raw.contains("://").then(|| Trait {
        name: "reference".to_owned(),
        test: test(
            "reference",
            Op::StartsWith,
            Value::Text(format!("uri:{}", token.raw.trim_end_matches('/'))),
        ),
        kinds: Kinds::of(&[Kind::Dataset, Kind::Artifact]),
    })
}

pub(crate) fn test(name: &str, op: Op, value: Value) -> Test {
    Test::Attribute {
        name: name.to_owned(),
        op,
        value: Some(value),
    }
}

/// How people say the name of an attribute: without its prefix, in the singular, written out.
fn said(name: &str) -> Vec<String> {
    let bare = name.strip_prefix("tag_").unwrap_or(name);
    let bare = bare.strip_prefix("metric_").unwrap_or(bare);
    let mut said = vec![parts(name).join(" "), parts(bare).join(" ")];
    for (short, long) in [("min ", "minimum "), ("max ", "maximum ")] {
        let longer = format!(" {}", said[1]).replace(&format!(" {short}"), &format!(" {long}"));
        said.push(longer.trim().to_owned());
    }
    for index in 0..said.len() {
        if let Some(one) = said[index].strip_suffix('s') {
            said.push(one.to_owned());
        } else {
            said.push(format!("{}s", said[index]));
        }
    }
    said
}

/// `database.schema` of a table `database.schema.name`.
fn schemas(key: &str) -> Option<String> {
    let tail = key.rsplit('/').next()?;
    let table = tail.split('#').next()?;
    let (schema, _) = table.rsplit_once('.')?;
    schema.contains('.').then(|| schema.to_owned())
}
