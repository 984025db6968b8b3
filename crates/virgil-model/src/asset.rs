//! What a source hands over besides bytes: its other files, what it skipped, what went wrong.

/// The other files of the same source revision, for readers whose format refers to them.
///
/// Implementations answer from one revision only, so that what a reader sees fits together.
pub trait Files: Send + Sync {
    /// The bytes of a file, or `None` if there is none (or it is one that the source skips).
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// The paths below a folder (`""` is the root), sorted.
    fn list(&self, folder: &str) -> Vec<String>;
}

/// A revision without other files.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Option<Vec<u8>> {
        None
    }

    fn list(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Why an entry of a source was not read. Skips are counted, not errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// The content is not text.
    Binary,
    /// The content is larger than the configured limit.
    TooLarge,
    /// A Git LFS pointer stands in for the content.
    LfsPointer,
    /// A symbolic link, which is never followed.
    Symlink,
    /// A git submodule, which is another repository.
    Submodule,
    /// The content, or the path itself, is not UTF-8.
    NotUtf8,
    /// The file is empty.
    Empty,
}

impl SkipReason {
    /// The stable name that is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::Binary => "binary",
            SkipReason::TooLarge => "too_large",
            SkipReason::LfsPointer => "lfs_pointer",
            SkipReason::Symlink => "symlink",
            SkipReason::Submodule => "submodule",
            SkipReason::NotUtf8 => "not_utf8",
            SkipReason::Empty => "empty",
        }
    }
}

/// Something in an asset that could not be understood; the rest of the asset still was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line at which it stands, if that is known.
    pub line: Option<u32>,
    /// One lowercase sentence without a full stop.
    pub message: String,
}
