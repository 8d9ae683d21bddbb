//! Each way to fail is a recorded invocation with AWS's error, and the next invocation works.

use std::time::Duration;

use bytes::Bytes;
use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_lambda::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, MemorySize, Start, Status, Timeout};
use kelvin_platform::{FunctionId, Gaps, InvokeRequest, Platform, PlatformError};

use crate::kit::{Kit, kit, kit_of, kit_with, seen, spec};

/// What a failed function error looks like to the caller.
fn payload(error_type: &str, message: &str) -> String {
    format!(r#"{{"errorType":"{error_type}","errorMessage":"{message}"}}"#)
}

/// What is done, what the caller sees, and how the next invocation starts.
type Row<'a> = (&'a str, Status, &'a str, Start);

/// Invokes a warm function like this, and looks at what comes after.
fn check(kit: &Kit, function: FunctionId, (what, status, response, next): Row<'_>) {
    let first = kit.invoke(function, what);
    assert_eq!(seen(&first), (status, Start::Warm, response.to_owned()), "{what}");
    let log = first.log_tail.expect("it was asked for");
    assert!(log.contains("REPORT RequestId: "), "{what}: {log}");
    if status != Status::Ok {
        let error_type = first.error.expect("a failure has an error").error_type;
        let told = match status {
            Status::Crash => format!("\tStatus: error\tError Type: {error_type}\t"),
            Status::Timeout => "\tStatus: timeout\t".to_owned(),
            _ => "\t\n".to_owned(),
        };
        assert!(log.contains(&told), "{what}: {log}");
    }
    let after = kit.invoke(function, "echo");
    assert_eq!(seen(&after), (Status::Ok, next, "\"echo\"".to_owned()), "after {what}");
    assert_eq!(after.timing.init_ns, None, "a suppressed init has no Init Duration");
    assert_eq!(kit.invoke(function, "echo").start, Start::Warm, "after {what}");
}

#[test]
fn after_each_failure_the_next_invocation_works() {
    for (cpu, on) in [(CpuLimit::Off, false), (CpuLimit::Tick, true)] {
        fail_in_every_way(Limits { cpu, memory: on, freeze: on, files: on });
    }
}

fn fail_in_every_way(limits: Limits) {
    use Start::{SuppressedInit, Warm};
    use Status::{Crash, Error, Ok, TooLarge};
    let kit = kit_with(limits);
    let function = kit.deploy(|config| config.memory_size = MemorySize::ONE_VCPU);
    kit.invoke(function, "echo");
    let exit =
        |reason: &str| payload("Runtime.ExitError", &format!("RequestId: ID Error: {reason}"));
    let status = |code| exit(&format!("Runtime exited with error: exit status {code}"));
    let signal = |name| exit(&format!("Runtime exited with error: signal: {name}"));
    let too_large = payload(
        "Function.ResponseSizeTooLarge",
        &format!(
            "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
        ),
    );
    let table_missing =
        r#"{"errorType":"Table.Missing","errorMessage":"no such table","stackTrace":[]}"#;
    let truncated = payload("Runtime.TruncatedResponse", "Response was truncated");
    let table = [
        ("error", Error, table_missing, Warm),
        ("exit 0", Crash, &exit("Runtime exited without providing a reason"), SuppressedInit),
        ("exit 3", Crash, &status(3), SuppressedInit),
        ("panic", Crash, &status(101), SuppressedInit),
        ("abort", Crash, &signal("aborted"), SuppressedInit),
        ("signal 9", Crash, &signal("killed"), SuppressedInit),
        ("signal 11", Crash, &signal("segmentation fault"), SuppressedInit),
        ("signal 15", Crash, &signal("terminated"), SuppressedInit),
        ("escape-and-exit", Crash, &status(9), SuppressedInit),
        ("large 6291557", TooLarge, &too_large, Warm),
        ("large 7340032", TooLarge, &too_large, Warm),
        ("cut in the head", Ok, "\"after all\"", Warm),
        ("cut before the body", Error, &truncated, Warm),
        ("cut in the body", Error, &truncated, Warm),
        ("cut in a chunk", Error, &truncated, Warm),
        ("hang-up", Ok, "\"bye\"", Warm),
        // The caller has its answer, but the environment is lost.
        ("respond-and-exit", Crash, "\"last words\"", SuppressedInit),
    ];
    for row in table {
        check(&kit, function, row);
        assert_eq!(kit.folder.processes().len(), 1, "{}", row.0);
    }
}

#[test]
fn after_each_timeout_the_next_invocation_works() {
    let kit = kit();
    let timed_out =
        payload("Sandbox.Timedout", "RequestId: ID Error: Task timed out after 1.00 seconds");
    let timed_out = timed_out.as_str();
    let table = [
        ("hang", timed_out),
        ("spin 3600000", timed_out),
        ("stall in the body", timed_out),
        ("bomb and hang", timed_out),
        ("late", timed_out),
        ("output 1000000000000", timed_out),
        ("respond-and-hang", "\"done\""),
    ];
    // All at once, because each takes its second: a function each, of one emulator.
    std::thread::scope(|scope| {
        for (at, (what, response)) in table.into_iter().enumerate() {
            let kit = &kit;
            scope.spawn(move || {
                let function = kit.deploy(|config| {
                    config.name = format!("function-{at}");
                    config.timeout = Timeout::new(1).expect("in range");
                });
                kit.invoke(function, "echo");
                check(kit, function, (what, Status::Timeout, response, Start::SuppressedInit));
            });
        }
    });
    assert_eq!(kit.folder.processes().len(), table.len());
}

#[test]
fn the_largest_response_passes() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let invocation = kit.invoke(function, &format!("large {MAX_RESPONSE_BYTES}"));
    assert_eq!((invocation.status, invocation.response.len()), (Status::Ok, MAX_RESPONSE_BYTES));
}

