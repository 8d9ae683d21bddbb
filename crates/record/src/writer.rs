//! Writes a run as it happens, so that whatever ends it leaves whole launches behind.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use kelvin_lambda::{PlatformFacts, Status};
use serde::Serialize;

use crate::files::{self, replace_document};
use crate::payloads::Payloads;
use crate::response::ResponseWriter;
use crate::{
    CheckRecord, FunctionRecord, InvocationRecord, LaunchRecord, LoadRecord, PipeRecord,
    RecordError, ResponseRecord, Run, RunRecord, RunStatus, RungRecord, ServiceRecord, Summary,
};

/// Lines of invocations are compressed in pieces of this size: one call of the compressor costs more than a line.
const PIECE_BYTES: usize = 64 * 1024;

/// Of zlib's levels: measured rows shrink to a seventh, where the fastest level leaves a sixth.
const COMPRESSION: u32 = 3;

/// The open directory of a run.
///
/// Dropping it leaves the run on disk as it was at the last [`RunWriter::launch_ended`] or
/// [`RunWriter::load_ended`], with the status `running`.
#[derive(Debug)]
pub struct RunWriter {
    directory: PathBuf,
    run: RunRecord,
    launches: File,
    invocations: GzEncoder<File>,
    piece: Vec<u8>,
    /// Made with the first of them, as are the next.
    rungs: Option<File>,
    loads: Option<File>,
    pipes: Option<File>,
    responses: Option<ResponseWriter>,
    payloads: Payloads,
}

/// The text of a scenario, and of the modules that it imports.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioText<'a> {
    /// As it ran.
    pub script: &'a str,
    /// By their names, which are plain: letters, digits, `-` and `_`.
    pub modules: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a str> for ScenarioText<'a> {
    fn from(script: &'a str) -> ScenarioText<'a> {
        const NONE: &BTreeMap<String, String> = &BTreeMap::new();
        ScenarioText { script, modules: NONE }
    }
}

impl ScenarioText<'_> {
    fn write(&self, directory: &Path) -> Result<(), RecordError> {
        let write = |path: PathBuf, text: &str| {
            fs::write(&path, text).map_err(|source| RecordError::Write { path, source })
        };
        write(directory.join(files::SCENARIO), self.script)?;
        if self.modules.is_empty() {
            return Ok(());
        }
        let folder = directory.join(files::MODULES);
        fs::create_dir(&folder)
            .map_err(|source| RecordError::Create { path: folder.clone(), source })?;
        self.modules
            .iter()
            .try_for_each(|(name, text)| write(folder.join(format!("{name}.rhai")), text))
    }
}

/// What one run takes over from another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// In the order of deployment.
    pub functions: Vec<FunctionRecord>,
    /// Whole launches.
    pub launches: Vec<LaunchRecord>,
    /// Their invocations, and those that no execution environment served.
    pub invocations: Vec<InvocationRecord>,
    /// Measurements without Lambda around them.
    pub rungs: Vec<RungRecord>,
    /// Whole loads.
    pub loads: Vec<LoadRecord>,
    /// Runs through chains of functions.
    pub pipes: Vec<PipeRecord>,
    /// What the script has read of the invocations.
    pub responses: Vec<ResponseRecord>,
    /// The folder of the other run, if the payloads of failures in it are to be taken over.
    pub payloads: Option<PathBuf>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Not `running`.
    pub status: RunStatus,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// What the script checked.
    pub checks: Vec<CheckRecord>,
    /// What the script noted.
    pub notes: Vec<String>,
    /// What the script answered to the question that it asks.
    pub answers: Vec<String>,
    /// Why it could not be carried out to its end.
    pub error: Option<String>,
}

