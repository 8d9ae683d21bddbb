//! What handlers may return, raise and print: the same with AWS's runtime interface clients as with what stands in for them.

use kelvin_record::Run;

use super::{Language, NODEJS, PYTHON, variant};

/// What a handler is asked to do, how the invocation ends, and a part of its log.
type Row = (&'static str, &'static str, &'static str);

/// Runs a handler once a row. Its event is what it does, in its language.
fn check(language: &Language, handler: &str, rows: &[Row]) {
    let deploy = format!(
        "let f = deploy(#{{ runtime: name, client: client, code: \"functions/orders\", handler: \"orders.{handler}\", memory: 512, timeout: 60 }});\n"
    );
    let invocations: Vec<_> = rows.iter().enumerate().map(invocation).collect();
    let script = deploy + &invocations.concat();
    language.each(&script, |place, done| {
        let run = place.only_run();
        let variant = variant(&run, &done);
        let seen = seen(&run, rows.len());
        for ((event, ending, log), seen) in rows.iter().zip(seen) {
            let (seen, logs) = match seen.split_once("\nlogs ") {
                Some((seen, logs)) => (seen, Some(logs)),
                None => (&*seen, None),
            };
            let is_right = ending.split(" or ").any(|ending| match ending.strip_suffix("...") {
                Some(beginning) => seen.starts_with(beginning),
                None => seen == ending,
            });
            assert!(is_right, "{variant}: {event} ends with {seen}, and not {ending}");
            assert_eq!(logs, None, "{variant}: {event} does not log {log}");
        }
    });
}

/// Notes how the invocation of a row ends, and its log if that lacks what it should have.
fn invocation((n, (event, ending, log)): (usize, &Row)) -> String {
    let (status, _) = ending.split_once(' ').expect("a status and more");
    let text = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let (event, log) = (text(event), text(log));
    let row = format!(
        "let r = f.invoke({event});
         let told = if r.status == \"ok\" {{ `${{r.response}}` }} else {{ `${{r.error_type}} ${{r.error_message}}` }};
         told.truncate(200);
         note(`row {n}: ${{r.status}} ${{told}}`);
         if !r.logs.contains({log}) {{ note(`row {n}: logs these: ${{r.logs}}`); }}"
    );
    match status {
        "ok" => format!("{{ {row} }}\n"),
        _ => format!("expect_status(\"{status}\", || {{ {row} }});\n"),
    }
}

/// What was noted of each row.
fn seen(run: &Run, rows: usize) -> Vec<String> {
    let of = |n: usize| {
        let prefix = format!("row {n}: ");
        let notes: Vec<_> =
            run.record.notes.iter().filter_map(|note| note.strip_prefix(&prefix)).collect();
        notes.join("\n")
    };
    (0..rows).map(of).collect()
}

#[test]
fn a_handler_in_python_answers_as_on_lambda() {
    let code = r#"
import collections, decimal, enum, logging, os, sys
Point = collections.namedtuple("Point", "x y")
Color = enum.IntEnum("Color", "RED")

def fail(error):
    raise error

def handler(event, context):
    return eval(event)
"#;
    let rows: &[Row] = &[
        ("{'price': decimal.Decimal('9.990')}", r#"ok #{"price": 9.99}"#, ""),
        ("{'n': decimal.Decimal('NaN')}", r#"ok {"n": NaN}"#, ""),
        (
            "{'p': Point(1, (2, Point(3, 4)))}",
            r#"ok #{"p": #{"x": 1, "y": [2, #{"x": 3, "y": 4}]}}"#,
            "",
        ),
        ("{'body': b'abc', b'key': [b'd']}", r#"ok #{"body": "abc", "key": ["d"]}"#, ""),
        ("b'42'", "ok 42", ""),
        ("{'x': float('nan'), 'y': -float('inf')}", r#"ok {"x": NaN, "y": -Infinity}"#, ""),
        (
            "(1, (), {Color.RED: Color.RED}, {None: True})",
            r#"ok [1, [], #{"1": 1}, #{"null": true}]"#,
            "",
        ),
        ("'é \\U0001f600'", "ok é 😀", ""),
        (
            "{'x': {1}}",
            "error Runtime.MarshalError Unable to marshal response: Object of type set is not JSON serializable",
            "[ERROR] Runtime.MarshalError: Unable to",
        ),
        (
            "[b'\\xff']",
            "error Runtime.MarshalError Unable to marshal response: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            "",
        ),
        ("{(1,): 2}", "error Runtime.MarshalError Unable to marshal response: keys must be...", ""),
        ("sys.stdout.write('no newline')", "ok ", "no newline"),
        ("logging.getLogger('orders').warning('told %s', 'once')", "ok ", "\ttold once\n"),
        ("len(logging.getLogger().handlers)", "ok 1", ""),
        (
            "os.environ['AWS_EXECUTION_ENV'] == 'AWS_Lambda_python%d.%d' % sys.version_info[:2]",
            "ok true",
            "",
        ),
        (
            "[context.client_context, context.identity.cognito_identity_id, context.tenant_id]",
            "ok [(), (), ()]",
            "",
        ),
        ("context.log('by context')", "ok ", "by context"),
        ("fail(Exception('x' * 600_000))", "error Exception xxxxxxxx...", ""),
        (
            "fail(KeyError())",
            "error KeyError...",
            "[ERROR] KeyError\rTraceback (most recent call last):\r\u{a0}\u{a0}File",
        ),
        ("sys.exit(3)", "crash Runtime.ExitError ...", ""),
        (
            "[sys.stdout.write('before the end'), os._exit(4)]",
            "crash Runtime.ExitError ...",
            "before the end",
        ),
    ];
    check(&Language { code, ..PYTHON }, "handler", rows);
}

#[test]
fn a_handler_in_python_is_told_who_calls() {
    let code = r#"
def handler(event, context):
    told, identity = context.client_context, context.identity
    return [told.custom, told.env, told.client.app_title, told.client.installation_id, identity.cognito_identity_id]
"#;
    let script = r#"
        let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.handler", memory: 512, timeout: 60 });
        let client_context = #{ client: #{ app_title: "Orders" }, custom: #{ theme: "dark" } };
        let cognito_identity = #{ identity_id: "me", identity_pool_id: "we" };
        let caller = #{ client_context: client_context, cognito_identity: cognito_identity };
        let r = f.caller(caller).invoke();
        check("it is told", r.response == [#{ theme: "dark" }, (), "Orders", (), "me"]);
    "#;
    Language { code, ..PYTHON }.each(script, |_, done| {
        done.exits(0);
    });
}

#[test]
fn a_handler_in_javascript_answers_as_on_lambda() {
    let code = r"
exports.handler = function () {
  return eval(`(${arguments[0]})`).apply(this, arguments);
};
exports.never = async () => new Promise(() => {});
exports.stream = awslambda.streamifyResponse(async (event, stream) => eval(`(${event})`)(stream));
";
    let language = Language { code, ..NODEJS };
    let rows: &[Row] = &[
        (
            "(event, context, callback) => { setTimeout(() => callback(null, 'later'), 20); }",
            "ok later",
            "",
        ),
        ("(...told) => { told[2](null, told.length); }", "ok 3", ""),
        (
            "(event, context) => { setTimeout(() => context.succeed('succeed'), 20); }",
            "ok succeed",
            "",
        ),
        (
            "(event, context) => { context.done(null, 'done'); context.succeed('twice'); }",
            "ok done",
            "",
        ),
        (
            "(event, context) => context.fail(new RangeError('failed'))",
            "error RangeError failed",
            "\tERROR\tInvoke Error ",
        ),
        ("(event, context) => context.fail()", "error string handled", ""),
        ("(event, context, callback) => callback('a text')", "error string a text", ""),
        (
            "(event, context, callback) => { setTimeout(() => console.log('waited for'), 50); callback(null, 1); }",
            "ok 1",
            "\tINFO\twaited for\n",
        ),
        (
            "(event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000).unref(); callback(null, 2); }",
            "ok 2",
            "",
        ),
        ("() => 'a value that is no promise'", "ok ", ""),
        ("async () => undefined", "ok ", ""),
        ("async () => ({ x: 1n })", "error Error Unable to stringify response body", ""),
        ("async () => { throw 'a text'; }", "error string a text", ""),
        ("async () => { throw { code: 1 }; }", "error object [object Object]", ""),
        ("() => { throw new TypeError('at once'); }", "error TypeError at once", ""),
        ("async () => typeof awslambda.streamifyResponse", "ok function", ""),
        (
            "async () => process.env.AWS_EXECUTION_ENV === `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`",
            "ok true",
            "",
        ),
        ("async () => { console.warn('two\\nlines %d', 3); }", "ok ", "\tWARN\ttwo\rlines 3\n"),
        (
            "async () => { Promise.reject(new Error('later')); await new Promise(() => setTimeout(() => {}, 50)); }",
            "crash Runtime.ExitError ...",
            "\tERROR\tUnhandled Promise Rejection \t{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: later\"",
        ),
        (
            "async () => { setTimeout(() => { throw new TypeError('uncaught'); }, 1); await new Promise(() => setTimeout(() => {}, 50)); }",
            "crash Runtime.ExitError ...",
            "\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"uncaught\"",
        ),
    ];
    check(&language, "handler", rows);
    // Lambda's own runtime and what stands in for it call this an error; the client that is published (3.3) answers null.
    check(&language, "never", &[("''", "error Runtime.NodeJsExit ... or ok ", "")]);
    let rows: &[Row] = &[
        ("(stream) => { stream.write('1'); stream.write([2]); stream.end(); }", "ok 1[2]", ""),
        (
            "(stream) => { stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.write('body'); stream.end(); }",
            "ok {\"statusCode\":201}\0\0\0\0\0\0\0\0body",
            "",
        ),
        (
            "(stream) => { stream.write('begun'); throw new RangeError('in the middle'); }",
            "error RangeError in the middle",
            "",
        ),
        ("(stream) => { throw new RangeError('before it'); }", "error RangeError before it", ""),
    ];
    check(&language, "stream", rows);
}

#[test]
fn a_module_of_javascript_is_loaded_as_on_lambda() {
    let check = |file: &'static str, code: &'static str, expected: &str| {
        let script = r#"
            let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "FILE.handler", memory: 512, timeout: 60 });
            let told = ();
            EXPECT
            note(told);
        "#;
        let (stem, _) = file.rsplit_once('.').expect("a file has an ending");
        let invoke = "let r = f.invoke(); told = if r.status == \"ok\" { `ok ${r.response}` } else { `error ${r.error_type}` };";
        let invoke = match expected.starts_with("ok") {
            true => invoke.to_owned(),
            false => format!("expect_status(\"error\", || {{ {invoke} }});"),
        };
        let script = script.replace("FILE", stem).replace("EXPECT", &invoke);
        Language { file, code, ..NODEJS }.each(&script, |place, done| {
            done.exits(0);
            assert_eq!(
                place.only_run().record.notes.last().expect("one is noted"),
                expected,
                "{file}"
            );
        });
    };
    let awaits = "const four = await Promise.resolve(4); export const handler = async () => four;";
    check("orders.mjs", awaits, "ok 4");
    check("src/handlers/orders.js", "exports.handler = async () => 3;", "ok 3");
    check("orders.cjs", "exports.handler = async () => 5;", "ok 5");
    check(
        "orders.mjs",
        "export default { handler: async () => 6 };",
        "error Runtime.HandlerNotFound",
    );
    check("orders.js", "exports.handler = (", "error Runtime.UserCodeSyntaxError");
    check("orders.js", "require('nowhere');", "error Runtime.ImportModuleError");
    check("orders.js", "throw new RangeError('at init');", "error RangeError");
}
