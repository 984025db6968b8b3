//! Splits the text of one section into pieces of bounded length.
//!
//! The pieces are about equally long. A cut prefers, in this order, a heading or a blank line, a line that is
//! indented less, and the middle of where it may be. A line that is too long by itself is cut at white space,
//! or anywhere if it has none.

use virgil_model::{LineSpan, Section};

/// A stretch of a section without blank lines at its ends.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// How many characters it has.
    pub(crate) characters: usize,
    /// The blank lines that stand before it in the section or after the piece before it.
    pub(crate) blank_lines: usize,
    /// The blank lines that stand after it, when it is the last piece of its section.
    pub(crate) blank_after: usize,
    /// The lines of the asset.
    pub(crate) lines: LineSpan,
}

/// A line, or a part of one that is too long.
#[derive(Debug, Clone, Copy)]
struct Strip<'a> {
    text: &'a str,
    characters: usize,
    line: u32,
    /// Where a cut in front of this strip hurts least; higher is better.
    merit: u32,
    is_blank: bool,
    /// Whether it continues the line of the strip before, so that a cut must stand here.
    is_continued: bool,
}

/// Splits a section into pieces of at most `limit` characters; blank sections have none.
pub(crate) fn pieces(section: &Section, limit: usize) -> Vec<Piece<'_>> {
    let strips = strips(section, limit);
    let mut pieces = Vec::new();
    let mut first = 0;
    while let Some(start) = (first..strips.len()).find(|index| !strips[*index].is_blank) {
        let end = cut(&strips, start, limit);
        let last = (start..end)
            .rev()
            .find(|index| !strips[*index].is_blank)
            .unwrap_or(start);
        pieces.push(piece(&section.text, &strips[start..=last], start - first));
        first = end;
        if let Some(last_piece) = pieces.last_mut()
            && strips[end..].iter().all(|strip| strip.is_blank)
        {
            let last_piece: &mut Piece<'_> = last_piece;
            last_piece.blank_after = strips.len() - last - 1;
            break;
        }
    }
    pieces
}

fn strips(section: &Section, limit: usize) -> Vec<Strip<'_>> {
    let mut strips = Vec::new();
    let mut after_blank = true;
    for (index, text) in section.text.split('\n').enumerate() {
        let line = section
            .lines
            .get(index)
            .or(section.lines.last())
            .copied()
            .unwrap_or(1);
        let trimmed = text.trim_start();
        let is_blank = trimmed.is_empty();
        let indent = u32::try_from((text.len() - trimmed.len()).min(40)).unwrap_or(40);
        let closes = trimmed.starts_with(['}', ')', ']']) || trimmed.starts_with("end");
        let mut merit = 40 - indent;
        if after_blank {
            merit += 40;
        }
        if closes || is_blank {
            merit = 0;
        }
        after_blank = is_blank;
        let mut rest = text;
        let mut is_continued = false;
        loop {
            let (head, tail) = break_line(rest, limit);
            strips.push(Strip {
                text: head,
                characters: characters(head),
                line,
                merit,
                is_blank: head.trim().is_empty(),
                is_continued,
            });
            match tail {
                Some(tail) => rest = tail,
                None => break,
            }
            is_continued = true;
        }
    }
    strips
}

fn characters(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// The part of a line that fits, and the rest when there is one.
fn break_line(line: &str, limit: usize) -> (&str, Option<&str>) {
    if line.len() <= limit {
        return (line, None);
    }
    let Some((end, _)) = line.char_indices().nth(limit) else {
        return (line, None);
    };
    // White space in the last third makes the better cut.
    let at = line[..end]
        .char_indices()
        .rev()
        .take(limit / 3)
        .find(|(_, character)| character.is_whitespace())
        .map_or(end, |(at, character)| at + character.len_utf8());
    (&line[..at], Some(&line[at..]))
}

/// Where the piece that begins at `start` ends.
fn cut(strips: &[Strip<'_>], start: usize, limit: usize) -> usize {
    // Twice the limit is enough to see how the rest should be shared out.
    let horizon = limit * 3;
    let mut remaining = 0;
    let mut fits = start;
    for (index, strip) in strips.iter().enumerate().skip(start) {
        if index > start && strip.is_continued {
            remaining = horizon;
            break;
        }
        remaining += strip.characters + usize::from(index > start);
        if remaining <= limit {
            fits = index + 1;
        }
        if remaining >= horizon {
            break;
        }
    }
    let fits = fits.max(start + 1);
    if fits == strips.len() || strips[fits].is_continued {
        return fits;
    }
    let aim = if remaining < horizon {
        let count = remaining.div_ceil(limit);
        remaining / count
    } else {
        limit * 9 / 10
    };
    let floor = (aim * 6 / 10).min(limit / 2);
    let mut best = (fits, 0);
    let mut size = 0;
    for index in start + 1..=fits {
        size += strips[index - 1].characters + 1;
        let merit = strips[index].merit as usize;
        let distance = size.abs_diff(aim) * 60 / limit;
        let score = 1 + (100 + merit).saturating_sub(distance);
        if size >= floor && score > best.1 {
            best = (index, score);
        }
    }
    best.0
}

fn piece<'a>(text: &'a str, strips: &[Strip<'a>], blank_lines: usize) -> Piece<'a> {
    let characters = strips.iter().map(|strip| strip.characters).sum::<usize>() + strips.len() - 1;
    let (first, last) = (&strips[0], &strips[strips.len() - 1]);
    // Strips are slices of the text in order, so that the piece is one slice too.
    let base = text.as_ptr() as usize;
    let start = first.text.as_ptr() as usize - base;
    let end = last.text.as_ptr() as usize - base + last.text.len();
    Piece {
        text: &text[start..end],
        characters,
        blank_lines,
        blank_after: 0,
        lines: LineSpan::new(first.line, last.line),
    }
}
