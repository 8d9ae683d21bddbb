//! Scripts on the platform that answers nominally.

use std::time::Duration;

use kelvin_scenario::{ErrorKind, Totals};

use crate::accepting::{self, evaluate};

fn totals(script: &str) -> Totals {
    accepting::run(script).unwrap_or_else(|error| panic!("{}", error.render()))
}

#[test]
fn the_shipped_scenario_can_be_tried_dry() {
    let totals = totals(include_str!("../../../../harness/scenarios/cold-warm.rhai"));
    assert_eq!((totals.functions, totals.launches, totals.invocations), (12, 240, 240 * 11));
}

#[test]
fn counts_launches_invocations_time_and_cost() {
    let Totals { functions, launches, invocations, time, cost, .. } = totals(
        r#"
        if platform != "emulator" { throw platform; }
        gap("none");
        let f = deploy(#{ workload: "x" });
        blocks(3, [f], |f| { f.recycle(); f.invoke(); f.repeat(5000); });
        f.configure(#{ memory: 1024 });
        f.invoke();
        f.invoke();
        pause("2h");
        f.remove();
        deploy(#{ workload: "x" });
        "#,
    );
    assert_eq!((functions, launches, invocations), (2, 4, 15_005));
    let invoking = Duration::from_millis(4 * 20 + 15_005);
    assert_eq!(time, Duration::from_secs(7200) + invoking);
    // 128 MB: 3 cold starts of 21 ms and 15,000 of 1 ms; 1,024 MB: one of each.
    let gb_seconds = (3.0 * 21.0 + 15_000.0) / 8000.0 + 22.0 / 1000.0;
    assert!((cost.compute_usd / gb_seconds - 1.5e-5).abs() < 2e-6, "{cost:?}");
    assert!((cost.request_usd - 15_005.0 * 2e-7).abs() < 1e-9, "{cost:?}");
}

#[test]
fn requests_of_a_load_overlap() {
    let check = |load: &str, invocations, seconds| {
        let totals =
            totals(&format!("let f = deploy(#{{ workload: \"x\" }}); f.load(#{{ {load} }});"));
        assert_eq!((totals.loads, totals.invocations), (1, invocations), "{load}");
        assert_eq!(totals.time, Duration::from_secs_f64(seconds), "{load}");
    };
    check("rate: 2000, duration: \"2s\"", 4000, 1.9995 + 0.001);
    check("concurrency: 4, invocations: 10, gap: \"none\"", 10, 0.003);
    check("concurrency: 4, duration: \"1s\", gap: \"none\"", 4000, 1.0);
    check("phases: [[10, 0]]", 0, 0.001);
}

#[test]
fn a_load_tells_its_script_what_was_planned() {
    totals(
        r#"
        let f = deploy(#{ workload: "x" });
        let l = f.load(#{ rate: 100, duration: "10s", arrivals: "poisson" });
        if l.per_second < 80.0 || l.per_second > 120.0 { throw l.per_second; }
        if l.behind.p90_ms != 0.0 { throw l.behind; }
        let l = f.load(#{ concurrency: 8, invocations: 800, gap: "none" });
        if l.per_second < 7000.0 || l.per_second > 8001.0 { throw l.per_second; }
        "#,
    );
}

#[test]
fn the_gap_between_invocations_takes_its_time() {
    let seconds = |loops: &str| {
        let script = format!("let f = deploy(#{{ workload: \"x\" }}); {loops}");
        totals(&script).time.as_secs_f64()
    };
    // A cold start of 21 ms, and 100 invocations of 1 ms with a gap before each of them.
    let fixed = seconds("gap(\"20ms\"); f.repeat(101);");
    assert!((fixed - (0.021 + 100.0 * 0.021)).abs() < 1e-9, "{fixed}");
    let of_function = seconds("gap(\"1s\"); f.gap(\"none\").repeat(101);");
    assert!((of_function - 0.121).abs() < 1e-9, "{of_function}");
    let as_called = seconds("f.repeat(1001);");
    assert!((as_called / 20.4 - 1.0).abs() < 0.1, "log-normal with a mean of 19.4 ms: {as_called}");
}

#[test]
fn what_is_planned_is_counted_in_no_time() {
    let totals = |call: &str| {
        totals(&format!(
            "gap(\"none\"); let f = deploy(#{{ workload: \"x\" }}); f.invoke(); {call}"
        ))
    };
    let Totals { invocations, launches, time, cost, .. } = totals(
        "let done = f.repeat(100_000_000_000);
         if done != #{ invocations: 100_000_000_000, failed: 0 } { throw done; }
         if f.summary().invocations != 100_000_000_001 { throw f.summary(); }
         threshold(\"hardly any fails\", #{ function: f, metric: \"failed\", below: 0.0000001 });",
    );
    assert_eq!((invocations, launches), (100_000_000_001, 1));
    assert_eq!(time, Duration::from_millis(21 + 100_000_000_000));
    assert!((cost.request_usd - 20_000.0).abs() < 1e-3, "{cost:?}");
    let year = totals(
        "let l = f.load(#{ concurrency: 100, duration: \"8760h\" });
         if l.sent != 3_153_600_000_000 || l.ok != l.sent || l.cold != 0 { throw l; }
         if l.seconds < 31_535_999.0 || l.seconds > 31_536_000.0 { throw l; }",
    );
    assert_eq!(year.invocations, 3_153_600_000_001);
    // Many calls are as quick as large ones.
    let many = totals(
        "for i in 0..1_000 { f.repeat(1_000_000); f.load(#{ concurrency: 1, invocations: 999_999 }); }",
    );
    assert_eq!(many.invocations, 1 + 1_000 * 1_999_999);
    // However many they are, the sums have an end.
    totals(
        "f.repeat(9_000_000_000_000_000_000); f.repeat(9_000_000_000_000_000_000); f.repeat(9_000_000_000_000_000_000);",
    );
    totals("pause(1e19); pause(1e19); f.invoke(); f.load(#{ rate: 1, duration: 1 });");
}

#[test]
fn requests_that_stand_for_others_are_as_many() {
    for n in [0, 1, 2, 99_999, 100_000, 100_001, 100_002, 250_000, 12_345_678] {
        let script = format!(
            "let f = deploy(#{{ workload: \"x\" }}); f.load(#{{ concurrency: 7, invocations: {n}, gap: \"none\" }});"
        );
        assert_eq!(totals(&script).invocations, n);
    }
}

/// How an evaluation ends, and at which line.
fn ended(script: &str, may_take: Duration) -> (ErrorKind, Option<usize>) {
    let error = evaluate(script, may_take).expect_err(script);
    (error.kind, error.place.map(|place| place.line))
}

#[test]
fn a_loop_that_waits_for_what_is_measured_is_not_counted_to_its_end() {
    let deploy = "let f = deploy(#{ workload: \"x\" });\n";
    for endless in [
        "while f.invoke().duration_ms < 5.0 { f.repeat(10); }",
        "while f.invoke().status == \"ok\" { pause(\"1s\"); }",
        "loop { f.repeat(30); if f.summary().warm.duration.p50_ms > 9.0 { break; } }",
        "do { f.recycle(); } until f.load(#{ concurrency: 1, invocations: 3 }).cold == 0",
        "blocks(1_000_000_000, [f], |f| f.invoke());",
        "blocks(1_000_000_000, [f], |f| {});",
    ] {
        let ended = ended(&format!("{deploy}{endless}"), Duration::from_millis(200));
        assert_eq!(ended, (ErrorKind::Uncounted, Some(2)), "{endless}");
    }
}

#[test]
fn a_script_that_waits_too_long_is_told_before_anything_runs() {
    let deploy = "let f = deploy(#{ workload: \"x\" });\n";
    for waits in [
        "pause(\"2h\");",
        "loop { pause(\"1s\"); }",
        "blocks(7, [f], |f| { f.recycle(); f.invoke(); f.repeat(10); pause(\"10m\"); });",
        "gap(\"1m\"); f.repeat(100);",
        "f.load(#{ rate: 1, duration: \"61m\" });",
        "f.load(#{ concurrency: 2, invocations: 1000, gap: \"10s\" });",
        "parallel([|| pause(\"10m\"), || pause(\"50m\")]); pause(\"11m\");",
    ] {
        let script = format!("{deploy}{waits}");
        let ended = ended(&script, Duration::from_secs(60));
        assert_eq!(ended, (ErrorKind::Deadline, Some(2)), "{waits}");
    }
    let limit = "the scenario waits longer than the 1h that it may take";
    let error = evaluate("pause(\"2h\");", Duration::from_secs(60)).unwrap_err();
    assert!(error.message.starts_with(limit), "{}", error.message);
    let fits = |script: &str| evaluate(script, Duration::from_secs(60)).unwrap().waits_too_long;
    assert!(!fits("pause(\"59m\");"));
    assert!(!fits("parallel([|| pause(\"50m\"), || pause(\"50m\")]);"));
    // What follows from nominal figures may not be so.
    let reads = "if f.invoke().duration_ms < 5.0 { pause(\"2h\"); }";
    assert!(fits(&format!("{deploy}{reads}")));
}
