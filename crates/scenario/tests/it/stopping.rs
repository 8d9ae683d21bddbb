//! A run ends when it should, whatever the platform does.

use std::time::Duration;

use kelvin_scenario::{ErrorKind, Script};

use crate::fake::{Setup, run_with};

fn check(script: &str, setup: Setup, kind: ErrorKind, line: usize) {
    let error = run_with(script, setup).result.expect_err("it is stopped");
    assert_eq!(error.kind, kind, "{}", error.render());
    assert_eq!(error.place.map(|place| place.line), Some(line));
}

fn hanging() -> Setup {
    Setup { hangs: true, ..Setup::default() }
}

fn hurried() -> Setup {
    Setup { hangs: true, run_time: Some(Duration::from_millis(5)), ..Setup::default() }
}

#[test]
fn the_user_stops_a_wait() {
    check("pause(\"1h\");", hanging(), ErrorKind::Stopped, 1);
    let deploy = "let f = deploy(#{ workload: \"hello\" });\n";
    check(&format!("{deploy}f.repeat(1_000);"), hanging(), ErrorKind::Stopped, 2);
    check(
        &format!("{deploy}blocks(9, [f], |f| {{\n  f.invoke();\n}});"),
        hanging(),
        ErrorKind::Stopped,
        3,
    );
}

#[test]
fn a_build_that_the_user_stops_has_not_failed() {
    let script = "\ndeploy(#{ workload: \"stopped\" });";
    check(script, Setup::default(), ErrorKind::Stopped, 2);
}

#[test]
fn a_script_cannot_catch_a_stop() {
    let script = "try { pause(1); } catch { note(\"caught\"); }\nloop {}";
    let ran = run_with(script, hanging());
    assert_eq!(ran.result.map_err(|error| error.kind), Err(ErrorKind::Stopped));
    assert_eq!(ran.log, ["(pausing 1s)", "sleep 1s"]);
}

#[test]
fn nor_within_a_function_that_calls_closures() {
    let script = "let n = 0;\ntry { [1].map(|x|\n  pause(x)\n); } catch { n = 1; }\nif n == 1 { note(\"caught\"); }";
    let ran = run_with(script, hanging());
    let error = ran.result.unwrap_err();
    assert_eq!((error.kind, error.place.map(|place| place.line)), (ErrorKind::Stopped, Some(3)));
    assert_eq!(ran.log, ["(pausing 1s)", "sleep 1s"]);
    let last = "try { [1].map(|x| deploy(#{ workload: \"x\" })); } catch {}";
    check(last, Setup::default(), ErrorKind::Host, 1);
}

#[test]
fn the_deadline_ends_a_loop_and_a_wait() {
    check("loop {}", hurried(), ErrorKind::Deadline, 1);
    check("pause(1);", hurried(), ErrorKind::Deadline, 1);
}

#[test]
fn a_wait_that_is_longer_than_a_run_does_not_begin() {
    let ran =
        run_with("let f = deploy(#{ workload: \"hello\" });\npause(\"2h\");", Setup::default());
    let error = ran.result.unwrap_err();
    assert_eq!((error.kind, error.place.map(|place| place.line)), (ErrorKind::Deadline, Some(2)));
    assert!(!ran.log.iter().any(|line| line.contains("sleep")), "{:?}", ran.log);
}

#[test]
fn parameters_are_read_without_reaching_outside() {
    let check = |script: &str, expected: &[&str]| {
        let parameters = Script::compile("test.rhai", script).unwrap().parameters().unwrap();
        let shown: Vec<String> = parameters.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected, "{script}");
    };
    check("let p = params(#{ b: [1, 2], a: \"x\" }); loop {}", &["a=x", "b=1,2"]);
    check("try { params(#{ a: 1 }); } catch { } throw \"no\"", &["a=1"]);
    check("note(\"hi\"); deploy(#{ nonsense: 1 }); params(#{ a: 1 });", &[]);
    check("1 + 1", &[]);
    let error =
        Script::compile("test.rhai", "params(#{ a: () });").unwrap().parameters().unwrap_err();
    assert_eq!(
        error.message,
        "params: a: expected numbers, strings, truth values or a list of them, got ()"
    );
}
