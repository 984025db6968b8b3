//! What the gateway learns of the asker, for its own accounting.

use secrecy::{ExposeSecret, SecretString};

/// What the gateway learns of the asker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounting {
    /// How the principal's name is passed on, as the request's `user`.
    pub principal: PrincipalAs,
    /// Tags of every request.
    pub tags: Vec<String>,
    /// Where the tags are put.
    pub tags_in: TagsIn,
}

/// How a principal's name is passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrincipalAs {
    /// As it is.
    #[default]
    Name,
    /// As a name that stays the same and that only who knows the gateway's key can lead back.
    Pseudonym,
    /// Not at all.
    Nothing,
}

/// Where tags are put.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagsIn {
    /// In the header `x-litellm-tags`, which other gateways ignore.
    #[default]
    Header,
    /// In the body, as `metadata.tags`. The OpenAI API itself refuses a list there.
    Metadata,
}

impl Accounting {
    /// What to send as `user`.
    pub(crate) fn user(&self, principal: &str, key: Option<&SecretString>) -> Option<String> {
        match self.principal {
            PrincipalAs::Name => Some(principal.to_owned()),
            PrincipalAs::Pseudonym => Some(pseudonym(principal, key)),
            PrincipalAs::Nothing => None,
        }
    }

    /// What to send in the header `x-litellm-tags`.
    pub(crate) fn header(&self) -> Option<String> {
        (self.tags_in == TagsIn::Header && !self.tags.is_empty()).then(|| self.tags.join(","))
    }

    /// What to send as `metadata.tags`.
    pub(crate) fn metadata(&self) -> Option<&[String]> {
        (self.tags_in == TagsIn::Metadata && !self.tags.is_empty()).then_some(&self.tags)
    }
}

/// A keyed hash (BLAKE3) of the name: without the key, names cannot be guessed and tried.
fn pseudonym(principal: &str, key: Option<&SecretString>) -> String {
    let key = key.map_or("", |key| key.expose_secret());
    let key = blake3::derive_key("virgil 2026 pseudonyms of principals", key.as_bytes());
    let hash = blake3::keyed_hash(&key, principal.as_bytes()).to_hex();
    format!("principal-{}", &hash[..20])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_stays_the_same_and_depends_on_the_key() {
        let accounting = Accounting {
            principal: PrincipalAs::Pseudonym,
            ..Accounting::default()
        };
        let user = |principal: &str, key: &str| {
            accounting
                .user(principal, Some(&SecretString::from(key.to_owned())))
                .unwrap()
        };
        assert_eq!(user("ada", "k"), user("ada", "k"));
        assert_ne!(user("ada", "k"), user("ada", "other"));
        assert_ne!(user("ada", "k"), user("bob", "k"));
        assert!(!user("ada", "k").contains("ada"));
    }
}
