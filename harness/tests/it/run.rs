//! `kelvin run`: what it prints, what it records, and in which order it measures.

use std::fs;

use kelvin_record::{LaunchRecord, Run};
use serde_json::Value;

use crate::kit::{Done, Place, json};

/// Two functions, two launches of each, a cold start and three warm ones in each launch.
const SMALL: &str = "workload=hello variant=dev memory=128,512 launches=2 warm=3";

fn cold_warm(place: &Place, settings: &str, args: &[&str]) -> Done {
    let settings = settings.split(' ').flat_map(|setting| ["--set", setting]);
    place.run("cold-warm", &settings.chain(args.iter().copied()).collect::<Vec<_>>())
}

/// The tables of a report: measured numbers are `N`, and spaces are one, because columns are as wide as their numbers.
fn tables(report: &str) -> String {
    let (_, tables) = report.split_once("\n\n").expect("the head ends with an empty line");
    let (tables, _) = tables.split_once("\n\nCold: ").expect("the reading aids follow");
    let lines = tables.lines().map(|line| {
        let words = line.split_whitespace().enumerate();
        let is_row = line.starts_with("hello");
        let word = |(at, word)| if is_row && is_measured(at, word) { "N" } else { word };
        words.map(word).collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Measured numbers have three digits; those of the sample have fewer here, and the memory size comes second.
fn is_measured(at: usize, word: &str) -> bool {
    at > 1 && word.len() > 2 && word.chars().all(|c| c.is_ascii_digit() || ".,".contains(c))
}

#[test]
fn a_small_run_prints_its_tables() {
    let place = Place::new();
    let done = cold_warm(&place, SMALL, &["--seed", "1"]).exits(0);
    let directory = place.only_directory();
    let id = directory.file_name().expect("it has a name").to_string_lossy();
    let title = done.stdout.lines().next().expect("there is a first line");
    insta::assert_snapshot!(
        title.replace(&*id, "ID").replace(env!("CARGO_PKG_VERSION"), "VERSION"),
        @"kelvin VERSION · cold-warm · run ID · seed 1 · emulator VERSION"
    );
    insta::assert_snapshot!(tables(&done.stdout), @r"
    Cold starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
    binary INIT first total total p50 total billed
    function MB MB launches p50 p50 p50 95 % interval p90 mean cost
    hello-dev 128 N 2 – – – – – N N
    hello-dev 512 N 2 – – – – – N N
    – INIT p50, first p50, total p50: needs 6 launches, has 2
    – total p90: needs 36 launches, has 2

    Warm starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
    launches dur. duration p50 dur. latency CPU max billed
    function MB × each p50 95 % interval p90 p50 mean MB mean cost
    hello-dev 128 2 × 3 – – – – N N N N
    hello-dev 512 2 × 3 – – – – N N N N
    – duration p50, latency p50: needs 6 launches with 2 invocations each, has 2
    – duration p90: needs 6 launches with 10 invocations each, has 0

    Seen, too few for an estimate · ms · the median is of all numbers together
    function MB metric launches n min median max
    hello-dev 128 INIT 2 2 N N N
    hello-dev 128 cold total 2 2 N N N
    hello-dev 128 warm duration 2 6 N N N
    hello-dev 512 INIT 2 2 N N N
    hello-dev 512 cold total 2 2 N N N
    hello-dev 512 warm duration 2 6 N N N

    Page cache: WARM for hello-dev-128, hello-dev-512. In a new microVM nothing is in memory when INIT
    begins.
    Warm invocations are SATURATED: no gap lay between them, which no caller of Lambda sees.

    4 launches, 16 invocations, none failed.
    ");
    // How long the rest takes is different each time.
    let said = done.stderr.lines().map(|line| line.split(" · ").next().unwrap_or_default());
    let said = said.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(
        said.replace(&*directory.to_string_lossy(), "DIRECTORY"),
        @r"
        building hello (dev)
        block 1 of 2
        block 2 of 2
        recorded in DIRECTORY
        "
    );
}

#[test]
fn quiet_leaves_only_where_the_run_is() {
    let place = Place::new();
    let done = cold_warm(&place, SMALL, &["--quiet"]).exits(0);
    let directory = place.only_directory();
    assert_eq!(done.stderr, format!("recorded in {}\n", directory.display()));
}

#[test]
fn json_is_the_summary_that_is_recorded() {
    let place = Place::new();
    let done = cold_warm(&place, SMALL, &["--format", "json"]).exits(0);
    let summary = fs::read_to_string(place.only_directory().join("summary.json")).unwrap();
    assert_eq!(done.stdout, summary);
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["schema"], "kelvin/summary");
    let functions = summary["functions"].as_array().unwrap();
    let seen: Vec<_> = functions
        .iter()
        .map(|f| ["name", "memory_mb", "invocations", "failed"].map(|field| &f[field]))
        .collect();
    let expected = serde_json::json!([["hello-dev-128", 128, 8, 0], ["hello-dev-512", 512, 8, 0]]);
    assert_eq!(serde_json::json!(seen), expected);
}

#[test]
fn the_record_tells_what_was_run() {
    let place = Place::new();
    cold_warm(&place, SMALL, &["--seed", "7"]).exits(0);
    let directory = place.only_directory();
    let record = json(&directory.join("run.json"));
    let of = |pointer: &str| record.pointer(pointer).unwrap_or(&Value::Null);
    assert_eq!(of("/schema"), "kelvin/run");
    assert_eq!(of("/schema_version"), 1);
    assert_eq!(of("/status"), "ok");
    assert_eq!(of("/run_id"), &*directory.file_name().unwrap().to_string_lossy());
    assert_eq!(of("/tool/version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(of("/platform/name"), "emulator");
    assert_eq!(of("/error"), &Value::Null);
    let expected = serde_json::json!({
        "name": "cold-warm",
        "seed": 7,
        "settings": {
            "workload": ["hello"], "variant": ["dev"], "memory": [128, 512], "launches": 2, "warm": 3,
        },
    });
    assert_eq!(of("/scenario"), &expected);
    let expected = serde_json::json!({
        "launches": 4, "invocations": 16, "failed": 0, "unexpected": 0, "rungs": 0, "loads": 0,
        "pipes": 0,
    });
    assert_eq!(of("/recorded"), &expected);
    let names: Vec<_> = (0..2).map(|at| of(&format!("/functions/{at}/name"))).collect();
    assert_eq!(names, ["hello-dev-128", "hello-dev-512"]);
    let started: jiff::Timestamp = of("/started_at").as_str().unwrap().parse().unwrap();
    let finished: jiff::Timestamp = of("/finished_at").as_str().unwrap().parse().unwrap();
    assert!(started < finished);
    let launches = fs::read_to_string(directory.join("launches.jsonl")).unwrap();
    assert_eq!(launches.lines().count(), 4);
    let script = fs::read_to_string(directory.join("scenario.rhai")).unwrap();
    assert_eq!(script, include_str!("../../scenarios/cold-warm.rhai"));
}

#[test]
fn neither_the_machines_name_nor_values_of_variables_are_recorded() {
    const OURS: &str = "ihr-naht-euch-wieder";
    const FUNCTIONS: &str = "schwankende-gestalten";
    let place = Place::new();
    let script = place.script(
        r#"
        let end = "gestalten";
        let env = #{ SECRET: "schwankende-" + end };
        let f = deploy(#{ workload: "hello", variant: "dev", env: env });
        f.invoke();
        expect_status("error", || f.invoke(#{ nobody: 1 }));
        "#,
    );
    let mut command = place.with_results(&["run", &script]);
    place.wait(command.env("KELVIN_TEST_SECRET", OURS)).exits(0);
    let run = place.only_run();
    assert_eq!(run.record.functions[0].env_names, ["KELVIN_SPANS", "SECRET"]);
    let recorded = format!("{run:?}");
    assert!(recorded.contains("SECRET"));
    assert!(!recorded.contains(OURS) && !recorded.contains(FUNCTIONS), "{recorded}");
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let machine = machine.trim();
    let mut host = run.record.host.clone();
    // Kinds of machines, which some people take for names.
    host.virt.clear();
    let shown = format!("{host:?} {:?}", run.record.platform);
    let mut words = shown.split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c));
    assert!(words.all(|word| word != machine), "{machine} in {shown}");
}

/// Block, place in it and function of every launch, in the order in which they were made.
fn order(seed: &str) -> Vec<(u64, u64, u32)> {
    let place = Place::new();
    let settings = "workload=hello variant=dev memory=128,256,512 launches=6 warm=0";
    cold_warm(&place, settings, &["--seed", seed]).exits(0);
    let mut launches = place.only_run().launches;
    launches.sort_by_key(|launch| launch.started_offset_ns);
    let slot = |launch: &LaunchRecord| {
        (launch.block.expect("in a block"), launch.position.expect("in a block"), launch.function)
    };
    launches.iter().map(slot).collect()
}

#[test]
fn a_seed_is_an_order_of_launches() {
    let first = order("1");
    let slots: Vec<_> = first.iter().map(|&(block, position, _)| (block, position)).collect();
    let expected: Vec<_> = (0..6).flat_map(|block| (0..3).map(move |p| (block, p))).collect();
    assert_eq!(slots, expected);
    for pair in first.chunks(6) {
        let functions: Vec<u32> = pair.iter().map(|&(_, _, function)| function).collect();
        let mut mirrored = functions.clone();
        mirrored.reverse();
        assert_eq!(functions, mirrored, "the second block of a pair is the first in reverse");
    }
    assert_eq!(first, order("1"));
    assert_ne!(first, order("2"));
}

#[test]
fn the_parts_of_every_invocation_add_up_to_its_latency() {
    let place = Place::new();
    cold_warm(&place, "workload=hello variant=dev memory=128 launches=3 warm=200", &[]).exits(0);
    let Run { invocations, .. } = place.only_run();
    assert_eq!(invocations.len(), 3 * 201);
    for row in invocations {
        let ladder =
            row.timing().ladder().expect("the emulator and our handler measure every part");
        assert_eq!(u64::try_from(ladder.sum_ns()), Ok(row.latency_ns));
        for (part, ns) in ladder.parts() {
            assert!(ns >= 0, "{part} took {ns} ns: {row:#?}");
        }
        assert_eq!(ladder.io_ns, 0, "hello waits for nothing");
        if let Some(init_ns) = row.init_ns.value() {
            let queue_ns = row.queue_ns.value().unwrap();
            assert!(queue_ns >= init_ns, "INIT is a part of the queue");
        }
    }
}

#[test]
fn launches_say_what_lay_between_invocations_where_they_ran_and_what_was_in_memory() {
    let place = Place::new();
    let script = r#"
        let f = deploy(#{ workload: "hello", variant: "dev", memory: 512, page_cache: "cold" });
        f.invoke();
        f.gap("2ms").repeat(3);
        f.repeat(2);
        let g = deploy(#{ workload: "hello", variant: "dev", memory: 1769 });
        g.load(#{ concurrency: 2, invocations: 4, gap: "1ms" });
    "#;
    place.run_script(script, &["--seed", "3"]).exits(0);
    let run = place.only_run();
    let launch = &run.launches[0];
    // The command line of these tests says none, and what is said of a loop counts more.
    assert_eq!(launch.gaps, ["2ms", "none"]);
    assert!(!launch.cpus.is_empty() && launch.visible_cpus.is_some(), "{launch:?}");
    let init = launch.init.as_ref().expect("INIT has parts");
    assert!(init.cpu_ns > Some(0), "{init:?}");
    let page_cache = launch.page_cache.as_ref().expect("it was asked to be cold");
    assert!(page_cache.cold && page_cache.bytes > 0, "{page_cache:?}");
    assert_eq!(run.loads[0].gap.as_deref(), Some("1ms"));
    let report = place.wait(&mut place.with_results(&["report", "--ladder"])).exits(0);
    report.prints("init_cpu").prints("init_page_in");
}
