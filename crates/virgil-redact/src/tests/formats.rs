//! Every row of the table, on fresh samples made from its parts.

use crate::shape::{ALNUM, Alphabet, Part};
use crate::table::{ROWS, Row};
use crate::{look, redact, token};

/// A small generator (xorshift64*), the same on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    fn run(&mut self, of: Alphabet, least: usize, most: usize) -> String {
        let characters = of.characters();
        let length = least + self.below(most - least + 1);
        let mut run: String = (0..length)
            .map(|_| char::from(characters[self.below(characters.len())]))
            .collect();
        // A token does not begin or end with a sign: what is around it would belong to it.
        for at in [0, length.wrapping_sub(1)] {
            while length > 0
                && !ALNUM.has(run.as_bytes()[at])
                && characters.iter().any(|byte| ALNUM.has(*byte))
            {
                let other = char::from(characters[self.below(characters.len())]);
                run.replace_range(at..=at, &other.to_string());
            }
        }
        run
    }
}

/// What is to disappear, and what stands before it and may stay.
struct Sample {
    kept: String,
    secret: String,
}

fn sample(row: &Row, chance: &mut Chance) -> Sample {
    let prefix = match row.prefixes.len() {
        0 => "",
        count => row.prefixes[chance.below(count)],
    };
    let lead = row
        .lead
        .map(|lead| chance.run(lead.of, lead.least, lead.most))
        .unwrap_or_default();
    let mut body = String::new();
    for part in row.parts {
        match *part {
            Part::Text(text) => body.push_str(text),
            Part::Run { of, least, most } => {
                let most = most.min(least + 40);
                body.push_str(&chance.run(of, least.into(), most.into()));
            }
        }
    }
    if row.crc {
        body.truncate(body.len() - 6);
        let sum = token::checksum(body.as_bytes());
        body.push_str(std::str::from_utf8(&sum).expect("base62 is ASCII"));
    }
    if row.keep {
        return Sample {
            kept: prefix.to_owned(),
            secret: body,
        };
    }
    Sample {
        kept: String::new(),
        secret: format!("{lead}{prefix}{body}"),
    }
}

/// A sample that looks drawn by chance, as nearly all of them do, where the row asks for it.
fn telling_sample(row: &Row, chance: &mut Chance) -> Sample {
    loop {
        let sample = sample(row, chance);
        let judged = row.weak || !row.near.is_empty();
        let body = row
            .prefixes
            .iter()
            .find_map(|prefix| sample.secret.strip_prefix(prefix))
            .unwrap_or(&sample.secret);
        if !judged || look::uuid(body) || look::random(body) {
            return sample;
        }
    }
}

/// A name that says the word of a row, and that it is a key.
fn name(row: &Row, chance: &mut Chance) -> String {
    match row.near.len() {
        0 => "value".to_owned(),
        count => format!(
            "{}_key",
            row.near[chance.below(count)]
                .trim_end_matches(':')
                .replace([' ', '.', '&'], "_")
        ),
    }
}

#[test]
fn every_format_is_found_in_yaml_python_shell_and_logs() {
    let mut chance = Chance(0x5EED);
    let mut missed = Vec::new();
    for row in ROWS {
        for _ in 0..20 {
            let Sample { kept, secret } = telling_sample(row, &mut chance);
            let word = match row.near.len() {
                0 => "got".to_owned(),
                count => format!("{} key", row.near[chance.below(count)]),
            };
            let said = name(row, &mut chance);
            // A word with a blank or a dot is no name in code.
            let said = if row.near.iter().any(|near| said.starts_with(near)) || row.near.is_empty()
            {
                said
            } else {
                word.clone()
            };
            let texts = [
                format!("config:\n  {said}: {kept}{secret}\n  next: 1\n"),
                format!("{said} = \"{kept}{secret}\"\n"),
                format!("export {}={kept}{secret}\n", said.to_uppercase()),
                format!("2026-01-02 INFO {word} {kept}{secret} for user 7\n"),
            ];
            for text in texts {
                let redacted = redact(&text, None);
                if redacted.text.contains(&secret) || !redacted.text.contains("REDACTED_") {
                    missed.push(format!("{}: {text} -> {}", row.rule.name, redacted.text));
                }
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn a_right_checksum_convinces_where_the_look_does_not() {
    let body = format!("{}xxxxx", "a".repeat(25));
    let sum = token::checksum(body.as_bytes());
    let right = format!("ghp_{body}{}", std::str::from_utf8(&sum).unwrap());
    assert_eq!(redact(&right, None).text, "REDACTED_github_token");
    let wrong = format!("ghp_{body}000000");
    assert_eq!(redact(&wrong, None).text, wrong);
}

#[test]
fn names_of_rules_are_plain_words_and_unique() {
    let mut names: Vec<_> = crate::rules().map(|rule| rule.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.iter().all(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    }));
}
