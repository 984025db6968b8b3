//! The embedding model that `make model` wrote, against the vectors of the published implementation.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use virgil_index::{Embedder, FastEmbedder, IndexError, ModelSource, Precision, Runtime, Turn};

/// What is lost to eight bits, at most.
const INT8_COSINE: f32 = 0.98;
const FP32_COSINE: f32 = 0.9999;

#[derive(Deserialize)]
struct Reference {
    texts: Vec<ReferenceText>,
}

#[derive(Deserialize)]
struct ReferenceText {
    name: String,
    text: String,
    vector: Vec<f32>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration to read the directory from"
)]
fn data_directory() -> PathBuf {
    let named = std::env::var("VIRGIL_DATA_DIR").ok().map(PathBuf::from);
    let directory = named.unwrap_or_else(|| repository().join("data"));
    let made = directory.join("onnxruntime").is_dir() && directory.join("models").is_dir();
    assert!(
        made,
        "`{}` holds no embedding model: run `make model`",
        directory.display()
    );
    directory
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn runtime() -> Runtime {
    Runtime::load(&data_directory().join("onnxruntime")).unwrap()
}

fn model_folder() -> PathBuf {
    data_directory().join("models/all-MiniLM-L6-v2")
}

fn open(precision: Precision, threads: usize) -> FastEmbedder {
    let source = ModelSource::Folder {
        path: model_folder(),
        precision,
    };
    FastEmbedder::open(&runtime(), &source, NonZeroUsize::new(threads).unwrap()).unwrap()
}

fn reference() -> Vec<ReferenceText> {
    let text = std::fs::read_to_string(repository().join("deploy/model/reference.json")).unwrap();
    let reference: Reference = serde_json::from_str(&text).unwrap();
    assert!(reference.texts.len() >= 10);
    reference.texts
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |left: &[f32], right: &[f32]| left.iter().zip(right).map(|(a, b)| a * b).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

fn check_against_reference(precision: Precision, least: f32) {
    let embedder = open(precision, 2);
    let reference = reference();
    let texts: Vec<_> = reference.iter().map(|entry| entry.text.clone()).collect();
    let vectors = embedder.embed(&texts, Turn::Sync).unwrap();
    assert_eq!(vectors.len(), texts.len());
    for (entry, vector) in reference.iter().zip(&vectors) {
        assert_eq!(vector.len(), embedder.dimensions());
        let similarity = cosine(vector, &entry.vector);
        assert!(similarity >= least, "{}: {similarity}", entry.name);
    }
}

#[test]
fn int8_is_near_the_published_model() {
    check_against_reference(Precision::Int8, INT8_COSINE);
}

#[test]
fn fp32_is_the_published_model() {
    check_against_reference(Precision::Fp32, FP32_COSINE);
}

#[test]
fn a_vector_depends_on_its_text_alone() {
    let embedder = open(Precision::Int8, 2);
    let texts: Vec<_> = reference().into_iter().map(|entry| entry.text).collect();
    let together = embedder.embed(&texts, Turn::Sync).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = embedder
            .embed(std::slice::from_ref(text), Turn::Question)
            .unwrap();
        assert_eq!(&alone[0], vector, "{text}");
    }
    let empty = embedder.embed(&[String::new()], Turn::Question).unwrap();
    assert!(
        (cosine(&empty[0], &empty[0]) - 1.0).abs() < 1e-5,
        "an empty text has a vector as well"
    );
}

#[test]
fn the_identity_tells_models_apart() {
    let (int8, fp32) = (open(Precision::Int8, 1), open(Precision::Fp32, 1));
    assert_eq!(int8.dimensions(), 384);
    assert_ne!(int8.identity(), fp32.identity());
    assert!(
        int8.identity()
            .starts_with("all-MiniLM-L6-v2 int8 mean 256 sha256:"),
        "{}",
        int8.identity()
    );
    assert_eq!(int8.identity(), open(Precision::Int8, 2).identity());
}

#[test]
fn a_changed_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all-MiniLM-L6-v2");
    std::fs::create_dir(&path).unwrap();
    for entry in std::fs::read_dir(model_folder()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), path.join(entry.file_name())).unwrap();
    }
    let source = ModelSource::Folder {
        path: path.clone(),
        precision: Precision::Int8,
    };
    let attempt = || FastEmbedder::open(&runtime(), &source, NonZeroUsize::MIN);
    attempt().unwrap();
    for name in ["model-int8.onnx", "tokenizer.json", "config.json"] {
        let original = std::fs::read(path.join(name)).unwrap();
        let mut changed = original.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(path.join(name), changed).unwrap();
        let error = attempt().unwrap_err();
        let expected = format!("{name}` is damaged");
        assert!(
            matches!(&error, IndexError::Setup(message) if message.contains(&expected)),
            "{error}"
        );
        std::fs::remove_file(path.join(name)).unwrap();
        let error = attempt().unwrap_err();
        assert!(
            matches!(&error, IndexError::Setup(message) if message.contains(name)),
            "{error}"
        );
        std::fs::write(path.join(name), original).unwrap();
    }
}

#[test]
fn a_named_model_gives_the_same_vectors() {
    // A cache as a hub client fills it, made of the same files.
    let cache = tempfile::tempdir().unwrap();
    let snapshot = cache
        .path()
        .join("models--Qdrant--all-MiniLM-L6-v2-onnx/snapshots/0123abcd");
    std::fs::create_dir_all(&snapshot).unwrap();
    for name in [
        "model.onnx",
        "tokenizer.json",
        "config.json",
        "special_tokens_map.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(model_folder().join(name), snapshot.join(name)).unwrap();
    }
    let source = ModelSource::Named {
        name: "AllMiniLML6V2".into(),
        cache: cache.path().to_owned(),
    };
    let named = FastEmbedder::open(&runtime(), &source, NonZeroUsize::MIN).unwrap();
    let texts = ["which data was fraud-detector trained on?".to_owned()];
    let from_folder = open(Precision::Fp32, 1)
        .embed(&texts, Turn::Question)
        .unwrap();
    assert_eq!(named.embed(&texts, Turn::Question).unwrap(), from_folder);
    assert_eq!(named.dimensions(), 384);
}

#[test]
fn a_process_has_one_runtime() {
    let library = runtime().library().to_owned();
    assert_eq!(Runtime::load(&library).unwrap().library(), library);
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("libonnxruntime.so.1.32.0");
    std::fs::copy(&library, &other).unwrap();
    let error = Runtime::load(&other).unwrap_err();
    assert!(matches!(error, IndexError::Setup(_)), "{error}");
}
