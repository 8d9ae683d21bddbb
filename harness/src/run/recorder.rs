//! From invocations to the run directory: which launch each belongs to, and when a launch has ended.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kelvin_artifact::BinaryFacts;
use kelvin_lambda::{FunctionConfig, Invocation, PlatformFacts, Status, US_EAST_1};
use kelvin_platform::{FunctionId, Gap, Platform};
use kelvin_record::{
    Billing, CheckRecord, FailureKinds, FunctionRecord, HostRecord, InvocationRecord, Kept,
    LaunchRecord, LoadRecord, MeasureRecord, Outcome, PAYLOADS_LIMIT, PAYLOADS_LIMIT_BYTES,
    PipeRecord, Place, RESPONSES_LIMIT_BYTES, RecordError, Recorded, ResponseRecord, Run, RunId,
    RunRecord, RunStatus, RunWriter, RungRecord, SCHEMA_VERSION, ScenarioRecord, ScenarioText,
    ServiceRecord, Summary, ToolRecord,
};
use kelvin_scenario::{LoadFacts, LoadKind, Measure, PipeFacts, Script, Side, Slot, WantedRung};
use kelvin_services::ServiceSpec;
use serde_json::Value;

use crate::run::launches::{begun, note};
use crate::timer;

/// Writes one run. Its folder is made when the first function is deployed.
pub(super) struct Recorder {
    results: PathBuf,
    record: RunRecord,
    script: String,
    modules: BTreeMap<String, String>,
    start_ns: u64,
    /// What the run begins with, if it goes on from another one.
    kept: Option<Kept>,
    /// Of the run's first record.
    offset_ns: u64,
    writer: Option<RunWriter>,
    /// How many rows of functions this process has asked for; those on record come first.
    rows: usize,
    functions: BTreeMap<FunctionId, FunctionState>,
    next_launch: u64,
    kinds: FailureKinds,
    /// What is added to the numbers of loads, so that none has that of one on record.
    first_load: u64,
    /// Whether there is no room any more for what the script reads.
    responses_full: bool,
    /// Whether there is no room any more for payloads of failures.
    payloads_full: bool,
    /// Loads that have begun and not ended.
    loads: BTreeMap<u64, LoadRecord>,
    checks: Vec<CheckRecord>,
    notes: Vec<String>,
    answers: Vec<String>,
}

/// What must be known of a function to place its next invocation.
struct FunctionState {
    /// Index in `run.json`.
    index: u32,
    /// Where its next launch belongs.
    slot: Option<Slot>,
    /// Its open launches, by the number of the execution environment. All end when the function is recycled: until then, each
    /// may come back.
    launches: BTreeMap<u64, LaunchRecord>,
    record: FunctionRecord,
}

/// What a deployed function is made of.
pub(super) struct Origin {
    pub workload: Option<String>,
    pub variant: Option<String>,
    pub binary: Option<BinaryFacts>,
    /// The size of its package, unzipped.
    pub package_bytes: Option<u64>,
}

/// What must be known of an invocation besides itself.
#[derive(Clone, Copy)]
pub(super) struct BatchFacts<'a> {
    pub function: FunctionId,
    pub case: Option<&'a str>,
    /// Whether the script has declared that it may end as it did.
    pub declared: bool,
    pub load: Option<u64>,
    /// What lay before it, if it followed another one in a closed loop.
    pub gap: Option<Gap>,
}

/// A run on disk.
pub(super) struct Finished {
    pub directory: PathBuf,
    pub run: Run,
    pub summary: Summary,
    /// Whether all that the script has read is on record: without it, an interrupted run cannot be resumed.
    pub has_responses: bool,
}

