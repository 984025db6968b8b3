//! Terraform (<https://developer.hashicorp.com/terraform/language/syntax/configuration>): resources and buckets.
//!
//! Not a parser: blocks are found by their heads and braces, outside comments, strings and heredocs. A resource is
//! known inside its folder, which is the module; a bucket also by its URI. State and variable files are never read.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::lines::{Lines, number};
use crate::statements::{Asset, Said};

/// Whether a file is a Terraform configuration.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "tf"
}

/// States the blocks of a file.
pub(crate) fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let folder = asset
        .raw
        .path
        .rsplit_once('/')
        .map_or(".", |(folder, _)| folder);
    let lines = Lines::of(asset.raw.text);
    for block in blocks(&lines) {
        one(&block, folder, said);
    }
}

struct Block<'a> {
    head: Vec<&'a str>,
    lines: LineSpan,
    /// The plain attributes directly inside: name, text, line.
    fields: Vec<(&'a str, &'a str, u32)>,
    body: Vec<(u32, &'a str)>,
}

fn one(block: &Block<'_>, folder: &str, said: &mut Said) {
    let key = |address: &str| Key::scoped("terraform", ".", &format!("{folder}#{address}"));
    let (subject, name, kind) = match block.head.as_slice() {
        ["resource", kind, name] => (key(&format!("{kind}.{name}")), *name, *kind),
        ["data", kind, name] => (key(&format!("data.{kind}.{name}")), *name, *kind),
        ["module", name] => (key(&format!("module.{name}")), *name, "module"),
        _ => return,
    };
    let field = |name: &str| block.fields.iter().find(|(field, _, _)| *field == name);
    let head = LineSpan::line(block.lines.start);
    let text = |text: &str| Value::Text(text.to_owned());
    said.mention(block.lines, Kind::Resource, &[&subject], name);
    said.attribute(head, &subject, "type", text(kind));
    if let Some((_, source, line)) = field("source") {
        said.attribute(LineSpan::line(*line), &subject, "source", text(source));
    }
    let bucket = match kind {
        "aws_s3_bucket" => field("bucket").map(|found| ("s3", found)),
        "google_storage_bucket" => field("name").map(|found| ("gs", found)),
        _ => None,
    };
    if let Some((scheme, (_, bucket, line))) =
        bucket.filter(|(_, (_, name, _))| !name.contains('$'))
    {
        let uri = Key::global("uri", format!("{scheme}://{}", bucket.to_lowercase()));
        said.same(LineSpan::line(*line), &subject, &uri);
    }
    for (line, text) in &block.body {
        for (kind, name) in references(text) {
            let object = key(&format!("{kind}.{name}"));
            if object != subject {
                said.relation(
                    LineSpan::line(*line),
                    &subject,
                    Predicate::DependsOn,
                    &object,
                );
            }
        }
    }
}

/// Addresses such as `aws_s3_bucket.lake` in a line.
fn references(line: &str) -> Vec<(&str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.split(|c| !is_word(c))
        .filter_map(|word| {
            let mut parts = word.split('.');
            let (kind, name) = (parts.next()?, parts.next()?);
            let is_resource = kind.contains('_')
                && kind.starts_with(|c: char| c.is_ascii_lowercase())
                && kind
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let is_module = kind == "module" && !name.is_empty();
            (is_resource || is_module).then_some((kind, name))
        })
        .collect()
}

/// The blocks of the outermost level.
fn blocks<'a>(lines: &Lines<'a>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut depth = 0_usize;
    let mut heredoc: Option<&str> = None;
    let mut is_comment = false;
    for (index, line) in lines.all().iter().enumerate() {
        let line_number = number(index);
        if let Some(end) = heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        if is_comment {
            is_comment = !line.contains("*/");
            continue;
        }
        let code = without_comment(line);
        let trimmed = code.trim();
        if trimmed.starts_with("/*") {
            is_comment = !trimmed.contains("*/");
            continue;
        }
        if depth == 0 && trimmed.contains('{') {
            let head = trimmed.split('{').next().unwrap_or_default();
            blocks.push(Block {
                head: head
                    .split_whitespace()
                    .map(|word| word.trim_matches('"'))
                    .collect(),
                lines: LineSpan::line(line_number),
                fields: Vec::new(),
                body: Vec::new(),
            });
        } else if depth > 0
            && let Some(block) = blocks.last_mut()
        {
            block.lines = LineSpan::new(block.lines.start, line_number);
            block.body.push((line_number, code));
            if depth == 1
                && let Some((name, value)) = trimmed.split_once('=')
                && let Some(value) = value
                    .trim()
                    .strip_prefix('"')
                    .and_then(|v| v.strip_suffix('"'))
            {
                block.fields.push((name.trim(), value, line_number));
            }
        }
        depth = nesting(code, depth);
        heredoc = code
            .split_once("<<")
            .map(|(_, word)| word.trim_start_matches('-').trim())
            .filter(|word| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
    }
    blocks
}

/// The line in front of a `#` or `//` that stands outside a string.
fn without_comment(line: &str) -> &str {
    let mut is_string = false;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if previous != '\\' => is_string = !is_string,
            '#' if !is_string => return &line[..at],
            '/' if !is_string && previous == '/' => return &line[..at - 1],
            _ => {}
        }
        previous = c;
    }
    line
}

fn nesting(code: &str, mut depth: usize) -> usize {
    let mut is_string = false;
    let mut previous = ' ';
    for c in code.chars() {
        match c {
            '"' if previous != '\\' => is_string = !is_string,
            '{' if !is_string => depth += 1,
            '}' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = c;
    }
    depth
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_bucket_has_its_uri() {
        assert_snapshot!(check("terraform/buckets.tf", r####"locals {
  tags = { team = "x" }
}
# Feature files {
resource "aws_s3_bucket" "lake" {
  bucket = "bottega-lake"   // name
  tags   = merge(local.tags, { sensitivity = "pii" })
}
resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {
    status = "Enabled"
  }
}
module "eks" {
  source = "./modules/eks"
  script = <<EOF
}}} resource "x" "y" {
EOF
}
"####), @r####"
        [5-8] resource "lake" terraform:./terraform#aws_s3_bucket.lake
        [5] terraform:./terraform#aws_s3_bucket.lake .type = "aws_s3_bucket"
        [6] terraform:./terraform#aws_s3_bucket.lake is uri:s3://bottega-lake
        [9-14] resource "lake" terraform:./terraform#aws_s3_bucket_versioning.lake
        [9] terraform:./terraform#aws_s3_bucket_versioning.lake .type = "aws_s3_bucket_versioning"
        [10] terraform:./terraform#aws_s3_bucket_versioning.lake depends_on terraform:./terraform#aws_s3_bucket.lake
        [15-20] resource "eks" terraform:./terraform#module.eks
        [15] terraform:./terraform#module.eks .type = "module"
        [16] terraform:./terraform#module.eks .source = "./modules/eks"
        "####);
    }

    #[test]
    fn damage_is_read_as_far_as_it_goes() {
        for text in [
            "}}}",
            "resource {",
            "resource \"a\" \"b\" {\n",
            "<<EOF",
            "a = <<-\n{",
            "\"é/",
            "/",
        ] {
            check("a.tf", text);
        }
    }
}
