//! Relations and the walks along the graph that they stand for.

use virgil_graph::{Along, Hop, HopDirection, Hops, Test};
use virgil_model::{Kind, Predicate};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::LexiconError;

/// What a walk follows and how far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Walk {
    pub(crate) along: Along,
    pub(crate) hops: Hops,
}

/// A relation as a verb has it, from its subject to its object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Relation {
    /// From the subject to the object, if the graph can be walked that way.
    pub(crate) forward: Option<Walk>,
    /// From the object to the subject, if it can be walked that way.
    pub(crate) backward: Option<Walk>,
    pub(crate) subject: Kinds,
    pub(crate) object: Kinds,
    /// How much less likely it is than others under the same words.
    pub(crate) dear: f32,
    /// What else must hold of the object, where a noun narrows it: `upstream tables`.
    pub(crate) also: Option<Test>,
}

impl Relation {
    /// The same relation seen from its object.
    pub(crate) fn reversed(&self) -> Relation {
        Relation {
            forward: self.backward.clone(),
            backward: self.forward.clone(),
            subject: self.object,
            object: self.subject,
            dear: self.dear,
            also: None,
        }
    }
}

pub(super) fn relation(
    forward: Option<&str>,
    backward: Option<&str>,
    subject: &[Kind],
    object: &[Kind],
) -> Result<Relation, LexiconError> {
    let forward = forward.map(walk).transpose()?;
    let backward = backward.map(walk).transpose()?;
    Ok(Relation {
        forward: forward
            .clone()
            .or_else(|| backward.as_ref().and_then(opposite)),
        backward: backward.or_else(|| forward.as_ref().and_then(opposite)),
        subject: Kinds::of(subject),
        object: Kinds::of(object),
        dear: 0.0,
        also: None,
    })
}

/// The walk the other way, where there is one: nothing leads from an owner to all that inherits it.
fn opposite(walk: &Walk) -> Option<Walk> {
    let along = match &walk.along {
        Along::Upstream => Along::Downstream,
        Along::Downstream => Along::Upstream,
        Along::Owner => return None,
        Along::Relations(hops) => Along::Relations(
            hops.iter()
                .map(|hop| Hop {
                    predicate: hop.predicate,
                    direction: match hop.direction {
                        HopDirection::Forward => HopDirection::Backward,
                        HopDirection::Backward => HopDirection::Forward,
                    },
                })
                .collect(),
        ),
    };
    Some(Walk {
        along,
        hops: walk.hops,
    })
}

/// Reads a walk: `upstream`, `owner`, `reads> writes<`, with `x1`, `x2` (at most), `=2` (exactly) or `x*` behind it.
fn walk(text: &str) -> Result<Walk, LexiconError> {
    let wrong = || LexiconError(format!("`{text}` is not a walk"));
    let mut along = None;
    let mut hops = None;
    for part in text.split_whitespace() {
        match (part, &mut along) {
            ("x1", _) => hops = Some(Hops::default()),
            ("x2", _) => {
                hops = Some(Hops {
                    min: 1,
                    max: Some(2),
                })
            }
            ("x3", _) => {
                hops = Some(Hops {
                    min: 1,
                    max: Some(3),
                })
            }
            ("=2", _) => hops = Some(Hops::exactly(2)),
            ("x*", _) => hops = Some(Hops::any()),
            ("upstream", None) => along = Some(Along::Upstream),
            ("downstream", None) => along = Some(Along::Downstream),
            ("owner", None) => along = Some(Along::Owner),
            (part, along) => {
                let (name, direction) = if let Some(name) = part.strip_suffix('>') {
                    (name, HopDirection::Forward)
                } else if let Some(name) = part.strip_suffix('<') {
                    (name, HopDirection::Backward)
                } else {
                    return Err(wrong());
                };
                let hop = Hop {
                    predicate: Predicate::from_name(name).ok_or_else(wrong)?,
                    direction,
                };
                match along {
                    None => *along = Some(Along::Relations(vec![hop])),
                    Some(Along::Relations(hops)) => hops.push(hop),
                    Some(_) => return Err(wrong()),
                }
            }
        }
    }
    let along = along.ok_or_else(wrong)?;
    let usual = match along {
        Along::Upstream | Along::Downstream => Hops::any(),
        Along::Owner | Along::Relations(_) => Hops::default(),
    };
    Ok(Walk {
        along,
        hops: hops.unwrap_or(usual),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_are_read_as_they_are_written() {
        let check = |text: &str, expect: &str| {
            let walk = walk(text).expect(text);
            let along = match &walk.along {
                Along::Relations(hops) => hops
                    .iter()
                    .map(|hop| format!("{}{:?}", hop.predicate.name(), hop.direction))
                    .collect::<Vec<_>>()
                    .join("+"),
                along => format!("{along:?}"),
            };
            let Hops { min, max } = walk.hops;
            assert_eq!(format!("{along} {min} {max:?}"), expect);
        };
        check("upstream", "Upstream 1 None");
        check("downstream x1", "Downstream 1 Some(1)");
        check("owner", "Owner 1 Some(1)");
        check("reads> writes<", "readsForward+writesBackward 1 Some(1)");
        check(
            "serves> stored_at< =2",
            "servesForward+stored_atBackward 2 Some(2)",
        );
        for wrong in ["", "x1", "reads", "eats>", "upstream reads>"] {
            assert!(walk(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_relation_is_walked_back_where_that_is_possible() {
        let reads = relation(Some("reads>"), None, &[], &[]).expect("a relation");
        assert_eq!(reads.backward, walk("reads<").ok());
        let owned = relation(Some("owner"), None, &[], &[]).expect("a relation");
        assert_eq!(owned.backward, None);
    }
}
