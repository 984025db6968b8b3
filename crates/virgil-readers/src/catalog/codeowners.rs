//! CODEOWNERS of GitHub
//! (<https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>)
//! and GitLab (<https://docs.gitlab.com/user/project/codeowners/reference/>).
//!
//! A rule is a relation `owned_by` with the owner as its subject (a selector can only stand as the object) and
//! the files as a path glob. Its line stands under `order` and its section under `section`: of the rules of
//! one section that match a path the last counts. A rule without an owner has the source for a subject and is
//! `unowned`: it takes the files from the rules above it and gives them to nobody.
//!
//! A forge reads one file: GitHub the first of `.github/`, the root and `docs/`, GitLab the first of the root,
//! `docs/` and `.gitlab/`. One that another takes the place of states nothing.

use virgil_model::{Attributes, Files, LineSpan, Predicate, Selector, Target, Value};

use crate::keys;
use crate::lines::{Lines, number};
use crate::statements::{Asset, Format, Said};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "codeowners",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    asset.file_name() == "CODEOWNERS"
        && matches!(
            asset.raw.path.trim_end_matches("CODEOWNERS"),
            "" | ".github/" | ".gitlab/" | "docs/" | ".gitea/" | ".forgejo/"
        )
}

/// A section of GitLab, whose owners stand in where a rule has none.
#[derive(Default)]
struct Section {
    name: String,
    owners: Vec<String>,
}

/// The files that would take the place of the one in a folder.
fn before(folder: &str) -> &'static [&'static str] {
    match folder {
        "" => &[".github/CODEOWNERS"],
        "docs/" => &[".github/CODEOWNERS", "CODEOWNERS"],
        ".gitlab/" => &["CODEOWNERS", "docs/CODEOWNERS"],
        _ => &[],
    }
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let folder = asset.raw.path.trim_end_matches("CODEOWNERS");
    let first = before(folder)
        .iter()
        .find(|path| files.read(path).is_some());
    if let Some(first) = first {
        said.problem(1, format!("`{first}` counts in its place: remove one"));
        return;
    }
    let mut section = Section::default();
    for (index, line) in Lines::of(asset.raw.text).all().iter().enumerate() {
        let line_number = number(index);
        let words = words(line);
        let Some((pattern, owners)) = words.split_first() else {
            continue;
        };
        if let Some(found) = heading(line) {
            section = found;
            continue;
        }
        let owners = if owners.is_empty() {
            &section.owners
        } else {
            owners
        };
        rule(line_number, pattern, owners, &section.name, said);
    }
}

fn rule(line: u32, pattern: &str, owners: &[String], section: &str, said: &mut Said) {
    let lines = LineSpan::line(line);
    let object = Target::Selector(Selector::PathGlob(glob(pattern)));
    let mut attributes = Attributes::from([("order".to_owned(), Value::Integer(i64::from(line)))]);
    if !section.is_empty() {
        attributes.insert("section".to_owned(), Value::Text(section.to_owned()));
    }
    if owners.is_empty() {
        attributes.insert("unowned".to_owned(), Value::Bool(true));
        let source = keys::this_source();
        said.relation_with(lines, &source, Predicate::OwnedBy, object, attributes);
        return;
    }
    for owner in owners {
        let Some((kind, key)) = keys::forge_owner(owner) else {
            said.problem(
                line,
                format!("`{owner}` is no owner, write `@user`, `@group/team` or an address"),
            );
            continue;
        };
        if let Some(kind) = kind {
            said.mention(lines, kind, &[&key], owner.trim_start_matches('@'));
        }
        let (object, attributes) = (object.clone(), attributes.clone());
        said.relation_with(lines, &key, Predicate::OwnedBy, object, attributes);
    }
}

/// The path glob of a pattern: anchored when it has a slash before its end, and with all files below when it
/// may name a folder. A star alone does not cross a slash.
fn glob(pattern: &str) -> String {
    let body: String = pattern
        .trim_matches('/')
        .chars()
        .map(|c| match c {
            // Patterns know no alternatives and no classes, globs do.
            '{' | '}' | '[' | ']' => format!("[{c}]"),
            c => c.to_string(),
        })
        .collect();
    let is_anchored = pattern.trim_end_matches('/').contains('/');
    let start = if is_anchored { "" } else { "**/" };
    let last = body.rsplit('/').next().unwrap_or_default();
    match &*body {
        "" | "**" => "**".to_owned(),
        "*" if !is_anchored => "**".to_owned(),
        _ if pattern.ends_with('/') => format!("{start}{body}/**"),
        _ if last.contains(['*', '.', '?']) => format!("{start}{body}"),
        // A name without an extension may be a file or a folder.
        _ => format!("{start}{{{body},{body}/**}}"),
    }
}

