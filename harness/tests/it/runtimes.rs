//! Functions in runtimes other than our own. What needs an interpreter that is not there is not checked, and says so.
//!
//! AWS's runtime interface clients are those that `kelvin runtimes install` has put where `KELVIN_RUNTIMES` says, or those of
//! the interpreters that `KELVIN_TEST_PYTHON` and `KELVIN_TEST_NODE` name. What stands in for them is tried besides.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write;

use kelvin_lambda::{Start, Status};
use kelvin_record::Run;

use crate::kit::{Done, Place, program};

mod answers;
mod install;
mod libraries;
mod wrapper;

/// A language as these tests see it.
struct Language {
    name: &'static str,
    program: &'static str,
    /// Names the interpreter, for `kelvin` and for these tests.
    variables: [&'static str; 2],
    file: &'static str,
    code: &'static str,
    /// What its handler raises, and where AWS puts where.
    error: [&'static str; 2],
}

const PYTHON: Language = Language {
    name: "python",
    program: "python3",
    variables: ["KELVIN_PYTHON", "KELVIN_TEST_PYTHON"],
    file: "orders.py",
    code: r#"
import os

def handler(event, context):
    if event == "raise":
        raise ValueError("no such item")
    if event == "exit":
        os._exit(4)
    print("remaining", context.get_remaining_time_in_millis() > 0)
    return {"event": event, "memory": context.memory_limit_in_mb, "id": context.aws_request_id != ""}
"#,
    error: ["ValueError", "stackTrace"],
};

const NODEJS: Language = Language {
    name: "nodejs",
    program: "node",
    variables: ["KELVIN_NODE", "KELVIN_TEST_NODE"],
    file: "orders.js",
    code: r"
exports.handler = async (event, context) => {
  if (event === 'raise') {
    throw new RangeError('no such item');
  }
  if (event === 'exit') {
    process.exit(4);
  }
  console.log('remaining', context.getRemainingTimeInMillis() > 0);
  return { event, memory: context.memoryLimitInMB, id: context.awsRequestId !== '' };
};
",
    error: ["RangeError", "trace"],
};

/// A client to run functions in.
struct Candidate {
    client: &'static str,
    /// What `kelvin` is told of it.
    env_var: Option<(&'static str, OsString)>,
}

impl Language {
    /// The clients that there are.
    fn candidates(&self) -> Vec<Candidate> {
        let [variable, of_tests] = self.variables;
        let path = env::var_os("PATH").unwrap_or_default();
        let is_found = env::split_paths(&path).any(|folder| folder.join(self.program).is_file());
        let mut candidates = Vec::new();
        let aws = match env::var_os(of_tests) {
            _ if is_found && self.is_installed() => Some(None),
            named => named.map(|interpreter| Some((variable, interpreter))),
        };
        match aws {
            Some(env_var) => candidates.push(Candidate { client: "aws", env_var }),
            None => not_checked(&format!(
                "AWS's client for {}: KELVIN_RUNTIMES names no folder with it, nor {of_tests} an interpreter",
                self.name
            )),
        }
        if is_found {
            candidates.push(Candidate { client: "stand-in", env_var: None });
        } else {
            not_checked(&format!("there is no {} on PATH", self.program));
        }
        candidates
    }

    /// Whether `kelvin runtimes install` has installed it for these tests.
    fn is_installed(&self) -> bool {
        let Some(folder) = env::var_os("KELVIN_RUNTIMES") else { return false };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.any(|name| name.starts_with(self.name))
    }

    /// Runs a script with each of its clients; it gets the language's name as `name` and the client as `client`.
    fn each(&self, script: &str, check: impl Fn(&Place, Done)) {
        self.each_after(|_| (), script, check);
    }

    /// The same after something was put into the place of the code.
    fn each_after(&self, put: impl Fn(&Place), script: &str, check: impl Fn(&Place, Done)) {
        for Candidate { client, env_var } in self.candidates() {
            let place = Place::new();
            let folder = place.path("functions/orders");
            let file = folder.join(self.file);
            fs::create_dir_all(file.parent().expect("a file is in a folder"))
                .expect("the folder is writable");
            fs::write(file, self.code).expect("the folder is writable");
            put(&place);
            let script =
                format!("let name = \"{}\"; let client = \"{client}\";\n{script}", self.name);
            let mut command = place.with_results(&["run", &place.script(&script)]);
            command.envs(env_var);
            let done = place.wait(&mut command);
            check(&place, done);
        }
    }
}

fn not_checked(what: &str) {
    writeln!(std::io::stderr(), "not checked: {what}").ok();
}

/// Which runtime it was. Of one that stands in for AWS's, the user is told.
fn variant(run: &Run, done: &Done) -> String {
    let variant = run.record.functions[0].variant.clone().expect("a runtime is told");
    let stands_in = variant.starts_with("stand-in, ");
    let told = "stands in for ";
    let notes = run.record.notes.iter().filter(|note| note.contains(told)).count();
    assert_eq!(notes, usize::from(stands_in), "{variant}: {:?}", run.record.notes);
    assert_eq!(done.stderr.contains(told), stands_in, "{variant}: {}", done.stderr);
    variant
}

#[test]
fn errors_and_crashes_are_those_of_lambda() {
    let script = r#"
        let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.handler", memory: 512, timeout: 60 });
        let r = f.invoke("echo");
        check("it answers", r.response == #{ event: "echo", memory: "512", id: true });
        check("it logs", r.logs.contains("remaining"));
        expect_status("error", || {
            note(f.invoke("raise").response);
        });
        expect_status("crash", || f.invoke("exit"));
        check("it answers after a crash", f.invoke("echo").response.event == "echo");
    "#;
    for language in [PYTHON, NODEJS] {
        language.each(script, |place, done| {
            let done = done.exits(0);
            let run = place.only_run();
            let variant = variant(&run, &done);
            let ended: Vec<_> = run.invocations.iter().map(|row| (row.status, row.start)).collect();
            let expected = [
                (Status::Ok, Start::Cold),
                (Status::Error, Start::Warm),
                (Status::Crash, Start::Warm),
                (Status::Ok, Start::SuppressedInit),
            ];
            assert_eq!(ended, expected, "{variant}");
            let [error_type, trace] = language.error;
            let error = run.record.notes.last().expect("the script notes it");
            for part in ["errorType", error_type, "no such item", trace, language.file] {
                assert!(error.contains(part), "{variant}: {error}");
            }
        });
    }
}

#[test]
fn the_handler_that_comes_with_a_runtime_does_what_hello_does() {
    let script = r#"
        let f = deploy(#{ runtime: name, client: client, memory: 512, timeout: 60 });
        let hello = deploy(#{ workload: "hello", variant: "dev" });
        check("it is installed", name in runtimes(client));
        check("it has the cases", f.describe().cases == hello.describe().cases);
        f.invoke();
        for known in f.describe().cases {
            check(known, f.invoke_case(known).response == hello.invoke_case(known).response);
        }
        let long = "";
        long.pad(101, 'é');
        let wrong = [#{ name: " \n" }, #{ name: long }, #{}];
        expect_status("error", || {
            for event in wrong {
                let got = [f.invoke(event), hello.invoke(event)];
                got = got.map(|r| `${r.response.errorType}: ${r.response.errorMessage}`);
                check(got[0], got[1].starts_with(got[0]));
            }
            let r = f.invoke(#{ nmae: "x" });
            check("unknown field", r.response.errorMessage.contains("unknown field `nmae`, expected `name`"));
        });
    "#;
    for language in [PYTHON, NODEJS] {
        language.each(script, |place, done| {
            let done = done.exits(0);
            let run = place.only_run();
            variant(&run, &done);
            let function = &run.record.functions[0];
            let expected = format!("{}-512", language.name);
            assert_eq!((&function.name, &function.workload), (&expected, &None));
            let mut cases = run.invocations.iter().map(|row| row.case.as_deref());
            assert_eq!(cases.next(), Some(Some("world")));
        });
    }
}

#[test]
fn code_that_cannot_be_loaded_fails_the_init_phase() {
    let script = r#"
        let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.hander", memory: 512, timeout: 60 });
        expect_status("error", || {
            note(f.invoke("echo").response);
        });
    "#;
    for language in [PYTHON, NODEJS] {
        language.each(script, |place, done| {
            done.exits(0);
            let run = place.only_run();
            let error = run.record.notes.last().expect("the script notes it");
            assert!(error.contains("Runtime.HandlerNotFound"), "{error}");
            assert!(error.contains("hander"), "{error}");
        });
    }
}

/// What `kelvin run` and `kelvin check` say of a function, with nothing of this machine but these folders on PATH.
fn refused(place: &Place, path: &str, keys: &str, expected: &str) {
    let script = place.script(&format!("deploy(#{{ {keys} }});"));
    for command in ["run", "check"] {
        let mut command = match command {
            "run" => place.with_results(&["run", &script]),
            _ => place.kelvin(&["check", &script]),
        };
        // Neither runtimes nor version managers of who runs the tests.
        command.env("PATH", path).env("HOME", place.path("home"));
        command.env("KELVIN_RUNTIMES", place.path("runtimes"));
        for name in ["PYENV_ROOT", "NVM_DIR", "XDG_DATA_HOME"] {
            command.env_remove(name);
        }
        place.wait(&mut command).exits(1).complains(expected);
    }
}

#[test]
fn what_is_missing_is_told() {
    let place = Place::new();
    fs::create_dir_all(place.path("functions/orders")).expect("the folder is writable");
    let nowhere = place.path("functions").display().to_string();
    let check = |keys: &str, expected: &str| refused(&place, &nowhere, keys, expected);
    check(
        "runtime: \"python\"",
        "runtime \"python\" needs python3, which is not on PATH; to add it: sudo apt-get install python3; or name one with KELVIN_PYTHON",
    );
    check(
        "runtime: \"pyhton\"",
        "unknown runtime \"pyhton\"; did you mean \"python\"? known: nodejs, python",
    );
    check(
        "runtime: \"java21\"",
        "runtime \"java21\" is not run here; give a bootstrap that starts",
    );
    check("runtime: \"provided.al2023\"", "deploy(#{ bootstrap: \"PATH\" })");
    check("image: \"x\"", "container images are not run here; ");
    check("runtime: \"python\", code: \"function\"", "function is not a folder");
    let code = "code: \"functions/orders\", handler";
    check(
        &format!("runtime: \"python\", {code}: \"orders.handler\""),
        "functions/orders: there is no orders.py or orders/__init__.py",
    );
    check(
        &format!("runtime: \"nodejs\", {code}: \"orders\""),
        "handler \"orders\" has no function; write FILE.FUNCTION, as in app.handler",
    );
    let versions = place.path("home/.pyenv/versions/3.12.1/bin");
    fs::create_dir_all(&versions).expect("the folder is writable");
    fs::write(versions.join("python3"), "").expect("the folder is writable");
    check(
        "runtime: \"python3.13\"",
        "runtime \"python3.13\" needs Python 3.13, which was not found; there are: 3.12; install it",
    );
}

#[test]
fn a_version_of_a_runtime_gets_its_interpreter_and_no_client_stands_in_unasked() {
    let place = Place::new();
    let path = place.path("programs");
    // What answers as the interpreters of two versions would.
    for (file, version) in [("python3", "3.9.2"), ("python3.12", "3.12.5")] {
        let answer = serde_json::json!({ "program": path.join(file), "version": version });
        program(&path.join(file), &format!("#!/bin/sh\ncat <<'END'\n{answer}\nEND\n"));
    }
    let check = |runtime: &str, version: &str, file: &str| {
        let expected = format!(
            "runtime \"{runtime}\" needs awslambdaric, AWS's own client, which Python {version} at {} does not have; \
             to add it: kelvin runtimes install {runtime}; or ask for a loop over the standard library: client: \"stand-in\"",
            path.join(file).display()
        );
        let search = format!("{}:/usr/bin:/bin", path.display());
        refused(&place, &search, &format!("runtime: \"{runtime}\""), &expected);
    };
    check("python", "3.9.2", "python3");
    check("python3.9", "3.9.2", "python3");
    check("python3.12", "3.12.5", "python3.12");
}

#[test]
fn an_interpreter_is_asked_without_what_only_its_user_has() {
    let place = Place::new();
    let mine = place.path("mine");
    // Whoever imports it ends.
    program(&mine.join("json.py"), "raise SystemExit('not a file of functions')\n");
    let mine = mine.display().to_string();
    let check = |language: Language, folder: &str, env_vars: &[(&str, &str)]| {
        if language.candidates().iter().all(|candidate| candidate.client != "stand-in") {
            return;
        }
        let text = format!("deploy(#{{ runtime: \"{}\", client: \"stand-in\" }});", language.name);
        let mut command = place.kelvin(&["check", &place.script(&text)]);
        command.current_dir(folder).envs(env_vars.iter().copied());
        place.wait(&mut command).exits(0);
    };
    check(PYTHON, &mine, &[]);
    check(PYTHON, "/", &[("PYTHONPATH", &mine)]);
    check(PYTHON, "/", &[("PYTHONHOME", &mine)]);
    check(NODEJS, "/", &[("NODE_OPTIONS", "--require /no/such/file")]);
}

#[test]
fn doctor_looks_for_interpreters_where_functions_find_them() {
    let place = Place::new();
    program(&place.path("home/.pyenv/versions/3.12.1/bin/python3"), "");
    let mut command = place.kelvin(&["doctor"]);
    command.env("PATH", "/nowhere").env("HOME", place.path("home"));
    command.env("KELVIN_NODE", "/opt/my/node").env_remove("PYENV_ROOT");
    let done = place.wait(&mut command).exits(0);
    let state = |program: &str| {
        let mut lines = done.stdout.lines();
        let state = lines.find_map(|line| line.strip_prefix(program)).expect("each has a line");
        state.trim().to_owned()
    };
    assert_eq!(state("node "), "/opt/my/node (KELVIN_NODE)");
    assert!(state("python3 ").starts_with("not on PATH; by version, as in \"python3.13\": 3.12"));
}
