//! One asset, from raw bytes to what is stored: redact, read, chunk.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use virgil_model::{Chunk, ChunkId, Content, Files, Problem, Statement};
use virgil_readers::Raw;
use virgil_redact::{REDACTOR_VERSION, redact};

/// An asset, ready to be embedded and stored.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) path: String,
    pub(crate) content_id: String,
    pub(crate) title: String,
    pub(crate) content: Content,
    pub(crate) size_bytes: u64,
    pub(crate) reader: &'static str,
    pub(crate) reader_version: u32,
    pub(crate) redactor_version: u32,
    pub(crate) redacted: u32,
    pub(crate) looked_at: Vec<String>,
    pub(crate) chunks: Vec<(ChunkId, Chunk)>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) problems: Vec<Problem>,
}

/// Redacts, reads and chunks one asset. The bytes are UTF-8: sources skip what is not.
pub(crate) fn prepare(source: &str, asset: virgil_sources::Asset, files: &dyn Files) -> Prepared {
    let text = String::from_utf8_lossy(&asset.bytes);
    let redacted = redact(&text, Some(&asset.path));
    let watched = WatchedFiles {
        files,
        looked_at: Mutex::default(),
    };
    let raw = Raw {
        path: &asset.path,
        text: &redacted.text,
    };
    let reader = virgil_readers::reader_for(raw);
    let reading = reader.read(raw, &watched);

    let mut occurrences: HashMap<String, u32> = HashMap::new();
    let mut found = u32::try_from(redacted.found.len()).unwrap_or(u32::MAX);
    let chunks = virgil_readers::chunk(&reading.document)
        .into_iter()
        .map(|mut chunk| {
            // Decoding (JSON strings, HTML entities) may have uncovered what the raw bytes hid.
            let again = redact(&chunk.text, Some(&asset.path));
            if !again.found.is_empty() {
                found = found.saturating_add(u32::try_from(again.found.len()).unwrap_or(u32::MAX));
                chunk.text = again.text.into_owned();
            }
            for part in &mut chunk.breadcrumb {
                let again = redact(part, None);
                if !again.found.is_empty() {
                    *part = again.text.into_owned();
                }
            }
            let text = chunk.embedded_text();
            let occurrence = occurrences.entry(text.clone()).or_default();
            let id = ChunkId::derive(source, &asset.path, &text, *occurrence);
            *occurrence += 1;
            (id, chunk)
        })
        .collect();
    let problems = reading
        .problems
        .into_iter()
        .map(|problem| Problem {
            message: redact(&problem.message, None).text.into_owned(),
            ..problem
        })
        .collect();
    Prepared {
        title: redact(&reading.document.title, None).text.into_owned(),
        content: reading.document.content,
        size_bytes: asset.bytes.len() as u64,
        reader: reader.name(),
        reader_version: reader.version(),
        redactor_version: REDACTOR_VERSION,
        redacted: found,
        looked_at: watched
            .looked_at
            .into_inner()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        chunks,
        statements: reading
            .statements
            .into_iter()
            .filter_map(without_secrets)
            .collect(),
        problems,
        path: asset.path,
        content_id: asset.content_id,
    }
}

/// A statement whose texts hold no secret; one that is nothing without it is dropped.
fn without_secrets(statement: Statement) -> Option<Statement> {
    let says = serde_json::to_string(&statement.says).ok()?;
    let again = redact(&says, None);
    if again.found.is_empty() {
        return Some(statement);
    }
    Some(Statement {
        says: serde_json::from_str(&again.text).ok()?,
        ..statement
    })
}

/// Whether something that a reader looked at has changed: a file, or with `/` at the end anything below a folder (`/` alone
/// is all of the source).
pub(crate) fn has_changed(looked_at: &str, changed: &BTreeSet<String>) -> bool {
    match looked_at.strip_suffix('/') {
        None => changed.contains(looked_at),
        Some("") => !changed.is_empty(),
        Some(_) => changed
            .range::<str, _>((Bound::Included(looked_at), Bound::Unbounded))
            .next()
            .is_some_and(|path| path.starts_with(looked_at)),
    }
}

/// The other files of the revision, redacted like everything else, with a record of what was looked at.
struct WatchedFiles<'a> {
    files: &'a dyn Files,
    looked_at: Mutex<BTreeSet<String>>,
}

impl Files for WatchedFiles<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if let Ok(mut looked_at) = self.looked_at.lock() {
            looked_at.insert(path.to_owned());
        }
        let bytes = self.files.read(path)?;
        let text = String::from_utf8(bytes).ok()?;
        Some(redact(&text, Some(path)).text.into_owned().into_bytes())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        if let Ok(mut looked_at) = self.looked_at.lock() {
            looked_at.insert(format!("{}/", folder.trim_end_matches('/')));
        }
        self.files.list(folder)
    }
}

/// The files of a revision, shared between the stages of a sync.
pub(crate) type SharedFiles = Arc<dyn Files>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_changes_with_what_is_below_it() {
        let changed = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        for (looked_at, paths, expect) in [
            ("a/b.yaml", &["a/b.yaml"][..], true),
            ("a/b.yaml", &["a/b.yaml2"], false),
            ("a/overlays/", &["a/base/x", "a/overlays/new/k.yaml"], true),
            ("a/overlays/", &["a/overlays2/x", "a/overlay", "a"], false),
            ("/", &["x"], true),
            ("/", &[], false),
        ] {
            let found = has_changed(looked_at, &changed(paths));
            assert_eq!(found, expect, "{looked_at} {paths:?}");
        }
    }

    #[test]
    fn the_base_of_an_overlay_looks_for_overlays() {
        let asset = virgil_sources::Asset {
            path: "x/base/a.yaml".to_owned(),
            content_id: "1".to_owned(),
            bytes: b"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n".to_vec(),
        };
        let prepared = prepare("source", asset, &virgil_model::NoFiles);
        assert!(!prepared.statements.is_empty());
        let overlay = BTreeSet::from(["x/overlays/prod/kustomization.yaml".to_owned()]);
        let is_affected = |looked_at: &String| has_changed(looked_at, &overlay);
        assert!(
            prepared.looked_at.iter().any(is_affected),
            "{:?}",
            prepared.looked_at
        );
    }
}
