//! `AWS_LAMBDA_EXEC_WRAPPER`: managed runtimes are started by it, and executables are not.

use std::fs;

use super::{Language, NODEJS, PYTHON};
use crate::kit::{Place, program};

/// Exports a variable, as AWS's own example does, and starts what it is told to.
const WRAPPER: &str = "#!/bin/sh\nexport WRAPPED=\"$# $0\"\nexec \"$@\"\n";

#[test]
fn a_wrapper_starts_a_managed_runtime() {
    if !Place::new().is_enforced("private-/var/task") {
        return;
    }
    let python =
        "import os\ndef handler(event, context):\n    return os.environ.get('WRAPPED', 'no')\n";
    let nodejs = "exports.handler = async () => process.env.WRAPPED ?? 'no';\n";
    let script = r#"
        let start = |env, n| {
            let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.handler", memory: 512, timeout: 60, env: env, name: n });
            f.invoke().response
        };
        check("without", start.call(#{}, "without") == "no");
        let wrapped = start.call(#{ AWS_LAMBDA_EXEC_WRAPPER: "/var/task/wrapper" }, "with");
        check(wrapped, wrapped.ends_with(" /var/task/wrapper") && wrapped[0] >= '2');
        let gone = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.handler", memory: 512, timeout: 60, name: "gone" });
        gone.configure(#{ env: #{ AWS_LAMBDA_EXEC_WRAPPER: "/var/task/none" } });
        expect_status("crash", || {
            let r = gone.invoke();
            check(r.logs, r.logs.contains("AWS_LAMBDA_EXEC_WRAPPER: /var/task/none: does not exist"));
            check(r.error_message, r.error_message.contains("exit status 127"));
        });
    "#;
    for language in [Language { code: python, ..PYTHON }, Language { code: nodejs, ..NODEJS }] {
        let wrapped = |place: &Place| program(&place.path("functions/orders/wrapper"), WRAPPER);
        language.each_after(wrapped, script, |place, done| {
            let done = done.exits(0);
            let run = place.only_run();
            super::variant(&run, &done);
        });
    }
}

#[test]
fn a_wrapper_that_cannot_be_started_is_told_at_deploy() {
    let place = Place::new();
    let code = place.path("functions");
    fs::create_dir_all(&code).expect("the folder is writable");
    fs::write(code.join("app.py"), "").expect("the folder is writable");
    fs::write(code.join("plain"), "").expect("the folder is writable");
    let check = |wrapper: &str, expected: &str| {
        let env = format!("env: #{{ AWS_LAMBDA_EXEC_WRAPPER: \"{wrapper}\" }}");
        let keys = format!("runtime: \"python\", code: \"functions\", {env}");
        super::refused(&place, "/usr/bin:/bin", &keys, expected);
    };
    check("/var/task/none", "functions/none here, is not there");
    check("/opt/none", "AWS_LAMBDA_EXEC_WRAPPER: /opt/none is not there");
    check("/var/task/plain", "may not be executed; to allow it: chmod +x ");
}

#[test]
fn an_executable_knows_no_wrapper() {
    let place = Place::new();
    let text = "#!/bin/sh\necho \"wrapper $AWS_LAMBDA_EXEC_WRAPPER, runtime $AWS_EXECUTION_ENV.\" >&2\nexit 3\n";
    program(&place.path("code/start.sh"), text);
    let done = place.run_script(
        r#"
        let env = #{ AWS_LAMBDA_EXEC_WRAPPER: "/opt/none" };
        let f = deploy(#{ bootstrap: "code/start.sh", env: env, timeout: 60 });
        expect_status("crash", || {
            let r = f.invoke();
            check(r.logs, r.logs.contains("wrapper /opt/none, runtime ."));
        });
        "#,
        &[],
    );
    done.exits(0);
}
