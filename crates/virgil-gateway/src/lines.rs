//! Bytes cut into lines that end in LF, CR LF or CR, as server-sent events have them.

/// Lines of what was pushed so far.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// Where the search for its end goes on.
    searched: usize,
    /// A CR ended the last line: an LF right after it belongs to that end.
    after_cr: bool,
}

impl Lines {
    pub(crate) fn push(&mut self, piece: &[u8]) {
        // What was given out goes at once for all lines, so that many short lines cost no more than one long one.
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// How many bytes wait for the end of their line.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The next complete line, without its end.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        if self.after_cr && self.start < self.bytes.len() {
            self.after_cr = false;
            if self.bytes[self.start] == b'\n' {
                self.start += 1;
            }
        }
        self.searched = self.searched.max(self.start);
        let found = self.bytes[self.searched..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(found) = found else {
            self.searched = self.bytes.len();
            return None;
        };
        let end = self.searched + found;
        self.after_cr = self.bytes[end] == b'\r';
        let line = self.bytes[self.start..end].to_vec();
        self.start = end + 1;
        self.searched = self.start;
        Some(line)
    }

    /// What stands behind the last line end.
    pub(crate) fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = self.bytes.split_off(self.start);
        *self = Lines::default();
        (!rest.is_empty()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece.as_bytes());
            while let Some(line) = lines.next() {
                found.push(String::from_utf8(line).unwrap());
            }
        }
        if let Some(rest) = lines.finish() {
            found.push(format!("{}…", String::from_utf8(rest).unwrap()));
        }
        found
    }

    #[test]
    fn every_line_end_ends_one_line_wherever_pieces_are_cut() {
        assert_eq!(cut(&["a\nb\r\n\r\nc\rd"]), ["a", "b", "", "c", "d…"]);
        assert_eq!(cut(&["a\r", "\nb", "\n"]), ["a", "b"]);
        assert_eq!(cut(&["a\r", "\r", "\n", "b"]), ["a", "", "b…"]);
        let text = "one\r\ntwo\n\nthree\r\rfour\n";
        let whole = cut(&[text]);
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]]), whole, "cut at {at}");
        }
    }
}
