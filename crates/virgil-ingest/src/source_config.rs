//! A source as the configuration describes it.

use globset::GlobMatcher;

/// One configured source, validated.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Its unique name.
    pub name: String,
    /// Its kind, such as `git` or `folder`.
    pub kind: String,
    /// The parameters of its kind.
    pub parameters: serde_json::Value,
    /// The access label of what no rule matches.
    pub label: String,
    /// Path rules; the first that matches wins.
    pub rules: Vec<PathRule>,
}

/// Gives the paths that match a glob another access label.
#[derive(Debug, Clone)]
pub struct PathRule {
    /// Which paths.
    pub glob: GlobMatcher,
    /// The access label.
    pub label: String,
}

impl SourceConfig {
    /// The access label of a path.
    pub fn label_of(&self, path: &str) -> &str {
        self.rules
            .iter()
            .find(|rule| rule.glob.is_match(path))
            .map_or(self.label.as_str(), |rule| rule.label.as_str())
    }

    /// A fingerprint of everything that decides labels: when it changes, every asset is looked at again.
    pub(crate) fn access_fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in std::iter::once(self.label.as_str()).chain(
            self.rules
                .iter()
                .flat_map(|rule| [rule.glob.glob().glob(), rule.label.as_str()]),
        ) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_wins() {
        let rule = |glob: &str, label: &str| PathRule {
            glob: globset::Glob::new(glob).expect("a glob").compile_matcher(),
            label: label.into(),
        };
        let config = SourceConfig {
            name: "s".into(),
            kind: "git".into(),
            parameters: serde_json::Value::Null,
            label: "private".into(),
            rules: vec![rule("docs/secret/**", "risk"), rule("docs/**", "everyone")],
        };
        assert_eq!(config.label_of("docs/secret/a.md"), "risk");
        assert_eq!(config.label_of("docs/a.md"), "everyone");
        assert_eq!(config.label_of("src/a.rs"), "private");
    }
}
