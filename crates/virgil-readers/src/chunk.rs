//! Cuts a document into chunks, the passages that are embedded and cited.
//!
//! Chunks follow the sections. Small neighbours that belong together become one chunk, a large section becomes
//! several. Every line that is not blank is in a chunk; no chunk is longer than [`MAX_CHARACTERS`].

use virgil_model::{Chunk, Document, LineSpan, Section};

use crate::split::{Piece, pieces};

/// Grows whenever the same document would be cut differently.
pub const CHUNKER_VERSION: u32 = 1;

/// The longest text of a chunk, in characters.
pub(crate) const MAX_CHARACTERS: usize = 1200;
/// A section up to this many characters is small: it may join a neighbour from elsewhere in the outline.
const SMALL_CHARACTERS: usize = 200;
/// The longest element of a breadcrumb, in characters.
const LABEL_CHARACTERS: usize = 80;

/// Cuts a document into chunks, in reading order.
pub fn chunk(document: &Document) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut open: Option<Group<'_>> = None;
    for section in &document.sections {
        let mut cut = pieces(section, MAX_CHARACTERS);
        if cut.is_empty() {
            if let Some(group) = &mut open {
                group.blank_lines += section.lines.len();
            }
            continue;
        }
        if let [_] = cut.as_slice()
            && let Some(piece) = cut.pop()
        {
            match &mut open {
                Some(group) if group.takes(section, &piece) => group.add(section, piece),
                _ => {
                    let next = Group::of(section, piece);
                    chunks.extend(open.replace(next).map(|group| group.close(document)));
                }
            }
        } else {
            chunks.extend(open.take().map(|group| group.close(document)));
            chunks.extend(
                cut.into_iter()
                    .map(|piece| Group::of(section, piece).close(document)),
            );
        }
    }
    chunks.extend(open.map(|group| group.close(document)));
    chunks
}

/// Neighbouring sections that become one chunk.
struct Group<'a> {
    breadcrumb: &'a [String],
    shared: usize,
    /// The characters of the section that joined last.
    last_characters: usize,
    characters: usize,
    text: String,
    /// The blank lines after the text.
    blank_lines: usize,
    lines: LineSpan,
}

impl<'a> Group<'a> {
    fn of(section: &'a Section, piece: Piece<'_>) -> Group<'a> {
        Group {
            breadcrumb: &section.breadcrumb,
            shared: section.breadcrumb.len(),
            last_characters: piece.characters,
            characters: piece.characters,
            text: piece.text.to_owned(),
            blank_lines: piece.blank_after,
            lines: piece.lines,
        }
    }

    /// How many line ends stand between this and a piece that follows.
    fn gap(&self, piece: &Piece<'_>) -> usize {
        self.blank_lines + 1 + piece.blank_lines
    }

    fn takes(&self, section: &Section, piece: &Piece<'_>) -> bool {
        let are_small =
            self.last_characters < SMALL_CHARACTERS && piece.characters < SMALL_CHARACTERS;
        let are_related = self.breadcrumb.first() == section.breadcrumb.first();
        (are_small || are_related)
            && self.characters + self.gap(piece) + piece.characters <= MAX_CHARACTERS
    }

    fn add(&mut self, section: &'a Section, piece: Piece<'_>) {
        let common = self.breadcrumb[..self.shared]
            .iter()
            .zip(&section.breadcrumb)
            .take_while(|(ours, theirs)| ours == theirs)
            .count();
        if common > 0 {
            self.shared = common;
        } else if self.breadcrumb.is_empty() {
            self.breadcrumb = &section.breadcrumb;
            self.shared = section.breadcrumb.len();
        }
        let gap = self.gap(&piece);
        self.text.extend(std::iter::repeat_n('\n', gap));
        self.text.push_str(piece.text);
        self.characters += gap + piece.characters;
        self.blank_lines = piece.blank_after;
        self.last_characters = piece.characters;
        self.lines = self.lines.join(piece.lines);
    }

    fn close(self, document: &Document) -> Chunk {
        let path = &self.breadcrumb[..self.shared];
        let title =
            Some(&document.title).filter(|title| !title.is_empty() && path.first() != Some(*title));
        Chunk {
            breadcrumb: title
                .into_iter()
                .chain(path)
                .map(|label| short(label))
                .collect(),
            text: self.text,
            lines: self.lines,
        }
    }
}

