//! A platform and a host that write down what a script makes them do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kelvin_lambda::{
    Answer, CaseDescription, FunctionConfig, FunctionError, Invocation, PlatformFacts, Provenance,
    Start, Status, Timing,
};
use kelvin_platform::{
    ConfigChange, FunctionId, FunctionSpec, Gap, Gaps, InvokeRequest, LoadPlan, LoadShape,
    Platform, PlatformError, PlatformFuture, RepeatPlan, Sink,
};
use kelvin_scenario::{
    Batch, Client, Deployment, Host, HostError, Limits, LoadFacts, Measure, Outcome, PipeFacts,
    Progress, Resolved, RunOptions, ScenarioError, Script, ServiceChange, ServiceId, Slot, Source,
    StartedService, Wanted, WantedRung, WantedService,
};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Both outsides of a scenario.
pub(crate) struct Fake {
    log: Mutex<Vec<String>>,
    stop: watch::Sender<bool>,
    hangs: bool,
    asks_to_stop: bool,
}

/// What is special about a run.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) settings: Vec<(&'static str, &'static [&'static str])>,
    pub(crate) seed: u64,
    /// Waits never end. The first of them asks to stop, unless the run time is limited.
    pub(crate) hangs: bool,
    pub(crate) run_time: Option<Duration>,
    /// Other limits than those of these tests.
    pub(crate) limits: Option<fn(&mut Limits)>,
}

/// How it ended, and what was called.
pub(crate) struct Ran {
    pub(crate) result: Result<Outcome, ScenarioError>,
    pub(crate) log: Vec<String>,
}

pub(crate) fn run(script: &str) -> Ran {
    run_with(script, Setup::default())
}

pub(crate) fn run_with(script: &str, setup: Setup) -> Ran {
    let script = match Script::compile("test.rhai", script) {
        Ok(script) => script,
        Err(error) => return Ran { result: Err(error), log: Vec::new() },
    };
    run_script(&script, setup)
}

pub(crate) fn run_script(script: &Script, setup: Setup) -> Ran {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    let (stop, stopped) = watch::channel(false);
    let fake = Arc::new(Fake {
        log: Mutex::default(),
        stop,
        hangs: setup.hangs,
        asks_to_stop: setup.run_time.is_none(),
    });
    let mut options = RunOptions::new(runtime.handle().clone(), stopped);
    options.seed = setup.seed;
    options.limits.operations = 200_000;
    options.limits.array_elements = 10_000;
    options.limits.map_properties = 1_000;
    if let Some(change) = setup.limits {
        change(&mut options.limits);
    }
    options.limits.run_time = setup.run_time.unwrap_or(options.limits.run_time);
    for (name, values) in setup.settings {
        options.settings.insert(name.to_owned(), values.iter().map(|v| (*v).to_owned()).collect());
    }
    let result = script.run(options, Arc::clone(&fake) as _, Arc::clone(&fake) as _);
    let log = std::mem::take(&mut *fake.log.lock().expect("nothing panics while it writes"));
    Ran { result, log }
}

impl Fake {
    fn log(&self, line: String) {
        self.log.lock().expect("nothing panics while it writes").push(line);
    }

