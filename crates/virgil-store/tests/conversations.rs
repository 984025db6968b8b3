//! Conversations: whose they are, how long they last, and what of them comes back.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;
use virgil_model::{Content, LabelId, Scope};
use virgil_store::{
    Access, Commit, Conversations, FilePlace, LabelAccess, NewAsset, NewTurn, RestsOn, Retention,
    SourceRecord, Store, StoreError,
};

/// A store with two labels, and the conversations of it.
struct World {
    folder: TempDir,
    store: Store,
    conversations: Conversations,
    now: Timestamp,
}

impl World {
    async fn new(retention: Retention) -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("virgil.db"))
            .await
            .expect("it opens");
        let label = |name: &str, group: &str| LabelAccess {
            name: name.into(),
            groups: vec![group.into()],
        };
        let access = Access {
            labels: vec![label("open", "everyone"), label("risk", "risk")],
            principals: Vec::new(),
        };
        store.apply_access(&access).await.expect("applied");
        World {
            folder,
            conversations: Conversations::new(store.clone(), retention),
            store,
            now: "2026-11-25T12:00:00Z".parse().expect("a time"),
        }
    }

    async fn scope(&self, principal: &str, groups: &[&str]) -> Scope {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let scope = self.store.scope_of_groups(principal, &groups).await;
        scope.expect("a scope")
    }

    /// Reads these files, and no others, under their labels.
    async fn sync(&self, files: &[(&str, &str)]) {
        let record = SourceRecord {
            name: "docs".into(),
            kind: "folder".into(),
            location: "/docs".into(),
            permalink: None,
            label: "open".into(),
        };
        let source = self.store.put_source(&record).await.expect("stored");
        let lease = self
            .store
            .acquire_lease(source, "one", Duration::from_secs(30))
            .await
            .expect("a lease");
        let pending = self.store.begin(&lease).await.expect("begun");
        let assets = files.iter().map(|(path, label)| asset(path, label));
        let batch = self
            .store
            .write_batch(&lease, pending.generation, assets.collect())
            .await
            .expect("written");
        self.store.batch_done(&lease, batch.id).await.expect("done");
        let commit = Commit {
            generation: pending.generation,
            checkpoint: "{}".into(),
            commit: None,
            whole: true,
            confirmed: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
            gone: BTreeSet::new(),
            notices: Vec::new(),
        };
        self.store.commit(&lease, commit).await.expect("committed");
        self.store.release_lease(&lease).await.expect("released");
    }

    /// Begins a conversation `age` ago.
    async fn begin(&self, scope: &Scope, turn: &NewTurn, age: SignedDuration) -> Uuid {
        let id = Uuid::new_v4();
        self.conversations
            .begin(scope, id, turn, self.now - age)
            .await
            .expect("kept");
        id
    }

    async fn answers(&self, scope: &Scope, id: Uuid) -> Vec<Option<String>> {
        let turns = self
            .conversations
            .turns(scope, id, None, 100, self.now)
            .await;
        let turns = turns.expect("turns");
        turns
            .into_iter()
            .map(|turn| turn.answered.map(|answered| answered.answer))
            .collect()
    }

    /// How many conversations are swept at a time.
    async fn sweep(&self, now: Timestamp) -> u64 {
        let swept = self.conversations.sweep(now).await;
        swept.expect("swept").count
    }

    async fn ids(&self, scope: &Scope) -> Vec<Uuid> {
        let list = self.conversations.list(scope, None, 100, self.now).await;
        list.expect("a list")
            .into_iter()
            .map(|found| found.id)
            .collect()
    }
}

fn asset(path: &str, label: &str) -> NewAsset {
    NewAsset {
        path: path.into(),
        content_id: format!("{path} {label}"),
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
        chunks: Vec::new(),
        statements: Vec::new(),
        problems: Vec::new(),
    }
}

fn turn(answer: &str) -> NewTurn {
    NewTurn {
        question: "Who owns it?".into(),
        answer: answer.into(),
        last_query: None,
        rests_on: RestsOn::default(),
        cache_key: None,
    }
}

