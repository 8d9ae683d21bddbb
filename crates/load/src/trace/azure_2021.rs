//! Azure Functions 2021: a row an invocation.
//!
//! Columns `app,func,end_timestamp,duration`, times in seconds (AzurePublicDataset, "Azure Functions Invocation Trace 2021").

use std::collections::HashMap;

use csv::ByteRecord;

use super::{TraceError, field, number, rows};
use crate::{MOST_ARRIVALS, TooManyArrivals};

/// Where the columns are.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    app: usize,
    function: usize,
    end: usize,
    duration: usize,
}

impl Columns {
    /// `None` if the line is not the heading of this layout.
    pub(super) fn of(first: &ByteRecord) -> Option<Columns> {
        let at = |name: &str| first.iter().position(|field| field == name.as_bytes());
        Some(Columns {
            app: at("app")?,
            function: at("func")?,
            end: at("end_timestamp")?,
            duration: at("duration")?,
        })
    }
}

/// The starts of a function's invocations, in the order of the trace, and its name. Without a name the busiest is taken; of
/// equally busy ones, the first.
pub(super) fn read(
    text: &[u8],
    columns: Columns,
    wanted: Option<&str>,
) -> Result<(Vec<f64>, String), TraceError> {
    let (app, busiest) = busiest(text, columns)?;
    let name = wanted.unwrap_or(&busiest).to_owned();
    let mut starts = Vec::new();
    let mut row = ByteRecord::new();
    let mut rows = rows(text);
    while rows.read_byte_record(&mut row).map_err(TraceError::csv)? {
        // Names are unique within an application.
        let of_app = wanted.is_some() || field(&row, columns.app)? == app;
        if !of_app || field(&row, columns.function)? != name {
            continue;
        }
        let end = number(&row, columns.end, "the end in seconds")?;
        let duration = number(&row, columns.duration, "a duration in seconds")?;
        if duration < 0.0 {
            return Err(TraceError::wrong(&row, columns.duration, "a duration in seconds"));
        }
        if starts.len() >= MOST_ARRIVALS {
            return Err(TooManyArrivals.into());
        }
        starts.push(end - duration);
    }
    if starts.is_empty() {
        return Err(TraceError::NoSuchFunction { wanted: name, busiest });
    }
    Ok((starts, name))
}

/// Application and name of the function with the most rows.
fn busiest(text: &[u8], columns: Columns) -> Result<(String, String), TraceError> {
    // How many rows, and which came first.
    let mut counts: HashMap<(String, String), (u64, u64)> = HashMap::new();
    let mut row = ByteRecord::new();
    let mut rows = rows(text);
    let mut line = 0;
    while rows.read_byte_record(&mut row).map_err(TraceError::csv)? {
        let key = (field(&row, columns.app)?, field(&row, columns.function)?);
        let key = (key.0.to_owned(), key.1.to_owned());
        counts.entry(key).or_insert((0, line)).0 += 1;
        line += 1;
    }
    let busiest = counts.into_iter().max_by_key(|(_, (count, line))| (*count, u64::MAX - line));
    busiest.map(|(key, _)| key).ok_or(TraceError::Nothing)
}
