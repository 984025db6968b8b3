//! Markdown: `CommonMark` (<https://spec.commonmark.org>) with the front matter of Hugo, Jekyll, Docusaurus
//! and `MkDocs`, and MDX.
//!
//! The structure comes from pulldown-cmark, the text stays as it was written. A heading at the top level
//! begins a section, whichever way it is underlined; one inside code, a quotation or a list does not. Front
//! matter (YAML between `---`, TOML between `+++`) is a section of its own and may give the title.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use virgil_model::{Content, Files};

use crate::lines::{Lines, Start, cut, extension, file_name, label, reading};
use crate::{Raw, Reader, Reading};

/// The reader of Markdown.
pub(crate) struct MarkdownReader;

impl Reader for MarkdownReader {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(extension(raw.path).as_str(), "md" | "mdx" | "markdown")
            || file_name(raw.path).eq_ignore_ascii_case("readme")
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let front = front_matter(&lines);
        let body = front.as_ref().map_or(0, |front| front.end);
        let outline = lines
            .offset(body)
            .map(|offset| outline(&raw.text[offset..]))
            .unwrap_or_default();
        let title = front
            .and_then(|front| front.title)
            .or(outline.title)
            .unwrap_or_else(|| file_name(raw.path).to_owned());
        let mut starts: Vec<Start> = outline
            .starts
            .into_iter()
            .map(|start| Start::new(start.line + body, start.breadcrumb))
            .collect();
        // Behind the headings, so that a heading right after the front matter wins.
        starts.push(Start::new(body, Vec::new()));
        reading(title, Content::Prose, cut(&lines, starts), Vec::new())
    }
}

/// The headings of a Markdown text.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The first heading.
    pub(crate) title: Option<String>,
    /// A section for each heading; lines are counted from the beginning of the text.
    pub(crate) starts: Vec<Start>,
}

/// Finds the headings of a Markdown text without front matter.
pub(crate) fn outline(text: &str) -> Outline {
    let lines = Lines::of(text);
    let mut outline = Outline::default();
    let mut path = HeadingPath::default();
    let mut depth = 0_usize;
    let mut heading: Option<(usize, usize, String)> = None;
    for (event, range) in
        Parser::new_ext(text, Options::ENABLE_HEADING_ATTRIBUTES).into_offset_iter()
    {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                heading = Some((level as usize, lines.at(range.start), String::new()));
                depth += 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if depth == 0
                    && matches!(end, TagEnd::Heading(_))
                    && let Some((level, line, text)) = heading.take()
                {
                    outline.push(&mut path, level, line, &text);
                }
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some((_, _, text)) = &mut heading {
                    text.push_str(&piece);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, _, text)) = &mut heading {
                    text.push(' ');
                }
            }
            Event::Html(html) if depth == 1 => {
                if let Some((level, text)) = html_heading(&html) {
                    outline.push(&mut path, level, lines.at(range.start), &text);
                }
            }
            _ => {}
        }
    }
    outline
}

impl Outline {
    fn push(&mut self, path: &mut HeadingPath, level: usize, line: usize, text: &str) {
        let text = label(text);
        if text.is_empty() {
            return;
        }
        self.title.get_or_insert_with(|| text.clone());
        self.starts.push(Start::new(line, path.enter(level, text)));
    }
}

/// The headings above a place, each of a lower level than the next.
#[derive(Debug, Default)]
pub(crate) struct HeadingPath {
    headings: Vec<(usize, String)>,
}

impl HeadingPath {
    /// Goes to a heading and returns the path that leads to it.
    pub(crate) fn enter(&mut self, level: usize, text: String) -> Vec<String> {
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, text));
        self.path()
    }

    /// The path that leads to the current place.
    pub(crate) fn path(&self) -> Vec<String> {
        self.headings.iter().map(|(_, text)| text.clone()).collect()
    }
}

