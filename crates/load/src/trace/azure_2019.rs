//! Azure Functions 2019: how often each function was invoked in each minute of a day.
//!
//! Columns `HashOwner,HashApp,HashFunction,Trigger,1,2,…,1440` (AzurePublicDataset, "Azure Functions Trace 2019").

use csv::{ByteRecord, Reader};

use super::{TraceError, Window, field};
use crate::{MOST_ARRIVALS, Spread, TooManyArrivals};

const BEFORE_MINUTES: [&str; 4] = ["HashOwner", "HashApp", "HashFunction", "Trigger"];
const FUNCTION: usize = 2;
const MINUTE_S: f64 = 60.0;

/// One function's day.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) function: String,
    counts: Vec<u32>,
}

pub(super) fn is_heading(first: &ByteRecord) -> bool {
    let names = BEFORE_MINUTES.iter().map(|name| name.as_bytes());
    first.len() > BEFORE_MINUTES.len() && first.iter().take(BEFORE_MINUTES.len()).eq(names)
}

/// The row of a function, or that of the busiest; of equally busy ones, the first.
pub(super) fn read(
    mut rows: Reader<&[u8]>,
    heading: &ByteRecord,
    wanted: Option<&str>,
) -> Result<Row, TraceError> {
    let mut busiest: Option<(u64, Row)> = None;
    let mut found: Option<Row> = None;
    let mut row = ByteRecord::new();
    while rows.read_byte_record(&mut row).map_err(TraceError::csv)? {
        let read = Row::of(&row, heading.len())?;
        let total = read.counts.iter().copied().map(u64::from).sum();
        if wanted.is_some_and(|wanted| read.function == wanted) {
            // A function with several triggers can have several rows.
            match &mut found {
                None => found = Some(read.clone()),
                Some(found) => found.add(&read),
            }
        }
        if busiest.as_ref().is_none_or(|(most, _)| total > *most) {
            busiest = Some((total, read));
        }
    }
    let Some((_, busiest)) = busiest else { return Err(TraceError::Nothing) };
    match (wanted, found) {
        (None, _) => Ok(busiest),
        (Some(_), Some(found)) => Ok(found),
        (Some(wanted), None) => {
            Err(TraceError::NoSuchFunction { wanted: wanted.to_owned(), busiest: busiest.function })
        }
    }
}

impl Row {
    fn of(row: &ByteRecord, columns: usize) -> Result<Row, TraceError> {
        let count = |column| {
            let count = field(row, column)?.parse();
            count.map_err(|_| TraceError::wrong(row, column, "a number of invocations"))
        };
        Ok(Row {
            function: field(row, FUNCTION)?.to_owned(),
            counts: (BEFORE_MINUTES.len()..columns).map(count).collect::<Result<_, _>>()?,
        })
    }

    fn add(&mut self, other: &Row) {
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.saturating_add(*count);
        }
    }

    /// Seconds from the beginning of the first minute, of the minutes that the window touches.
    pub(super) fn moments(
        &self,
        window: &Window,
        spread: Spread,
        mut chance: impl FnMut() -> f64,
    ) -> Result<Vec<f64>, TraceError> {
        let mut seconds = Vec::new();
        for (minute, &count) in self.counts.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a day has 1,440 minutes")]
            let begin = minute as f64 * MINUTE_S;
            if begin + MINUTE_S <= window.from || begin >= window.to {
                continue;
            }
            if seconds.len() + usize::try_from(count).unwrap_or(usize::MAX) > MOST_ARRIVALS {
                return Err(TooManyArrivals.into());
            }
            seconds.extend((0..count).map(|index| {
                let share = match spread {
                    Spread::Even => f64::from(index) / f64::from(count),
                    Spread::Poisson => chance(),
                };
                begin + share * MINUTE_S
            }));
        }
        Ok(seconds)
    }
}
