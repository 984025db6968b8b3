//! What SQL names: tables by their parts, files and folders by their URI.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::keys;

/// What stands in a text where a value is only known when it runs. It is no word of any language.
pub(crate) const HOLE: &str = "virgil_hole_";

/// What a query reads or a statement writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// A table, by its name's parts from catalogue to table.
    Table(Name),
    /// A file or folder.
    Uri(String),
}

/// A name in parts, each with its quotes taken off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(pub(crate) Vec<Part>);

/// One part of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// Whether it stands in quotes that keep its case.
    pub(crate) is_quoted: bool,
}

impl Name {
    /// The name; `None` when a part is only known when it runs, or is a variable of a client or a temporary table of
    /// SQL Server.
    pub(crate) fn of(name: &ObjectName) -> Option<Name> {
        let mut parts = Vec::new();
        for part in &name.0 {
            let ObjectNamePart::Identifier(ident) = part else {
                return None;
            };
            parts.extend(idents(ident));
        }
        let is_known = !parts.is_empty()
            && parts.iter().all(|part| {
                !part.text.is_empty()
                    && !part.text.contains(HOLE)
                    && !part.text.starts_with(['@', '#', '$', ':'])
                    && !part.text.contains(['{', '}', '/', '\n'])
                    && (part.is_quoted || !is_reserved(&part.text))
            });
        is_known.then_some(Name(parts))
    }

    /// The name that a dotted text writes.
    pub(crate) fn dotted(text: &str) -> Option<Name> {
        let parts: Vec<Part> = text
            .split('.')
            .map(|part| Part {
                text: part.trim_matches(['`', '"', '[', ']']).to_owned(),
                is_quoted: false,
            })
            .collect();
        let is_name = parts.len() <= 4
            && !text.contains(HOLE)
            && parts.iter().all(|part| {
                !part.text.is_empty()
                    && part.text.len() <= 200
                    && part
                        .text
                        .chars()
                        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
            });
        is_name.then_some(Name(parts))
    }

    /// The name as keys write it: parts with dots between them; quotes only where they keep something.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|part| {
                let is_mixed = part.text.chars().any(char::is_uppercase)
                    && part.text.chars().any(char::is_lowercase);
                if part.text.contains('.') || (part.is_quoted && is_mixed) {
                    format!("\"{}\"", part.text)
                } else {
                    part.text.clone()
                }
            })
            .collect();
        parts.join(".")
    }

    /// The last part: the name of the table itself.
    pub(crate) fn table(&self) -> &str {
        self.0.last().map_or("", |part| &part.text)
    }

    /// Whether this could be what the other names: its parts are the other's last ones.
    pub(crate) fn ends(&self, other: &Name) -> bool {
        let missing = other.0.len().checked_sub(self.0.len());
        missing.is_some_and(|missing| {
            self.0
                .iter()
                .zip(&other.0[missing..])
                .all(|(one, other)| is_same(&one.text, &other.text))
        })
    }

    /// Whether the parts are the same, but for case.
    pub(crate) fn is(&self, other: &Name) -> bool {
        self.0.len() == other.0.len() && self.ends(other)
    }
}

impl Place {
    /// The place that stands in a `FROM`: in some dialects a file in quotes.
    pub(crate) fn of(name: &ObjectName) -> Option<Place> {
        if let [.., ObjectNamePart::Identifier(last)] = name.0.as_slice()
            && last.quote_style.is_some()
            && (last.value.contains('/') || last.quote_style == Some('\''))
        {
            return uri(&last.value).map(Place::Uri);
        }
        Name::of(name).map(Place::Table)
    }
}

/// The URI of a file or folder of a bucket or distributed file system; `None` for local paths, other schemes and for
/// what is only known when it runs. A pattern stands for the folder above it.
pub(crate) fn uri(text: &str) -> Option<String> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let is_storage = matches!(
        scheme.to_ascii_lowercase().as_str(),
        "s3" | "s3a"
            | "s3n"
            | "gs"
            | "gcs"
            | "abfs"
            | "abfss"
            | "wasb"
            | "wasbs"
            | "hdfs"
            | "dbfs"
            | "oss"
            | "adl"
            | "az"
            | "r2"
            | "cos"
            | "obs"
    );
    let whole: Vec<&str> = rest
        .split('/')
        .take_while(|part| !part.contains(['*', '{', '}', '?', '$', '<', '%']))
        .collect();
    let rest = whole.join("/");
    // A whole bucket is no data set.
    let has_path = rest.trim_matches('/').contains('/');
    let is_known =
        is_storage && has_path && !rest.contains(HOLE) && !rest.contains(char::is_whitespace);
    is_known.then(|| format!("{scheme}://{rest}"))
}

/// The key of a URI.
pub(crate) fn uri_key(uri: &str) -> virgil_model::Key {
    keys::uri(uri)
}

/// The parts of an identifier: backquotes may hold a whole path, as `BigQuery` writes it.
fn idents(ident: &Ident) -> Vec<Part> {
    let is_path = ident.quote_style == Some('`') && ident.value.contains('.');
    if is_path {
        let parts = ident.value.split('.');
        return parts
            .map(|text| Part {
                text: text.to_owned(),
                is_quoted: false,
            })
            .collect();
    }
    vec![Part {
        text: ident.value.clone(),
        is_quoted: ident.quote_style.is_some(),
    }]
}

/// Words that name no table in any dialect unless they are quoted.
fn is_reserved(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "select"
            | "from"
            | "where"
            | "join"
            | "on"
            | "group"
            | "order"
            | "having"
            | "union"
            | "and"
            | "or"
            | "not"
            | "null"
            | "case"
            | "when"
            | "then"
            | "else"
            | "as"
            | "in"
            | "is"
            | "with"
            | "limit"
            | "set"
            | "values"
    )
}

/// Whether two identifiers are the same, but for case.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_what_lies_in_a_bucket() {
        for (text, expect) in [
            ("s3://lake/a/b.parquet", Some("s3://lake/a/b.parquet")),
            ("gs://b/a/*.csv", Some("gs://b/a")),
            ("s3://lake/a/dt={x}/b", Some("s3://lake/a")),
            ("s3://lake", None),
            ("s3://lake/*", None),
            ("s3://virgil_hole_/a", None),
            ("https://a/b", None),
            ("data/a.csv", None),
            ("hdfs:///a/b", Some("hdfs:///a/b")),
        ] {
            assert_eq!(uri(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn quotes_stay_where_they_keep_something() {
        let name = |text: &str, is_quoted| {
            let part = Part {
                text: text.to_owned(),
                is_quoted,
            };
            Name(vec![part]).text()
        };
        assert_eq!(name("orders", true), "orders");
        assert_eq!(name("Orders", true), "\"Orders\"");
        assert_eq!(name("Orders", false), "Orders");
        assert_eq!(name("a.b", true), "\"a.b\"");
        assert_eq!(Name::dotted("a.b c"), None);
    }
}
