//! What holds for the index in a directory only: reopening, locks, damage, full disks.

use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;
use virgil_index::{Candidates, EdgeIndex, EdgeOptions, IndexError, VectorIndex};
use virgil_model::PointId;

use crate::contract::{self, DIMENSIONS, find, id, point, search};

/// A small reserve, so that the tests run on nearly full disks as well.
fn options() -> EdgeOptions {
    EdgeOptions {
        reserve_bytes: 1 << 20,
        ..EdgeOptions::new(DIMENSIONS)
    }
}

fn open(directory: &Path) -> EdgeIndex {
    EdgeIndex::open(directory, &options()).unwrap()
}

#[tokio::test]
async fn the_edge_index_keeps_the_contract() {
    let folders = Mutex::new(Vec::<TempDir>::new());
    contract::check(|| {
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path());
        folders.lock().unwrap().push(folder);
        Box::new(index)
    })
    .await;
}

#[tokio::test]
async fn the_edge_index_with_a_graph_keeps_the_contract() {
    let folders = Mutex::new(Vec::<TempDir>::new());
    contract::check(|| {
        let folder = tempfile::tempdir().unwrap();
        // No exact search beyond nothing: `optimize` builds a graph of whatever there is.
        let index = EdgeIndex::open(
            folder.path(),
            &EdgeOptions {
                exact_points: 0,
                ..options()
            },
        )
        .unwrap();
        folders.lock().unwrap().push(folder);
        Box::new(index)
    })
    .await;
}

#[tokio::test]
async fn a_reopened_index_holds_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let index = open(folder.path());
        let expected: Vec<_> = (0..round * 10).map(id).collect();
        assert_eq!(index.ids(None, 100).await.unwrap(), expected);
        index
            .upsert(
                (round * 10..(round + 1) * 10)
                    .map(|number| point(number, 0))
                    .collect(),
            )
            .await
            .unwrap();
        if round == 1 {
            index.optimize().await.unwrap();
        }
        index.flush().await.unwrap();
        assert_eq!(
            find(&index, &search(0)).await.sparse.len(),
            expected.len() + 10
        );
    }
}

#[tokio::test]
async fn deletions_and_replacements_last() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index
        .upsert((0..10).map(|number| point(number, 0)).collect())
        .await
        .unwrap();
    index.flush().await.unwrap();
    index.delete(vec![id(0)]).await.unwrap();
    index.upsert(vec![point(1, 1)]).await.unwrap();
    index.flush().await.unwrap();
    // The scores of terms may move: how often a term occurs is counted anew when the index is opened.
    let order = |found: Candidates| {
        let ids =
            |list: Vec<(PointId, f32)>| list.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        (ids(found.dense), ids(found.sparse))
    };
    let before = order(find(&index, &search(0)).await);
    drop(index);
    let index = open(folder.path());
    assert_eq!(order(find(&index, &search(0)).await), before);
    assert_eq!(index.ids(None, 1).await.unwrap(), [id(1)]);
}

#[tokio::test]
async fn closing_without_a_flush_loses_nothing_that_was_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index.upsert(vec![point(1, 0)]).await.unwrap();
    index.flush().await.unwrap();
    index.upsert(vec![point(2, 0)]).await.unwrap();
    drop(index);
    let ids = open(folder.path()).ids(None, 10).await.unwrap();
    assert!(ids.starts_with(&[id(1)]), "{ids:?}");
}

#[tokio::test]
async fn a_directory_belongs_to_one_index() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    let error = EdgeIndex::open(folder.path(), &options()).unwrap_err();
    assert!(matches!(error, IndexError::InUse(_)), "{error}");
    drop(index);
    open(folder.path());
}

#[tokio::test]
async fn a_directory_for_other_vectors_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index.upsert(vec![point(1, 0)]).await.unwrap();
    index.flush().await.unwrap();
    drop(index);
    let wider = EdgeOptions {
        dimensions: DIMENSIONS + 1,
        ..options()
    };
    let error = EdgeIndex::open(folder.path(), &wider).unwrap_err();
    assert!(
        matches!(&error, IndexError::Invalid(message) if message.contains("vectors of 4")),
        "{error}"
    );
    assert_eq!(open(folder.path()).ids(None, 10).await.unwrap(), [id(1)]);
}

