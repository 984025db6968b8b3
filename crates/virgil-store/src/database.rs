//! Opening the database.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::error::StoreError;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// How many reads run side by side.
const READERS: u32 = 4;

/// What is known. Clones share the same connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: writes queue here and never meet `SQLITE_BUSY`.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database at `path`, making or migrating it as needed. The file and its folder are for their owner only.
    pub async fn open(path: &Path) -> Result<Store, StoreError> {
        let shown = path.display().to_string();
        let unwritable = |_| StoreError::Unwritable(shown.clone());
        make_private(path).map_err(unwritable)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, only FULL keeps a commit through a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30));
        let damaged = |error: sqlx::Error| match &error {
            // SQLITE_CORRUPT is 11, SQLITE_NOTADB is 26.
            sqlx::Error::Database(database)
                if database
                    .code()
                    .is_some_and(|code| code == "11" || code == "26") =>
            {
                StoreError::Damaged(shown.clone())
            }
            sqlx::Error::Database(database)
                if database
                    .code()
                    .is_some_and(|code| code == "14" || code == "8") =>
            {
                StoreError::Unwritable(shown.clone())
            }
            _ => StoreError::from(error),
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(damaged)?;
        MIGRATOR.run(&writer).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                StoreError::Newer(shown.clone())
            }
            MigrateError::Execute(error) => damaged(error),
            other => StoreError::Invalid(format!(
                "the database `{shown}` cannot be brought up to date: {other}"
            )),
        })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await
            .map_err(damaged)?;
        let store = Store { writer, readers };
        store
            .ping()
            .await
            .map_err(|_| StoreError::Damaged(path.display().to_string()))?;
        Ok(store)
    }

    /// Fails if the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT COUNT(*) FROM sources")
            .execute(&self.readers)
            .await?;
        Ok(())
    }

    /// Looks the whole database over for damage.
    pub async fn check(&self) -> Result<(), StoreError> {
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check")
            .fetch_one(&self.readers)
            .await?;
        if verdict == "ok" {
            Ok(())
        } else {
            Err(StoreError::Damaged(verdict))
        }
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Starts a transaction that writes.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    Ok(())
}
