//! The name of a run, which is also the name of its folder.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a run began, in UTC, and six random hexadecimal digits: `20261123T124838Z-3fa9c1`. Sorts by time.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RunId(String);

impl RunId {
    /// Of a run that begins at this time. The random bytes tell runs of the same second apart.
    pub fn new(started_at: jiff::Timestamp, random: [u8; 3]) -> RunId {
        let [a, b, c] = random;
        RunId(format!("{}-{a:02x}{b:02x}{c:02x}", started_at.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<RunId, InvalidRunId> {
        const FORM: &[u8; 23] = b"00000000T000000Z-xxxxxx";
        let fits = text.len() == FORM.len()
            && text.bytes().zip(FORM).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                other => byte == *other,
            });
        if fits { Ok(RunId(text.to_owned())) } else { Err(InvalidRunId(text.to_owned())) }
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;
    fn try_from(text: String) -> Result<RunId, InvalidRunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not the name of a run.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a run id like 20261123T124838Z-3fa9c1")]
pub struct InvalidRunId(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_time_and_six_digits() {
        let time: jiff::Timestamp = "2026-11-23T13:48:38.9+01:00".parse().unwrap();
        let id = RunId::new(time, [0x3f, 0xa9, 0x01]);
        assert_eq!(id.as_str(), "20261123T124838Z-3fa901");
        assert_eq!(id.as_str().parse::<RunId>().unwrap(), id);
    }

    #[test]
    fn refuses_what_could_be_a_path() {
        for text in ["", "..", "20261123T124838Z-3FA901", "20261123T124838Z-../../", "latest"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
