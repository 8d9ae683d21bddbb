//! The HTTP upstream.

use std::io::Read;

use kelvin_services::ServiceKind;
use serde_json::{Value, json};

use crate::kit::{get, raw, start};

#[test]
fn answers_follow_from_the_path() {
    let running = start(ServiceKind::Http);
    let check = |path: &str, status: u16, expected: &[u8]| {
        let (head, body) = get(&running.service, path, "");
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}");
        assert_eq!(body, expected, "{path}");
    };
    check("/bytes/0", 200, &[]);
    check("/bytes/4", 200, &[0, 1, 2, 3]);
    check("/square/12", 200, br#"{"n":12,"square":144}"#);
    check(
        "/json/2",
        200,
        br#"{"count":2,"items":[{"id":0,"square":0},{"id":1,"square":1}],"sum":1}"#,
    );
    check("/status/418", 418, b"status 418\n");
    check("/status/600", 400, b"that number is too large or too small\n");
    check("/bytes/99999999999", 400, b"that number is too large or too small\n");
    check("/echo", 405, b"/echo takes POST\n");
    let (head, rules) = get(&running.service, "/nothing", "");
    assert!(head.starts_with("http/1.1 404 "));
    assert_eq!(rules, get(&running.service, "/", "").1);
}

#[test]
fn chunks_have_no_length() {
    let running = start(ServiceKind::Http);
    let (head, body) = get(&running.service, "/chunked/5000", "");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert!(body.starts_with(b"1000\r\n"), "4096 bytes first");
    assert!(body.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn answers_are_compressed_for_those_who_accept_it() {
    let running = start(ServiceKind::Http);
    let (head, body) = get(&running.service, "/json/1000", "accept-encoding: br, gzip\r\n");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["count"], 1000);
    assert_eq!(value["sum"], json!(332_833_500));
}

#[test]
fn echo_says_what_it_hears() {
    let running = start(ServiceKind::Http);
    let request = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-type: text/x\r\nconnection: close\r\n\r\nhello";
    let (received, ended) = raw(&running.service, request);
    ended.unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(
        received.contains("content-type: text/x") && received.ends_with("\r\n\r\nhello"),
        "{received}"
    );
}
