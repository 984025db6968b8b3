//! Finds the lines of an HTML file from which the lines of its rendering come.
//!
//! Rendering keeps the order of the words. So each rendered line begins where its first words stand next in the
//! source; a line whose words are not found stays at the line before it.

use std::collections::HashMap;

use virgil_model::words;

use crate::html_guard::{opaque_end, tag};
use crate::lines::{Lines, number};

/// How many words ahead two words in a row may be found; three in a row may be anywhere.
const NEAR_WORDS: usize = 2_000;
/// How many words ahead a word that stands alone may be found.
const ALONE_WORDS: usize = 100;

/// The words of an HTML text outside its tags, with their lines.
struct Index<'a> {
    words: Vec<(&'a str, u32)>,
    places: HashMap<&'a str, Vec<usize>>,
    pairs: HashMap<(&'a str, &'a str), Vec<usize>>,
}

/// The line of the source, counted from 1, of each rendered line; never falling.
pub(crate) fn origins(source: &str, rendered: &Lines<'_>) -> Vec<u32> {
    let index = Index::of(source);
    let mut cursor = 0;
    let mut line = index.words.first().map_or(1, |(_, line)| *line);
    rendered
        .all()
        .iter()
        .map(|text| {
            let text = without_targets(text);
            let wanted: Vec<&str> = words(&text).take(6).collect();
            if let Some(found) = index.find(&wanted, cursor) {
                line = line.max(index.words[found].1);
                cursor = found + words(&text).count().min(index.words.len() - found);
            }
            line
        })
        .collect()
}

/// A rendered line without the targets of its links, which stand inside tags.
fn without_targets(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((head, tail)) = rest.split_once("](") {
        kept.push_str(head);
        kept.push(' ');
        rest = tail.split_once(')').map_or("", |(_, tail)| tail);
    }
    kept.push_str(rest);
    kept
}

impl<'a> Index<'a> {
    fn of(source: &'a str) -> Index<'a> {
        let lines = Lines::of(source);
        let mut found = Vec::new();
        let mut at = 0;
        while at < source.len() {
            let end = source[at..].find('<').map_or(source.len(), |end| at + end);
            collect(source, at, end, &lines, &mut found);
            at = end;
            if at < source.len() {
                let tag = tag(source, at);
                let after = tag.map_or(at + 1, |tag| tag.end);
                at = opaque_end(source, at, tag).unwrap_or(after);
            }
        }
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut pairs: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (index, (word, _)) in found.iter().enumerate() {
            places.entry(*word).or_default().push(index);
            if let Some((next, _)) = found.get(index + 1) {
                pairs.entry((*word, *next)).or_default().push(index);
            }
        }
        Index {
            words: found,
            places,
            pairs,
        }
    }

    fn find(&self, wanted: &[&str], cursor: usize) -> Option<usize> {
        if let [word] = wanted {
            let found = next(self.places.get(word)?, cursor)?;
            return (found - cursor <= ALONE_WORDS).then_some(found);
        }
        (0..wanted.len().saturating_sub(1)).find_map(|index| {
            let places = self.pairs.get(&(wanted[index], wanted[index + 1]))?;
            let found = next(places, cursor)?;
            let third = wanted.get(index + 2);
            let is_sure = third.is_some()
                && third.copied() == self.words.get(found + 2).map(|(word, _)| *word);
            (is_sure || found - cursor <= NEAR_WORDS).then_some(found)
        })
    }
}

fn next(places: &[usize], cursor: usize) -> Option<usize> {
    places
        .get(places.partition_point(|place| *place < cursor))
        .copied()
}

/// Adds the words between two offsets, without character references such as `&nbsp;`.
fn collect<'a>(
    source: &'a str,
    at: usize,
    end: usize,
    lines: &Lines<'_>,
    found: &mut Vec<(&'a str, u32)>,
) {
    let base = source.as_ptr() as usize;
    for word in words(&source[at..end]) {
        let offset = word.as_ptr() as usize - base;
        let before = source[..offset].bytes().next_back();
        let after = source.as_bytes().get(offset + word.len());
        let is_reference = matches!(before, Some(b'&' | b'#')) && after == Some(&b';');
        if !is_reference {
            found.push((word, number(lines.at(offset))));
        }
    }
}
