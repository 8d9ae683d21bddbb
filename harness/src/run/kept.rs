//! What of an interrupted run is kept, and which answers that gives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kelvin_record::{InvocationRecord, Kept, PipeRecord, ResponseRecord, Run, RungRecord};

/// An interrupted run, divided into what is kept as it is and what is measured again.
///
/// Launches are kept whole or not at all. One that was open when the run ended is not kept: nobody knows whether the script
/// was done with it.
#[derive(Debug)]
pub(super) struct Continued {
    /// The beginning of the new run's files.
    pub kept: Kept,
    /// The invocations of that beginning again, for each function by its name.
    pub answers: BTreeMap<String, VecDeque<OnRecord>>,
    /// The measurements without Lambda around them in that beginning, likewise.
    pub rungs: BTreeMap<String, VecDeque<RungRecord>>,
    /// No record of the old run has a greater offset.
    pub offset_ns: u64,
}

/// An invocation that is on record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OnRecord {
    pub row: InvocationRecord,
    /// What its caller got, if the script has read it.
    pub response: Option<ResponseRecord>,
}

impl Continued {
    pub(super) fn of(run: Run, responses: Vec<ResponseRecord>) -> Continued {
        let pipes = Stages::of_pipes(&run);
        let kept_rows = kept_rows(&run, &pipes);
        let kept_rungs = kept_rungs(&run, &kept_rows);
        let offset_ns = end_ns(&run);
        let key = |read: ResponseRecord| ((name_of(&run, Some(read.function)), read.at_ns), read);
        let mut responses: BTreeMap<_, _> = responses.into_iter().map(key).collect();
        let mut kept_responses = Vec::new();
        let mut answers: BTreeMap<String, VecDeque<OnRecord>> = BTreeMap::new();
        for (row, _) in run.invocations.iter().zip(&kept_rows).filter(|(_, kept)| **kept) {
            let name = name_of(&run, run.function_of(row));
            let response = responses.remove(&(name, row.at_ns));
            kept_responses.extend(response.clone());
            let answer = OnRecord { row: row.clone(), response };
            answers.entry(name.to_owned()).or_default().push_back(answer);
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
        let whole =
            |(pipe, stages): (PipeRecord, Stages)| stages.are_kept(&kept_rows).then_some(pipe);
        let kept = Kept {
            functions: run.record.functions,
            launches: launches.collect(),
            invocations,
            rungs: kept_rungs,
            loads: run.loads.into_iter().filter(|load| kept_loads.contains(&load.load)).collect(),
            pipes: run.pipes.into_iter().zip(pipes).filter_map(whole).collect(),
            responses: kept_responses,
            payloads: None,
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

/// Where the stages of a run through a chain are among the invocations; `None` of one that is not there.
struct Stages(Vec<Option<usize>>);

impl Stages {
    /// Of each chain that was run through.
    fn of_pipes(run: &Run) -> Vec<Stages> {
        if run.pipes.is_empty() {
            return Vec::new();
        }
        let key = |row: &InvocationRecord| (name_of(run, run.function_of(row)), row.at_ns);
        let places: BTreeMap<_, usize> = run.invocations.iter().map(key).zip(0..).collect();
        let place =
            |function: u32, at_ns: u64| places.get(&(name_of(run, Some(function)), at_ns)).copied();
        let of_pipe = |pipe: &PipeRecord| {
            let moments = pipe.at_ns.iter().map(Some).chain(std::iter::repeat(None));
            let stages = pipe.functions.iter().zip(moments);
            Stages(stages.map(|(function, at_ns)| place(*function, *at_ns?)).collect())
        };
        run.pipes.iter().map(of_pipe).collect()
    }

    fn are_kept(&self, kept: &[bool]) -> bool {
        self.0.iter().all(|place| place.is_some_and(|place| kept[place]))
    }
}

/// Of each invocation of a run, whether it is kept.
fn kept_rows(run: &Run, pipes: &[Stages]) -> Vec<bool> {
    let loads = whole_loads(run);
    // A whole load can be on launches that have not ended: to go on from there would go on with other environments.
    let ended = run.launches.iter().filter(|launch| !launch.cut_short);
    let ended: BTreeSet<u64> = ended.map(|launch| launch.launch).collect();
    let is_cut = |row: &InvocationRecord| {
        row.launch.is_some_and(|launch| !ended.contains(&launch))
            || row.load.is_some_and(|load| !loads.contains(&load))
    };
    let mut cut: Vec<bool> = run.invocations.iter().map(is_cut).collect();
    loop {
        let kept = kept_before(run, &cut);
        // A chain is kept as a whole: where a stage is lost, the others are made again.
        let torn = pipes.iter().filter(|stages| !stages.are_kept(&kept));
        let lost = torn.flat_map(|stages| stages.0.iter().flatten().copied());
        let lost: Vec<usize> = lost.filter(|at| kept[*at]).collect();
        if lost.is_empty() {
            return kept;
        }
        lost.into_iter().for_each(|at| cut[at] = true);
    }
}

/// Of each invocation, whether it is kept if these are not: per function, all up to the first launch or load that one of them
/// is of. One that no execution environment served is kept if a launch that is kept follows, or if it belongs to a load; of
/// the others nobody knows what came before them.
fn kept_before(run: &Run, cut: &[bool]) -> Vec<bool> {
    let mut of_functions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in run.invocations.iter().enumerate() {
        of_functions.entry(name_of(run, run.function_of(row))).or_default().push(at);
    }
    let mut kept = vec![false; run.invocations.len()];
    for rows in of_functions.values() {
        let launch = |at: &usize| run.invocations[*at].launch;
        let is_placed = |at: &usize| launch(at).or(run.invocations[*at].load).is_some();
        let whole = rows.iter().position(|at| cut[*at]).unwrap_or(rows.len());
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
        let continued = Continued::of(run.clone(), Vec::new());
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
        let continued = Continued::of(run.clone(), Vec::new());
        let of_it = run.launches.iter().filter(|l| Some(l.function) == function);
        let expected = of_it.take_while(|l| l.launch != launch).count();
        let kept = continued.kept.launches.iter().filter(|l| Some(l.function) == function);
        assert_eq!(kept.count(), expected);
        assert!(continued.kept.invocations.iter().all(|row| row.load.is_none()));
    }

    /// A run through a chain of the two functions, of which these are the stages.
    fn pipe(run: &Run, stages: [usize; 2]) -> PipeRecord {
        let of_stages = |of: &dyn Fn(&InvocationRecord) -> u64| -> Vec<u64> {
            stages.map(|at| of(&run.invocations[at])).to_vec()
        };
        let function = |at| run.function_of(&run.invocations[at]).unwrap();
        PipeRecord {
            functions: stages.map(function).to_vec(),
            at_ns: of_stages(&|row| row.at_ns),
            latency_ns: of_stages(&|row| row.latency_ns),
            cold: 0,
            whole_ns: 1,
            ok: true,
            block: None,
            position: None,
        }
    }

    #[test]
    fn a_chain_is_kept_as_a_whole() {
        let mut run = recorded();
        let count = run.launches.len();
        // Each launch has eleven invocations: the first chain is of the first launches, the second of the last ones.
        run.pipes = vec![pipe(&run, [10, 20]), pipe(&run, [(count - 2) * 11, (count - 1) * 11])];
        let whole = Continued::of(run.clone(), Vec::new());
        assert_eq!(whole.kept.pipes, run.pipes);
        assert_eq!(whole.kept.launches, run.launches);
        run.launches[count - 1].cut_short = true;
        let continued = Continued::of(run.clone(), Vec::new());
        assert_eq!(continued.kept.launches, run.launches[..count - 2]);
        assert_eq!(continued.kept.pipes, run.pipes[..1]);
    }

    #[test]
    fn a_response_is_kept_with_its_invocation() {
        let mut run = recorded();
        run.launches.last_mut().unwrap().cut_short = true;
        let read = |at: usize| ResponseRecord {
            function: run.function_of(&run.invocations[at]).unwrap(),
            at_ns: run.invocations[at].at_ns,
            response: "x".into(),
            log_tail: None,
            error_message: None,
        };
        let (kept, lost) = (read(2), read(run.invocations.len() - 1));
        let continued = Continued::of(run.clone(), vec![kept.clone(), lost]);
        assert_eq!(continued.kept.responses, std::slice::from_ref(&kept));
        let answers = continued.answers.values().flatten();
        let read: Vec<_> = answers.filter(|answer| answer.response.is_some()).collect();
        assert_eq!(read.len(), 1);
        assert_eq!((&read[0].row, &read[0].response), (&run.invocations[2], &Some(kept)));
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
        let continued = Continued::of(run, Vec::new());
        assert_eq!(continued.kept.rungs, [rung(0)]);
        assert_eq!(continued.rungs.values().map(VecDeque::len).sum::<usize>(), 1);
    }
}
