//! The lexicon: which words mean which kind, relation, filter or piece of structure. It is data (`lexicon.yaml`), and a
//! platform can add to it.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use virgil_graph::{Along, Hop, HopDirection, Hops, Set, Test};
use virgil_model::{Kind, Predicate};

use crate::plan::inflect;
use crate::plan::kinds::Kinds;
use crate::plan::tokens::Token;

const BUILT_IN: &str = include_str!("lexicon.yaml");

/// A lexicon as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    #[serde(default)]
    skip: Vec<String>,
    #[serde(default)]
    structure: BTreeMap<Word, Vec<String>>,
    #[serde(default)]
    nouns: Vec<Noun>,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    sets: Vec<NamedSet>,
    #[serde(default)]
    relations: Vec<WrittenRelation>,
    #[serde(default)]
    vague: Vec<WrittenVague>,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noun {
    kinds: Vec<Kind>,
    words: Vec<String>,
    /// Whether the words have no plural.
    #[serde(default)]
    plain: bool,
    /// What else must hold of such a thing.
    test: Option<Test>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    kinds: Vec<Kind>,
    test: Test,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedSet {
    words: Vec<String>,
    kinds: Vec<Kind>,
    set: Set,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRelation {
    forward: Option<String>,
    backward: Option<String>,
    #[serde(default)]
    subject: Vec<Kind>,
    #[serde(default)]
    object: Vec<Kind>,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    passives: Vec<String>,
    /// Verbs of which the subject is the object of the relation: tables `feed` models that are downstream of them.
    #[serde(default)]
    converses: Vec<String>,
    /// Words that stand like participles: `running` in a cluster.
    #[serde(default)]
    participles: Vec<String>,
    /// How much less likely it is than others under the same words.
    #[serde(default)]
    dear: f32,
    #[serde(default)]
    subjects: Vec<String>,
    #[serde(default)]
    objects: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenVague {
    head: Vec<Kind>,
    of: Vec<Kind>,
    /// From what stands behind `of` to the head.
    walk: Option<String>,
    /// From the head to what stands behind `of`, where only that way can be walked.
    back: Option<String>,
}

/// An attribute that people ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attribute {
    /// The name in the graph.
    pub(crate) name: String,
    #[serde(default)]
    words: Vec<String>,
    /// Words that ask for it and need one of `verbs`: `when` does it `run`.
    #[serde(default)]
    asks: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

/// A word of structure. What each does is in `structure.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    Of,
    By,
    /// `in`, `from`, `with` behind a participle.
    Via,
    That,
    Which,
    Whose,
    What,
    Who,
    Nothing,
    Nobody,
    No,
    All,
    Only,
    Not,
    And,
    /// A comma, which may only give rhythm.
    Comma,
    Or,
    With,
    Without,
    Have,
    Possessive,
    HowMany,
    Per,
    Most,
    Their,
    Them,
    Impact,
    If,
    ImpactAct,
    ImpactEnd,
    Tagged,
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
    Equal,
    PathOpen,
    PathTo,
    /// `directly`.
    Direct,
    /// `transitively`.
    Transitive,
}

impl Word {
    /// Whether it only says how phrases stand to each other, and can be missed.
    pub(crate) fn is_soft(self) -> bool {
        matches!(
            self,
            Word::Of
                | Word::By
                | Word::Via
                | Word::That
                | Word::Which
                | Word::With
                | Word::Have
                | Word::Possessive
                | Word::And
                | Word::Comma
                | Word::If
                | Word::Tagged
                | Word::Equal
                | Word::PathTo
        )
    }
}

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

/// What a phrase may mean.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    /// Nothing.
    Skip,
    Word(Word),
    Kind {
        kinds: Kinds,
        test: Option<Test>,
    },
    Set {
        set: Set,
        kinds: Kinds,
    },
    /// A test, before a noun or behind `is`.
    Adjective {
        test: Test,
        kinds: Kinds,
    },
    /// A test, behind what it is about.
    Predicate {
        test: Test,
        kinds: Kinds,
    },
    /// A verb in the active voice.
    Verb(Relation),
    /// A participle, which `by` turns into the passive.
    Participle(Relation),
    /// A noun for what stands in a relation to something; the relation leads from that to the noun.
    Role(Relation),
    /// The name of an attribute.
    Attribute(String),
    /// A question word that asks for an attribute.
    Asks(String),
    /// The verb that goes with such a question word.
    AskVerb(String),
}

/// What `X of Y` means for some kinds: the relation from Y to X.
#[derive(Debug, Clone)]
pub(crate) struct Vague {
    pub(crate) relation: Relation,
}

/// Why a lexicon cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the lexicon is not valid: {0}")]
pub struct LexiconError(String);

/// The compiled lexicon.
#[derive(Debug)]
pub struct Lexicon {
    /// Phrases by their first word.
    phrases: HashMap<String, Vec<(Vec<String>, Meaning)>>,
    pub(crate) vague: Vec<Vague>,
}

impl Lexicon {
    /// The built-in lexicon, with a platform's own words added.
    pub fn load(own: Option<Written>) -> Result<Lexicon, LexiconError> {
        let built_in: Written = serde_saphyr::from_str(BUILT_IN)
            .map_err(|error| LexiconError(format!("lexicon.yaml: {error}")))?;
        let mut lexicon = Lexicon {
            phrases: HashMap::new(),
            vague: Vec::new(),
        };
        lexicon.add(built_in)?;
        if let Some(own) = own {
            lexicon.add(own)?;
        }
        Ok(lexicon)
    }

    /// Everything that a run of tokens starting at `start` may mean: how many tokens, and the meaning.
    pub(crate) fn at<'l>(&'l self, tokens: &[Token], start: usize) -> Vec<(usize, &'l Meaning)> {
        let mut found = Vec::new();
        let mut words: Vec<&str> = Vec::new();
        // Where a phrase may end: behind so many words, which are so many tokens.
        let mut ends: HashMap<usize, usize> = HashMap::new();
        for (index, token) in tokens[start..].iter().take(12).enumerate() {
            if token.quoted {
                break;
            }
            words.extend(token.text.split('-').filter(|word| !word.is_empty()));
            ends.insert(words.len(), index + 1);
        }
        let Some(first) = words.first() else {
            return found;
        };
        for (phrase, meaning) in self.phrases.get(*first).into_iter().flatten() {
            if words.len() >= phrase.len()
                && phrase.iter().zip(&words).all(|(left, right)| left == right)
                && let Some(length) = ends.get(&phrase.len())
            {
                found.push((*length, meaning));
            }
        }
        found
    }

    fn add(&mut self, written: Written) -> Result<(), LexiconError> {
        for pattern in &written.skip {
            self.phrase(pattern, &Meaning::Skip);
        }
        for (word, patterns) in &written.structure {
            for pattern in patterns {
                self.phrase(pattern, &Meaning::Word(*word));
            }
        }
        for noun in &written.nouns {
            let meaning = Meaning::Kind {
                kinds: Kinds::of(&noun.kinds),
                test: noun.test.clone(),
            };
            for word in &noun.words {
                self.phrase(word, &meaning);
                if !noun.plain {
                    self.phrase(&inflect::plural(word), &meaning);
                }
            }
        }
        for filter in &written.filters {
            let kinds = Kinds::of(&filter.kinds);
            let test = &filter.test;
            for word in &filter.words {
                let test = test.clone();
                self.phrase(word, &Meaning::Adjective { test, kinds });
            }
            for phrase in &filter.phrases {
                let test = test.clone();
                self.phrase(phrase, &Meaning::Predicate { test, kinds });
            }
        }
        for named in &written.sets {
            let meaning = Meaning::Set {
                set: named.set.clone(),
                kinds: Kinds::of(&named.kinds),
            };
            for word in &named.words {
                self.phrase(word, &meaning);
            }
        }
        for relation in &written.relations {
            self.relation(relation)?;
        }
        for vague in &written.vague {
            let relation = relation(
                vague.walk.as_deref(),
                vague.back.as_deref(),
                &vague.of,
                &vague.head,
            )?;
            self.vague.push(Vague { relation });
        }
        for attribute in &written.attributes {
            let name = &attribute.name;
            for word in &attribute.words {
                self.phrase(word, &Meaning::Attribute(name.clone()));
                self.phrase(&inflect::plural(word), &Meaning::Attribute(name.clone()));
            }
            for pattern in &attribute.asks {
                self.phrase(pattern, &Meaning::Asks(name.clone()));
            }
            for pattern in &attribute.verbs {
                self.phrase(pattern, &Meaning::AskVerb(name.clone()));
            }
        }
        Ok(())
    }

    fn relation(&mut self, written: &WrittenRelation) -> Result<(), LexiconError> {
        let mut relation = relation(
            written.forward.as_deref(),
            written.backward.as_deref(),
            &written.subject,
            &written.object,
        )?;
        relation.dear = written.dear;
        for verb in &written.verbs {
            let forms = inflect::verb(verb);
            for form in forms.active {
                self.phrase(&form, &Meaning::Verb(relation.clone()));
            }
            self.phrase(&forms.participle, &Meaning::Participle(relation.clone()));
        }
        for verb in &written.converses {
            let forms = inflect::verb(verb);
            for form in forms.active {
                self.phrase(&form, &Meaning::Verb(relation.reversed()));
            }
            self.phrase(&forms.participle, &Meaning::Participle(relation.reversed()));
        }
        for phrase in &written.phrases {
            self.phrase(phrase, &Meaning::Verb(relation.clone()));
        }
        for phrase in &written.participles {
            self.phrase(phrase, &Meaning::Participle(relation.clone()));
        }
        for phrase in &written.passives {
            self.phrase(phrase, &Meaning::Verb(relation.reversed()));
        }
        for (nouns, role) in [
            (&written.subjects, relation.reversed()),
            (&written.objects, relation.clone()),
        ] {
            for noun in nouns {
                self.phrase(noun, &Meaning::Role(role.clone()));
                self.phrase(&inflect::plural(noun), &Meaning::Role(role.clone()));
            }
        }
        Ok(())
    }

    /// Adds a phrase in all its variants.
    fn phrase(&mut self, pattern: &str, meaning: &Meaning) {
        for phrase in expand(pattern) {
            let words: Vec<String> = phrase
                .to_lowercase()
                .split([' ', '-'])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect();
            let Some(first) = words.first() else {
                continue;
            };
            self.phrases
                .entry(first.clone())
                .or_default()
                .push((words, meaning.clone()));
        }
    }
}

/// The variants of a pattern: `[a|b|] c` is `a c`, `b c` and `c`.
fn expand(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('[') else {
        return vec![pattern.to_owned()];
    };
    let Some((choices, after)) = rest.split_once(']') else {
        return vec![pattern.to_owned()];
    };
    let after = expand(after);
    choices
        .split('|')
        .flat_map(|choice| {
            after
                .iter()
                .map(move |after| format!("{before}{choice}{after}"))
        })
        .collect()
}

fn relation(
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
