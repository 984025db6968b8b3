//! Measures the check of citations on claims about public documentation and on perturbed copies of them.
//!
//! `tests/questions/claims.yaml` names the corpus, its commit, and claims in our own words with the lines that
//! support them. `CLAIMS_DATA` names a checkout of that corpus; without it nothing is measured. Documents are read and
//! cut as in a sync, and the chunks that hold the lines are what the claim cites. Each claim is also changed in four
//! ways that make it wrong, and an unchanged sentence of the same document that the chunks do not hold is put in its
//! place. A claim that passes the check is a true positive, a changed one that passes a false positive; precision is
//! counted with as many claims as changed copies of the kind. Thresholds may be tuned on one half only (by a hash of
//! the claim); the other is reported.

#![expect(clippy::print_stdout, reason = "what is measured is printed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde::Deserialize;
use virgil_answer::{CitationState, Cited, check_citation};
use virgil_model::{Chunk, LineSpan, NoFiles};
use virgil_readers::{Raw, chunk, read};

/// What the held-out half must reach over all kinds.
const PRECISION: f32 = 0.95;
const RECALL: f32 = 0.8;

#[derive(Deserialize)]
struct Claims {
    corpus: String,
    commit: String,
    documents: Vec<Document>,
}

#[derive(Deserialize)]
struct Document {
    path: String,
    claims: Vec<(u32, u32, String)>,
}

/// One claim with what it cites.
struct Case<'a> {
    claim: &'a str,
    document: &'a Read,
    lines: LineSpan,
    is_held_out: bool,
}

/// A document as a sync cuts it.
struct Read {
    path: String,
    text: String,
    chunks: Vec<Chunk>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    made: u32,
    passed: u32,
}

fn main() -> anyhow::Result<ExitCode> {
    let Some(folder) = std::env::var_os("CLAIMS_DATA").map(PathBuf::from) else {
        println!(
            "citations: skipped, set CLAIMS_DATA to a checkout of the corpus that tests/questions/claims.yaml names"
        );
        return Ok(ExitCode::SUCCESS);
    };
    let shown = std::env::var_os("CLAIMS_SHOW").is_some();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/questions/claims.yaml");
    let claims: Claims = serde_saphyr::from_str(&std::fs::read_to_string(file)?)?;
    println!("{} at {}", claims.corpus, claims.commit);
    let documents = claims
        .documents
        .iter()
        .map(|document| load(&folder, document))
        .collect::<anyhow::Result<Vec<Read>>>()?;
    let cases: Vec<Case<'_>> = claims
        .documents
        .iter()
        .zip(&documents)
        .flat_map(|(document, read)| {
            document.claims.iter().map(|(start, end, claim)| Case {
                claim,
                document: read,
                lines: LineSpan::new(*start, *end),
                is_held_out: hash(claim).is_multiple_of(2),
            })
        })
        .collect();

    let mut counts: BTreeMap<(bool, &str), Count> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        let mut judge = |kind: &'static str, sentence: &str, should_pass: bool| {
            let passed = case.judge(sentence) != CitationState::NotVerified;
            let count = counts.entry((case.is_held_out, kind)).or_default();
            count.made += 1;
            count.passed += u32::from(passed);
            if shown && !case.is_held_out && passed != should_pass {
                println!(
                    "{kind}: {sentence}\n    {}:{}",
                    case.document.path, case.lines.start
                );
            }
        };
        judge("claim", case.claim, true);
        for sentence in changed_numbers(case.claim) {
            judge("number", &sentence, false);
        }
        for sentence in changed_names(case, &cases, index) {
            judge("name", &sentence, false);
        }
        if let Some(sentence) = negated(case.claim) {
            judge("negation", &sentence, false);
        }
        for sentence in case.neighbours() {
            judge("neighbour", &sentence, false);
        }
    }
    report(&counts)
}

