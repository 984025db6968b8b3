//! The store through its public face: generations, leases, scopes.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;
use virgil_model::{Chunk, ChunkId, Content, Generation, LineSpan, PointId, Scope, SourceId};
use virgil_store::{
    Access, Commit, LabelAccess, Lease, NewAsset, NewChunk, Notice, SourceRecord, Store, StoreError,
};

const LEASE: Duration = Duration::from_secs(30);

/// A store with one source and two labels: `open` for everyone, `risk` for the group of that name.
struct World {
    _folder: TempDir,
    store: Store,
    source: SourceId,
    admin: Scope,
}

impl World {
    async fn new() -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("virgil.db"))
            .await
            .expect("it opens");
        let label = |name: &str, group: &str| LabelAccess {
            name: name.into(),
            groups: vec![group.into()],
        };
        let labels = vec![label("open", "everyone"), label("risk", "risk")];
        let access = Access {
            labels,
            principals: Vec::new(),
        };
        store.apply_access(&access).await.expect("applied");
        let source = store
            .put_source(&SourceRecord {
                name: "docs".into(),
                kind: "folder".into(),
                location: "/docs".into(),
                permalink: None,
                label: "open".into(),
            })
            .await
            .expect("stored");
        let admin = store.scope_of_admin("owner").await.expect("a scope");
        World {
            _folder: folder,
            store,
            source,
            admin,
        }
    }

    async fn lease(&self) -> Lease {
        self.store
            .acquire_lease(self.source, "one", LEASE)
            .await
            .expect("a lease")
    }

    /// Writes `assets` as one finished batch and returns the points that the index needs.
    async fn write(
        &self,
        lease: &Lease,
        generation: Generation,
        assets: Vec<NewAsset>,
    ) -> Vec<PointId> {
        let batch = self
            .store
            .write_batch(lease, generation, assets)
            .await
            .expect("written");
        self.store.batch_done(lease, batch.id).await.expect("done");
        batch.points.into_iter().map(|new| new.point).collect()
    }

    /// A whole sync that finds exactly `assets`; returns the points that the index needs.
    async fn sync(&self, assets: Vec<NewAsset>) -> Vec<PointId> {
        let lease = self.lease().await;
        let pending = self.store.begin(&lease).await.expect("begun");
        let confirmed = assets.iter().map(|asset| asset.path.clone()).collect();
        let points = self.write(&lease, pending.generation, assets).await;
        self.store
            .commit(&lease, whole(pending.generation, confirmed))
            .await
            .expect("committed");
        self.store.release_lease(&lease).await.expect("released");
        points
    }

    /// The points that are queued for deletion.
    async fn doomed(&self) -> BTreeSet<PointId> {
        self.store
            .deletions(1_000)
            .await
            .expect("a list")
            .into_iter()
            .collect()
    }

    /// The texts behind `points` that `scope` may see.
    async fn texts(&self, scope: &Scope, points: &[PointId]) -> BTreeSet<String> {
        let passages = self.store.passages(scope, points).await.expect("a list");
        passages.into_iter().map(|passage| passage.text).collect()
    }
}

fn whole(generation: Generation, confirmed: BTreeSet<String>) -> Commit {
    Commit {
        generation,
        checkpoint: "{}".into(),
        commit: None,
        whole: true,
        confirmed,
        gone: BTreeSet::new(),
        notices: Vec::new(),
    }
}

