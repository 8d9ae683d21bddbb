//! The first step: from a table in CSV to flights.

use std::fmt;

use kelvin_workload::WorkloadError;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// When it was to depart, as the table writes it.
    pub date: String,
    /// In minutes; less than nothing if it was early, and none if the flight did not take place.
    // Not left out: a table without this column is none of flights.
    #[serde(deserialize_with = "Option::deserialize")]
    pub delay: Option<i32>,
    /// In miles.
    pub distance: u32,
    /// From where.
    pub origin: Code,
    /// To where.
    pub destination: Code,
}

/// The code of an airport: three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code([u8; 3]);

impl Code {
    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("its letters are ASCII")
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        struct Letters;

        impl Visitor<'_> for Letters {
            type Value = Code;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the code of an airport")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Code, E> {
                let code = <[u8; 3]>::try_from(text.as_bytes()).ok();
                let code = code.filter(|code| code.iter().all(u8::is_ascii_uppercase));
                code.map(Code)
                    .ok_or_else(|| E::custom(format!("\"{text}\" is not the code of an airport")))
            }
        }

        deserializer.deserialize_str(Letters)
    }
}

/// Reads a table with a header, whatever the order of its columns. Fails at the first row that is not a flight, and says
/// which.
pub(crate) fn parse(csv: &str) -> Result<Vec<Flight>, WorkloadError> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| {
        WorkloadError::invalid_event(format!("the CSV is not a table of flights: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_in_whatever_order_of_columns() {
        let table = "origin,carrier,destination,delay,distance,date\n\
                     SEA,AS,LAX,-14,954,2001/01/02 09:00\n\
                     SEA,AS,\"LAX\",,954,2001/01/03 09:00\n";
        let flights = parse(table).unwrap();
        let origins: Vec<_> = flights.iter().map(|flight| flight.origin.as_str()).collect();
        let delays: Vec<_> = flights.iter().map(|flight| flight.delay).collect();
        assert_eq!((origins, delays), (vec!["SEA", "SEA"], vec![Some(-14), None]));
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("date,delay,distance,origin,destination\n").unwrap(), []);
    }

    #[test]
    fn what_is_no_flight_is_named_with_its_line() {
        let check = |row: &str, expected: &str| {
            let error = parse(&format!("date,delay,distance,origin,destination\n{row}\n"));
            let error = error.unwrap_err();
            assert_eq!(error.error_type(), "InvalidEvent");
            let message = error.error_message();
            let reason = message.strip_prefix("the CSV is not a table of flights: CSV ");
            assert_eq!(reason, Some(expected));
        };
        check(
            "2001/01/01 09:00,14,954,SEA",
            "error: record 1 (line: 2, byte: 39): found record with 4 fields, but the previous record has 5 fields",
        );
        check(
            "2001/01/01 09:00,soon,954,SEA,LAX",
            "deserialize error: record 1 (line: 2, byte: 39): field 1: invalid digit found in string",
        );
        check(
            "2001/01/01 09:00,1,954,Sea,LAX",
            "deserialize error: record 1 (line: 2, byte: 39): \"Sea\" is not the code of an airport",
        );
        check(
            "2001/01/01 09:00,1,954,SEA,LAXX",
            "deserialize error: record 1 (line: 2, byte: 39): \"LAXX\" is not the code of an airport",
        );
    }
}
