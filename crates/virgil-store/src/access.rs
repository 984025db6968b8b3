//! Labels, groups and principals, and the scopes that follow from them.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use virgil_model::{LabelId, Scope};

use crate::database::Store;
use crate::error::StoreError;

/// The group that holds every principal.
pub const EVERYONE: &str = "everyone";

/// Who may see what, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The labels. A stored label that is not among them allows nobody.
    pub labels: Vec<LabelAccess>,
    /// The principals.
    pub principals: Vec<PrincipalAccess>,
}

/// An access label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelAccess {
    /// Its name.
    pub name: String,
    /// The groups that may see what carries it.
    pub groups: Vec<String>,
}

/// Someone who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalAccess {
    /// The name.
    pub name: String,
    /// SHA-256 of the API key, if there is one.
    pub key_sha256: Option<[u8; 32]>,
    /// The groups it is in, besides [`EVERYONE`].
    pub groups: Vec<String>,
}

impl Store {
    /// Replaces labels' groups and principals by `access`; holds from the next request.
    pub async fn apply_access(&self, access: &Access) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for statement in [
            "DELETE FROM label_groups",
            "DELETE FROM principal_groups",
            "DELETE FROM principals",
        ] {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        for label in &access.labels {
            let id = label_id(&mut transaction, &label.name).await?;
            for group in label.groups.iter().collect::<BTreeSet<_>>() {
                sqlx::query("INSERT INTO label_groups (label, group_name) VALUES (?, ?)")
                    .bind(id.0)
                    .bind(group)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        for principal in &access.principals {
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO principals (name, key_sha256) VALUES (?, ?) RETURNING id",
            )
            .bind(&principal.name)
            .bind(principal.key_sha256.map(|hash| hash.to_vec()))
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| match error.as_database_error() {
                Some(database) if database.is_unique_violation() => StoreError::Invalid(format!(
                    "principal `{}` has the name or the key of another: each needs its own",
                    principal.name
                )),
                _ => error.into(),
            })?;
            for group in principal.groups.iter().collect::<BTreeSet<_>>() {
                sqlx::query("INSERT INTO principal_groups (principal, group_name) VALUES (?, ?)")
                    .bind(id)
                    .bind(group)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The scope of whoever holds the key with that SHA-256; `None` if nobody does.
    pub async fn scope_of_key(&self, key_sha256: &[u8; 32]) -> Result<Option<Scope>, StoreError> {
        let found: Option<(i64, String)> =
            sqlx::query_as("SELECT id, name FROM principals WHERE key_sha256 = ?")
                .bind(key_sha256.to_vec())
                .fetch_optional(self.readers())
                .await?;
        let Some((id, name)) = found else {
            return Ok(None);
        };
        let groups: Vec<String> =
            sqlx::query_scalar("SELECT group_name FROM principal_groups WHERE principal = ?")
                .bind(id)
                .fetch_all(self.readers())
                .await?;
        Ok(Some(self.scope_of_groups(&name, &groups).await?))
    }

    /// The scope of a principal that is in `groups` (and in [`EVERYONE`]).
    pub async fn scope_of_groups(
        &self,
        principal: &str,
        groups: &[String],
    ) -> Result<Scope, StoreError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("SELECT DISTINCT label FROM label_groups WHERE group_name IN (");
        let mut list = query.separated(", ");
        list.push_bind(EVERYONE);
        for group in groups {
            list.push_bind(group);
        }
        query.push(")");
        let labels: Vec<i64> = query.build_query_scalar().fetch_all(self.readers()).await?;
        Ok(issue(principal, labels, false))
    }

    /// The scope of an administrator: everything.
    pub async fn scope_of_admin(&self, principal: &str) -> Result<Scope, StoreError> {
        let labels: Vec<i64> = sqlx::query_scalar("SELECT id FROM labels")
            .fetch_all(self.readers())
            .await?;
        Ok(issue(principal, labels, true))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the store is where scopes are issued"
)]
fn issue(principal: &str, labels: Vec<i64>, audit: bool) -> Scope {
    Scope::issue(
        principal.to_owned(),
        labels.into_iter().map(LabelId).collect(),
        audit,
    )
}

/// The id of the label `name`, which is made if it is new. A new label allows nobody.
pub(crate) async fn label_id(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<LabelId, StoreError> {
    sqlx::query("INSERT INTO labels (name) VALUES (?) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .execute(&mut *connection)
        .await?;
    let id: i64 = sqlx::query_scalar("SELECT id FROM labels WHERE name = ?")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    Ok(LabelId(id))
}

/// Adds `(label, label, …)` of a scope to a query; an empty scope matches nothing.
pub(crate) fn push_labels(query: &mut QueryBuilder<Sqlite>, scope: &Scope) {
    query.push("(");
    let mut list = query.separated(", ");
    // No row has the label 0, which keeps the list from being empty.
    list.push("0");
    for label in scope.labels() {
        list.push_bind(label.0);
    }
    query.push(")");
}
