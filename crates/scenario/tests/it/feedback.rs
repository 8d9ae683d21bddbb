//! `threshold()`, `parallel()` and `pipe()`.

use std::time::Duration;

use insta::assert_snapshot;

use crate::fake::{Setup, run, run_with};

const F: &str = "let f = deploy(#{ workload: \"hello\", name: \"f\" });\nlet g = deploy(#{ workload: \"hello\", name: \"g\" });\n";

fn lines(script: &str, of: &str) -> String {
    let ran = run(&format!("{F}{script}"));
    ran.result.unwrap_or_else(|error| panic!("{}", error.render()));
    let lines: Vec<&str> =
        ran.log.iter().map(String::as_str).filter(|l| l.starts_with(of)).collect();
    lines.join("\n")
}

fn mistake(script: &str) -> String {
    let ran = run(&format!("{F}{script}"));
    ran.result.expect_err("it is a mistake").to_string()
}

#[test]
fn thresholds_are_decided_at_the_end() {
    let script = r#"
        threshold("mean", #{ function: f, start: "cold", below_ms: 3 });
        threshold("billed", #{ function: f, start: "cold", metric: "billed", mean: true, below_ms: 3 });
        threshold("p90", #{ function: f, metric: "latency", p: 90, below_ms: 100 });
        threshold("failed", #{ function: f, metric: "failed", below: 0.5 });
        threshold("never", #{ function: g, below_ms: 1 });
        threshold("init", #{ function: f, metric: "init", above_ms: 5 });
        threshold("cost", #{ function: f, start: "cold", metric: "cost", above: 1 });
        threshold("of loads", #{ function: f, start: "load", metric: "failed", below: 0.4 });
        f.load(#{ concurrency: 1, invocations: 3, events: [#{ status: "throttled" }, 1, 2] });
        f.invoke();
        f.invoke(#{ status: "error" });
    "#;
    assert_snapshot!(lines(script, "check"), @r#"
    check mean: true Measure { value: Some(2.5), ci95: None, limit: 3.0, side: Below, unit: "ms", n: Some(1), launches: Some(1), undecided: false, reason: None }
    check billed: false Measure { value: Some(9.0), ci95: None, limit: 3.0, side: Below, unit: "ms", n: Some(1), launches: Some(1), undecided: false, reason: None }
    check p90: false Measure { value: None, ci95: None, limit: 100.0, side: Below, unit: "ms", n: Some(0), launches: Some(0), undecided: true, reason: Some("needs 6 launches with 10 invocations each, has 0") }
    check failed: false Measure { value: Some(0.4), ci95: Some([0.05274495052631695, 0.8533672003653261]), limit: 0.5, side: Below, unit: "share", n: Some(5), launches: None, undecided: true, reason: Some("the interval contains the limit; it takes 6 invocations at least, has 5") }
    check never: false Measure { value: None, ci95: None, limit: 1.0, side: Below, unit: "ms", n: Some(0), launches: Some(0), undecided: true, reason: Some("needs 1 launch, has 0") }
    check init: true Measure { value: Some(6.0), ci95: None, limit: 5.0, side: Above, unit: "ms", n: Some(1), launches: Some(1), undecided: false, reason: None }
    check cost: false Measure { value: Some(0.2187500375), ci95: None, limit: 1.0, side: Above, unit: "usd_per_million", n: Some(1), launches: Some(1), undecided: false, reason: None }
    check of loads: false Measure { value: Some(0.3333333333333333), ci95: Some([0.008403758659612678, 0.9057006759497537]), limit: 0.4, side: Below, unit: "share", n: Some(3), launches: None, undecided: true, reason: Some("the interval contains the limit; it takes 8 invocations at least, has 3") }
    "#);
}

#[test]
fn thresholds_say_what_would_be_right() {
    let check = |map: &str, expected: &str| {
        let script = format!("threshold(\"t\", #{{ {map} }});");
        assert_eq!(mistake(&script), format!("threshold: {expected}"));
    };
    check("below_ms: 1", "give the function that it is about");
    check("function: 1, below_ms: 1", "function: expected a function, got 1");
    check("function: f", "give the limit: below_ms or above_ms");
    check("function: f, metric: \"cost\"", "give the limit: below or above");
    check("function: f, below_ms: 1, above_ms: 2", "give only one limit: below_ms or above_ms");
    check("function: f, below: 1", "duration is compared with below_ms, not with below");
    check("function: f, above_ms: \"x\"", "above_ms: expected a number, got \"x\"");
    check(
        "function: f, metric: \"init\", start: \"warm\", below_ms: 1",
        "a warm start has no init; set start: \"cold\"",
    );
    check(
        "function: f, metric: \"failed\", start: \"cold\", below: 1",
        "failed is a share of all invocations; leave out start, or set start: \"load\"",
    );
    check(
        "function: f, metric: \"cost\", below_ms: 1",
        "cost is compared with below, not with below_ms",
    );
    check(
        "function: f, metric: \"failed\", p: 50, below: 1",
        "failed has no percentiles; leave out p",
    );
    check(
        "function: f, p: 100, below_ms: 1",
        "p: expected a percentile above 0 and below 100, got 100",
    );
    check("function: f, p: 50, mean: true, below_ms: 1", "give either p or mean, not both");
    check(
        "function: f, start: \"wram\", below_ms: 1",
        "unknown start \"wram\"; did you mean \"warm\"? known: warm, cold, any, load",
    );
    check(
        "function: f, metric: \"latecy\", below_ms: 1",
        "unknown metric \"latecy\"; did you mean \"latency\"? known: duration, latency, init, total, billed, cost, failed, throttled",
    );
    check(
        "function: f, bellow_ms: 1",
        "unknown key \"bellow_ms\"; did you mean \"below_ms\"? known: function, start, metric, p, mean, below_ms, below, above_ms, above",
    );
}

#[test]
fn comparisons_say_no_more_than_their_pairs_do() {
    let script = r#"
        let base = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let say = |c| note(`${c.verdict} ${c.pairs} ${figure(c.times)} ${figure(c.more)}`);
        say.call(compare(base.map(|x| 2.0 * x), base));
        say.call(compare(base, base.map(|x| 2.0 * x)));
        say.call(compare([2.0, 1.0, 3.0, 2.0, 5.0, 6.0, 7], base));
        say.call(compare([1.0, 2.0, (), 4.0, 5.0, 6.0], base));
    "#;
    assert_snapshot!(lines(script, "note"), @r"
    note more 7 2.00 (2.00–2.00) 4.00 (2.00–6.00)
    note less 7 0.500 (0.500–0.500) -4.00 (-6.00 to -2.00)
    note open 7 1.00 (0.50–1.41) 0.00 (-1.00 to 0.50)
    note unknown 5 – (needs 6 pairs of launches, has 5) – (needs 6 pairs of launches, has 5)
    ");
    assert_eq!(
        mistake("compare([\"1\"], [2]);"),
        "compare: expected lists of numbers, got \"1\" in one"
    );
    let check = |map: &str, expected: &str| {
        assert_eq!(
            mistake(&format!("compare(f, g, #{{ {map} }});")),
            format!("compare: {expected}")
        );
    };
    check("metric: \"failed\"", "shares are not compared");
    check("start: \"load\"", "a load has no launches of its own");
    check("below_ms: 1", "unknown key \"below_ms\"; known: start, metric, p, mean");
}

#[test]
fn closures_run_at_the_same_time_and_return_in_order() {
    let script = r#"
        let n = 10;
        let results = parallel([|| { f.invoke(); n + 1 }, || g.load(#{ concurrency: 1, invocations: 3 }).sent, || n]);
        print(results);
        print(n);
    "#;
    assert_snapshot!(lines(script, "note"), @r"
    note [11, 3, 10]
    note 10
    ");
    // Each has the expectations of whoever started it, and its own.
    let script = r#"
        expect_status("error", || parallel([
            || f.invoke(#{ status: "error" }),
            || expect_status("timeout", || g.invoke(#{ status: "timeout" })),
        ]));
    "#;
    assert_snapshot!(lines(script, "check"), @r"
    check expect_status timeout: true
    check expect_status error: true
    ");
}

#[test]
fn a_closure_that_fails_fails_the_script() {
    assert_eq!(
        mistake("parallel([|| f.invoke_case(\"none\"), || g.invoke()]);"),
        "unknown case \"none\"; known: small, large"
    );
    assert_eq!(mistake("parallel([1]);"), "parallel: expected an array of closures, got 1 in it");
    assert_eq!(
        mistake("parallel([|| parallel([|| 1])]);"),
        "parallel() cannot be called inside parallel()"
    );
    assert_eq!(
        mistake("parallel([|| blocks(1, [f], |f| f.invoke())]);"),
        "blocks() cannot be called inside parallel()"
    );
}

#[test]
fn the_first_closure_that_fails_ends_the_others() {
    // An invocation would never end, and nor would a loop; the time limit is there to fail the test.
    let setup =
        || Setup { hangs: true, run_time: Some(Duration::from_secs(120)), ..Setup::default() };
    for other in ["f.invoke()", "f.load(#{ concurrency: 1, duration: \"1m\" })", "pause(\"1m\")"] {
        let script = format!("{F}parallel([|| {other}, || throw \"first\", || {other}]);");
        let error = run_with(&script, setup()).result.expect_err("a closure throws");
        assert_eq!(error.to_string(), "first", "{other}");
    }
    let script = "parallel([|| { let n = 0; loop { n += 1; } }, || throw \"first\"]);";
    assert_eq!(mistake(script), "first");
    // The script may catch it, and goes on alone.
    let script = r#"
        try { parallel([|| { loop { try { g.invoke(); } catch { } } }, || f.invoke_case("none")]); }
        catch (error) { print(error); }
        print(f.invoke().status);
    "#;
    let notes = "note unknown case \"none\"; known: small, large\nnote ok";
    assert_eq!(lines(script, "note"), notes);
}

#[test]
fn arrivals_at_the_same_time_do_not_depend_on_who_is_faster() {
    let of = |n: usize, script: &str| {
        let load = lines(script, &format!("load {n}: "));
        load.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let load = |f: &str| format!("{f}.load(#{{ rate: 10, duration: 2, arrivals: \"poisson\" }})");
    let (f, g) = (load("f"), load("g"));
    let (both, turned) =
        (format!("parallel([|| {f}, || {g}]);"), format!("parallel([|| {g}, || {f}]);"));
    for n in [0, 1] {
        assert_eq!(of(n, &both).len(), 1);
        assert_eq!(of(n, &both), of(n, &turned));
    }
    assert_ne!(of(0, &both)[0][7..], of(1, &both)[0][7..]);
}

#[test]
fn functions_that_are_deployed_at_the_same_time_have_names_of_their_own() {
    let closure = "|| deploy(#{ workload: \"json\" }).describe().name";
    let script =
        format!("let names = parallel([{}]); names.sort(); print(names);", [closure; 8].join(", "));
    let names: Vec<String> = (1..=8)
        .map(|n| {
            if n == 1 { "\"json-release-128\"".into() } else { format!("\"json-release-128-{n}\"") }
        })
        .collect();
    assert_eq!(lines(&script, "note"), format!("note [{}]", names.join(", ")));
    // One that could not be deployed leaves its name.
    let script = r#"
        try { deploy(#{ workload: "json", name: "n", memory: 1 }); } catch { }
        print(deploy(#{ workload: "json", name: "n" }).describe().name);
    "#;
    assert_eq!(lines(script, "note"), "note n");
}

#[test]
fn a_response_feeds_the_next_function() {
    let script = r#"
        let whole = pipe([f, g], #{ a: 1 });
        print(`${whole.status} ${whole.latency_ms} ${whole.stages.len()} ${whole.response}`);
        let broken = expect_status("error", || pipe([f, g, f], #{ status: "error" }));
        print(`${broken.status} ${broken.stages.len()}`);
    "#;
    assert_snapshot!(lines(script, ""), @r#"
    (deploying f: Workload("hello"))
    deploy f: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 0: f, Some("hello"), release
    (deploying g: Workload("hello"))
    deploy g: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 1: g, Some("hello"), release
    invoke 0: {"a":1}, log true
    record 0 None: ["ok"], expecting nothing
    invoke 1: {"got":{"a":1}}, log true
    record 1 None: ["ok"], expecting nothing
    PipeFacts { functions: [FunctionId(0), FunctionId(1)], sent_at_ns: [0, 0], latency_ns: [9500000, 9500000], cold: 2, whole_ns: 9500000, ok: true, is_recorded: false, slot: None }
    read 0: {"got":{"a":1}}
    read 1: {"got":{"got":{"a":1}}}
    note ok 9.5 2 #{"got": #{"got": #{"a": 1}}}
    invoke 0: {"status":"error"}, log true
    record 0 None: ["error"], expecting error
    PipeFacts { functions: [FunctionId(0)], sent_at_ns: [0], latency_ns: [9500000], cold: 1, whole_ns: 9500000, ok: false, is_recorded: false, slot: None }
    read 0: {"got":{"status":"error"}}
    check expect_status error: true
    note error 1
    "#);
    assert_eq!(mistake("pipe([], 1);"), "pipe: expected functions, got an empty array");
    assert_eq!(mistake("pipe([1], 1);"), "pipe: expected an array of functions, got 1 in it");
}
