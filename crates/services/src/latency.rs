//! How long a request waits: a fixed time, or a distribution.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kelvin_stats::LogNormal;
use serde::{Deserialize, Serialize};

use crate::{ServiceKind, SpecError};

/// The longest a request may be made to wait: as long as a function may run.
const LONGEST: Duration = Duration::from_secs(900);

/// How long a service waits before it answers.
///
/// As text: `4ms` (units are `us`, `ms` and `s`), `p50=4ms p99=20ms` for a log-normal distribution, or the name of a
/// profile. The profile `same-zone` stands for a client in the same region:
///
/// | service | p50 | p99 | after |
/// |---|--:|--:|---|
/// | S3 | 30 ms | 80 ms | time to the first byte of S3 Standard: "around up to 30ms", "80ms is rather common" as a tail (Quickwit, "S3 Express speculations", 2023). AWS promises less: "roughly 100–200 milliseconds" ("Best practices design patterns: optimizing Amazon S3 performance") |
/// | DynamoDB | 4 ms | 10 ms | "consistent single-digit millisecond performance" (Amazon DynamoDB Developer Guide); AWS publishes no quantiles, so the median is this project's choice within them |
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Latency {
    /// No waiting.
    #[default]
    None,
    /// Always the same.
    Fixed(Duration),
    /// Log-normal, as latencies of services are: many near the median and a long tail.
    LogNormal {
        /// Half of the requests wait no longer.
        p50: Duration,
        /// All but one in a hundred wait no longer.
        p99: Duration,
    },
    /// Published figures for a client in the same region.
    SameZone,
}

/// A latency as it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distribution {
    Fixed(Duration),
    LogNormal(LogNormal),
}

impl Latency {
    /// Fails if there is no such profile for the service.
    pub(crate) fn distribution(self, kind: ServiceKind) -> Result<Distribution, SpecError> {
        let ms = Duration::from_millis;
        Ok(match self {
            Latency::None => Distribution::Fixed(Duration::ZERO),
            Latency::Fixed(duration) => Distribution::Fixed(duration),
            Latency::LogNormal { p50, p99 } => Distribution::log_normal(p50, p99),
            Latency::SameZone => match kind {
                ServiceKind::S3 => Distribution::log_normal(ms(30), ms(80)),
                ServiceKind::DynamoDb => Distribution::log_normal(ms(4), ms(10)),
                ServiceKind::Http => return Err(SpecError::NoProfile { kind }),
            },
        })
    }
}

impl Distribution {
    fn log_normal(p50: Duration, p99: Duration) -> Distribution {
        Distribution::LogNormal(LogNormal::of_quantiles(p50.as_secs_f64(), p99.as_secs_f64()))
    }

    /// The quantile `p`, which lies between 0 and 1, both excluded.
    pub(crate) fn quantile(self, p: f64) -> Duration {
        match self {
            Distribution::Fixed(duration) => duration,
            Distribution::LogNormal(log_normal) => {
                let seconds = log_normal.quantile(p);
                Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
            }
        }
    }
}

impl FromStr for Latency {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Latency, SpecError> {
        parse(text.trim()).map_err(|problem| SpecError::Latency { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Latency, &'static str> {
    match text {
        "none" => return Ok(Latency::None),
        "same-zone" => return Ok(Latency::SameZone),
        _ if !text.contains('=') => {
            let duration = duration(text)?;
            return Ok(if duration.is_zero() { Latency::None } else { Latency::Fixed(duration) });
        }
        _ => {}
    }
    let (mut p50, mut p99) = (None, None);
    for part in text.split([' ', ',']).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or("expected p50=… and p99=…")?;
        let quantile = match name {
            "p50" => &mut p50,
            "p99" => &mut p99,
            _ => return Err("the quantiles are p50 and p99"),
        };
        if quantile.replace(duration(value)?).is_some() {
            return Err("a quantile is given twice");
        }
    }
    match (p50, p99) {
        (Some(p50), Some(p99)) if p50.is_zero() || p99 < p50 => {
            Err("p50 must be more than 0, and p99 no less than p50")
        }
        (Some(p50), Some(p99)) => Ok(Latency::LogNormal { p50, p99 }),
        _ => Err("expected both p50=… and p99=…"),
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let unit_at = text.find(char::is_alphabetic).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let per_second = match unit {
        "us" | "µs" => 1e6,
        "ms" => 1e3,
        "s" => 1.0,
        "" if number == "0" => 1.0,
        _ => return Err("the units are us, ms and s"),
    };
    let number: f64 = number.trim_end().parse().map_err(|_| "not a number")?;
    let duration =
        Duration::try_from_secs_f64(number / per_second).map_err(|_| "not a duration")?;
    if duration > LONGEST { Err("more than 900s") } else { Ok(duration) }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Latency::None => f.write_str("none"),
            Latency::Fixed(duration) => write!(f, "{duration:?}"),
            Latency::LogNormal { p50, p99 } => write!(f, "p50={p50:?} p99={p99:?}"),
            Latency::SameZone => f.write_str("same-zone"),
        }
    }
}

impl TryFrom<String> for Latency {
    type Error = SpecError;

