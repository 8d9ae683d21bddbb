//! Reads a run back, whole or cut short.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::GzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::response::ResponseLine;
use crate::{
    InvocationRecord, LaunchRecord, LoadRecord, PipeRecord, RecordError, ResponseRecord, RunRecord,
    RunStatus, RungRecord, SCHEMA_VERSION, files, response,
};

/// The records of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `run.json`.
    pub record: RunRecord,
    /// Whole launches: those that ended and whose invocations are all here.
    pub launches: Vec<LaunchRecord>,
    /// Invocations of whole launches and of whole loads, and those that no execution environment served, in the order of
    /// recording.
    pub invocations: Vec<InvocationRecord>,
    /// Measurements without Lambda around them, in the order of recording.
    pub rungs: Vec<RungRecord>,
    /// Whole loads: those that ended and whose invocations are all here, in the order of recording.
    pub loads: Vec<LoadRecord>,
    /// Runs through chains of functions, in the order of recording.
    pub pipes: Vec<PipeRecord>,
    /// How many invocations are left out because neither their launch nor their load is whole.
    pub incomplete: u64,
    /// Why these are not all the records that the run made or was to make.
    pub truncated: Option<String>,
}

impl Run {
    /// Reads the run in a folder.
    ///
    /// A run that was killed, or whose files were cut off, is read as far as it is complete and says so in `truncated`.
    /// Fails if a file is missing or damaged, and on records of a newer kelvin.
    pub fn open(directory: &Path) -> Result<Run, RecordError> {
        let record = read_run_record(directory)?;
        Run::read(directory, record)
    }

    /// Reads launches and invocations of a run whose `run.json` is known.
    pub(crate) fn read(directory: &Path, record: RunRecord) -> Result<Run, RecordError> {
        let functions = record.functions.len();
        let launches = read_launches(directory, functions)?;
        let invocations = read_invocations(directory, functions)?;
        let rungs = read_optional(directory, files::RUNGS, functions, |r: &RungRecord| r.function)?;
        let loads = read_optional(directory, files::LOADS, functions, |l: &LoadRecord| l.function)?;
        let pipes = read_optional(directory, files::PIPES, functions, |p: &PipeRecord| {
            p.functions.iter().copied().max().unwrap_or(0)
        })?;
        let truncated = reasons(
            &record,
            &[
                (files::LAUNCHES, "launches", record.recorded.launches, launches.end()),
                (files::INVOCATIONS, "invocations", record.recorded.invocations, invocations.end()),
                (files::RUNGS, "rungs", record.recorded.rungs, rungs.end()),
                (files::LOADS, "loads", record.recorded.loads, loads.end()),
                (files::PIPES, "pipes", record.recorded.pipes, pipes.end()),
            ],
        );
        let (rows, total) = (invocations.rows, invocations.total);
        let whole = whole_launches(launches.rows, &rows);
        let loads = whole_loads(loads.rows, &rows);
        let numbers: BTreeSet<u64> = loads.iter().map(|load| load.load).collect();
        let of_whole_load = |row: &InvocationRecord| row.load.is_some_and(|l| numbers.contains(&l));
        let invocations: Vec<_> = rows
            .into_iter()
            .filter(|row| row.launch.is_none_or(|l| whole.contains_key(&l)) || of_whole_load(row))
            .collect();
        let incomplete = total - invocations.len() as u64;
        let launches = whole.into_values().collect();
        let (rungs, pipes) = (rungs.rows, pipes.rows);
        Ok(Run { record, launches, invocations, rungs, loads, pipes, incomplete, truncated })
    }

    /// How it ended; `damaged` if records of it are missing although it has ended.
    pub fn status(&self) -> RunStatus {
        match self.record.status {
            RunStatus::Running => RunStatus::Running,
            _ if self.truncated.is_some() => RunStatus::Damaged,
            status => status,
        }
    }

    /// Index of the function that an invocation of this run was for.
    pub fn function_of(&self, invocation: &InvocationRecord) -> Option<u32> {
        let Some(launch) = invocation.launch else { return invocation.function };
        if let Ok(at) = self.launches.binary_search_by_key(&launch, |launch| launch.launch) {
            return Some(self.launches[at].function);
        }
        // Of a whole load, on a launch that has not ended.
        let load = self.loads.iter().find(|load| Some(load.load) == invocation.load)?;
        Some(load.function)
    }
}

/// Reads what the script of a run has read of responses and logs: empty for a run that came to its end.
///
/// A last line that is cut off is left out. Fails if the file is damaged.
pub fn read_responses(
    directory: &Path,
    run: &RunRecord,
) -> Result<Vec<ResponseRecord>, RecordError> {
    let functions = run.functions.len();
    let function = |line: &ResponseLine| line.function;
    let lines = read_optional(directory, files::RESPONSES, functions, function)?.rows;
    response::resolve(lines).map_err(|(line, what)| RecordError::Damaged {
        path: directory.join(files::RESPONSES),
        line,
        source: io::Error::new(io::ErrorKind::InvalidData, what),
    })
}

/// Reads `run.json`, and refuses one of a newer version before it looks at its fields.
pub(crate) fn read_run_record(directory: &Path) -> Result<RunRecord, RecordError> {
    #[derive(Deserialize)]
    struct Header {
        schema: String,
        schema_version: u32,
    }
    let path = directory.join(files::RUN);
    let text = fs::read(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound if directory.is_dir() => {
            RecordError::NotARun { path: directory.to_owned() }
        }
        _ => RecordError::Read { path: path.clone(), source },
    })?;
    let document = |source| RecordError::Document { path: path.clone(), source };
    let header: Header = serde_json::from_slice(&text).map_err(document)?;
    if header.schema != RunRecord::SCHEMA {
        return Err(RecordError::Schema {
            path,
            found: header.schema,
            expected: RunRecord::SCHEMA,
        });
    }
    if header.schema_version > SCHEMA_VERSION {
        let found = header.schema_version;
        return Err(RecordError::NewerSchema { path, found, known: SCHEMA_VERSION });
    }
    serde_json::from_slice(&text).map_err(document)
}

