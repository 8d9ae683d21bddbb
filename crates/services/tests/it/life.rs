//! The beginning and the end of services.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;

use kelvin_services::{Service, ServiceKind, ServiceSpec, TableSpec};
use tempfile::TempDir;

use crate::kit::{Running, address, block_on, s3_client, start, start_with};

#[test]
fn a_service_leaves_nothing_behind() {
    for kind in ServiceKind::ALL {
        let Running { service, temporary } = start(kind);
        let address = address(&service);
        let mut open = TcpStream::connect(address).unwrap();
        if kind == ServiceKind::S3 {
            service.create_bucket("photos").unwrap();
            assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
        }
        drop(service);
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert!(!matches!(std::io::Read::read(&mut open, &mut [0]), Ok(1..)), "closed");
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "{kind}");
    }
}

#[test]
fn a_function_is_told_where_it_is() {
    let check = |kind, variable: &str| {
        let running = start(kind);
        let env_vars = running.service.env_vars();
        let env_vars: Vec<_> = env_vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(env_vars, [(variable, running.service.endpoint())]);
    };
    check(ServiceKind::S3, "AWS_ENDPOINT_URL_S3");
    check(ServiceKind::DynamoDb, "AWS_ENDPOINT_URL_DYNAMODB");
    check(ServiceKind::Http, "KELVIN_HTTP_UPSTREAM");
}

#[test]
fn what_is_kept_in_a_folder_is_there_the_next_time() {
    let folder = TempDir::new().unwrap();
    let kept = |kind| {
        let folder = folder.path().join("new");
        start_with(kind, |spec| spec.folder = Some(folder)).service
    };
    let service = kept(ServiceKind::S3);
    service.create_bucket("photos").unwrap();
    service.put_object("photos", "a", "x".into()).unwrap();
    drop(service);
    let service = kept(ServiceKind::S3);
    block_on(s3_client(&service).head_object().bucket("photos").key("a").send()).unwrap();
    drop(service);

    let partition_key = "id".parse().unwrap();
    let table = TableSpec { name: "items".to_owned(), partition_key, sort_key: None };
    kept(ServiceKind::DynamoDb).create_table(&table).unwrap();
    let again = kept(ServiceKind::DynamoDb).create_table(&table);
    assert!(again.unwrap_err().to_string().contains("already exists"));
}

#[test]
fn what_cannot_start_says_why() {
    let check = |kind, folder: &str, expected: &str| {
        let spec = ServiceSpec { folder: Some(folder.into()), ..ServiceSpec::new(kind) };
        let error = Service::start(&spec, &std::env::temp_dir()).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(format!("{error}: {}", source.unwrap_or_default()), expected);
    };
    check(
        ServiceKind::S3,
        "/dev/null",
        "failed to keep the state of the service s3 in /dev/null: File exists (os error 17)",
    );
    check(
        ServiceKind::DynamoDb,
        "/dev/null/x",
        "failed to keep the state of the service dynamodb in /dev/null/x: Not a directory (os error 20)",
    );
    check(
        ServiceKind::Http,
        "/tmp",
        "failed to configure the service http: the service http keeps nothing, so it has no folder",
    );
}
