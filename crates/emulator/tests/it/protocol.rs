//! The Runtime API towards a function that speaks it by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use kelvin_lambda::{MemorySize, Start, Status};
use kelvin_platform::{Caller, CognitoIdentity, Gaps, InvokeRequest, Platform};

use crate::kit::{kit, request, seen};

#[test]
fn answers_to_odd_requests_are_those_of_aws() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |what: &str, response: &str| {
        let (status, _, got) = seen(&kit.invoke(function, what));
        assert_eq!((status, got.as_str()), (Status::Ok, response), "{what}");
    };
    check("echo", "\"echo\"");
    check("wrong-id", "400");
    check("next-again", "\"same\"");
    check("unknown-path", "404");
    check("garbage", "\"still here\"");
    let twice = kit.invoke(function, "twice");
    assert_eq!(seen(&twice), (Status::Ok, Start::Warm, "\"first\"".to_owned()));
    let log = twice.log_tail.expect("it was asked for");
    assert!(
        log.contains("second response: 403 {\"errorMessage\":\"State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}"),
        "{log}"
    );
}

#[test]
fn the_log_reads_like_cloudwatch() {
    let kit = kit();
    let function =
        kit.deploy(|config| config.memory_size = MemorySize::new(512).expect("in range"));
    let invocation = kit.invoke(function, "echo");
    let id = &invocation.request_id;
    let log = invocation.log_tail.expect("it was asked for");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(lines[1], "invocation 1");
    assert_eq!(lines[2], format!("END RequestId: {id}"));
    assert!(lines[3].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{log}");
    assert!(lines[3].contains("\tMemory Size: 512 MB\tMax Memory Used: "), "{log}");
    assert!(lines[3].contains("\tInit Duration: "), "{log}");
}

#[test]
fn what_init_writes_comes_before_start_of_the_first_invocation_and_of_no_other() {
    let kit = kit();
    let deploy = |init: &str, name: &str| {
        kit.deploy(|config| {
            config.name = name.to_owned();
            config.env_vars.insert("INIT".to_owned(), init.to_owned());
        })
    };
    let invoke = |function| {
        let invocation = kit.invoke(function, "echo");
        let log = invocation.log_tail.expect("it was asked for");
        let report = log.find("REPORT RequestId: ").expect("every log ends with it");
        let log = log[..report].replace(&invocation.request_id, "ID");
        // How long an init took is different each time.
        log.split_inclusive('\n')
            .map(|line| match line.strip_prefix("INIT_REPORT ") {
                Some(line) => line.split_once('\t').expect("it has fields").1.to_owned(),
                None => line.to_owned(),
            })
            .collect::<String>()
    };
    let rest =
        |n| format!("START RequestId: ID Version: $LATEST\ninvocation {n}\nEND RequestId: ID\n");
    let says = deploy("say connectedNLreadyNL", "says");
    assert_eq!(invoke(says), format!("connected\nready\n{}", rest(1)));
    assert_eq!(invoke(says), rest(2));
    kit.recycle(says);
    assert_eq!(invoke(says), format!("connected\nready\n{}", rest(1)));
    // A line goes on where it ends.
    let begins = deploy("say connecting: ", "begins");
    assert_eq!(invoke(begins), rest(1).replace("invocation", "connecting: invocation"));
    let large = deploy(&format!("say {}NL", "x".repeat(4000)), "large");
    let log = invoke(large);
    assert!(log.starts_with("xxx") && log.ends_with(&format!("xxx\n{}", rest(1))), "{log}");
    assert_eq!(invoke(large), rest(2));
    // Both tries, and that they failed.
    let failed = |what: &str| {
        let error = "Status: error\tError Type: Runtime.ExitError\t\n";
        format!(
            "{what}Phase: init\t{error}{what}Phase: invoke\t{error}START RequestId: ID Version: $LATEST\nEND RequestId: ID\n"
        )
    };
    assert_eq!(invoke(deploy("say-and-exit no table", "exits")), failed("no table\n"));
    assert_eq!(invoke(deploy("exit 1", "quiet")), failed(""));
    let once = deploy("exit once", "once");
    let init = "Phase: init\tStatus: error\tError Type: Runtime.ExitError\t\n";
    assert_eq!(invoke(once), format!("{init}{}", rest(1)));
    assert_eq!(invoke(once), rest(2));
}

#[test]
fn output_of_any_size_and_shape_does_not_block_the_function() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |what: &str, expected: &str| {
        let invocation = kit.invoke(function, what);
        assert_eq!(invocation.status, Status::Ok);
        let log = invocation.log_tail.expect("it was asked for");
        assert!(log.len() <= 4096 && log.contains(expected), "{log}");
    };
    check("output 100000000", "xxx\nthe end\nEND RequestId:");
    check("murmur", "invocation 2\nno newline\nEND RequestId:");
}

