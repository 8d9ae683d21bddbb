//! A Runtime API that a test plays by hand, against one bootstrap.
//!
//! The bootstrap waits for every answer, so the test decides what has happened when it looks at the log: no timing.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

/// After this long a bootstrap that says nothing has failed the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request of the bootstrap.
#[derive(Debug)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    headers: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|header| {
            let (key, value) = header.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A started bootstrap; killed when dropped.
pub(crate) struct Bootstrap {
    child: Child,
    log: ChildStdout,
    listener: TcpListener,
    connection: Option<BufReader<TcpStream>>,
}

/// Starts the bootstrap as Lambda would, with these variables besides.
pub(crate) fn start(variables: &[(&str, &str)]) -> Bootstrap {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    set_socket_timeout(&listener, Timeout::Recv, Some(PATIENCE)).expect("a timeout can be set");
    let address = listener.local_addr().expect("the listener is bound").to_string();
    let mut child = command(variables)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .spawn()
        .expect("cargo built the bootstrap");
    let log = child.stdout.take().expect("standard output is a pipe");
    rustix::fs::fcntl_setfl(&log, OFlags::NONBLOCK).expect("a pipe need not block");
    Bootstrap { child, log, listener, connection: None }
}

/// Starts the bootstrap without a Lambda around it; its exit code and what it says on standard error.
pub(crate) fn start_by_hand(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = command(variables).output().expect("cargo built the bootstrap");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// `--describe` into a pipe that is closed at the other end; exit code and standard error.
pub(crate) fn describe_to_nobody() -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let mut describe = command(&[]);
    let output =
        describe.arg("--describe").stdout(writer).output().expect("cargo built the bootstrap");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is started without the emulator"
)]
fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kelvin-test-bootstrap"));
    command.env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Bootstrap {
    /// The bootstrap's next request, read to its end.
    pub(crate) fn request(&mut self) -> Request {
        let connection = self.connection.get_or_insert_with(|| {
            let (stream, _) = self.listener.accept().expect("the bootstrap connects");
            stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
            BufReader::new(stream)
        });
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| !line.is_empty()) {
            let mut line = String::new();
            let bytes = connection.read_line(&mut line).expect("the bootstrap sends a request");
            assert_ne!(bytes, 0, "the bootstrap closed the connection");
            head.push(line.trim_end().to_owned());
        }
        let (line, _version) = head[0].rsplit_once(' ').expect("a request line has three words");
        let mut request =
            Request { line: line.to_owned(), headers: head[1..].to_vec(), body: String::new() };
        let length = request
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length is a number"));
        connection.take(length).read_to_string(&mut request.body).expect("the body arrives");
        request
    }

    /// Answers `/next` with an event.
    pub(crate) fn answer_next(&mut self, request_id: &str, event: &str) {
        let length = event.len();
        self.answer(&format!(
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: {request_id}\r\n\
             Lambda-Runtime-Deadline-Ms: 2000000000000\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n\
             Content-Length: {length}\r\n\
             \r\n\
             {event}"
        ));
    }

    /// Answers a `/response` or `/error`.
    pub(crate) fn accept(&mut self) {
        self.answer("HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n");
    }

    /// The same, for a client that asked for the connection to be closed.
    pub(crate) fn accept_and_close(&mut self) {
        self.accept();
        self.connection = None;
    }

    fn answer(&mut self, response: &str) {
        let connection = self.connection.as_mut().expect("a request came before its answer");
        connection.get_mut().write_all(response.as_bytes()).expect("the bootstrap listens");
    }

    /// What the bootstrap has written to standard output since the last look.
    pub(crate) fn log(&mut self) -> String {
        let mut log = Vec::new();
        match self.log.read_to_end(&mut log) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        String::from_utf8(log).expect("logs are text")
    }

    /// Ends it while it waits for an event; what it said on standard error.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().expect("it has not ended by itself");
        self.exit().1
    }

    /// Waits until it ends by itself; its exit code and what it said on standard error.
    pub(crate) fn exit(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("standard error is a pipe");
        pipe.read_to_string(&mut stderr).expect("messages are text");
        (self.child.wait().expect("a child can be waited for").code(), stderr)
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
