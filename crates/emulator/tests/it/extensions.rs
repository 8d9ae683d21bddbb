//! Internal extensions: those that run in the function's own process.

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_lambda::{MemorySize, Start, Status};
use kelvin_platform::{FunctionId, Gaps, Platform};
use serde_json::{Value, json};

use crate::gate::{Gate, open};
use crate::kit::{Kit, kit, kit_with, request};

fn deploy(kit: &Kit, env_vars: &[(&str, String)]) -> FunctionId {
    kit.deploy(|config| {
        config.memory_size = MemorySize::ONE_VCPU;
        let env_vars = env_vars.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        config.env_vars.extend(env_vars);
    })
}

/// What the extension was told, line by line.
fn told(kit: &Kit, function: FunctionId) -> Vec<String> {
    let invocation = kit.invoke(function, "extension-told");
    assert_eq!(invocation.status, Status::Ok, "{:?}", invocation.error);
    let text: String = serde_json::from_slice(&invocation.response).expect("a text");
    text.lines().map(str::to_owned).collect()
}

/// Whether the process of a function with this `INIT` hears of its end, before it is gone.
fn hears_of_its_end(init: &str, end: impl FnOnce(&Kit, FunctionId)) -> bool {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, memory: true, freeze: true, files: true });
    let mut gate = Gate::new(&kit.emulator);
    let port = gate.port().to_string();
    let function = deploy(&kit, &[("INIT", init.to_owned()), ("TERM_GATE", port)]);
    assert_eq!(kit.invoke(function, "echo").status, Status::Ok);
    end(&kit, function);
    gate.was_knocked_at()
}

/// It knocks and nobody lets it through, so it is killed when the shutdown phase is over.
#[test]
fn sigterm_comes_before_the_end_where_an_extension_has_registered() {
    let recycle = |kit: &Kit, function| {
        kit.recycle(function);
        assert_eq!(kit.folder.processes(), [""; 0], "still running");
        assert_eq!(kit.invoke(function, "echo").start, Start::Cold);
    };
    let remove = |kit: &Kit, function| {
        kit.runtime.block_on(kit.emulator.remove(function)).expect("the emulator works");
        assert_eq!(kit.folder.processes(), [""; 0], "still running");
    };
    assert!(hears_of_its_end("register []", recycle));
    assert!(hears_of_its_end("register [\"INVOKE\"]", remove));
    assert!(!hears_of_its_end("", recycle));
    // It may not register for that, and so has not registered.
    assert!(!hears_of_its_end("register [\"SHUTDOWN\"]", recycle));
}

#[test]
fn who_ends_at_sigterm_is_not_waited_for_longer() {
    let kit = kit();
    let gate = Gate::new(&kit.emulator);
    let port = gate.event().replace("gate ", "");
    let function = deploy(&kit, &[("INIT", "register []".to_owned()), ("TERM_GATE", port)]);
    kit.invoke(function, "echo");
    kit.runtime.block_on(async {
        let recycled = kit.emulator.recycle(function);
        let (recycled, ()) = tokio::join!(recycled, async { open(gate.knock().await).await });
        recycled.expect("the emulator works");
    });
    assert_eq!(kit.invoke(function, "echo").start, Start::Cold);
}

#[test]
fn an_extension_is_told_of_its_function_and_of_each_invocation() {
    let kit = kit();
    let function = deploy(&kit, &[("INIT", "register [\"INVOKE\"]".to_owned())]);
    let first = kit.invoke(function, "echo");
    let second = kit.invoke(function, "error");
    let lines = told(&kit, function);
    let registered = lines[0].strip_prefix("200 ").expect("it has registered");
    let registered: Value = serde_json::from_str(registered).expect("JSON");
    assert_eq!(
        registered,
        json!({
            "accountId": "123456789012",
            "functionName": "function",
            "functionVersion": "$LATEST",
            "handler": "bootstrap",
        })
    );
    for (line, invocation) in lines[1..].iter().zip([first, second]) {
        let event = line.strip_prefix("200 true ").expect("an event with its identifier");
        let event: Value = serde_json::from_str(event).expect("JSON");
        assert_eq!(event["eventType"], "INVOKE");
        assert_eq!(event["requestId"], invocation.request_id);
        assert_eq!(
            event["invokedFunctionArn"],
            "arn:aws:lambda:us-east-1:123456789012:function:function"
        );
        assert_eq!(event["tracing"]["type"], "X-Amzn-Trace-Id");
        assert!(event["deadlineMs"].is_u64(), "{event}");
    }
}

#[test]
fn an_environment_is_ready_when_its_extension_is() {
    let kit = kit();
    let gate = Gate::new(&kit.emulator);
    let port = gate.event().replace("gate ", "");
    let init = "register [\"INVOKE\"]".to_owned();
    let function = deploy(&kit, &[("INIT", init), ("EXTENSION_GATE", port)]);
    kit.runtime.block_on(async {
        let mut invoked = kit.emulator.invoke(function, request("echo"), Gaps::NONE);
        // The runtime has long asked for the next event when the extension may.
        let knocked = tokio::select! {
            _ = &mut invoked => panic!("it is complete while its extension works"),
            knocked = gate.knock() => knocked,
        };
        open(knocked).await;
        let invocation = invoked.await.expect("the emulator works");
        assert_eq!(invocation.status, Status::Ok);
    });
}

#[test]
fn an_extension_that_reports_an_error_is_why_the_process_ends() {
    let kit = kit();
    let function = deploy(&kit, &[("INIT", "register []".to_owned())]);
    kit.invoke(function, "echo");
    let failed = kit.invoke(function, "extension-error exit");
    let error = failed.error.expect("it failed");
    assert_eq!((failed.status, error.error_type.as_str()), (Status::Crash, "Extension.ExitError"));
    assert!(error.message.ends_with("Runtime exited with error: exit status 1"), "{error:?}");
    let log = failed.log_tail.expect("it was asked for");
    assert!(log.contains("extension error: 202"), "{log}");
    assert_eq!(kit.invoke(function, "echo").start, Start::SuppressedInit);
}