    /// Completes at once, or never.
    fn done<'a, T: Send + 'a>(&'a self, value: T) -> PlatformFuture<'a, T> {
        if !self.hangs {
            return Box::pin(std::future::ready(Ok(value)));
        }
        Box::pin(async {
            if self.asks_to_stop {
                self.stop.send_replace(true);
            }
            std::future::pending().await
        })
    }
}

/// An event may ask for a status: `#{ status: "timeout" }`.
fn invocation(request: &InvokeRequest) -> Invocation {
    let event: Value = serde_json::from_slice(&request.payload).expect("events are JSON");
    let status = event["status"].as_str().and_then(Status::from_name).unwrap_or(Status::Ok);
    let error =
        FunctionError { error_type: "Test.Error".to_owned(), message: "as asked".to_owned() };
    Invocation {
        provenance: Provenance::Made,
        request_id: "id".to_owned(),
        environment: Some(1),
        start: Start::Cold,
        status,
        sent_at_ns: 0,
        intended_at_ns: None,
        launch: None,
        timing: Timing {
            latency_ns: 9_500_000,
            init_ns: Some(6_000_000),
            response_latency_ns: Some(2_000_000),
            response_duration_ns: Some(0),
            post_response_ns: Some(500_000),
            decode_ns: Some(100_000),
            compute_ns: Some(1_000_000),
            io_ns: Some(0),
            encode_ns: Some(200_000),
            ..Timing::default()
        },
        max_memory_bytes: None,
        billed_ms: 9,
        request_bytes: request.payload.len() as u64,
        event: request.payload.clone(),
        response: Bytes::from(json!({ "got": event }).to_string()),
        error: (status != Status::Ok).then_some(error),
        init_failed: false,
        log_tail: request.log_tail.then(|| "START".to_owned()),
    }
}

impl Platform for Fake {
    fn describe(&self) -> PlatformFacts {
        PlatformFacts {
            name: "fake".to_owned(),
            version: String::new(),
            enforcement: Vec::new(),
            unavailable: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    fn deploy(&self, spec: FunctionSpec) -> PlatformFuture<'_, FunctionId> {
        let FunctionConfig { name, memory_size, timeout, env_vars, .. } = spec.config;
        let path = spec.bootstrap.display();
        let seconds = timeout.seconds();
        self.log(format!("deploy {name}: {path}, {memory_size}, {seconds} s, {env_vars:?}"));
        if name.contains("taken") {
            return Box::pin(std::future::ready(Err(PlatformError::NameTaken { name })));
        }
        let log = self.log.lock().expect("nothing panics while it writes");
        let before = log.iter().filter(|line| line.starts_with("deployed")).count();
        Box::pin(std::future::ready(Ok(FunctionId(u32::try_from(before).expect("a few")))))
    }

    fn configure(&self, function: FunctionId, change: ConfigChange) -> PlatformFuture<'_, ()> {
        let ConfigChange { memory_size, env_vars, .. } = change;
        let mb = memory_size.map(kelvin_lambda::MemorySize::mb);
        self.log(format!("configure {}: {mb:?}, {env_vars:?}", function.0));
        self.done(())
    }

    fn recycle(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        self.log(format!("recycle {}", function.0));
        self.done(())
    }

    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        gaps: Gaps,
    ) -> PlatformFuture<'_, Invocation> {
        let gap = other_gap(gaps);
        let caller = told(&request);
        let event = String::from_utf8_lossy(&request.payload);
        self.log(format!("invoke {}: {event}, log {}{gap}{caller}", function.0, request.log_tail));
        self.done(invocation(&request))
    }

    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        let RepeatPlan { request, invocations, gaps } = plan;
        let gap = other_gap(gaps);
        let caller = told(&request);
        let event = String::from_utf8_lossy(&request.payload);
        self.log(format!(
            "repeat {}: {invocations} × {event}, log {}{gap}{caller}",
            function.0, request.log_tail
        ));
        Box::pin(async move {
            for _ in 0..invocations.min(3) {
                sink(vec![invocation(&request)]);
                tokio::task::yield_now().await;
            }
            self.done(()).await
        })
    }

    fn load<'a>(
        &'a self,
        function: FunctionId,
        plan: LoadPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        let LoadPlan { requests, shape } = plan;
        let events: Vec<_> =
            requests.iter().map(|r| String::from_utf8_lossy(&r.payload).into_owned()).collect();
        let shape = match shape {
            LoadShape::Open(schedule) => {
                let ms: Vec<u64> = schedule.iter().take(5).map(|ns| ns / 1_000_000).collect();
                format!("open, {} requests from {ms:?} ms", schedule.len())
            }
            LoadShape::Closed { clients, until, gaps } => {
                format!("closed, {clients} until {until:?}{}", other_gap(gaps))
            }
        };
        let caller = requests.first().map(told).unwrap_or_default();
        self.log(format!("load {}: {shape}, events {events:?}{caller}", function.0));
        Box::pin(async move {
            for request in requests.iter().cycle().take(3) {
                sink(vec![invocation(request)]);
                tokio::task::yield_now().await;
            }
            self.done(()).await
        })
    }

    fn sleep(&self, duration: Duration) -> PlatformFuture<'_, ()> {
        self.log(format!("sleep {duration:?}"));
        self.done(())
    }

    fn remove(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        self.log(format!("remove {}", function.0));
        self.done(())
    }
}

