//! A small run with made-up numbers, the same every time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use kelvin_lambda::{
    Architecture, Enforcement, EphemeralStorage, FunctionError, Invocation, MemorySize,
    PlatformFacts, Provenance, Start, Status, Timeout, Timing, US_EAST_1,
};
use kelvin_record::{
    Billing, FunctionRecord, HostRecord, InitRecord, InvocationRecord, LaunchRecord, LoadKind,
    LoadRecord, Measured, Outcome, PageCacheRecord, PageInByRecord, Place, Recorded, Run,
    RunRecord, RunStatus, RunWriter, SCHEMA_VERSION, ScenarioRecord, ServiceRecord, Summary,
    ToolRecord,
};

pub(crate) fn run_record() -> RunRecord {
    RunRecord {
        schema: RunRecord::SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION,
        run_id: "20261123T124838Z-3fa9c1".parse().expect("it is a run id"),
        status: RunStatus::Running,
        started_at: "2026-11-23T12:48:38Z".to_owned(),
        finished_at: None,
        tool: ToolRecord { name: "kelvin".to_owned(), version: "0.1.0".to_owned(), git: None },
        argv: ["kelvin", "run", "cold-warm"].map(str::to_owned).to_vec(),
        resumed_from: None,
        other_runs: 0,
        scenario: ScenarioRecord {
            path: None,
            name: "cold-warm".to_owned(),
            seed: 42,
            settings: BTreeMap::from([("launches".to_owned(), 20.into())]),
        },
        host: host(),
        platform: platform(),
        keep_payloads: false,
        limits: BTreeMap::from([("cpu-limit".to_owned(), "off".to_owned())]),
        billing: Billing::Estimated,
        functions: Vec::new(),
        services: vec![ServiceRecord {
            service: 0,
            kind: "dynamodb".to_owned(),
            latency: "p50=4ms p99=20ms".to_owned(),
            errors: "error=0.01".to_owned(),
            seed: 42,
            since_offset_ns: 1_000,
        }],
        price_table: US_EAST_1(),
        recorded: Recorded::default(),
        files: BTreeMap::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        answers: Vec::new(),
        unavailable: BTreeMap::new(),
        error: None,
    }
}

fn host() -> HostRecord {
    HostRecord {
        machine_key: format!("sha256:{}", "5b".repeat(32)),
        arch: "x86_64".to_owned(),
        cpu_model: Some("AMD EPYC 9V74".to_owned()),
        cpu_signature: Some("family 25, model 17, stepping 1".to_owned()),
        cores_logical: Some(2),
        numa_nodes: Some(1),
        mem_bytes: Some(4_123_168_768),
        kernel: Some("6.8.0-45-generic".to_owned()),
        virt: "kvm".to_owned(),
        governor: None,
        loadavg_start: Some([0.11, 0.13, 0.07]),
        timer_lateness: None,
    }
}

fn platform() -> PlatformFacts {
    let enforcement = |limit: &str, by: Option<&str>, note: Option<&str>| Enforcement {
        limit: limit.to_owned(),
        by: by.map(str::to_owned),
        note: note.map(str::to_owned),
    };
    PlatformFacts {
        name: "emulator".to_owned(),
        version: "0.1.0".to_owned(),
        enforcement: vec![
            enforcement("timeout", Some("kill signal"), None),
            enforcement("cpu", None, Some("needs the tick model or a cgroup")),
            enforcement("memory", None, None),
            enforcement("freeze", None, None),
        ],
        unavailable: BTreeMap::from([(
            "throttled_ns".to_owned(),
            "the CPU limit is not enforced".to_owned(),
        )]),
        notes: Vec::new(),
    }
}

