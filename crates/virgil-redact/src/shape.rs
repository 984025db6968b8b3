//! The shape of a token: alphabets, runs and fixed texts, matched by hand.
//!
//! A body is a sequence of parts. A run is greedy and never gives back, so a row of the table is
//! matched in one walk over its bytes; what a row cannot say that way is not in the table.

/// A set of ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alphabet(u128);

impl Alphabet {
    /// The set of the characters of a text.
    pub(crate) const fn of(characters: &str) -> Alphabet {
        let bytes = characters.as_bytes();
        let mut set = 0;
        let mut index = 0;
        while index < bytes.len() {
            set |= 1 << bytes[index];
            index += 1;
        }
        Alphabet(set)
    }

    pub(crate) const fn and(self, other: Alphabet) -> Alphabet {
        Alphabet(self.0 | other.0)
    }

    pub(crate) const fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }

    /// A run of exactly that many characters.
    pub(crate) const fn n(self, count: u16) -> Part {
        self.to(count, count)
    }

    /// A run of between so many characters.
    pub(crate) const fn to(self, least: u16, most: u16) -> Part {
        Part::Run {
            of: self,
            least,
            most,
        }
    }

    /// How many of the leading bytes are in the set, at most `most`.
    pub(crate) fn run(self, bytes: &[u8], most: usize) -> usize {
        bytes
            .iter()
            .take(most)
            .take_while(|byte| self.has(**byte))
            .count()
    }

    /// The characters of the set, in ASCII order.
    #[cfg(test)]
    pub(crate) fn characters(self) -> Vec<u8> {
        (0..128).filter(|byte| self.has(*byte)).collect()
    }
}

/// Decimal digits.
pub(crate) const DIGIT: Alphabet = Alphabet::of("0123456789");
/// Upper-case letters.
pub(crate) const UPPER: Alphabet = Alphabet::of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
/// Lower-case letters.
pub(crate) const LOWER: Alphabet = Alphabet::of("abcdefghijklmnopqrstuvwxyz");
/// Letters.
pub(crate) const LETTER: Alphabet = UPPER.and(LOWER);
/// Letters and digits (base62).
pub(crate) const ALNUM: Alphabet = LETTER.and(DIGIT);
/// Upper-case letters and digits.
pub(crate) const UPPER36: Alphabet = UPPER.and(DIGIT);
/// Lower-case letters and digits.
pub(crate) const LOWER36: Alphabet = LOWER.and(DIGIT);
/// Lower-case hexadecimal digits.
pub(crate) const HEX: Alphabet = Alphabet::of("0123456789abcdef");
/// Hexadecimal digits of either case.
pub(crate) const HEX_ANY: Alphabet = HEX.and(Alphabet::of("ABCDEF"));
/// Letters, digits and the underscore.
pub(crate) const WORD: Alphabet = ALNUM.and(Alphabet::of("_"));
/// The base64 alphabet for URLs.
pub(crate) const URL64: Alphabet = ALNUM.and(Alphabet::of("_-"));
/// The base64 alphabet for URLs, and the dot that joins parts.
pub(crate) const DOTTED: Alphabet = URL64.and(Alphabet::of("."));
/// The standard base64 alphabet.
pub(crate) const BASE64: Alphabet = ALNUM.and(Alphabet::of("+/"));
/// The standard base64 alphabet with its padding.
pub(crate) const PADDED64: Alphabet = BASE64.and(Alphabet::of("="));
/// Either base64 alphabet with the padding.
pub(crate) const ANY64: Alphabet = PADDED64.and(Alphabet::of("_-"));
/// The base58 alphabet: letters and digits without 0, O, I, l.
pub(crate) const BASE58: Alphabet =
    Alphabet::of("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");
/// The bech32 alphabet in upper case.
pub(crate) const BECH32: Alphabet = Alphabet::of("023456789ACDEFGHJKLMNPQRSTUVWXYZ");
/// The RFC 4648 base32 alphabet in lower case.
pub(crate) const BASE32: Alphabet = Alphabet::of("abcdefghijklmnopqrstuvwxyz234567");
/// What a percent-encoded query value is made of.
pub(crate) const QUERY: Alphabet = ALNUM.and(Alphabet::of("%._~+/=-"));

/// One piece of a token's body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// A run of one alphabet; what follows may not go on in that alphabet when `most` is reached.
    Run {
        /// Of which characters.
        of: Alphabet,
        /// At least so many.
        least: u16,
        /// At most so many.
        most: u16,
    },
    /// This text.
    Text(&'static str),
}

/// A part that is a fixed text.
pub(crate) const fn text(text: &'static str) -> Part {
    Part::Text(text)
}

/// A UUID in lower case, as parts.
pub(crate) const UUID: [Part; 9] = [
    HEX.n(8),
    text("-"),
    HEX.n(4),
    text("-"),
    HEX.n(4),
    text("-"),
    HEX.n(4),
    text("-"),
    HEX.n(12),
];

/// How many bytes the parts take from the start, or nothing when they do not fit or the token goes on.
pub(crate) fn fit(bytes: &[u8], parts: &[Part]) -> Option<usize> {
    let mut at = 0;
    let mut last = None;
    for (index, part) in parts.iter().enumerate() {
        match *part {
            Part::Text(text) => {
                if !bytes[at..].starts_with(text.as_bytes()) {
                    return None;
                }
                at += text.len();
                last = None;
            }
            Part::Run { of, least, most } => {
                let taken = of.run(&bytes[at..], usize::from(most));
                if taken < usize::from(least) {
                    return None;
                }
                at += taken;
                last = (index + 1 == parts.len()).then_some(of);
            }
        }
    }
    let goes_on = match (bytes.get(at), last) {
        (Some(next), Some(of)) => of.has(*next) || ALNUM.has(*next),
        (Some(next), None) => ALNUM.has(*next),
        (None, _) => false,
    };
    (!goes_on).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_where_its_alphabet_ends() {
        let parts = [HEX.n(4), text("."), ALNUM.to(2, 3)];
        assert_eq!(fit(b"12ab.xY", &parts), Some(7));
        assert_eq!(fit(b"12ab.xYz rest", &parts), Some(8));
        assert_eq!(fit(b"12ab.xYzQ", &parts), None);
        assert_eq!(fit(b"12a.xYz", &parts), None);
        assert_eq!(fit(b"12ab", &parts), None);
    }
}
