//! What a scenario needs of this program: builds, checked answers, records, progress.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use kelvin_emulator::Beside;
use kelvin_lambda::{FunctionConfig, Invocation};
use kelvin_platform::FunctionId;
use kelvin_record::{RecordError, RungRecord};
use kelvin_scenario::{
    Batch, Client, Deployment, Host, HostError, LoadFacts, Measure, PipeFacts, Resolved,
    ServiceChange, ServiceId, Slot, Source, StartedService, Wanted, WantedRung, WantedService,
};

use crate::progress::{self, Progress};
use crate::run::answers::Answers;
use crate::run::builds::{self, Builds};
use crate::run::noise::Noise;
use crate::run::recorder::{BatchFacts, Origin, Recorder};
use crate::run::rungs;
use crate::run::services::Services;
use crate::runtimes::{Packed, Runtimes};
use crate::signals::Stop;

/// The host of one run. The script calls it from one thread, closures of `parallel()` from theirs.
pub(super) struct RunHost {
    /// Apart from the rest: while one closure builds, another's load is recorded.
    builds: Mutex<Builds>,
    state: Mutex<State>,
    stop: Stop,
    progress: Progress,
    /// Keeps the script's thread away from functions, but for what it starts.
    beside: Beside,
}

struct State {
    runtimes: Runtimes,
    recorder: Recorder,
    services: Services,
    resolved: Found,
    answers: HashMap<FunctionId, Answers>,
    bootstraps: HashMap<FunctionId, PathBuf>,
    noise: Noise,
    /// Measurements without Lambda that are on record and have not been asked for, by function.
    rungs: BTreeMap<String, VecDeque<RungRecord>>,
    /// A record that could not be written where the script cannot be told; told at its next invocation.
    failed: Option<RecordError>,
}

/// What was found, each by where it is from and its variant. Closures of `parallel()` deploy at the same time, so what was
/// found last need not be what is deployed next.
#[derive(Default)]
struct Found(Vec<(Source, String, Resolved)>);

impl Found {
    fn add(&mut self, wanted: &Wanted, resolved: &Resolved) {
        // As the function will have it.
        let variant = resolved.variant.as_ref().unwrap_or(&wanted.variant);
        self.0.retain(|(source, known, _)| (source, known) != (&wanted.source, variant));
        self.0.push((wanted.source.clone(), variant.clone(), resolved.clone()));
    }

    fn of(&self, deployment: &Deployment) -> Option<&Resolved> {
        let wanted = (&deployment.source, &deployment.variant);
        let found = self.0.iter().find(|(source, variant, _)| (source, variant) == wanted);
        found.map(|(_, _, resolved)| resolved)
    }
}