impl RunWriter {
    /// Creates the folder of a run inside `results` and writes `run.json`, with the status `running`, the script and its
    /// modules.
    ///
    /// The record's `unavailable` is completed from its platform and host. Fails if the folder cannot be made or is there.
    pub fn create<'a>(
        results: &Path,
        run: &RunRecord,
        scenario: impl Into<ScenarioText<'a>>,
    ) -> Result<RunWriter, RecordError> {
        let scenario = scenario.into();
        let directory = results.join(run.run_id.as_str());
        fs::create_dir_all(results)
            .and_then(|()| fs::create_dir(&directory))
            .map_err(|source| RecordError::Create { path: directory.clone(), source })?;
        let mut run = run.clone();
        run.status = RunStatus::Running;
        run.unavailable.extend(run.platform.unavailable.clone());
        run.unavailable.extend(run.host.unavailable());
        scenario.write(&directory)?;
        let create = |name: &str| {
            let path = directory.join(name);
            File::create_new(&path).map_err(|source| RecordError::Write { path, source })
        };
        let launches = create(files::LAUNCHES)?;
        let invocations =
            GzEncoder::new(create(files::INVOCATIONS)?, Compression::new(COMPRESSION));
        // Last, so that whoever finds it finds the others too.
        replace_document(&directory, files::RUN, &run)?;
        let piece = Vec::with_capacity(PIECE_BYTES + 4096);
        Ok(RunWriter {
            directory,
            run,
            launches,
            invocations,
            piece,
            rungs: None,
            loads: None,
            pipes: None,
            responses: None,
            payloads: Payloads::default(),
        })
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The record as it stands, with what was recorded so far.
    pub fn run(&self) -> &RunRecord {
        &self.run
    }

    /// Adds a deployed function to `run.json`.
    pub fn add_function(&mut self, function: FunctionRecord) -> Result<(), RecordError> {
        self.run.functions.push(function);
        replace_document(&self.directory, files::RUN, &self.run)
    }

    /// Adds a service to `run.json`, or what has become of it.
    pub fn add_service(&mut self, service: ServiceRecord) -> Result<(), RecordError> {
        self.run.services.push(service);
        replace_document(&self.directory, files::RUN, &self.run)
    }

    /// Begins the run with what another one recorded: its functions, and launches with all their invocations.
    ///
    /// Fails if a record cannot be written. Called once, before anything else is added.
    pub fn keep(&mut self, kept: &Kept) -> Result<(), RecordError> {
        self.run.functions.clone_from(&kept.functions);
        replace_document(&self.directory, files::RUN, &self.run)?;
        for invocation in &kept.invocations {
            self.append_invocation(invocation)?;
        }
        for launch in &kept.launches {
            self.launch_ended(launch)?;
        }
        for rung in &kept.rungs {
            self.append_rung(rung)?;
        }
        for load in &kept.loads {
            self.load_ended(load)?;
        }
        for pipe in &kept.pipes {
            self.append_pipe(pipe)?;
        }
        for response in &kept.responses {
            self.append_response(response)?;
        }
        if let Some(from) = &kept.payloads {
            let with_payloads = kept.invocations.iter().filter(|row| row.payloads_kept);
            for id in with_payloads.filter_map(|row| row.request_id.as_deref()) {
                self.payloads.keep(&self.directory, from, id)?;
            }
        }
        Ok(())
    }

    /// Adds the event and the response of an invocation to the folder `payloads`; `false` if there is no room for them,
    /// because of [`PAYLOADS_LIMIT_BYTES`](crate::PAYLOADS_LIMIT_BYTES) or [`PAYLOADS_LIMIT`](crate::PAYLOADS_LIMIT).
    pub fn keep_payloads(
        &mut self,
        request_id: &str,
        event: &[u8],
        response: &[u8],
    ) -> Result<bool, RecordError> {
        self.payloads.add(&self.directory, request_id, [event, response])
    }

    /// Says how many other runs were going on at the same time.
    pub fn set_other_runs(&mut self, other_runs: u32) {
        self.run.other_runs = other_runs;
    }

    /// Replaces what the platform says of itself, at the end of a run. What it cannot measure stays as it was.
    pub fn set_platform(&mut self, platform: PlatformFacts) {
        self.run.platform = platform;
    }

    /// Adds an invocation; buffered until its launch ends. Invocations of several launches may come mixed.
    pub fn append_invocation(&mut self, invocation: &InvocationRecord) -> Result<(), RecordError> {
        serde_json::to_writer(&mut self.piece, invocation)
            .map_err(|error| self.write_error(files::INVOCATIONS)(error.into()))?;
        self.piece.push(b'\n');
        let recorded = &mut self.run.recorded;
        recorded.invocations += 1;
        recorded.failed += u64::from(invocation.status != Status::Ok);
        recorded.unexpected += u64::from(invocation.is_unexpected_failure());
        if self.piece.len() >= PIECE_BYTES {
            self.compress_piece()?;
        }
        Ok(())
    }

    /// Ends a launch: hands its invocations and then its own line to the operating system. Nothing of it is lost after.
    pub fn launch_ended(&mut self, launch: &LaunchRecord) -> Result<(), RecordError> {
        self.hand_over_invocations()?;
        line(launch)
            .and_then(|line| self.launches.write_all(&line))
            .map_err(self.write_error(files::LAUNCHES))?;
        self.run.recorded.launches += 1;
        Ok(())
    }

    /// Adds a measurement without Lambda around it, and hands it to the operating system.
    pub fn append_rung(&mut self, rung: &RungRecord) -> Result<(), RecordError> {
        append(&mut self.rungs, &self.directory.join(files::RUNGS), rung)?;
        self.run.recorded.rungs += 1;
        Ok(())
    }

    /// Ends a load, whose invocations have all been appended: hands them and then its own line to the operating system.
    /// Nothing of it is lost after, although its launches may go on.
    pub fn load_ended(&mut self, load: &LoadRecord) -> Result<(), RecordError> {
        self.hand_over_invocations()?;
        append(&mut self.loads, &self.directory.join(files::LOADS), load)?;
        self.run.recorded.loads += 1;
        Ok(())
    }

    /// Adds a run through a chain, whose invocations have all been appended.
    pub fn append_pipe(&mut self, pipe: &PipeRecord) -> Result<(), RecordError> {
        append(&mut self.pipes, &self.directory.join(files::PIPES), pipe)?;
        self.run.recorded.pipes += 1;
        Ok(())
    }

    /// Adds what the script has read of an invocation; `false` if there is no room for it, because of
    /// [`RESPONSES_LIMIT_BYTES`](crate::RESPONSES_LIMIT_BYTES).
    pub fn append_response(&mut self, response: &ResponseRecord) -> Result<bool, RecordError> {
        let path = self.directory.join(files::RESPONSES);
        let mut append = || match &mut self.responses {
            Some(writer) => writer.append(response),
            empty => empty.insert(ResponseWriter::create(&path)?).append(response),
        };
        let appended = append();
        appended.map_err(|source| RecordError::Write { path, source })
    }

    /// Ends the run: reads back what was written, lets `summarise` make the summary of it, and writes `summary.json` and
    /// then `run.json`.
    ///
    /// So a summary never says what the records do not. What the script has read of responses is removed, unless the run can
    /// be resumed.
    pub fn finish(
        mut self,
        outcome: Outcome,
        summarise: impl FnOnce(&Run) -> Summary,
    ) -> Result<(Run, Summary), RecordError> {
        self.compress_piece()?;
        self.invocations.try_finish().map_err(self.write_error(files::INVOCATIONS))?;
        let Outcome { status, finished_at, checks, notes, answers, error } = outcome;
        self.run.status = status;
        self.run.finished_at = Some(finished_at);
        self.run.checks.extend(checks);
        self.run.notes.extend(notes);
        self.run.answers.extend(answers);
        self.run.error = error;
        if self.responses.take().is_some() && !status.can_be_resumed() {
            let path = self.directory.join(files::RESPONSES);
            fs::remove_file(&path).map_err(|source| RecordError::Write { path, source })?;
        }
        self.run.files = files::sizes(&self.directory);
        let run = Run::read(&self.directory, self.run)?;
        let summary = summarise(&run);
        replace_document(&self.directory, files::SUMMARY, &summary)?;
        replace_document(&self.directory, files::RUN, &run.record)?;
        Ok((run, summary))
    }

    fn hand_over_invocations(&mut self) -> Result<(), RecordError> {
        self.compress_piece()?;
        self.invocations.flush().map_err(self.write_error(files::INVOCATIONS))
    }

    fn compress_piece(&mut self) -> Result<(), RecordError> {
        let written = self.invocations.write_all(&self.piece);
        self.piece.clear();
        written.map_err(self.write_error(files::INVOCATIONS))
    }

    fn write_error(&self, name: &'static str) -> impl FnOnce(io::Error) -> RecordError + use<> {
        let path = self.directory.join(name);
        move |source| RecordError::Write { path, source }
    }
}

/// Adds a line to a file that is made with its first line, and hands it to the operating system.
fn append(
    file: &mut Option<File>,
    path: &Path,
    record: &impl Serialize,
) -> Result<(), RecordError> {
    let written = line(record).and_then(|line| {
        let file = match file {
            Some(file) => file,
            empty => empty.insert(File::create_new(path)?),
        };
        file.write_all(&line)
    });
    written.map_err(|source| RecordError::Write { path: path.to_owned(), source })
}

fn line(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line)
}
