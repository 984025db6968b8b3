//! A passage of a document: the unit that is embedded and cited.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::LineSpan;

/// A passage with its place in the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it stands in the outline, outermost first.
    pub breadcrumb: Vec<String>,
    /// The text, verbatim from the document.
    pub text: String,
    /// The lines of the asset that it covers.
    pub lines: LineSpan,
}

impl Chunk {
    /// The text that the dense vector is of: the breadcrumb, then the body. It holds nothing volatile
    /// (no path, commit or date), so that the same passage elsewhere costs no second embedding.
    pub fn embedded_text(&self) -> String {
        if self.breadcrumb.is_empty() {
            return self.text.clone();
        }
        format!("{}\n{}", self.breadcrumb.join(" > "), self.text)
    }
}

/// The identity of a chunk: document, content and occurrence. It survives a move of the lines around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChunkId(pub Uuid);

impl ChunkId {
    /// Derives the identity. `occurrence` counts equal texts within one document from 0.
    pub fn derive(source: &str, path: &str, embedded_text: &str, occurrence: u32) -> ChunkId {
        ChunkId(digest(&[
            b"chunk",
            source.as_bytes(),
            path.as_bytes(),
            embedded_text.as_bytes(),
            &occurrence.to_le_bytes(),
        ]))
    }
}

/// The identity of a point in the vector index: a chunk as one generation put it there.
///
/// It carries the generation, so that a late deletion never hits a chunk that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PointId(pub Uuid);

impl PointId {
    /// Derives the identity of `chunk` as put into the index by `generation` of its source.
    pub fn derive(chunk: ChunkId, generation: crate::Generation) -> PointId {
        PointId(digest(&[
            b"point",
            chunk.0.as_bytes(),
            &generation.0.to_le_bytes(),
        ]))
    }
}

/// The key of a cached vector: the embedder's identity and the embedded text, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VectorKey(pub [u8; 32]);

impl VectorKey {
    /// Derives the key. `embedder` names model, precision and pooling.
    pub fn derive(embedder: &str, embedded_text: &str) -> VectorKey {
        VectorKey(hash(&[embedder.as_bytes(), embedded_text.as_bytes()]))
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        // The length in front keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

fn digest(parts: &[&[u8]]) -> Uuid {
    let full = hash(parts);
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    Uuid::from_bytes(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generation;

    #[test]
    fn identities_depend_on_every_part() {
        let chunk = ChunkId::derive("s", "a/b", "text", 0);
        assert_eq!(chunk, ChunkId::derive("s", "a/b", "text", 0));
        for other in [
            ChunkId::derive("sa", "/b", "text", 0),
            ChunkId::derive("s", "a/b", "text", 1),
            ChunkId::derive("s", "a/b", "texts", 0),
        ] {
            assert_ne!(chunk, other);
        }
        assert_ne!(
            PointId::derive(chunk, Generation(1)),
            PointId::derive(chunk, Generation(2))
        );
    }
}
