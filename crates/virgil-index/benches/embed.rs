//! How close the embedder comes to ONNX Runtime alone: `cargo bench -p virgil-index --bench embed`. An argument names
//! a JSON array of texts to use instead of made-up ones.
//!
//! Both work on the same texts, one text per run, on as many single-threaded sessions, in turns, so that a machine
//! that slows down slows both. Ratios are given by the clock and by CPU time, which other work on the machine disturbs
//! less. A process has one ONNX environment and [`Runtime`] keeps it to itself, so the plain
//! sessions run in a child of this program, which waits while the embedder works.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints what it measured"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Tensor;
use tokenizers::{Tokenizer, TruncationParams};
use virgil_index::{Embedder, FastEmbedder, ModelSource, Precision, Runtime, Turn};

const TEXTS: usize = 400;
/// What a text is filled up to; passages of real repositories have about as many on average.
const TOKENS: usize = 155;
/// The model's own limit, as its manifest says.
const MOST_TOKENS: usize = 256;
/// Texts of a round: short rounds, because a machine seldom stays as fast as it is for long.
const SLICE: usize = 100;
const ROUNDS: usize = 16;
/// The share of ONNX Runtime's tokens per second that the embedder must reach.
const TARGET: f64 = 0.85;
/// The argument that makes this program the child.
const PLAIN: &str = "plain-sessions";

const WORDS: &str = "the a of to and in is for it with on as by that this from are be which when not only \
    service order invoice payment customer ledger table column index cluster topic queue event message \
    consumer producer schema migration deployment pipeline repository branch commit release rollback \
    latency throughput retry timeout backoff idempotent token credential certificate gateway proxy \
    warehouse snapshot partition replica leader follower consensus checkpoint offset retention archive \
    handler parser encoder decoder registry config variable environment container image volume \
    nightly hourly batch stream window aggregate metric alert dashboard runbook incident owner team \
    reads writes updates deletes inserts merges splits validates rejects accepts returns raises \
    customer_id order_total created_at updated_at is_active retry_count max_attempts";