fn resting(answer: &str, labels: BTreeSet<LabelId>, paths: &[&str]) -> NewTurn {
    let places = paths.iter().map(|path| FilePlace {
        source: "docs".into(),
        path: (*path).into(),
    });
    NewTurn {
        rests_on: RestsOn {
            labels,
            places: places.collect(),
        },
        ..turn(answer)
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn anothers_conversation_is_as_one_that_there_is_not() {
    let world = World::new(Retention::default()).await;
    let (ada, bob) = (world.scope("ada", &[]).await, world.scope("bob", &[]).await);
    let id = world.begin(&ada, &turn("A"), hours(0)).await;
    let (conversations, now) = (&world.conversations, world.now);
    let nowhere = Uuid::new_v4();
    for id in [id, nowhere] {
        let refused = [
            conversations.get(&bob, id, now).await.err(),
            conversations.check(&bob, id, now).await.err(),
            conversations.rename(&bob, id, "mine", now).await.err(),
            conversations.delete(&bob, id, now).await.err(),
            conversations.add(&bob, id, &turn("B"), now).await.err(),
        ];
        for error in refused {
            let Some(StoreError::NotFound(message)) = error else {
                panic!("{error:?}");
            };
            assert_eq!(message, format!("there is no conversation `{id}`"));
        }
    }
    assert!(world.answers(&bob, id).await.is_empty());
    assert!(world.ids(&bob).await.is_empty());
    assert!(
        conversations
            .delete_all(&bob)
            .await
            .expect("nothing")
            .is_empty()
    );
    let kept = conversations.get(&ada, id, now).await.expect("it is there");
    assert_eq!((kept.title.as_str(), kept.turns), ("Who owns it?", 1));
    // An id that is taken cannot be begun anew, by anyone.
    assert!(
        conversations
            .begin(&bob, id, &turn("B"), now)
            .await
            .is_err()
    );
    assert_eq!(world.answers(&ada, id).await, [Some("A".to_owned())]);
}

#[tokio::test]
async fn an_answer_comes_back_while_what_it_rests_on_may_be_seen() {
    let world = World::new(Retention::default()).await;
    world.sync(&[("a.md", "open"), ("b.md", "risk")]).await;
    let wide = world.scope("ada", &["risk"]).await;
    let narrow = world.scope("ada", &[]).await;
    let id = Uuid::new_v4();
    let (conversations, now) = (&world.conversations, world.now);
    let open: BTreeSet<LabelId> = narrow.labels().collect();
    let first = resting("A", open.clone(), &["a.md"]);
    conversations
        .begin(&wide, id, &first, now)
        .await
        .expect("kept");
    // One that was counted over everything, one of a hidden file, one of a file under a name that a label does not tell.
    for turn in [
        resting("counted", wide.labels().collect(), &[]),
        resting("B", wide.labels().collect(), &["a.md", "b.md"]),
        resting("b", BTreeSet::new(), &["b.md"]),
    ] {
        conversations
            .add(&wide, id, &turn, now)
            .await
            .expect("kept");
    }
    let told = |answers: &[&str]| -> Vec<Option<String>> {
        let told = answers.iter().map(|answer| Some((*answer).to_owned()));
        told.map(|answer| answer.filter(|answer| answer != "-"))
            .collect()
    };
    assert_eq!(
        world.answers(&wide, id).await,
        told(&["A", "counted", "B", "b"])
    );
    assert_eq!(
        world.answers(&narrow, id).await,
        told(&["A", "-", "-", "-"])
    );
    // A file that moved under another label is hidden from history at once.
    world.sync(&[("a.md", "risk"), ("b.md", "risk")]).await;
    assert_eq!(
        world.answers(&wide, id).await,
        told(&["A", "counted", "B", "b"])
    );
    assert_eq!(
        world.answers(&narrow, id).await,
        told(&["-", "-", "-", "-"])
    );
    // Of a file that is gone nobody can say that it may be seen.
    world.sync(&[("b.md", "open")]).await;
    assert_eq!(
        world.answers(&wide, id).await,
        told(&["-", "counted", "-", "b"])
    );
    assert_eq!(
        world.answers(&narrow, id).await,
        told(&["-", "-", "-", "b"])
    );
}

#[tokio::test]
async fn what_is_too_old_is_gone_before_it_is_swept() {
    let retention = Retention {
        max_age: Duration::from_secs(24 * 3_600),
        ..Retention::default()
    };
    let world = World::new(retention).await;
    let ada = world.scope("ada", &[]).await;
    let old = world.begin(&ada, &turn("A"), hours(25)).await;
    let young = world.begin(&ada, &turn("B"), hours(23)).await;
    let (conversations, now) = (&world.conversations, world.now);
    assert_eq!(world.ids(&ada).await, [young]);
    assert!(world.answers(&ada, old).await.is_empty());
    let refused = conversations.add(&ada, old, &turn("C"), now).await;
    assert!(
        matches!(refused, Err(StoreError::NotFound(_))),
        "{refused:?}"
    );
    assert_eq!(world.sweep(now).await, 1);
    assert_eq!(world.sweep(now).await, 0);
    // A question makes it young again.
    conversations
        .add(&ada, young, &turn("C"), now)
        .await
        .expect("kept");
    let later = now + hours(20);
    assert_eq!(world.sweep(later).await, 0);
}

#[tokio::test]
async fn what_was_left_alone_longest_makes_room() {
    let retention = Retention {
        max_conversations: 3,
        max_turns: 2,
        max_bytes: 1_000,
        ..Retention::default()
    };
    let world = World::new(retention).await;
    let ada = world.scope("ada", &[]).await;
    let bob = world.scope("bob", &[]).await;
    let (conversations, now) = (&world.conversations, world.now);
    let bobs = world.begin(&bob, &turn("B"), hours(9)).await;
    let key = [7; 32];
    let keyed = NewTurn {
        cache_key: Some(key),
        ..turn("A")
    };
    let first = world.begin(&ada, &keyed, hours(5)).await;
    let second = world.begin(&ada, &turn("A"), hours(4)).await;
    let third = world.begin(&ada, &turn("A"), hours(3)).await;
    // The fourth takes the place of the first, whose answers are to be forgotten elsewhere too.
    let fourth = Uuid::new_v4();
    let kept = conversations
        .begin(&ada, fourth, &turn("A"), now - hours(2))
        .await;
    assert_eq!(kept.expect("kept").dropped, [key]);
    assert_eq!(world.ids(&ada).await, [fourth, third, second]);
    assert!(world.answers(&ada, first).await.is_empty());
    // A long answer takes the place of as many as it needs, never of its own conversation.
    conversations
        .add(&ada, second, &turn(&"x".repeat(950)), now)
        .await
        .expect("kept");
    assert_eq!(world.ids(&ada).await, [second, fourth]);
    let refused = conversations.add(&ada, second, &turn("C"), now).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    let refused = conversations
        .add(&ada, fourth, &turn(&"x".repeat(1_000)), now)
        .await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(world.answers(&ada, fourth).await, [Some("A".to_owned())]);
    assert_eq!(
        world.ids(&bob).await,
        [bobs],
        "nobody makes room for others"
    );
}

#[tokio::test]
async fn pages_give_each_conversation_and_each_turn_once() {
    let world = World::new(Retention::default()).await;
    let ada = world.scope("ada", &[]).await;
    let (conversations, now) = (&world.conversations, world.now);
    let mut ids = Vec::new();
    for age in [3, 3, 3, 2, 1] {
        ids.push(world.begin(&ada, &turn("A"), hours(age)).await);
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = conversations
            .list(&ada, after, 2, now)
            .await
            .expect("a page");
        let Some(last) = page.last() else { break };
        after = Some((last.updated_at, last.id));
        assert!(page.len() <= 2);
        found.extend(page.into_iter().map(|conversation| conversation.id));
    }
    assert_eq!(found[..2], [ids[4], ids[3]]);
    let sorted = |mut ids: Vec<Uuid>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(found), sorted(ids.clone()));
    for number in 2..=5 {
        let turn = turn(&number.to_string());
        let kept = conversations
            .add(&ada, ids[0], &turn, now)
            .await
            .expect("kept");
        assert_eq!(kept.ordinal, number);
    }
    let ordinals = |before| {
        let (conversations, ada, id) = (&conversations, &ada, ids[0]);
        async move {
            let turns = conversations.turns(ada, id, before, 2, now).await;
            let turns = turns.expect("turns");
            turns.iter().map(|turn| turn.ordinal).collect::<Vec<u64>>()
        }
    };
    assert_eq!(ordinals(None).await, [4, 5]);
    assert_eq!(ordinals(Some(4)).await, [2, 3]);
    assert_eq!(ordinals(Some(2)).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_that_come_at_once_each_have_their_place() {
    let world = World::new(Retention::default()).await;
    let ada = world.scope("ada", &[]).await;
    let id = world.begin(&ada, &turn("0"), hours(0)).await;
    let mut asking = tokio::task::JoinSet::new();
    for number in 1..40 {
        let (conversations, ada, now) = (world.conversations.clone(), ada.clone(), world.now);
        asking.spawn(async move {
            let kept = conversations
                .add(&ada, id, &turn(&number.to_string()), now)
                .await;
            kept.expect("kept").ordinal
        });
    }
    let mut ordinals = asking.join_all().await;
    ordinals.sort_unstable();
    assert_eq!(ordinals, (2..=40).collect::<Vec<u64>>());
    let kept = world
        .conversations
        .get(&ada, id, world.now)
        .await
        .expect("it is there");
    assert_eq!(kept.turns, 40);
}

#[tokio::test]
async fn what_is_deleted_leaves_no_trace_in_the_files() {
    let world = World::new(Retention::default()).await;
    let ada = world.scope("ada", &[]).await;
    let (conversations, now) = (&world.conversations, world.now);
    let secret = |number: u32| format!("quetzalcoatl-{number}-{}", "y".repeat(6_000));
    let id = world.begin(&ada, &turn(&secret(0)), hours(1)).await;
    let stays = world.begin(&ada, &turn("stays"), hours(1)).await;
    for number in 1..20 {
        let turn = turn(&secret(number));
        conversations.add(&ada, id, &turn, now).await.expect("kept");
    }
    assert!(traces(&world) > 0, "the test can see what is there");
    conversations.delete(&ada, id, now).await.expect("deleted");
    assert_eq!(traces(&world), 0);
    assert_eq!(world.ids(&ada).await, [stays]);
    let gone = conversations.delete(&ada, id, now).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
}

/// How often the word of the deleted answers stands in the files of the store.
fn traces(world: &World) -> usize {
    let files = std::fs::read_dir(world.folder.path()).expect("a folder");
    let paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths
        .iter()
        .map(|path| std::fs::read(path).expect("it can be read"))
        .map(|bytes| {
            let word = b"quetzalcoatl";
            bytes
                .windows(word.len())
                .filter(|window| window == word)
                .count()
        })
        .sum()
}