#[tokio::test]
async fn a_full_disk_stops_writing_but_not_reading() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index.upsert(vec![point(1, 0)]).await.unwrap();
    drop(index);

    let free = fs4::available_space(folder.path()).unwrap();
    let nearly_full = EdgeOptions {
        reserve_bytes: free * 2,
        ..options()
    };
    let index = EdgeIndex::open(folder.path(), &nearly_full).unwrap();
    let refusals = [
        index.upsert(vec![point(2, 0)]).await,
        index.delete(vec![id(1)]).await,
        index.optimize().await,
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(IndexError::DiskFull(_))),
            "{refusal:?}"
        );
    }
    assert_eq!(find(&index, &search(0)).await.dense.len(), 1);
    drop(index);

    let full = EdgeOptions {
        reserve_bytes: free * 8,
        ..options()
    };
    let error = EdgeIndex::open(folder.path(), &full).unwrap_err();
    assert!(matches!(error, IndexError::DiskFull(_)), "{error}");
}

#[tokio::test]
async fn a_failing_flush_damages_the_index_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index.upsert(vec![point(1, 0)]).await.unwrap();
    // As a broken disk would: what has to be written has nowhere to go.
    std::fs::remove_dir_all(folder.path().join("shard/segments")).unwrap();
    let error = index.flush().await.unwrap_err();
    assert!(matches!(error, IndexError::Damaged(_)), "{error}");
    let refusals = [
        index.upsert(vec![point(2, 0)]).await,
        index.flush().await,
        index.search(search(0)).await.map(drop),
        index.ids(None, 1).await.map(drop),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(IndexError::Damaged(_))),
            "{refusal:?}"
        );
    }
    // Closing a damaged index harms nobody.
    drop(index);
}

#[tokio::test]
async fn a_damaged_directory_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let segments = std::fs::read_dir(folder.path().join("shard/segments")).unwrap();
    for segment in segments {
        std::fs::write(segment.unwrap().path().join("segment.json"), "{").unwrap();
    }
    let error = EdgeIndex::open(folder.path(), &options()).unwrap_err();
    assert!(matches!(error, IndexError::Damaged(_)), "{error}");
}

#[tokio::test]
async fn openings_that_end_the_process_are_not_repeated_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    assert!(!folder.path().join("opening").exists());
    // What three openings that never came back leave behind.
    std::fs::write(folder.path().join("opening"), "3").unwrap();
    let error = EdgeIndex::open(folder.path(), &options()).unwrap_err();
    assert!(
        matches!(&error, IndexError::Damaged(message) if message.contains("3 times")),
        "{error}"
    );
    std::fs::write(folder.path().join("opening"), "2").unwrap();
    drop(open(folder.path()));
    assert!(!folder.path().join("opening").exists());
}

#[tokio::test]
async fn what_a_kill_left_of_making_an_index_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join("shard.partial/segments");
    std::fs::create_dir_all(&partial).unwrap();
    std::fs::write(partial.join("half"), "of something").unwrap();
    let index = open(folder.path());
    index.upsert(vec![point(1, 0)]).await.unwrap();
    assert!(!folder.path().join("shard.partial").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_go_on_while_the_index_is_written_and_optimized() {
    let folder = tempfile::tempdir().unwrap();
    let index = std::sync::Arc::new(open(folder.path()));
    index.upsert(vec![point(0, 0)]).await.unwrap();
    let writing = tokio::spawn({
        let index = index.clone();
        async move {
            for batch in 0..10_u128 {
                let numbers = batch * 200 + 1..=(batch + 1) * 200;
                index
                    .upsert(numbers.clone().map(|number| point(number, 0)).collect())
                    .await
                    .unwrap();
                index
                    .delete(numbers.step_by(2).map(id).collect())
                    .await
                    .unwrap();
                index.flush().await.unwrap();
                index.optimize().await.unwrap();
            }
        }
    });
    let mut searches = 0;
    while !writing.is_finished() {
        let found = find(&*index, &search(0)).await;
        assert_eq!(
            found.dense[0].0,
            id(0),
            "the first point is always there and wins every tie"
        );
        searches += 1;
    }
    writing.await.unwrap();
    assert!(searches > 0);
    assert_eq!(index.ids(None, 5000).await.unwrap().len(), 1001);
}