#[test]
fn a_function_sees_lambdas_variables_and_its_own() {
    let kit = kit();
    let function = kit.deploy(|config| {
        config.env_vars.insert("TABLE".to_owned(), "items".to_owned());
        config.env_vars.insert("LANG".to_owned(), "C".to_owned());
    });
    let check = |name: &str, expected: &str| {
        let (_, _, got) = seen(&kit.invoke(function, &format!("env {name}")));
        assert_eq!(got, expected, "{name}");
    };
    check("TABLE", "\"items\"");
    check("LANG", "\"C\"");
    check("AWS_LAMBDA_FUNCTION_NAME", "\"function\"");
    check("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "\"128\"");
    check("AWS_LAMBDA_FUNCTION_VERSION", "\"$LATEST\"");
    check("AWS_LAMBDA_INITIALIZATION_TYPE", "\"on-demand\"");
    check("AWS_REGION", "\"us-east-1\"");
    check("TZ", "\":UTC\"");
    check("_HANDLER", "\"bootstrap\"");
    // Not set on `provided`, and nothing of the harness's own environment.
    check("AWS_EXECUTION_ENV", "null");
    check("HOME", "null");
    check("CARGO_MANIFEST_DIR", "null");
}

#[test]
fn a_new_configuration_means_a_cold_start() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    assert_eq!(kit.invoke(function, "echo").start, Start::Cold);
    assert_eq!(kit.invoke(function, "echo").start, Start::Warm);
    let change = kelvin_platform::ConfigChange {
        memory_size: Some(MemorySize::new(1024).expect("in range")),
        ..Default::default()
    };
    kit.runtime.block_on(kit.emulator.configure(function, change)).expect("a valid change");
    let (_, start, memory) = seen(&kit.invoke(function, "env AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
    assert_eq!((start, memory.as_str()), (Start::Cold, "\"1024\""));
}

#[test]
fn a_function_is_told_of_its_caller_and_only_then() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |caller: Option<Caller>, expected: [Option<&str>; 3]| {
        let request = InvokeRequest { caller: caller.map(Arc::new), ..request("headers") };
        let invoked = kit.emulator.invoke(function, request, Gaps::NONE);
        let invocation = kit.runtime.block_on(invoked).expect("the emulator works");
        let headers: BTreeMap<String, String> =
            serde_json::from_slice(&invocation.response).expect("a map");
        let header = |name: &str| headers.get(name).map(String::as_str);
        let [context, identity, trace] = expected;
        assert_eq!(header("Lambda-Runtime-Client-Context"), context);
        assert_eq!(header("Lambda-Runtime-Cognito-Identity"), identity);
        let traced = header("Lambda-Runtime-Trace-Id").expect("there is always one");
        match trace {
            Some(trace) => assert_eq!(traced, trace),
            None => {
                assert!(traced.starts_with("Root=1-") && traced.contains(";Sampled=0"), "{traced}")
            }
        }
        assert_eq!(header("Lambda-Runtime-Aws-Request-Id"), Some(invocation.request_id.as_str()));
    };
    check(None, [None; 3]);
    check(Some(Caller::default()), [None; 3]);
    let context = r#"{"client":{"app_title":"Orders"},"custom":{"name":"Zoë"}}"#;
    let identity = CognitoIdentity {
        identity_id: "us-east-1:one".to_owned(),
        identity_pool_id: "us-east-1:pool".to_owned(),
    };
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let caller = Caller::new(Some(context.to_owned()), Some(identity), Some(trace.to_owned()));
    let json = r#"{"cognitoIdentityId":"us-east-1:one","cognitoIdentityPoolId":"us-east-1:pool"}"#;
    check(Some(caller.expect("it can be sent")), [Some(context), Some(json), Some(trace)]);
    check(None, [None; 3]);
}
