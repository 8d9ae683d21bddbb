//! Which share of requests fails, and how.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::SpecError;

/// Shares from 0 to 1. Those of requests exclude each other, so they add up to 1 at most.
///
/// As text: `1%` or `0.01` for `error`, or `error=1% throttle=2% reset=1% refuse=1%`. A request that is answered with an
/// error or throttled never reaches the service; one that is reset has been carried out, and its answer is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Requests answered with the service's own error: S3 `InternalError` (500), DynamoDB `InternalServerError` (500), HTTP
    /// 503.
    pub error: f64,
    /// Requests answered with the service's own refusal of too many: S3 `SlowDown` (503), DynamoDB
    /// `ProvisionedThroughputExceededException` (400), HTTP 429.
    pub throttle: f64,
    /// Requests whose connection is reset in the middle of the answer.
    pub reset: f64,
    /// New connections that are refused. Only the system can refuse a connection, and it does so for 1; for a smaller share,
    /// connections are reset before anything is read.
    pub refuse: f64,
}

const FIELDS: [&str; 4] = ["error", "throttle", "reset", "refuse"];

impl Errors {
    fn field(&mut self, name: &str) -> Option<&mut f64> {
        match name {
            "error" => Some(&mut self.error),
            "throttle" => Some(&mut self.throttle),
            "reset" => Some(&mut self.reset),
            "refuse" => Some(&mut self.refuse),
            _ => None,
        }
    }

    fn shares(&self) -> [(&'static str, f64); 4] {
        let [error, throttle, reset, refuse] = FIELDS;
        [(error, self.error), (throttle, self.throttle), (reset, self.reset), (refuse, self.refuse)]
    }

    /// Fails unless all are shares.
    fn checked(self) -> Result<Errors, &'static str> {
        if self.shares().iter().any(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err("a share lies between 0 and 1");
        }
        // A sum of shares like 0.7 + 0.2 + 0.1 may exceed 1 by rounding.
        if self.error + self.throttle + self.reset > 1.0 + 1e-9 {
            return Err("error, throttle and reset add up to more than all requests");
        }
        Ok(self)
    }

    /// Whether no connection is accepted.
    pub(crate) fn refuse_all(&self) -> bool {
        self.refuse >= 1.0
    }
}

impl FromStr for Errors {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Errors, SpecError> {
        parse(text.trim()).map_err(|problem| SpecError::Errors { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Errors, &'static str> {
    let mut errors = Errors::default();
    if text == "none" {
        return Ok(errors);
    }
    if !text.contains('=') {
        errors.error = share(text)?;
        return errors.checked();
    }
    for part in text.split([' ', ',']).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or("expected NAME=SHARE")?;
        let field = errors.field(name).ok_or("the names are error, throttle, reset and refuse")?;
        *field = share(value)?;
    }
    errors.checked()
}

fn share(text: &str) -> Result<f64, &'static str> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    number.trim_end().parse::<f64>().map(|number| number / scale).map_err(|_| "not a number")
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, share) in self.shares().into_iter().filter(|(_, share)| *share > 0.0) {
            let space = if first { "" } else { " " };
            write!(f, "{space}{name}={share}")?;
            first = false;
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}

impl Serialize for Errors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Errors {
    /// From a number, a text, or a map of shares.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Errors, D::Error> {
        deserializer.deserialize_any(ErrorsVisitor)
    }
}

struct ErrorsVisitor;

impl<'de> Visitor<'de> for ErrorsVisitor {
    type Value = Errors;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share like 0.01, a text like \"error=1% throttle=2%\", or a map of shares")
    }

    fn visit_f64<E: de::Error>(self, share: f64) -> Result<Errors, E> {
        share.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, share: u64) -> Result<Errors, E> {
        share.to_string().parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, share: i64) -> Result<Errors, E> {
        share.to_string().parse().map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Errors, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Errors, A::Error> {
        let mut errors = Errors::default();
        while let Some((name, share)) = map.next_entry::<String, f64>()? {
            let field = errors.field(&name);
            *field.ok_or_else(|| de::Error::unknown_field(&name, &FIELDS))? = share;
        }
        let text = errors.to_string();
        errors.checked().map_err(|problem| de::Error::custom(SpecError::Errors { text, problem }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_what_people_write() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let read = parse(text).map(|errors| errors.to_string());
            assert_eq!(read.as_deref().map_err(|problem| *problem), expected, "{text}");
        };
        check("0.01", Ok("error=0.01"));
        check("1%", Ok("error=0.01"));
        check("0", Ok("none"));
        check("none", Ok("none"));
        check("throttle=5% error=1%", Ok("error=0.01 throttle=0.05"));
        check("reset=1,refuse=100%", Ok("reset=1 refuse=1"));
        check("error=0.7 throttle=0.2 reset=0.1", Ok("error=0.7 throttle=0.2 reset=0.1"));
        check("", Err("not a number"));
        check("few", Err("not a number"));
        check("2", Err("a share lies between 0 and 1"));
        check("-1%", Err("a share lies between 0 and 1"));
        check("NaN", Err("a share lies between 0 and 1"));
        check("slow=1%", Err("the names are error, throttle, reset and refuse"));
        check("error=1% 2%", Err("expected NAME=SHARE"));
        let too_many = Err("error, throttle and reset add up to more than all requests");
        check("error=60% throttle=60%", too_many);
    }

    #[test]
    fn numbers_texts_and_maps_are_read() {
        let check = |value: Value, expected: Result<&str, &str>| {
            let read = serde_json::from_value::<Errors>(value);
            match (read.map(|errors| errors.to_string()), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{error}")
                }
                (read, expected) => panic!("{read:?} instead of {expected:?}"),
            }
        };
        check(json!(0.01), Ok("error=0.01"));
        check(json!(1), Ok("error=1"));
        check(json!("throttle=2%"), Ok("throttle=0.02"));
        check(json!({ "reset": 0.5, "refuse": 1 }), Ok("reset=0.5 refuse=1"));
        check(json!({ "resets": 0.5 }), Err("unknown field `resets`"));
        check(json!({ "reset": 1.5 }), Err("errors \"reset=1.5\": a share lies between 0 and 1"));
        check(json!(-1), Err("errors \"-1\": a share lies between 0 and 1"));
        check(json!([]), Err("a share like 0.01, a text"));
    }
}
