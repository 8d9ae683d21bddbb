//! Tells Lambda that the init phase failed.
//!
//! lambda_runtime reports such errors only around SnapStart, and its client is not public for it, so this is one HTTP
//! request written by hand ("Initialization error", Using the Lambda runtime API, AWS Lambda developer guide).

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use kelvin_workload::WorkloadError;

/// Longer than any Runtime API takes; only there so that the process ends even if nobody answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Posts the error to `/runtime/init/error` and waits for the answer, so that the report is there before the process
/// ends.
pub(crate) fn report(runtime_api: &str, error: &WorkloadError) -> io::Result<()> {
    let mut stream = connect(runtime_api)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&request(runtime_api, error))?;
    // The status line is enough: by then the Runtime API has the report.
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    if status.starts_with("HTTP/1.1 2") {
        return Ok(());
    }
    Err(io::Error::other(format!("the Runtime API answered \"{}\"", status.trim_end())))
}

fn connect(runtime_api: &str) -> io::Result<TcpStream> {
    let has_port = runtime_api.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let address = if has_port { runtime_api.to_owned() } else { format!("{runtime_api}:80") };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no such host");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn request(host: &str, error: &WorkloadError) -> Vec<u8> {
    let body = serde_json::json!({
        "errorType": error.error_type(),
        "errorMessage": error.error_message(),
        "stackTrace": [],
    })
    .to_string();
    let length = body.len();
    // The header is what lambda_runtime sends; the body has the workload's own type.
    format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\n\
         Host: {host}\r\n\
         Content-Type: application/json\r\n\
         Lambda-Runtime-Function-Error-Type: Runtime.InitError\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n\
         {body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_the_runtime_api_takes() {
        let error = WorkloadError::init_failed("could not read \"key\"", "no such file");
        let request = String::from_utf8(request("127.0.0.1:9001", &error)).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n"
        ));
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        assert_eq!(
            body,
            r#"{"errorMessage":"could not read \"key\": no such file","errorType":"InitFailed","stackTrace":[]}"#
        );
    }
}