#[test]
fn a_request_over_the_limit_reaches_no_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let invoke = |size| {
        let payload = Bytes::from(format!("\"{}\"", "x".repeat(size - 2)));
        let request = InvokeRequest::new(payload);
        kit.runtime
            .block_on(kit.emulator.invoke(function, request, Gaps::NONE))
            .expect("the emulator works")
    };
    let refused = invoke(MAX_REQUEST_BYTES + 1);
    assert_eq!(
        (refused.status, refused.environment, refused.billed_ms),
        (Status::TooLarge, None, 0)
    );
    let error = refused.error.expect("it failed");
    assert_eq!(error.error_type, "RequestTooLargeException");
    assert_eq!(
        error.message,
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    );
    let taken = invoke(MAX_REQUEST_BYTES);
    assert_eq!((taken.status, taken.start), (Status::Ok, Start::Cold));
}

#[test]
fn a_failing_init_is_tried_again_inside_the_invocation() {
    // Long enough for an init that goes well.
    let kit = kit_of(|options| options.init_timeout = Duration::from_millis(500));
    let init = |what: &str| {
        let what = what.to_owned();
        kit.deploy(|config| {
            config.name = what.replace(' ', "-");
            config.timeout = Timeout::new(1).expect("in range");
            config.env_vars.insert("INIT".to_owned(), what);
        })
    };
    let function = init("exit 1");
    let exited = payload(
        "Runtime.ExitError",
        "RequestId: ID Error: Runtime exited with error: exit status 1",
    );
    for _ in 0..2 {
        let invocation = kit.invoke(function, "echo");
        assert_eq!(seen(&invocation), (Status::Crash, Start::SuppressedInit, exited.clone()));
    }
    let reported = kit.invoke(init("error"), "echo");
    let body = r#"{"errorType":"Config.Missing","errorMessage":"no table name"}"#.to_owned();
    assert_eq!(seen(&reported), (Status::Error, Start::SuppressedInit, body));
    let timed_out =
        payload("Sandbox.Timedout", "RequestId: ID Error: Task timed out after 1.00 seconds");
    let hung = kit.invoke(init("hang"), "echo");
    assert_eq!(seen(&hung), (Status::Timeout, Start::SuppressedInit, timed_out));
    for once in ["exit once", "hang once"] {
        let function = init(once);
        let second_try = kit.invoke(function, "echo");
        let echo = (Status::Ok, Start::SuppressedInit, "\"echo\"".to_owned());
        assert_eq!(seen(&second_try), echo, "{once}");
        assert_eq!(second_try.timing.init_ns, None, "{once}");
        assert_eq!(kit.invoke(function, "echo").start, Start::Warm, "{once}");
    }
}

#[test]
fn a_bootstrap_that_cannot_be_executed_is_an_invalid_entrypoint() {
    let kit = kit();
    let bootstrap = kit.folder.path().join("not-a-program");
    // A program but for its type (ET_REL of elf(5)), as the kernel finds.
    let mut program = std::fs::read("/proc/self/exe").expect("this test is a program");
    program[16] = 1;
    std::fs::write(&bootstrap, program).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&bootstrap, mode).expect("permissions");
    let function = kit.deploy_bootstrap(bootstrap, |_| ());
    let failed = kit.invoke(function, "echo");
    let expected = payload(
        "Runtime.InvalidEntrypoint",
        "RequestId: ID Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    );
    assert_eq!(seen(&failed), (Status::Crash, Start::SuppressedInit, expected));
}

#[test]
fn what_cannot_be_deployed_is_refused_with_the_reason() {
    let kit = kit();
    let check = |name: &str, bootstrap: &str, expected: &str| {
        let config = kelvin_lambda::FunctionConfig::new(name);
        let spec = spec(config, bootstrap);
        let error = kit.runtime.block_on(kit.emulator.deploy(spec)).expect_err("it is refused");
        assert_eq!(chain(&error), expected);
    };
    check(
        "a",
        "/no/such/file",
        "bootstrap /no/such/file of function \"a\" cannot be used: No such file or directory (os error 2)",
    );
    check(
        "a",
        "/etc/passwd",
        "bootstrap /etc/passwd of function \"a\" cannot be used: it may not be executed; to allow it: chmod +x /etc/passwd",
    );
    check(
        "a",
        "/etc",
        "bootstrap /etc of function \"a\" cannot be used: it is a folder; name the executable in it",
    );
    check(
        "a b",
        "/bin/true",
        "function \"a b\" cannot be configured like that: function name \"a b\" is not valid: 1 to 64 letters, digits, hyphens and underscores",
    );
    kit.deploy(|_| ());
    check(
        "function",
        "/bin/true",
        "there is a function \"function\" already; give this one another name",
    );
}

fn chain(error: &PlatformError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
