//! What is compared: one number of each launch.

use std::collections::BTreeMap;

use kelvin_record::{LaunchRecord, Run};
use kelvin_stats::Sample;

use crate::{Demand, FunctionRows};

/// A number that a launch has. All are better when they are smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Init Duration of the cold start, in nanoseconds.
    Init,
    /// INIT and the first invocation, in nanoseconds.
    ColdTotal,
    /// The median duration of warm invocations, in nanoseconds.
    WarmP50,
    /// Peak memory, in bytes.
    MaxMemory,
}

/// The number of one launch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The block that the launch belongs to.
    pub block: Option<u64>,
    /// In the unit of the metric.
    pub value: f64,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 4] =
        [Metric::Init, Metric::ColdTotal, Metric::WarmP50, Metric::MaxMemory];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Init => "INIT",
            Metric::ColdTotal => "cold total",
            Metric::WarmP50 => "warm p50",
            Metric::MaxMemory => "max memory",
        }
    }

    /// What a difference must be to matter, where nothing else is asked for: 5 % of cold starts and of memory, 3 % of warm
    /// invocations, and not less than 0.5 ms, 256 KiB and 20 µs.
    pub fn demand(self) -> Demand {
        let (threshold, floor) = match self {
            Metric::Init | Metric::ColdTotal => (0.05, 500_000.0),
            Metric::WarmP50 => (0.03, 20_000.0),
            Metric::MaxMemory => (0.05, 262_144.0),
        };
        Demand { threshold, floor }
    }

    /// The numbers of the launches of a function, outside of loads and of what failed.
    pub fn numbers(self, run: &Run, function: &FunctionRows<'_>) -> Vec<Number> {
        let number = |launch: Option<u64>, value: Option<f64>| {
            let launch = launch_of(run, launch?)?;
            Some(Number { block: launch.block, value: value? })
        };
        let ns = |ns: Option<u64>| ns.map(|ns| ns as f64);
        let cold = function.cold().into_iter();
        match self {
            Metric::Init => {
                cold.filter_map(|row| number(row.launch, ns(row.init_ns.value()))).collect()
            }
            Metric::ColdTotal => cold
                .filter_map(|row| number(row.launch, ns(row.timing().cold_total_ns())))
                .collect(),
            Metric::WarmP50 => {
                let of_launch = |rows: Vec<&kelvin_record::InvocationRecord>| {
                    let durations: Option<Sample> = rows
                        .iter()
                        .map(|row| ns(row.timing().duration_ns()))
                        .collect::<Option<Vec<f64>>>()
                        .map(Sample::new);
                    number(rows.first()?.launch, durations?.quantile(0.5))
                };
                function.warm().into_iter().filter_map(of_launch).collect()
            }
            Metric::MaxMemory => {
                // The most that any invocation of the launch had seen.
                let mut most: BTreeMap<u64, u64> = BTreeMap::new();
                for row in function.rows.iter().filter(|row| row.load.is_none()) {
                    if let Some((launch, bytes)) = row.launch.zip(row.max_memory_bytes.value()) {
                        let known = most.entry(launch).or_default();
                        *known = bytes.max(*known);
                    }
                }
                most.into_iter().filter_map(|(l, bytes)| number(Some(l), ns(Some(bytes)))).collect()
            }
        }
    }
}

fn launch_of(run: &Run, launch: u64) -> Option<&LaunchRecord> {
    let at = run.launches.binary_search_by_key(&launch, |launch| launch.launch).ok()?;
    run.launches.get(at)
}
