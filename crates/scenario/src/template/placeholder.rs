//! What can stand between `{{` and `}}`.

use kelvin_lambda::MAX_REQUEST_BYTES;
use serde_json::{Number, Value};

use crate::chance::Chance;
use crate::moment::Moment;
use crate::suggest;

/// Every placeholder: its name, how it is written, and what it stands for.
pub(crate) const PLACEHOLDERS: [(&str, &str, &str); 10] = [
    ("bool", "{{bool}}", "true or false"),
    (
        "choice",
        "{{choice a b c}}",
        "one of the words; numbers, true, false and null stand for themselves",
    ),
    ("float", "{{float 0 1.5}}", "a decimal number from the first to below the second"),
    ("int", "{{int 1 100}}", "a whole number from the first to the second"),
    ("seq", "{{seq}}", "how many events came before, so 0 at first"),
    ("string", "{{string 12}}", "so many letters and digits"),
    ("time", "{{time}}", "a text like 2026-01-01T00:00:00.123Z, a second later in each event"),
    ("time_ms", "{{time_ms}}", "the same time in milliseconds since 1970"),
    ("time_s", "{{time_s}}", "the same time in seconds since 1970"),
    ("uuid", "{{uuid}}", "a UUID of version 4"),
];

/// A placeholder whose arguments have been read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Placeholder {
    Bool,
    /// Never empty.
    Choice(Vec<Value>),
    Float(f64, f64),
    Int(i64, i64),
    Seq,
    String(usize),
    Time,
    TimeMs,
    TimeS,
    Uuid,
}

/// What the placeholders of one event have in common.
pub(crate) struct Turn<'a> {
    pub(crate) chance: &'a mut Chance,
    pub(crate) seq: u64,
    pub(crate) time: Moment,
}

impl Placeholder {
    /// Reads what stands between the braces.
    pub(crate) fn parse(text: &str) -> Result<Placeholder, String> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let arguments: Vec<&str> = words.collect();
        let Some((_, usage, _)) = PLACEHOLDERS.iter().find(|(known, ..)| *known == name) else {
            let known = PLACEHOLDERS.iter().map(|(known, ..)| *known);
            return Err(suggest::unknown("placeholder", name, known));
        };
        let wrong = || format!("expected {usage}, got {{{{{text}}}}}");
        Ok(match (name, arguments.as_slice()) {
            ("bool", []) => Placeholder::Bool,
            ("choice", [_, ..]) => Placeholder::Choice(arguments.into_iter().map(word).collect()),
            ("float", []) => Placeholder::Float(0.0, 1.0),
            ("float", [low, high]) => {
                let (low, high) = ordered(float(low), float(high)).ok_or_else(wrong)?;
                if !(high - low).is_finite() {
                    return Err(wrong());
                }
                Placeholder::Float(low, high)
            }
            ("int", [low, high]) => {
                let (low, high) = ordered(low.parse().ok(), high.parse().ok()).ok_or_else(wrong)?;
                Placeholder::Int(low, high)
            }
            ("seq", []) => Placeholder::Seq,
            ("string", [length]) => {
                let length = length.parse().ok().filter(|length| *length <= MAX_REQUEST_BYTES);
                Placeholder::String(length.ok_or_else(wrong)?)
            }
            ("time", []) => Placeholder::Time,
            ("time_ms", []) => Placeholder::TimeMs,
            ("time_s", []) => Placeholder::TimeS,
            ("uuid", []) => Placeholder::Uuid,
            _ => return Err(wrong()),
        })
    }

    /// What it stands for this time.
    pub(crate) fn draw(&self, turn: &mut Turn<'_>) -> Value {
        let Turn { chance, seq, time } = turn;
        match self {
            Placeholder::Bool => (chance.below(2) == 1).into(),
            Placeholder::Choice(words) => {
                let index = usize::try_from(chance.below(words.len() as u64));
                words[index.expect("it is below a usize")].clone()
            }
            Placeholder::Float(low, high) => {
                let number = (low + chance.float() * (high - low)).min(high.next_down()).max(*low);
                Number::from_f64(number).map_or(Value::Null, Value::Number)
            }
            Placeholder::Int(low, high) => chance.int(*low, *high).into(),
            Placeholder::Seq => (*seq).into(),
            Placeholder::String(length) => chance.text(*length).into(),
            Placeholder::Time => time.rfc3339().into(),
            Placeholder::TimeMs => time.ms().into(),
            Placeholder::TimeS => time.seconds().into(),
            Placeholder::Uuid => chance.uuid().into(),
        }
    }
}

fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn ordered<T: PartialOrd>(low: Option<T>, high: Option<T>) -> Option<(T, T)> {
    low.zip(high).filter(|(low, high)| low <= high)
}

/// `12`, `true` and `null` stand for themselves, any other word is a string.
fn word(word: &str) -> Value {
    match serde_json::from_str(word) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => value,
        _ => word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn every_placeholder_is_read_as_it_is_written() {
        for (name, usage, _) in PLACEHOLDERS {
            let inside = usage.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
            assert!(Placeholder::parse(inside.expect("it has braces")).is_ok(), "{name}");
        }
    }

    #[test]
    fn wrong_ones_say_what_was_expected() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Placeholder::parse(text).unwrap_err(), expected);
        };
        check(
            "uid",
            "unknown placeholder \"uid\"; did you mean \"uuid\"? known: bool, choice, float, int, seq, string, time, time_ms, time_s, uuid",
        );
        check("int 5", "expected {{int 1 100}}, got {{int 5}}");
        check("int 5 1", "expected {{int 1 100}}, got {{int 5 1}}");
        check("int a b", "expected {{int 1 100}}, got {{int a b}}");
        check("float 0 inf", "expected {{float 0 1.5}}, got {{float 0 inf}}");
        check("string 9999999", "expected {{string 12}}, got {{string 9999999}}");
        check("choice", "expected {{choice a b c}}, got {{choice}}");
        check("time 1", "expected {{time}}, got {{time 1}}");
    }

    #[test]
    fn what_is_drawn_has_the_type_of_the_placeholder() {
        let mut chance = Chance::new(1, Purpose::Template, 0);
        let time = Moment::in_second(5, &mut chance);
        let mut draw = |text: &str| {
            let mut turn = Turn { chance: &mut chance, seq: 7, time };
            Placeholder::parse(text).unwrap().draw(&mut turn)
        };
        assert!(draw("bool").is_boolean());
        assert_eq!(draw("choice 7 7"), 7);
        assert_eq!(draw("choice 007 007"), "007");
        assert_eq!(draw("choice null null"), Value::Null);
        assert_eq!(draw("int -3 -3"), -3);
        assert_eq!(draw("float 2 2"), 2.0);
        assert_eq!(draw("seq"), 7);
        assert_eq!(draw("string 5").as_str().map(str::len), Some(5));
        assert_eq!(draw("time_s"), 1_767_225_605);
        assert!(draw("time").as_str().is_some_and(|text| text.starts_with("2026-01-01T00:00:05.")));
        assert_eq!(draw("uuid").as_str().map(str::len), Some(36));
    }
}