/// The workloads that the shipped scenarios name.
const WORKLOADS: [&str; 18] = [
    "hello",
    "json",
    "compress",
    "jwt",
    "html",
    "http-api",
    "matrix",
    "pagerank",
    "regex",
    "script",
    "s3-object",
    "dynamodb-item",
    "fan-out",
    "sqs-batch",
    "thumbnail",
    "payload",
    "delays",
    "audit",
];

/// What is installed.
const RUNTIMES: [&str; 2] = ["nodejs", "python"];

impl Host for Fake {
    fn resolve(&self, wanted: &Wanted) -> Result<Resolved, HostError> {
        let (bootstrap, workload) = match &wanted.source {
            Source::Bootstrap(path) => (path.clone(), None),
            Source::Runtime(runtime) if RUNTIMES.contains(&runtime.name.as_str()) => {
                (PathBuf::from(format!("/packed/{}/bootstrap", runtime.name)), None)
            }
            Source::Runtime(runtime) => {
                return Err(HostError::unknown("runtime", &runtime.name, RUNTIMES));
            }
            Source::Workload(name) if WORKLOADS.contains(&name.as_str()) => {
                (PathBuf::from(format!("/built/{name}-{}", wanted.variant)), Some(name.clone()))
            }
            // A build that the user ends.
            Source::Workload(name) if name == "stopped" => {
                self.stop.send_replace(true);
                return Err(HostError::new("the build was stopped"));
            }
            Source::Workload(name) => {
                return Err(HostError::unknown("workload", name, WORKLOADS));
            }
        };
        let case = |name: &str| CaseDescription {
            name: name.to_owned(),
            event: json!({ "n": name }),
            answer: Answer::Unknown,
            bytes: None,
        };
        let names: &[&str] = match workload.as_deref() {
            Some("fan-out") => &["concurrency-4", "concurrency-1", "concurrency-16"],
            Some(_) => &["small", "large"],
            None if matches!(wanted.source, Source::Runtime(_)) => &["world"],
            None => &[],
        };
        let cases = names.iter().map(|name| case(name)).collect();
        let env_vars = BTreeMap::from([("KELVIN_SPANS".to_owned(), "1".to_owned())]);
        let variant = matches!(wanted.source, Source::Runtime(_));
        let variant = variant.then(|| "standard library".to_owned());
        Ok(Resolved { bootstrap, workload, cases, env_vars, reads: Vec::new(), variant })
    }

    fn runtimes(&self, _client: Client) -> Result<Vec<String>, HostError> {
        Ok(RUNTIMES.map(str::to_owned).to_vec())
    }

    fn service(&self, wanted: &WantedService) -> Result<StartedService, HostError> {
        let WantedService { kind, options } = wanted;
        self.log(format!("service {kind}: {}", Value::from(options.clone())));
        if kind == "sqs" {
            return Err(HostError::unknown("service", kind, ["s3", "dynamodb", "http"]));
        }
        let env_vars = BTreeMap::from([(format!("URL_{kind}"), "http://here".to_owned())]);
        Ok(StartedService { id: ServiceId(7), env_vars })
    }

    fn change_service(&self, service: ServiceId, change: &ServiceChange) -> Result<(), HostError> {
        self.log(format!("change {}: {change:?}", service.0));
        Ok(())
    }

    fn deployed(&self, function: FunctionId, deployment: &Deployment) {
        let Deployment { workload, variant, .. } = deployment;
        let name = deployment.name();
        self.log(format!("deployed {}: {name}, {workload:?}, {variant}", function.0));
    }

    fn configured(&self, function: FunctionId, config: &FunctionConfig) {
        self.log(format!("configured {}: {}", function.0, config.memory_size));
    }