fn short(label: &str) -> String {
    match label.char_indices().nth(LABEL_CHARACTERS) {
        Some((end, _)) => label[..end].to_owned(),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use virgil_model::Content;

    /// Cuts sections, given as breadcrumb and text, and shows breadcrumb, lines and length of each chunk.
    fn check(title: &str, sections: &[(&str, String)]) -> String {
        let mut first = 1;
        let mut built = Vec::new();
        for (path, text) in sections {
            let breadcrumb = path.split_terminator('/').map(str::to_owned).collect();
            let section = Section::verbatim(breadcrumb, text.clone(), first);
            first += u32::try_from(section.lines.len()).expect("a test is short");
            built.push(section);
        }
        let document = Document {
            title: title.to_owned(),
            content: Content::Prose,
            sections: built,
        };
        let shown = chunk(&document).into_iter().map(|chunk| {
            let LineSpan { start, end } = chunk.lines;
            let path = chunk.breadcrumb.join(" > ");
            format!("{path} | {start}-{end} | {}\n", chunk.text.chars().count())
        });
        shown.collect()
    }

    /// A text of that many characters, in lines of 50.
    fn lines(characters: usize) -> String {
        let line = format!("{}\n", "w".repeat(49));
        let mut text = line.repeat(characters / 50);
        text.pop();
        text
    }

    #[test]
    fn neighbours_of_one_heading_are_one_chunk() {
        let sections = [
            ("Guide", lines(300)),
            ("Guide/Install", lines(400)),
            ("Guide/Install/Linux", lines(400)),
            ("Guide/Use", lines(300)),
            ("Other", lines(300)),
        ];
        assert_snapshot!(check("Guide", &sections), @r####"
        Guide | 1-22 | 1099
        Guide > Use | 23-28 | 299
        Guide > Other | 29-34 | 299
        "####);
    }

    #[test]
    fn small_strangers_are_one_chunk_and_blank_lines_between_them_stay() {
        let sections = [
            ("", "import os\n\n".to_owned()),
            ("a", "def a(): pass\n\n".to_owned()),
            ("", "\n".to_owned()),
            ("b", "def b(): pass\n\n".to_owned()),
            ("c", lines(900)),
        ];
        assert_snapshot!(check("m.py", &sections), @r####"
        m.py > a | 1-9 | 43
        m.py > c | 12-29 | 899
        "####);
    }

    #[test]
    fn a_large_section_is_cut_where_it_hurts_least() {
        let paragraphs = [lines(500), lines(450), lines(600), lines(500)].join("\n\n");
        assert_snapshot!(check("A page", &[("Guide", paragraphs)]), @r####"
        A page > Guide | 1-20 | 950
        A page > Guide | 22-44 | 1100
        "####);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_at_white_space() {
        let text = format!("short\n{}\nend", "word ".repeat(500));
        assert_snapshot!(check("log.txt", &[("", text)]), @r####"
        log.txt | 1-1 | 5
        log.txt | 2-2 | 1200
        log.txt | 2-2 | 1200
        log.txt | 2-3 | 104
        "####);
    }

    #[test]
    fn long_labels_are_cut_and_blank_documents_have_no_chunks() {
        let title = "é".repeat(100);
        assert_snapshot!(check(&title, &[("", "x".to_owned())]), @r####"
        éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé | 1-1 | 1
        "####);
        assert_eq!(check("t", &[("a", " \n\t\n".to_owned())]), "");
    }
}
