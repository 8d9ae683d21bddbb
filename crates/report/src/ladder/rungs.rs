//! The ladder once more, from below: each rung measured by itself, and the differences laid beside the parts.
//!
//! `compute` → `+ serde` → `+ runtime` (at full speed) → `+ throttled` (at the memory size), all in the same blocks.

use std::collections::BTreeMap;

use kelvin_lambda::MemorySize;
use kelvin_record::{Estimate, InvocationRecord, Run};
use kelvin_stats::Sample;
use serde::Serialize;

use crate::ladder::{FINDING, parts};
use crate::metric::mean_of;
use kelvin_analysis::FunctionRows;

/// The rungs that a function stands on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rungs {
    /// How many blocks have all of them. An estimate is the mean of their means, with Student's interval over blocks.
    pub blocks: u64,
    /// The function whose launches are the rung at full speed.
    pub full_speed: String,
    /// From below.
    pub rungs: Vec<Rung>,
}

/// One rung.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// What it adds to the one below.
    pub name: &'static str,
    /// All that it takes.
    pub mean_ms: Estimate,
    /// What it takes more than the one below.
    pub step_ms: Estimate,
    /// The parts of invocations that stand for the step; `null` where they were not measured.
    pub ladder_ms: Option<f64>,
    /// |ladder − step| in relation to all that the rung takes.
    pub gap: Option<f64>,
    /// The gap is more than a tenth.
    pub finding: bool,
}

/// Nanoseconds by block.
type ByBlock = BTreeMap<u64, f64>;

/// One rung before it is compared: what it takes, and the parts that should be its step.
struct Raw {
    name: &'static str,
    takes: ByBlock,
    ladder: Option<ByBlock>,
}

/// The rungs of a function; `None` if its bootstrap was not measured in blocks.
pub(super) fn of(
    run: &Run,
    function: &FunctionRows<'_>,
    full_speed: Option<&FunctionRows<'_>>,
) -> Option<Rungs> {
    let (compute, case) = measured(run, function, "compute")?;
    let (serde, _) = measured(run, function, "serde")?;
    let is_whole = function.record.memory_mb >= MemorySize::ONE_VCPU;
    let whole = if is_whole { Some(function) } else { full_speed }?;
    let case = case.as_deref();
    let fast = |names: &[&str]| warm(run, whole, case, names);
    let slow = |names: &[&str]| warm(run, function, case, names);
    let mut raw = vec![
        Raw { name: "compute", takes: compute, ladder: fast(&["compute", "io"]) },
        Raw { name: "+ serde", takes: serde, ladder: fast(&["decode", "encode"]) },
        Raw {
            name: "+ runtime",
            takes: fast(&[])?,
            ladder: fast(&["client", "queue", "runtime", "throttled", "response_duration"]),
        },
    ];
    if !is_whole {
        raw.push(Raw { name: "+ throttled", takes: slow(&[])?, ladder: slow(&["throttled"]) });
    }
    let blocks = common(&raw);
    let mut rungs = Vec::new();
    for (at, rung) in raw.iter().enumerate() {
        let below = at.checked_sub(1).map(|below| &raw[below].takes);
        rungs.push(compared(rung, below, &blocks));
    }
    let full_speed = whole.record.name.clone();
    (!blocks.is_empty()).then_some(Rungs { blocks: blocks.len() as u64, full_speed, rungs })
}

fn compared(rung: &Raw, below: Option<&ByBlock>, blocks: &[u64]) -> Rung {
    let sample = |value: &dyn Fn(&u64) -> f64| blocks.iter().map(value).collect::<Sample>();
    let takes = sample(&|block| rung.takes[block]);
    let step = sample(&|block| rung.takes[block] - below.map_or(0.0, |below| below[block]));
    let ladder = rung.ladder.as_ref().map(|ladder| sample(&|block| ladder[block]));
    let ladder = ladder.and_then(|ladder| ladder.mean());
    let gap = match (ladder, step.mean(), takes.mean()) {
        (Some(ladder), Some(step), Some(takes)) if takes > 0.0 => {
            Some((ladder - step).abs() / takes)
        }
        _ => None,
    };
    Rung {
        name: rung.name,
        mean_ms: mean_of(&takes),
        step_ms: mean_of(&step),
        ladder_ms: ladder.map(|ns| ns.round() / 1e6),
        gap: gap.map(|gap| (gap * 1e4).round() / 1e4),
        finding: gap.is_some_and(|gap| gap > FINDING),
    }
}

/// The blocks that have every rung.
fn common(raw: &[Raw]) -> Vec<u64> {
    let Some(first) = raw.first() else { return Vec::new() };
    let all = raw.iter().flat_map(|rung| [Some(&rung.takes), rung.ladder.as_ref()]).flatten();
    let all: Vec<&ByBlock> = all.collect();
    let blocks = first.takes.keys().copied();
    blocks.filter(|block| all.iter().all(|by_block| by_block.contains_key(block))).collect()
}

/// The mean iteration of each block, and the case, of the bootstrap of a function.
fn measured(
    run: &Run,
    function: &FunctionRows<'_>,
    rung: &str,
) -> Option<(ByBlock, Option<String>)> {
    let digest = function.record.binary_sha256.as_ref()?;
    let is_same = |index: u32| {
        let record = run.record.functions.get(usize::try_from(index).ok()?)?;
        let (a, b) = (&record.env_names, &function.record.env_names);
        (record.binary_sha256.as_ref() == Some(digest) && a == b).then_some(())
    };
    let rows: Vec<_> = run
        .rungs
        .iter()
        .filter(|row| row.rung == rung && is_same(row.function).is_some())
        .collect();
    let case = rows.first()?.case.clone();
    let rows = rows.into_iter().filter(|row| row.case == case);
    let values = rows.flat_map(|row| row.ns.iter().map(move |&ns| (row.block, ns as f64)));
    Some((means(values), case))
}

/// The mean of these parts of the warm starts of each block, or of their latency if none are named; `None` if they were
/// not all measured.
fn warm(
    run: &Run,
    function: &FunctionRows<'_>,
    case: Option<&str>,
    names: &[&str],
) -> Option<ByBlock> {
    let block_of = |launch: u64| {
        let at = run.launches.binary_search_by_key(&launch, |launch| launch.launch).ok()?;
        run.launches[at].block
    };
    let value = |row: &InvocationRecord| {
        let parts = parts::of(row, None);
        let part = |name: &&str| Some(parts.iter().find(|(known, _)| known == name)?.1 as f64);
        let held_back_is_known = !names.contains(&"throttled")
            || function.record.memory_mb >= MemorySize::ONE_VCPU
            || row.throttled_ns.value().is_some();
        match names {
            [] => Some(row.latency_ns as f64),
            _ if !held_back_is_known => None,
            names => names.iter().map(part).sum(),
        }
    };
    let rows = function.warm().concat();
    let rows = rows.into_iter().filter(|row| row.case.as_deref() == case);
    let values: Option<Vec<(Option<u64>, f64)>> =
        rows.map(|row| Some((row.launch.and_then(block_of), value(row)?))).collect();
    values.map(|values| means(values.into_iter()))
}

fn means(values: impl Iterator<Item = (Option<u64>, f64)>) -> ByBlock {
    let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (block, value) in values {
        if let Some(block) = block {
            let (sum, n) = sums.entry(block).or_default();
            *sum += value;
            *n += 1.0;
        }
    }
    sums.into_iter().map(|(block, (sum, n))| (block, sum / n)).collect()
}