impl State {
    fn keep(&mut self, written: Result<(), RecordError>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

impl RunHost {
    pub(super) fn new(
        builds: Builds,
        runtimes: Runtimes,
        recorder: Recorder,
        services: Services,
        progress: Progress,
        beside: Beside,
    ) -> RunHost {
        let state = State {
            runtimes,
            recorder,
            services,
            resolved: Found::default(),
            answers: HashMap::new(),
            bootstraps: HashMap::new(),
            noise: Noise::default(),
            rungs: BTreeMap::new(),
            failed: None,
        };
        let stop = builds.stop.clone();
        RunHost { builds: Mutex::new(builds), state: Mutex::new(state), stop, progress, beside }
    }

    /// Answers `f.measure()` with these as long as there are some.
    pub(super) fn with_rungs(self, rungs: BTreeMap<String, VecDeque<RungRecord>>) -> RunHost {
        self.state().rungs = rungs;
        self
    }

    /// Also tells what could not be recorded after the script's last invocation.
    pub(super) fn into_parts(self) -> (Recorder, Progress, Option<RecordError>) {
        // A script that panicked in the middle of a call leaves records that are still whole launches.
        let state = self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        (state.recorder, self.progress, state.failed)
    }

    fn builds(&self) -> MutexGuard<'_, Builds> {
        self.builds.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Host for RunHost {
    fn resolve(&self, wanted: &Wanted) -> Result<Resolved, HostError> {
        let resolved = match &wanted.source {
            Source::Bootstrap(path) => builds::bootstrap(path),
            Source::Workload(name) => self
                .beside
                .leave_while(|| self.builds().workload(name, &wanted.variant, &self.progress))?,
            Source::Runtime(runtime) => {
                let stop = || self.stop.is_wanted();
                let Packed { resolved, note } = self.state().runtimes.resolve(runtime, &stop)?;
                if let Some(note) = note {
                    self.state().recorder.note(&note);
                    self.progress.say(&note);
                }
                resolved
            }
        };
        self.state().resolved.add(wanted, &resolved);
        Ok(resolved)
    }

    fn runtimes(&self, client: Client) -> Result<Vec<String>, HostError> {
        let (names, others) = self.state().runtimes.names(client, &|| self.stop.is_wanted());
        for error in others {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            self.progress.say(&format!("{error}{}", cause.unwrap_or_default()));
        }
        Ok(names)
    }

    fn service(&self, wanted: &WantedService) -> Result<StartedService, HostError> {
        let state = &mut *self.state();
        // Its thread serves functions, and may run anywhere.
        let (id, service) = self.beside.leave_while(|| state.services.start(wanted))?;
        let env_vars = service.env_vars();
        let written = state.recorder.service(id.0, service.spec());
        state.keep(written);
        Ok(StartedService { id, env_vars })
    }

    fn change_service(&self, id: ServiceId, change: &ServiceChange) -> Result<(), HostError> {
        let state = &mut *self.state();
        if let Some(spec) = state.services.change(id, change)? {
            let written = state.recorder.service(id.0, spec);
            state.keep(written);
        }
        Ok(())
    }

    fn deployed(&self, function: FunctionId, deployment: &Deployment) {
        let bootstrap = &deployment.spec.bootstrap;
        let binary = self.builds().binary(bootstrap);
        let package_bytes = self.builds().package_bytes(bootstrap);
        if let Err(error) = &package_bytes {
            let name = &deployment.spec.config.name;
            self.note(&format!("The size of the package of {name} is not known: {error}."));
        }
        let state = &mut *self.state();
        state.bootstraps.insert(function, deployment.spec.bootstrap.clone());
        let has_variant = !matches!(deployment.source, Source::Bootstrap(_));
        let origin = Origin {
            workload: deployment.workload.clone(),
            variant: has_variant.then(|| deployment.variant.clone()),
            binary,
            package_bytes: package_bytes.ok(),
        };
        let written = state.recorder.deployed(function, &deployment.spec.config, origin);
        state.keep(written);
        if let Some(resolved) = state.resolved.of(deployment) {
            state.answers.insert(function, Answers::of(resolved, self.stop.clone()));
        }
    }

    fn configured(&self, function: FunctionId, config: &FunctionConfig) {
        let mut state = self.state();
        let written = state.recorder.configured(function, config);
        state.keep(written);
        state.noise.forget(function);
    }

    fn launch(&self, function: FunctionId, slot: Option<Slot>) {
        let mut state = self.state();
        let written = state.recorder.launch(function, slot);
        state.keep(written);
        state.noise.launch_ended(function);
    }

    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError> {
        let state = &mut *self.state();
        let failed = |error| HostError::because("failed to record the run", error);
        if let Some(error) = state.failed.take() {
            return Err(failed(error));
        }
        let mut batch = batch;
        let mut invocations = std::mem::take(&mut batch.invocations);
        let Batch { function, case, load, gap, .. } = batch;
        for invocation in &mut invocations {
            // Loads are spread as their arrivals are, which is no noise.
            if load.is_none() {
                state.noise.invocation(function, invocation);
            }
            if invocation.is_recorded() {
                self.progress.skipped();
                load.into_iter().for_each(|load| state.recorder.forget_load(load.number));
                continue;
            }
            if let (Some(case), Some(answers)) = (case, state.answers.get_mut(&function)) {
                answers.check(case, invocation)?;
            }
            let declared = batch.may_end(invocation.status);
            let load = load.map(|load| load.number);
            let facts = BatchFacts { function, case, declared, load, gap };
            state.recorder.invocation(invocation, &facts).map_err(failed)?;
        }
        Ok(invocations)
    }

    fn load_begun(&self, load: &LoadFacts) {
        self.state().recorder.load_begun(load);
    }

    fn load_ended(&self, load: u64, invocations: u64) {
        let mut state = self.state();
        let written = state.recorder.load_ended(load, invocations);
        state.keep(written);
    }

    fn measure(&self, wanted: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
        let bootstrap = {
            let state = &mut *self.state();
            let rungs = state.rungs.get_mut(&wanted.config.name);
            if let Some(rung) = rungs.and_then(VecDeque::pop_front) {
                self.progress.skipped();
                return recorded(rung, wanted);
            }
            state.bootstraps.get(&wanted.function).cloned().ok_or_else(|| {
                HostError::new(format!("function \"{}\" has no bootstrap", wanted.config.name))
            })?
        };
        let begin_ns = kelvin_workload::monotonic_ns();
        let times = self.beside.leave_while(|| rungs::measure(&bootstrap, wanted, &self.stop))?;
        let failed = |error| HostError::because("failed to record the run", error);
        self.state().recorder.rung(wanted, begin_ns, times.clone()).map_err(failed)?;
        Ok(times)
    }

    fn removed(&self, function: FunctionId) {
        let mut state = self.state();
        let written = state.recorder.end_launches(function);
        state.keep(written);
        state.answers.remove(&function);
    }

    fn note(&self, text: &str) {
        self.state().recorder.note(text);
        self.progress.say(text);
    }

    /// The report ends with it, which comes next.
    fn answer(&self, text: &str) {
        self.state().recorder.answer(text);
    }

    fn check(&self, name: &str, passed: bool, measure: Option<&Measure>) {
        self.state().recorder.check(name, passed, measure);
    }

    fn read(&self, function: FunctionId, invocation: &Invocation) -> Result<(), HostError> {
        let read = self.state().recorder.read(function, invocation);
        let full = read.map_err(|error| HostError::because("failed to record the run", error))?;
        if let Some(note) = full {
            self.note(&note);
        }
        Ok(())
    }

    fn pipe(&self, pipe: &PipeFacts) -> Result<(), HostError> {
        if pipe.is_recorded {
            return Ok(());
        }
        let written = self.state().recorder.pipe(pipe);
        written.map_err(|error| HostError::because("failed to record the run", error))
    }

    fn progress(&self, progress: kelvin_scenario::Progress<'_>) {
        use kelvin_scenario::Progress::{Deploying, Loading, Pausing, Repeating, Turn};
        match progress {
            Turn { slot: Slot { block, position }, blocks, positions, name } => {
                let noise = self.state().noise.so_far();
                let turn = progress::Turn { block, blocks, position, positions, name, noise };
                self.progress.turn(&turn);
            }
            Pausing { duration } => self.progress.detail(format!("pausing for {duration:?}")),
            // A build says so itself, and a bar must not be drawn while something is measured.
            Deploying { .. } | Repeating { .. } | Loading { .. } => {}
        }
    }
}

/// A measurement without Lambda, as it is on record. Fails if another one is.
fn recorded(rung: RungRecord, wanted: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
    let same = rung.rung == wanted.rung
        && rung.case.as_deref() == wanted.case
        && rung.ns.len() as u64 == u64::from(wanted.iterations);
    if same {
        return Ok(rung.ns);
    }
    Err(HostError::new(format!(
        "function \"{}\" is to be measured otherwise than on record; start anew",
        wanted.config.name
    )))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kelvin_platform::FunctionSpec;

    use super::*;

    /// A deployment of what was found, as a scenario makes it.
    fn deployment(wanted: &Wanted, resolved: &Resolved) -> Deployment {
        let config = FunctionConfig::new("f");
        Deployment {
            spec: FunctionSpec::new(config, resolved.bootstrap.clone()),
            source: wanted.source.clone(),
            workload: resolved.workload.clone(),
            variant: resolved.variant.clone().unwrap_or_else(|| wanted.variant.clone()),
        }
    }

    #[test]
    fn each_deployment_is_of_what_was_found_for_it() {
        let wanted = |name: &str, variant: &str| Wanted {
            source: Source::Workload(name.to_owned()),
            variant: variant.to_owned(),
            path: None,
        };
        let resolved = |bootstrap: &str, variant: Option<&str>| Resolved {
            bootstrap: bootstrap.into(),
            workload: None,
            cases: Vec::new(),
            env_vars: BTreeMap::new(),
            reads: Vec::new(),
            variant: variant.map(str::to_owned),
        };
        // The last is told by the host which variant it is, as runtimes are.
        let all = [
            (wanted("a", "dev"), resolved("1", None)),
            (wanted("a", "release"), resolved("2", None)),
            (wanted("b", "dev"), resolved("3", None)),
            (wanted("c", "release"), resolved("4", Some("python3.11"))),
        ];
        let mut found = Found::default();
        for (wanted, resolved) in &all {
            found.add(wanted, resolved);
            found.add(wanted, resolved);
        }
        for (wanted, resolved) in &all {
            assert_eq!(found.of(&deployment(wanted, resolved)), Some(resolved));
        }
        assert_eq!(found.0.len(), all.len());
    }
}
