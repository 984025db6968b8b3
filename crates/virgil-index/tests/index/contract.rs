//! What every vector index promises. Each implementation runs the whole suite.

use std::collections::BTreeSet;

use uuid::Uuid;
use virgil_index::{Candidates, IndexError, Point, Search, SparseVector, VectorIndex};
use virgil_model::{Content, LabelId, PointId, SourceId};

/// How many numbers the vectors of the suite have.
pub(crate) const DIMENSIONS: usize = 4;

const EVERYONE: LabelId = LabelId(1);
const TEAM: LabelId = LabelId(2);

/// Runs the suite; `fresh` gives an empty index each time.
pub(crate) async fn check(fresh: impl Fn() -> Box<dyn VectorIndex>) {
    an_empty_index_finds_nothing(&*fresh()).await;
    what_is_written_is_found_best_first(&*fresh()).await;
    a_point_is_replaced(&*fresh()).await;
    what_is_deleted_is_gone(&*fresh()).await;
    a_label_never_leaks(&*fresh()).await;
    sources_narrow_a_search(&*fresh()).await;
    no_labels_means_nothing(&*fresh()).await;
    rare_terms_count_more(&*fresh()).await;
    points_without_terms_are_found_by_meaning_alone(&*fresh()).await;
    unfit_points_change_nothing(&*fresh()).await;
    unfit_questions_are_refused(&*fresh()).await;
    the_limit_holds(&*fresh()).await;
    ids_are_paged_in_order(&*fresh()).await;
    optimizing_changes_no_answer(&*fresh()).await;
}

async fn an_empty_index_finds_nothing(index: &dyn VectorIndex) {
    assert_eq!(find(index, &search(0)).await, Candidates::default());
    assert!(index.ids(None, 10).await.unwrap().is_empty());
    index.flush().await.unwrap();
    index.upsert(Vec::new()).await.unwrap();
    index.delete(Vec::new()).await.unwrap();
    index.optimize().await.unwrap();
}

async fn what_is_written_is_found_best_first(index: &dyn VectorIndex) {
    index.upsert(vec![point(1, 0), point(2, 1)]).await.unwrap();
    let between = Search {
        dense: vec![0.8, 0.6, 0.0, 0.0],
        ..search(0)
    };
    let found = find(index, &between).await;
    assert_eq!(ids(&found.dense), [id(1), id(2)]);
    assert!((found.dense[0].1 - 0.8).abs() < 1e-5, "{:?}", found.dense);
    assert!((found.dense[1].1 - 0.6).abs() < 1e-5, "{:?}", found.dense);
    assert_eq!(
        ids(&found.sparse),
        [id(1)],
        "only the point that shares a term"
    );
    assert!(found.sparse[0].1 > 0.0);
}

async fn a_point_is_replaced(index: &dyn VectorIndex) {
    index.upsert(vec![point(1, 0)]).await.unwrap();
    let replacement = Point {
        label: TEAM,
        ..point(1, 1)
    };
    index.upsert(vec![replacement]).await.unwrap();
    assert_eq!(index.ids(None, 10).await.unwrap(), [id(1)]);
    assert_eq!(
        find(index, &search(1)).await,
        Candidates::default(),
        "the old label is gone"
    );
    let team = Search {
        labels: BTreeSet::from([TEAM]),
        ..search(1)
    };
    let found = find(index, &team).await;
    assert!((found.dense[0].1 - 1.0).abs() < 1e-5);
    assert_eq!(ids(&found.sparse), [id(1)]);
    let old_terms = Search {
        sparse: search(0).sparse,
        ..team
    };
    assert!(
        find(index, &old_terms).await.sparse.is_empty(),
        "the old terms are gone"
    );
}

async fn what_is_deleted_is_gone(index: &dyn VectorIndex) {
    index
        .upsert(vec![point(1, 0), point(2, 0), point(3, 1)])
        .await
        .unwrap();
    index.delete(vec![id(1), id(99)]).await.unwrap();
    index.delete(vec![id(1)]).await.unwrap();
    let found = find(index, &search(0)).await;
    assert_eq!(ids(&found.dense), [id(2), id(3)]);
    assert_eq!(ids(&found.sparse), [id(2)]);
    assert_eq!(index.ids(None, 10).await.unwrap(), [id(2), id(3)]);
    index.upsert(vec![point(1, 0)]).await.unwrap();
    assert_eq!(index.ids(None, 10).await.unwrap(), [id(1), id(2), id(3)]);
}

