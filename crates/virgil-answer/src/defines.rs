//! Whether a piece of code defines something that a question names.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use virgil_index::terms;
use virgil_model::words;

/// A definition in one of the usual languages, or a key that names something in configuration.
static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:class|struct|fn|def|interface|enum|impl|function|func|trait|type|mod|module|record|const|namespace|message|service|kind:|name:)[ \t\r\n]+(?:<[^>]*>[ \t]*)?([A-Za-z_][A-Za-z0-9_]*)",
    )
    .expect("the pattern is valid")
});

/// A function without a keyword: a name, parameters and a body, as in Java, C++ or Go.
static WITH_BODY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?-u:\b)([A-Za-z_][A-Za-z0-9_]*)[ \t\r\n]*\([^;{}]*\)[ \t\r\n]*(?:const|noexcept|throws [A-Za-z0-9_., ]+|->[ \t]*[^{;]+)?[ \t\r\n]*\{",
    )
    .expect("the pattern is valid")
});

/// The words of a question that may be names in code.
#[derive(Debug)]
pub(crate) struct AskedNames(HashSet<String>);

impl AskedNames {
    /// The words of `question` but stop words and single characters, in lowercase.
    pub(crate) fn of(question: &str) -> AskedNames {
        let names = words(question)
            .filter(|word| word.chars().nth(1).is_some() && !terms(word).is_empty())
            .map(str::to_lowercase);
        AskedNames(names.collect())
    }

    /// Whether `code` defines one of them.
    pub(crate) fn are_defined_in(&self, code: &str) -> bool {
        !self.0.is_empty()
            && [&DECLARED, &WITH_BODY].into_iter().any(|pattern| {
                pattern
                    .captures_iter(code)
                    .filter_map(|captures| captures.get(1))
                    .any(|name| self.0.contains(&name.as_str().to_lowercase()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_told_from_uses() {
        let check = |question: &str, code: &str| AskedNames::of(question).are_defined_in(code);
        assert!(check("what does load_orders do", "def load_orders(day):"));
        assert!(check("What is an Executor?", "pub struct Executor<'a> {"));
        assert!(check(
            "how does the hash method work",
            "public Hash hash(String text) throws BadParameters {"
        ));
        assert!(check("which model is fraud", "kind: Model\nname: fraud\n"));
        assert!(!check("what does load_orders do", "load_orders(day)"));
        assert!(!check("how is it?", "def how(): pass"));
        assert!(!check("", "def x(): pass"));
    }
}
