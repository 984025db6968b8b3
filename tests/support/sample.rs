//! The sample platform, read once for all stories about it that run at the same time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use serde_json::{Value, json};

use super::{Home, Server};

/// A home that has read the sample platform, and a server on it; gone when nobody uses it any more.
pub(crate) struct Sample {
    // Stopped before its home goes.
    _server: Server,
    pub(crate) home: Home,
}

static SHARED: Mutex<Weak<Sample>> = Mutex::new(Weak::new());

impl Sample {
    /// The sample platform as it stands in `examples/bottega`; stories only read it.
    pub(crate) fn shared() -> Arc<Sample> {
        let mut shared = SHARED
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(sample) = shared.upgrade() {
            return sample;
        }
        let home = Sample::copy();
        home.ok(&["ingest"]);
        let sample = Arc::new(Sample {
            _server: Server::start(&home),
            home,
        });
        *shared = Arc::downgrade(&sample);
        sample
    }

    /// A copy of the sample platform that a story may change; its folders lie beside the home's configuration.
    pub(crate) fn copy() -> Home {
        let home = Home::new();
        let root = repository_root();
        for folder in ["ingest-config", "examples/bottega"] {
            copy_folder(&root.join(folder), &home.path().join(folder));
        }
        home
    }
}

impl Home {
    /// What a typed query answers, or the message why it does not, for some groups or for an administrator.
    pub(crate) fn query(&self, groups: &[&str], query: &Value) -> Result<Value, String> {
        let query = query.to_string();
        let groups = groups.join(",");
        let mut arguments = vec!["query", query.as_str(), "--json"];
        if !groups.is_empty() {
            arguments.extend(["--as", groups.as_str()]);
        }
        let output = self.run(&arguments);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// The references of the rows of a set, in order.
    pub(crate) fn references(&self, groups: &[&str], set: &Value) -> Vec<String> {
        let found = self
            .query(groups, &json!({ "set": set }))
            .expect("an answer");
        let rows = found["rows"].as_array().expect("rows");
        rows.iter()
            .map(|row| row["reference"].as_str().expect("a reference").to_owned())
            .collect()
    }
}

pub(crate) fn repository_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