async fn a_label_never_leaks(index: &dyn VectorIndex) {
    let labelled = |number, label| Point {
        label: LabelId(label),
        ..point(number, 0)
    };
    let points = (0..60).map(|number| labelled(number, i64::try_from(number % 3).unwrap()));
    index.upsert(points.collect()).await.unwrap();
    for labels in [
        vec![0],
        vec![1],
        vec![2],
        vec![0, 1],
        vec![0, 1, 2],
        vec![7],
    ] {
        let search = Search {
            labels: labels.iter().map(|label| LabelId(*label)).collect(),
            ..search(0)
        };
        let found = find(index, &search).await;
        let expected: BTreeSet<_> = (0..60)
            .filter(|number| labels.contains(&i64::try_from(number % 3).unwrap()))
            .map(id)
            .collect();
        assert_eq!(
            ids(&found.dense).into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{labels:?}"
        );
        assert_eq!(
            ids(&found.sparse).into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{labels:?}"
        );
    }
}

async fn sources_narrow_a_search(index: &dyn VectorIndex) {
    let of = |number, source, label| Point {
        source: SourceId(source),
        label,
        ..point(number, 0)
    };
    index
        .upsert(vec![of(1, 1, EVERYONE), of(2, 2, EVERYONE), of(3, 2, TEAM)])
        .await
        .unwrap();
    let from = |sources: &[i64]| Search {
        sources: Some(sources.iter().map(|source| SourceId(*source)).collect()),
        ..search(0)
    };
    assert_eq!(ids(&find(index, &from(&[2])).await.dense), [id(2)]);
    assert_eq!(
        ids(&find(index, &from(&[1, 2])).await.sparse),
        [id(1), id(2)]
    );
    assert_eq!(find(index, &from(&[])).await, Candidates::default());
}

async fn no_labels_means_nothing(index: &dyn VectorIndex) {
    index.upsert(vec![point(1, 0)]).await.unwrap();
    let nobody = Search {
        labels: BTreeSet::new(),
        ..search(0)
    };
    assert_eq!(find(index, &nobody).await, Candidates::default());
}

async fn rare_terms_count_more(index: &dyn VectorIndex) {
    // Term 7 is in every point, term 8 in one, with the same weight.
    let mut points: Vec<_> = (0..20)
        .map(|number| with_terms(point(number, 0), &[(7, 1.0)]))
        .collect();
    points.push(with_terms(point(50, 0), &[(8, 1.0)]));
    points.push(with_terms(point(51, 0), &[(7, 1.0), (8, 1.0)]));
    index.upsert(points).await.unwrap();
    let both = Search {
        sparse: terms(&[(7, 1.0), (8, 1.0)]),
        ..search(0)
    };
    let found = find(index, &both).await.sparse;
    assert_eq!(ids(&found)[..2], [id(51), id(50)], "{found:?}");
    assert!(
        found[1].1 > 5.0 * found[2].1,
        "the rare term weighs much more: {found:?}"
    );

    // Among holders of the same term the document's weight decides.
    index
        .upsert(vec![with_terms(point(60, 0), &[(8, 2.0)])])
        .await
        .unwrap();
    let rare = Search {
        sparse: terms(&[(8, 1.0)]),
        ..search(0)
    };
    assert_eq!(find(index, &rare).await.sparse[0].0, id(60));
}

async fn points_without_terms_are_found_by_meaning_alone(index: &dyn VectorIndex) {
    index
        .upsert(vec![with_terms(point(1, 0), &[]), point(2, 0)])
        .await
        .unwrap();
    let found = find(index, &search(0)).await;
    assert_eq!(ids(&found.dense), [id(1), id(2)]);
    assert_eq!(ids(&found.sparse), [id(2)]);
    let wordless = Search {
        sparse: SparseVector::default(),
        ..search(0)
    };
    assert!(find(index, &wordless).await.sparse.is_empty());
}

async fn unfit_points_change_nothing(index: &dyn VectorIndex) {
    index.upsert(vec![point(1, 0)]).await.unwrap();
    let dense = |dense: &[f32]| Point {
        dense: dense.to_vec(),
        ..point(2, 0)
    };
    let sparse = |indices: &[u32], values: &[f32]| Point {
        sparse: SparseVector {
            indices: indices.to_vec(),
            values: values.to_vec(),
        },
        ..point(2, 0)
    };
    let unfit = [
        dense(&[f32::NAN, 0.0, 0.0, 1.0]),
        dense(&[f32::INFINITY, 0.0, 0.0, 1.0]),
        dense(&[0.0; 4]),
        dense(&[1.0; 3]),
        dense(&[]),
        sparse(&[2, 1], &[1.0, 1.0]),
        sparse(&[1, 1], &[1.0, 1.0]),
        sparse(&[1], &[f32::NAN]),
        sparse(&[1], &[-1.0]),
        sparse(&[1], &[]),
    ];
    for unfit in unfit {
        let batch = vec![point(1, 1), point(3, 0), unfit.clone()];
        let error = index.upsert(batch).await.unwrap_err();
        assert!(
            matches!(error, IndexError::Invalid(_)),
            "{unfit:?}: {error}"
        );
        assert_eq!(index.ids(None, 10).await.unwrap(), [id(1)], "{unfit:?}");
        assert!(
            (find(index, &search(0)).await.dense[0].1 - 1.0).abs() < 1e-5,
            "{unfit:?}"
        );
    }
}

