//! Two functions side by side, of one run or of two.

use std::collections::BTreeMap;
use std::rc::Rc;

use kelvin_record::{FunctionRecord, Run};

use crate::{Comparison, FunctionRows, Judgement, Metric, Number, judge};

/// A function of a run.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Where it was measured.
    pub run: &'a Run,
    /// Its index in `run.json`.
    pub function: usize,
}

/// What was found of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What is compared.
    pub metric: Metric,
    /// The numbers and the verdict, or why there are none.
    pub found: Result<(Comparison, Judgement), String>,
}

/// What was found of a baseline and a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Why there is nothing to compare, or why a difference is none of the programs.
    pub remark: Option<String>,
    /// Whether both are the same program in the same configuration: whatever differs is noise, and no verdict is one of
    /// them.
    pub is_same: bool,
    /// By metric.
    pub metrics: Vec<Compared>,
}

/// Compares candidates with their baselines. All comparisons are one family: see [`judge`].
///
/// Launches of one run that belong to blocks are paired by block; others are compared as two samples. Of runs on other
/// machines there is a remark and nothing else.
pub fn compare(pairs: &[(Side<'_>, Side<'_>)]) -> Vec<Found> {
    let mut rows = RowsByRun::default();
    let comparisons: Vec<Vec<Result<Comparison, String>>> = pairs
        .iter()
        .map(|(baseline, candidate)| {
            let rows = [*baseline, *candidate].map(|side| rows.of(side.run));
            Metric::ALL.map(|metric| of_metric(metric, *baseline, *candidate, &rows)).into()
        })
        .collect();
    let found = comparisons.iter().flatten().zip(Metric::ALL.iter().cycle());
    let family: Vec<_> = found
        .filter_map(|(found, metric)| Some((found.as_ref().ok()?.clone(), metric.demand())))
        .collect();
    let mut judgements = judge(&family).into_iter();
    let mut judged = |found: Result<Comparison, String>| {
        found.map(|comparison| (comparison, judgements.next().expect("one for each comparison")))
    };
    let of_pair = |((baseline, candidate), of_metrics): (&(Side<'_>, Side<'_>), Vec<_>)| Found {
        remark: remark(*baseline, *candidate),
        is_same: is_same(baseline.record(), candidate.record()),
        metrics: Metric::ALL
            .into_iter()
            .zip(of_metrics)
            .map(|(metric, found)| Compared { metric, found: judged(found) })
            .collect(),
    };
    pairs.iter().zip(comparisons).map(of_pair).collect()
}

impl<'a> Side<'a> {
    fn record(self) -> Option<&'a FunctionRecord> {
        self.run.record.functions.get(self.function)
    }

    fn is_of_machine(self, other: Side<'_>) -> bool {
        self.run.record.host.machine_key == other.run.record.host.machine_key
    }

    fn is_of_run(self, other: Side<'_>) -> bool {
        self.run.record.run_id == other.run.record.run_id
    }
}

/// The rows of all functions of each run, sorted once.
#[derive(Default)]
struct RowsByRun<'a>(Vec<(&'a Run, Rc<[FunctionRows<'a>]>)>);

impl<'a> RowsByRun<'a> {
    fn of(&mut self, run: &'a Run) -> Rc<[FunctionRows<'a>]> {
        if let Some((_, rows)) = self.0.iter().find(|(known, _)| std::ptr::eq(*known, run)) {
            return Rc::clone(rows);
        }
        let rows: Rc<[FunctionRows<'a>]> = FunctionRows::of(run).into();
        self.0.push((run, Rc::clone(&rows)));
        rows
    }
}

/// What keeps two sides from being compared, or must be known.
fn remark(baseline: Side<'_>, candidate: Side<'_>) -> Option<String> {
    if !baseline.is_of_machine(candidate) {
        return Some("not comparable: the runs were made on different machines".to_owned());
    }
    (!baseline.is_of_run(candidate)).then(|| {
        "measured in two runs: what has changed on the machine between them is in the difference".to_owned()
    })
}

fn is_same(baseline: Option<&FunctionRecord>, candidate: Option<&FunctionRecord>) -> bool {
    let Some((a, b)) = baseline.zip(candidate) else { return false };
    a.binary_sha256.is_some()
        && a.binary_sha256 == b.binary_sha256
        && a.package_bytes == b.package_bytes
        && a.memory_mb == b.memory_mb
        && a.architecture == b.architecture
        && a.env_names == b.env_names
}

fn of_metric(
    metric: Metric,
    baseline: Side<'_>,
    candidate: Side<'_>,
    rows: &[Rc<[FunctionRows<'_>]>; 2],
) -> Result<Comparison, String> {
    if !baseline.is_of_machine(candidate) {
        return Err("not comparable".to_owned());
    }
    let [of_baseline, of_candidate] = rows;
    let both = of_baseline.get(baseline.function).zip(of_candidate.get(candidate.function));
    let Some((of_baseline, of_candidate)) = both else {
        return Err("there is no such function".to_owned());
    };
    let from = metric.numbers(baseline.run, of_baseline);
    let to = metric.numbers(candidate.run, of_candidate);
    let pairs = if baseline.is_of_run(candidate) { by_block(&from, &to) } else { Vec::new() };
    let values = |numbers: &[Number]| numbers.iter().map(|number| number.value).collect::<Vec<_>>();
    let comparison = match pairs.is_empty() {
        false => Comparison::paired(&pairs),
        true => Comparison::unpaired(&values(&from), &values(&to)),
    };
    comparison.map_err(|why| why.to_string())
}

/// Pairs of launches of one block; of several launches in a block the first counts.
fn by_block(from: &[Number], to: &[Number]) -> Vec<(f64, f64)> {
    let by_block = |numbers: &[Number]| {
        let mut first: BTreeMap<u64, f64> = BTreeMap::new();
        for number in numbers {
            if let Some(block) = number.block {
                first.entry(block).or_insert(number.value);
            }
        }
        first
    };
    let to = by_block(to);
    by_block(from).into_iter().filter_map(|(block, a)| Some((a, *to.get(&block)?))).collect()
}
