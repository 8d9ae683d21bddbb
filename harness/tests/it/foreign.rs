//! A function in somebody else's workspace, which knows nothing of Kelvin.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kelvin_lambda::Status;

use crate::kit::{Done, Place, kept, root};

/// One workspace for all tests here, so that its dependencies are compiled once; they take turns.
static TURN: Mutex<()> = Mutex::new(());

const MANIFEST: &str = r#"
[workspace]

[package]
name = "plain"
description = "Doubles a number."
version = "1.0.0"
edition = "2021"

[package.metadata.kelvin]
events = "events"
answers = "answers"

[features]
triple = []

[dependencies]
lambda_runtime = { version = "1.5", default-features = false }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["rt", "macros"] }
"#;

const MAIN: &str = r#"
use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    n: i64,
}

async fn double(event: LambdaEvent<Event>) -> Result<serde_json::Value, Error> {
    let factor = if cfg!(feature = "triple") { 3 } else { 2 };
    Ok(serde_json::json!({ "doubled": event.payload.n * factor }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(double)).await
}
"#;

struct Foreign {
    place: Place,
    folder: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Foreign {
    /// The workspace as it should be.
    fn new() -> Foreign {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = kept().join("foreign");
        for name in ["events", "answers", "src"] {
            fs::remove_dir_all(folder.join(name)).ok();
        }
        let foreign = Foreign { place: Place::new(), folder, _turn: turn };
        foreign.write("Cargo.toml", MANIFEST);
        foreign.write("src/main.rs", MAIN);
        foreign.write("events/small.json", r#"{ "n": 21 }"#);
        foreign.write("events/zero.json", r#"{ "n": 0 }"#);
        foreign.write("answers/small.json", r#"{ "doubled": 42 }"#);
        // The very versions that this workspace has fetched.
        fs::copy(root().join("Cargo.lock"), foreign.folder.join("Cargo.lock"))
            .expect("this workspace has a Cargo.lock");
        foreign
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("it is writable");
        fs::write(path, text).expect("the folder is writable");
    }

    /// `kelvin ARGS` in the workspace.
    fn kelvin(&self, args: &[&str]) -> Done {
        let mut command = self.place.with_results(args);
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", kept().join("foreign-target"));
        self.place.wait(&mut command)
    }

    fn run(&self) -> Done {
        let settings = ["workload=plain", "variant=dev", "memory=128", "launches=2", "warm=3"];
        let mut args = vec!["run"];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        self.kelvin(&args)
    }
}

#[test]
fn is_measured_like_ours() {
    let foreign = Foreign::new();
    let list = foreign.kelvin(&["list", "workloads"]).exits(0);
    assert_eq!(list.stdout, "plain  Doubles a number.\n");
    foreign.run().exits(0).prints("2 launches, 8 invocations, none failed.");
    let run = foreign.place.only_run();
    assert!(run.invocations.iter().all(|row| row.case.as_deref() == Some("small")));
    assert_eq!(run.record.functions[0].workload.as_deref(), Some("plain"));
    assert!(run.record.functions[0].env_names.is_empty(), "nothing of ours is set");
}

#[test]
fn a_wrong_answer_is_a_failure() {
    let foreign = Foreign::new();
    foreign.write("answers/small.json", r#"{ "doubled": 43 }"#);
    let done = foreign.run().exits(4).prints("8 failed, 8 of them UNEXPECTEDLY.");
    let row = done.stdout.lines().find(|line| line.contains("wrong_answer"));
    let row: Vec<_> = row.expect("a row of failures").split_whitespace().collect();
    assert_eq!(row[..4], ["plain-dev-128", "wrong_answer", "Kelvin.WrongAnswer:", "at"]);
    assert_eq!(row[row.len() - 3..], ["8", "NOT", "EXPECTED"]);
    let done = done.prints("\n  at /doubled: expected 43, got 42\n");
    done.prints("not as its case \"small\" says");
    for (at, row) in (0..).zip(foreign.place.only_run().invocations) {
        assert_eq!((row.status, row.failure_kind), (Status::WrongAnswer, Some(0)));
        let message = (at == 0).then_some("at /doubled: expected 43, got 42");
        assert_eq!(row.error_message.as_deref(), message);
    }
}

#[test]
fn variants_with_other_features_are_other_programs_side_by_side() {
    let foreign = Foreign::new();
    let with = |variant: &str| {
        let variant = format!("variant={variant}");
        let settings = ["workload=plain", &variant, "memory=128", "launches=1", "warm=1"];
        let mut args = vec!["run"];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        foreign.kelvin(&args)
    };
    // Cargo has one place for both, and the one that was built last must not be taken for the other.
    let done = with("dev,dev+triple").exits(4);
    let row = done.stdout.lines().find(|line| line.contains("wrong_answer"));
    let row: Vec<_> = row.expect("a row of failures").split_whitespace().collect();
    assert_eq!(row[..3], ["plain-dev-triple-128", "wrong_answer", "Kelvin.WrongAnswer:"]);
    assert_eq!(row[row.len() - 3..], ["2", "NOT", "EXPECTED"]);
    let run = foreign.place.only_run();
    let [plain, triple] = &run.record.functions[..] else { panic!("{:?}", run.record.functions) };
    assert_eq!(triple.variant.as_deref(), Some("dev+triple"));
    assert_ne!(plain.binary_sha256, triple.binary_sha256);
    with("dev+").exits(1).complains("variant \"dev+\" is not the name of a cargo profile");
    let done = with("dev+quadruple").exits(1).complains("package plain does not build as");
    done.complains("quadruple");
}

#[test]
fn an_error_of_the_compiler_is_shown() {
    let foreign = Foreign::new();
    foreign.write("src/main.rs", &MAIN.replace("{ 3 }", "{ three }"));
    let done = foreign.run().exits(1);
    let done = done.complains("package plain does not build as dev; cargo's last words:");
    done.complains("cannot find value `three`").complains("--> cold-warm:");
}

#[test]
fn mistakes_in_its_folders_are_named() {
    let foreign = Foreign::new();
    let in_folder = |name: &str| foreign.folder.join(name).display().to_string();
    foreign.write("answers/smal.json", "{}");
    let expected = format!("answer {} belongs to no event", in_folder("answers/smal.json"));
    foreign.run().exits(1).complains(&expected);
    fs::remove_dir_all(foreign.folder.join("events")).unwrap();
    let expected = format!(
        "`events` in [package.metadata.kelvin] of package plain names {}, which is not a folder",
        in_folder("events")
    );
    foreign.run().exits(1).complains(&expected);
    // Without a build, too.
    let script = foreign.place.script("deploy(#{ workload: \"plain\" });");
    let mut command = foreign.place.kelvin(&["check", &script]);
    let done = foreign.place.wait(command.current_dir(&foreign.folder));
    done.exits(1).complains(&expected);
    foreign.write("events/README.md", "none yet");
    foreign.run().exits(1).complains("events has no *.json files, one for each case");
}

#[test]
fn mistakes_in_its_manifest_are_named() {
    let foreign = Foreign::new();
    foreign.write("src/bin/other.rs", "fn main() {}");
    let which = "package plain has 2 binaries; name one as `bin` in its [package.metadata.kelvin]";
    foreign.run().exits(1).complains(which);
    let named = |bin: &str| MANIFEST.replace("events =", &format!("bin = \"{bin}\"\nevents ="));
    foreign.write("Cargo.toml", &named("plane"));
    foreign.run().exits(1).complains("package plain has no binary \"plane\"");
    foreign.write("Cargo.toml", &named("plain"));
    foreign.kelvin(&["list", "workloads"]).exits(0).prints("plain");
    let of_ours =
        named("plain").replace("events =", "# events =").replace("answers =", "# answers =");
    foreign.write("Cargo.toml", &of_ours);
    foreign.run().exits(1).complains("a function that does not use Kelvin's traits needs `events`");
    foreign.write("Cargo.toml", &MANIFEST.replace("events =", "event ="));
    foreign.run().exits(1).complains("[package.metadata.kelvin] of package plain is not valid");
    foreign.write(
        "Cargo.toml",
        &MANIFEST.replace("[package.metadata.kelvin]", "[package.metadata.x]"),
    );
    let list = foreign.kelvin(&["list", "workloads"]).exits(0);
    list.prints("says [package.metadata.kelvin] in its Cargo.toml");
}
