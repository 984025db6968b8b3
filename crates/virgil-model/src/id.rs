//! Row identities. They are opaque outside the store, which numbers them.

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// A configured origin of assets.
    SourceId
);
row_id!(
    /// One raw item of a source as one generation knows it.
    AssetId
);
row_id!(
    /// An access label: the rule that says which groups may see an asset.
    LabelId
);
row_id!(
    /// The number of a sync's result within its source; grows by one with each sync.
    Generation
);
