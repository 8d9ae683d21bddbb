//! Script → calls.

use insta::assert_snapshot;
use kelvin_scenario::Outcome;

use crate::fake::{Ran, Setup, run, run_with};

/// Runs a script that must succeed; what it notes, in order.
fn notes(script: &str) -> String {
    let log = succeed(run(script));
    log.iter().filter_map(|line| line.strip_prefix("note ")).collect::<Vec<_>>().join("\n")
}

fn succeed(ran: Ran) -> Vec<String> {
    if let Err(error) = ran.result {
        panic!("{}", error.render());
    }
    ran.log
}

#[test]
fn one_function_from_deploy_to_remove() {
    let ran = run(r#"
        let f = deploy(#{ workload: "json", memory: 512, timeout: 30, env: #{ A: "b" } });
        f.invoke();
        f.invoke_case("large");
        f.invoke(#{ a: [1, 2.5, (), "x"] });
        let counts = f.repeat(2);
        f.repeat(1, "text");
        f.repeat_case(1, "large");
        f.configure(#{ memory: 1024, env: #{ C: "d" } });
        f.recycle();
        pause("1.5s");
        check("counts", counts == #{ invocations: 2, failed: 0 });
        note("done");
        print(f);
        f.remove();
    "#);
    assert_snapshot!(succeed(ran).join("\n"), @r#"
    (deploying json-release-512: Workload("json"))
    deploy json-release-512: /built/json-release, 512 MB, 30 s, {"A": "b", "KELVIN_SPANS": "1"}
    deployed 0: json-release-512, Some("json"), release
    invoke 0: {"n":"small"}, log true
    record 0 Some("small"): ["ok"], expecting nothing
    invoke 0: {"n":"large"}, log true
    record 0 Some("large"): ["ok"], expecting nothing
    invoke 0: {"a":[1,2.5,null,"x"]}, log true
    record 0 None: ["ok"], expecting nothing
    (repeating json-release-512 2 times)
    repeat 0: 2 × {"n":"small"}, log false
    record 0 Some("small"): ["ok"], expecting nothing
    record 0 Some("small"): ["ok"], expecting nothing
    (repeating json-release-512 1 times)
    repeat 0: 1 × "text", log false
    record 0 None: ["ok"], expecting nothing
    (repeating json-release-512 1 times)
    repeat 0: 1 × {"n":"large"}, log false
    record 0 Some("large"): ["ok"], expecting nothing
    configure 0: Some(1024), Some({"C": "d", "KELVIN_SPANS": "1"})
    configured 0: 1024 MB
    launch 0 in no block
    recycle 0
    launch 0 in no block
    (pausing 1.5s)
    sleep 1.5s
    check counts: true
    note done
    note json-release-512
    remove 0
    removed 0
    "#);
}

#[test]
fn names_paths_and_defaults() {
    let ran = run(r#"
        for i in 0..3 { deploy(#{ workload: "hello" }); }
        deploy(#{ bootstrap: "mine/bootstrap", variant: "fat", name: "own" });
        deploy(#{ bootstrap: "/abs/tool", architecture: deploy(#{ workload: "json" }).describe().architecture });
    "#);
    let log = succeed(ran).into_iter().filter(|line| line.starts_with("deploy "));
    assert_snapshot!(log.collect::<Vec<_>>().join("\n"), @r#"
    deploy hello-release-128: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deploy hello-release-128-2: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deploy hello-release-128-3: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deploy own: mine/bootstrap, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deploy json-release-128: /built/json-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deploy tool-release-128: /abs/tool, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    "#);
}

#[test]
fn an_invocation_has_its_fields() {
    let script = r#"
        let f = deploy(#{ workload: "hello" });
        let r = f.invoke(#{ status: "error" });
        for name in ["status", "start", "latency_ms", "duration_ms", "init_ms", "billed_ms", "spans", "response",
                     "logs", "error_type", "error_message"] {
            print(`${name}: ${r[name]}`);
        }
        print(r.cost_usd > 2.0e-7 && r.cost_usd < 3.0e-7);
        print(f.invoke().error_type == ());
        print(f.invoke().response.got.n);
        print(r);
    "#;
    assert_snapshot!(notes(script), @r#"
    status: error
    start: cold
    latency_ms: 9.5
    duration_ms: 2.5
    init_ms: 6.0
    billed_ms: 9
    spans: #{"compute_ms": 1.0, "decode_ms": 0.1, "encode_ms": 0.2, "io_ms": 0.0}
    response: #{"got": #{"status": "error"}}
    logs: START
    error_type: Test.Error
    error_message: as asked
    true
    true
    small
    cold error, 9 ms
    "#);
}

#[test]
fn a_function_describes_itself() {
    let script = r#"
        const F = deploy(#{ workload: "hello", name: "f" });
        F.configure(#{ timeout: 9 });
        for key in F.describe().keys() { if key != "architecture" { print(`${key}: ${F.describe()[key]}`); } }
    "#;
    assert_snapshot!(notes(script), @r#"
    cases: ["small", "large"]
    env: #{"KELVIN_SPANS": "1"}
    ephemeral_storage: 512
    memory: 128
    name: f
    reserved_concurrency: 
    timeout: 9
    variant: release
    workload: hello
    "#);
}

#[test]
fn blocks_give_each_function_its_turn_in_the_order_of_the_seed() {
    let script = r#"
        let functions = ["a", "b", "c"].map(|name| deploy(#{ workload: "hello", name: name }));
        blocks(4, functions, |f| { f.recycle(); f.invoke(); });
    "#;
    let order = |seed| {
        let log = succeed(run_with(script, Setup { seed, ..Setup::default() }));
        let launches = log.into_iter().filter(|line| line.starts_with("launch"));
        launches.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(order(1), @"
    launch 1 in 0.0
    launch 2 in 0.1
    launch 0 in 0.2
    launch 0 in 1.0
    launch 2 in 1.1
    launch 1 in 1.2
    launch 1 in 2.0
    launch 2 in 2.1
    launch 0 in 2.2
    launch 0 in 3.0
    launch 2 in 3.1
    launch 1 in 3.2
    ");
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

#[test]
fn closures_see_what_is_around_them() {
    let script = r#"
        let total = 0;
        let a = deploy(#{ workload: "hello", name: "a" });
        let b = deploy(#{ workload: "hello", name: "b" });
        blocks(2, [a, b], |f| { total += f.repeat(3).invocations; });
        expect_status("ok", || a.invoke());
        fn inside() { seed + platform.len() }
        print(`${total} ${inside()} ${platform}`);
    "#;
    assert_snapshot!(notes(script), @"12 4 fake");
}

#[test]
fn expected_failures_are_told_to_the_host() {
    let ran = run(r#"
        let f = deploy(#{ workload: "hello" });
        let timeout = #{ status: "timeout" };
        let r = expect_status("timeout", || f.invoke(timeout));
        note(r.status);
        expect_status("crash", || {
            f.invoke(#{ status: "crash" });
            expect_status("timeout", || f.repeat(2, timeout));
        });
        expect_status("timeout", || f.invoke());
        f.invoke(timeout);
        try { expect_status("error", || throw "no"); } catch { }
        f.invoke();
    "#);
    let outcome = Outcome {
        functions: 1,
        invocations: 7,
        failed: 5,
        unexpected: 1,
        checks: 4,
        failed_checks: 1,
        waits_too_long: false,
    };
    assert_eq!(ran.result.as_ref().ok(), Some(&outcome));
    let log = succeed(ran);
    let told = log.iter().filter(|l| ["record", "check", "note"].iter().any(|s| l.starts_with(s)));
    assert_snapshot!(told.map(String::as_str).collect::<Vec<_>>().join("\n"), @r#"
    record 0 None: ["timeout"], expecting timeout
    check expect_status timeout: true
    note timeout
    record 0 None: ["crash"], expecting crash
    record 0 None: ["timeout"], expecting timeout
    record 0 None: ["timeout"], expecting timeout
    check expect_status timeout: true
    check expect_status crash: true
    record 0 Some("small"): ["ok"], expecting timeout
    check expect_status timeout: false
    record 0 None: ["timeout"], expecting nothing
    record 0 Some("small"): ["ok"], expecting nothing
    "#);
}

#[test]
fn services_are_started_prepared_and_known_to_functions() {
    let ran = run(r#"
        deploy(#{ workload: "hello", name: "before" });
        let db = service("dynamodb", #{ latency: "4ms", errors: 0.01 });
        db.table("items", "id");
        db.table("sorted", "id", "n:N");
        db.item("items", #{ id: "a", n: 1.5, tags: [()] });
        let s3 = service("s3");
        s3.bucket("photos");
        s3.put("photos", "a.jpg", "data/a.jpg");
        let f = deploy(#{ workload: "hello", name: "after", env: #{ URL_s3: "mine" } });
        f.configure(#{ memory: 256, env: #{} });
        db.latency("10ms");
        db.errors(#{ throttle: 0.5 });
        note(`${db} ${db.kind} ${db.env}`);
    "#);
    assert_snapshot!(succeed(ran).join("\n"), @r##"
    (deploying before: Workload("hello"))
    deploy before: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 0: before, Some("hello"), release
    service dynamodb: {"errors":0.01,"latency":"4ms"}
    change 7: Table { name: "items", key: ["id"] }
    change 7: Table { name: "sorted", key: ["id", "n:N"] }
    change 7: Item { table: "items", item: {"id": String("a"), "n": Number(1.5), "tags": Array [Null]} }
    service s3: {}
    change 7: Bucket("photos")
    change 7: Object { bucket: "photos", key: "a.jpg", file: "data/a.jpg" }
    (deploying after: Workload("hello"))
    deploy after: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1", "URL_dynamodb": "http://here", "URL_s3": "mine"}
    deployed 1: after, Some("hello"), release
    configure 1: Some(256), Some({"KELVIN_SPANS": "1", "URL_dynamodb": "http://here", "URL_s3": "http://here"})
    configured 1: 256 MB
    launch 1 in no block
    change 7: Latency("10ms")
    change 7: Errors(Object {"throttle": Number(0.5)})
    note dynamodb dynamodb #{"URL_dynamodb": "http://here"}
    "##);
}

#[test]
fn mistakes_with_services_are_told() {
    let check = |script: &str, expected: &str| {
        let error = run(script).result.unwrap_err();
        assert!(error.render().contains(expected), "{}", error.render());
    };
    check("service(\"sqs\")", "unknown service \"sqs\"; known: s3, dynamodb, http");
    check("service(\"s3\").environment", "unknown property of a service \"environment\"");
    check("service(\"s3\").latncy(\"4ms\")", "did you mean \"latency\"?");
}

#[test]
fn an_answer_has_its_numbers_as_people_read_them() {
    let ran = run(r#"
        let f = deploy(#{ workload: "hello", memory: 1769 });
        answer(`It costs $${significant(1e6 * f.cost(10), 3)} a million, with a mean of 7.5 ms $${significant(1e6 * f.cost(7.5), 3)}.`);
        f.configure(#{ memory: 128 });
        answer(1e6 * f.cost(0));
        note(f.cost(9) == f.invoke().cost_usd);
    "#);
    let log = succeed(ran);
    let log = log.iter().filter(|l| l.starts_with("answer") || l.starts_with("note"));
    assert_snapshot!(log.cloned().collect::<Vec<_>>().join("\n"), @r"
    answer It costs $0.488 a million, with a mean of 7.5 ms $0.416.
    answer 0.19999999999999998
    note true
    ");
    let check = |script: &str, expected: &str| {
        let script = format!("let f = deploy(#{{ workload: \"hello\" }}); {script}");
        let error = run(&script).result.expect_err("it is a mistake");
        assert!(error.render().contains(expected), "{}", error.render());
    };
    check("f.cost(-1)", "cost: expected 0 or more billed milliseconds, got -1");
    check("f.cost(\"9\")", "cost: expected 0 or more billed milliseconds, got \"9\"");
    check("significant(1, 0)", "significant: expected 1 to 17 digits, got 0");
    check("significant(\"x\", 3)", "significant: expected a number, got \"x\"");
    assert_eq!(notes("note(significant((), 3));"), "–");
}

#[test]
fn runtimes_are_deployed_like_workloads() {
    let ran = run(r#"
        for name in runtimes() {
            let f = deploy(#{ runtime: name, memory: 256 });
            note(`${f} ${f.describe().variant} ${f.describe().cases}`);
        }
        let env = #{ AWS_LAMBDA_EXEC_WRAPPER: "/var/task/wrap" };
        deploy(#{ runtime: "python", client: "stand-in", code: "functions/orders", handler: "orders.handler", env: env }).invoke();
    "#);
    assert_snapshot!(succeed(ran).join("\n"), @r#"
    (deploying nodejs-256: Runtime(WantedRuntime { name: "nodejs", client: Aws, code: None, handler: "app.handler", exec_wrapper: None }))
    deploy nodejs-256: /packed/nodejs/bootstrap, 256 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 0: nodejs-256, None, standard library
    note nodejs-256 standard library ["world"]
    (deploying python-256: Runtime(WantedRuntime { name: "python", client: Aws, code: None, handler: "app.handler", exec_wrapper: None }))
    deploy python-256: /packed/python/bootstrap, 256 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 1: python-256, None, standard library
    note python-256 standard library ["world"]
    (deploying python-128: Runtime(WantedRuntime { name: "python", client: StandIn, code: Some("functions/orders"), handler: "orders.handler", exec_wrapper: Some("/var/task/wrap") }))
    deploy python-128: /packed/python/bootstrap, 128 MB, 3 s, {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap", "KELVIN_SPANS": "1"}
    deployed 2: python-128, None, standard library
    invoke 2: {"n":"world"}, log true
    record 2 Some("world"): ["ok"], expecting nothing
    "#);
}

#[test]
fn a_script_may_end_early() {
    assert_snapshot!(notes("note(1.to_string()); [1].map(|x| exit(x)); note(\"2\");"), @"1");
}

#[test]
fn settings_replace_defaults() {
    let script = r#"
        let p = params(#{ memory: [128], launches: 20, share: 0.5, fast: false, who: "x" });
        print(p);
    "#;
    let setup = Setup {
        settings: vec![
            ("memory", &["256", "512"]),
            ("share", &["1"]),
            ("fast", &["true"]),
            ("who", &["a b"]),
        ],
        ..Setup::default()
    };
    assert_snapshot!(succeed(run_with(script, setup)).join("\n"), @r#"note #{"fast": true, "launches": 20, "memory": [256, 512], "share": 1.0, "who": "a b"}"#);
}

#[test]
fn a_workload_is_measured_without_lambda() {
    let ran = run(r#"
        let f = deploy(#{ workload: "hello", name: "f" });
        blocks(1, [f], |f| {
            let times = f.measure("compute", 3);
            note(`${times.iterations} ${times.mean_ms}`);
        });
        f.measure("serde", 1);
    "#);
    let log =
        succeed(ran).into_iter().filter(|l| l.starts_with("measure") || l.starts_with("note"));
    assert_snapshot!(log.collect::<Vec<_>>().join("\n"), @r#"
    measure 0: 3 × compute of Some("small") in 0.0
    note 3 2.0
    measure 0: 1 × serde of Some("small") in no block
    "#);
    let check = |call: &str, expected: &str| {
        let error = run(&format!("deploy(#{{ workload: \"hello\" }}).{call}")).result.unwrap_err();
        assert!(error.render().contains(expected), "{}", error.render());
    };
    check("measure(\"comput\", 1)", "unknown rung \"comput\"; did you mean \"compute\"?");
    check("measure(\"serde\", 0)", "measure: expected 1 to 1000000 iterations, got 0");
}

#[test]
fn a_script_tries_again_and_goes_on() {
    let script = r#"
        let f = deploy(#{ workload: "hello" });
        let left = 2;
        let r = ();
        loop {
            r = f.invoke(#{ status: if left > 0 { "error" } else { "ok" } });
            if r.status == "ok" || left == 0 { break; }
            left -= 1;
            pause("1s");
        }
        print(`${r.status}, ${left} left`);
        try { f.invoke_case("nonsense"); } catch (e) { print(e); }
        try { throw #{ code: 7 }; } catch (e) { print(e.code); }
        print(r.max_memory_mb);
    "#;
    assert_snapshot!(notes(script), @r#"
    ok, 0 left
    unknown case "nonsense"; known: small, large
    7
    "#);
}

#[test]
fn a_caller_tells_more_than_the_event() {
    let ran = run(r#"
        let f = deploy(#{ workload: "json" });
        let app = f.caller(#{ client_context: #{ client: #{ app_title: "Orders" }, custom: #{} } });
        app.invoke(#{});
        app.gap("none").invoke_case("large");
        f.gap("none").caller(#{ trace_id: "Root=1-5759e988-bd862e3fe1be46a994272793" }).repeat(1);
        f.caller(#{ cognito_identity: #{ identity_id: "us-east-1:1", identity_pool_id: "us-east-1:2" } })
            .load(#{ concurrency: 1, invocations: 1 });
        f.caller(#{}).invoke();
        f.invoke();
    "#);
    let log = succeed(ran);
    let sent =
        |line: &&String| ["invoke", "repeat", "load 0:"].iter().any(|verb| line.starts_with(verb));
    let log: Vec<&str> = log.iter().filter(sent).map(String::as_str).collect();
    assert_snapshot!(log.join("\n"), @r#"
    invoke 0: {}, log true, told Some("{\"client\":{\"app_title\":\"Orders\"},\"custom\":{}}") None None
    invoke 0: {"n":"large"}, log true, gap none, told Some("{\"client\":{\"app_title\":\"Orders\"},\"custom\":{}}") None None
    repeat 0: 1 × {"n":"small"}, log false, gap none, told None None Some("Root=1-5759e988-bd862e3fe1be46a994272793")
    load 0: closed, 1 until Invocations(1), events ["{\"n\":\"small\"}"], told None Some(("us-east-1:1", "us-east-1:2")) None
    invoke 0: {"n":"small"}, log true, told None None None
    invoke 0: {"n":"small"}, log true
    "#);
}