    fn try_from(text: String) -> Result<Latency, SpecError> {
        text.parse()
    }
}

impl From<Latency> for String {
    fn from(latency: Latency) -> String {
        latency.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let read = text.parse::<Latency>();
            let read = read.map(|l| l.to_string()).map_err(|error| match error {
                SpecError::Latency { problem, .. } => problem,
                other => panic!("{other}"),
            });
            assert_eq!(read.as_deref().map_err(|problem| *problem), expected, "{text}");
        };
        check("4ms", Ok("4ms"));
        check(" 1.5 ms ", Ok("1.5ms"));
        check("250us", Ok("250µs"));
        check("250µs", Ok("250µs"));
        check("2s", Ok("2s"));
        check("0", Ok("none"));
        check("0ms", Ok("none"));
        check("none", Ok("none"));
        check("p50=4ms p99=20ms", Ok("p50=4ms p99=20ms"));
        check("p99=20ms,p50=4ms", Ok("p50=4ms p99=20ms"));
        check("same-zone", Ok("same-zone"));
        check("", Err("the units are us, ms and s"));
        check("4", Err("the units are us, ms and s"));
        check("4min", Err("the units are us, ms and s"));
        check("fast", Err("the units are us, ms and s"));
        check("ms", Err("not a number"));
        check("-4ms", Err("not a duration"));
        check("99999999999999999999s", Err("not a duration"));
        check("901s", Err("more than 900s"));
        check("p50=4ms", Err("expected both p50=… and p99=…"));
        check("p50=4ms p50=5ms", Err("a quantile is given twice"));
        check("p50=4ms p95=5ms", Err("the quantiles are p50 and p99"));
        check("p50=4ms p99=3ms", Err("p50 must be more than 0, and p99 no less than p50"));
        check("p50=0ms p99=3ms", Err("p50 must be more than 0, and p99 no less than p50"));
        check("4ms p99=3ms", Err("expected p50=… and p99=…"));
    }

    #[test]
    fn the_message_says_what_to_write() {
        insta::assert_snapshot!("4".parse::<Latency>().unwrap_err(), @r#"latency "4": the units are us, ms and s; write a duration like "4ms", "p50=4ms p99=20ms" or "same-zone""#);
    }

    fn near(got: Duration, wanted: Duration) -> bool {
        (got.as_secs_f64() / wanted.as_secs_f64() - 1.0).abs() < 1e-6
    }

    proptest! {
        #[test]
        fn a_distribution_has_its_quantiles(p50 in 1_u64..1_000_000, ratio in 1.0_f64..100.0) {
            let p50 = Duration::from_micros(p50);
            let p99 = p50.mul_f64(ratio);
            let distribution = Distribution::log_normal(p50, p99);
            prop_assert!(near(distribution.quantile(0.5), p50));
            prop_assert!(near(distribution.quantile(0.99), p99));
            prop_assert!(distribution.quantile(0.3) <= distribution.quantile(0.7));
        }

        #[test]
        fn what_is_printed_is_read_again(us in 1_u64..900_000_000) {
            let latency = Latency::Fixed(Duration::from_micros(us));
            let Latency::Fixed(read) = latency.to_string().parse::<Latency>().unwrap() else { panic!("{latency}") };
            prop_assert!(read.abs_diff(Duration::from_micros(us)) <= Duration::from_nanos(1));
        }
    }

    #[test]
    fn profiles_have_the_quantiles_of_their_table() {
        let check = |kind, p50_ms, p99_ms| {
            let distribution = Latency::SameZone.distribution(kind).unwrap();
            assert!(near(distribution.quantile(0.5), Duration::from_millis(p50_ms)));
            assert!(near(distribution.quantile(0.99), Duration::from_millis(p99_ms)));
        };
        check(ServiceKind::S3, 30, 80);
        check(ServiceKind::DynamoDb, 4, 10);
    }
}