impl Recorder {
    pub(super) fn new(
        results: &Path,
        script: &Script,
        seed: u64,
        settings: BTreeMap<String, Value>,
        platform: &dyn Platform,
    ) -> Recorder {
        let now = Timestamp::now();
        let [a, b, c, ..] = *uuid::Uuid::new_v4().as_bytes();
        let record = RunRecord {
            schema: RunRecord::SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION,
            run_id: RunId::new(now, [a, b, c]),
            status: RunStatus::Running,
            started_at: now.to_string(),
            finished_at: None,
            tool: tool(),
            resumed_from: None,
            other_runs: 0,
            keep_payloads: false,
            limits: BTreeMap::new(),
            argv: env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            scenario: ScenarioRecord { name: script.name().to_owned(), path: None, seed, settings },
            host: HostRecord {
                timer_lateness: Some(timer::lateness()),
                ..HostRecord::of_this_machine()
            },
            platform: platform.describe(),
            billing: Billing::Estimated,
            functions: Vec::new(),
            services: Vec::new(),
            price_table: US_EAST_1(),
            recorded: Recorded::default(),
            files: BTreeMap::new(),
            checks: Vec::new(),
            notes: Vec::new(),
            answers: Vec::new(),
            unavailable: BTreeMap::new(),
            error: None,
        };
        Recorder {
            results: results.to_owned(),
            record,
            script: script.text().to_owned(),
            modules: script
                .modules()
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
            start_ns: kelvin_workload::monotonic_ns(),
            kept: None,
            offset_ns: 0,
            writer: None,
            rows: 0,
            functions: BTreeMap::new(),
            next_launch: 0,
            kinds: FailureKinds::default(),
            first_load: 0,
            responses_full: false,
            payloads_full: false,
            loads: BTreeMap::new(),
            checks: Vec::new(),
            notes: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Where the script is from, if not from this binary.
    pub(super) fn set_script_path(&mut self, path: Option<&Path>) {
        self.record.scenario.path = path.map(|path| path.to_string_lossy().into_owned());
    }

    /// The options that decide what is enforced.
    pub(super) fn set_limits(&mut self, limits: BTreeMap<String, String>) {
        self.record.limits = limits;
    }

    /// Keeps the event and the response of the first failure of each kind.
    pub(super) fn keep_payloads(&mut self) {
        self.record.keep_payloads = true;
    }

    /// Goes on from another run: its records come first, and offsets count on from `offset_ns`.
    pub(super) fn resume(&mut self, run_id: RunId, kept: Kept, offset_ns: u64) {
        self.next_launch = kept.launches.iter().map(|launch| launch.launch + 1).max().unwrap_or(0);
        self.first_load = kept.loads.iter().map(|load| load.load + 1).max().unwrap_or(0);
        let launches = kept.launches.iter().map(|launch| (launch.launch, launch.function));
        let of_launches: BTreeMap<u64, u32> = launches.collect();
        let of_loads: BTreeMap<u64, u32> =
            kept.loads.iter().map(|load| (load.load, load.function)).collect();
        for row in &kept.invocations {
            let of_launch = row.launch.and_then(|launch| of_launches.get(&launch));
            let of_load = row.load.and_then(|load| of_loads.get(&load));
            if let Some(function) = row.function.or(of_launch.or(of_load).copied()) {
                self.kinds.learn(function, row);
            }
        }
        self.record.resumed_from = Some(run_id);
        self.kept = Some(kept);
        self.offset_ns = offset_ns;
    }

    /// So many other runs go on at the same time, or did.
    pub(super) fn set_other_runs(&mut self, other_runs: u32) {
        self.record.other_runs = other_runs;
        if let Some(writer) = &mut self.writer {
            writer.set_other_runs(other_runs);
        }
    }

    /// A moment, from the start of the run.
    fn offset(&self, at_ns: u64) -> u64 {
        at_ns.saturating_sub(self.start_ns) + self.offset_ns
    }

    pub(super) fn deployed(
        &mut self,
        function: FunctionId,
        config: &FunctionConfig,
        origin: Origin,
    ) -> Result<(), RecordError> {
        let record = FunctionRecord {
            function: 0,
            name: config.name.clone(),
            workload: origin.workload,
            variant: origin.variant,
            memory_mb: config.memory_size,
            timeout_s: config.timeout,
            ephemeral_storage_mb: config.ephemeral_storage,
            architecture: config.architecture,
            reserved_concurrency: config.reserved_concurrency,
            package_bytes: origin.package_bytes,
            binary_bytes: origin.binary.as_ref().map(|binary| binary.bytes),
            binary_sha256: origin.binary.map(|binary| binary.sha256),
            env_names: config.env_vars.keys().cloned().collect(),
        };
        self.add(function, record)
    }

    /// A service was started, or changed.
    pub(super) fn service(&mut self, service: u32, spec: &ServiceSpec) -> Result<(), RecordError> {
        let record = ServiceRecord {
            service,
            kind: spec.kind.to_string(),
            latency: spec.latency.to_string(),
            errors: spec.errors.to_string(),
            seed: spec.seed,
            since_offset_ns: self.offset(kelvin_workload::monotonic_ns()),
        };
        match &mut self.writer {
            Some(writer) => writer.add_service(record),
            None => {
                self.record.services.push(record);
                Ok(())
            }
        }
    }

    /// What is measured from now on belongs to a function of another configuration, which gets a row of its own.
    pub(super) fn configured(
        &mut self,
        function: FunctionId,
        config: &FunctionConfig,
    ) -> Result<(), RecordError> {
        self.end_launches(function)?;
        let Some(state) = self.functions.get(&function) else { return Ok(()) };
        let record = FunctionRecord {
            memory_mb: config.memory_size,
            timeout_s: config.timeout,
            ephemeral_storage_mb: config.ephemeral_storage,
            env_names: config.env_vars.keys().cloned().collect(),
            ..state.record.clone()
        };
        if record == state.record { Ok(()) } else { self.add(function, record) }
    }

    /// The function's next invocation begins a launch.
    pub(super) fn launch(
        &mut self,
        function: FunctionId,
        slot: Option<Slot>,
    ) -> Result<(), RecordError> {
        self.end_launches(function)?;
        if let Some(state) = self.functions.get_mut(&function) {
            state.slot = slot;
        }
        Ok(())
    }

    /// Adds an invocation to its launch. A new execution environment is a new launch, expected or not.
    pub(super) fn invocation(
        &mut self,
        invocation: &Invocation,
        batch: &BatchFacts<'_>,
    ) -> Result<(), RecordError> {
        let BatchFacts { function, case, declared, load, gap } = *batch;
        let started_offset_ns = self.offset(invocation.sent_at_ns);
        let Some(state) = self.functions.get_mut(&function) else { return Ok(()) };
        let launch = invocation.environment.map(|environment| {
            let launch = state.launches.entry(environment).or_insert_with(|| {
                let launch = self.next_launch;
                self.next_launch += 1;
                begun(launch, state.index, state.slot, started_offset_ns)
            });
            note(launch, invocation, gap);
            (launch.launch, launch.invocations - 1)
        });
        let place = Place {
            function: state.index,
            launch: launch.map(|(launch, _)| launch),
            index: launch.map_or(0, |(_, index)| index),
            load: load.map(|load| load + self.first_load),
            case,
            run_start_ns: self.start_ns,
            expected: declared && invocation.status != Status::Ok,
        };
        let mut row = InvocationRecord::new(invocation, &place, &self.record.platform.unavailable);
        row.at_ns += self.offset_ns;
        row.intended_ns = row.intended_ns.map(|intended| intended + self.offset_ns);
        let is_first = self.kinds.number(state.index, &mut row);
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if is_first && self.record.keep_payloads && !self.payloads_full {
            let Invocation { request_id, event, response, .. } = invocation;
            row.payloads_kept = writer.keep_payloads(request_id, event, response)?;
            if !row.payloads_kept {
                self.payloads_full = true;
                self.notes.push(format!(
                    "payloads of failures are kept of {PAYLOADS_LIMIT} kinds and up to {} MB: those of later kinds are not",
                    PAYLOADS_LIMIT_BYTES >> 20
                ));
            }
        }
        writer.append_invocation(&row)
    }

    /// A load begins.
    pub(super) fn load_begun(&mut self, load: &LoadFacts) {
        let Some(state) = self.functions.get(&load.function) else { return };
        let gap = match &load.shape {
            LoadKind::Open { .. } => None,
            LoadKind::Closed { gap, .. } => Some(gap.to_string()),
        };
        let (kind, clients) = match &load.shape {
            LoadKind::Open { .. } => (kelvin_record::LoadKind::Open, None),
            LoadKind::Closed { clients, .. } => (kelvin_record::LoadKind::Closed, Some(*clients)),
        };
        let (arrivals, offered_per_second, trace) = match &load.shape {
            LoadKind::Open { arrivals, per_second, trace } => {
                (Some((*arrivals).to_owned()), *per_second, trace.clone())
            }
            LoadKind::Closed { .. } => (None, None, None),
        };
        let record = LoadRecord {
            load: load.number + self.first_load,
            function: state.index,
            kind,
            arrivals,
            trace,
            offered_per_second,
            clients,
            gap,
            planned: load.planned,
            planned_ns: load.lasts.map(|lasts| u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX)),
            block: load.slot.map(|slot| slot.block),
            position: load.slot.map(|slot| slot.position),
            started_offset_ns: self.offset(kelvin_workload::monotonic_ns()),
            ended_offset_ns: 0,
            invocations: 0,
        };
        self.loads.insert(load.number, record);
    }

    /// A load is on record already.
    pub(super) fn forget_load(&mut self, load: u64) {
        self.loads.remove(&load);
    }

    /// A load has ended, with so many invocations.
    pub(super) fn load_ended(&mut self, load: u64, invocations: u64) -> Result<(), RecordError> {
        let ended_offset_ns = self.offset(kelvin_workload::monotonic_ns());
        let (Some(mut record), Some(writer)) = (self.loads.remove(&load), &mut self.writer) else {
            return Ok(());
        };
        record.ended_offset_ns = ended_offset_ns;
        record.invocations = invocations;
        writer.load_ended(&record)
    }

    /// Adds a measurement without Lambda around it.
    pub(super) fn rung(
        &mut self,
        wanted: &WantedRung<'_>,
        begin_ns: u64,
        ns: Vec<u64>,
    ) -> Result<(), RecordError> {
        let started_offset_ns = self.offset(begin_ns);
        let (Some(state), Some(writer)) = (self.functions.get(&wanted.function), &mut self.writer)
        else {
            return Ok(());
        };
        writer.append_rung(&RungRecord {
            function: state.index,
            rung: wanted.rung.to_owned(),
            case: wanted.case.map(str::to_owned),
            block: wanted.slot.map(|slot| slot.block),
            position: wanted.slot.map(|slot| slot.position),
            started_offset_ns,
            ns,
        })
    }

    /// Ends the function's launches, if some are open.
    pub(super) fn end_launches(&mut self, function: FunctionId) -> Result<(), RecordError> {
        let Some(state) = self.functions.get_mut(&function) else { return Ok(()) };
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for launch in std::mem::take(&mut state.launches).into_values() {
            writer.launch_ended(&launch)?;
        }
        Ok(())
    }

    pub(super) fn check(&mut self, name: &str, passed: bool, measure: Option<&Measure>) {
        self.checks.push(CheckRecord {
            name: name.to_owned(),
            passed,
            measure: measure.map(|measure| MeasureRecord {
                value: measure.value,
                ci95: measure.ci95,
                below: (measure.side == Side::Below).then_some(measure.limit),
                above: (measure.side == Side::Above).then_some(measure.limit),
                unit: measure.unit.to_owned(),
                n: measure.n,
                launches: measure.launches,
                undecided: measure.undecided,
                reason: measure.reason.clone(),
            }),
        });
    }

    /// A chain of functions was run through.
    pub(super) fn pipe(&mut self, pipe: &PipeFacts) -> Result<(), RecordError> {
        let index = |function: &FunctionId| self.functions.get(function).map(|state| state.index);
        let Some(functions) = pipe.functions.iter().map(index).collect() else { return Ok(()) };
        let record = PipeRecord {
            functions,
            at_ns: pipe.sent_at_ns.iter().map(|sent_at_ns| self.offset(*sent_at_ns)).collect(),
            latency_ns: pipe.latency_ns.clone(),
            cold: pipe.cold,
            whole_ns: pipe.whole_ns,
            ok: pipe.ok,
            block: pipe.slot.map(|slot| slot.block),
            position: pipe.slot.map(|slot| slot.position),
        };
        self.writer.as_mut().map_or(Ok(()), |writer| writer.append_pipe(&record))
    }

    /// Keeps what the script reads of an invocation, for as long as the run can be resumed. Returns what there is to say once
    /// there is too much of it.
    pub(super) fn read(
        &mut self,
        function: FunctionId,
        invocation: &Invocation,
    ) -> Result<Option<String>, RecordError> {
        let at_ns = self.offset(invocation.sent_at_ns);
        let (Some(state), Some(writer), false) =
            (self.functions.get(&function), &mut self.writer, self.responses_full)
        else {
            return Ok(None);
        };
        self.responses_full = !writer.append_response(&ResponseRecord {
            function: state.index,
            at_ns,
            response: invocation.response.clone(),
            log_tail: invocation.log_tail.clone(),
            error_message: invocation.error.as_ref().map(|error| error.message.clone()),
        })?;
        Ok(self.responses_full.then(|| {
            format!(
                "the script has read more than {} MB of responses: if the run is interrupted from here on, it cannot be resumed",
                RESPONSES_LIMIT_BYTES >> 20
            )
        }))
    }

    pub(super) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    pub(super) fn answer(&mut self, text: &str) {
        self.answers.push(text.to_owned());
    }

    /// Ends all launches and the run; `None` if no function was ever deployed, so that there is no run.
    ///
    /// `status` is that of a run that was not carried out to its end; otherwise the records decide.
    pub(super) fn finish(
        mut self,
        platform: PlatformFacts,
        status: Option<RunStatus>,
        error: Option<String>,
        summarise: impl FnOnce(&Run) -> Summary,
    ) -> Result<Option<Finished>, RecordError> {
        let functions: Vec<FunctionId> = self.functions.keys().copied().collect();
        for function in functions {
            if let (Some(state), Some(_)) = (self.functions.get_mut(&function), status) {
                state.launches.values_mut().for_each(|launch| launch.cut_short = true);
            }
            self.end_launches(function)?;
        }
        let Some(mut writer) = self.writer else { return Ok(None) };
        writer.set_platform(platform);
        let status = status.unwrap_or_else(|| {
            if writer.run().recorded.unexpected > 0 {
                RunStatus::InvocationsFailed
            } else if self.checks.iter().any(|check| !check.passed) {
                RunStatus::ChecksFailed
            } else {
                RunStatus::Ok
            }
        });
        let directory = writer.directory().to_owned();
        let outcome = Outcome {
            status,
            finished_at: Timestamp::now().to_string(),
            checks: self.checks,
            notes: self.notes,
            answers: self.answers,
            error,
        };
        let (run, summary) = writer.finish(outcome, summarise)?;
        let has_responses = !self.responses_full;
        Ok(Some(Finished { directory, run, summary, has_responses }))
    }

    fn add(&mut self, function: FunctionId, mut record: FunctionRecord) -> Result<(), RecordError> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => {
                let scenario = ScenarioText { script: &self.script, modules: &self.modules };
                let mut writer = RunWriter::create(&self.results, &self.record, scenario)?;
                if let Some(kept) = self.kept.take() {
                    writer.keep(&kept)?;
                }
                empty.insert(writer)
            }
        };
        let index = u32::try_from(self.rows).unwrap_or(u32::MAX);
        record.function = index;
        match writer.run().functions.get(self.rows) {
            Some(known) if is_as_recorded(known, &record) => {}
            Some(known) => {
                let (known, name) = (known.name.clone(), record.name);
                return Err(RecordError::OtherFunction { function: index, known, name });
            }
            None => writer.add_function(record.clone())?,
        }
        self.rows += 1;
        let slot = self.functions.get(&function).and_then(|state| state.slot);
        self.functions
            .insert(function, FunctionState { index, slot, launches: BTreeMap::new(), record });
        Ok(())
    }
}

/// Whether a function is the one on record. What older records do not say of it may be anything.
fn is_as_recorded(known: &FunctionRecord, record: &FunctionRecord) -> bool {
    let package_bytes = known.package_bytes.and(record.package_bytes);
    *known == FunctionRecord { package_bytes, ..record.clone() }
}

fn tool() -> ToolRecord {
    let commit = env!("KELVIN_COMMIT");
    ToolRecord {
        name: "kelvin".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: (!commit.is_empty()).then(|| commit.to_owned()),
    }
}
