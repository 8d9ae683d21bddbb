//! What is left to chance: numbers and texts that follow from the seed alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of chance is for. Streams of two purposes, or of two numbers, have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The order of functions; the number is that of the call of `blocks()`.
    Blocks = 0,
    /// `random_int()` and the like; there is one such stream.
    Script = 1,
    /// The number is that of the call of `event()`.
    Event = 2,
    /// The number is that of the call of `template()`.
    Template = 3,
    /// The number has the function, and which of its loads it is.
    Load = 4,
    /// The number has the function, and which of its loops it is.
    Gap = 5,
}

/// An endless stream, the same for the same seed in every version of Kelvin.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Chance {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(number);
        Chance(rng)
    }

    /// A number below `bound`, each equally likely: numbers from the incomplete last stretch are drawn again.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let whole_stretches = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn < whole_stretches {
                return drawn % bound;
            }
        }
    }

    /// A number from `low` to `high`, both included; `low` must not be greater.
    pub(crate) fn int(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low);
        let above = match span.checked_add(1) {
            Some(bound) => self.below(bound),
            None => self.0.next_u64(),
        };
        low.wrapping_add_unsigned(above)
    }

    /// From 0 to below 1, a multiple of 2^-53.
    pub(crate) fn float(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
        let drawn = (self.0.next_u64() >> 11) as f64;
        drawn / (1_u64 << 53) as f64
    }

    /// So many characters of an alphabet.
    fn of(&mut self, alphabet: &[u8], length: usize) -> String {
        let bound = alphabet.len() as u64;
        let mut character = || {
            let index = usize::try_from(self.below(bound)).expect("it is below a usize");
            char::from(alphabet[index])
        };
        (0..length).map(|_| character()).collect()
    }

    /// Letters and digits.
    pub(crate) fn text(&mut self, length: usize) -> String {
        self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Digits, the first of which may be 0.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        self.of(b"0123456789", length)
    }

    /// Hexadecimal digits in lower case.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.of(b"0123456789abcdef", length)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A UUID of version 4 (RFC 9562).
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(seed: u64, purpose: Purpose, number: u64) -> String {
        let mut chance = Chance::new(seed, purpose, number);
        let int = chance.int(i64::MIN, i64::MAX);
        let float = chance.float();
        let bytes = chance.bytes(9);
        format!("{int} {float} {bytes:?} {} {} {}", chance.text(9), chance.hex(9), chance.uuid())
    }

    #[test]
    fn seed_1_has_given_this_from_the_beginning() {
        let mut chance = Chance::new(1, Purpose::Script, 0);
        let numbers = (chance.int(1, 6), chance.float());
        insta::assert_debug_snapshot!((numbers, chance.text(12), chance.uuid()), @r#"
        (
            (
                4,
                0.8297170553216704,
            ),
            "5F1kWRrN1A1l",
            "fa6fd94d-ee85-499f-b0bc-5f687ac659ea",
        )
        "#);
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_and_another_gives_another(seed: u64, other: u64, number in 0_u64..9) {
            prop_assume!(seed != other);
            let drawn = all(seed, Purpose::Event, number);
            prop_assert_eq!(&drawn, &all(seed, Purpose::Event, number));
            prop_assert_ne!(&drawn, &all(other, Purpose::Event, number));
            prop_assert_ne!(&drawn, &all(seed, Purpose::Event, number + 1));
            prop_assert_ne!(&drawn, &all(seed, Purpose::Template, number));
        }

        #[test]
        fn numbers_keep_within_their_bounds(seed: u64, a: i64, b: i64) {
            let mut chance = Chance::new(seed, Purpose::Script, 0);
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!((low..=high).contains(&chance.int(low, high)));
            prop_assert_eq!(chance.int(low, low), low);
            prop_assert!((0.0..1.0).contains(&chance.float()));
        }
    }
}
