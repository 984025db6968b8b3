//! Cross-encoders in the runtime: order, truncation, time, and models that are none.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use virgil_index::{CrossEncoder, IndexError, Reranker};

use crate::model::runtime;
use crate::onnx::Graph;
use crate::small_cross_encoder::{WORDS, fails_on, scored, shared_words, write};

fn folder(graph: Graph, max_tokens: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), graph, max_tokens);
    folder
}

fn open(folder: &Path) -> Result<CrossEncoder, IndexError> {
    CrossEncoder::open(
        &runtime(),
        folder,
        "model.onnx",
        NonZeroUsize::new(2).unwrap(),
    )
}

fn refusal(folder: &Path) -> String {
    match open(folder) {
        Err(IndexError::Setup(message)) => message,
        other => panic!("expected a set-up error, got {other:?}"),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[test]
fn a_pair_is_read_together_and_scores_keep_the_order_of_the_texts() {
    let folder = folder(scored(shared_words()), 64);
    let encoder = open(folder.path()).unwrap();
    let passages = texts(&[
        "a GPU notebook",
        "the refund of orders",
        "",
        "orders",
        "nothing known",
    ]);
    let scores = encoder
        .score("Refund the orders", &passages, in_time())
        .unwrap();
    assert_eq!(scores, [0.0, 3.0, 0.0, 1.0, 0.0]);
    let scores = encoder
        .score("a gpu notebook", &passages, in_time())
        .unwrap();
    assert_eq!(
        scores,
        [3.0, 0.0, 0.0, 0.0, 0.0],
        "another question, other scores"
    );
    assert!(encoder.score("refund", &[], in_time()).unwrap().is_empty());
    assert!(
        encoder.identity().contains(" sha256:"),
        "{}",
        encoder.identity()
    );
}

#[test]
fn a_score_depends_on_its_pair_alone() {
    let folder = folder(scored(shared_words()), 64);
    let encoder = open(folder.path()).unwrap();
    let passages: Vec<String> = (0..40)
        .map(|number| format!("{} {}", WORDS[number % 8], WORDS[number % 5]).repeat(1 + number % 3))
        .collect();
    let question = "refund the orders of a table";
    let together = encoder.score(question, &passages, in_time()).unwrap();
    assert_eq!(together.len(), 40);
    for (passage, score) in passages.iter().zip(&together) {
        let alone = encoder
            .score(question, std::slice::from_ref(passage), in_time())
            .unwrap();
        assert_eq!(alone, [*score], "{passage}");
    }
    // Several callers at once get what each gets alone.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(
                    encoder.score(question, &passages, in_time()).unwrap(),
                    together
                );
            });
        }
    });
}

#[test]
fn what_is_too_long_is_cut_at_its_end() {
    let folder = folder(scored(shared_words()), 16);
    let encoder = open(folder.path()).unwrap();
    let long = |at_end: &str| format!("{}{at_end}", "the ".repeat(200));
    let passages = [
        format!("refund {}", long("")),
        long("refund"),
        "refund ".repeat(5_000),
    ];
    let scores = encoder.score("refund", &passages, in_time()).unwrap();
    assert_eq!(scores, [1.0, 0.0, 1.0]);
    // A question that is longer than all leaves its passage room.
    let scores = encoder
        .score(
            &"refund ".repeat(300),
            &texts(&["refund", "gpu"]),
            in_time(),
        )
        .unwrap();
    assert_eq!(scores, [1.0, 0.0]);
}

#[test]
fn when_the_time_is_up_the_first_have_scores() {
    let folder = folder(scored(shared_words()), 64);
    let encoder = open(folder.path()).unwrap();
    let passages = texts(&["refund"; 2_000]);
    assert!(
        encoder
            .score("refund", &passages, Instant::now())
            .unwrap()
            .is_empty()
    );
    let scores = encoder
        .score(
            "refund",
            &passages,
            Instant::now() + Duration::from_millis(5),
        )
        .unwrap();
    assert!(scores.len() < passages.len(), "{} scores", scores.len());
    assert!(scores.iter().all(|score| *score == 1.0));
}

#[test]
fn a_model_that_is_none_is_refused_when_it_is_opened() {
    let missing = tempfile::tempdir().unwrap();
    let message = refusal(&missing.path().join("cross-encoder"));
    assert!(
        message.contains("tokenizer.json") && message.contains("nothing is downloaded"),
        "{message}"
    );
    let message = refusal(missing.path());
    assert!(message.contains("model.onnx"), "{message}");

    let model = folder(scored(shared_words()), 64);
    std::fs::remove_file(model.path().join("tokenizer_config.json")).unwrap();
    let message = refusal(model.path());
    assert!(message.contains("tokenizer_config.json"), "{message}");

    let model = folder(scored(shared_words()), 64);
    std::fs::write(model.path().join("model.onnx"), b"no graph").unwrap();
    let message = refusal(model.path());
    assert!(message.contains("cannot be loaded"), "{message}");

    // An input that nobody gives.
    let wants_more = shared_words()
        .input("position_ids")
        .attributed("Cast", &["position_ids"], "positions", &[("to", 1)])
        .attributed(
            "ReduceSum",
            &["shared", "tokens"],
            "count",
            &[("keepdims", 1)],
        )
        .node("Add", &["count", "positions"], "logits")
        .output("logits", &["batch", "one_score"]);
    let message = refusal(folder(wants_more, 64).path());
    assert!(message.contains("position_ids"), "{message}");

    // Another output.
    let other = shared_words()
        .attributed(
            "ReduceSum",
            &["shared", "tokens"],
            "scores",
            &[("keepdims", 1)],
        )
        .output("scores", &["batch", "one_score"]);
    let message = refusal(folder(other, 64).path());
    assert!(message.contains("logits"), "{message}");

    // One number for the whole batch.
    let flat = shared_words()
        .attributed(
            "ReduceSum",
            &["shared", "tokens"],
            "logits",
            &[("keepdims", 0)],
        )
        .output("logits", &["batch"]);
    let message = refusal(folder(flat, 64).path());
    assert!(
        message.contains("not one number for each pair"),
        "{message}"
    );

    // Several classes.
    let model = folder(scored(shared_words()), 64);
    let config = r#"{"id2label": {"0": "contradiction", "1": "entailment", "2": "neutral"}}"#;
    std::fs::write(model.path().join("config.json"), config).unwrap();
    let message = refusal(model.path());
    assert!(message.contains("3 classes"), "{message}");
}

/// Divided by the number of shared words: what shares none gets no number.
#[test]
fn what_is_no_number_is_an_error_and_the_next_call_works() {
    let refused = shared_words()
        .attributed(
            "ReduceSum",
            &["shared", "tokens"],
            "count",
            &[("keepdims", 1)],
        )
        .attributed(
            "ReduceSum",
            &["question_set", "tokens"],
            "asked",
            &[("keepdims", 1)],
        )
        .node("Div", &["count", "asked"], "logits")
        .output("logits", &["batch", "one_score"]);
    // The first pair, by which a model is tried, has no word that it knows: 0 / 0.
    let message = refusal(folder(refused, 64).path());
    assert!(message.contains("NaN"), "{message}");

    let folder = folder(fails_on("notebook"), 64);
    let encoder = open(folder.path()).unwrap();
    let passages = texts(&["refund", "orders", "table"]);
    let error = encoder.score("notebook", &passages, in_time()).unwrap_err();
    assert!(
        matches!(&error, IndexError::Other(message) if message.contains("NaN")),
        "{error}"
    );
    assert_eq!(
        encoder.score("refund", &passages, in_time()).unwrap(),
        [1.0; 3]
    );
}
