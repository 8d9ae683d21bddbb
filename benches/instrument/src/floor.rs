//! The floor: a Runtime API of raw sockets that spins. It sends the head of an event that AWS documents, so that the
//! function does the same work for it, and nothing else.

use std::io::{self, ErrorKind, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kelvin_emulator::AwakeCores;

use crate::contest::{Contestant, Role, nanoseconds};
use crate::http::{Connection, Message, Patience, Wait};
use crate::process::{By, Process};
use crate::{ANSWER, EVENT};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:greeter";
const TRACE_ID: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:53995c3f:0";

/// A Runtime API for one process at a time.
#[derive(Debug)]
pub(crate) struct Floor {
    listener: TcpListener,
    connections: Vec<Connection>,
    invocations: u64,
    out: Vec<u8>,
}

/// A request of the runtime, and the connection that waits for the answer.
#[derive(Debug)]
struct Request {
    connection: usize,
    message: Message,
}

impl Floor {
    pub(crate) fn new() -> io::Result<Floor> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok(Floor { listener, connections: Vec::new(), invocations: 0, out: Vec::new() })
    }

    pub(crate) fn address(&self) -> io::Result<String> {
        Ok(self.listener.local_addr()?.to_string())
    }

    /// Forgets the process before, and waits until a new one asks for its first event. Returns its connection.
    pub(crate) fn ready(&mut self, process: &Process) -> anyhow::Result<usize> {
        self.connections.clear();
        let mut patience = Patience::new();
        loop {
            self.accept()?;
            if let Some(request) = self.look()? {
                return self.next(&request);
            }
            if let Err(error) = patience.check() {
                match process.ended() {
                    Some(status) => bail!("the bootstrap ended with {status}"),
                    None => return Err(error.into()),
                }
            }
            std::hint::spin_loop();
        }
    }

    /// One invocation: hands the event to the `/next` that waits on a connection, and returns the connection of the `/next`
    /// after it, and how long the answer took.
    fn invoke(&mut self, next: usize) -> anyhow::Result<(usize, u64)> {
        let asked = Instant::now();
        self.invocations += 1;
        self.out.clear();
        write!(
            self.out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: {:08x}-0000-4000-8000-000000000000\r\n\
             Lambda-Runtime-Deadline-Ms: 9999999999999\r\n\
             Lambda-Runtime-Invoked-Function-Arn: {ARN}\r\nLambda-Runtime-Trace-Id: {TRACE_ID}\r\n\
             Content-Length: {}\r\n\r\n",
            self.invocations,
            EVENT.len()
        )?;
        self.out.extend_from_slice(EVENT);
        self.connections[next].send(&self.out)?;
        let request = self.wait()?;
        let answered = Instant::now();
        let connection = &mut self.connections[request.connection];
        let body = connection.body(&request.message);
        ensure!(body == ANSWER, "the answer is {}", body.escape_ascii());
        connection.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        let request = self.wait()?;
        Ok((self.next(&request)?, nanoseconds(answered - asked)))
    }

    fn next(&self, request: &Request) -> anyhow::Result<usize> {
        let head = self.connections[request.connection].head(&request.message);
        let next = head.starts_with(b"GET /2018-06-01/runtime/invocation/next ");
        ensure!(next, "the runtime asked for something else: {}", head.escape_ascii());
        Ok(request.connection)
    }

    /// The next request on any connection.
    fn wait(&mut self) -> anyhow::Result<Request> {
        let mut patience = Patience::new();
        for looks in 1u32.. {
            if let Some(request) = self.look()? {
                return Ok(request);
            }
            if looks.is_multiple_of(256) {
                self.accept()?;
            }
            patience.check()?;
            std::hint::spin_loop();
        }
        bail!("nothing came")
    }

    fn look(&mut self) -> anyhow::Result<Option<Request>> {
        for (connection, reader) in self.connections.iter_mut().enumerate() {
            if let Some(message) = reader.look().context("the runtime's connection")? {
                return Ok(Some(Request { connection, message }));
            }
        }
        Ok(None)
    }

    fn accept(&mut self) -> io::Result<()> {
        match self.listener.accept() {
            Ok((stream, _)) => self.connections.push(Connection::new(stream, Wait::Spin)?),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The floor with its process.
#[derive(Debug)]
pub(crate) struct Served {
    floor: Floor,
    next: usize,
    pause: Duration,
    awake: Option<AwakeCores>,
    _process: Process,
}

/// How the floor is disadvantaged or helped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handicap {
    /// Spent spinning before each invocation.
    ///
    /// Without one, the event often arrives before the runtime has gone to sleep. Whoever does anything between two
    /// invocations, as everybody but the floor does, has to wake it.
    pub pause: Duration,
    /// No core sleeps during its turn, as Kelvin has it.
    pub awake_cores: bool,
}

impl Served {
    pub(crate) fn start(bootstrap: &Path, handicap: Handicap) -> anyhow::Result<Served> {
        let Handicap { pause, awake_cores } = handicap;
        let mut floor = Floor::new()?;
        let process = Process::bootstrap(bootstrap, &floor.address()?, By::Spawn)?;
        let next = floor.ready(&process)?;
        let awake = awake_cores.then(AwakeCores::open).transpose()?;
        Ok(Served { floor, next, pause, awake, _process: process })
    }

    fn pause(&self) {
        let since = Instant::now();
        while since.elapsed() < self.pause {
            std::hint::spin_loop();
        }
    }
}

impl Contestant for Served {
    fn role(&self) -> Role {
        if self.pause.is_zero() && self.awake.is_none() { Role::Floor } else { Role::OtherFloor }
    }

    fn repeat(&mut self, invocations: u64, latencies: &mut Vec<u64>) -> anyhow::Result<()> {
        self.awake.as_ref().map(AwakeCores::hold);
        for _ in 0..invocations {
            self.pause();
            let (next, latency) = self.floor.invoke(self.next)?;
            self.next = next;
            latencies.push(latency);
        }
        self.awake.as_ref().map(AwakeCores::release);
        Ok(())
    }
}