pub(crate) fn function(function: u32, memory_mb: u32) -> FunctionRecord {
    FunctionRecord {
        function,
        name: format!("json-release-{memory_mb}"),
        workload: Some("json".to_owned()),
        variant: Some("release".to_owned()),
        memory_mb: MemorySize::new(memory_mb).expect("a valid size"),
        timeout_s: Timeout::default(),
        ephemeral_storage_mb: EphemeralStorage::default(),
        architecture: Architecture::X86_64,
        reserved_concurrency: None,
        binary_bytes: Some(1_892_344),
        package_bytes: None,
        binary_sha256: Some("ab".repeat(32)),
        env_names: vec!["KELVIN_SPANS".to_owned()],
    }
}

/// Numbers that look measured: a linear congruential generator, of which the seed is all the state.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn around(&mut self, ns: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ns + (self.0 >> 33) % (ns / 8 + 1)
    }
}

pub(crate) fn invocation(start: Start, sent_at_ns: u64, noise: &mut Noise) -> Invocation {
    let cold = start == Start::Cold;
    let init_ns = cold.then(|| noise.around(6_000_000));
    let compute_ns = noise.around(if cold { 900_000 } else { 300_000 });
    let response_latency_ns = compute_ns + noise.around(110_000);
    let response_duration_ns = noise.around(12_000);
    let post_response_ns = noise.around(9_000);
    let queue_ns = init_ns.unwrap_or(0) + noise.around(4_000);
    let duration_ns = response_latency_ns + response_duration_ns + post_response_ns;
    Invocation {
        provenance: Provenance::Made,
        request_id: "8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e".to_owned(),
        environment: Some(7),
        start,
        status: Status::Ok,
        sent_at_ns,
        intended_at_ns: None,
        launch: None,
        timing: Timing {
            latency_ns: queue_ns + response_latency_ns + response_duration_ns + noise.around(9_000),
            queue_ns: Some(queue_ns),
            init_ns,
            response_latency_ns: Some(response_latency_ns),
            response_duration_ns: Some(response_duration_ns),
            post_response_ns: Some(post_response_ns),
            extension_overhead_ns: Some(0),
            cpu_ns: Some(noise.around(compute_ns)),
            throttled_ns: None,
            throttled_total_ns: None,
            decode_ns: Some(noise.around(20_000)),
            compute_ns: Some(compute_ns),
            io_ns: Some(0),
            encode_ns: Some(noise.around(9_000)),
        },
        max_memory_bytes: Some(9_437_184),
        billed_ms: kelvin_lambda::billed_ms(duration_ns, init_ns),
        request_bytes: 1843,
        event: Bytes::new(),
        response: Bytes::from_static(&[b' '; 512]),
        error: None,
        init_failed: false,
        log_tail: None,
    }
}

/// The same invocation, had it passed the timeout.
pub(crate) fn timed_out(mut invocation: Invocation) -> Invocation {
    let error = FunctionError::timed_out(&invocation.request_id, Timeout::default());
    invocation.status = Status::Timeout;
    invocation.error = Some(error);
    invocation.log_tail = Some("START\nEND\n".to_owned());
    invocation
}

/// Records one launch of a cold and `warm` warm starts.
pub(crate) fn record_launch(
    writer: &mut RunWriter,
    function: u32,
    launch: u64,
    warm: u64,
) -> LaunchRecord {
    let mut noise = Noise(launch + 1);
    let mut at_ns = launch * 50_000_000;
    let record_start_ns = at_ns;
    let mut cold = None;
    for index in 0..=warm {
        let start = if index == 0 { Start::Cold } else { Start::Warm };
        let invocation = invocation(start, 1_000 + at_ns, &mut noise);
        at_ns += invocation.timing.latency_ns + noise.around(20_000);
        let place = Place {
            function,
            launch: Some(launch),
            index,
            load: None,
            case: Some("small"),
            run_start_ns: 1_000,
            expected: false,
        };
        let record = InvocationRecord::new(&invocation, &place, &writer.run().platform.unavailable);
        writer.append_invocation(&record).expect("the folder can be written");
        cold = cold.or(Some(record));
    }
    let cold = cold.expect("a launch has a first invocation");
    LaunchRecord {
        launch,
        function,
        block: Some(launch / 2),
        position: Some(launch % 2),
        started_offset_ns: record_start_ns,
        init_ns: cold.init_ns,
        cut_short: false,
        invocations: warm + 1,
        failed: 0,
        max_memory_bytes: Measured::Value(9_437_184),
        gaps: vec!["as called".to_owned()],
        cpus: vec![1],
        visible_cpus: Some(2),
        serving_cpu: Some(0),
        init: Some(InitRecord {
            cpu_ns: Some(900_000),
            run_queue_ns: Some(10_000),
            page_in_ns: Some(3_000_000),
            page_in_by: PageInByRecord::Residue,
            major_faults: Some(6),
            read_bytes: Some(2_600_000),
        }),
        page_cache: Some(PageCacheRecord {
            cold: true,
            bytes: 5_000_000,
            resident_bytes: Some(0),
            starting: 1,
            ..PageCacheRecord::default()
        }),
    }
}

