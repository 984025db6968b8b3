//! Whether a text is HTML that an HTML parser can take: it nests within bounds, and no tag has too many attributes.
//!
//! Both the parser and the walk over its tree use stack or time that grows too fast with these. The scan follows
//! the tokens of <https://html.spec.whatwg.org/multipage/parsing.html> closely enough to bound them.

/// How deep elements may nest.
const MAX_DEPTH: usize = 120;
/// How many attributes a tag may have.
const MAX_ATTRIBUTES: usize = 500;
/// How many tags a text may have.
const MAX_TAGS: usize = 150_000;

/// Elements that have no end tag, or whose next sibling ends them.
const UNCOUNTED: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot", "html",
    "head", "body", "path",
];

/// A tag as the scan sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The name as it is written.
    pub(crate) name: &'a str,
    /// Whether it is an end tag.
    pub(crate) is_end: bool,
    /// How many attributes it may have at most.
    pub(crate) attributes: usize,
    /// The byte offset after it.
    pub(crate) end: usize,
}

/// Reads the tag at a `<`; `None` when that begins no tag.
pub(crate) fn tag(text: &str, at: usize) -> Option<Tag<'_>> {
    let bytes = text.as_bytes();
    let is_end = bytes.get(at + 1) == Some(&b'/');
    let name_start = at + 1 + usize::from(is_end);
    if !bytes.get(name_start)?.is_ascii_alphabetic() {
        return None;
    }
    let mut end = name_start;
    while bytes
        .get(end)
        .is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>' | b'\x0c'))
    {
        end += 1;
    }
    let name = text.get(name_start..end)?;
    let mut attributes = 0;
    let mut quote = None;
    let mut previous = b' ';
    while let Some(byte) = bytes.get(end).copied() {
        end += 1;
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'>') => break,
            (None, b'"' | b'\'') if previous == b'=' => quote = Some(byte),
            (None, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'\x0c') if previous == b'=' => continue,
            (None, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'\x0c' | b'"' | b'\'')
                if !previous.is_ascii_whitespace() =>
            {
                attributes += 1;
            }
            _ => {}
        }
        previous = byte;
    }
    Some(Tag {
        name,
        is_end,
        attributes,
        end,
    })
}

/// The offset after something that holds no tags and begins at `at`: a comment, a script, a style.
pub(crate) fn opaque_end(text: &str, at: usize, tag: Option<Tag<'_>>) -> Option<usize> {
    let bytes = text.as_bytes();
    if let Some(tag) = tag {
        let name = tag.name;
        let is_opaque = ["script", "style", "textarea", "title", "svg"]
            .iter()
            .any(|opaque| name.eq_ignore_ascii_case(opaque));
        if tag.is_end || !is_opaque {
            return None;
        }
        let mut from = tag.end;
        while let Some(found) = text[from..].find("</") {
            let start = from + found + 2;
            let end = start + name.len();
            if bytes
                .get(start..end)
                .is_some_and(|close| close.eq_ignore_ascii_case(name.as_bytes()))
            {
                return Some(
                    text[end..]
                        .find('>')
                        .map_or(text.len(), |close| end + close + 1),
                );
            }
            from = start;
        }
        return Some(text.len());
    }
    if bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(b"<!--"))
    {
        return Some(
            text[at + 4..]
                .find("-->")
                .map_or(text.len(), |end| at + 4 + end + 3),
        );
    }
    None
}

/// Why an HTML parser should not get this text; `None` when it may.
pub(crate) fn refusal(text: &str) -> Option<&'static str> {
    let mut open: Vec<&str> = Vec::new();
    let mut tags = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        at += found;
        let Some(tag) = tag(text, at) else {
            at = opaque_end(text, at, None).unwrap_or(at + 1);
            continue;
        };
        tags += 1;
        if tags > MAX_TAGS {
            return Some("the HTML has too many tags");
        }
        if tag.attributes > MAX_ATTRIBUTES {
            return Some("a tag of the HTML has too many attributes");
        }
        let is_counted = !UNCOUNTED
            .iter()
            .any(|name| tag.name.eq_ignore_ascii_case(name));
        if tag.is_end {
            // Only one element goes, because the others above it may stay open.
            if let Some(index) = open
                .iter()
                .rposition(|name| tag.name.eq_ignore_ascii_case(name))
            {
                open.remove(index);
            }
        } else if is_counted {
            open.push(tag.name);
            if open.len() > MAX_DEPTH {
                return Some("the HTML nests too deep");
            }
        }
        at = opaque_end(text, at, Some(tag)).map_or(tag.end, |end| {
            if open.last().is_some_and(|name| *name == tag.name) {
                open.pop();
            }
            end
        });
    }
    None
}
