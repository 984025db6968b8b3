//! English endings: plurals of nouns, forms of verbs. Only what regular rules give; the rest is written out.

/// The forms of a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forms {
    /// `read`, `reads`, `reading`.
    pub(crate) active: Vec<String>,
    /// `read` as in `is read by`.
    pub(crate) participle: String,
}

/// The plural of the last word of a noun phrase.
pub(crate) fn plural(noun: &str) -> String {
    with_s(noun)
}

/// The singular of a noun phrase that may be a plural, by rule.
pub(crate) fn singular(noun: &str) -> Option<String> {
    if let Some(stem) = noun.strip_suffix("ies") {
        return Some(format!("{stem}y"));
    }
    let stem = noun.strip_suffix('s')?;
    (!stem.is_empty() && !stem.ends_with('s')).then(|| stem.to_owned())
}

/// The forms of a verb, given as `write/written` or, if it is regular, `use`. What stands behind the first word stays:
/// `look after`, `looked after`.
pub(crate) fn verb(written: &str) -> Forms {
    let (base, participle) = match written.split_once('/') {
        Some((base, participle)) => (base, Some(participle)),
        None => (written, None),
    };
    let (head, rest) = match base.split_once(' ') {
        Some((head, rest)) => (head, format!(" {rest}")),
        None => (base, String::new()),
    };
    // A participle that is written out either has the rest already or is one word.
    let participle = match participle {
        Some(participle) if participle.contains(' ') => participle.to_owned(),
        Some(participle) => format!("{participle}{rest}"),
        None => format!("{}{rest}", past(head)),
    };
    Forms {
        active: vec![
            base.to_owned(),
            format!("{}{rest}", with_s(head)),
            format!("{}{rest}", with_ing(head)),
        ],
        participle,
    }
}

fn with_s(word: &str) -> String {
    let ends_hissing = ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|ending| word.ends_with(ending));
    if ends_hissing {
        format!("{word}es")
    } else if let Some(stem) = after_consonant_y(word) {
        format!("{stem}ies")
    } else {
        format!("{word}s")
    }
}

fn with_ing(verb: &str) -> String {
    match verb.strip_suffix('e') {
        Some(stem) if !verb.ends_with("ee") => format!("{stem}ing"),
        _ if doubles(verb) => format!("{verb}{}ing", last(verb)),
        _ => format!("{verb}ing"),
    }
}

fn past(verb: &str) -> String {
    if verb.ends_with('e') {
        format!("{verb}d")
    } else if let Some(stem) = after_consonant_y(verb) {
        format!("{stem}ied")
    } else if doubles(verb) {
        format!("{verb}{}ed", last(verb))
    } else {
        format!("{verb}ed")
    }
}

fn after_consonant_y(word: &str) -> Option<&str> {
    let stem = word.strip_suffix('y')?;
    (!stem.ends_with(['a', 'e', 'i', 'o', 'u'])).then_some(stem)
}

/// Whether a short verb doubles its last letter: `drop`, `scan`, `run`.
fn doubles(verb: &str) -> bool {
    let letters: Vec<char> = verb.chars().collect();
    let is_vowel = |c: char| "aeiou".contains(c);
    let [.., before, vowel, end] = letters.as_slice() else {
        return false;
    };
    letters.len() <= 4
        && is_vowel(*vowel)
        && !is_vowel(*before)
        && !is_vowel(*end)
        && !"wxy".contains(*end)
}

fn last(word: &str) -> char {
    word.chars().last().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_plurals() {
        for (noun, expect) in [
            ("table", "tables"),
            ("repository", "repositories"),
            ("alias", "aliases"),
            ("feature view", "feature views"),
            ("batch", "batches"),
        ] {
            assert_eq!(plural(noun), expect);
        }
    }

    #[test]
    fn verbs_have_forms() {
        let check = |written: &str, expect: &str| {
            let forms = verb(written);
            assert_eq!(
                format!("{} | {}", forms.active.join(" "), forms.participle),
                expect
            );
        };
        check("use", "use uses using | used");
        check("query", "query queries querying | queried");
        check("write/written", "write writes writing | written");
        check("scan", "scan scans scanning | scanned");
        check(
            "look after",
            "look after looks after looking after | looked after",
        );
        check("monitor", "monitor monitors monitoring | monitored");
    }
}
