//! A function in Python, with AWS's own runtime interface client.
//!
//! Needs a Python with the package `awslambdaric`, named by `KELVIN_TEST_PYTHON`; `.ci/run` installs one. Without it the
//! test says so and checks nothing.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use kelvin_lambda::{Start, Status};

use crate::kit::{kit, seen};

const BOOTSTRAP: &str = "#!/bin/sh\nexec \"$PYTHON\" -m awslambdaric \"$_HANDLER\"\n";

const APP: &str = r#"
import os

def handler(event, context):
    print("remaining", context.get_remaining_time_in_millis() > 0)
    if event == "raise":
        raise ValueError("no such item")
    if event == "exit":
        os._exit(4)
    return {"event": event, "memory": context.memory_limit_in_mb}
"#;

#[test]
fn awslambdaric_runs_unchanged() {
    let Some(python) = std::env::var_os("KELVIN_TEST_PYTHON") else {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "not checked: KELVIN_TEST_PYTHON names no Python with awslambdaric").ok();
        return;
    };
    let kit = kit();
    let package = kit.folder.path().join("package");
    std::fs::create_dir(&package).expect("a folder");
    let bootstrap = package.join("bootstrap");
    std::fs::write(&bootstrap, BOOTSTRAP).expect("a file");
    std::fs::set_permissions(&bootstrap, PermissionsExt::from_mode(0o755)).expect("permissions");
    std::fs::write(package.join("app.py"), APP).expect("a file");
    let function = kit.deploy_bootstrap(bootstrap, |config| {
        config.handler = "app.handler".to_owned();
        let python = python.into_string().expect("a path in UTF-8");
        config.env_vars.insert("PYTHON".to_owned(), python);
    });
    let good = r#"{"event": "echo", "memory": "128"}"#;
    let cold = kit.invoke(function, "echo");
    assert_eq!(seen(&cold), (Status::Ok, Start::Cold, good.to_owned()));
    assert!(cold.log_tail.expect("it was asked for").contains("remaining True"));
    let raised = kit.invoke(function, "raise");
    assert_eq!((raised.status, raised.start), (Status::Error, Start::Warm));
    let error = raised.error.expect("it failed");
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("ValueError", "no such item"));
    let exited = kit.invoke(function, "exit");
    assert_eq!((exited.status, exited.start), (Status::Crash, Start::Warm));
    let after = kit.invoke(function, "echo");
    assert_eq!(seen(&after), (Status::Ok, Start::SuppressedInit, good.to_owned()));
}