/// A heading that is written in HTML on one line, as many readme files begin: `<h1 align="center">Name</h1>`.
fn html_heading(line: &str) -> Option<(usize, String)> {
    let line = line.trim();
    let rest = line
        .strip_prefix("<h")
        .or_else(|| line.strip_prefix("<H"))?;
    let level = usize::try_from(rest.chars().next()?.to_digit(10)?).ok()?;
    let (_, rest) = rest.get(1..)?.split_once('>')?;
    let end = rest.rfind("</h").or_else(|| rest.rfind("</H"))?;
    let mut text = String::new();
    let mut inside = false;
    for character in rest[..end].chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    (1..=6).contains(&level).then_some((level, text))
}

/// The front matter of a page.
struct FrontMatter {
    /// The index of the line after it.
    end: usize,
    /// The title that it gives.
    title: Option<String>,
}

fn front_matter(lines: &Lines<'_>) -> Option<FrontMatter> {
    let fence = lines.get(0).trim_end();
    let separator = match fence {
        "---" => ':',
        "+++" => '=',
        _ => return None,
    };
    let close = (1..lines.len()).find(|index| lines.get(*index).trim_end() == fence)?;
    // A thematic break at the top of a page is no front matter: that has a key somewhere.
    let inner = &lines.all()[1..close];
    let has_key = |line: &&str| line.contains(separator) || line.trim_start().starts_with('#');
    if !inner.is_empty() && !inner.iter().any(has_key) {
        return None;
    }
    let title = inner.iter().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim_end() == "title").then(|| label(value.trim().trim_matches(['"', '\''])))
    });
    Some(FrontMatter {
        end: close + 1,
        title: title.filter(|title| !title.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &MarkdownReader;

    #[test]
    fn a_hugo_page_has_front_matter_and_headings() {
        assert_snapshot!(check(READER, "content/en/docs/install.md", r####"+++
title = "Installing Kubeflow"
weight = 20
+++

Pick a method.

## Packaged distributions {#packaged}

See the table.

```bash
# not a heading
kubectl apply -k example
```

Manifests
---------

- # not a section
- text

### With `kustomize`

> ## nor is this

## Next steps
"####), @r####"
        title: Installing Kubeflow

        []
          1 +++
          2 title = "Installing Kubeflow"
          3 weight = 20
          4 +++

        []
          5
          6 Pick a method.
          7

        [Packaged distributions]
          8 ## Packaged distributions {#packaged}
          9
         10 See the table.
         11
         12 ```bash
         13 # not a heading
         14 kubectl apply -k example
         15 ```
         16

        [Manifests]
         17 Manifests
         18 ---------
         19
         20 - # not a section
         21 - text
         22

        [Manifests > With kustomize]
         23 ### With `kustomize`
         24
         25 > ## nor is this
         26

        [Next steps]
         27 ## Next steps
        "####);
    }

    #[test]
    fn a_readme_may_begin_with_an_html_heading() {
        assert_snapshot!(check(READER, "README", r####"<h1 align="center"><a href="https://x.y">Feast</a></h1>

The feature store.

# Start
"####), @r####"
        title: Feast

        [Feast]
          1 <h1 align="center"><a href="https://x.y">Feast</a></h1>
          2
          3 The feature store.
          4

        [Start]
          5 # Start
        "####);
    }

    #[test]
    fn a_page_without_front_matter_keeps_its_line_ends_out() {
        assert_snapshot!(check(READER, "a.mdx", "---\r\ntitle: \"A: b\"\r\n---\r\n# One\r\ntext\r\n\r\n---\r\nmore\r\n"), @r####"
        title: A: b

        []
          1 ---
          2 title: "A: b"
          3 ---

        [One]
          4 # One
          5 text
          6
          7 ---
          8 more
        "####);
    }

    #[test]
    fn a_line_between_two_rules_is_no_front_matter() {
        assert_snapshot!(check(READER, "a.md", "---\ntext\n---\n\nmore\n"), @r####"
        title: text

        []
          1 ---

        [text]
          2 text
          3 ---
          4
          5 more
        "####);
    }
}
