//! What principals spend on language models, by day and by month (UTC).
//!
//! A call is paid for before it is made: [`Store::reserve`] checks the limits and adds an estimate in one transaction, and
//! writes queue on one connection, so that however many askers come at once, no limit is passed. [`Store::settle`] puts
//! what was really spent in the place of the estimate. What a crash leaves unsettled stays spent, because nobody knows
//! whether it was.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use sqlx::{Row, SqliteConnection};

use crate::database::Store;
use crate::error::StoreError;

/// An amount of tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// Billionths of a US dollar.
    pub nano_usd: u64,
}

impl Spending {
    /// The sum of two; at the top of the range it stays there.
    pub fn plus(self, other: Spending) -> Spending {
        Spending {
            tokens: self.tokens.saturating_add(other.tokens),
            nano_usd: self.nano_usd.saturating_add(other.nano_usd),
        }
    }
}

/// How much a principal may spend; what is absent is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpendingLimits {
    /// Tokens in a day.
    pub tokens_per_day: Option<u64>,
    /// Tokens in a month.
    pub tokens_per_month: Option<u64>,
    /// Billionths of a US dollar in a day.
    pub nano_usd_per_day: Option<u64>,
    /// Billionths of a US dollar in a month.
    pub nano_usd_per_month: Option<u64>,
}

impl SpendingLimits {
    /// Whether anything is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == SpendingLimits::default()
    }
}

/// A span of time that limits count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day, from midnight UTC.
    Day,
    /// A month, from midnight UTC of its first day.
    Month,
}

/// What a principal has spent in the current periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Today.
    pub day: Spending,
    /// This month.
    pub month: Spending,
}

/// An estimate that counts as spent until it is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    principal: String,
    day: String,
    month: String,
    estimate: Spending,
}

impl Reservation {
    /// A reservation of nothing at the time `now`, for a principal without limits: settling it only notes what was spent.
    pub fn of_nothing(principal: &str, now: Timestamp) -> Result<Reservation, StoreError> {
        let periods = Periods::at(now)?;
        Ok(Reservation {
            principal: principal.to_owned(),
            day: periods.day,
            month: periods.month,
            estimate: Spending::default(),
        })
    }

    /// What was reserved.
    pub fn estimate(&self) -> Spending {
        self.estimate
    }
}

/// The limit that a reservation would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overspent {
    /// Of which period.
    pub period: Period,
    /// What was spent in it so far, reservations included.
    pub spent: Spending,
    /// When the next one begins.
    pub renewed_at: Timestamp,
}

impl Store {
    /// Reserves `estimate` for `principal` at the time `now`, if that passes none of `limits`.
    pub async fn reserve(
        &self,
        principal: &str,
        estimate: Spending,
        limits: &SpendingLimits,
        now: Timestamp,
    ) -> Result<Result<Reservation, Overspent>, StoreError> {
        let periods = Periods::at(now)?;
        let mut transaction = self.write().await?;
        let spent = spent(&mut transaction, principal, &periods).await?;
        let (day, month) = (spent.day.plus(estimate), spent.month.plus(estimate));
        let passes = |sum: Spending, tokens: Option<u64>, nano_usd: Option<u64>| {
            tokens.is_some_and(|limit| sum.tokens > limit)
                || nano_usd.is_some_and(|limit| sum.nano_usd > limit)
        };
        // The longer period first: when both are used up, waiting for the next day does not help.
        let over = if passes(month, limits.tokens_per_month, limits.nano_usd_per_month) {
            Some((Period::Month, spent.month, periods.next_month))
        } else if passes(day, limits.tokens_per_day, limits.nano_usd_per_day) {
            Some((Period::Day, spent.day, periods.next_day))
        } else {
            None
        };
        if let Some((period, spent, renewed_at)) = over {
            return Ok(Err(Overspent {
                period,
                spent,
                renewed_at,
            }));
        }
        let reservation = Reservation {
            principal: principal.to_owned(),
            day: periods.day,
            month: periods.month,
            estimate,
        };
        for period in [&reservation.day, &reservation.month] {
            add(&mut transaction, principal, period, signed(estimate)).await?;
        }
        transaction.commit().await?;
        Ok(Ok(reservation))
    }

