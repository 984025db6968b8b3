//! Sets of things, each with why it is there.

use crate::entity::EntityId;
use crate::ids::Ids;
use crate::trails::Trail;

/// A thing in a set, and why it is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) id: EntityId,
    pub(crate) trail: Option<Trail>,
    /// Whether only its table is known to be touched.
    pub(crate) possibly: bool,
}

impl Member {
    /// A thing that is there because it was named or listed.
    pub(crate) fn given(id: EntityId) -> Member {
        Member {
            id,
            trail: None,
            possibly: false,
        }
    }
}

/// Things, each once, in no particular order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members(pub(crate) Vec<Member>);

impl Members {
    /// Things that were named or listed, each once.
    pub(crate) fn given(ids: impl IntoIterator<Item = EntityId>) -> Members {
        Members(ids.into_iter().map(Member::given).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.iter()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = EntityId> {
        self.0.iter().map(|member| member.id)
    }

    pub(crate) fn to_ids(&self) -> Ids {
        self.ids().collect()
    }

    /// The members that only the left or the right has, or that both have.
    pub(crate) fn join(mut self, mut other: Members) -> Vec<(Option<Member>, Option<Member>)> {
        self.0.sort_unstable_by_key(|member| member.id);
        other.0.sort_unstable_by_key(|member| member.id);
        let mut joined = Vec::with_capacity(self.len().max(other.len()));
        let mut right = other.0.into_iter().peekable();
        for left in self.0 {
            while let Some(only) = right.next_if(|right| right.id < left.id) {
                joined.push((None, Some(only)));
            }
            joined.push((Some(left), right.next_if(|right| right.id == left.id)));
        }
        joined.extend(right.map(|only| (None, Some(only))));
        joined
    }
}
