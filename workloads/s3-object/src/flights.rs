//! The transformation alone, with its tables in memory: the clean baseline of what the function does with S3.

use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::report::{Report, report};

/// A table of flights.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) csv: &'static [u8],
}

/// All there are (`cases/README.md` has source and licence).
pub(crate) const TABLES: [Table; 2] = [
    Table { name: "flights-2k", csv: include_bytes!("../cases/flights-2k.csv") },
    Table { name: "flights-10k", csv: include_bytes!("../cases/flights-10k.csv") },
];

/// Makes a report of a table that is in the program.
#[derive(Clone, Copy, Debug)]
pub struct Flights;

/// Which table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// `flights-2k` or `flights-10k`.
    pub table: String,
}

impl Compute for Flights {
    const NAME: &'static str = "s3-object";
    type Event = Event;
    type Response = Report;

    fn init() -> Flights {
        Flights
    }

    fn compute(&self, event: &Event) -> Result<Report, WorkloadError> {
        let table = TABLES.iter().find(|table| table.name == event.table).ok_or_else(|| {
            let names = TABLES.map(|table| table.name).join(", ");
            let wanted = &event.table;
            WorkloadError::invalid_event(format!(
                "there is no table \"{wanted}\"; the tables are {names}"
            ))
        })?;
        report(table.csv)
    }

    fn cases() -> Vec<Case<Event>> {
        let answers = [
            include_str!("../cases/flights-2k.answer.json"),
            include_str!("../cases/flights-10k.answer.json"),
        ];
        let case = |(table, answer): (Table, &str)| {
            let event = Event { table: table.name.to_owned() };
            let answer = serde_json::from_str(answer).expect("the tests read every answer");
            Case::new(table.name, event, Answer::Json(answer)).with_bytes(table.csv.len())
        };
        TABLES.into_iter().zip(answers).map(case).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Flights>(), Ok(()));
    }

    #[test]
    fn unknown_tables_are_refused_with_a_reason() {
        let error = Flights.compute(&Event { table: "trains".to_owned() }).unwrap_err();
        let expected = "there is no table \"trains\"; the tables are flights-2k, flights-10k";
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            ("InvalidEvent", expected)
        );
    }
}