fn asset(path: &str, label: &str, texts: &[&str]) -> NewAsset {
    let chunks = texts
        .iter()
        .map(|text| NewChunk {
            id: ChunkId::derive("docs", path, text, 0),
            chunk: Chunk {
                breadcrumb: vec!["Top".into()],
                text: (*text).into(),
                lines: LineSpan::new(1, 2),
            },
        })
        .collect();
    NewAsset {
        path: path.into(),
        content_id: texts.concat(),
        label: label.into(),
        title: path.into(),
        content: Content::Prose,
        size_bytes: 10,
        reader: "markdown".into(),
        reader_version: 1,
        redactor_version: 1,
        chunker_version: 1,
        looked_at: Vec::new(),
        redacted: 0,
        chunks,
        statements: Vec::new(),
        problems: Vec::new(),
    }
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn an_answer_never_mixes_two_revisions() {
    let world = World::new().await;
    let first = world
        .sync(vec![
            asset("a", "open", &["kept", "old"]),
            asset("b", "open", &["goes"]),
        ])
        .await;

    let lease = world.lease().await;
    let pending = world.store.begin(&lease).await.expect("begun");
    let second = world
        .write(
            &lease,
            pending.generation,
            vec![asset("a", "open", &["kept", "new"])],
        )
        .await;
    assert_eq!(second.len(), 1, "the chunk that stays keeps its point");
    let all: Vec<PointId> = first.iter().chain(&second).copied().collect();
    assert_eq!(
        world.texts(&world.admin, &all).await,
        texts(&["kept", "old", "goes"]),
        "before the commit"
    );

    let confirmed = BTreeSet::from(["a".to_owned()]);
    world
        .store
        .commit(&lease, whole(pending.generation, confirmed))
        .await
        .expect("committed");
    assert_eq!(
        world.texts(&world.admin, &all).await,
        texts(&["kept", "new"]),
        "after it"
    );
    let kept: BTreeSet<PointId> = first[..1].iter().copied().collect();
    assert_eq!(
        world.doomed().await,
        first
            .iter()
            .copied()
            .filter(|point| !kept.contains(point))
            .collect()
    );
}

#[tokio::test]
async fn a_revision_changes_with_what_a_source_holds_and_not_with_its_syncs() {
    let world = World::new().await;
    let revision = async || {
        let revision = world.store.revision(&world.admin).await;
        revision.expect("a revision")
    };
    // A sync after which these are there, of which nothing had to be written.
    let unchanged = async |commit: Option<&str>, paths: &[&str]| {
        let lease = world.lease().await;
        let pending = world.store.begin(&lease).await.expect("begun");
        let confirmed = paths.iter().map(|path| (*path).to_owned()).collect();
        let commit = Commit {
            commit: commit.map(str::to_owned),
            ..whole(pending.generation, confirmed)
        };
        world.store.commit(&lease, commit).await.expect("committed");
        world.store.release_lease(&lease).await.expect("released");
    };
    let before = revision().await;
    world
        .sync(vec![
            asset("a", "open", &["one"]),
            asset("b", "open", &["two"]),
        ])
        .await;
    let first = revision().await;
    assert_ne!(first, before);
    unchanged(None, &["a", "b"]).await;
    assert_eq!(revision().await, first, "nothing new");
    unchanged(Some("1f"), &["a", "b"]).await;
    let moved = revision().await;
    assert_ne!(moved, first, "another commit");
    unchanged(Some("1f"), &["a", "b"]).await;
    assert_eq!(revision().await, moved);
    unchanged(Some("1f"), &["a"]).await;
    let gone = revision().await;
    assert_ne!(gone, moved, "a file is gone");
    unchanged(Some("1f"), &["a"]).await;
    assert_eq!(revision().await, gone);
    // The same file under another label is another asset.
    world.sync(vec![asset("a", "risk", &["one"])]).await;
    assert_ne!(revision().await, gone, "who may see it changed");
}

#[tokio::test]
async fn a_first_sync_is_visible_as_it_comes_and_marked_partial() {
    let world = World::new().await;
    let lease = world.lease().await;
    let pending = world.store.begin(&lease).await.expect("begun");
    let points = world
        .write(
            &lease,
            pending.generation,
            vec![asset("a", "open", &["early"])],
        )
        .await;
    assert_eq!(world.texts(&world.admin, &points).await, texts(&["early"]));
    let status = &world.store.sources(&world.admin).await.expect("a list")[0];
    assert!(
        ["partial", "syncing"].contains(&status.state.name()),
        "{}",
        status.state.name()
    );
}

#[tokio::test]
async fn an_interrupted_sync_goes_on_after_its_last_finished_batch() {
    let world = World::new().await;
    let lease = world.lease().await;
    let pending = world.store.begin(&lease).await.expect("begun");
    world
        .write(
            &lease,
            pending.generation,
            vec![asset("done", "open", &["done"])],
        )
        .await;
    let undone = world
        .store
        .write_batch(
            &lease,
            pending.generation,
            vec![asset("undone", "open", &["undone"])],
        )
        .await
        .expect("written");

    // The process dies here; another one takes over.
    world.store.release_all_leases().await.expect("released");
    let lease = world
        .store
        .acquire_lease(world.source, "two", LEASE)
        .await
        .expect("a lease");
    let again = world.store.begin(&lease).await.expect("begun");
    assert_eq!(again.generation, pending.generation);
    assert_eq!(again.resumed.keys().collect::<Vec<_>>(), ["done"]);
    assert_eq!(
        world.doomed().await,
        undone.points.iter().map(|new| new.point).collect()
    );

    // The same batch again: its points come back, so their deletion is off.
    let points = world
        .write(
            &lease,
            again.generation,
            vec![asset("undone", "open", &["undone"])],
        )
        .await;
    assert_eq!(
        points,
        undone
            .points
            .iter()
            .map(|new| new.point)
            .collect::<Vec<_>>()
    );
    assert!(world.doomed().await.is_empty());
}

#[tokio::test]
async fn a_path_that_is_not_confirmed_is_not_committed() {
    let world = World::new().await;
    let lease = world.lease().await;
    let pending = world.store.begin(&lease).await.expect("begun");
    let assets = vec![
        asset("a", "open", &["a"]),
        asset("vanished", "open", &["vanished"]),
    ];
    let points = world.write(&lease, pending.generation, assets).await;
    let confirmed = BTreeSet::from(["a".to_owned()]);
    world
        .store
        .commit(&lease, whole(pending.generation, confirmed))
        .await
        .expect("committed");
    assert_eq!(world.texts(&world.admin, &points).await, texts(&["a"]));
    assert_eq!(world.doomed().await, BTreeSet::from([points[1]]));
}

#[tokio::test]
async fn a_sync_that_was_thought_dead_can_write_nothing() {
    let world = World::new().await;
    let dead = world
        .store
        .acquire_lease(world.source, "dead", Duration::ZERO)
        .await
        .expect("a lease");
    let pending = world.store.begin(&dead).await.expect("begun");
    let alive = world
        .store
        .acquire_lease(world.source, "alive", LEASE)
        .await
        .expect("it has run out");
    let held = world
        .store
        .acquire_lease(world.source, "third", LEASE)
        .await;
    assert!(
        matches!(held, Err(StoreError::LeaseHeld { .. })),
        "{held:?}"
    );

    let lost = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::LeaseLost)), "{result:?}")
    };
    let assets = vec![asset("a", "open", &["a"])];
    lost(
        world
            .store
            .write_batch(&dead, pending.generation, assets)
            .await
            .map(|_| ()),
    );
    lost(world.store.batch_done(&dead, 1).await);
    lost(
        world
            .store
            .commit(&dead, whole(pending.generation, BTreeSet::new()))
            .await,
    );
    lost(world.store.renew_lease(&dead, LEASE).await);
    world
        .store
        .renew_lease(&alive, LEASE)
        .await
        .expect("the living one goes on");
}

