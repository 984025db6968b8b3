//! Which entries of a source are assets: globs, size, and whether the bytes are text.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use virgil_model::SkipReason;

use crate::SourceError;

/// The limit on the size of an asset unless the configuration says otherwise, in bytes.
pub(crate) const DEFAULT_MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The first line of a Git LFS pointer (git-lfs specification, version 1).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";

/// How far a NUL byte is looked for, as git does it.
const BINARY_PROBE: usize = 8_000;

/// The parameters that every kind with files has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Patterns {
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) max_file_bytes: Option<u64>,
}

/// Decides which entries are assets.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
    pub(crate) max_file_bytes: u64,
    /// Names the rules: a checkpoint made under others is of no use.
    pub(crate) fingerprint: String,
}

impl Selection {
    pub(crate) fn new(patterns: &Patterns) -> Result<Selection, SourceError> {
        let max_file_bytes = patterns.max_file_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES);
        let mut hasher = blake3::Hasher::new();
        for part in [&patterns.include, &patterns.exclude] {
            for glob in part {
                hasher.update(&(glob.len() as u64).to_le_bytes());
                hasher.update(glob.as_bytes());
            }
            hasher.update(b"/");
        }
        hasher.update(&max_file_bytes.to_le_bytes());
        Ok(Selection {
            include: if patterns.include.is_empty() {
                None
            } else {
                Some(globs(&patterns.include)?)
            },
            exclude: globs(&patterns.exclude)?,
            max_file_bytes,
            fingerprint: hasher.finalize().to_hex()[..16].to_owned(),
        })
    }

    /// Whether the globs let a path in.
    pub(crate) fn takes(&self, path: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|include| include.is_match(path))
            && !self.exclude.is_match(path)
    }
}

/// Why bytes are not an asset, if they are not.
pub(crate) fn unreadable(bytes: &[u8]) -> Option<SkipReason> {
    if bytes.is_empty() {
        Some(SkipReason::Empty)
    } else if bytes.starts_with(LFS_POINTER) {
        Some(SkipReason::LfsPointer)
    } else if bytes[..bytes.len().min(BINARY_PROBE)].contains(&0) {
        Some(SkipReason::Binary)
    } else if std::str::from_utf8(bytes).is_err() {
        Some(SkipReason::NotUtf8)
    } else {
        None
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, SourceError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| {
                SourceError::Invalid(format!("`{pattern}` is not a glob: {}", error.kind()))
            })?;
        set.add(glob);
    }
    set.build().map_err(|error| {
        SourceError::Invalid(format!("the globs cannot be used together: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_then_exclude() {
        let selection = Selection::new(&Patterns {
            include: vec!["docs/**".into(), "*.md".into()],
            exclude: vec!["**/private/**".into()],
            max_file_bytes: None,
        })
        .expect("globs");
        for (path, taken) in [
            ("docs/a/b.md", true),
            ("README.md", true),
            ("src/README.md", false),
            ("docs/private/a.md", false),
        ] {
            assert_eq!(selection.takes(path), taken, "{path}");
        }
    }

    #[test]
    fn only_text_is_an_asset() {
        assert_eq!(unreadable("größe\n".as_bytes()), None);
        assert_eq!(unreadable(b""), Some(SkipReason::Empty));
        assert_eq!(unreadable(b"a\0b"), Some(SkipReason::Binary));
        assert_eq!(unreadable(b"gr\xf6\xdfe"), Some(SkipReason::NotUtf8));
        assert_eq!(
            unreadable(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
            Some(SkipReason::LfsPointer)
        );
    }
}
