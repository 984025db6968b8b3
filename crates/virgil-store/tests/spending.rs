//! Budgets: nothing is overspent, however many ask at once.

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinSet;
use virgil_store::{Period, Spending, SpendingLimits, Store};

const NOW: &str = "2026-11-30T23:59:00Z";

async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("virgil.db"))
        .await
        .expect("it opens");
    (folder, store)
}

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

fn spending(tokens: u64, nano_usd: u64) -> Spending {
    Spending { tokens, nano_usd }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_overspend_nothing() {
    let (_folder, store) = store().await;
    let limits = SpendingLimits {
        tokens_per_day: Some(10_000),
        ..SpendingLimits::default()
    };
    let mut asking = JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        asking.spawn(async move {
            let reserved = store
                .reserve("ada", spending(300, 7), &limits, at(NOW))
                .await
                .expect("the store works");
            // Half of them spend less than they reserved, and let others in.
            if let Ok(reservation) = &reserved {
                tokio::task::yield_now().await;
                let spent = store.spent("ada", at(NOW)).await.expect("read");
                assert!(spent.day.tokens <= 10_000, "{spent:?}");
                store
                    .settle(reservation, spending(290, 7))
                    .await
                    .expect("settled");
            }
            reserved.is_ok()
        });
    }
    let served = asking.join_all().await.into_iter().filter(|ok| *ok).count();
    let spent = store.spent("ada", at(NOW)).await.expect("read").day;
    assert_eq!(spent.tokens, served as u64 * 290);
    assert!(spent.tokens <= 10_000, "{spent:?}");
    assert!((33..=34).contains(&served), "{served} were served");
}

#[tokio::test]
async fn each_limit_refuses_and_says_when_it_is_renewed() {
    let day = Some((Period::Day, "2026-12-01T00:00:00Z"));
    let month = Some((Period::Month, "2026-12-01T00:00:00Z"));
    let none = SpendingLimits::default();
    let cases = [
        (none, None),
        (
            SpendingLimits {
                tokens_per_day: Some(149),
                ..none
            },
            day,
        ),
        (
            SpendingLimits {
                tokens_per_day: Some(150),
                ..none
            },
            None,
        ),
        (
            SpendingLimits {
                nano_usd_per_day: Some(14),
                ..none
            },
            day,
        ),
        (
            SpendingLimits {
                tokens_per_month: Some(149),
                ..none
            },
            month,
        ),
        (
            SpendingLimits {
                nano_usd_per_month: Some(14),
                ..none
            },
            month,
        ),
        (
            SpendingLimits {
                tokens_per_day: Some(1),
                tokens_per_month: Some(1),
                ..none
            },
            month,
        ),
    ];
    for (limits, expect) in cases {
        let (_folder, store) = store().await;
        let first = store
            .reserve("ada", spending(100, 10), &none, at(NOW))
            .await;
        first.expect("the store works").expect("nothing is limited");
        let second = store
            .reserve("ada", spending(50, 5), &limits, at(NOW))
            .await;
        let refused = second.expect("the store works").err();
        let found = refused.map(|over| (over.period, over.renewed_at.to_string()));
        assert_eq!(
            found,
            expect.map(|(period, at)| (period, at.to_owned())),
            "{limits:?}"
        );
        let other = store.reserve("bob", spending(1, 1), &limits, at(NOW)).await;
        other.expect("the store works").expect("it is not bob's");
    }
}

#[tokio::test]
async fn a_day_and_a_month_end() {
    let (_folder, store) = store().await;
    let limits = SpendingLimits {
        tokens_per_day: Some(100),
        ..SpendingLimits::default()
    };
    let reserve = async |time: &str| {
        let reserved = store
            .reserve("ada", spending(100, 0), &limits, at(time))
            .await;
        reserved.expect("the store works")
    };
    let late = reserve(NOW).await.expect("the day is new");
    reserve(NOW).await.expect_err("it is used up");
    reserve("2026-12-01T00:00:00Z").await.expect("the next day");
    // What was reserved before midnight is settled in its own day.
    store.settle(&late, spending(40, 0)).await.expect("settled");
    let spent = store.spent("ada", at(NOW)).await.expect("read");
    assert_eq!((spent.day.tokens, spent.month.tokens), (40, 40));
    let spent = store
        .spent("ada", at("2026-12-01T08:00:00Z"))
        .await
        .expect("read");
    assert_eq!((spent.day.tokens, spent.month.tokens), (100, 100));
}

#[tokio::test]
async fn what_nobody_settled_stays_spent() {
    let (folder, store) = store().await;
    let unlimited = SpendingLimits::default();
    let reserved = store
        .reserve("ada", spending(70, 3), &unlimited, at(NOW))
        .await;
    reserved.expect("the store works").expect("reserved");
    drop(store);
    let store = Store::open(&folder.path().join("virgil.db"))
        .await
        .expect("it opens again");
    let spent = store.spent("ada", at(NOW)).await.expect("read");
    assert_eq!(spent.day, spending(70, 3));
    // An amount beyond all bounds neither wraps nor fails.
    let most = spending(u64::MAX, u64::MAX);
    for _ in 0..2 {
        let reserved = store.reserve("bob", most, &unlimited, at(NOW)).await;
        reserved.expect("the store works").expect("reserved");
    }
    assert!(store.spent("bob", at(NOW)).await.expect("read").day.tokens > 1 << 60);
}
