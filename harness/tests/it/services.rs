//! Services, on their own (`kelvin services`) and in scenarios.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::kit::{Place, Running};
use crate::processes;

/// Sends `GET path` to an endpoint; everything that comes back.
fn get(endpoint: &str, path: &str) -> std::io::Result<String> {
    let address = endpoint.strip_prefix("http://").expect("endpoints are of HTTP");
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The value of the next line, which exports this variable.
fn exported(running: &mut Running, name: &str) -> String {
    let line = running.printed_line();
    let value = line.strip_prefix(&format!("export {name}="));
    value.unwrap_or_else(|| panic!("{line}")).to_owned()
}

fn ends_in_order(signal: Signal) {
    let place = Place::new();
    let mut command = place.kelvin(&["services", "--latency", "1ms"]);
    let mut running = Running::start(&mut command);
    running.wait_for_line("serving s3, dynamodb, http until Ctrl-C");
    let s3 = exported(&mut running, "AWS_ENDPOINT_URL_S3");
    let dynamodb = exported(&mut running, "AWS_ENDPOINT_URL_DYNAMODB");
    let http = exported(&mut running, "KELVIN_HTTP_UPSTREAM");
    exported(&mut running, "AWS_ACCESS_KEY_ID");
    exported(&mut running, "AWS_SECRET_ACCESS_KEY");
    assert_eq!(exported(&mut running, "AWS_REGION"), "us-east-1");
    let answer = |endpoint, path| get(endpoint, path).expect("it answers");
    assert!(answer(&s3, "/").contains("<Code>AccessDenied</Code>"), "without a signature");
    assert!(answer(&dynamodb, "/").contains("healthy: dynamodb"));
    assert!(answer(&http, "/square/7").ends_with(r#"{"n":7,"square":49}"#));
    running.signal(signal);
    assert_eq!(running.end().exits(0).stdout, "");
    for endpoint in [s3, dynamodb, http] {
        let refused = get(&endpoint, "/").expect_err("it has ended");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    place.assert_nothing_is_left();
}

#[test]
fn they_end_with_ctrl_c() {
    ends_in_order(Signal::INT);
}

#[test]
fn and_with_sigterm() {
    ends_in_order(Signal::TERM);
}

#[test]
fn only_those_that_are_named_with_errors_and_a_folder() {
    let place = Place::new();
    let folder = place.path("state");
    let mut command =
        place.kelvin(&["services", "http", "dynamodb", "http", "--errors", "error=1"]);
    let mut running = Running::start(command.arg("--folder").arg(&folder));
    running.wait_for_line("serving dynamodb, http until Ctrl-C");
    exported(&mut running, "AWS_ENDPOINT_URL_DYNAMODB");
    let http = exported(&mut running, "KELVIN_HTTP_UPSTREAM");
    assert!(get(&http, "/square/7").unwrap().starts_with("HTTP/1.1 503 "));
    running.signal(Signal::INT);
    running.end().exits(0);
    assert!(folder.join("dynamodb/dynamodb.sqlite").is_file());
}

#[test]
fn mistakes_are_answered_at_once() {
    let check = |args: &[&str], code: i32, expected: &str| {
        let place = Place::new();
        let mut command = place.kelvin(&["services"]);
        let done = place.wait(command.args(args)).exits(code).complains(expected);
        assert_eq!(done.stdout, "");
    };
    check(&["sqs"], 2, "unknown service \"sqs\"; known: s3, dynamodb, http");
    check(&["--latency", "4"], 2, "the units are us, ms and s; write a duration like \"4ms\"");
    check(&["--errors", "half"], 2, "errors \"half\": not a number; write a share like 0.01");
    check(&["--latency", "same-zone"], 1, "no figures are published for http");
    check(&["s3", "--folder", "/dev/null"], 1, "in /dev/null/s3: Not a directory");
}

const HELLO: &str = "deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" })";

#[test]
fn scenarios_have_services_and_records_say_so() {
    let place = Place::new();
    std::fs::write(place.path("a.bin"), "x").unwrap();
    let text = format!(
        r#"
        let db = service("dynamodb", #{{ latency: "4ms", errors: 0.01 }});
        db.table("items", "id", "n:N");
        db.item("items", #{{ id: "a", n: 1 }});
        let s3 = service("s3", #{{ seed: 9 }});
        s3.bucket("photos");
        s3.put("photos", "a/b.bin", "{}");
        let f = {HELLO};
        let env = f.describe().env;
        check("it knows DynamoDB", env.AWS_ENDPOINT_URL_DYNAMODB == db.env.AWS_ENDPOINT_URL_DYNAMODB);
        check("it knows S3", env.AWS_ENDPOINT_URL_S3 == s3.env.AWS_ENDPOINT_URL_S3);
        f.invoke();
        db.latency("10ms");
        f.invoke();
        "#,
        place.path("a.bin").display()
    );
    let done = place.run_script(&text, &["--seed", "7"]).exits(0);
    let done = done.prints("service 0: dynamodb · latency 4ms · errors error=0.01 · seed 7");
    let done = done.prints("service 1: s3 · latency none · errors none · seed 9");
    done.prints("service 0: dynamodb · latency 10ms · errors error=0.01 · seed 7");
    let run = place.only_run();
    let offsets: Vec<_> = run.record.services.iter().map(|row| row.since_offset_ns).collect();
    assert!(offsets.is_sorted() && offsets.len() == 3, "{offsets:?}");
    assert_eq!(run.invocations.len(), 2);
    let record = std::fs::read_to_string(place.only_directory().join("run.json")).unwrap();
    assert!(!record.contains("http://127.0.0.1"), "no values of the environment");
}

#[test]
fn a_killed_run_leaves_no_state_of_services() {
    let place = Place::new();
    let text =
        format!("service(\"s3\").bucket(\"photos\"); {HELLO}; note(\"ready\"); pause(\"1h\");");
    let script = place.script(&text);
    let mut running = Running::start(&mut place.with_results(&["run", &script]));
    running.wait_for_line("ready");
    running.signal(Signal::KILL);
    assert_eq!(running.end().code, None);
    processes::wait_until_gone(&place.tmp());
    place.assert_nothing_is_left();
}

#[test]
fn mistakes_with_services_are_shown_in_their_line() {
    let check = |script: &str, expected: &str| {
        for args in [&["--dry-run"][..], &[]] {
            let place = Place::new();
            let done = place.run_script(script, args).exits(1).complains(expected);
            done.complains(" --> script.rhai:1:");
        }
    };
    check("service(\"sqs\");", "unknown service \"sqs\"; known: s3, dynamodb, http");
    check(
        "service(\"s3\", #{ latencies: \"4ms\" });",
        "unknown key \"latencies\"; did you mean \"latency\"?",
    );
    check("service(\"http\", #{ latency: \"same-zone\" });", "no figures are published for http");
    check("service(\"s3\").latency(\"4\");", "the units are us, ms and s");
    check("service(\"dynamodb\").table(\"items\", \"id:X\");", "types are S, N and B");
}

#[test]
fn a_dry_run_starts_no_services() {
    let place = Place::new();
    let text = format!(
        "let s = service(\"s3\", #{{ latency: \"same-zone\" }}); s.bucket(\"photos\"); {HELLO}.invoke();"
    );
    let done = place.run_script(&text, &["--dry-run"]).exits(0);
    done.prints("invocations  1");
}