    /// Puts what was spent in the place of what was reserved, in the periods of the reservation.
    pub async fn settle(
        &self,
        reservation: &Reservation,
        spent: Spending,
    ) -> Result<(), StoreError> {
        let (spent, estimate) = (signed(spent), signed(reservation.estimate));
        let difference = (spent.0 - estimate.0, spent.1 - estimate.1);
        let mut transaction = self.write().await?;
        for period in [&reservation.day, &reservation.month] {
            add(&mut transaction, &reservation.principal, period, difference).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What `principal` has spent in the day and the month of `now`, reservations included.
    pub async fn spent(&self, principal: &str, now: Timestamp) -> Result<Spent, StoreError> {
        let periods = Periods::at(now)?;
        let mut connection = self.readers().acquire().await?;
        spent(&mut connection, principal, &periods).await
    }

    /// The groups that a configured principal is in; none for anyone else.
    pub async fn groups_of(&self, principal: &str) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT g.group_name FROM principal_groups g JOIN principals p ON p.id = g.principal \
             WHERE p.name = ? ORDER BY 1",
        )
        .bind(principal)
        .fetch_all(self.readers())
        .await?)
    }
}

/// The day and the month of a moment, and when the next ones begin.
struct Periods {
    day: String,
    month: String,
    next_day: Timestamp,
    next_month: Timestamp,
}

impl Periods {
    fn at(now: Timestamp) -> Result<Periods, StoreError> {
        let beyond = |_| StoreError::Invalid(format!("the clock says {now}: correct it"));
        let now: ZonedDateTime = now.to_zoned_datetime(TimeZone::UTC);
        let next_day = now.tomorrow().and_then(|day| day.start_of_day());
        let next_month = now
            .last_of_month()
            .and_then(|last| last.tomorrow())
            .and_then(|first| first.start_of_day());
        Ok(Periods {
            day: now.strftime("%Y-%m-%d").to_string(),
            month: now.strftime("%Y-%m").to_string(),
            next_day: next_day.map_err(beyond)?.timestamp(),
            next_month: next_month.map_err(beyond)?.timestamp(),
        })
    }
}

async fn spent(
    connection: &mut SqliteConnection,
    principal: &str,
    periods: &Periods,
) -> Result<Spent, StoreError> {
    let rows = sqlx::query(
        "SELECT period, tokens, nano_usd FROM spending WHERE principal = ? AND period IN (?, ?)",
    )
    .bind(principal)
    .bind(&periods.day)
    .bind(&periods.month)
    .fetch_all(connection)
    .await?;
    let mut spent = Spent::default();
    for row in rows {
        let unsigned = |column: &str| -> Result<u64, StoreError> {
            Ok(row.try_get::<i64, _>(column)?.try_into().unwrap_or(0))
        };
        let spending = Spending {
            tokens: unsigned("tokens")?,
            nano_usd: unsigned("nano_usd")?,
        };
        if row.try_get::<String, _>("period")? == periods.day {
            spent.day = spending;
        } else {
            spent.month = spending;
        }
    }
    Ok(spent)
}

async fn add(
    connection: &mut SqliteConnection,
    principal: &str,
    period: &str,
    (tokens, nano_usd): (i64, i64),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO spending (principal, period, tokens, nano_usd) VALUES (?, ?, ?, ?) \
         ON CONFLICT (principal, period) DO UPDATE SET tokens = tokens + excluded.tokens, \
         nano_usd = nano_usd + excluded.nano_usd",
    )
    .bind(principal)
    .bind(period)
    .bind(tokens)
    .bind(nano_usd)
    .execute(connection)
    .await?;
    Ok(())
}

/// As SQL has it. Halved at the top, so that sums stay in range.
fn signed(spending: Spending) -> (i64, i64) {
    let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX).min(i64::MAX / 4);
    (signed(spending.tokens), signed(spending.nano_usd))
}