/// The words of a line up to a comment; a backslash keeps the blank or the `#` after it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => word.extend(characters.next()),
            '#' if word.is_empty() => break,
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A section of GitLab: `[Name][2] @default`, with `^` in front when its approval is optional.
fn heading(line: &str) -> Option<Section> {
    let line = line.trim_start();
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, rest) = rest.split_once(']')?;
    let rest = match rest.strip_prefix('[') {
        Some(count) => count.split_once(']')?.1,
        None => rest,
    };
    let starts_well = rest.is_empty() || rest.starts_with(char::is_whitespace);
    starts_well.then(|| Section {
        name: name.to_owned(),
        owners: words(rest),
    })
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::{check, check_with};
    use insta::assert_snapshot;

    #[test]
    fn rules_keep_their_order() {
        assert_snapshot!(check("CODEOWNERS", "\
# Last match wins.
*           @bottega/data-platform
/docs/      Ana@bottega.example @ana # who else
/a\\ b/      nobody
/free/
"), @r####"
        [2] team "bottega/data-platform" team:forge/bottega/data-platform
        [2] team:forge/bottega/data-platform owned_by PathGlob("**") {order=2}
        [3] email:ana@bottega.example owned_by PathGlob("docs/**") {order=3}
        [3] user "ana" user:forge/ana
        [3] user:forge/ana owned_by PathGlob("docs/**") {order=3}
        [5] source:. owned_by PathGlob("free/**") {order=5, unowned=true}
        [4] problem: `nobody` is no owner, write `@user`, `@group/team` or an address
        "####);
    }

    #[test]
    fn sections_have_owners_of_their_own() {
        assert_snapshot!(check(".gitlab/CODEOWNERS", "\
[Data][2] @bottega/data
/dbt/
^[Docs]
*.md @ana
"), @r####"
        [2] team "bottega/data" team:forge/bottega/data
        [2] team:forge/bottega/data owned_by PathGlob("dbt/**") {order=2, section="Data"}
        [4] user "ana" user:forge/ana
        [4] user:forge/ana owned_by PathGlob("**/*.md") {order=4, section="Docs"}
        "####);
    }

    #[test]
    fn patterns_become_globs() {
        for (pattern, expect) in [
            ("*", "**"),
            ("/*", "*"),
            ("*.md", "**/*.md"),
            ("/docs/", "docs/**"),
            ("apps/", "**/apps/**"),
            ("docs/*", "docs/*"),
            ("/build/logs", "{build/logs,build/logs/**}"),
            ("**/logs", "{**/logs,**/logs/**}"),
            ("/a[b]/", "a[[]b[]]/**"),
        ] {
            assert_eq!(super::glob(pattern), expect, "{pattern}");
        }
    }

    /// Files that are there and empty.
    struct Present(&'static [&'static str]);

    impl virgil_model::Files for Present {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            self.0.contains(&path).then(Vec::new)
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            self.0.iter().map(|path| (*path).to_owned()).collect()
        }
    }

    #[test]
    fn one_file_counts() {
        let counts = |path: &str, others: &'static [&'static str]| {
            check_with(path, "* @a\n", &Present(others)).contains("owned_by")
        };
        let all = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
        assert!(counts(".github/CODEOWNERS", all));
        assert!(!counts("CODEOWNERS", all));
        assert!(!counts(
            "docs/CODEOWNERS",
            &["CODEOWNERS", "docs/CODEOWNERS"]
        ));
        assert!(counts("docs/CODEOWNERS", &["docs/CODEOWNERS"]));
        assert!(counts(".gitlab/CODEOWNERS", &[".github/CODEOWNERS"]));
        let shadowed = Present(&["CODEOWNERS"]);
        assert_snapshot!(
            check_with(".gitlab/CODEOWNERS", "* @a\n", &shadowed),
            @"[1] problem: `CODEOWNERS` counts in its place: remove one"
        );
    }

    #[test]
    fn a_file_elsewhere_is_none() {
        assert_snapshot!(check("a/b/CODEOWNERS", "* @a\n"), @"");
    }
}
