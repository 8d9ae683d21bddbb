//! What of an interrupted run is kept, and which answers that gives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kelvin_record::{InvocationRecord, Kept, Run, RungRecord};

/// An interrupted run, divided into what is kept as it is and what is measured again.
///
/// Launches are kept whole or not at all. One that was open when the run ended is not kept: nobody knows whether the script
/// was done with it.
#[derive(Debug)]
pub(super) struct Continued {
    /// The beginning of the new run's files.
    pub kept: Kept,
    /// Its invocations again, for each function by its name.
    pub answers: BTreeMap<String, VecDeque<InvocationRecord>>,
    /// Its measurements without Lambda around them, likewise.
    pub rungs: BTreeMap<String, VecDeque<RungRecord>>,
    /// No record of the old run has a greater offset.
    pub offset_ns: u64,
}

impl Continued {
    pub(super) fn of(run: Run) -> Continued {
        let loads = whole_loads(&run);
        let kept_rows = kept_rows(&run, &loads);
        let kept_rungs = kept_rungs(&run, &kept_rows);
        let offset_ns = end_ns(&run);
        let mut answers: BTreeMap<String, VecDeque<InvocationRecord>> = BTreeMap::new();
        for (row, _) in run.invocations.iter().zip(&kept_rows).filter(|(_, kept)| **kept) {
            let name = name_of(&run, run.function_of(row));
            answers.entry(name.to_owned()).or_default().push_back(row.clone());
        }
        let mut rungs: BTreeMap<String, VecDeque<RungRecord>> = BTreeMap::new();
        for rung in &kept_rungs {
            let name = name_of(&run, Some(rung.function));
            rungs.entry(name.to_owned()).or_default().push_back(rung.clone());
        }
        let invocations = run.invocations.into_iter().zip(&kept_rows);
        let invocations: Vec<_> =
            invocations.filter_map(|(row, kept)| kept.then_some(row)).collect();
        let whole: BTreeSet<u64> = invocations.iter().filter_map(|row| row.launch).collect();
        let kept_loads: BTreeSet<u64> = invocations.iter().filter_map(|row| row.load).collect();
        let launches = run.launches.into_iter().filter(|launch| whole.contains(&launch.launch));
        let kept = Kept {
            functions: run.record.functions,
            launches: launches.collect(),
            invocations,
            rungs: kept_rungs,
            loads: run.loads.into_iter().filter(|load| kept_loads.contains(&load.load)).collect(),
        };
        Continued { kept, answers, rungs, offset_ns }
    }
}

/// Loads that ended, with all their invocations.
fn whole_loads(run: &Run) -> BTreeSet<u64> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for load in run.invocations.iter().filter_map(|row| row.load) {
        *counts.entry(load).or_default() += 1;
    }
    let loads = run.loads.iter();
    let whole = loads.filter(|load| counts.get(&load.load) == Some(&load.invocations));
    whole.map(|load| load.load).collect()
}

/// Of each invocation of a run, whether it is kept: per function, all up to the first launch that was cut short or the first
/// load that is not whole. One that no execution environment served is kept if a launch that is kept follows, or if it belongs
/// to a load; of the others nobody knows what came before them.
fn kept_rows(run: &Run, loads: &BTreeSet<u64>) -> Vec<bool> {
    // A whole load can be on launches that have not ended: to go on from there would go on with other environments.
    let ended = run.launches.iter().filter(|launch| !launch.cut_short);
    let ended: BTreeSet<u64> = ended.map(|launch| launch.launch).collect();
    let is_cut = |row: &InvocationRecord| {
        row.launch.is_some_and(|launch| !ended.contains(&launch))
            || row.load.is_some_and(|load| !loads.contains(&load))
    };
    let mut of_functions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in run.invocations.iter().enumerate() {
        of_functions.entry(name_of(run, run.function_of(row))).or_default().push(at);
    }
    let mut kept = vec![false; run.invocations.len()];
    for rows in of_functions.values() {
        let launch = |at: &usize| run.invocations[*at].launch;
        let is_placed = |at: &usize| launch(at).or(run.invocations[*at].load).is_some();
        let whole = rows.iter().position(|at| is_cut(&run.invocations[*at])).unwrap_or(rows.len());
        let end = rows[..whole].iter().rposition(is_placed).map_or(0, |last| last + 1);
        let later: BTreeSet<u64> = rows[end..].iter().filter_map(launch).collect();
        for at in &rows[..end] {
            kept[*at] = launch(at).is_none_or(|launch| !later.contains(&launch));
        }
    }
    kept
}

