//! `kelvin services`: services on their own.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::kit::{Place, Running};

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
