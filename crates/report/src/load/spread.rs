//! Loads of the same kind on the same function: how far they lie apart.

use kelvin_record::LoadSummary;

use super::table::level;
use crate::number::{interval, three_digits};

/// A line for each function and kind of which there are several, in the order of the first of each.
pub(super) fn lines(loads: &[LoadSummary]) -> Vec<String> {
    let mut groups: Vec<Vec<&LoadSummary>> = Vec::new();
    for load in loads {
        match groups.iter_mut().find(|group| is_same(group[0], load)) {
            Some(group) => group.push(load),
            None => groups.push(vec![load]),
        }
    }
    groups.iter().filter(|group| group.len() > 1).map(|group| line(group)).collect()
}

fn is_same(a: &LoadSummary, b: &LoadSummary) -> bool {
    let kind = |load: &LoadSummary| (load.function.clone(), load.memory_mb, load.trace.clone());
    kind(a) == kind(b) && level(a) == level(b)
}

fn line(loads: &[&LoadSummary]) -> String {
    let range = |of: fn(&LoadSummary) -> Option<f64>| {
        let values: Option<Vec<f64>> = loads.iter().map(|load| of(load)).collect();
        let (least, most) = values?.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), bounds);
        Some(if least < most { interval([least, most], least) } else { three_digits(least) })
    };
    let cold = loads.iter().map(|load| load.cold);
    let cold = match (cold.clone().min(), cold.max()) {
        (Some(least), Some(most)) if least < most => format!("{least}–{most}"),
        (least, _) => least.unwrap_or_default().to_string(),
    };
    let of = [
        ("good per s", range(|load| load.achieved_per_second)),
        ("latency p50", range(|load| load.latency_ms.p50)),
        ("p90", range(|load| load.latency_ms.p90)),
        ("p99", range(|load| load.latency_ms.p99)),
        ("cold starts", Some(cold)),
    ];
    let ranges = of.into_iter().filter_map(|(name, range)| Some(format!("{name} {}", range?)));
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    format!("{}, {}, {} loads: {ranges}", loads[0].function, level(loads[0]), loads.len())
}

fn bounds((least, most): (f64, f64), value: f64) -> (f64, f64) {
    (least.min(value), most.max(value))
}