/// The measurements without Lambda that came before the end of what is kept of their function, as they belong to the same
/// blocks; all of a function that was never invoked.
fn kept_rungs(run: &Run, kept_rows: &[bool]) -> Vec<RungRecord> {
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    for (row, kept) in run.invocations.iter().zip(kept_rows) {
        let end = ends.entry(name_of(run, run.function_of(row))).or_default();
        if *kept {
            *end = row.at_ns.max(*end);
        }
    }
    let is_kept = |rung: &&RungRecord| {
        let end = ends.get(name_of(run, Some(rung.function)));
        end.is_none_or(|end| rung.started_offset_ns < *end)
    };
    run.rungs.iter().filter(is_kept).cloned().collect()
}

/// Names tell the functions of a run apart; one that was configured is in the record several times.
fn name_of(run: &Run, function: Option<u32>) -> &str {
    let index = function.and_then(|index| usize::try_from(index).ok());
    index.and_then(|at| run.record.functions.get(at)).map_or("", |function| function.name.as_str())
}

/// Nothing on record was later.
fn end_ns(run: &Run) -> u64 {
    let rows = run.invocations.iter().map(|row| row.at_ns + row.latency_ns);
    let rungs = run.rungs.iter().map(|rung| rung.started_offset_ns + rung.ns.iter().sum::<u64>());
    let services = run.record.services.iter().map(|service| service.since_offset_ns);
    rows.chain(rungs).chain(services).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Two functions in turn, 20 launches each, of eleven invocations.
    fn recorded() -> Run {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Run::open(&folder.join("../crates/record/tests/fixtures/v1")).unwrap()
    }

    #[test]
    fn launches_are_kept_whole_or_not_at_all() {
        let mut run = recorded();
        let last = run.launches.len() - 1;
        run.launches[last].cut_short = true;
        let mut refused = run.invocations[0].clone();
        (refused.launch, refused.function) = (None, Some(0));
        // One between two launches of its function, and one after its last.
        run.invocations.insert(30, refused.clone());
        run.invocations.push(refused);
        let end_ns = run.invocations.iter().map(|row| row.at_ns + row.latency_ns).max();
        let continued = Continued::of(run.clone());
        assert_eq!(continued.kept.launches, run.launches[..last]);
        let rows: Vec<_> = run.invocations[..run.invocations.len() - 12].to_vec();
        assert_eq!(continued.kept.invocations, rows);
        assert_eq!(Some(continued.offset_ns), end_ns);
        let lengths: Vec<_> = continued.answers.values().map(VecDeque::len).collect();
        assert_eq!(lengths, [20 * 11 + 1, 19 * 11]);
        assert_eq!(continued.kept.functions, run.record.functions);
    }

    #[test]
    fn a_function_goes_on_from_before_its_first_load() {
        let mut run = recorded();
        let function = run.function_of(&run.invocations[100]);
        let launch = run.invocations[100].launch.unwrap();
        run.invocations[100].load = Some(0);
        let continued = Continued::of(run.clone());
        let of_it = run.launches.iter().filter(|l| Some(l.function) == function);
        let expected = of_it.take_while(|l| l.launch != launch).count();
        let kept = continued.kept.launches.iter().filter(|l| Some(l.function) == function);
        assert_eq!(kept.count(), expected);
        assert!(continued.kept.invocations.iter().all(|row| row.load.is_none()));
    }

    #[test]
    fn a_measurement_without_lambda_is_kept_with_the_launch_that_it_came_before() {
        let mut run = recorded();
        let rung = |started_offset_ns| RungRecord {
            function: 1,
            rung: "compute".to_owned(),
            case: None,
            block: None,
            position: None,
            started_offset_ns,
            ns: vec![1],
        };
        let last = run.launches.iter_mut().rfind(|launch| launch.function == 1).unwrap();
        last.cut_short = true;
        let begin_ns = last.started_offset_ns;
        run.rungs = vec![rung(0), rung(begin_ns - 1)];
        let continued = Continued::of(run);
        assert_eq!(continued.kept.rungs, [rung(0)]);
        assert_eq!(continued.rungs.values().map(VecDeque::len).sum::<usize>(), 1);
    }
}
