//! The tables that are in the program, and what is known of them (`cases/README.md` has source and licence).

use kelvin_workload::{Answer, Case, WorkloadError};
use serde::Deserialize;

use crate::Event;

struct Table {
    name: &'static str,
    csv: &'static str,
}

const TABLES: [Table; 2] = [
    Table { name: "flights-500", csv: include_str!("../cases/flights-500.csv") },
    Table { name: "flights-2k", csv: include_str!("../cases/flights-2k.csv") },
];

const FLIGHTS: &str = include_str!("../cases/flights-500.flights.json");
const ROUTES: &str = include_str!("../cases/flights-500.routes.json");
const REPORT_500: &str = include_str!("../cases/flights-500.report.json");
const REPORT_2K: &str = include_str!("../cases/flights-2k.report.json");

/// The table of that name, in CSV.
pub(crate) fn find(name: &str) -> Result<&'static str, WorkloadError> {
    let table = TABLES.iter().find(|table| table.name == name);
    table.map(|table| table.csv).ok_or_else(|| {
        let names = TABLES.map(|table| table.name).join(", ");
        WorkloadError::invalid_event(format!(
            "there is no table \"{name}\"; the tables are {names}"
        ))
    })
}

/// Every case.
pub(crate) fn cases() -> Vec<Case<Event>> {
    let [small, large] = TABLES;
    let named = |table: &Table| Event { table: Some(table.name.to_owned()), ..Event::default() };
    let sent = |step| Event { step, csv: Some(small.csv.to_owned()), ..Event::default() };
    let case = |name, event, answer, bytes| {
        Case::new(name, event, Answer::Json(read(answer))).with_bytes(bytes)
    };
    vec![
        case("flights-2k", named(&large), REPORT_2K, large.csv.len()),
        case("flights-500", named(&small), REPORT_500, small.csv.len()),
        case("sent", sent(false), REPORT_500, small.csv.len()),
        case("first-step", sent(true), FLIGHTS, small.csv.len()),
        case("second-step", read(FLIGHTS), ROUTES, FLIGHTS.len()),
        case("last-step", read(ROUTES), REPORT_500, ROUTES.len()),
    ]
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
    serde_json::from_str(json).expect("the tests read every event and answer")
}
