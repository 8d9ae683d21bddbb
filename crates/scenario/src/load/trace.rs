//! Arrivals as a file beside the script has them.

use std::error::Error;
use std::time::Duration;

use kelvin_load::{Spread, Trace, TraceError, TraceOptions, trace};
use kelvin_platform::LoadShape;

use super::plan::{Limits, Shape};
use crate::chance::Chance;
use crate::event_file::{relative, told};
use crate::fields::{Fields, show};
use crate::{LoadKind, ScriptFolder, number, pause, suggest};

/// What only traces have.
pub(super) const KEYS: [&str; 5] = ["file", "function", "from", "speed", "spread"];

const SPREADS: [&str; 2] = ["even", "poisson"];

/// The file of a trace has no more bytes than this; the largest published day has 150 MB, the largest fortnight 300 MB.
const MAX_BYTES: usize = 512 << 20;

/// The moments of a trace, or of the part of it that is wanted.
pub(super) fn read(
    fields: &mut Fields,
    limits: &Limits,
    mut chance: Chance,
    beside: &dyn ScriptFolder,
) -> Result<Shape, String> {
    for key in ["rate", "to", "phases"] {
        if fields.value(key).is_some() {
            return Err(format!("a trace has moments of its own: leave out {key}"));
        }
    }
    if let Some(arrivals) = fields.string("arrivals")?.filter(|arrivals| arrivals != "trace") {
        return Err(format!(
            "file is of arrivals: \"trace\", and these are \"{arrivals}\"; give only one of them"
        ));
    }
    let Some(file) = fields.string("file")? else {
        return Err("a trace is in a file beside the script: give its path as file".to_owned());
    };
    let options = TraceOptions {
        function: fields.string("function")?,
        from: match fields.value("from") {
            Some(value) => pause::duration(&value).map_err(|e| format!("from: {e}"))?,
            None => Duration::ZERO,
        },
        duration: limits.duration,
        speed: speed(fields)?,
        limit: limits.moments(),
        spread: spread(fields)?,
    };
    let path = relative(&file).map_err(|e| format!("file: {e}"))?;
    let text = beside.read(&path, MAX_BYTES);
    let text = text.map_err(|error| format!("failed to read {file}: {}", told(&error)))?;
    let found = trace(&text, &options, || chance.float());
    let found = found.map_err(|error| format!("{file}: {}", explained(&error)))?;
    let per_second = per_second(&found);
    let of = found.function.map(|function| format!(" ({function})")).unwrap_or_default();
    let kind = LoadKind::Open { arrivals: "trace", per_second, trace: Some(format!("{file}{of}")) };
    let cut_off = limits.moments().is_some_and(|limit| found.moments.len() >= limit);
    Ok((LoadShape::Open(found.moments), kind, Some(found.lasts).filter(|_| !cut_off)))
}

/// Requests a second, on average.
fn per_second(trace: &Trace) -> Option<f64> {
    let last_ns = trace.moments.last().copied().unwrap_or(0);
    // A load that ends with its last request is as long as the gaps between them.
    let ends_with_last = trace.lasts == Duration::from_nanos(last_ns);
    let requests = trace.moments.len() - usize::from(ends_with_last && !trace.moments.is_empty());
    let seconds = trace.lasts.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a schedule has 10 million moments at most")]
    let per_second = requests as f64 / seconds;
    (seconds > 0.0 && requests > 0).then_some(per_second)
}

fn speed(fields: &mut Fields) -> Result<f64, String> {
    let Some(value) = fields.value("speed") else { return Ok(1.0) };
    let speed = number::as_float(&value).filter(|speed| speed.is_finite() && *speed > 0.0);
    speed.ok_or_else(|| {
        let got = show(&value);
        format!("speed: expected how many seconds of the trace pass in one, above 0, got {got}")
    })
}

fn spread(fields: &mut Fields) -> Result<Option<Spread>, String> {
    match fields.string("spread")?.as_deref() {
        None => Ok(None),
        Some("even") => Ok(Some(Spread::Even)),
        Some("poisson") => Ok(Some(Spread::Poisson)),
        Some(other) => Err(suggest::unknown("spread", other, SPREADS)),
    }
}

/// With its cause, on one line.
fn explained(error: &TraceError) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}
