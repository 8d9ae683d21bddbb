//! Durations as scripts write them.

use std::time::Duration;

use rhai::Dynamic;

use crate::fields::show;

/// Reads `"200ms"`, `"1.5s"`, `"5m"`, `"2h"`, or a number of seconds.
pub(crate) fn duration(value: &Dynamic) -> Result<Duration, String> {
    let seconds = if let Ok(text) = value.as_immutable_string_ref() {
        seconds_of(text.trim())
    } else if let Ok(whole) = value.as_int() {
        u32::try_from(whole).ok().map(f64::from)
    } else {
        value.as_float().ok()
    };
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
        let got = show(value);
        format!("expected a number of seconds or a text like \"200ms\", \"1.5s\", \"5m\", \"2h\", got {got}")
    })
}

/// Reads `200ms`, `1.5s`, `5m` or `2h`, as scripts write durations; `None` for anything else.
pub fn parse_duration(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds_of(text.trim())?).ok()
}

/// `2h`, `90m`, `1.5s`: as scripts write it, in the largest unit that needs no more than one decimal.
pub fn written_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let units = [(3600.0, "h"), (60.0, "m"), (1.0, "s")];
    let fits = |unit: f64| seconds >= unit && (seconds / unit * 10.0).fract() == 0.0;
    match units.into_iter().find(|(unit, _)| fits(*unit)) {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None if seconds < 1.0 => format!("{}ms", seconds * 1000.0),
        None => format!("{seconds:.1}s"),
    }
}

fn seconds_of(text: &str) -> Option<f64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.trim_end().parse().ok()?;
    // Dividing gives the nearest double of 200 ms, multiplying by 0.001 does not.
    match unit {
        "ms" => Some(number / 1000.0),
        "s" => Some(number),
        "m" => Some(number * 60.0),
        "h" => Some(number * 3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let check = |value: Dynamic, expected: Option<Duration>| {
            assert_eq!(duration(&value).ok(), expected, "{value}");
        };
        check("200ms".into(), Some(Duration::from_millis(200)));
        check("1.5s".into(), Some(Duration::from_millis(1500)));
        check(" 5 m ".into(), Some(Duration::from_secs(300)));
        check("2h".into(), Some(Duration::from_secs(7200)));
        check(Dynamic::from(3_i64), Some(Duration::from_secs(3)));
        check(Dynamic::from(0.25), Some(Duration::from_millis(250)));
        for wrong in ["", "5", "m", "5 min", "-1s", "1e400s", "inf s", "NaNs"] {
            check(wrong.into(), None);
        }
        check(Dynamic::from(-1_i64), None);
        check(Dynamic::from(f64::NAN), None);
        check(Dynamic::from(true), None);
    }

    #[test]
    fn durations_are_written_as_they_can_be_read() {
        let check = |text: &str| {
            let duration = parse_duration(text).unwrap();
            assert_eq!(written_duration(duration), text);
        };
        for text in ["2h", "1.5h", "50m", "1.5s", "10s", "200ms", "61s"] {
            check(text);
        }
        assert_eq!(written_duration(Duration::from_millis(3_600_123)), "3600.1s");
    }
}
