//! HTML (<https://html.spec.whatwg.org>), shown as Markdown without scripts, styles and navigation.
//!
//! Headings give the sections. The lines of the rendering are mapped to those of the file by their words.

use std::panic::catch_unwind;

use htmd::HtmlToMarkdown;
use htmd::options::{BulletListMarker, Options};
use virgil_model::{Content, Files, Problem, Section};

use crate::html_guard::{opaque_end, refusal, tag};
use crate::html_lines::origins;
use crate::lines::{Lines, Start, cut, cut_mapped, extension, file_name, label, reading};
use crate::markdown::outline;
use crate::{Raw, Reader, Reading};

/// Elements that say nothing about the subject of a page.
const DROPPED: &[&str] = &[
    "head", "script", "style", "noscript", "template", "nav", "footer", "svg", "iframe", "img",
    "button",
];

/// The reader of HTML.
pub(crate) struct HtmlReader;

impl Reader for HtmlReader {
    fn name(&self) -> &'static str {
        "html"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(extension(raw.path).as_str(), "html" | "htm" | "xhtml")
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let named = || file_name(raw.path).to_owned();
        match render(raw.text) {
            Ok(markdown) => {
                let lines = Lines::of(&markdown);
                let outline = outline(&markdown);
                let title = page_title(raw.text).or(outline.title).unwrap_or_else(named);
                let sections = mapped(raw.text, &lines, outline.starts);
                reading(title, Content::Prose, sections, Vec::new())
            }
            Err(message) => {
                let problem = Problem {
                    line: None,
                    message: message.to_owned(),
                };
                let sections = cut(&Lines::of(raw.text), Vec::new());
                reading(named(), Content::Prose, sections, vec![problem])
            }
        }
    }
}

fn mapped(source: &str, lines: &Lines<'_>, starts: Vec<Start>) -> Vec<Section> {
    let origins = origins(source, lines);
    let origin = |index: usize| origins.get(index).copied().unwrap_or(1);
    cut_mapped(lines, starts, &origin)
}

fn render(html: &str) -> Result<String, &'static str> {
    if let Some(message) = refusal(html) {
        return Err(message);
    }
    // The library's own panics must not end a sync.
    let rendered = catch_unwind(|| {
        HtmlToMarkdown::builder()
            .options(Options {
                bullet_list_marker: BulletListMarker::Dash,
                ul_bullet_spacing: 1,
                ol_number_spacing: 1,
                ..Options::default()
            })
            .skip_tags(DROPPED.to_vec())
            .build()
            .convert(html)
    });
    match rendered {
        // An escaped underscore would hide identifiers from the search.
        Ok(Ok(markdown)) => Ok(markdown.replace("\\_", "_")),
        _ => Err("the HTML cannot be rendered"),
    }
}

/// The text of the element `title`.
fn page_title(html: &str) -> Option<String> {
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        let tag = tag(html, at);
        let end = opaque_end(html, at, tag);
        if let Some(tag) = tag
            && tag.name.eq_ignore_ascii_case("title")
            && !tag.is_end
        {
            let inner = &html[tag.end..end.unwrap_or(tag.end).max(tag.end)];
            let inner = inner.split("</").next().unwrap_or_default();
            let plain = inner
                .replace("&amp;", "&")
                .replace("&lt;", "<")
                .replace("&gt;", ">");
            return Some(label(&plain)).filter(|title| !title.is_empty());
        }
        if tag.is_some_and(|tag| tag.name.eq_ignore_ascii_case("body")) {
            return None;
        }
        at = end.unwrap_or(tag.map_or(at + 1, |tag| tag.end));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &HtmlReader;

    #[test]
    fn a_page_is_shown_as_markdown() {
        assert_snapshot!(check(READER, "site/index.html", r####"<!doctype html>
<html>
<head>
  <title>Pipelines &amp; runs</title>
  <style>p { color: red }</style>
</head>
<body>
<nav><a href="/">Home</a></nav>
<h1>Pipelines</h1>
<p>A pipeline is a
graph of <b>steps</b>.</p>
<script>
var pipelines = "A pipeline is a";
</script>
<h2 id="run">Run it</h2>
<ul>
  <li>Install <a href="https://x.y/kfp">kfp_sdk</a></li>
  <li>Compile</li>
</ul>
<pre><code>kfp run create
kfp run list
</code></pre>
<table>
<tr><th>Key</th><th>Value</th></tr>
<tr><td>cpu</td><td>4</td></tr>
</table>
<footer>Copyright</footer>
</body>
</html>
"####), @r####"
        title: Pipelines & runs

        [Pipelines]
          9 # Pipelines
          9
         10 A pipeline is a graph of **steps**.
         10

        [Pipelines > Run it]
         15 ## Run it
         15
         17 - Install [kfp_sdk](https://x.y/kfp)
         18 - Compile
         18
         18 ```
         20 kfp run create
         21 kfp run list
         21 ```
         21
         24 | Key | Value |
         24 | --- | ----- |
         25 | cpu | 4     |
        "####);
    }

    #[test]
    fn hostile_html_becomes_text() {
        for (unit, expect) in [
            ("<div>", "the HTML nests too deep"),
            ("<b></i>", "the HTML nests too deep"),
            ("<p><br>", "the HTML has too many tags"),
        ] {
            let text = unit.repeat(100_000);
            assert_eq!(render(&text), Err(expect), "{unit}");
        }
        let text = format!("<a {}>", "x ".repeat(1000));
        assert_eq!(
            render(&text),
            Err("a tag of the HTML has too many attributes")
        );
    }
}
