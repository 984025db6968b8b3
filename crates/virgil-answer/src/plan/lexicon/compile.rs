//! From a lexicon as it is written to phrases and what they mean: plurals, verb forms and variants are made here.

use crate::plan::inflect;
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::patterns::variants;
use crate::plan::lexicon::walk::relation;
use crate::plan::lexicon::written::{Written, WrittenRelation};
use crate::plan::lexicon::{Lexicon, LexiconError, Meaning, Vague};

impl Lexicon {
    /// Adds what is written to what is known.
    pub(super) fn add(&mut self, written: Written) -> Result<(), LexiconError> {
        for pattern in &written.skip {
            self.phrase(pattern, &Meaning::Skip)?;
        }
        for (word, patterns) in &written.structure {
            for pattern in patterns {
                self.phrase(pattern, &Meaning::Word(*word))?;
            }
        }
        for noun in &written.nouns {
            let meaning = Meaning::Kind {
                kinds: Kinds::of(&noun.kinds),
                test: noun.test.clone(),
            };
            for word in &noun.words {
                self.phrase(word, &meaning)?;
                if !noun.plain {
                    self.phrase(&inflect::plural(word), &meaning)?;
                }
            }
        }
        for filter in &written.filters {
            let kinds = Kinds::of(&filter.kinds);
            let test = &filter.test;
            for word in &filter.words {
                let test = test.clone();
                self.phrase(word, &Meaning::Adjective { test, kinds })?;
            }
            for phrase in &filter.phrases {
                let test = test.clone();
                self.phrase(phrase, &Meaning::Predicate { test, kinds })?;
            }
        }
        for named in &written.sets {
            let meaning = Meaning::Set {
                set: named.set.clone(),
                kinds: Kinds::of(&named.kinds),
            };
            for word in &named.words {
                self.phrase(word, &meaning)?;
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
                self.phrase(word, &Meaning::Attribute(name.clone()))?;
                self.phrase(&inflect::plural(word), &Meaning::Attribute(name.clone()))?;
            }
            for pattern in &attribute.asks {
                self.phrase(pattern, &Meaning::Asks(name.clone()))?;
            }
            for pattern in &attribute.verbs {
                self.phrase(pattern, &Meaning::AskVerb(name.clone()))?;
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
                self.phrase(&form, &Meaning::Verb(relation.clone()))?;
            }
            self.phrase(&forms.participle, &Meaning::Participle(relation.clone()))?;
        }
        for verb in &written.converses {
            let forms = inflect::verb(verb);
            for form in forms.active {
                self.phrase(&form, &Meaning::Verb(relation.reversed()))?;
            }
            self.phrase(&forms.participle, &Meaning::Participle(relation.reversed()))?;
        }
        for phrase in &written.phrases {
            self.phrase(phrase, &Meaning::Verb(relation.clone()))?;
        }
        for phrase in &written.participles {
            self.phrase(phrase, &Meaning::Participle(relation.clone()))?;
        }
        for phrase in &written.passives {
            self.phrase(phrase, &Meaning::Verb(relation.reversed()))?;
        }
        for (nouns, role) in [
            (&written.subjects, relation.reversed()),
            (&written.objects, relation.clone()),
        ] {
            for noun in nouns {
                self.phrase(noun, &Meaning::Role(role.clone()))?;
                self.phrase(&inflect::plural(noun), &Meaning::Role(role.clone()))?;
            }
        }
        Ok(())
    }

    /// Adds a phrase in all its variants; one that is known already is left as it is.
    fn phrase(&mut self, pattern: &str, meaning: &Meaning) -> Result<(), LexiconError> {
        for words in variants(pattern)? {
            let known = self.phrases.entry(words[0].clone()).or_default();
            let is_known =
                |(other, known): &(Vec<String>, Meaning)| *other == words && known == meaning;
            if !known.iter().any(is_known) {
                known.push((words, meaning.clone()));
            }
        }
        Ok(())
    }
}
