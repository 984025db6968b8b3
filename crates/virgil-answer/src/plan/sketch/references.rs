//! What pronouns, possessives and repeated nouns stand for.

use crate::plan::lexicon::Word;
use crate::plan::link::is_plural;
use crate::plan::sem::Quant;
use crate::plan::sketch::{Bound, Node, Sketch, Sort};
use crate::plan::tokens::Token;

/// A noun that stands for a name said before.
const SAID_AGAIN: f32 = 0.03;

impl Sketch {
    /// Takes `its columns` for the columns of the name said before, unless another thing is spoken of since.
    pub(super) fn resolve_possessive(&mut self, tokens: &[Token]) {
        let nodes = self.nodes.clone();
        let possessor = |at: usize| {
            let is_noun = |node: &&Node| {
                node.sort == Sort::Noun && node.bound == Bound::Free && node.start < at
            };
            let named = nodes
                .iter()
                .rposition(|node| node.sort == Sort::Name && node.start < at);
            // `its` is of one thing: of the name, where every noun is of several.
            let is_of_one = at > 0 && tokens[at - 1].text == "its";
            let is_other = |node: &&Node| {
                is_noun(node) && !(is_of_one && is_plural(&tokens[node.end - 1].text))
            };
            named.filter(|_| !nodes.iter().any(|node| is_other(&node)))
        };
        let mut again = Vec::new();
        for node in &mut self.nodes {
            if node.bound == Bound::Shown
                && let Some(name) = possessor(node.start)
            {
                node.bound = Bound::Free;
                node.before.push(Word::Possessive);
                again.push((name, node.start));
            }
        }
        for tie in &mut self.ties {
            if tie.bound == Bound::Shown
                && let Some(name) = possessor(tie.start)
            {
                tie.bound = Bound::Free;
                again.push((name, tie.start));
            }
        }
        for named in &mut self.attributes {
            if named.bound == Bound::Shown && possessor(named.start).is_some() {
                named.bound = Bound::Free;
            }
        }
        for (name, at) in again {
            self.nodes[name].again = Some(at.saturating_sub(1));
        }
    }

    /// Takes the data of a thing for the thing: `the tables that its data comes from`, `the numbers in X`.
    pub(super) fn take_data_for_thing(&mut self, tokens: &[Token]) {
        let mut index = 0;
        while index < self.nodes.len() {
            let node = &self.nodes[index];
            let is_data = node.sort == Sort::Noun
                && !node.is_asked
                && node.quant == Quant::Plain
                && node.bound == Bound::Free
                && matches!(
                    &*tokens[node.end - 1].text,
                    "data" | "rows" | "contents" | "content"
                );
            let named = |name: &Node| name.sort == Sort::Name;
            let of = self.nodes.get(index + 1).filter(|next| {
                named(next)
                    && matches!(next.before.as_slice(), [Word::Of | Word::Via])
                    && next.start <= node.end + 2
            });
            if is_data && node.before.contains(&Word::Possessive) {
                let at = node.start;
                if let Some(name) = self.nodes[..index].iter_mut().rfind(|name| named(name)) {
                    name.again = Some(at);
                    self.nodes.remove(index);
                    continue;
                }
            } else if is_data && of.is_some() {
                self.nodes.remove(index);
                continue;
            }
            index += 1;
        }
    }

    /// Finds what pronouns stand for: a name said before, or what the question asks for.
    pub(super) fn resolve(&mut self, pronouns: &[usize], tokens: &[Token]) -> Option<()> {
        for &at in pronouns {
            let is_many = matches!(
                &*tokens[at].text,
                "they" | "them" | "those" | "these" | "each"
            );
            let has_noun = self.nodes.iter().any(|node| {
                node.sort == Sort::Noun && node.start < at && node.bound == Bound::Free
            });
            let name = self
                .nodes
                .iter_mut()
                .rfind(|node| node.sort == Sort::Name && node.start < at);
            match name {
                Some(name) if !(is_many && has_noun) => name.again = Some(at),
                _ if has_noun => {
                    // `who owns them`
                    if self.ties.iter().any(|tie| tie.is_negative) {
                        return None;
                    }
                    let tie = self
                        .ties
                        .iter_mut()
                        .min_by_key(|tie| tie.start.abs_diff(at).min(tie.end.abs_diff(at)))?;
                    tie.bound = Bound::Shown;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Takes a noun with an article for the name said before that it may stand for: `X is late. Who owns that table?`
    pub(super) fn again(&mut self, tokens: &[Token]) {
        let mut index = 1;
        while index < self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(index);
            let noun = &rest[0];
            let is_said_again = noun.sort == Sort::Noun
                && !noun.is_asked
                && noun.quant == Quant::Plain
                && noun.bound == Bound::Free
                && noun.start > 0
                && matches!(
                    &*tokens[noun.start - 1].text,
                    "the" | "that" | "this" | "said" | "same"
                )
                && !is_plural(&tokens[noun.end - 1].text);
            let fits = |name: &&mut Node| {
                name.sort == Sort::Name
                    && name.senses.iter().any(|(np, _)| {
                        noun.senses
                            .iter()
                            .any(|(noun, _)| !noun.kinds.and(np.kinds).is_empty())
                    })
            };
            if is_said_again && let Some(name) = before.iter_mut().rev().find(fits) {
                name.again = Some(noun.start);
                name.senses.retain(|(np, _)| {
                    noun.senses
                        .iter()
                        .any(|(noun, _)| !noun.kinds.and(np.kinds).is_empty())
                });
                self.cost += SAID_AGAIN;
                self.nodes.remove(index);
            } else {
                index += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn what_is_said_again_stands_for_what_was_named() {
        for (question, expect) in [
            (
                "orders is late, who reads it?",
                "orders=it !is late who? ~reads",
            ),
            (
                "nightly failed, which tables does that pipeline write?",
                "nightly=pipeline !failed tables? ~write",
            ),
            ("the models and their owners", "models their ~owners"),
            ("orders and its columns", "orders=its columns"),
            ("fraud-detector and its owner", "fraud-detector=its ~owner"),
            (
                "which models are there and who owns them?",
                "models? who? their ~owns",
            ),
            ("who owns it?", "-"),
            (
                "orders is late, which tables does its data come from?",
                "orders=data !is late tables? ~come from",
            ),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