/// The complete lines of a file.
struct Lines<T> {
    rows: Vec<T>,
    total: u64,
    /// The file ends inside a line or inside the compressed data.
    cut_off: bool,
}

impl<T> Lines<T> {
    /// How many there are, and whether more were begun.
    fn end(&self) -> (u64, bool) {
        (self.total, self.cut_off)
    }
}

fn read_launches(directory: &Path, functions: usize) -> Result<Lines<LaunchRecord>, RecordError> {
    let path = directory.join(files::LAUNCHES);
    let lines: Lines<LaunchRecord> = read_lines(open(&path)?, &path)?;
    let mut seen = BTreeSet::new();
    for (line, launch) in (1..).zip(&lines.rows) {
        check_function(&path, line, launch.function, functions)?;
        if !seen.insert(launch.launch) {
            return Err(RecordError::DuplicateLaunch { path, line, launch: launch.launch });
        }
    }
    Ok(lines)
}

fn read_invocations(
    directory: &Path,
    functions: usize,
) -> Result<Lines<InvocationRecord>, RecordError> {
    let path = directory.join(files::INVOCATIONS);
    let decoder = GzDecoder::new(open(&path)?);
    let lines: Lines<InvocationRecord> = read_lines(BufReader::new(decoder), &path)?;
    for (line, invocation) in (1..).zip(&lines.rows) {
        if let Some(function) = invocation.function {
            check_function(&path, line, function, functions)?;
        }
    }
    Ok(lines)
}

/// The lines of a file that only runs have which need it.
fn read_optional<T: DeserializeOwned>(
    directory: &Path,
    name: &str,
    functions: usize,
    function: impl Fn(&T) -> u32,
) -> Result<Lines<T>, RecordError> {
    let path = directory.join(name);
    if !path.exists() {
        return Ok(Lines { rows: Vec::new(), total: 0, cut_off: false });
    }
    let lines: Lines<T> = read_lines(open(&path)?, &path)?;
    for (line, row) in (1..).zip(&lines.rows) {
        check_function(&path, line, function(row), functions)?;
    }
    Ok(lines)
}

fn open(path: &Path) -> Result<BufReader<File>, RecordError> {
    let file =
        File::open(path).map_err(|source| RecordError::Read { path: path.to_owned(), source })?;
    Ok(BufReader::new(file))
}

fn check_function(
    path: &Path,
    line: u64,
    function: u32,
    functions: usize,
) -> Result<(), RecordError> {
    if usize::try_from(function).is_ok_and(|function| function < functions) {
        return Ok(());
    }
    Err(RecordError::UnknownFunction { path: path.to_owned(), line, function })
}

fn read_lines<T: DeserializeOwned>(
    mut reader: impl BufRead,
    path: &Path,
) -> Result<Lines<T>, RecordError> {
    let mut rows = Vec::new();
    let mut text = Vec::new();
    loop {
        let line = rows.len() as u64 + 1;
        text.clear();
        let end = match reader.read_until(b'\n', &mut text) {
            Ok(0) => Some(false),
            Ok(_) if !text.ends_with(b"\n") => Some(true),
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(true),
            Err(source) => {
                return Err(RecordError::Damaged { path: path.to_owned(), line, source });
            }
        };
        if let Some(cut_off) = end {
            return Ok(Lines { total: rows.len() as u64, rows, cut_off });
        }
        let row = serde_json::from_slice(&text).map_err(|source| RecordError::Line {
            path: path.to_owned(),
            line,
            source,
        })?;
        rows.push(row);
    }
}

/// Launches by number that have as many invocations as they say.
fn whole_launches(
    launches: Vec<LaunchRecord>,
    rows: &[InvocationRecord],
) -> BTreeMap<u64, LaunchRecord> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for launch in rows.iter().filter_map(|row| row.launch) {
        *counts.entry(launch).or_default() += 1;
    }
    launches
        .into_iter()
        .filter(|launch| counts.get(&launch.launch).copied().unwrap_or(0) == launch.invocations)
        .map(|launch| (launch.launch, launch))
        .collect()
}

/// Loads that have as many invocations as they say.
fn whole_loads(loads: Vec<LoadRecord>, rows: &[InvocationRecord]) -> Vec<LoadRecord> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for load in rows.iter().filter_map(|row| row.load) {
        *counts.entry(load).or_default() += 1;
    }
    let is_whole =
        |load: &LoadRecord| counts.get(&load.load).copied().unwrap_or(0) == load.invocations;
    loads.into_iter().filter(is_whole).collect()
}

/// `files` has, for each file, its name, what its lines are, how many were recorded, and how many there are.
fn reasons(run: &RunRecord, files: &[(&str, &str, u64, (u64, bool))]) -> Option<String> {
    let mut reasons = Vec::new();
    if run.status == RunStatus::Running {
        reasons.push("the run has not ended, or its program was killed".to_owned());
    }
    // A run that is still going on has its last lines in memory.
    let ended = run.status != RunStatus::Running;
    for (name, _, _, (_, cut_off)) in files {
        if *cut_off && ended {
            reasons.push(format!("{name} is cut off"));
        }
    }
    for (_, lines, recorded, (read, _)) in files {
        if recorded != read && ended {
            reasons.push(format!("{recorded} {lines} were recorded and {read} are here"));
        }
    }
    if reasons.is_empty() { None } else { Some(reasons.join("; ")) }
}
