//! A data directory of its own, and the program run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;

/// A place where the program runs and keeps its data; gone when dropped.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file of the configuration.
    pub(crate) fn configure(&self, name: &str, text: &str) {
        let folder = self.path().join("ingest-config");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), text).expect("a file");
    }

    /// The program, to be run here with `arguments`; nothing of this process's environment reaches it.
    pub(crate) fn virgil(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_virgil"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("VIRGIL_MODEL_DIR", model_dir())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.virgil(arguments).output().expect("the program starts")
    }

    /// Runs the program, which must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "virgil {arguments:?} failed: {said}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The same, as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let printed = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {printed}"))
    }

    /// Runs the program, which must fail with one message, and returns the message.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "virgil {arguments:?} succeeded");
        assert!(!said.contains("panicked"), "{said}");
        assert!(!said.trim().is_empty(), "it failed without a word");
        said
    }

    /// Every passage that is visible to an administrator, straight from the store.
    pub(crate) fn passages(&self) -> Vec<LivePassage> {
        let data_dir = self.data_dir();
        // A thread of its own, because a test may run on a runtime already.
        std::thread::spawn(move || live_passages(&data_dir))
            .join()
            .expect("the store can be read")
    }
}

/// A visible passage: source, path, lines and text.
pub(crate) type LivePassage = (String, String, i64, i64, String);

/// Every visible passage of a data directory, sorted, read from the database without the program's help.
fn live_passages(data_dir: &Path) -> Vec<LivePassage> {
    let options = SqliteConnectOptions::new().filename(data_dir.join("virgil.db"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("the database opens");
        let rows = sqlx::query(
            "SELECT s.name, a.path, c.start_line, c.end_line, c.body FROM chunks c JOIN assets a ON a.id = c.asset \
             JOIN sources s ON s.id = a.source WHERE a.born <= s.live_generation \
             AND (a.died IS NULL OR a.died > s.live_generation) ORDER BY 1, 2, 3, 4, 5",
        )
        .fetch_all(&pool)
        .await
        .expect("the query runs");
        pool.close().await;
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    })
}

/// Where `make model` put the embedding model.
fn model_dir() -> PathBuf {
    match std::env::var_os("VIRGIL_MODEL_DIR") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data"),
    }
}
