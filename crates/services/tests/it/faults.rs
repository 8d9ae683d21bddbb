//! Latency and faults, as clients meet them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aws_sdk_s3::error::ProvideErrorMetadata;
use kelvin_services::{Service, ServiceKind, TableSpec};

use crate::kit::{address, block_on, dynamodb_client, get, raw, s3_client, start_with};

const GET: &str = "GET /bytes/1000 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn failing(kind: ServiceKind, errors: &str) -> crate::kit::Running {
    start_with(kind, |spec| spec.errors = errors.parse().expect("errors of a test are valid"))
}

#[test]
fn s3_fails_in_its_own_words() {
    let check = |errors: &str, status: u16, code: &str| {
        let running = failing(ServiceKind::S3, errors);
        running.service.create_bucket("photos").unwrap();
        let listed =
            block_on(s3_client(&running.service).list_objects_v2().bucket("photos").send());
        let error = listed.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert_eq!(error.code(), Some(code));
    };
    check("error=1", 500, "InternalError");
    check("throttle=1", 503, "SlowDown");
}

#[test]
fn dynamodb_fails_in_its_own_words() {
    let get_item = |service: &Service| {
        let key = aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned());
        let get = dynamodb_client(service).get_item().table_name("items").key("id", key);
        block_on(get.send()).unwrap_err()
    };
    let error = get_item(&failing(ServiceKind::DynamoDb, "error=1").service);
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(error.into_service_error().is_internal_server_error());
    let error = get_item(&failing(ServiceKind::DynamoDb, "throttle=1").service);
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert!(error.into_service_error().is_provisioned_throughput_exceeded_exception());
}

#[test]
fn the_http_upstream_fails_with_statuses() {
    let check = |errors: &str, expected: &str| {
        let (head, _) = get(&failing(ServiceKind::Http, errors).service, "/bytes/1", "");
        assert!(head.starts_with(expected), "{head}");
    };
    check("error=1", "http/1.1 503 ");
    check("throttle=1", "http/1.1 429 ");
}

#[test]
fn a_reset_comes_in_the_middle_of_the_answer() {
    let running = failing(ServiceKind::Http, "reset=1");
    let (received, ended) = raw(&running.service, GET);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let text = String::from_utf8_lossy(&received);
    let (head, _) = text.split_once("\r\n\r\n").expect("the head is there");
    assert!(head.contains("content-length: 1000"), "{head}");
    assert_eq!(received.len() - head.len() - 4, 500, "half of the body");
    // Of an answer without a body nothing comes.
    let (received, ended) = raw(&running.service, &GET.replace("1000", "0"));
    assert_eq!((received.len(), ended.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
}

#[test]
fn what_was_reset_was_carried_out() {
    let running = failing(ServiceKind::DynamoDb, "reset=1");
    let partition_key = "id".parse().unwrap();
    let table = TableSpec { name: "items".to_owned(), partition_key, sort_key: None };
    running.service.create_table(&table).unwrap();
    let mut service = running.service;
    let key = || aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned());
    let put = dynamodb_client(&service).put_item().table_name("items").item("id", key());
    block_on(put.send()).unwrap_err();
    service.set_errors("none".parse().unwrap()).unwrap();
    let got = dynamodb_client(&service).get_item().table_name("items").key("id", key());
    assert!(block_on(got.send()).unwrap().item.is_some());
}

#[test]
fn connections_are_refused_and_accepted_again() {
    let mut running = failing(ServiceKind::Http, "refuse=0.999999999");
    let (_, ended) = raw(&running.service, GET);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let service = &mut running.service;
    let until = |wanted: fn(&std::io::Result<TcpStream>) -> bool, service: &Service| {
        while !wanted(&TcpStream::connect(address(service))) {
            std::thread::yield_now();
        }
    };
    service.set_errors("refuse=1".parse().unwrap()).unwrap();
    until(|c| c.as_ref().is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused), service);
    service.set_errors("none".parse().unwrap()).unwrap();
    until(Result::is_ok, service);
    assert!(get(service, "/bytes/1", "").0.starts_with("http/1.1 200"));
}

#[test]
fn a_further_socket_refuses_and_accepts_like_the_port_and_is_closed_in_the_end() {
    let mut running = failing(ServiceKind::Http, "none");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let besides = free.local_addr().unwrap();
    drop(free);
    // A port that was asked for by its number stays that of the socket, as in an execution environment.
    let listener = std::net::TcpListener::bind(besides).unwrap();
    listener.set_nonblocking(true).unwrap();
    let accepting = running.service.besides().accept(listener);
    let until = |wanted: fn(&std::io::Result<TcpStream>) -> bool| {
        while !wanted(&TcpStream::connect(besides)) {
            std::thread::yield_now();
        }
    };
    until(Result::is_ok);
    for _ in 0..3 {
        running.service.set_errors("refuse=1".parse().unwrap()).unwrap();
        until(|c| c.as_ref().is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused));
        running.service.set_errors("none".parse().unwrap()).unwrap();
        until(Result::is_ok);
    }
    let mut stream = TcpStream::connect(besides).unwrap();
    stream.write_all(b"GET /bytes/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(accepting);
    until(Result::is_err);
}

#[test]
fn the_same_seed_fails_the_same_requests() {
    let failures = |seed| {
        let running = start_with(ServiceKind::Http, |spec| {
            spec.errors = "error=30% throttle=30%".parse().unwrap();
            spec.seed = seed;
        });
        let status = |_| get(&running.service, "/bytes/1", "").0[9..12].to_owned();
        (0..20).map(status).collect::<Vec<_>>()
    };
    assert_eq!(failures(1), failures(1));
    assert_ne!(failures(1), failures(2));
    assert!(failures(1).contains(&"503".to_owned()) && failures(1).contains(&"429".to_owned()));
}

#[test]
fn answers_wait_for_the_latency_that_is_set() {
    let mut running = start_with(ServiceKind::Http, |spec| spec.latency = "30ms".parse().unwrap());
    let took = |service: &Service| {
        let asked = Instant::now();
        get(service, "/bytes/1", "");
        asked.elapsed()
    };
    assert!(took(&running.service) >= Duration::from_millis(30));
    running.service.set_latency("60ms".parse().unwrap()).unwrap();
    assert!(took(&running.service) >= Duration::from_millis(60));
    let no_profile = running.service.set_latency("same-zone".parse().unwrap());
    assert!(no_profile.unwrap_err().to_string().contains("no figures are published for http"));
    assert_eq!(running.service.spec().latency.to_string(), "60ms");
}