    fn launch(&self, function: FunctionId, slot: Option<Slot>) {
        let slot = slot.map(|Slot { block, position }| format!("{block}.{position}"));
        self.log(format!("launch {} in {}", function.0, slot.as_deref().unwrap_or("no block")));
    }

    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError> {
        let Batch { function, case, invocations, expected, load, gap: _ } = batch;
        let statuses: Vec<&str> = invocations.iter().map(|i| i.status.as_str()).collect();
        let expected = expected.map_or("nothing", Status::as_str);
        let load = load.map(|load| format!(" of load {}", load.number)).unwrap_or_default();
        self.log(format!(
            "record {}{load} {case:?}: {statuses:?}, expecting {expected}",
            function.0
        ));
        if statuses == ["too_large"] {
            return Err(HostError::because("failed to record", std::io::Error::other("disk full")));
        }
        Ok(invocations)
    }

    fn load_begun(&self, load: &LoadFacts) {
        let LoadFacts { number, function, shape, planned, lasts, slot } = load;
        let slot = slot.map(|Slot { block, position }| format!("{block}.{position}"));
        let slot = slot.as_deref().unwrap_or("no block");
        self.log(format!(
            "load {number} of {}: {shape:?}, {planned:?} in {lasts:?} in {slot}",
            function.0
        ));
    }

    fn load_ended(&self, load: u64, invocations: u64) {
        self.log(format!("load {load} ended: {invocations}"));
    }

    fn measure(&self, wanted: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
        let WantedRung { function, rung, case, iterations, slot, .. } = wanted;
        let slot = slot.map(|Slot { block, position }| format!("{block}.{position}"));
        let slot = slot.as_deref().unwrap_or("no block");
        self.log(format!("measure {}: {iterations} × {rung} of {case:?} in {slot}", function.0));
        Ok((1..=u64::from(*iterations)).map(|i| i * 1_000_000).collect())
    }

    fn removed(&self, function: FunctionId) {
        self.log(format!("removed {}", function.0));
    }

    fn note(&self, text: &str) {
        self.log(format!("note {text}"));
    }

    fn answer(&self, text: &str) {
        self.log(format!("answer {text}"));
    }

    fn check(&self, name: &str, passed: bool, measure: Option<&Measure>) {
        let measure = measure.map(|measure| format!(" {measure:?}")).unwrap_or_default();
        self.log(format!("check {name}: {passed}{measure}"));
    }

    fn read(&self, function: FunctionId, invocation: &Invocation) -> Result<(), HostError> {
        let response = String::from_utf8_lossy(&invocation.response);
        self.log(format!("read {}: {response}", function.0));
        Ok(())
    }

    fn pipe(&self, pipe: &PipeFacts) -> Result<(), HostError> {
        self.log(format!("{pipe:?}"));
        Ok(())
    }

    fn progress(&self, progress: Progress<'_>) {
        let line = match progress {
            Progress::Deploying { name, wanted } => {
                format!("deploying {name}: {:?}", wanted.source)
            }
            Progress::Turn { slot: Slot { block, position }, blocks, positions, name } => {
                format!("turn {block} of {blocks}, {position} of {positions}: {name}")
            }
            Progress::Repeating { name, invocations } => {
                format!("repeating {name} {invocations} times")
            }
            Progress::Loading { name, planned } => format!("loading {name}: {planned:?} requests"),
            Progress::Pausing { duration } => format!("pausing {duration:?}"),
        };
        self.log(format!("({line})"));
    }
}

/// What its caller tells, if anything.
fn told(request: &InvokeRequest) -> String {
    let Some(caller) = &request.caller else { return String::new() };
    let identity = caller.cognito_identity().map(|of| (&of.identity_id, &of.identity_pool_id));
    format!(", told {:?} {identity:?} {:?}", caller.client_context(), caller.trace_id())
}

/// The gap, where it is not the default.
fn other_gap(gaps: Gaps) -> String {
    if gaps.gap == Gap::default() { String::new() } else { format!(", gap {}", gaps.gap) }
}
