//! Cuts a file of SQL into its statements, so that one that does not parse loses no other.
//!
//! Not a parser: quotes, comments and dollar quotes are told apart, `;`, a line `GO` (SQL Server) and a line `/`
//! (Oracle) end a statement, `DELIMITER x` (`MySQL`) changes what does. Sections that undo a migration are left out:
//! goose's `-- +goose Down`, dbmate's `-- migrate:down`, sql-migrate's `-- +migrate Down`.

/// One statement of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// The statement without its end, from its first character that is neither blank nor comment.
    pub(super) text: &'a str,
    /// The index of the line on which it begins, counted from 0.
    pub(super) line: usize,
    /// The index of the line on which it ends.
    pub(super) end: usize,
}

/// The statements of a text, in order.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut cut = Cut {
        text,
        at: 0,
        line: 0,
        begin: None,
        delimiter: ";",
        is_undoing: false,
        pieces: Vec::new(),
    };
    cut.run();
    cut.pieces
}

struct Cut<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// Where the statement began: offset and line.
    begin: Option<(usize, usize)>,
    delimiter: &'a str,
    /// Whether what follows undoes a migration.
    is_undoing: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Cut<'a> {
    fn run(&mut self) {
        let mut at_line_start = true;
        while let Some(first) = self.rest().chars().next() {
            if at_line_start && self.whole_line() {
                continue;
            }
            at_line_start = first == '\n';
            let rest = self.rest();
            if rest.starts_with("--") || (first == '#' && self.begin.is_none()) {
                let end = rest.find('\n').unwrap_or(rest.len());
                self.comment(&rest[..end]);
                self.skip(end);
            } else if rest.starts_with("/*") {
                self.skip(rest.find("*/").map_or(rest.len(), |end| end + 2));
            } else if rest.starts_with(self.delimiter) {
                self.end();
                self.skip(self.delimiter.len());
            } else if first.is_whitespace() {
                self.skip(first.len_utf8());
            } else {
                if self.begin.is_none() {
                    self.begin = Some((self.at, self.line));
                }
                let length = match first {
                    '\'' | '"' | '`' => quoted(rest, first),
                    '$' => dollar_quoted(rest).unwrap_or(1),
                    c => c.len_utf8(),
                };
                self.skip(length);
            }
        }
        self.end();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, length: usize) {
        let passed = &self.rest()[..length];
        self.line += passed.matches('\n').count();
        self.at += length;
    }

    /// Takes a line that is a command of the client and no SQL.
    fn whole_line(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest[..length].trim();
        if let Some(delimiter) = line
            .get(..10)
            .filter(|word| word.eq_ignore_ascii_case("delimiter "))
            .and_then(|_| line.get(10..))
        {
            if !delimiter.trim().is_empty() {
                self.delimiter = delimiter.trim();
            }
        } else if line.eq_ignore_ascii_case("go") || line == "/" {
            self.end();
        } else if self.begin.is_some() || !(line.starts_with('\\') || line.starts_with('.')) {
            // What begins so is a command of psql or sqlite3.
            return false;
        }
        self.skip(length);
        if self.rest().starts_with('\n') {
            self.skip(1);
        }
        true
    }

    fn comment(&mut self, comment: &str) {
        let words = comment.trim_start_matches('-').trim().to_ascii_lowercase();
        match words.as_str() {
            "+goose down" | "migrate:down" | "+migrate down" | "rambler down" => {
                self.end();
                self.is_undoing = true;
            }
            "+goose up" | "migrate:up" | "+migrate up" | "rambler up" => {
                self.end();
                self.is_undoing = false;
            }
            _ => {}
        }
    }

    fn end(&mut self) {
        let Some((start, line)) = self.begin.take() else {
            return;
        };
        let text = self.text[start..self.at].trim_end();
        if !self.is_undoing {
            let end = line + text.matches('\n').count();
            self.pieces.push(Piece { text, line, end });
        }
    }
}

/// The length of what a quote begins; what never ends takes the rest.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '\'' {
            // MySQL escapes so. Elsewhere `'\'` is a whole string: only skip a quote that another follows.
            if text[at + 1..].starts_with('\'')
                && text[at + 2..].starts_with(|c: char| c.is_alphanumeric())
            {
                characters.next();
            }
        } else if character == quote {
            return at + 1;
        }
    }
    text.len()
}

/// The length of `$tag$ … $tag$` (PostgreSQL); `None` where no such quote begins or none ends.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = text[1..].find('$')? + 2;
    let is_tag = text[1..tag - 1]
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_tag {
        return None;
    }
    let end = text[tag..].find(&text[..tag])?;
    Some(tag + end + tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, usize, usize)]) {
        let found: Vec<(&str, usize, usize)> = split(text)
            .into_iter()
            .map(|piece| (piece.text, piece.line, piece.end))
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn statements_end_where_their_dialect_says() {
        check(
            "-- a; b\nselect ';' /* ; */ ;\n\nselect\n2",
            &[("select ';' /* ; */", 1, 1), ("select\n2", 3, 4)],
        );
        check(
            "create function f() as $x$ begin; end $x$ language sql;\nselect $1",
            &[
                (
                    "create function f() as $x$ begin; end $x$ language sql",
                    0,
                    0,
                ),
                ("select $1", 1, 1),
            ],
        );
        check(
            "select 1\nGO\nselect 2\ngo\n",
            &[("select 1", 0, 0), ("select 2", 2, 2)],
        );
        check(
            "DELIMITER //\ncreate trigger t; x //\nDELIMITER ;\nselect 1;",
            &[("create trigger t; x", 1, 1), ("select 1", 3, 3)],
        );
        check("\\c shop\n.mode csv\nselect 1;", &[("select 1", 2, 2)]);
        check(
            "select 'it''s'; select 'it\\'s'; select 'c:\\';",
            &[
                ("select 'it''s'", 0, 0),
                ("select 'it\\'s'", 0, 0),
                ("select 'c:\\'", 0, 0),
            ],
        );
    }

    #[test]
    fn what_undoes_a_migration_is_left_out() {
        check(
            "-- +goose Up\ncreate table a (b int);\n-- +goose Down\ndrop table a;",
            &[("create table a (b int)", 1, 1)],
        );
        check(
            "-- migrate:down\ndrop table a;\n-- migrate:up\nselect 1",
            &[("select 1", 3, 3)],
        );
    }

    #[test]
    fn damage_takes_the_rest() {
        check("select 'a; b", &[("select 'a; b", 0, 0)]);
        check("/* x", &[]);
        check(";;\n;", &[]);
        check("select $$ é", &[("select $$ é", 0, 0)]);
    }
}
