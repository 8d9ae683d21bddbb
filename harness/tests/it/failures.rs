//! What failed, and why: what a report shows of it, and what is on record.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rustix::process::Signal;

use crate::kit::{Done, Place, Running, bad_function, json};
use crate::processes;

/// Deploys the function that fails on demand.
fn deploy(options: &str) -> String {
    format!("deploy(#{{ bootstrap: \"{}\", memory: 1769, timeout: 1, {options} }})", bad_function())
}

/// The report between its tables and its reading aids, with `ID` for request ids and `N` for how long INIT took.
fn failures(done: &Done) -> String {
    let (_, failures) = done.stdout.split_once("\nFailed invocations\n").expect("it has a section");
    let (failures, _) = failures.split_once("\n\nCold: ").expect("the reading aids follow");
    let line = |line: &str| {
        let words = line.split(' ').map(|word| if is_id(word) { "ID" } else { word });
        let line = words.collect::<Vec<_>>().join(" ");
        match line.split_once("INIT_REPORT Init Duration: ") {
            Some((before, after)) => {
                let (_, after) = after.split_once(" ms").expect("it is in milliseconds");
                format!("{before}INIT_REPORT Init Duration: N ms{after}")
            }
            None => line,
        }
    };
    failures.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn is_id(word: &str) -> bool {
    word.len() == 36 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[test]
fn the_first_of_each_kind_is_shown_in_its_own_words_with_what_may_be_done() {
    let place = Place::new();
    let script = format!(
        "let f = {};
         for n in 0..3 {{ f.invoke(`fail ValueError no item ${{n}} in 'orders'`); }}
         f.invoke(\"fail ValueError no connection\");
         expect_status(\"crash\", || f.invoke(\"exit 0\"));
         f.invoke(\"hang\");
         let lame = {};
         lame.invoke(\"echo\");
         let twin = {};
         twin.invoke(\"echo\");",
        deploy("name: \"f\""),
        deploy("name: \"lame\", env: #{ INIT: \"say-and-exit no table\" }"),
        deploy("name: \"twin\", env: #{ INIT: \"say-and-exit no table\" }"),
    );
    let done = place.run_script(&script, &[]).exits(4);
    insta::assert_snapshot!(failures(&done), @r"
    function  status        error                              invocations
    f         error         ValueError: no item 0 in 'orders'            3  NOT EXPECTED
    f         error         ValueError: no connection                    1  NOT EXPECTED
    f         timeout       Sandbox.Timedout                             1  NOT EXPECTED
    lame      crash (INIT)  Runtime.ExitError                            1  NOT EXPECTED
    twin      crash (INIT)  Runtime.ExitError                            1  NOT EXPECTED
    f         crash         Runtime.ExitError                            1  expected

    The first of each kind
    These are the functions' own words, on record, and may quote events and environment variables.
    f: error ValueError, 3 invocations
      no item 0 in 'orders'
      log:
      │ invocation 1
      │ event: ValueError no item 0 in 'orders'
      on record: invocations.jsonl.gz, request ID
    f: error ValueError, 1 invocation
      no connection
      log:
      │ invocation 4
      │ event: ValueError no connection
      on record: invocations.jsonl.gz, request ID
    f: timeout Sandbox.Timedout, 1 invocation
      RequestId: ID Error: Task timed out after 1.00 seconds
      log:
      │ invocation 1
      → Its timeout is 1 s: `timeout` in deploy() sets it, up to 900 s.
      on record: invocations.jsonl.gz, request ID
    lame, twin: crash Runtime.ExitError in INIT, 2 invocations
      RequestId: ID Error: Runtime exited with error: exit status 1
      log:
      │ no table
      │ INIT_REPORT Init Duration: N ms Phase: init Status: error Error Type: Runtime.ExitError
      │ no table
      │ INIT_REPORT Init Duration: N ms Phase: invoke Status: error Error Type: Runtime.ExitError
      → INIT failed every time, so that no event reached the function: more launches would not help. The
        program ended before it asked for an event.
      on record: invocations.jsonl.gz, request ID
    f: crash Runtime.ExitError, 1 invocation, as expected
      RequestId: ID Error: Runtime exited without providing a reason
      log:
      │ invocation 5
      on record: invocations.jsonl.gz, request ID

    Checks
    passed expect_status crash

    3 launches, 8 invocations, 8 failed, 7 of them UNEXPECTEDLY.
    ");
    // The tables do not say that something was not tried.
    let done = done.prints(" of lame, twin: INIT failed");
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    assert_eq!(report.stdout, done.stdout);
    let summary = json(&place.only_directory().join("summary.json"));
    let failures = &summary["failures"];
    let counts = ["invocations", "unexpected", "kinds"].map(|name| failures[name].as_u64());
    assert_eq!(counts, [Some(8), Some(7), Some(6)]);
    let of = |at: usize, field: &str| failures["of_kinds"][at][field].clone();
    assert_eq!((of(0, "function"), of(0, "invocations")), ("f".into(), 3.into()));
    assert_eq!(of(0, "message"), "no item 0 in 'orders'");
    assert!(
        of(0, "log_tail").as_str().is_some_and(|log| log.contains("event: ValueError no item 0"))
    );
    let printed = place.wait(&mut place.with_results(&["report", "--format", "json"])).exits(0);
    assert!(printed.stdout.contains("\"failures\": {"), "{}", printed.stdout);
}

#[test]
fn what_functions_write_does_not_steer_the_terminal() {
    let place = Place::new();
    // A title, colours, a bell, a line that begins anew, and text from right to left; then two lines and many columns.
    let said = r"\u001b]0;title\u0007 \u001b[2J\u009b31m \r gone \u202e \u0000 end\nnext\tline";
    let script = format!(
        "let f = {};
         f.invoke(\"fail Type\\u001b[31m {}\");
         f.invoke(\"output 1000000\");
         f.invoke(\"fail Long \" + {});",
        deploy("name: \"f\""),
        said,
        "{ let long = \"\"; long.pad(100000, 'x'); long }",
    );
    let done = place.run_script(&script, &["--color", "never"]).exits(4);
    let steers = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
    assert_eq!(done.stdout.chars().filter(steers).count(), 0, "{:?}", done.stdout);
    let done = done.prints(r"\u{1b}]0;title\u{7} \u{1b}[2J\u{9b}31m");
    let done = done
        .prints("\n   gone \\u{202e} \\u{0} end\n  next line\n")
        .prints(r"error Type\u{1b}[31m");
    assert!(done.stdout.lines().count() < 120, "{}", done.stdout);
    let run = place.only_run();
    let kept = run.invocations.iter().filter_map(|row| row.error_message.as_deref());
    assert!(kept.clone().all(|message| message.len() <= 1024), "{run:?}");
    assert_eq!(kept.count(), 2);
}

/// Every file below a folder, decompressed if it is compressed.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("it is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
            continue;
        }
        let mut bytes = Vec::new();
        if path.extension().is_some_and(|ending| ending == "gz") {
            // Of a run that goes on, the end is missing.
            GzDecoder::new(File::open(&path).expect("it is there")).read_to_end(&mut bytes).ok();
        } else {
            bytes = fs::read(&path).expect("it can be read");
        }
        found.insert(path, String::from_utf8_lossy(&bytes).into_owned());
    }
    found
}

/// In which files of a run a text is, also in base64: names, with `ID` for the id of the request.
fn holders(directory: &Path, secret: &str) -> Vec<String> {
    let holds = |text: &str| {
        let pieces = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
        let decoded = pieces.filter(|piece| piece.len() > 8).filter_map(decode);
        text.contains(secret) || decoded.into_iter().any(|bytes| contains(&bytes, secret))
    };
    let name = |path: &PathBuf| {
        let name = path.strip_prefix(directory).expect("it is in it").display().to_string();
        match name.split_once('/') {
            Some((folder, file)) => {
                let (_, what) = file.split_once('.').expect("an ending says what it is");
                format!("{folder}/ID.{what}")
            }
            None => name,
        }
    };
    files(directory).iter().filter(|(_, text)| holds(text)).map(|(path, _)| name(path)).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Makes events with secrets that its text does not contain: the first failure of a kind, the second, a good one that is read
/// and one that is not, and one whose message alone is read.
fn script_with_secrets() -> String {
    format!(
        "let secret = |n| `4111-secret-` + n.to_string();
         let f = {};
         f.invoke(\"fail Bad card \" + secret.call(1));
         f.invoke(\"fail Bad card \" + secret.call(2));
         if f.invoke(\"answer \" + secret.call(3)).response == () {{ throw \"it answers\"; }}
         f.invoke(\"answer \" + secret.call(4));
         f.repeat(3, \"answer \" + secret.call(5));
         if f.invoke(\"fail Bad card \" + secret.call(6)).error_message == () {{ throw \"it fails\"; }}
         f.recycle();",
        deploy("name: \"f\"")
    )
}

fn secret(n: u32) -> String {
    format!("4111-secret-{n}")
}

/// Runs the script to a pause, looks at what is on record, and lets another run come to its end.
fn on_record(flag: &[&str], check: impl Fn(&Path, bool)) {
    let place = Place::new();
    let script =
        place.script(&format!("{}\nnote(\"waiting\");\npause(\"1h\");", script_with_secrets()));
    let args: Vec<&str> = ["run", &script].iter().chain(flag).copied().collect();
    let mut running = Running::start(&mut place.with_results(&args));
    running.wait_for_line("waiting");
    check(&place.only_directory(), true);
    running.signal(Signal::INT);
    running.end();
    processes::wait_until_gone(&place.tmp());
    let place = Place::new();
    place.run_script(&script_with_secrets(), flag).exits(4);
    check(&place.only_directory(), false);
}

#[test]
fn without_the_flag_there_is_what_the_first_failure_says_of_itself_and_nothing_else() {
    on_record(&[], |directory, goes_on| {
        let read: &[&str] = if goes_on { &["responses.jsonl"] } else { &[] };
        let summary: &[&str] = if goes_on { &[] } else { &["summary.json"] };
        let first = [&["invocations.jsonl.gz"], summary].concat();
        assert_eq!(holders(directory, &secret(1)), first);
        // What the script reads is there until the run has come to its end.
        assert_eq!(holders(directory, &secret(3)), read);
        assert_eq!(holders(directory, &secret(6)), read);
        for nowhere in [2, 4, 5] {
            assert_eq!(holders(directory, &secret(nowhere)), [""; 0], "{nowhere}");
        }
    });
}

#[test]
fn with_the_flag_there_are_event_and_response_of_the_first_failure_too() {
    on_record(&["--keep-payloads"], |directory, goes_on| {
        let payloads = ["payloads/ID.event.json", "payloads/ID.response"];
        let summary: &[&str] = if goes_on { &[] } else { &["summary.json"] };
        let first = [&["invocations.jsonl.gz"], &payloads[..], summary].concat();
        assert_eq!(holders(directory, &secret(1)), first);
        for nowhere in [2, 4, 5] {
            assert_eq!(holders(directory, &secret(nowhere)), [""; 0], "{nowhere}");
        }
        if goes_on {
            return;
        }
        let summary = json(&directory.join("summary.json"));
        let [event, response] = [0, 1].map(|at| {
            let name = summary["failures"]["of_kinds"][0]["payloads"][at].as_str();
            fs::read_to_string(directory.join(name.expect("it is named"))).expect("it is there")
        });
        assert_eq!(event, "\"fail Bad card 4111-secret-1\"");
        assert_eq!(response, r#"{"errorMessage":"card 4111-secret-1","errorType":"Bad"}"#);
    });
}

#[test]
fn a_resumed_run_keeps_kinds_payloads_and_what_its_script_has_read() {
    let place = Place::new();
    let script = format!(
        "let f = {};
         f.invoke(\"fail Bad card 1\");
         f.recycle();
         let said = f.invoke(\"fail Bad card 2\").error_message;
         f.recycle();
         note(\"waiting\");
         pause(\"1h\");
         f.invoke(\"fail Bad card 3\");
         f.invoke(\"fail Worse card 4\");
         note(said);",
        deploy("name: \"f\"")
    );
    let script = place.script(&script);
    let mut running = Running::start(&mut place.with_results(&["run", &script, "--keep-payloads"]));
    running.wait_for_line("waiting");
    running.signal(Signal::INT);
    running.end();
    processes::wait_until_gone(&place.tmp());
    let old = place.only_directory();
    let done = place.wait(&mut place.with_results(&["run", "--resume", "latest"])).exits(4);
    let done = done.prints("- card 2\n");
    let new = fs::read_dir(place.results()).expect("it is there").flatten();
    let new = new.map(|entry| entry.path()).find(|path| *path != old).expect("a new folder");
    let summary = json(&new.join("summary.json"));
    let kinds = summary["failures"]["of_kinds"].as_array().expect("a list");
    let seen: Vec<_> =
        kinds.iter().map(|kind| (&kind["error_type"], &kind["invocations"])).collect();
    assert_eq!(serde_json::json!(seen), serde_json::json!([["Bad", 3], ["Worse", 1]]));
    for (kind, event) in kinds.iter().zip(["\"fail Bad card 1\"", "\"fail Worse card 4\""]) {
        let name = kind["payloads"][0].as_str().expect("it is named");
        assert_eq!(fs::read_to_string(new.join(name)).expect("it is there"), event);
    }
    done.prints("payloads/");
}
