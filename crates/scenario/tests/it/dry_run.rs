//! Scripts on the platform that answers nominally.

use std::time::Duration;

use kelvin_scenario::Totals;

use crate::accepting;

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
