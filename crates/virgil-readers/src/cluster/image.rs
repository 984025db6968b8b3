//! References to container images (<https://github.com/distribution/reference>), and the keys made of them.
//!
//! The identity is the repository, `registry/path`, with Docker Hub written out; the tag only points, so it is an
//! attribute of the edge. A digest is an identity of its own, which is a version of the repository.

use virgil_model::{Attributes, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::statements::Said;

/// An image reference in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// `registry/path`.
    pub(crate) repository: String,
    /// What stands after `:`.
    pub(crate) tag: Option<String>,
    /// What stands after `@`, such as `sha256:…`.
    pub(crate) digest: Option<String>,
}

impl Image {
    /// Parses a reference; `None` for what is none, such as one with variables.
    pub(crate) fn parse(reference: &str) -> Option<Image> {
        let reference = reference.trim();
        if reference.is_empty() || reference.len() > 500 {
            return None;
        }
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (reference, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let is_tag = |tag: &str| {
            !tag.is_empty()
                && tag
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        };
        let is_digest = |digest: &str| {
            digest.split_once(':').is_some_and(|(algorithm, hex)| {
                !algorithm.is_empty()
                    && hex.len() >= 32
                    && hex.chars().all(|c| c.is_ascii_hexdigit())
            })
        };
        if !tag.is_none_or(is_tag) || !digest.is_none_or(is_digest) {
            return None;
        }
        Some(Image {
            repository: repository(name)?,
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_ascii_lowercase),
        })
    }

    /// The key of the repository.
    pub(crate) fn key(&self) -> Key {
        Key::global("image", self.repository.clone())
    }

    /// The key of the exact content, if the reference has a digest.
    pub(crate) fn digest_key(&self) -> Option<Key> {
        Some(Key::global("image_digest", self.digest.clone()?))
    }

    /// The tag and digest, as attributes of an edge to the repository.
    pub(crate) fn attributes(&self) -> Attributes {
        [("tag", &self.tag), ("digest", &self.digest)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::Text(value.clone()?))))
            .collect()
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// The repository with its registry; a first part without a dot, colon or `localhost` is a folder of Docker Hub.
fn repository(name: &str) -> Option<String> {
    let is_name = !name.is_empty()
        && name.split('/').enumerate().all(|(index, part)| {
            !part.is_empty()
                && part.chars().all(|c| {
                    c.is_ascii_alphanumeric()
                        || matches!(c, '.' | '_' | '-')
                        || (index == 0 && c == ':' && name.contains('/'))
                })
        });
    if !is_name {
        return None;
    }
    let name = name.to_ascii_lowercase();
    match name.split_once('/') {
        None => Some(format!("docker.io/library/{name}")),
        Some(("docker.io" | "index.docker.io", path)) if !path.contains('/') => {
            Some(format!("docker.io/library/{path}"))
        }
        Some(("index.docker.io", path)) => Some(format!("docker.io/{path}")),
        Some((registry, _)) if registry.contains(['.', ':']) || registry == "localhost" => {
            Some(name)
        }
        Some(_) => Some(format!("docker.io/{name}")),
    }
}

/// The key of the repository of an image reference.
pub(crate) fn key(reference: &str) -> Option<Key> {
    Image::parse(reference).map(|image| image.key())
}

/// Says that `subject` has an edge to an image; `more` are further attributes of the edge. Nothing for no image.
///
/// What runs an image also has it with its tag as the attribute `image`: an edge leads to the repository only, and
/// one asks for what still runs a tag.
pub(crate) fn relate(
    said: &mut Said,
    lines: LineSpan,
    subject: &Key,
    predicate: Predicate,
    reference: &str,
    more: Attributes,
) {
    let Some(image) = Image::parse(reference) else {
        return;
    };
    let key = image.key();
    said.mention(lines, Kind::Image, &[&key], &image.repository);
    let mut attributes = image.attributes();
    attributes.extend(more);
    said.relation_with(
        lines,
        subject,
        predicate,
        Target::Key(key.clone()),
        attributes,
    );
    if predicate == Predicate::RunsImage {
        let written = Value::Text(image.to_string());
        said.attribute(lines, subject, "image", written);
    }
    if let Some(digest) = image.digest_key() {
        said.mention(lines, Kind::Image, &[&digest], reference.trim());
        said.relation(lines, &digest, Predicate::VersionOf, &key);
        said.relation(lines, subject, predicate, &digest);
    }
}

/// Says that `subject` runs an image.
pub(crate) fn state(reference: &str, subject: &Key, lines: LineSpan, said: &mut Said) {
    let more = Attributes::new();
    relate(said, lines, subject, Predicate::RunsImage, reference, more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reference: &str, repository: &str, tag: Option<&str>, digest: Option<&str>) {
        let image = Image::parse(reference).expect(reference);
        assert_eq!(image.repository, repository);
        assert_eq!(image.tag.as_deref(), tag);
        assert_eq!(image.digest.as_deref(), digest);
    }

    #[test]
    fn references_are_split() {
        let sha = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        check(
            "golang:1.23",
            "docker.io/library/golang",
            Some("1.23"),
            None,
        );
        check("docker.io/busybox", "docker.io/library/busybox", None, None);
        check("kserve/sklearn", "docker.io/kserve/sklearn", None, None);
        check("localhost:5000/a/b", "localhost:5000/a/b", None, None);
        check(
            "gcr.io/distroless/static",
            "gcr.io/distroless/static",
            None,
            None,
        );
        check(
            &format!("ghcr.io/Team/app:1.0@{sha}"),
            "ghcr.io/team/app",
            Some("1.0"),
            Some(sha),
        );
    }

    #[test]
    fn what_is_no_reference_is_none() {
        for text in [
            "",
            "$IMAGE",
            "${{ matrix.image }}:1",
            "{{ .Values.image }}",
            "a b",
            "a//b",
            "a:",
            "a@sha256:1",
            "/a",
            "a:b:c",
            "é",
            "a/b:c:d",
            ":",
            "@",
            "registry/",
        ] {
            assert_eq!(Image::parse(text), None, "{text}");
        }
    }
}
