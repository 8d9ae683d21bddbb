//! A moment a line.

use csv::{ByteRecord, Reader};

use super::{TraceError, number};

const EXPECTED: &str = "a number of seconds";

/// The numbers of the first column, in seconds since whenever. The first line may be a heading.
pub(super) fn read(mut rows: Reader<&[u8]>, first: &ByteRecord) -> Result<Vec<f64>, TraceError> {
    // A heading begins like a name; anything else has to be a moment.
    let heading = first.get(0).and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic);
    let mut seconds = Vec::new();
    if !first.is_empty() && !heading {
        seconds.push(number(first, 0, EXPECTED)?);
    }
    let mut row = ByteRecord::new();
    while rows.read_byte_record(&mut row).map_err(TraceError::csv)? {
        seconds.push(number(&row, 0, EXPECTED)?);
    }
    Ok(seconds)
}
