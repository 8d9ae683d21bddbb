//! What is deployed of an executable: the folder that it lies in, by one rule, and nothing that could not run.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use crate::kit::{Place, program};

/// Without it, functions have their packages elsewhere, as links into the folder.
const TASK_ROOT: &str = "private-/var/task";

/// Says what lies in the package, and ends.
const LIST: &str = "#!/bin/sh\nfind . | sort | tr '\\n' ' ' >&2\necho from $0 >&2\nexit 3\n";

fn write(place: &Place, name: &str, text: &str) {
    let path = place.path(name);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("it is writable");
    fs::write(path, text).expect("it is writable");
}

#[test]
fn a_bootstrap_of_any_name_has_its_neighbours_and_what_links_lead_to() {
    let place = Place::new();
    program(&place.path("code/start.sh"), LIST);
    program(&place.path("elsewhere/start.sh"), LIST);
    write(&place, "code/lib/a", "12345");
    write(&place, "shared/b", "123");
    write(&place, "code/.git/objects", "much");
    write(&place, "code/target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    write(&place, "code/target/debug/much", "much");
    fs::create_dir(place.path("linked")).expect("it is writable");
    symlink("../elsewhere/start.sh", place.path("linked/run")).expect("it is writable");
    symlink("../shared", place.path("linked/shared")).expect("it is writable");
    program(&place.path("tools/bin/alone"), LIST);
    write(&place, "tools/bin/other", "");
    let done = place.run_script(
        r#"
        let contents = |bootstrap, name| {
            let f = deploy(#{ bootstrap: bootstrap, name: name, timeout: 60 });
            let line = f.invoke().logs.split("\n")[0];
            f.recycle();
            line
        };
        expect_status("crash", || {
            note(contents.call("code/start.sh", "code"));
            note(contents.call("linked/run", "linked"));
            note(contents.call("tools/bin/alone", "alone"));
        });
        "#,
        &[],
    );
    done.exits(0);
    let run = place.only_run();
    if place.is_enforced(TASK_ROOT) {
        let notes: Vec<&str> = run.record.notes.iter().map(|note| note.trim()).collect();
        assert_eq!(
            notes,
            [
                ". ./lib ./lib/a ./start.sh from /var/task/start.sh",
                ". ./run ./shared ./shared/b from /var/task/run",
                ". ./bootstrap from /var/task/bootstrap",
            ]
        );
    }
    let own = LIST.len() as u64;
    let sizes = run.record.functions.iter().map(|function| function.package_bytes);
    assert_eq!(sizes.collect::<Vec<_>>(), [Some(own + 5), Some(own + 3), Some(own)]);
    let binaries = run.record.functions.iter().map(|function| function.binary_bytes);
    assert!(binaries.eq([Some(own); 3]));
}

#[test]
fn an_interpreter_in_the_path_of_the_function_leaves_the_package_its_size() {
    let place = Place::new();
    let start = "#!/usr/bin/env mine\necho started >&2\nexit 3\n";
    let mine = "#!/bin/sh\nexec /bin/sh \"$@\"\n";
    program(&place.path("code/start.sh"), start);
    program(&place.path("code/tools/mine"), mine);
    let script = r#"
        let env = #{ PATH: "/var/task/tools:/usr/bin:/bin" };
        let f = deploy(#{ bootstrap: "code/start.sh", env: env, timeout: 60 });
        expect_status("crash", || note(f.invoke().logs));
    "#;
    place.run_script(script, &[]).exits(0);
    let record = place.only_run().record;
    if place.is_enforced(TASK_ROOT) {
        assert!(record.notes.concat().starts_with("started"), "{:?}", record.notes);
    }
    assert_eq!(record.functions[0].package_bytes, Some((start.len() + mine.len()) as u64));
}

#[test]
fn a_script_beside_its_bootstrap_has_no_results_in_the_package() {
    let place = Place::new();
    program(&place.path("bootstrap"), LIST);
    write(&place, "results/earlier/run.json", "{}");
    let script = "expect_status(\"crash\", || note(deploy(#{ bootstrap: \"bootstrap\", timeout: 60 }).invoke().logs));";
    let data = File::create(place.path("results/earlier/data")).expect("it is writable");
    data.set_len(251 << 20).expect("it has holes");
    place.run_script(script, &["--dry-run"]).exits(0);
    place.run_script(script, &[]).exits(0);
    let runs = kelvin_record::list_runs(&place.results()).expect("results can be read");
    let run = runs.iter().find_map(|run| kelvin_record::Run::open(&run.directory).ok());
    let notes = run.expect("one run is whole").record.notes.concat();
    assert!(notes.contains("./bootstrap ") && notes.contains("./script.rhai"), "{notes}");
    assert!(!notes.contains("results"), "{notes}");
}

#[test]
fn relative_paths_start_beside_the_script() {
    let place = Place::new();
    write(&place, "data/a.txt", "twelve bytes");
    let done = place.run_script(
        r#"
        let s3 = service("s3", #{ folder: "state" });
        s3.bucket("photos");
        s3.put("photos", "a.txt", "data/a.txt");
        "#,
        &[],
    );
    done.exits(0);
    assert!(place.path("state").is_dir(), "the service keeps its state beside the script");
    let missing = place.run_script("service(\"s3\").put(\"b\", \"k\", \"data/b.txt\");", &[]);
    let expected = format!("failed to read {}", place.path("data/b.txt").display());
    missing.exits(1).complains(&expected);
}

#[test]
fn what_cannot_run_or_is_too_large_is_found_by_run_and_check() {
    let place = Place::new();
    let check = |bootstrap: &str, expected: &str| {
        let script = place.script(&format!("deploy(#{{ bootstrap: \"{bootstrap}\" }});"));
        let mut run = place.with_results(&["run", &script]);
        place.wait(&mut run).exits(1).complains(expected);
        place.wait(&mut place.kelvin(&["check", &script])).exits(1).complains(expected);
    };
    write(&place, "plain/start.sh", LIST);
    program(&place.path("empty/start.sh"), "");
    program(&place.path("none/start.sh"), "echo hello\n");
    program(&place.path("wrong/start.sh"), "#!/usr/bin/env no-such-language\n");
    program(&place.path("large/start.sh"), LIST);
    let data = File::create(place.path("large/data")).expect("it is writable");
    data.set_len(251 << 20).expect("it has holes");
    let at = |name: &str| place.path(name).display().to_string();
    check("no/start.sh", &format!("bootstrap {}", at("no/start.sh")));
    check(
        "plain/start.sh",
        &format!("it may not be executed; to allow it: chmod +x {}", at("plain/start.sh")),
    );
    check("empty/start.sh", "it is empty");
    check("none/start.sh", "a script's first line is like #!/bin/sh");
    check(
        "wrong/start.sh",
        "names the interpreter no-such-language, which is not in the PATH of functions: ",
    );
    check("large", "it is a folder; name the executable in it");
    check(
        "large/start.sh",
        "has 252 MB, and Lambda takes 250 MB unzipped; put it into a folder of its own",
    );
}
