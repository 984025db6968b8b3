//! The exact index.

use virgil_index::MemoryIndex;

use crate::contract::{self, DIMENSIONS};

#[tokio::test]
async fn the_memory_index_keeps_the_contract() {
    contract::check(|| Box::new(MemoryIndex::new(DIMENSIONS))).await;
}