/// Records an open loop of function 0 that leaves its two launches open: 6 requests, of which the last is throttled.
pub(crate) fn record_load(writer: &mut RunWriter, load: u64, launch: u64) -> LoadRecord {
    let mut noise = Noise(load + 1000);
    for n in 0..6 {
        let start = if n < 2 { Start::Cold } else { Start::Warm };
        let mut invocation = invocation(start, 9_000_000 + n * 1_000_000 + 40, &mut noise);
        invocation.intended_at_ns = Some(9_000_000 + n * 1_000_000);
        let throttled = n == 5;
        if throttled {
            invocation.environment = None;
            invocation.status = Status::Throttled;
        }
        let place = Place {
            function: 0,
            launch: (!throttled).then_some(launch + n % 2),
            index: n / 2,
            load: Some(load),
            case: None,
            run_start_ns: 1_000,
            expected: false,
        };
        let record = InvocationRecord::new(&invocation, &place, &writer.run().platform.unavailable);
        writer.append_invocation(&record).expect("the folder can be written");
    }
    LoadRecord {
        load,
        function: 0,
        kind: LoadKind::Open,
        arrivals: Some("constant".to_owned()),
        trace: None,
        offered_per_second: Some(1000.0),
        clients: None,
        gap: None,
        planned: Some(6),
        planned_ns: Some(6_000_000),
        block: None,
        position: None,
        started_offset_ns: 8_999_000,
        ended_offset_ns: 15_000_000,
        invocations: 6,
    }
}

/// A run in progress with two functions and so many launches, two functions in turn.
pub(crate) fn written(results: &Path, launches: u64, warm: u64) -> RunWriter {
    let mut writer =
        RunWriter::create(results, &run_record(), "// cold and warm\n").expect("a new folder");
    for (index, memory_mb) in [(0, 128), (1, 512)] {
        writer.add_function(function(index, memory_mb)).expect("the folder can be written");
    }
    for launch in 0..launches {
        let record = record_launch(&mut writer, u32::from(launch % 2 == 1), launch, warm);
        writer.launch_ended(&record).expect("the folder can be written");
    }
    writer
}

pub(crate) fn outcome() -> Outcome {
    Outcome {
        status: RunStatus::Ok,
        finished_at: "2026-11-23T12:49:01Z".to_owned(),
        checks: Vec::new(),
        notes: Vec::new(),
        answers: Vec::new(),
        error: None,
    }
}

/// Stands for the statistics, of which this crate knows nothing.
pub(crate) fn empty_summary(run: &Run) -> Summary {
    Summary {
        schema: Summary::SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION,
        run_id: run.record.run_id.clone(),
        status: run.status(),
        truncated: run.truncated.clone(),
        incomplete: run.incomplete,
        platform: run.record.platform.name.clone(),
        functions: Vec::new(),
        loads: Vec::new(),
        failures: None,
    }
}

/// A finished run in `results`; its folder.
pub(crate) fn finished(results: &Path, launches: u64, warm: u64) -> PathBuf {
    let writer = written(results, launches, warm);
    let directory = writer.directory().to_owned();
    writer.finish(outcome(), empty_summary).expect("the folder can be written");
    directory
}
