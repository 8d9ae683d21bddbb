//! Every mistake gets a message that says what to do, and the line.

use insta::assert_snapshot;

use crate::fake::{Setup, run, run_with};

fn mistake(script: &str) -> String {
    run(script).result.expect_err("the script is wrong").render()
}

fn setting(name: &'static str, values: &'static [&'static str], script: &str) -> String {
    let setup = Setup { settings: vec![(name, values)], ..Setup::default() };
    run_with(script, setup).result.expect_err("the setting is wrong").render()
}

/// The message alone, for mistakes in one line.
fn message(script: &str) -> String {
    run(script).result.map_err(|error| error.message).expect_err(script)
}

#[test]
fn deploying() {
    assert_snapshot!(mistake("let a = 1;\nlet f = deploy(#{ workload: \"jsn\" });"), @r#"
    error: unknown workload "jsn"; did you mean "json"? known: hello, json, compress, jwt, html, http-api, matrix, pagerank, regex, script, s3-object, dynamodb-item, fan-out, sqs-batch, thumbnail, payload, delays, audit
     --> test.rhai:2:9
      |
    2 | let f = deploy(#{ workload: "jsn" });
      |         ^
    "#);
    assert_snapshot!(mistake("deploy(#{ workload: \"json\", memory: 100 });"), @r#"
    error: deploy: memory size of 100 MB is out of range: Lambda has 128 to 10240 MB
     --> test.rhai:1:1
      |
    1 | deploy(#{ workload: "json", memory: 100 });
      | ^
    "#);
    assert_snapshot!(mistake("\tdeploy(#{ workload: \"json\", name: \"taken\" });"), @r#"
    error: failed to deploy function "taken": there is a function "taken" already; give this one another name
     --> test.rhai:1:2
      |
    1 |  deploy(#{ workload: "json", name: "taken" });
      |  ^
    "#);
    assert_snapshot!(mistake("let all = [1, 2]\n  .map(|n| deploy(#{ workload: `json${n}` }));"), @r#"
    error: unknown workload "json1"; did you mean "json"? known: hello, json, compress, jwt, html, http-api, matrix, pagerank, regex, script, s3-object, dynamodb-item, fan-out, sqs-batch, thumbnail, payload, delays, audit
     --> test.rhai:2:12
      |
    2 |   .map(|n| deploy(#{ workload: `json${n}` }));
      |            ^
    "#);
    assert_snapshot!(mistake("let all = [64]\n  .map(|mb| deploy(#{ workload: \"json\", memory: mb }));"), @r#"
    error: deploy: memory size of 64 MB is out of range: Lambda has 128 to 10240 MB
     --> test.rhai:2:13
      |
    2 |   .map(|mb| deploy(#{ workload: "json", memory: mb }));
      |             ^
    "#);
    let with = |keys: &str| message(&format!("deploy(#{{ workload: \"json\", {keys} }});"));
    let messages = [
        with("memroy: 128"),
        with("memory: \"128\""),
        with("memory: -1"),
        with("timeout: 901"),
        with("ephemeral_storage: 1"),
        with("name: \"a b\""),
        with("env: #{ A: 1 }"),
        with("env: #{ AWS_REGION: \"x\" }"),
        with("architecture: \"arm\""),
        with("bootstrap: \"x\""),
        with("runtime: \"python\""),
        with("code: \"x\""),
        with("handler: \"x\""),
        message("deploy(#{ runtime: \"pyhton\" });"),
        message("deploy(#{ runtime: \"python\", handler: \"x\" });"),
        message("deploy(#{ runtime: \"python\", variant: \"release\" });"),
        message("deploy(#{ runtime: \"python\", client: \"own\" });"),
        message("deploy(#{ bootstrap: \"b\", client: \"aws\" });"),
        message("deploy(#{ image: \"x\" });"),
        message("runtimes(\"own\");"),
        message("deploy(#{});"),
        message("deploy(\"json\");"),
        message("for i in 0..2 { deploy(#{ workload: \"json\", name: \"a\" }); }"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    deploy: unknown key "memroy"; did you mean "memory"? known: workload, bootstrap, runtime, client, code, handler, name, variant, memory, timeout, architecture, env, ephemeral_storage, reserved_concurrency, page_cache, network
    deploy: memory: expected a whole number from 0, got "128"
    deploy: memory: expected a whole number from 0, got -1
    deploy: timeout of 901 s is out of range: Lambda has 1 to 900 s
    deploy: ephemeral storage of 1 MB is out of range: Lambda has 512 to 10240 MB
    deploy: function name "a b" is not valid: 1 to 64 letters, digits, hyphens and underscores
    deploy: env.A: expected a string, got 1
    deploy: environment variable AWS_REGION is reserved: Lambda sets it itself
    deploy: unknown architecture "arm"; did you mean "arm64"? known: x86_64, arm64
    deploy: give one of workload, bootstrap and runtime
    deploy: give one of workload, bootstrap and runtime
    deploy: code: it needs a runtime; name one, as in runtime: "python"
    deploy: handler: a workload has its own; it is for a bootstrap or for the code of a runtime
    unknown runtime "pyhton"; did you mean "python"? known: nodejs, python
    deploy: handler: there is no code that it could be in; give its folder as code
    deploy: variant: a runtime is not built, and has none to choose
    deploy: unknown client "own"; known: aws, stand-in
    deploy: client: it needs a runtime; name one, as in runtime: "python"
    deploy: container images are not run here; take the function's files out of the image, and give what its ENTRYPOINT starts as bootstrap, or its code with a runtime
    runtimes: unknown client "own"; known: aws, stand-in
    deploy: give the name of a workload or of a runtime, or the path of a bootstrap
    wrong arguments for "deploy": got (string), expected deploy(#{ workload | bootstrap | runtime, client, code, handler, name, variant, memory, timeout, architecture, env, ephemeral_storage, reserved_concurrency, page_cache, network })
    deploy: there is a function "a" already; give this one another name
    "#);
}

#[test]
fn another_architecture() {
    let other = match kelvin_lambda::Architecture::of_this_build() {
        kelvin_lambda::Architecture::X86_64 => "arm64",
        kelvin_lambda::Architecture::Arm64 => "x86_64",
    };
    let error = message(&format!("deploy(#{{ workload: \"json\", architecture: \"{other}\" }});"));
    assert!(
        error.starts_with(&format!("deploy: architecture {other} cannot be run here")),
        "{error}"
    );
}

#[test]
fn calling() {
    assert_snapshot!(mistake("let f = deploy(#{ workload: \"json\" });\nf.recyle();"), @r#"
    error: unknown function "recyle"; did you mean "recycle"?
     --> test.rhai:2:3
      |
    2 | f.recyle();
      |   ^
    "#);
    assert_snapshot!(mistake("blocks(2, [deploy(#{ workload: \"json\" })], |f| {\n    f.invoke_case(\"smal\");\n});"), @r#"
    error: unknown case "smal"; did you mean "small"? known: small, large
     --> test.rhai:2:7
      |
    2 |     f.invoke_case("smal");
      |       ^
    "#);
    let f = |call: &str| message(&format!("let f = deploy(#{{ workload: \"json\" }}); {call}"));
    let messages = [
        f("f.repeat(\"ten\");"),
        f("f.repeat(-1);"),
        f("f.nmae"),
        f("f.invoke().latency"),
        f("f.invoke(|| 1);"),
        f("[f].recycle();"),
        f("f.remove(); f.invoke();"),
        f("f.configure(#{ workload: \"hello\" });"),
        f("f.configure(#{ memory: 1 });"),
        f("blocks(0, [f], |f| 1);"),
        f("blocks(1, [], |f| 1);"),
        f("blocks(1, [f, 1], |f| 1);"),
        f("blocks(1, [f], |f| blocks(1, [f], |f| 1));"),
        f("blocks(1, [f], || 1);"),
        f("expect_status(\"timed_out\", || f.invoke());"),
        f("params(#{ a: 1 });"),
        message("chekc(\"a\", true);"),
        message("check(\"a\");"),
        message("check(\"a\", 1);"),
        message("pause(\"5 min\");"),
        message("sleep(1);"),
        message("sleep(\"50ms\");"),
        message("matrix(#{ a: [] });"),
        message("params(#{ a: 1 }); params(#{ a: 1 });"),
        message("fn twice(n) { n * 2 } twice(1, 2);"),
        message("1 + #{};"),
        message("xyz();"),
        message("[1].len(2);"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    wrong arguments for "repeat": got (function, string), expected f.repeat(n) or f.repeat(n, event)
    repeat: expected 0 or more invocations, got -1
    a function has no property "nmae"; name, workload, variant, memory and the rest are in f.describe()
    unknown property of an invocation "latency"; did you mean "latency_ms"? known: status, start, latency_ms, duration_ms, init_ms, billed_ms, cost_usd, max_memory_mb, spans, response, logs, error_type, error_message
    a closure cannot be sent as JSON
    wrong arguments for "recycle": got (array), expected f.recycle()
    invoke: function "json-release-128" was removed
    configure: unknown key "workload"; known: memory, timeout, ephemeral_storage, env
    configure: memory size of 1 MB is out of range: Lambda has 128 to 10240 MB
    blocks: expected 1 or more blocks, got 0
    blocks: expected functions, got an empty array
    blocks: expected an array of functions, got 1 in it
    blocks() cannot be called inside blocks()
    the closure has too few or too many parameters for what calls it
    unknown status "timed_out"; did you mean "timeout"? known: ok, error, timeout, crash, out_of_memory, wrong_answer, throttled, too_large
    params() must come before deploy()
    unknown function "chekc"; did you mean "check"?
    wrong arguments for "check": got (string), expected check("name", condition)
    wrong arguments for "check": got (string, whole number), expected check("name", condition)
    pause: expected a number of seconds or a text like "200ms", "1.5s", "5m", "2h", got "5 min"
    scenarios do not sleep; write pause("1s"), which passes on simulated platforms too
    scenarios do not sleep; write pause("1s"), which passes on simulated platforms too
    matrix: a: the list is empty, so there is no combination
    params() can be called only once
    wrong arguments for "twice": got (whole number, whole number), expected twice(n)
    + cannot be applied to (whole number, map)
    unknown function "xyz"
    "len" cannot be called with (array, whole number)
    "#);
}

#[test]
fn variables_and_properties() {
    assert_snapshot!(mistake("let p = params(#{ launches: 1 });\nlet n = p.lanches;"), @r#"
    error: the map has no property "lanches"; did you mean "launches"?
     --> test.rhai:2:11
      |
    2 | let n = p.lanches;
      |           ^
    "#);
    assert_snapshot!(mistake("let p = 1;\nnote(q);"), @r#"
    error: unknown variable "q"; did you mean "p"?
     --> test.rhai:2:6
      |
    2 | note(q);
      |      ^
    "#);
    let messages = [
        message("note(plaform);"),
        message("let a = [1]; a[3];"),
        message("let a = #{}; a.b;"),
        message("throw \"too slow\";"),
        message("let x = 1; x.y = 2;"),
        message("let f = deploy(#{ workload: \"json\" }); f.memory = 512;"),
        message("let f = deploy(#{ workload: \"json\" }); let r = f.invoke(); r.status = \"ok\";"),
        message("let f = deploy(#{ workload: \"json\" }); f.invoke().spans.compute;"),
        message("deploy(#{ workload: \"json\" }).repeat(1).faild;"),
        message("let m = #{ size: 1 }; m.sise;"),
        message("let t = template(\"{{uuid}}\"); t.text;"),
        message("let x = (); x.y;"),
        message("let memory = 1; note(memroy);"),
        message("fn f(size) { sise }"),
        message("let size = 1; fn f() { size }"),
        message("let a = #{ size: 1 }; let b = #{}; b.size"),
        message("const LAUNCHES = 1; note(LANCHES);"),
        message("let f = deploy #{ workload: \"json\" };"),
        message("let twice = |n| n * 2; twice(1);"),
        message("let new = 1;"),
        message("let a = [1]; a[\"x\"];"),
        message("service(\"s3\", #{ latncy: \"4ms\" });"),
        message("deploy(#{ workload: \"json\" }).invoke_case(\"smal\");"),
        message("deploy(#{ workload: \"json\" }).repeat_case(1, \"smal\");"),
        message("if 1 { }"),
        message("1 / 0;"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    unknown variable "plaform"; did you mean "platform"?
    array index 3 out of bounds: only 1 element in array
    the map has no property "b"
    too slow
    a whole number has no property "y" that can be set
    a function has no property "memory" that can be set
    an invocation has no property "status" that can be set
    the map has no property "compute"; did you mean "compute_ms"?
    the map has no property "faild"; did you mean "failed"?
    the map has no property "sise"; did you mean "size"?
    a template has no property "text"
    () has no property "y"
    unknown variable "memroy"; did you mean "memory"?
    unknown variable "sise"; did you mean "size"?
    variable "size" is not known here but elsewhere; functions see nothing but their parameters
    the map has no property "size"
    unknown variable "LANCHES"; did you mean "LAUNCHES"?
    "deploy" is a function: deploy(#{ workload | bootstrap | runtime, client, code, handler, name, variant, memory, timeout, architecture, env, ephemeral_storage, reserved_concurrency, page_cache, network })
    "twice" is a variable; a closure in it is called with twice.call(…)
    "new" is a word that Rhai keeps for itself; choose another, or write a key in quotes
    expected a whole number, got a string
    service: unknown key "latncy"; did you mean "latency"? known: latency, errors, seed, folder
    unknown case "smal"; did you mean "small"? known: small, large
    unknown case "smal"; did you mean "small"? known: small, large
    expecting a boolean expression, not a number
    division by zero: 1 / 0
    "#);
}

#[test]
fn syntax() {
    assert_snapshot!(mistake("let f = deploy(#{ workload: \"json\" )\n"), @r#"
    error: expecting '}' to end this object map literal
     --> test.rhai:1:36
      |
    1 | let f = deploy(#{ workload: "json" )
      |                                    ^
    "#);
    let messages = [
        message("eval(\"1\");"),
        message("import \"x\" as y;"),
        message("debug(1);"),
        message("timestamp();"),
        message("let x = ;"),
        message(&format!("{}1{}", "(".repeat(300), ")".repeat(300))),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    reserved keyword 'eval' is disabled
    unknown module "x"; known: none
    reserved keyword 'debug' is disabled
    unknown function "timestamp"
    unexpected ';'
    an expression is nested too deeply
    "#);
}

#[test]
fn limits() {
    assert_snapshot!(mistake("loop {\n    let a = 1;\n}"), @"
    error: the script took more than 200000 steps; does a loop never end?
     --> test.rhai:2:13
      |
    2 |     let a = 1;
      |             ^
    ");
    assert_snapshot!(mistake("fn down(n) {\n    down(n + 1)\n}\ndown(0);"), @"
    error: functions call each other more than 64 levels deep
     --> test.rhai:4:1
      |
    4 | down(0);
      | ^
    ");
    let messages = [
        message("let s = \"x\"; loop { s += s; }"),
        message("let a = []; loop { a.push(1); }"),
        message("let a = []; a.pad(1_000_000, 0);"),
        message("let m = #{}; for i in 0..2_000 { m.set(`k${i}`, i); }"),
        message("let f = || 1; f = |f| f.call(f); f.call(f);"),
        message("[0].map(|x| { loop {} });"),
    ];
    assert_snapshot!(messages.join("\n"), @"
    length of string is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps
    size of array/BLOB is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps
    size of array/BLOB is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps
    size of object map is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps
    functions call each other more than 64 levels deep
    the script took more than 200000 steps; does a loop never end?
    ");
}

#[test]
fn settings() {
    let script = "let p = params(#{ launches: 20, memory: [128] });";
    assert_snapshot!(setting("lanches", &["1"], script), @r#"
    error: unknown setting "lanches"; did you mean "launches"? known: launches, memory
     --> test.rhai:1:9
      |
    1 | let p = params(#{ launches: 20, memory: [128] });
      |         ^
    "#);
    assert_snapshot!(setting("launches", &["ten"], script), @r#"
    error: launches: expected a whole number, got "ten"
     --> test.rhai:1:9
      |
    1 | let p = params(#{ launches: 20, memory: [128] });
      |         ^
    "#);
    assert_snapshot!(setting("x", &["1"], "let a = 1;"), @r#"error: unknown setting "x": the scenario declares no parameters with params()"#);
    assert_snapshot!(setting("x", &["1"], "let a = 1;\ndeploy(#{ workload: \"json\" });"), @r#"
    error: unknown setting "x": the scenario declares no parameters with params()
     --> test.rhai:2:1
      |
    2 | deploy(#{ workload: "json" });
      | ^
    "#);
}

#[test]
fn a_host_that_cannot_record_ends_the_run() {
    let script =
        "let f = deploy(#{ workload: \"json\" });\nf.repeat(3, #{ status: \"too_large\" });";
    let ran = run(script);
    assert_snapshot!(ran.result.expect_err("the disk is full").render(), @r#"
    error: failed to record: disk full
     --> test.rhai:2:3
      |
    2 | f.repeat(3, #{ status: "too_large" });
      |   ^
    "#);
    let records = ran.log.iter().filter(|line| line.starts_with("record")).count();
    assert_eq!(records, 1);
}

#[test]
fn calling_as_somebody() {
    assert_snapshot!(mistake("let f = deploy(#{ workload: \"json\" });\nf.caller(#{ client_context: \"x\" }).invoke();"), @r#"
    error: caller: client_context: expected a map, got "x"
     --> test.rhai:2:3
      |
    2 | f.caller(#{ client_context: "x" }).invoke();
      |   ^
    "#);
    let with = |keys: &str| {
        message(&format!("let f = deploy(#{{ workload: \"json\" }});\nf.caller(#{{ {keys} }});"))
    };
    let messages = [
        with("client_contxt: #{}"),
        with("client_context: #{ at: 0..3 }"),
        with("client_context: #{ text: random_string(3_000) }"),
        with("client_context: #{ text: \"\\x7f\" }"),
        with("cognito_identity: \"x\""),
        with("cognito_identity: #{ identity_id: \"x\" }"),
        with("cognito_identity: #{ identity_id: 1, identity_pool_id: \"x\" }"),
        with("cognito_identity: #{ identity: \"x\" }"),
        with("cognito_identity: #{ identity_id: \"a\\nb\", identity_pool_id: \"x\" }"),
        with("trace_id: 1"),
        with("trace_id: \"\""),
        with("trace_id: \"a\\r\\nX: y\""),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    caller: unknown key "client_contxt"; did you mean "client_context"? known: client_context, cognito_identity, trace_id
    caller: client_context: a range cannot be sent as JSON
    caller: client_context: 3011 bytes of JSON are 4016 in base64; Lambda takes 3583
    caller: client_context: a control character cannot be sent in a header
    caller: cognito_identity: expected a map, got "x"
    caller: cognito_identity: identity_pool_id is missing
    caller: cognito_identity: identity_id: expected a string, got 1
    caller: cognito_identity: unknown key "identity"; known: identity_id, identity_pool_id
    caller: cognito_identity.identity_id: a control character cannot be sent in a header
    caller: trace_id: expected a string, got 1
    caller: trace_id: expected letters, digits and punctuation like "Root=1-…;Sampled=1"
    caller: trace_id: expected letters, digits and punctuation like "Root=1-…;Sampled=1"
    "#);
}