#[tokio::test]
async fn another_label_means_another_point() {
    let world = World::new().await;
    let open = world.sync(vec![asset("a", "open", &["text"])]).await;
    let risk = world.sync(vec![asset("a", "risk", &["text"])]).await;
    assert_ne!(
        open, risk,
        "a point carries its label, so it cannot be kept"
    );
    assert_eq!(world.doomed().await, open.into_iter().collect());
    let shop = world
        .store
        .scope_of_groups("shaun", &["shop".into()])
        .await
        .expect("a scope");
    assert!(world.texts(&shop, &risk).await.is_empty());
}

#[tokio::test]
async fn what_died_is_purged_and_what_lives_stays() {
    let world = World::new().await;
    world
        .sync(vec![
            asset("a", "open", &["one"]),
            asset("b", "open", &["two"]),
        ])
        .await;
    let points = world.sync(vec![asset("a", "open", &["three"])]).await;
    let mut purged = 0;
    loop {
        match world.store.purge(1).await.expect("purged") {
            0 => break,
            count => purged += count,
        }
    }
    assert_eq!(purged, 2);
    assert_eq!(world.texts(&world.admin, &points).await, texts(&["three"]));
    let live = world.store.live_points(None, 10).await.expect("a page");
    assert_eq!(
        live.iter().map(|point| point.point).collect::<Vec<_>>(),
        points
    );
}