fn main() -> ExitCode {
    let threads = FastEmbedder::usual_threads().get();
    if std::env::args().any(|argument| argument == PLAIN) {
        plain_sessions(threads);
        return ExitCode::SUCCESS;
    }
    let tokenizer = tokenizer();
    let texts = texts(&tokenizer);
    let tokens: usize = texts
        .iter()
        .map(|text| encode(&tokenizer, text).len())
        .sum();
    println!(
        "{} texts, {:.0} tokens each, {threads} threads",
        texts.len(),
        tokens as f64 / texts.len() as f64
    );

    let runtime = Runtime::load(&folder().join("onnxruntime")).expect("ONNX Runtime loads");
    let source = ModelSource::Folder {
        path: model(),
        precision: Precision::Int8,
    };
    let embedder = FastEmbedder::open(&runtime, &source, FastEmbedder::usual_threads())
        .expect("the model loads");
    let mut plain = Plain::start();

    let embed = |slice: &[String]| {
        let cpu = cpu_seconds(std::process::id());
        let started = Instant::now();
        let vectors = embedder
            .embed(slice, Turn::Sync)
            .expect("the texts are embedded");
        assert_eq!(vectors.len(), slice.len());
        Spent {
            clock: started.elapsed().as_secs_f64(),
            cpu: cpu_seconds(std::process::id()) - cpu,
        }
    };
    let slices: Vec<&[String]> = texts.chunks(SLICE).collect();
    // Both are warm before it counts.
    plain.run("ready", 0);
    embed(slices[0]);
    let (mut ready, mut tokenised, mut embedded) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let number = round % slices.len();
        let tokens: usize = slices[number]
            .iter()
            .map(|text| encode(&tokenizer, text).len())
            .sum();
        ready.push(plain.run("ready", number).speed(tokens));
        embedded.push(embed(slices[number]).speed(tokens));
        tokenised.push(plain.run("tokenise", number).speed(tokens));
    }
    let (clock, cpu): (Measure, Measure) = (|spent| spent.clock, |spent| spent.cpu);
    println!(
        "median: ONNX Runtime alone {:.0} tokens/s, with tokenising {:.0}, embedder {:.0}",
        median(ready.iter().map(clock)),
        median(tokenised.iter().map(clock)),
        median(embedded.iter().map(clock))
    );
    println!(
        "per CPU second: ONNX Runtime alone {:.0} tokens, with tokenising {:.0}, embedder {:.0}",
        median(ready.iter().map(cpu)),
        median(tokenised.iter().map(cpu)),
        median(embedded.iter().map(cpu))
    );
    let ratio = |of: fn(&Spent) -> f64, base: &[Spent]| {
        median(
            embedded
                .iter()
                .zip(base)
                .map(|(embedded, base)| of(embedded) / of(base)),
        )
    };
    let by_clock = ratio(clock, &ready);
    println!(
        "median ratio by the clock: {:.1} % of ONNX Runtime alone, {:.1} % of it with tokenising; by CPU time: {:.1} % \
         and {:.1} %; at least {:.0} % are wanted",
        100.0 * by_clock,
        100.0 * ratio(clock, &tokenised),
        100.0 * ratio(cpu, &ready),
        100.0 * ratio(cpu, &tokenised),
        100.0 * TARGET
    );
    if by_clock < TARGET {
        eprintln!("the embedder is slower than it should be, unless the machine was busy");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// One of the two ways to count what a round spent, in seconds.
type Measure = fn(&Spent) -> f64;

/// Seconds that a slice took, or tokens per second of it.
struct Spent {
    clock: f64,
    cpu: f64,
}

impl Spent {
    fn speed(self, tokens: usize) -> Spent {
        Spent {
            clock: tokens as f64 / self.clock,
            cpu: tokens as f64 / self.cpu.max(0.01),
        }
    }
}

/// What a process has used of the processors so far, to a hundredth of a second.
fn cpu_seconds(process: u32) -> f64 {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything, user and system time are fields 12 and 13.
    let after_name = line.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// This program again, with sessions of its own; ended when dropped.
struct Plain {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Plain {
    fn start() -> Plain {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .arg(PLAIN)
            .args(std::env::args().skip(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts again");
        let orders = child.stdin.take().expect("its input is a pipe");
        let answers = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Plain {
            child,
            orders,
            answers,
        }
    }

    /// Runs a slice of the texts; `order` says whether they are tokenised beforehand (`ready`) or on the way.
    fn run(&mut self, order: &str, slice: usize) -> Spent {
        let cpu = cpu_seconds(self.child.id());
        writeln!(self.orders, "{order} {slice}").expect("the child listens");
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .expect("the child answers");
        Spent {
            clock: answer.trim().parse().expect("the child answers in seconds"),
            cpu: cpu_seconds(self.child.id()) - cpu,
        }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child: runs a slice of the texts whenever a line arrives, and prints the seconds it took.
fn plain_sessions(threads: usize) {
    tokenizers::utils::parallelism::set_parallelism(false);
    let library = std::fs::read_dir(folder().join("onnxruntime"))
        .expect("`make model` has run")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.display().to_string().contains("libonnxruntime"))
        .max()
        .expect("`make model` has run");
    let environment = ort::init_from(library)
        .expect("ONNX Runtime loads")
        .with_telemetry(false)
        .build()
        .expect("ONNX Runtime starts");
    let onnx = std::fs::read(model().join("model-int8.onnx")).expect("`make model` has run");
    let mut sessions: Vec<Session> = (0..threads)
        .map(|_| {
            Session::builder(&environment)
                .expect("a session")
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .expect("a session")
                .with_intra_threads(1)
                .expect("a session")
                .commit_from_memory(&onnx)
                .expect("the model loads")
        })
        .collect();
    let tokenizer = tokenizer();
    let texts = texts(&tokenizer);
    let ready: Vec<Vec<i64>> = texts.iter().map(|text| encode(&tokenizer, text)).collect();
    for order in std::io::stdin().lines() {
        let order = order.expect("a line");
        let (how, slice) = order.split_once(' ').expect("two words");
        let tokenise = how == "tokenise";
        let first = slice.parse::<usize>().expect("a number") * SLICE;
        let end = texts.len().min(first + SLICE);
        let next = AtomicUsize::new(first);
        let started = Instant::now();
        std::thread::scope(|scope| {
            for session in &mut sessions {
                let (next, ready, texts, tokenizer) = (&next, &ready, &texts, &tokenizer);
                scope.spawn(move || {
                    loop {
                        let position = next.fetch_add(1, Ordering::Relaxed);
                        if position >= end {
                            break;
                        }
                        let ids = if tokenise {
                            encode(tokenizer, &texts[position])
                        } else {
                            ready[position].clone()
                        };
                        run(session, ids);
                    }
                });
            }
        });
        println!("{}", started.elapsed().as_secs_f64());
    }
}

fn run(session: &mut Session, ids: Vec<i64>) {
    let shape = [1, ids.len()];
    let mask = vec![1_i64; ids.len()];
    let types = vec![0_i64; ids.len()];
    let wants_types = session
        .inputs()
        .iter()
        .any(|input| input.name() == "token_type_ids");
    let tensor = |numbers| Tensor::from_array((shape, numbers)).expect("a tensor");
    let mut inputs = ort::inputs!["input_ids" => tensor(ids), "attention_mask" => tensor(mask)];
    if wants_types {
        inputs.push(("token_type_ids".into(), tensor(types).into()));
    }
    let outputs = session.run(inputs).expect("the model runs");
    std::hint::black_box(&outputs);
}

fn tokenizer() -> Tokenizer {
    let mut tokenizer =
        Tokenizer::from_file(model().join("tokenizer.json")).expect("`make model` has run");
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(Some(TruncationParams {
            max_length: MOST_TOKENS,
            ..Default::default()
        }))
        .expect("the tokenizer truncates");
    tokenizer
}

fn encode(tokenizer: &Tokenizer, text: &str) -> Vec<i64> {
    let encoding = tokenizer.encode(text, true).expect("the text is tokenised");
    encoding.get_ids().iter().map(|id| i64::from(*id)).collect()
}

/// The texts of the file that an argument names, evenly picked, or made-up ones.
fn texts(tokenizer: &Tokenizer) -> Vec<String> {
    let named = std::env::args()
        .skip(1)
        .find(|argument| argument.ends_with(".json"));
    let Some(file) = named else {
        return made_up(tokenizer);
    };
    let json = std::fs::read(file).expect("the file of texts is there");
    let texts: Vec<String> = serde_json::from_slice(&json).expect("an array of texts");
    let step = (texts.len() / TEXTS).max(1);
    texts.into_iter().step_by(step).take(TEXTS).collect()
}

/// Sentences of `WORDS`, each text from half to one and a half times [`TOKENS`] long, the same in every run.
fn made_up(tokenizer: &Tokenizer) -> Vec<String> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = Random(0x5eed);
    (0..TEXTS)
        .map(|number| {
            // Evenly spread, so that the mean is `TOKENS`.
            let wanted = TOKENS / 2 + number * TOKENS / (TEXTS - 1);
            let mut text = String::new();
            let mut tokens = 2;
            while tokens < wanted {
                let mut sentence: Vec<&str> = (0..5 + random.below(12))
                    .map(|_| words[random.below(words.len())])
                    .collect();
                sentence.truncate(wanted - tokens);
                let sentence = format!("{}. ", sentence.join(" "));
                tokens += encode(tokenizer, &sentence).len() - 2;
                text.push_str(&sentence);
            }
            text
        })
        .collect()
}

/// A small generator, so that every run sees the same texts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn model() -> PathBuf {
    folder().join("models/all-MiniLM-L6-v2")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no configuration to read the folder from"
)]
fn folder() -> PathBuf {
    let named = std::env::var("VIRGIL_MODEL_DIR").ok().map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data")))
}
