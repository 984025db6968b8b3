//! How a value looks: like chance, like words, or like a placeholder that somebody is to fill in.

/// Bits of Shannon entropy per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

fn distinct(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0_u128, |seen, byte| seen | 1 << (byte & 127))
        .count_ones()
}

/// Whether a value seems drawn by chance: a digit, high entropy for its alphabet, and not made of words.
pub(crate) fn random(value: &str) -> bool {
    let bytes = &value.as_bytes()[..value.len().min(512)];
    if !bytes.iter().any(u8::is_ascii_digit) || distinct(bytes) < 6 {
        return false;
    }
    let least = match bytes.len() {
        _ if bytes.iter().all(u8::is_ascii_hexdigit) => 2.7,
        0..20 => 2.8,
        _ => 3.2,
    };
    entropy(bytes) >= least && unworded(bytes) >= 8
}

/// How many bytes stand in segments that are no words.
fn unworded(bytes: &[u8]) -> usize {
    bytes
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|segment| segment.len() >= 6 && !is_word(segment))
        .map(<[u8]>::len)
        .sum()
}

/// A word, a number, a word with a number behind it, or humps like `camelCase`.
fn is_word(segment: &[u8]) -> bool {
    let letters = segment
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let mut changes = 0;
    let mut switches = 0;
    for pair in segment.windows(2) {
        let switch = pair[0].is_ascii_digit() != pair[1].is_ascii_digit();
        switches += usize::from(switch);
        changes +=
            usize::from(switch || pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    }
    if changes >= 3 && changes * 3 >= segment.len() {
        return api_version(segment);
    }
    match switches {
        0 => true,
        1 if letters > 0 => segment.len() - letters <= 8,
        _ => api_version(segment),
    }
}

/// `v1beta1` and its like.
fn api_version(segment: &[u8]) -> bool {
    let Some(rest) = segment.strip_prefix(b"v") else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &rest[digits..];
    [&b"alpha"[..], b"beta"].iter().any(|stage| {
        rest.strip_prefix(*stage)
            .is_some_and(|number| number.iter().all(u8::is_ascii_digit))
    })
}

/// Whether a password mixes letters, digits and signs, as only a password does.
pub(crate) fn composed(value: &str) -> bool {
    value.len() >= 8
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
        && value.bytes().any(|byte| b"!@#$%^&*?~".contains(&byte))
}

/// What documentation writes in place of a token, found inside the body of a token format.
///
/// Stricter than [`placeholder`]: a true token may spell a short word by chance.
pub(crate) fn filler(body: &str) -> bool {
    let bytes = body.as_bytes();
    let few = match bytes.len() {
        0..12 => 2,
        12..24 => 4,
        _ => 5,
    };
    if distinct(bytes) < few {
        return true;
    }
    [
        "example",
        "xxxxx",
        "your_",
        "your-",
        "placeholder",
        "redacted",
        "*****",
        ".....",
    ]
    .iter()
    .any(|word| contains(bytes, word.as_bytes()))
}

const PLACEHOLDERS: &[&str] = &[
    "password",
    "passwd",
    "passw0rd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "changeme",
    "change_me",
    "change-me",
    "example",
    "test",
    "foo",
    "bar",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "string",
    "undefined",
    "hidden",
    "empty",
    "mypassword",
    "my-password",
    "my_password",
    "yourpassword",
    "todo",
    "tbd",
    "value",
    "key",
    "default",
    "n/a",
    "mypass",
    "mysecret",
    "user",
    "username",
    "credentials",
    "port",
];

const PLACEHOLDER_PARTS: &[&str] = &[
    "redacted",
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "xxx",
    "***",
    "...",
    "your_",
    "your-",
    "yourp",
    "yours",
    "yourt",
    "youra",
    "replace",
    "insert_",
    "insert-",
    "dummy",
    "${",
    "$(",
    "{{",
    "%(",
    "<%",
    "_here",
    "-here",
    "fake",
    "sample",
];

/// In how much of a value a stand-in is looked for, in bytes.
const SHOWN: usize = 128;

/// Whether a value only marks where a secret goes: a reference, a template, a well-known stand-in.
pub(crate) fn placeholder(value: &str) -> bool {
    let bytes = value.as_bytes();
    let Some(first) = bytes.first() else {
        return true;
    };
    match first {
        b'$' => {
            let name = bytes[1..]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if name || matches!(bytes.get(1), Some(b'{' | b'(')) {
                return true;
            }
        }
        b'{' | b'<' | b'[' | b'(' => return true,
        b'%' if bytes.len() < 3 || bytes.ends_with(b"%") => return true,
        _ => {}
    }
    distinct(bytes) < 2
        || constant(bytes)
        || PLACEHOLDERS
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
        || PLACEHOLDER_PARTS
            .iter()
            .any(|part| contains(&bytes[..bytes.len().min(SHOWN)], part.as_bytes()))
}

/// The name of a setting, such as `DB_PASSWORD`, in the place of its value.
fn constant(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        && bytes.contains(&b'_')
        && [&b"pass"[..], b"secret", b"token", b"key", b"pwd"]
            .iter()
            .any(|word| contains(bytes, word))
}

/// Whether a text holds a lower-case needle in any case; the texts are short.
pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let first = needle.first().copied().unwrap_or_default();
    bytes.windows(needle.len().max(1)).any(|window| {
        window[0].to_ascii_lowercase() == first && window.eq_ignore_ascii_case(needle)
    })
}

/// A UUID of either case.
pub(crate) fn uuid(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A commit id or a digest: 40 or 64 hexadecimal digits.
pub(crate) fn commit(value: &str) -> bool {
    matches!(value.len(), 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether what starts at `at` is the value of a digest such as `sha256:…`, `sha512-…` or `h1:…`.
pub(crate) fn in_digest(bytes: &[u8], at: usize) -> bool {
    let from = at.saturating_sub(130);
    let before = &bytes[from..at];
    let run = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        .count();
    let before = &before[..before.len() - run];
    [
        "sha1", "sha224", "sha256", "sha384", "sha512", "md5", "h1", "blake3",
    ]
    .iter()
    .any(|name| {
        [":", "-", "="].iter().any(|mark| {
            before
                .strip_suffix(mark.as_bytes())
                .is_some_and(|rest| rest.ends_with(name.as_bytes()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_told_from_words() {
        for value in [
            "x8Kq2LmZp0Vt",
            "9f86d081884c7d659a2feaa0c55ad015",
            "Zk3-9aQx72bLwP_1mN4c",
        ] {
            assert!(random(value), "{value}");
        }
        for value in [
            "my-secret-name-v1",
            "password1234",
            "kubeflow-v1beta1",
            "settings.api_key2",
            "getUserToken2",
            "20240101120000",
        ] {
            assert!(!random(value), "{value}");
        }
    }

    #[test]
    fn stand_ins_are_no_secrets() {
        for value in [
            "${DB_PASSWORD}",
            "<password>",
            "{{ x }}",
            "password",
            "****",
            "%s",
            "$PASS",
            "xxx",
            "changeme",
            "my-example",
        ] {
            assert!(placeholder(value), "{value}");
        }
        for value in ["hunter2", "s3cr3t", "$omeTh1ng!"] {
            assert!(!placeholder(value), "{value}");
        }
    }
}
