//! Files with a record per line: JSON Lines (<https://jsonlines.org>), CSV (RFC 4180) and TSV; verbatim.

use virgil_model::{Content, Files};

use crate::lines::{Lines, cut, extension, file_name, reading};
use crate::{Raw, Reader, Reading};

/// The reader of files with a record per line.
pub(crate) struct RecordsReader;

impl Reader for RecordsReader {
    fn name(&self) -> &'static str {
        "records"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(
            extension(raw.path).as_str(),
            "jsonl" | "ndjson" | "csv" | "tsv"
        )
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let sections = cut(&Lines::of(raw.text), Vec::new());
        let title = file_name(raw.path).to_owned();
        reading(title, Content::Config, sections, Vec::new())
    }
}
