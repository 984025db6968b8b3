//! A cross-encoder as small as it can be: the score of a pair is how many of its words question and passage share.

use std::path::Path;

use crate::onnx::Graph;

/// The words that it knows, behind four special tokens.
pub(crate) const WORDS: [&str; 8] = [
    "refund", "orders", "the", "table", "gpu", "notebook", "a", "of",
];
const SPECIAL: usize = 4;

/// Shared words: both sides as sets over the vocabulary, multiplied and summed. `token_type_ids` tells the sides apart, special tokens
/// are rows of zeros.
pub(crate) fn shared_words() -> Graph {
    let size = SPECIAL + WORDS.len();
    let mut table = vec![0.0_f32; size * size];
    (SPECIAL..size).for_each(|word| table[word * size + word] = 1.0);
    let size = size as i64;
    Graph::default()
        .input("input_ids")
        .input("attention_mask")
        .input("token_type_ids")
        .floats("table", &[size, size], &table)
        .floats("one", &[1], &[1.0])
        .integers("tokens", &[1], &[1])
        .integers("last", &[1], &[-1])
        .node("Gather", &["table", "input_ids"], "words")
        .attributed("Cast", &["token_type_ids"], "side", &[("to", 1)])
        .attributed("Cast", &["attention_mask"], "there", &[("to", 1)])
        .node("Mul", &["side", "there"], "in_passage")
        .node("Sub", &["there", "in_passage"], "in_question")
        .node("Unsqueeze", &["in_passage", "last"], "passage_mask")
        .node("Unsqueeze", &["in_question", "last"], "question_mask")
        .node("Mul", &["words", "passage_mask"], "passage_words")
        .node("Mul", &["words", "question_mask"], "question_words")
        .attributed(
            "ReduceSum",
            &["passage_words", "tokens"],
            "passage_counts",
            &[("keepdims", 0)],
        )
        .attributed(
            "ReduceSum",
            &["question_words", "tokens"],
            "question_counts",
            &[("keepdims", 0)],
        )
        .node("Min", &["passage_counts", "one"], "passage_set")
        .node("Min", &["question_counts", "one"], "question_set")
        .node("Mul", &["passage_set", "question_set"], "shared")
}

/// How many words they share, as the score.
pub(crate) fn scored(graph: Graph) -> Graph {
    graph
        .attributed(
            "ReduceSum",
            &["shared", "tokens"],
            "logits",
            &[("keepdims", 1)],
        )
        .output("logits", &["batch", "one_score"])
}

/// Fails on questions with this word only: the rest of one and its presence, divided by itself, is no number.
pub(crate) fn fails_on(word: &str) -> Graph {
    let known = WORDS.iter().position(|known| *known == word);
    let row = SPECIAL + known.expect("a word that it knows");
    shared_words()
        .integers("row", &[1], &[row as i64])
        .attributed("Gather", &["question_set", "row"], "picked", &[("axis", 1)])
        .node("Sub", &["one", "picked"], "rest")
        .node("Div", &["rest", "rest"], "logits")
        .output("logits", &["batch", "one_score"])
}

/// Writes the files of a model: the graph, and a tokenizer of whole words; at most `max_tokens` of a pair are read.
pub(crate) fn write(folder: &Path, graph: Graph, max_tokens: usize) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("a file");
    std::fs::write(folder.join("model.onnx"), graph.file()).expect("a file");
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
    let vocabulary: serde_json::Map<_, _> = special
        .iter()
        .chain(&WORDS)
        .enumerate()
        .map(|(id, word)| ((*word).to_owned(), id.into()))
        .collect();
    let added: Vec<_> = special.iter().enumerate().map(|(id, word)| {
        serde_json::json!({"id": id, "content": word, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
    }).collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    });
    write("tokenizer.json", tokenizer.to_string());
    write(
        "config.json",
        r#"{"pad_token_id": 0, "id2label": {"0": "LABEL_0"}}"#.into(),
    );
    write("special_tokens_map.json", "{}".into());
    write(
        "tokenizer_config.json",
        format!(r#"{{"model_max_length": {max_tokens}, "pad_token": "[PAD]"}}"#),
    );
}