fn report(counts: &BTreeMap<(bool, &str), Count>) -> anyhow::Result<ExitCode> {
    println!("| half | kind | pairs | passed | precision | recall |\n|---|---|---|---|---|---|");
    let mut reached = true;
    for is_held_out in [false, true] {
        let half = if is_held_out { "held out" } else { "tuned on" };
        let claims = counts[&(is_held_out, "claim")];
        let recall = claims.passed as f32 / claims.made as f32;
        let mut all = Count::default();
        for kind in ["number", "name", "negation", "neighbour"] {
            let count = counts
                .get(&(is_held_out, kind))
                .copied()
                .unwrap_or_default();
            all = Count {
                made: all.made + count.made,
                passed: all.passed + count.passed,
            };
            row(half, kind, count, recall);
        }
        let precision = row(half, "all", all, recall);
        if is_held_out {
            reached = precision >= PRECISION && recall >= RECALL;
        }
    }
    let pairs: u32 = counts
        .iter()
        .filter(|((_, kind), _)| *kind != "claim")
        .map(|(_, count)| count.made)
        .sum();
    println!("{pairs} changed copies");
    ensure!(pairs >= 500, "fewer than 500 pairs");
    println!(
        "{} {PRECISION} at {RECALL}",
        if reached { "reaches" } else { "misses" }
    );
    Ok(if reached {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Precision with as many claims as changed copies: recall / (recall + share of copies that pass).
fn row(half: &str, kind: &str, count: Count, recall: f32) -> f32 {
    let wrong = count.passed as f32 / count.made.max(1) as f32;
    let precision = recall / (recall + wrong);
    println!(
        "| {half} | {kind} | {} | {} | {precision:.3} | {recall:.3} |",
        count.made, count.passed
    );
    precision
}

fn load(folder: &Path, document: &Document) -> anyhow::Result<Read> {
    let path = folder.join(&document.path);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("`{}` cannot be read", path.display()))?;
    let reading = read(
        Raw {
            path: &document.path,
            text: &text,
        },
        &NoFiles,
    );
    Ok(Read {
        path: document.path.clone(),
        chunks: chunk(&reading.document),
        text,
    })
}

impl Case<'_> {
    fn cited(&self) -> impl Iterator<Item = &Chunk> {
        self.document
            .chunks
            .iter()
            .filter(|chunk| chunk.lines.overlaps(self.lines))
    }

    fn judge(&self, sentence: &str) -> CitationState {
        let contexts: Vec<(String, &str)> = self
            .cited()
            .map(|chunk| {
                (
                    format!("{} {}", self.document.path, chunk.breadcrumb.join(" > ")),
                    chunk.text.as_str(),
                )
            })
            .collect();
        let cited: Vec<Cited<'_>> = contexts
            .iter()
            .map(|(context, text)| Cited { context, text })
            .collect();
        check_citation(sentence, &cited)
    }

    /// The nearest sentences below and above the cited chunks that none of them holds.
    fn neighbours(&self) -> Vec<String> {
        let is_sentence = |line: &&str| {
            let words = line.split_whitespace().count();
            words >= 8 && line.trim_end().ends_with('.') && line.starts_with(char::is_uppercase)
        };
        let lines: Vec<&str> = self.document.text.lines().collect();
        let last = self.cited().map(|chunk| chunk.lines.end).max().unwrap_or(0) as usize;
        let first = self
            .cited()
            .map(|chunk| chunk.lines.start)
            .min()
            .unwrap_or(1) as usize;
        let below = lines
            .get(last..)
            .unwrap_or_default()
            .iter()
            .copied()
            .find(is_sentence);
        let above = lines[..first.saturating_sub(1)]
            .iter()
            .rev()
            .copied()
            .find(is_sentence);
        [below, above]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    }
}

/// The claim with each of its numbers changed.
fn changed_numbers(claim: &str) -> Vec<String> {
    const WORDS: [(&str, &str); 6] = [
        ("Two", "Five"),
        ("two", "six"),
        ("Three", "Four"),
        ("three", "seven"),
        ("first", "second"),
        ("single", "third"),
    ];
    let mut changed = Vec::new();
    let mut at = 0;
    while let Some(offset) = claim[at..].find(|c: char| c.is_ascii_digit()) {
        let start = at + offset;
        let end = claim[start..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(claim.len(), |length| start + length);
        let number: u64 = claim[start..end].parse().expect("digits");
        // A digit inside a name (`v1beta1`) is a name.
        let is_inside = claim[..start].ends_with(|c: char| c.is_alphabetic() && c != 'v');
        if !is_inside {
            let other = if number.is_multiple_of(2) {
                number + 3
            } else {
                number * 2
            };
            changed.push(format!("{}{other}{}", &claim[..start], &claim[end..]));
        }
        at = end;
    }
    for (word, other) in WORDS.iter().take(4) {
        if let Some(at) = claim.find(&format!("{word} ")) {
            changed.push(format!(
                "{}{other}{}",
                &claim[..at],
                &claim[at + word.len()..]
            ));
        }
    }
    changed
}

/// The names and pieces of code of a text: what stands in backticks, and words with a capital that start no sentence.
fn names(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| !span.contains('\n'))
        .collect();
    let mut previous_ends = true;
    for word in text.split_whitespace() {
        let bare: &str = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = bare.len() > 2
            && bare.starts_with(char::is_uppercase)
            && bare.chars().all(char::is_alphanumeric);
        if is_name && !previous_ends && !word.contains('`') {
            found.push(bare);
        }
        previous_ends = word.ends_with(['.', ':', '!', '?']) || word.starts_with(['#', '-', '|']);
    }
    found
}

/// The claim with a name replaced by another one: of the same passage if there is one, and of another document.
fn changed_names(case: &Case<'_>, cases: &[Case<'_>], index: usize) -> Vec<String> {
    let own = names(case.claim);
    let Some(name) = own.iter().copied().max_by_key(|name| (name.len(), *name)) else {
        return Vec::new();
    };
    let is_code = case.claim.contains(&format!("`{name}`"));
    let alike = |other: &&str| {
        !case.claim.to_lowercase().contains(&other.to_lowercase())
            && !other.to_lowercase().contains(&name.to_lowercase())
            && !name.to_lowercase().contains(&other.to_lowercase())
            && other.len() < 60
    };
    let passage: String = case
        .cited()
        .map(|chunk| chunk.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let in_code = |text: &str, other: &str| text.contains(&format!("`{other}`"));
    let near = names(&passage)
        .into_iter()
        .filter(alike)
        .find(|other| in_code(&passage, other) == is_code);
    let far = (1..cases.len())
        .map(|step| &cases[(index + step * 7) % cases.len()])
        .filter(|other| other.document.path != case.document.path)
        .find_map(|other| {
            names(other.claim)
                .into_iter()
                .filter(alike)
                .find(|name| in_code(other.claim, name) == is_code)
        });
    [near, far]
        .into_iter()
        .flatten()
        .map(|other| case.claim.replacen(name, other, 1))
        .collect()
}

/// The claim denied, or its denial taken out; `None` where no simple rule does it.
fn negated(claim: &str) -> Option<String> {
    const TAKEN_OUT: [(&str, &str); 8] = [
        (" does not ", " does "),
        (" do not ", " do "),
        (" is not ", " is "),
        (" are not ", " are "),
        (" cannot ", " can "),
        (" should not ", " should "),
        (" has no ", " has an "),
        (" needs no ", " needs a "),
    ];
    const PUT_IN: [(&str, &str); 17] = [
        (" is ", " is not "),
        (" are ", " are not "),
        (" can ", " cannot "),
        (" may ", " may not "),
        (" must ", " must not "),
        (" should ", " should not "),
        (" has to ", " does not have to "),
        (" have to ", " do not have to "),
        (" gets ", " does not get "),
        (" runs ", " does not run "),
        (" has ", " does not have "),
        (" have ", " do not have "),
        (" belong ", " do not belong "),
        (" manages ", " does not manage "),
        (" requires ", " does not require "),
        (" takes ", " does not take "),
        (" overrides ", " does not override "),
    ];
    let replaced = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .filter_map(|(from, to)| Some((claim.find(from)?, from, to)))
            .min()
            .map(|(_, from, to)| claim.replacen(from, to, 1))
    };
    replaced(&TAKEN_OUT).or_else(|| replaced(&PUT_IN))
}

/// FNV-1a, so that the halves never change.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
