//! What the function makes of an object: from a table of flights to a report, airport by airport.
//!
//! `cases/answers.py` asks SQLite the same questions.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

/// A flight is late from so many minutes on (14 CFR 234.2, "on-time").
const LATE_MINUTES: i32 = 15;

/// What a table of flights tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many flights the table has.
    pub flights: u64,
    /// How many of them were late.
    pub late: u64,
    /// The earliest departure, as the table writes it; empty if there are no flights.
    pub first: String,
    /// The latest one.
    pub last: String,
    /// Airports by the number of their departures, then by the alphabet.
    pub airports: Vec<Airport>,
}

/// The departures of one airport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Airport {
    /// Its code, three letters.
    pub origin: String,
    /// How many flights departed.
    pub flights: u64,
    /// How many of them were late.
    pub late: u64,
    /// To how many airports they flew.
    pub destinations: u64,
    /// How far, all together.
    pub miles: u64,
    /// The sum of their delays; those that were early count against the others.
    pub delay_minutes: i64,
    /// The smallest delay that nine in ten flights did not exceed.
    pub p90_delay_minutes: i32,
}

/// A row of the table.
#[derive(Deserialize)]
struct Flight<'a> {
    date: &'a str,
    delay: i32,
    distance: u32,
    origin: &'a str,
    destination: &'a str,
}

type Code = [u8; 3];

/// What is known of an airport while the table is read.
#[derive(Default)]
struct Departures {
    delays: Vec<i32>,
    destinations: HashSet<Code>,
    miles: u64,
}

/// Reads a table with a header, in CSV. Fails at the first row that is not a flight, and says which.
pub(crate) fn report(table: impl Read) -> Result<Report, WorkloadError> {
    let unreadable = |error| WorkloadError::work_failed("could not read the flights", error);
    let mut reader = csv::Reader::from_reader(table);
    let header = reader.headers().map_err(unreadable)?.clone();
    let mut departures: HashMap<Code, Departures> = HashMap::new();
    let (mut first, mut last) = (String::new(), String::new());
    // One row's memory for all rows.
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(unreadable)? {
        let flight: Flight<'_> = row.deserialize(Some(&header)).map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        let origin = code(flight.origin, line)?;
        let destination = code(flight.destination, line)?;
        let airport = departures.entry(origin).or_default();
        airport.delays.push(flight.delay);
        airport.destinations.insert(destination);
        airport.miles += u64::from(flight.distance);
        if first.is_empty() || flight.date < first.as_str() {
            flight.date.clone_into(&mut first);
        }
        if flight.date > last.as_str() {
            flight.date.clone_into(&mut last);
        }
    }
    let mut airports: Vec<Airport> = departures.into_iter().map(airport).collect();
    airports.sort_by(|a, b| b.flights.cmp(&a.flights).then_with(|| a.origin.cmp(&b.origin)));
    let flights = airports.iter().map(|airport| airport.flights).sum();
    let late = airports.iter().map(|airport| airport.late).sum();
    Ok(Report { flights, late, first, last, airports })
}

fn code(text: &str, line: u64) -> Result<Code, WorkloadError> {
    let code = Code::try_from(text.as_bytes()).ok();
    code.filter(|code| code.iter().all(u8::is_ascii_uppercase)).ok_or_else(|| {
        let problem = format!("line {line}: \"{text}\" is not the code of an airport");
        WorkloadError::work_failed("could not read the flights", problem)
    })
}

fn airport((code, mut departures): (Code, Departures)) -> Airport {
    let delays = &mut departures.delays;
    // The nearest rank: the value at 0.9 n, rounded up, in order of size.
    let rank = (delays.len() * 9).div_ceil(10).saturating_sub(1);
    let (_, p90, _) = delays.select_nth_unstable(rank);
    Airport {
        p90_delay_minutes: *p90,
        origin: code.map(char::from).iter().collect(),
        flights: delays.len() as u64,
        late: delays.iter().filter(|&&delay| delay >= LATE_MINUTES).count() as u64,
        destinations: departures.destinations.len() as u64,
        miles: departures.miles,
        delay_minutes: delays.iter().map(|&delay| i64::from(delay)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "date,delay,distance,origin,destination\n";

    #[test]
    fn a_table_is_read_in_whatever_order_of_columns() {
        let table = "origin,destination,delay,distance,date\n\
                     SEA,LAX,14,954,2001/01/02 09:00\n\
                     SEA,LAX,15,954,2001/01/01 09:00\n\
                     \"LAX\",SEA,-20,954,2001/01/03 09:00\n";
        let airport = |origin: &str, flights, late, delay_minutes, p90_delay_minutes| Airport {
            origin: origin.to_owned(),
            flights,
            late,
            destinations: 1,
            miles: flights * 954,
            delay_minutes,
            p90_delay_minutes,
        };
        let expected = Report {
            flights: 3,
            late: 1,
            first: "2001/01/01 09:00".to_owned(),
            last: "2001/01/03 09:00".to_owned(),
            airports: vec![airport("SEA", 2, 1, 29, 15), airport("LAX", 1, 0, -20, -20)],
        };
        assert_eq!(report(table.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_table_without_flights_has_an_empty_report() {
        for table in ["", HEADER] {
            let report = report(table.as_bytes()).unwrap();
            assert_eq!((report.flights, report.airports.len(), report.first.as_str()), (0, 0, ""));
        }
    }

    #[test]
    fn what_is_no_flight_is_named_with_its_line() {
        let check = |rows: &str, expected: &str| {
            let error = report(format!("{HEADER}{rows}").as_bytes()).unwrap_err();
            assert_eq!(error.error_type(), "WorkFailed");
            let message = error.error_message();
            let reason = message.strip_prefix("could not read the flights: ");
            assert_eq!(reason, Some(expected));
        };
        let right = "2001/01/01 09:00,14,954,SEA,LAX\n";
        check(
            &format!("{right}2001/01/01 09:00,14,954,SEA\n"),
            "CSV error: record 2 (line: 3, byte: 71): found record with 4 fields, but the previous record has 5 fields",
        );
        check(
            "2001/01/01 09:00,soon,954,SEA,LAX\n",
            "CSV deserialize error: record 1 (line: 2, byte: 39): field 1: invalid digit found in string",
        );
        check(
            "2001/01/01 09:00,1,-954,SEA,LAX\n",
            "CSV deserialize error: record 1 (line: 2, byte: 39): field 2: invalid digit found in string",
        );
        check(&right.replace("SEA", "Sea"), "line 2: \"Sea\" is not the code of an airport");
        check(&right.replace("LAX", "LAXX"), "line 2: \"LAXX\" is not the code of an airport");
    }
}
