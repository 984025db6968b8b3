//! One sync per source at a time: a lease with a fencing token.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use virgil_model::SourceId;

use crate::database::Store;
use crate::error::StoreError;

/// The right to sync a source. Its token grows with each acquisition; a write with an old one is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The source.
    pub source: SourceId,
    pub(crate) token: i64,
}

impl Store {
    /// Takes the lease of a source for `duration`, unless another holder's has not run out. The same holder gets it back at
    /// once: one process runs one sync of a source, and sees to that itself.
    pub async fn acquire_lease(
        &self,
        source: SourceId,
        holder: &str,
        duration: Duration,
    ) -> Result<Lease, StoreError> {
        let now = Timestamp::now().as_millisecond();
        let mut transaction = self.write().await?;
        let (current, until, token): (Option<String>, i64, i64) =
            sqlx::query_as("SELECT holder, lease_until, token FROM sources WHERE id = ?")
                .bind(source.0)
                .fetch_optional(&mut *transaction)
                .await?
                .ok_or_else(|| StoreError::NotFound("the source is no longer there".to_owned()))?;
        if let Some(current) = current
            && until > now
            && current != holder
        {
            return Err(StoreError::LeaseHeld { holder: current });
        }
        let token = token + 1;
        sqlx::query("UPDATE sources SET holder = ?, lease_until = ?, token = ? WHERE id = ?")
            .bind(holder)
            .bind(now + milliseconds(duration))
            .bind(token)
            .bind(source.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Lease { source, token })
    }

    /// Makes the lease last for another `duration` from now.
    pub async fn renew_lease(&self, lease: &Lease, duration: Duration) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        check(&mut transaction, lease).await?;
        sqlx::query("UPDATE sources SET lease_until = ? WHERE id = ?")
            .bind(Timestamp::now().as_millisecond() + milliseconds(duration))
            .bind(lease.source.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives the lease back; one that was lost is not there to give.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sources SET holder = NULL, lease_until = 0 WHERE id = ? AND token = ?")
            .bind(lease.source.0)
            .bind(lease.token)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lets go of every lease. Only for the owner of the data directory at start: whoever held one is dead.
    pub async fn release_all_leases(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sources SET holder = NULL, lease_until = 0")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Fails unless `lease` is the latest of its source.
pub(crate) async fn check(
    connection: &mut SqliteConnection,
    lease: &Lease,
) -> Result<(), StoreError> {
    let token: Option<i64> = sqlx::query_scalar("SELECT token FROM sources WHERE id = ?")
        .bind(lease.source.0)
        .fetch_optional(connection)
        .await?;
    if token == Some(lease.token) {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
