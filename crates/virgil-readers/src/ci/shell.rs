//! The surface of shell commands: words, quotes and variables.
//!
//! Not a shell: nothing is run or expanded beyond variables with known values, however CI servers write them.

use std::collections::BTreeMap;

use crate::tree::Node;

/// Where a script runs: its variables and its folder in the source.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    /// Variables with their values.
    pub(super) variables: BTreeMap<String, String>,
    /// The folder of the repository in the source, with a slash, or nothing.
    pub(super) root: String,
    /// The folder in the source, empty for its root.
    pub(super) folder: String,
}

impl Scene {
    /// Adds the variables of a map; those that are no scalars are left out.
    pub(super) fn add(&mut self, node: Option<&Node<'_>>) {
        for entry in node.map_or(&[][..], Node::entries) {
            let value = entry.node.text().or_else(|| entry.node.text_at(&["value"]));
            if let Some(value) = value {
                let value = self.fill(value);
                self.variables.insert(entry.key.to_string(), value);
            }
        }
    }

    /// A text with its known variables put in: `$A`, `${A}`, `${{ env.A }}`, `${{ matrix.a }}`, `$(a)`.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) = variable(after);
            match self.variables.get(name) {
                Some(value) if length > 0 => filled.push_str(value),
                _ => filled.push_str(&rest[at..at + 1 + length]),
            }
            rest = &after[length..];
            if filled.len() > 20_000 {
                break;
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// The name of the variable that begins behind a `$`, and how many bytes it takes.
fn variable(after: &str) -> (&str, usize) {
    for (open, close) in [("{{", "}}"), ("{", "}"), ("(", ")")] {
        if let Some(inside) = after.strip_prefix(open) {
            let Some(end) = inside.find(close) else {
                return ("", 0);
            };
            let name = inside[..end].trim();
            let name = ["env.", "vars.", "variables."]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(name);
            return (name, open.len() + end + close.len());
        }
    }
    let end = after
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(after.len());
    (&after[..end], end)
}

/// The words of each command of a line; what stands in `${{ … }}` is one word's part.
pub(super) fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let mut braces = 0_usize;
    for c in line.chars() {
        let is_open = quote.is_none() && braces == 0;
        match c {
            '"' | '\'' if quote == Some(c) => quote = None,
            '"' | '\'' if is_open => quote = Some(c),
            '{' => {
                braces += 1;
                word.push(c);
            }
            '}' => {
                braces = braces.saturating_sub(1);
                word.push(c);
            }
            '#' if is_open && word.is_empty() => break,
            ';' | '|' | '&' | '\n' if is_open => {
                end(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            c if c.is_whitespace() && is_open => end(&mut word, &mut commands),
            c => word.push(c),
        }
    }
    end(&mut word, &mut commands);
    commands.retain(|command| !command.is_empty());
    commands
}

fn end(word: &mut String, commands: &mut [Vec<String>]) {
    if !word.is_empty()
        && let Some(command) = commands.last_mut()
    {
        command.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_are_put_in() {
        let mut scene = Scene::default();
        scene.variables.insert("A".to_owned(), "x".to_owned());
        scene
            .variables
            .insert("matrix.a".to_owned(), "y".to_owned());
        let filled = scene.fill("$A ${A} ${{ env.A }} ${{matrix.a}} $(A) $B ${B $");
        assert_eq!(filled, "x x x y x $B ${B $");
    }

    #[test]
    fn lines_become_commands_and_words() {
        let found = commands("a 'b c' ${{ d || e }} && f;g \"h # i\" # j");
        let expect: Vec<Vec<String>> =
            [&["a", "b c", "${{ d || e }}"][..], &["f"], &["g", "h # i"]]
                .iter()
                .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
                .collect();
        assert_eq!(found, expect);
    }
}
