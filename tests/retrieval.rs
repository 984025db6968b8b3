//! Measures retrieval on two public question sets, and fails where the fusion's defaults miss the bar.
//!
//! The data is not part of this repository. `RETRIEVAL_DATA` names a folder with four files of Anthropic's
//! cookbook (`anthropics/anthropic-cookbook`): `codebase_chunks.json` and `evaluation_set.jsonl` of its contextual
//! retrieval, `anthropic_docs.json` and `docs_evaluation_dataset.json` of its retrieval augmented generation.
//! Without it nothing is measured.
//!
//! The chunks are taken as they are given, not cut anew, and go the real way: embedder, store, index, search.
//! Pass@k is the share of a question's golden chunks among the first k, averaged over the questions, as it is
//! published there. Weights may be tuned on one half of the questions only, and are reported on the other.
//!
//! Each question is also judged twice, once with its golden documents out of sight: as many unanswerable questions as answerable ones
//! (leave gold out). How well the judgement tells them apart is the area under the ROC curve.

#![expect(clippy::print_stdout, reason = "what is measured is printed")]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use virgil_answer::{Facts, Guide, Judgement, Lexicon, Query, Weights, Writing, fuse};
use virgil_graph::Systems;
use virgil_index::{
    Candidates, DocumentParts, EdgeIndex, EdgeOptions, Embedder, FastEmbedder, ModelSource, Point,
    Precision, Runtime, Search, Turn, VectorIndex, encode_document, encode_question,
};
use virgil_model::{Chunk, ChunkId, Content, LineSpan, PointId};
use virgil_store::{Access, Commit, LabelAccess, NewAsset, NewChunk, SourceRecord, Store};

/// The first how many passages are looked at.
const DEPTHS: [usize; 3] = [5, 10, 20];
/// What the code set's held-out half must reach at each of them.
const BAR: [f32; 3] = [0.86, 0.93, 0.95];
/// How well the judgement must tell answerable from unanswerable on the held-out halves of the code and of the documentation set, as the
/// area under the ROC curve.
const JUDGEMENT_BARS: [f32; 2] = [0.95, 0.90];
/// How many candidates a list brings, as in a real search.
const CANDIDATES: usize = 100;
const SOURCE: &str = "cookbook";

