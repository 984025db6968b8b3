//! Plain text, and every format without a reader of its own: one section, verbatim.

use virgil_model::{Content, Files};

use crate::lines::{Lines, cut, extension, file_name, reading};
use crate::{Raw, Reader, Reading};

/// Endings of code that has no grammar here.
const CODE: &[&str] = &[
    "bat",
    "bazel",
    "bzl",
    "c",
    "cc",
    "clj",
    "cmake",
    "cpp",
    "cs",
    "css",
    "cu",
    "cxx",
    "dart",
    "dockerfile",
    "ex",
    "exs",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "hcl",
    "hpp",
    "hs",
    "jl",
    "jsonnet",
    "kt",
    "kts",
    "less",
    "libsonnet",
    "lua",
    "m",
    "mk",
    "mm",
    "php",
    "pl",
    "proto",
    "ps1",
    "r",
    "rb",
    "rego",
    "scala",
    "scss",
    "star",
    "svelte",
    "swift",
    "tf",
    "tfvars",
    "thrift",
    "vue",
    "zig",
];

/// Endings of structured data that has no grammar here.
const CONFIG: &[&str] = &[
    "avsc",
    "cfg",
    "conf",
    "env",
    "ini",
    "lock",
    "plist",
    "properties",
    "xml",
    "xsd",
];

/// The reader that accepts everything.
pub(crate) struct TextReader;

impl Reader for TextReader {
    fn name(&self) -> &'static str {
        "text"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, _raw: Raw<'_>) -> bool {
        true
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let sections = cut(&Lines::of(raw.text), Vec::new());
        let title = file_name(raw.path).to_owned();
        reading(title, content(raw), sections, Vec::new())
    }
}

/// What kind of text a file is, by its name and its first line.
fn content(raw: Raw<'_>) -> Content {
    let name = file_name(raw.path);
    let ending = extension(raw.path);
    let is_build_file = [
        "Dockerfile",
        "Containerfile",
        "Makefile",
        "Jenkinsfile",
        "Rakefile",
        "Gemfile",
    ]
    .iter()
    .any(|known| name.starts_with(known));
    if is_build_file || CODE.contains(&ending.as_str()) || raw.text.starts_with("#!") {
        Content::Code
    } else if CONFIG.contains(&ending.as_str()) || (name.starts_with('.') && ending.is_empty()) {
        Content::Config
    } else {
        Content::Prose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_kind_of_text() {
        for (path, text, expect) in [
            ("Dockerfile.gpu", "FROM x", Content::Code),
            ("infra/main.tf", "", Content::Code),
            (".gitignore", "", Content::Config),
            ("app.ini", "", Content::Config),
            ("run", "#!/usr/bin/perl", Content::Code),
            ("LICENSE", "", Content::Prose),
        ] {
            assert_eq!(content(Raw { path, text }), expect, "{path}");
        }
    }
}
