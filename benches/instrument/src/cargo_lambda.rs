//! `cargo lambda watch` as a contestant.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::contest::{Contestant, Role, nanoseconds};
use crate::http::{Connection, PATIENCE, Wait};
use crate::process::{By, Process};
use crate::{ANSWER, EVENT};

/// Its emulator with the bootstrap, and a client that keeps its connection.
#[derive(Debug)]
pub(crate) struct CargoLambda {
    client: Connection,
    request: Vec<u8>,
    bootstrap: Process,
    _server: Process,
}

impl CargoLambda {
    /// Starts the emulator without a function (`--only-lambda-apis`), then the bootstrap: nothing is built, and nobody looks
    /// for changed files.
    pub(crate) fn start(
        program: &Path,
        bootstrap: &Path,
        wait: Wait,
    ) -> anyhow::Result<CargoLambda> {
        let folder = empty_package()?;
        // Somebody else may take the port in between; then the start fails and the table says so.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let port = address.port().to_string();
        let args = ["lambda", "watch", "--only-lambda-apis", "--disable-cors", "--quiet"];
        let args = args.into_iter().chain(["-A", "127.0.0.1", "-P", &port]).map(OsStr::new);
        let args: Vec<&OsStr> = args.collect();
        let server = Process::server(program, &args, folder.path())?;
        // From here on the server's shell removes it.
        let _ = folder.keep();
        let stream = connect(address, &server)?;
        let runtime_api = format!("http://{address}/.rt");
        let bootstrap = Process::bootstrap(bootstrap, &runtime_api, By::Spawn)?;
        let mut request = format!(
            "POST /2015-03-31/functions/_/invocations HTTP/1.1\r\nHost: {address}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            EVENT.len()
        )
        .into_bytes();
        request.extend_from_slice(EVENT);
        let client = Connection::new(stream, wait)?;
        let mut served = CargoLambda { client, request, bootstrap, _server: server };
        if let Err(error) = served.invoke() {
            return Err(match served.bootstrap.ended() {
                Some(status) => error.context(format!("the bootstrap ended with {status}")),
                None => error,
            });
        }
        Ok(served)
    }

    fn invoke(&mut self) -> anyhow::Result<u64> {
        let asked = Instant::now();
        self.client.send(&self.request)?;
        let message = self.client.wait()?;
        let answered = Instant::now();
        let body = self.client.body(&message);
        ensure!(body == ANSWER, "the answer is {}", body.escape_ascii());
        Ok(nanoseconds(answered - asked))
    }
}

/// It reads the metadata of a package first, even where it builds none.
fn empty_package() -> anyhow::Result<TempDir> {
    let folder = TempDir::new()?;
    std::fs::create_dir(folder.path().join("src"))?;
    std::fs::write(folder.path().join("src/main.rs"), "fn main() {}\n")?;
    let manifest =
        "[package]\nname = \"hello\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.path().join("Cargo.toml"), manifest)?;
    Ok(folder)
}

fn connect(address: SocketAddr, server: &Process) -> anyhow::Result<TcpStream> {
    let since = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Ok(stream),
            Err(error) if since.elapsed() > PATIENCE => {
                return Err(error).context("it does not listen after 10 s");
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
        if let Some(status) = server.ended() {
            bail!("it ended with {status}");
        }
    }
}

impl Contestant for CargoLambda {
    fn role(&self) -> Role {
        Role::Peer
    }

    fn repeat(&mut self, invocations: u64, latencies: &mut Vec<u64>) -> anyhow::Result<()> {
        for _ in 0..invocations {
            latencies.push(self.invoke()?);
        }
        Ok(())
    }
}
