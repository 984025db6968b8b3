//! How the known hosts spell a link to lines of a file at a commit.

use virgil_model::Permalink;

/// The link template of a repository's URL, if its host is of a known kind.
pub(super) fn permalink(url: &str) -> Option<Permalink> {
    let (host, path) = host_and_path(url)?;
    let path = path.trim_matches('/').trim_end_matches(".git");
    let base = format!("https://{host}/{path}");
    let name = host.split(':').next().unwrap_or(host);
    let is = |kind: &str| name.split('.').any(|label| label == kind);
    let tail = if is("github") {
        "/blob/{commit}/{path}#L{start}-L{end}"
    } else if is("gitlab") {
        "/-/blob/{commit}/{path}#L{start}-{end}"
    } else if name == "bitbucket.org" {
        "/src/{commit}/{path}#lines-{start}:{end}"
    } else if is("gitea") || is("forgejo") || is("codeberg") {
        "/src/commit/{commit}/{path}#L{start}-L{end}"
    } else {
        return None;
    };
    Some(Permalink(base + tail))
}

fn host_and_path(url: &str) -> Option<(&str, &str)> {
    let without_user = |authority: &str| authority.rfind('@').map_or(0, |at| at + 1);
    if let Some((scheme, rest)) = url.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        let host = &authority[without_user(authority)..];
        // The port of ssh is not the port of the web face.
        let host = if scheme == "ssh" {
            host.split(':').next()?
        } else {
            host
        };
        return matches!(scheme, "https" | "http" | "ssh").then_some((host, path));
    }
    let (authority, path) = url.split_once(':')?;
    Some((&authority[without_user(authority)..], path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_host_has_its_own_spelling() {
        for (url, expect) in [
            (
                "https://github.com/o/r.git",
                Some("https://github.com/o/r/blob/{commit}/{path}#L{start}-L{end}"),
            ),
            (
                "git@github.com:o/r.git",
                Some("https://github.com/o/r/blob/{commit}/{path}#L{start}-L{end}"),
            ),
            (
                "ssh://git@gitlab.acme.example:2222/a/b/r",
                Some("https://gitlab.acme.example/a/b/r/-/blob/{commit}/{path}#L{start}-{end}"),
            ),
            (
                "https://bitbucket.org/o/r",
                Some("https://bitbucket.org/o/r/src/{commit}/{path}#lines-{start}:{end}"),
            ),
            ("https://git.acme.example/o/r", None),
            ("file:///srv/r.git", None),
        ] {
            assert_eq!(
                permalink(url).map(|link| link.0).as_deref(),
                expect,
                "{url}"
            );
        }
    }
}