async fn unfit_questions_are_refused(index: &dyn VectorIndex) {
    index.upsert(vec![point(1, 0)]).await.unwrap();
    for dense in [vec![f32::NAN; 4], vec![0.0; 4], vec![1.0; 3]] {
        let error = index
            .search(Search { dense, ..search(0) })
            .await
            .unwrap_err();
        assert!(matches!(error, IndexError::Invalid(_)), "{error}");
    }
}

async fn the_limit_holds(index: &dyn VectorIndex) {
    index
        .upsert((0..30).map(|number| point(number, 0)).collect())
        .await
        .unwrap();
    for limit in [0, 1, 10] {
        let found = find(index, &Search { limit, ..search(0) }).await;
        assert_eq!((found.dense.len(), found.sparse.len()), (limit, limit));
    }
}

async fn ids_are_paged_in_order(index: &dyn VectorIndex) {
    index
        .upsert((0..25).rev().map(|number| point(number, 0)).collect())
        .await
        .unwrap();
    let mut seen = Vec::new();
    loop {
        let page = index.ids(seen.last().copied(), 10).await.unwrap();
        assert!(page.len() <= 10);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, (0..25).map(id).collect::<Vec<_>>());
    // A page may start after an id that is not there any more.
    index.delete(vec![id(7)]).await.unwrap();
    assert_eq!(index.ids(Some(id(7)), 2).await.unwrap(), [id(8), id(9)]);
    assert!(index.ids(Some(id(24)), 10).await.unwrap().is_empty());
    assert!(index.ids(None, 0).await.unwrap().is_empty());
}

async fn optimizing_changes_no_answer(index: &dyn VectorIndex) {
    let directions = |number: u128| Point {
        dense: vec![1.0, number as f32 / 40.0, 0.0, 0.0],
        ..with_terms(
            point(number, 0),
            &[(u32::try_from(number % 5).unwrap() + 1, 1.0)],
        )
    };
    index
        .upsert((0..40).map(directions).collect())
        .await
        .unwrap();
    index
        .delete((0..40).step_by(3).map(id).collect())
        .await
        .unwrap();
    let search = Search {
        sparse: terms(&[(1, 1.0), (2, 1.0)]),
        ..search(0)
    };
    let before = find(index, &search).await;
    index.optimize().await.unwrap();
    let after = find(index, &search).await;
    assert_eq!(ids(&before.dense), ids(&after.dense));
    assert_eq!(ids(&before.sparse), ids(&after.sparse));
    index.upsert(vec![point(100, 2)]).await.unwrap();
    assert_eq!(index.ids(Some(id(39)), 5).await.unwrap(), [id(100)]);
}

/// A point whose vector is the axis `direction` and whose only term is `direction + 1`.
pub(crate) fn point(number: u128, direction: usize) -> Point {
    Point {
        id: id(number),
        label: EVERYONE,
        source: SourceId(1),
        content: Content::Prose,
        dense: axis(direction),
        sparse: terms(&[(u32::try_from(direction).unwrap() + 1, 1.0)]),
    }
}

/// What [`point`] of the same direction is the best answer to, as everyone sees it.
pub(crate) fn search(direction: usize) -> Search {
    Search {
        dense: axis(direction),
        sparse: terms(&[(u32::try_from(direction).unwrap() + 1, 1.0)]),
        labels: BTreeSet::from([EVERYONE]),
        sources: None,
        limit: 100,
    }
}

pub(crate) fn id(number: u128) -> PointId {
    PointId(Uuid::from_u128(number))
}

pub(crate) async fn find(index: &dyn VectorIndex, search: &Search) -> Candidates {
    index.search(search.clone()).await.unwrap()
}

fn axis(direction: usize) -> Vec<f32> {
    (0..DIMENSIONS)
        .map(|place| if place == direction { 1.0 } else { 0.0 })
        .collect()
}

fn terms(terms: &[(u32, f32)]) -> SparseVector {
    let (indices, values) = terms.iter().copied().unzip();
    SparseVector { indices, values }
}

fn with_terms(point: Point, list: &[(u32, f32)]) -> Point {
    Point {
        sparse: terms(list),
        ..point
    }
}

fn ids(candidates: &[(PointId, f32)]) -> Vec<PointId> {
    candidates.iter().map(|(id, _)| *id).collect()
}
