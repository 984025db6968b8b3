//! What a template of `feast init` has yet to fill.

use crate::python::value::Value;

/// A text that says what it names; a placeholder names nothing.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.text().filter(|text| !has_placeholder(text))
}

/// Whether a text holds a placeholder as in the templates of `feast init`: capitals, digits and underscores between
/// percent signs. Three characters at least, because `%Y%m%d` is a format of dates and `%E2%82` two encoded bytes.
pub(super) fn has_placeholder(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_closed = parts.peek().is_some();
        let is_name = part.len() > 2
            && part.starts_with(|first: char| first.is_ascii_uppercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if is_closed && is_name {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_placeholder;

    #[test]
    fn placeholders_are_told_from_formats_and_encoded_bytes() {
        for text in ["%PARQUET_PATH%", "s3://lake/%ENV%/a", "50% of %DB_2%"] {
            assert!(has_placeholder(text), "{text}");
        }
        for text in [
            "%Y%m%d",
            "a%E2%82%AC",
            "100%",
            "%LATE",
            "% A %",
            "%lower%",
            "",
        ] {
            assert!(!has_placeholder(text), "{text}");
        }
    }
}
