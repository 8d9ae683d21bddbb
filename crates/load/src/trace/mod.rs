//! Arrivals that were recorded somewhere: from the text of a trace to a schedule.
//!
//! Three layouts are known by their first line:
//! - one moment a line, in seconds, with or without a heading;
//! - Azure Functions 2019 ("Serverless in the Wild", `invocations_per_function_md`): a row a function, with the number of its
//!   invocations in each minute of a day;
//! - Azure Functions 2021 (`AzureFunctionsInvocationTraceForTwoWeeksJan2021`): a row an invocation, with its end and its
//!   duration in seconds, of which the start is the difference.

mod azure_2019;
mod azure_2021;
mod error;
mod timestamps;

use std::sync::Arc;
use std::time::Duration;

use csv::{ByteRecord, Reader, ReaderBuilder};

pub use error::TraceError;

use crate::{MOST_ARRIVALS, Spread, TooManyArrivals};

/// Which part of a trace is wanted, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceOptions {
    /// The function whose invocations are wanted, as the trace calls it; the busiest if `None`.
    pub function: Option<String>,
    /// From when on, in the trace's own time: from the first minute of counts, or else from the function's first moment.
    pub from: Duration,
    /// How long the load lasts; to the end of the trace if `None`.
    pub duration: Option<Duration>,
    /// How many seconds of the trace pass in one second; positive.
    pub speed: f64,
    /// At most so many requests.
    pub limit: Option<usize>,
    /// Where in their minute requests lie of which only the number is known; evenly if `None`.
    pub spread: Option<Spread>,
}

impl Default for TraceOptions {
    fn default() -> TraceOptions {
        TraceOptions {
            function: None,
            from: Duration::ZERO,
            duration: None,
            speed: 1.0,
            limit: None,
            spread: None,
        }
    }
}

/// What was found in a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// In nanoseconds from the start of the load, ascending; never empty.
    pub moments: Arc<[u64]>,
    /// The function whose they are; `None` of a trace that has only one.
    pub function: Option<String>,
    /// How long the load is meant to last: to the end of the wanted part, or to the last request.
    pub lasts: Duration,
}

/// The moments of a trace.
///
/// `chance` gives numbers from 0 to below 1, each equally likely; it is asked only for [`Spread::Poisson`], where each
/// minute keeps its number of requests, and they lie in it as those of a Poisson process of which the number is known.
pub fn trace(
    text: &[u8],
    options: &TraceOptions,
    chance: impl FnMut() -> f64,
) -> Result<Trace, TraceError> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(TraceError::Speed { got: options.speed });
    }
    let window = Window::of(options);
    let mut rows = rows(text);
    let first = rows.byte_headers().map_err(TraceError::csv)?.clone();
    let counted = azure_2019::is_heading(&first);
    let (seconds, function) = if counted {
        let row = azure_2019::read(rows, &first, options.function.as_deref())?;
        let spread = options.spread.unwrap_or(Spread::Even);
        (row.moments(&window, spread, chance)?, Some(row.function))
    } else if options.spread.is_some() {
        return Err(TraceError::NothingToSpread);
    } else if let Some(columns) = azure_2021::Columns::of(&first) {
        let (starts, function) = azure_2021::read(text, columns, options.function.as_deref())?;
        (starts, Some(function))
    } else if options.function.is_some() {
        return Err(TraceError::NoFunctions);
    } else {
        (timestamps::read(rows, &first)?, None)
    };
    // A count's time is that of its day; other times are since whenever.
    let (moments, lasts) = window.cut(seconds, !counted)?;
    Ok(Trace { moments, function, lasts })
}

/// The wanted stretch of a trace, in seconds of its own time.
struct Window {
    from: f64,
    /// Not included.
    to: f64,
    speed: f64,
    limit: usize,
    has_end: bool,
}

impl Window {
    fn of(options: &TraceOptions) -> Window {
        let from = options.from.as_secs_f64();
        let length = options.duration.map(|duration| duration.as_secs_f64() * options.speed);
        Window {
            from,
            to: length.map_or(f64::INFINITY, |length| from + length),
            speed: options.speed,
            limit: options.limit.unwrap_or(usize::MAX),
            has_end: length.is_some(),
        }
    }

    fn contains(&self, second: f64) -> bool {
        (self.from..self.to).contains(&second)
    }

    /// The wanted ones of all seconds of a trace, which come in any order, as moments of the load; and how long it lasts.
    fn cut(
        &self,
        mut seconds: Vec<f64>,
        begins_with_first: bool,
    ) -> Result<(Arc<[u64]>, Duration), TraceError> {
        seconds.sort_unstable_by(f64::total_cmp);
        let zero = seconds.first().copied().filter(|_| begins_with_first).unwrap_or(0.0);
        let wanted = seconds.iter().map(|second| second - zero).filter(|&s| self.contains(s));
        let moments: Vec<u64> =
            wanted.take(self.limit).map(|second| self.nanoseconds(second - self.from)).collect();
        let Some(&last) = moments.last() else { return Err(TraceError::Nothing) };
        if moments.len() > MOST_ARRIVALS {
            return Err(TooManyArrivals.into());
        }
        let cut_short = moments.len() >= self.limit;
        let lasts =
            if self.has_end && !cut_short { self.nanoseconds(self.to - self.from) } else { last };
        Ok((moments.into(), Duration::from_nanos(lasts)))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of floats saturate, and nothing in a window is before it"
    )]
    fn nanoseconds(&self, seconds: f64) -> u64 {
        (seconds / self.speed * 1e9).round() as u64
    }
}

/// The rows of a text, whose first may or may not be a heading, and which need not be of one length.
fn rows(text: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text)
}

/// A field as text; empty if the row is shorter.
fn field(row: &ByteRecord, column: usize) -> Result<&str, TraceError> {
    let bytes = row.get(column).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| TraceError::wrong(row, column, "text in UTF-8"))
}

/// A field as a finite number.
fn number(row: &ByteRecord, column: usize, expected: &'static str) -> Result<f64, TraceError> {
    let parsed: Option<f64> = field(row, column)?.parse().ok();
    parsed.filter(|n| n.is_finite()).ok_or_else(|| TraceError::wrong(row, column, expected))
}

#[cfg(test)]
mod tests;