fn main() -> anyhow::Result<ExitCode> {
    let Some(folder) = std::env::var_os("RETRIEVAL_DATA").map(PathBuf::from) else {
        println!(
            "retrieval: skipped, set RETRIEVAL_DATA to a folder with the question sets of Anthropic's cookbook"
        );
        return Ok(ExitCode::SUCCESS);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let embedder: Arc<dyn Embedder> = Arc::new(embedder()?);
    let code = runtime.block_on(measure(code_set(&folder)?, &embedder))?;
    code.sweep();
    // What is published there was measured without paths.
    runtime.block_on(measure(without_paths(code_set(&folder)?), &embedder))?;
    let docs = runtime.block_on(measure(docs_set(&folder)?, &embedder))?;
    docs.sweep();

    let held_out = code.pass(Half::HeldOut, &code.searched);
    let areas = [&code, &docs].map(|set| set.area(Half::HeldOut));
    let reached = held_out.iter().zip(BAR).all(|(share, bar)| *share >= bar)
        && areas
            .iter()
            .zip(JUDGEMENT_BARS)
            .all(|(area, bar)| *area >= bar);
    let verdict = if reached { "reach" } else { "miss" };
    println!(
        "\nthe held-out halves {verdict} the bars of {} for code, and the areas of {JUDGEMENT_BARS:?} for code and docs",
        percent(&BAR)
    );
    Ok(if reached {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The chunks and questions of a set.
struct Set {
    name: &'static str,
    assets: Vec<Asset>,
    questions: Vec<Question>,
}

struct Asset {
    path: String,
    content: Content,
    chunks: Vec<Chunk>,
}

struct Question {
    text: String,
    /// Its golden chunks, by their texts: equal texts are one, as a search shows them once.
    golden: BTreeSet<String>,
    half: Half,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Tuning,
    HeldOut,
}

impl Question {
    fn new(text: &str, golden: BTreeSet<String>) -> Question {
        let half = if Sha256::digest(text.as_bytes())[0] & 1 == 0 {
            Half::Tuning
        } else {
            Half::HeldOut
        };
        Question {
            text: text.to_owned(),
            golden,
            half,
        }
    }
}

fn chunk(breadcrumb: Vec<String>, text: &str) -> Chunk {
    Chunk {
        breadcrumb,
        text: text.to_owned(),
        lines: LineSpan::new(1, 1),
    }
}

fn key(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read(folder: &Path, name: &str) -> anyhow::Result<String> {
    let path = folder.join(name);
    std::fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .with_context(|| format!("no text at `{pointer}`"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a [Value]> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::as_slice)
        .with_context(|| format!("no list at `{pointer}`"))
}

/// 248 questions about 737 chunks of 90 source files. A file's path stands in the questions' part of the data.
fn code_set(folder: &Path) -> anyhow::Result<Set> {
    let documents: Value = serde_json::from_str(&read(folder, "codebase_chunks.json")?)?;
    let asked = read(folder, "evaluation_set.jsonl")?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;
    let mut paths = HashMap::new();
    for golden in asked.iter().map(|asked| list(asked, "/golden_documents")) {
        for document in golden? {
            paths.insert(
                text(document, "/uuid")?,
                text(document, "/meta/relative_path")?,
            );
        }
    }
    let mut assets = Vec::new();
    let mut by_place = HashMap::new();
    for document in list(&documents, "")? {
        let uuid = text(document, "/original_uuid")?;
        let mut chunks = Vec::new();
        for given in list(document, "/chunks")? {
            let body = text(given, "/content")?;
            by_place.insert((uuid, given["original_index"].as_u64()), key(body));
            chunks.push(chunk(Vec::new(), body));
        }
        let path = paths.get(uuid).context("a file without a path")?;
        assets.push(Asset {
            path: path.trim_start_matches('/').to_owned(),
            content: Content::Code,
            chunks,
        });
    }
    let mut questions = Vec::new();
    for asked in &asked {
        let mut golden = BTreeSet::new();
        for place in list(asked, "/golden_chunk_uuids")? {
            let place = (text(place, "/0")?, place[1].as_u64());
            golden.insert(
                by_place
                    .get(&place)
                    .context("a golden chunk is missing")?
                    .clone(),
            );
        }
        questions.push(Question::new(text(asked, "/query")?, golden));
    }
    Ok(Set {
        name: "code",
        assets,
        questions,
    })
}

fn without_paths(mut set: Set) -> Set {
    set.name = "code without its paths";
    for (number, asset) in set.assets.iter_mut().enumerate() {
        asset.path = number.to_string();
    }
    set
}

/// 100 questions about 232 sections of Anthropic's documentation.
fn docs_set(folder: &Path) -> anyhow::Result<Set> {
    let sections: Value = serde_json::from_str(&read(folder, "anthropic_docs.json")?)?;
    let asked: Value = serde_json::from_str(&read(folder, "docs_evaluation_dataset.json")?)?;
    let mut pages: BTreeMap<String, Vec<Chunk>> = BTreeMap::new();
    let mut by_link = HashMap::new();
    for section in list(&sections, "")? {
        let link = text(section, "/chunk_link")?;
        let body = text(section, "/text")?;
        by_link.insert(link, key(body));
        let page = link.split('#').next().unwrap_or(link);
        let page = page.trim_start_matches("https://docs.claude.com/en/");
        let heading = text(section, "/chunk_heading")?;
        pages
            .entry(page.to_owned())
            .or_default()
            .push(chunk(vec![heading.to_owned()], body));
    }
    let mut questions = Vec::new();
    for asked in list(&asked, "")? {
        let mut golden = BTreeSet::new();
        for link in list(asked, "/correct_chunks")? {
            let link = text(link, "")?;
            golden.insert(
                by_link
                    .get(link)
                    .context("a golden chunk is missing")?
                    .clone(),
            );
        }
        questions.push(Question::new(text(asked, "/question")?, golden));
    }
    let asset = |(path, chunks)| Asset {
        path,
        content: Content::Prose,
        chunks,
    };
    Ok(Set {
        name: "docs",
        assets: pages.into_iter().map(asset).collect(),
        questions,
    })
}

/// A set whose questions were searched for. A ranking holds the keys of texts, best first.
struct Measured {
    questions: Vec<Question>,
    candidates: Vec<Candidates>,
    places: HashMap<PointId, (usize, Content, String)>,
    /// What a real search finds.
    searched: Vec<Vec<String>>,
    /// For each question the judgements with its golden documents and without them.
    judged: Vec<[Judgement; 2]>,
}

type Ranking = Vec<(PointId, f32)>;

impl Measured {
    fn pass(&self, half: Half, rankings: &[Vec<String>]) -> [f32; 3] {
        DEPTHS.map(|depth| {
            let asked = self.questions.iter().zip(rankings);
            let shares: Vec<f32> = asked
                .filter(|(question, _)| question.half == half)
                .map(|(question, ranking)| {
                    let first: BTreeSet<&String> = ranking.iter().take(depth).collect();
                    let found = question.golden.iter().filter(|text| first.contains(text));
                    found.count() as f32 / question.golden.len() as f32
                })
                .collect();
            shares.iter().sum::<f32>() / shares.len() as f32
        })
    }

    fn all(&self, rankings: &[Vec<String>]) -> [f32; 3] {
        let count = |half| {
            self.questions
                .iter()
                .filter(|question| question.half == half)
                .count() as f32
        };
        let (tuning, held_out) = (count(Half::Tuning), count(Half::HeldOut));
        let (left, right) = (
            self.pass(Half::Tuning, rankings),
            self.pass(Half::HeldOut, rankings),
        );
        [0, 1, 2]
            .map(|depth| (left[depth] * tuning + right[depth] * held_out) / (tuning + held_out))
    }

    /// The area under the ROC curve of the judgement on a half: how often an answerable question gets a higher probability than an
    /// unanswerable one, where equal ones count half.
    fn area(&self, half: Half) -> f32 {
        let judged = self.questions.iter().zip(&self.judged);
        let of_half: Vec<&[Judgement; 2]> = judged
            .filter(|(question, _)| question.half == half)
            .map(|(_, judged)| judged)
            .collect();
        let mut above = 0.0;
        for [with, _] in &of_half {
            for [_, without] in &of_half {
                above += match with.probability.total_cmp(&without.probability) {
                    Ordering::Greater => 1.0,
                    Ordering::Equal => 0.5,
                    Ordering::Less => 0.0,
                };
            }
        }
        above / (of_half.len() * of_half.len()) as f32
    }

    /// The shares of a half on which Virgil abstains, with the golden documents and without.
    fn abstained(&self, half: Half) -> [f32; 2] {
        [0, 1].map(|which| {
            let judged = self.questions.iter().zip(&self.judged);
            let weak: Vec<f32> = judged
                .filter(|(question, _)| question.half == half)
                .map(|(_, judged)| f32::from(u8::from(judged[which].is_weak())))
                .collect();
            weak.iter().sum::<f32>() / weak.len() as f32
        })
    }

    fn print_judgement(&self) {
        for (name, half) in [
            ("tuning half", Half::Tuning),
            ("held-out half", Half::HeldOut),
        ] {
            let [with, without] = self.abstained(half).map(|share| share * 100.0);
            println!(
                "  leave gold out, {name}: area {:.3}; abstains on {with:.1} % with its documents, on {without:.1} % without",
                self.area(half)
            );
        }
    }

    fn rank(&self, score: impl Fn(&Candidates) -> Ranking) -> Vec<Vec<String>> {
        let texts = |ranking: Ranking| {
            let mut seen = BTreeSet::new();
            let texts = ranking
                .iter()
                .map(|(point, _)| self.places[point].2.clone());
            texts
                .filter(|text| seen.insert(text.clone()))
                .take(DEPTHS[2])
                .collect()
        };
        self.candidates
            .iter()
            .map(|candidates| texts(score(candidates)))
            .collect()
    }

    fn fused(&self, weights: &Weights) -> Vec<Vec<String>> {
        let place = |point| {
            self.places
                .get(&point)
                .map(|(asset, content, _)| (*asset, *content))
        };
        self.rank(|found| {
            let fused = fuse(&found.dense, &found.sparse, weights, place);
            fused
                .iter()
                .map(|fused| (fused.point, fused.score))
                .collect()
        })
    }

    /// Prints the weights that do best on the tuning half of a coarse grid, and what they give.
    fn sweep(&self) {
        let grid = (0..=3).flat_map(|document| (0..=12).map(move |dense| (dense, document)));
        let tried = grid.map(|(dense, document)| {
            let (dense, document) = (dense as f32 / 20.0, document as f32 / 5.0);
            let weights = Weights {
                dense_in_prose: dense,
                dense_in_code: dense,
                document,
            };
            let rankings = self.fused(&weights);
            let reached: f32 = self.pass(Half::Tuning, &rankings).iter().sum();
            (reached, dense, document, rankings)
        });
        if let Some((_, dense, document, rankings)) =
            tried.max_by(|left, right| left.0.total_cmp(&right.0))
        {
            self.print(
                &format!("best tuned: dense {dense}, document {document}"),
                &rankings,
            );
        }
    }

    fn print(&self, name: &str, rankings: &[Vec<String>]) {
        println!(
            "  {name:36} {:20} {:20} {}",
            percent(&self.pass(Half::Tuning, rankings)),
            percent(&self.pass(Half::HeldOut, rankings)),
            percent(&self.all(rankings))
        );
    }
}

fn percent(shares: &[f32; 3]) -> String {
    shares
        .map(|share| format!("{:.1}", share * 100.0))
        .join(" / ")
}

/// Reciprocal rank fusion at equal weights.
fn reciprocal_ranks(found: &Candidates) -> Ranking {
    let mut scores: BTreeMap<PointId, f32> = BTreeMap::new();
    for list in [&found.dense, &found.sparse] {
        for (rank, (point, _)) in list.iter().enumerate() {
            *scores.entry(*point).or_default() += 1.0 / (61.0 + rank as f32);
        }
    }
    let mut ranking: Ranking = scores.into_iter().collect();
    ranking.sort_by(|left, right| right.1.total_cmp(&left.1));
    ranking
}

/// Searches for every question of the set and prints how well each way of ranking does.
async fn measure(set: Set, embedder: &Arc<dyn Embedder>) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("virgil.db")).await?;
    let index = EdgeIndex::open(
        &folder.path().join("index"),
        &EdgeOptions::new(embedder.dimensions()),
    )?;
    let index: Arc<dyn VectorIndex> = Arc::new(index);
    let places = fill(&store, index.as_ref(), embedder.as_ref(), &set.assets).await?;

    let guide = Guide::new(
        store.clone(),
        index.clone(),
        embedder.clone(),
        Arc::new(Facts::new(store.clone(), Systems::default())),
        Lexicon::load(None)?,
        Writing::nothing()?,
    );
    let scope = store.scope_of_admin("owner").await?;
    let texts: Vec<String> = set
        .questions
        .iter()
        .map(|question| question.text.clone())
        .collect();
    let vectors = embedder.embed(&texts, Turn::Question)?;
    let mut searched = Vec::new();
    let mut candidates = Vec::new();
    let mut judged = Vec::new();
    for (question, (text, dense)) in set.questions.iter().zip(texts.into_iter().zip(vectors)) {
        let search = Search {
            dense,
            sparse: encode_question(&text),
            labels: scope.labels().collect(),
            sources: None,
            limit: CANDIDATES,
        };
        candidates.push(index.search(search).await?);
        let query = Query {
            text,
            limit: DEPTHS[2],
            sources: None,
        };
        let without = without_gold(&set.assets, &question.golden);
        let without = store.scope_of_groups("stranger", &without).await?;
        judged.push([
            guide.judge(&scope, &query.text).await?,
            guide.judge(&without, &query.text).await?,
        ]);
        let found = guide.search(&scope, &query).await?;
        searched.push(
            found
                .iter()
                .map(|scored| key(&scored.passage.text))
                .collect(),
        );
    }
    let measured = Measured {
        questions: set.questions,
        candidates,
        places,
        searched,
        judged,
    };

    println!(
        "\n{}: {} questions, {} chunks; Pass@5 / @10 / @20",
        set.name,
        measured.questions.len(),
        measured.places.len()
    );
    println!(
        "  {:36} {:20} {:20} all",
        "", "tuning half", "held-out half"
    );
    measured.print("dense alone", &measured.rank(|found| found.dense.clone()));
    measured.print("BM25 alone", &measured.rank(|found| found.sparse.clone()));
    measured.print("equal reciprocal ranks", &measured.rank(reciprocal_ranks));
    measured.print("Virgil's search", &measured.searched);
    measured.print_judgement();
    Ok(measured)
}

/// The group of those who may see an asset.
fn group(asset: usize) -> String {
    format!("readers-of-{asset}")
}

/// The groups of somebody who may see everything but the documents that hold golden chunks.
fn without_gold(assets: &[Asset], golden: &BTreeSet<String>) -> Vec<String> {
    let holds_none = |asset: &Asset| {
        let mut keys = asset.chunks.iter().map(|chunk| key(&chunk.text));
        !keys.any(|key| golden.contains(&key))
    };
    let assets = assets.iter().enumerate();
    assets
        .filter(|(_, asset)| holds_none(asset))
        .map(|(number, _)| group(number))
        .collect()
}

/// Writes the chunks into store and index, as a sync does.
async fn fill(
    store: &Store,
    index: &dyn VectorIndex,
    embedder: &dyn Embedder,
    assets: &[Asset],
) -> anyhow::Result<HashMap<PointId, (usize, Content, String)>> {
    // Each asset has its own label, so that any of them can be taken out of sight.
    let labels = (0..assets.len()).map(|number| LabelAccess {
        name: group(number),
        groups: vec![group(number)],
    });
    let access = Access {
        labels: labels.collect(),
        principals: Vec::new(),
    };
    store.apply_access(&access).await?;
    let source = SourceRecord {
        name: SOURCE.into(),
        kind: "folder".into(),
        location: "/".into(),
        permalink: None,
        label: group(0),
    };
    let source = store.put_source(&source).await?;
    let lease = store
        .acquire_lease(source, "test", Duration::from_secs(3600))
        .await?;
    let generation = store.begin(&lease).await?.generation;

    let mut chunks = HashMap::new();
    let mut new_assets = Vec::new();
    for (number, asset) in assets.iter().enumerate() {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut of_asset = Vec::new();
        for chunk in &asset.chunks {
            let occurrence = seen.entry(chunk.embedded_text()).or_default();
            let id = ChunkId::derive(SOURCE, &asset.path, &chunk.embedded_text(), *occurrence);
            *occurrence += 1;
            chunks.insert(id, (number, chunk));
            of_asset.push(NewChunk {
                id,
                chunk: chunk.clone(),
            });
        }
        new_assets.push(NewAsset {
            path: asset.path.clone(),
            content_id: number.to_string(),
            label: group(number),
            title: asset.path.clone(),
            content: asset.content,
            size_bytes: 1,
            reader: "given".into(),
            reader_version: 1,
            redactor_version: 1,
            chunker_version: 1,
            looked_at: Vec::new(),
            redacted: 0,
            chunks: of_asset,
            statements: Vec::new(),
            problems: Vec::new(),
        });
    }
    let batch = store.write_batch(&lease, generation, new_assets).await?;
    ensure!(
        batch.points.len() == chunks.len(),
        "not every chunk got a point"
    );

    let texts: Vec<String> = batch
        .points
        .iter()
        .map(|new| chunks[&new.chunk].1.embedded_text())
        .collect();
    let vectors = embedder.embed(&texts, Turn::Sync)?;
    let mut points = Vec::new();
    let mut places = HashMap::new();
    for (new, dense) in batch.points.into_iter().zip(vectors) {
        let (number, chunk) = chunks[&new.chunk];
        let sparse = encode_document(&DocumentParts {
            path: &assets[number].path,
            source: SOURCE,
            breadcrumb: &chunk.breadcrumb,
            body: &chunk.text,
        });
        places.insert(new.point, (number, new.content, key(&chunk.text)));
        points.push(Point {
            id: new.point,
            label: new.label,
            source: new.source,
            content: new.content,
            dense,
            sparse,
        });
    }
    index.upsert(points).await?;
    index.flush().await?;
    store.batch_done(&lease, batch.id).await?;
    let commit = Commit {
        generation,
        checkpoint: "{}".into(),
        commit: None,
        whole: true,
        confirmed: assets.iter().map(|asset| asset.path.clone()).collect(),
        gone: BTreeSet::new(),
        notices: Vec::new(),
    };
    store.commit(&lease, commit).await?;
    Ok(places)
}

/// The embedding model that `make model` fetched.
fn embedder() -> anyhow::Result<FastEmbedder> {
    let folder = match std::env::var_os("VIRGIL_MODEL_DIR") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data"),
    };
    let runtime = Runtime::load(&folder.join("onnxruntime"))?;
    let source = ModelSource::Folder {
        path: folder.join("models/all-MiniLM-L6-v2"),
        precision: Precision::Int8,
    };
    Ok(FastEmbedder::open(
        &runtime,
        &source,
        FastEmbedder::usual_threads(),
    )?)
}
