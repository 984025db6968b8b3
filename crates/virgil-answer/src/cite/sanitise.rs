//! What must not leave: links, images, HTML, citations of what does not exist.

use super::numbers;
use crate::prompt::visible;

/// Takes out of a text, sentence by sentence, what must not reach an asker: invisible characters, citations of
/// passages that do not exist, links, images, reference definitions, HTML. Their text stays; addresses become code,
/// which no client follows. A code block is left as it is.
#[derive(Debug, Default)]
pub(crate) struct Sanitiser {
    /// How many ticks close the code block that is open.
    fence: Option<usize>,
    /// Whether the last sentence ended inside a line.
    is_inside_line: bool,
}

impl Sanitiser {
    /// The next sentence of the text, with `passages` to cite. A sentence never holds more than one line.
    pub(crate) fn take(&mut self, sentence: &str, passages: usize) -> String {
        let sentence = visible(sentence);
        let starts_line = !std::mem::replace(&mut self.is_inside_line, !sentence.ends_with('\n'));
        if starts_line {
            let line = sentence.trim_end_matches('\n');
            let indented = line.len() - line.trim_start_matches(' ').len();
            let rest = &line[indented..];
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            match self.fence {
                Some(open) => {
                    if indented < 4 && ticks >= open && rest[ticks..].trim().is_empty() {
                        self.fence = None;
                    }
                    return sentence;
                }
                None if indented < 4 && ticks >= 3 && !rest[ticks..].contains('`') => {
                    self.fence = Some(ticks);
                    return sentence;
                }
                None => {}
            }
        } else if self.fence.is_some() {
            return sentence;
        }
        sanitise(&sentence, passages)
    }
}

/// One line of text without what must not reach an asker, as [`Sanitiser`] says.
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
    while let Some(next) = rest.find(['!', '[', ']', '<', 'h', 'H', 'w', 'W', '`']) {
        clean.push_str(&rest[..next]);
        rest = &rest[next..];
        if rest.starts_with("![") {
            rest = &rest[1..];
        } else if rest.starts_with('`') {
            // Code is copied as it is, to its closing tick; a tick that nothing closes would make code of nothing.
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            match rest[ticks..].find(&rest[..ticks]) {
                Some(at) => {
                    clean.push_str(&rest[..at + 2 * ticks]);
                    rest = &rest[at + 2 * ticks..];
                }
                None => {
                    clean.push_str(&"\\`".repeat(ticks));
                    rest = &rest[ticks..];
                }
            }
        } else if let Some(inner) = rest.strip_prefix('[') {
            match inner.find(']').map(|at| &inner[..at]) {
                Some(text) if is_citation(text) => {
                    for number in numbers(&rest[..text.len() + 2]) {
                        if (1..=passages).contains(&number) {
                            clean.push_str(&format!("[{number}]"));
                        }
                    }
                    rest = not_a_definition(&mut clean, without_target(&rest[text.len() + 2..]));
                }
                _ => {
                    clean.push('[');
                    rest = inner;
                }
            }
        } else if let Some(after) = rest.strip_prefix(']') {
            clean.push(']');
            rest = not_a_definition(&mut clean, without_target(after));
        } else if rest.starts_with('<') {
            clean.push_str("&lt;");
            rest = &rest[1..];
        } else if is_address(rest) && !clean.ends_with(char::is_alphanumeric) {
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

/// Keeps brackets and the colon behind them from defining a link.
fn not_a_definition<'t>(clean: &mut String, rest: &'t str) -> &'t str {
    if rest.starts_with(':') {
        clean.push(' ');
    }
    rest
}

fn is_citation(text: &str) -> bool {
    text.split(',')
        .all(|part| part.trim().parse::<usize>().is_ok())
}

/// Drops the `(address)` or `[reference]` that makes a link of the brackets before it.
fn without_target(after: &str) -> &str {
    if let Some(target) = after.strip_prefix('(') {
        return target.find(')').map_or("", |close| &target[close + 1..]);
    }
    if let Some(label) = after.strip_prefix('[')
        && let Some(close) = label.find(']')
        && !is_citation(&label[..close])
    {
        return &label[close + 1..];
    }
    after
}

fn is_address(text: &str) -> bool {
    let start: String = text
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    ["http://", "https://", "www."]
        .iter()
        .any(|address| start.starts_with(address))
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
        check("See [a][leak] and [b] [1].", "See [a] and [b] [1].");
        check(
            "> [r]: https://evil.example",
            "> [r] : `https://evil.example`",
        );
        check(
            "Open www.evil.example/x now",
            "Open `www.evil.example/x` now",
        );
        check(
            "A tick ` and [x](https://evil.example)",
            "A tick \\` and [x]",
        );
    }

    #[test]
    fn a_code_block_is_left_as_it_is_and_nothing_behind_it() {
        let mut sanitiser = Sanitiser::default();
        let lines = [
            "```yaml\n",
            "if: a < b\n",
            "[x](y)\n",
            "```\n",
            "[x](y) a < b\u{200B}\n",
            "``` a `\n",
            "<b>\n",
        ];
        let clean: String = lines.iter().map(|line| sanitiser.take(line, 1)).collect();
        assert_eq!(
            clean,
            "```yaml\nif: a < b\n[x](y)\n```\n[x] a &lt; b\n\\`\\`\\` a \\`\n&lt;b>\n"
        );
    }
}