#[tokio::test]
async fn a_forgotten_source_leaves_nothing_but_deletions() {
    let world = World::new().await;
    let points = world.sync(vec![asset("a", "open", &["one"])]).await;
    assert!(world.store.remove_source("docs").await.expect("removed"));
    assert!(!world.store.remove_source("docs").await.expect("it is gone"));
    assert!(world.texts(&world.admin, &points).await.is_empty());
    assert_eq!(world.doomed().await, points.into_iter().collect());
    assert!(
        world
            .store
            .sources(&world.admin)
            .await
            .expect("a list")
            .is_empty()
    );
}

#[tokio::test]
async fn problems_are_seen_by_those_who_see_their_paths() {
    let world = World::new().await;
    let lease = world.lease().await;
    let pending = world.store.begin(&lease).await.expect("begun");
    let notice = |path: &str, label: &str| Notice {
        path: path.into(),
        kind: "binary",
        message: "binary".into(),
        label: label.into(),
    };
    let notices = vec![notice("open.png", "open"), notice("risk.png", "risk")];
    let commit = Commit {
        notices,
        ..whole(pending.generation, BTreeSet::new())
    };
    world.store.commit(&lease, commit).await.expect("committed");
    let shop = world
        .store
        .scope_of_groups("shaun", &["shop".into()])
        .await
        .expect("a scope");
    let count = |problems: Vec<_>| problems.len();
    assert_eq!(
        count(
            world
                .store
                .problems(&world.admin, world.source)
                .await
                .expect("a list")
        ),
        2
    );
    assert_eq!(
        count(
            world
                .store
                .problems(&shop, world.source)
                .await
                .expect("a list")
        ),
        1
    );
    assert_eq!(
        world.store.sources(&shop).await.expect("a list")[0].skipped,
        1
    );
}

#[tokio::test]
async fn a_vector_comes_back_bit_for_bit_or_is_refused() {
    let world = World::new().await;
    let key = virgil_model::VectorKey::derive("model", "text");
    let vector = vec![0.1_f32, -2.5e-7, f32::MIN_POSITIVE];
    world
        .store
        .put_vectors(&[(key, vector.clone())])
        .await
        .expect("stored");
    assert_eq!(
        world.store.vectors(&[key]).await.expect("found")[&key],
        vector
    );
    let refused = world.store.put_vectors(&[(key, vec![f32::NAN])]).await;
    assert!(
        matches!(refused, Err(StoreError::Invalid(_))),
        "{refused:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A scope sees exactly the passages whose label one of its groups opens, whatever else is asked for.
    #[test]
    fn a_scope_never_widens(
        labels in proptest::collection::vec(0..4_usize, 1..12),
        opens in proptest::collection::vec(proptest::collection::vec(0..3_usize, 0..3), 4),
        groups in proptest::collection::vec(0..3_usize, 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::new().await;
            let group = |number: &usize| format!("group {number}");
            let access = Access {
                labels: opens
                    .iter()
                    .enumerate()
                    .map(|(number, opens)| LabelAccess {
                        name: format!("label {number}"),
                        groups: opens.iter().map(group).collect(),
                    })
                    .collect(),
                principals: Vec::new(),
            };
            world.store.apply_access(&access).await.expect("applied");
            let assets = labels
                .iter()
                .enumerate()
                .map(|(number, label)| asset(&number.to_string(), &format!("label {label}"), &[&number.to_string()]))
                .collect();
            let points = world.sync(assets).await;
            let scope = world
                .store
                .scope_of_groups("someone", &groups.iter().map(group).collect::<Vec<_>>())
                .await
                .expect("a scope");
            let expect: BTreeSet<String> = labels
                .iter()
                .enumerate()
                .filter(|(_, label)| opens[**label].iter().any(|open| groups.contains(open)))
                .map(|(number, _)| number.to_string())
                .collect();
            assert_eq!(world.texts(&scope, &points).await, expect);
        });
    }
}
