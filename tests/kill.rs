//! The commit protocol under `kill -9`: at each step of it, and at random times.
//!
//! Whatever the moment, the next sync leads to what a sync that was never killed leads to: nothing lost, doubled or
//! stale, in the store and in the index.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Home, Repository};

const FILES: usize = 40;

/// The places at which a debug build can be stopped, in the order in which a sync comes by.
const STEPS: &[&str] = &[
    "before-intent",
    "after-intent",
    "after-upsert",
    "after-flush",
    "after-done",
    "before-commit",
    "after-commit",
    "after-delete",
];

/// The text of a file in a round: most of it stays, some of it changes, so that kept, new and dead points all occur.
fn text(file: usize, round: usize) -> String {
    let steady = format!("# File {file}\n\nThe pipeline `steady_{file}` never changes.\n");
    let filler =
        "It reads orders, writes features and is watched by the platform team at all times.\n"
            .repeat(9);
    if file % 3 == round % 3 {
        format!(
            "{steady}\n{filler}\n## Changed\n\nRound {round} changed file {file}.\n{filler}\n## Tail\n\n{filler}"
        )
    } else {
        format!("{steady}\n{filler}\n## Tail\n\n{filler}")
    }
}

fn write_round(repository: &Repository, round: usize) {
    for file in 0..FILES {
        let path = format!("docs/{file}.md");
        // Each round another file is missing.
        if file == round % FILES {
            if repository.path().join(&path).exists() {
                repository.remove(&path);
            }
        } else {
            repository.write(&path, text(file, round).as_bytes());
        }
    }
    repository.commit();
}

/// Compares with a home that never saw a kill.
fn demand_right(home: &Home, repository: &Repository, what: &str) {
    home.ok(&["ingest", "--json"]);
    let fresh = Home::new();
    fresh.ok(&["ingest", repository.place(), "--name", "killed"]);
    assert_eq!(home.passages(), fresh.passages(), "{what}");
    let verified = home.json(&["verify"]);
    let expected = fresh.passages().len() as u64;
    for (count, want) in [
        ("expected", expected),
        ("found", expected),
        ("missing", 0),
        ("stale", 0),
    ] {
        assert_eq!(verified[count], want, "{what}: {verified}");
    }
}

fn kill(mut child: Child) {
    // `Child::kill` is SIGKILL.
    child.kill().expect("it is killed");
    child.wait().expect("it is over");
}

/// Runs a sync and kills it when it comes by a step; returns whether it did.
fn kill_at(home: &Home, repository: &Repository, step: &str) -> bool {
    let mut child = home
        .virgil(&["ingest", repository.place(), "--name", "killed"])
        .env("VIRGIL_CRASH_AT", format!("{step}:1"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
    let reached = lines
        .map_while(Result::ok)
        .any(|line| line.contains("crash point"));
    kill(child);
    reached
}

#[test]
fn a_kill_at_any_step_of_the_commit_leaves_everything_right() {
    let repository = Repository::with(&[]);
    write_round(&repository, 0);
    let home = Home::new();
    // The first sync dies at each step in turn; each try goes on where the one before died.
    let reached = STEPS
        .iter()
        .filter(|step| kill_at(&home, &repository, step))
        .count();
    assert!(reached >= 6, "only {reached} steps were reached");
    demand_right(&home, &repository, "the first sync");
    for (round, step) in STEPS.iter().enumerate() {
        write_round(&repository, round + 1);
        assert!(
            kill_at(&home, &repository, step),
            "the sync never came by `{step}`"
        );
        demand_right(&home, &repository, step);
    }
}

#[test]
fn fifty_kills_at_random_times_leave_everything_right() {
    let repository = Repository::with(&[]);
    write_round(&repository, 0);
    let home = Home::new();
    let started = Instant::now();
    home.ok(&["ingest", repository.place(), "--name", "killed"]);
    let whole = started.elapsed();
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .subsec_nanos();
    println!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    for round in 1..=50 {
        write_round(&repository, round);
        // Xorshift, good enough to spread kills over a sync.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let delay = Duration::from_micros(random % (whole.as_micros() as u64 * 6 / 5));
        let child = home
            .virgil(&["ingest", "killed"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(delay);
        kill(child);
        if round % 10 == 0 {
            demand_right(&home, &repository, &format!("round {round}, seed {seed}"));
        }
    }
}
