//! `f.load()` and `f.summary()`: what they ask of the platform, and what they tell the script.

use insta::assert_snapshot;

use crate::fake::{Ran, Setup, run, run_script, run_with};
use crate::folder::compile;

const F: &str = "let f = deploy(#{ workload: \"hello\", name: \"f\" });\n";

/// What a script made the platform and the host do, without its deployment.
fn log(script: &str) -> String {
    let ran = run_with(&format!("{F}{script}"), Setup { seed: 1, ..Setup::default() });
    ran.result.unwrap_or_else(|error| panic!("{}", error.render()));
    ran.log[3..].join("\n")
}

fn mistake(script: &str) -> String {
    let ran = run(&format!("{F}{script}"));
    ran.result.expect_err("it is a mistake").to_string()
}

#[test]
fn an_open_loop_is_a_schedule() {
    assert_snapshot!(log("f.load(#{ rate: 10, duration: \"1s\" });"), @r#"
    (loading f: Some(10) requests)
    load 0 of 0: Open { arrivals: "constant", per_second: Some(10.0), trace: None }, Some(10) in Some(1s) in no block
    load 0: open, 10 requests from [0, 100, 200, 300, 400] ms, events ["{\"n\":\"small\"}"]
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    load 0 ended: 3
    "#);
    assert_snapshot!(log("f.load(#{ rate: 10, duration: 2, arrivals: \"poisson\" }); f.load(#{ rate: 10, duration: 2, arrivals: \"poisson\" });"), @r#"
    (loading f: Some(20) requests)
    load 0 of 0: Open { arrivals: "poisson", per_second: Some(10.0), trace: None }, Some(20) in Some(2s) in no block
    load 0: open, 20 requests from [106, 274, 595, 713, 719] ms, events ["{\"n\":\"small\"}"]
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    load 0 ended: 3
    (loading f: Some(21) requests)
    load 1 of 0: Open { arrivals: "poisson", per_second: Some(10.0), trace: None }, Some(21) in Some(2s) in no block
    load 0: open, 21 requests from [1, 139, 408, 474, 572] ms, events ["{\"n\":\"small\"}"]
    record 0 of load 1 Some("small"): ["ok"], expecting nothing
    record 0 of load 1 Some("small"): ["ok"], expecting nothing
    record 0 of load 1 Some("small"): ["ok"], expecting nothing
    load 1 ended: 3
    "#);
    assert_snapshot!(log("f.load(#{ rate: 2, to: 6, duration: \"1s\", arrivals: \"ramp\", case_name: \"large\" });"), @r#"
    (loading f: Some(4) requests)
    load 0 of 0: Open { arrivals: "ramp", per_second: Some(4.0), trace: None }, Some(4) in Some(1s) in no block
    load 0: open, 4 requests from [0, 366, 618, 822] ms, events ["{\"n\":\"large\"}"]
    record 0 of load 0 Some("large"): ["ok"], expecting nothing
    record 0 of load 0 Some("large"): ["ok"], expecting nothing
    record 0 of load 0 Some("large"): ["ok"], expecting nothing
    load 0 ended: 3
    "#);
    assert_snapshot!(log("f.load(#{ phases: [[\"1s\", 2], [\"500ms\", 10]], events: [1, 2] });"), @r#"
    (loading f: Some(7) requests)
    load 0 of 0: Open { arrivals: "phases", per_second: Some(4.666666666666667), trace: None }, Some(7) in Some(1.5s) in no block
    load 0: open, 7 requests from [0, 500, 1000, 1100, 1200] ms, events ["1", "2"]
    record 0 of load 0 None: ["ok"], expecting nothing
    record 0 of load 0 None: ["ok"], expecting nothing
    record 0 of load 0 None: ["ok"], expecting nothing
    load 0 ended: 3
    "#);
    assert_snapshot!(log("f.load(#{ rate: 100, invocations: 3, events: template(\"no {{seq}}\") });"), @r#"
    (loading f: Some(3) requests)
    load 0 of 0: Open { arrivals: "constant", per_second: Some(100.0), trace: None }, Some(3) in None in no block
    load 0: open, 3 requests from [0, 10, 20] ms, events ["\"no 0\"", "\"no 1\"", "\"no 2\""]
    record 0 of load 0 None: ["ok"], expecting nothing
    record 0 of load 0 None: ["ok"], expecting nothing
    record 0 of load 0 None: ["ok"], expecting nothing
    load 0 ended: 3
    "#);
}

#[test]
fn a_closed_loop_is_a_number_of_clients() {
    assert_snapshot!(log("f.load(#{ concurrency: 4, invocations: 100 });"), @r#"
    (loading f: Some(100) requests)
    load 0 of 0: Closed { clients: 4, gap: AsCalled }, Some(100) in None in no block
    load 0: closed, 4 until Invocations(100), events ["{\"n\":\"small\"}"]
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    load 0 ended: 3
    "#);
    assert_snapshot!(log("blocks(1, [f], |f| { f.load(#{ concurrency: 1, duration: \"2m\" }); });"), @r#"
    (turn 0 of 1, 0 of 1: f)
    (loading f: None requests)
    load 0 of 0: Closed { clients: 1, gap: AsCalled }, None in Some(120s) in 0.0
    load 0: closed, 1 until Elapsed(120s), events ["{\"n\":\"small\"}"]
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    record 0 of load 0 Some("small"): ["ok"], expecting nothing
    load 0 ended: 3
    "#);
}

#[test]
fn mistakes_say_what_would_be_right() {
    let check = |map: &str, expected: &str| {
        assert_eq!(mistake(&format!("f.load(#{{ {map} }});")), format!("load: {expected}"));
    };
    check(
        "",
        "give a rate, in requests a second, or a concurrency, in clients, or phases, or the file of a trace",
    );
    check("rate: 5", "give a duration, such as \"30s\"");
    check("rate: -1, duration: 1", "rate: expected a number of requests a second from 0, got -1");
    check(
        "rate: 5, duration: \"soon\"",
        "duration: expected a number of seconds or a text like \"200ms\", \"1.5s\", \"5m\", \"2h\", got \"soon\"",
    );
    check(
        "rate: 5, duration: 1, arrivals: \"poison\"",
        "unknown arrivals \"poison\"; did you mean \"poisson\"? known: constant, poisson, ramp, trace",
    );
    check("rate: 5, duration: 1, arrivals: \"ramp\"", "a ramp needs the rate that it goes to: to");
    check(
        "rate: 5, to: 6, duration: 1",
        "only a ramp has a rate that it goes to; set arrivals: \"ramp\"",
    );
    check("concurrency: 0, duration: 1", "concurrency: expected 1 to 10000 clients, got 0");
    check("concurrency: 2", "give a duration or a number of invocations");
    check(
        "concurrency: 2, duration: 1, rate: 5",
        "rate is of an open loop, and concurrency of a closed one; give only one of them",
    );
    check("rate: 5, phases: [[1, 5]]", "give either a rate or phases, not both");
    check("phases: [[1, 5]], duration: 1", "phases have durations and rates of their own");
    check("rate: 1e9, duration: 3600", "there would be more than 10000000 requests");
    check("rate: 5, duration: 1, events: []", "events: expected events, got an empty array");
    check(
        "rate: 5, duration: 1, case_name: \"lagre\"",
        "unknown case \"lagre\"; did you mean \"large\"? known: small, large",
    );
    check(
        "rate: 5, duration: 1, allow: [\"throtled\"]",
        "unknown status \"throtled\"; did you mean \"throttled\"? known: ok, error, timeout, crash, out_of_memory, wrong_answer, throttled, too_large",
    );
    check(
        "rte: 5",
        "unknown key \"rte\"; did you mean \"rate\"? known: rate, to, concurrency, phases, duration, invocations, arrivals, events, case_name, allow, file, function, from, speed, spread, gap",
    );
}

const COUNTS: &str =
    "HashOwner,HashApp,HashFunction,Trigger,1,2\no,a,busy,http,0,4\no,a,quiet,timer,1,0\n";

/// The same with a trace beside the script.
fn run_beside(script: &str) -> Ran {
    let files = [
        ("traces/counts.csv", COUNTS),
        ("moments.csv", "0.25\n0.5\n"),
        ("bad.csv", "at\n1\nsoon\n"),
    ];
    match compile(&files, &format!("{F}{script}")) {
        Ok(script) => run_script(&script, Setup { seed: 1, ..Setup::default() }),
        Err(error) => panic!("{}", error.render()),
    }
}

#[test]
fn a_trace_is_a_file_beside_the_script() {
    let log = |load: &str| {
        let ran = run_beside(&format!("f.load(#{{ {load} }});"));
        ran.result.unwrap_or_else(|error| panic!("{}", error.render()));
        ran.log[4..6].join("\n")
    };
    assert_snapshot!(log("arrivals: \"trace\", file: \"moments.csv\""), @r#"
    load 0 of 0: Open { arrivals: "trace", per_second: Some(4.0), trace: Some("moments.csv") }, Some(2) in Some(250ms) in no block
    load 0: open, 2 requests from [0, 250] ms, events ["{\"n\":\"small\"}"]
    "#);
    assert_snapshot!(log("file: \"traces/counts.csv\", from: \"1m\", duration: \"6s\", speed: 10"), @r#"
    load 0 of 0: Open { arrivals: "trace", per_second: Some(0.6666666666666666), trace: Some("traces/counts.csv (busy)") }, Some(4) in Some(6s) in no block
    load 0: open, 4 requests from [0, 1500, 3000, 4500] ms, events ["{\"n\":\"small\"}"]
    "#);
    assert_snapshot!(log("file: \"traces/counts.csv\", function: \"quiet\""), @r#"
    load 0 of 0: Open { arrivals: "trace", per_second: None, trace: Some("traces/counts.csv (quiet)") }, Some(1) in Some(0ns) in no block
    load 0: open, 1 requests from [0] ms, events ["{\"n\":\"small\"}"]
    "#);
    assert_snapshot!(log("file: \"traces/counts.csv\", spread: \"poisson\", speed: 60, invocations: 3"), @r#"
    load 0 of 0: Open { arrivals: "trace", per_second: Some(1.1025545849595424), trace: Some("traces/counts.csv (busy)") }, Some(3) in None in no block
    load 0: open, 3 requests from [1655, 1693, 1813] ms, events ["{\"n\":\"small\"}"]
    "#);
}

#[test]
fn mistakes_with_traces_say_what_would_be_right() {
    let check = |map: &str, expected: &str| {
        let ran = run_beside(&format!("f.load(#{{ {map} }});"));
        let error = ran.result.expect_err("it is a mistake").to_string();
        assert_eq!(error, format!("load: {expected}"), "{map}");
    };
    let file = "file: \"traces/counts.csv\"";
    check("arrivals: \"trace\"", "a trace is in a file beside the script: give its path as file");
    check(&format!("{file}, rate: 5"), "a trace has moments of its own: leave out rate");
    check(
        &format!("{file}, arrivals: \"poisson\""),
        "file is of arrivals: \"trace\", and these are \"poisson\"; give only one of them",
    );
    check("rate: 5, duration: 1, speed: 2", "speed is of arrivals: \"trace\" with a file");
    check(
        &format!("{file}, concurrency: 1, invocations: 1"),
        "file is of an open loop, and concurrency of a closed one; give only one of them",
    );
    check(
        &format!("{file}, speed: 0"),
        "speed: expected how many seconds of the trace pass in one, above 0, got 0",
    );
    check(
        &format!("{file}, spread: \"poison\""),
        "unknown spread \"poison\"; did you mean \"poisson\"? known: even, poisson",
    );
    check(
        &format!("{file}, function: \"bsy\""),
        "traces/counts.csv: no row has the function \"bsy\"; the busiest is \"busy\"",
    );
    check(
        "file: \"bad.csv\"",
        "bad.csv: line 3, column 1: expected a number of seconds, got \"soon\"",
    );
    check("file: \"none.csv\"", "failed to read none.csv: there is no file none.csv");
    check(
        "file: \"../secret.csv\"",
        "file: expected a path below the script's folder, without .., got \"../secret.csv\"",
    );
}

#[test]
fn scripts_can_react_to_what_they_measured() {
    let notes = |script: &str| {
        let lines = log(script);
        let notes = lines.lines().filter_map(|line| line.strip_prefix("note "));
        notes.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(notes("let l = f.load(#{ rate: 10, duration: 1 }); for key in l.keys() { print(`${key}: ${l[key]}`); }"), @r#"
    behind: #{"mean_ms": (), "p50_ms": (), "p90_ms": (), "p99_ms": ()}
    cold: 3
    duration: #{"mean_ms": 2.5, "p50_ms": (), "p90_ms": (), "p99_ms": ()}
    environments: 1
    failed: 0
    latency: #{"mean_ms": 9.5, "p50_ms": (), "p90_ms": (), "p99_ms": ()}
    ok: 3
    per_second: 315.7894736842105
    seconds: 0.0095
    sent: 3
    throttled: 0
    "#);
    let script = "f.invoke(); f.repeat(3); f.load(#{ concurrency: 1, invocations: 3 });
        let s = f.summary();
        print(`${s.invocations} ${s.failed} ${s.throttled} ${s.cold.count} ${s.cold.launches} ${s.warm.count} ${s.load.count}`);
        for key in s.cold.total.keys() { print(`${key}: ${s.cold.total[key]}`); }
        print(figure(s.cold.cost));
        print(figure(s.warm.billed));
        print(s.warm.latency.seen);
        print(s.load.latency);";
    assert_snapshot!(notes(script), @r#"
    7 0 0 4 4 0 3
    count: 4
    launches: 4
    mean: #{"high": (), "low": (), "unit": "ms", "value": 8.5, "why": "interval needs 10 launches, has 4"}
    mean_ms: 8.5
    p50: #{"high": (), "low": (), "unit": "ms", "value": (), "why": "needs 6 launches, has 4"}
    p50_ms: 
    p90: #{"high": (), "low": (), "unit": "ms", "value": (), "why": "needs 36 launches, has 4"}
    p90_ms: 
    p99: #{"high": (), "low": (), "unit": "ms", "value": (), "why": "needs 368 launches, has 4"}
    p99_ms: 
    seen: #{"max_ms": 8.5, "median_ms": 8.5, "min_ms": 8.5}
    $0.219 (interval needs 10 launches, has 4)
    – (needs 1 launch, has 0)

    #{"mean_ms": 9.5, "p50_ms": (), "p90_ms": (), "p99_ms": ()}
    "#);
}

#[test]
fn a_load_can_be_stopped() {
    let ran = run_with(
        &format!("{F}f.load(#{{ concurrency: 1, duration: \"1h\" }});"),
        Setup { hangs: true, ..Setup::default() },
    );
    assert_eq!(ran.result.expect_err("it was stopped").kind, kelvin_scenario::ErrorKind::Stopped);
}
