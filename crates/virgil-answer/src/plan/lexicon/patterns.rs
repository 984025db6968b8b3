//! Patterns of phrases: `[a|b|] c` stands for `a c`, `b c` and `c`.

use crate::plan::lexicon::LexiconError;

/// The variants of a pattern, each as its words in lower case; what has no word is left out.
///
/// Brackets that stand in each other, or that are opened or closed alone, would match nothing: they are an error that names the
/// pattern.
pub(super) fn variants(pattern: &str) -> Result<Vec<Vec<String>>, LexiconError> {
    let words = |phrase: String| -> Vec<String> {
        phrase
            .to_lowercase()
            .split([' ', '-'])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let phrases = expand(pattern).ok_or_else(|| {
        LexiconError(format!(
            "the brackets of `{pattern}` do not match: each `[` wants one `]` behind it, and none between them"
        ))
    })?;
    Ok(phrases
        .into_iter()
        .map(words)
        .filter(|words| !words.is_empty())
        .collect())
}

fn expand(pattern: &str) -> Option<Vec<String>> {
    let Some((before, rest)) = pattern.split_once('[') else {
        return (!pattern.contains(']')).then(|| vec![pattern.to_owned()]);
    };
    let (choices, after) = rest.split_once(']')?;
    if before.contains(']') || choices.contains('[') {
        return None;
    }
    let after = expand(after)?;
    let phrases = choices.split('|').flat_map(|choice| {
        after
            .iter()
            .map(move |after| format!("{before}{choice}{after}"))
    });
    Some(phrases.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_stand_for_one_of_their_choices() {
        let check = |pattern: &str, expect: &[&str]| {
            let found = variants(pattern).expect("a valid pattern");
            let found: Vec<String> = found.into_iter().map(|words| words.join(" ")).collect();
            assert_eq!(found, expect, "{pattern}");
        };
        check("reads", &["reads"]);
        check("Hyphen-ated word", &["hyphen ated word"]);
        check("[a|b|] c", &["a c", "b c", "c"]);
        check("[a|b] [c|d]", &["a c", "a d", "b c", "b d"]);
        check("[|]", &[]);
    }

    #[test]
    fn brackets_that_do_not_match_are_refused_with_their_pattern() {
        for pattern in ["[a [b|c]|d] e", "a [b", "a b]", "]a[", "[a|b]] c"] {
            let error = variants(pattern).expect_err(pattern).to_string();
            assert!(error.contains(&format!("`{pattern}`")), "{error}");
        }
    }
}
