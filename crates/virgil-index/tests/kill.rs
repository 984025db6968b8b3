//! A killed process keeps every point that it flushed.
//!
//! Qdrant Edge never replays its log, so this is the promise that the commit protocol of a sync rests on. The test
//! starts itself as a child that writes, flushes and reports without end, kills it with SIGKILL at several moments,
//! and looks at what is left.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use uuid::Uuid;
use virgil_index::{EdgeIndex, EdgeOptions, Point, SparseVector, VectorIndex};
use virgil_model::{Content, LabelId, PointId, SourceId};

const CHILD: &str = "write-until-killed";
const BATCH: u128 = 50;
/// After how many reported batches the child is killed; later ones fall into optimizing as well.
const KILLS: [u128; 6] = [1, 2, 3, 5, 8, 13];

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    let outcome = match arguments.as_slice() {
        [_, command, directory, first] if command == CHILD => {
            write_until_killed(directory, first).await
        }
        _ => kills_lose_nothing_that_was_flushed().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("FAILED: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn kills_lose_nothing_that_was_flushed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut promised = BTreeSet::new();
    let mut first_batch = 0;
    for kill_after in KILLS {
        let last = run_and_kill(folder.path(), first_batch, kill_after)?;
        for batch in first_batch..=last {
            promised.extend(kept(batch));
        }
        // The batch after the last reported one may be there, whole or in part.
        let allowed: BTreeSet<_> = ((last + 1) * BATCH..(last + 2) * BATCH).map(id).collect();
        let index = EdgeIndex::open(folder.path(), &options())?;
        let held: BTreeSet<_> = index.ids(None, usize::MAX).await?.into_iter().collect();
        let lost = promised.difference(&held).count();
        let unknown = held
            .difference(&promised)
            .filter(|id| !allowed.contains(id))
            .count();
        if lost > 0 || unknown > 0 {
            return Err(format!(
                "after a kill at batch {last}: {lost} lost, {unknown} back or unknown"
            )
            .into());
        }
        // What the killed batch left would be unknown from here on.
        index.delete(allowed.into_iter().collect()).await?;
        index.flush().await?;
        first_batch = last + 2;
    }
    say(&format!(
        "{} kills, {} points kept, none lost: ok",
        KILLS.len(),
        promised.len()
    ));
    Ok(())
}

/// Lets a child write from `first_batch` on, kills it, and gives the last batch that it reported as flushed.
fn run_and_kill(directory: &Path, first_batch: u128, kill_after: u128) -> Outcome<u128> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([CHILD.as_ref(), directory.as_os_str()])
        .arg(first_batch.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("the child has no output")?).lines();
    let mut last = None;
    while last.is_none_or(|last| last < first_batch + kill_after) {
        last = Some(lines.next().ok_or("the child ended by itself")??.parse()?);
    }
    child.kill()?;
    child.wait()?;
    // What it still said before it died counts as well.
    for line in lines {
        last = Some(line?.parse()?);
    }
    last.ok_or_else(|| "the child reported nothing".into())
}

async fn write_until_killed(directory: &str, first: &str) -> Outcome {
    let index = EdgeIndex::open(Path::new(directory), &options())?;
    for batch in first.parse::<u128>()?.. {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        index.upsert(numbers.clone().map(point).collect()).await?;
        index
            .delete(
                numbers
                    .map(id)
                    .filter(|id| !kept(batch).contains(id))
                    .collect(),
            )
            .await?;
        index.flush().await?;
        say(&batch.to_string());
        if batch % 4 == 0 {
            index.optimize().await?;
        }
    }
    Ok(())
}

/// Every fifth point of a batch is deleted again before the flush.
fn kept(batch: u128) -> BTreeSet<PointId> {
    (batch * BATCH..(batch + 1) * BATCH)
        .filter(|number| number % 5 != 0)
        .map(id)
        .collect()
}

fn options() -> EdgeOptions {
    EdgeOptions {
        reserve_bytes: 1 << 20,
        ..EdgeOptions::new(8)
    }
}

fn point(number: u128) -> Point {
    let dense = (0..8)
        .map(|place| if number % 8 == place { 1.0 } else { 0.1 })
        .collect();
    Point {
        id: id(number),
        label: LabelId(1),
        source: SourceId(1),
        content: Content::Code,
        dense,
        sparse: SparseVector {
            indices: vec![1, 2],
            values: vec![1.0, 0.5],
        },
    }
}

fn id(number: u128) -> PointId {
    PointId(Uuid::from_u128(number))
}

/// A line on standard output. The parent may be gone already.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}
