//! A gate before which functions wait until the test lets them through.

use std::net::TcpListener;

use kelvin_emulator::Emulator;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Holds functions back until it opens. It is a service of the harness's: each function reaches it in its own network, or in
/// that of the machine where it has none.
pub(crate) struct Gate {
    knocks: Mutex<mpsc::UnboundedReceiver<std::net::TcpStream>>,
    port: u16,
}

impl Gate {
    pub(crate) fn new(emulator: &Emulator) -> Gate {
        let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = holder.local_addr().expect("it is bound").port();
        let (knocks_to, knocks) = mpsc::unbounded_channel();
        let of_machine = mpsc::UnboundedSender::clone(&knocks_to);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = holder.accept() {
                if stream.set_nonblocking(true).is_err() || of_machine.send(stream).is_err() {
                    return;
                }
            }
        });
        emulator.doors().open(port, move |listener| {
            let knocks = knocks_to.clone();
            let mut accepting = JoinSet::new();
            accepting.spawn(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
                while let Ok((stream, _)) = listener.accept().await {
                    knocks.send(stream.into_std().expect("a stream")).ok();
                }
            });
            Box::new(accepting)
        });
        Gate { knocks: Mutex::new(knocks), port }
    }

    /// Waits until one more function stands before it.
    pub(crate) async fn knock(&self) -> TcpStream {
        let knock = self.knocks.lock().await.recv().await.expect("a function knocks");
        TcpStream::from_std(knock).expect("a runtime")
    }

    /// Whether a function stands before it, or stood.
    pub(crate) fn was_knocked_at(&mut self) -> bool {
        self.knocks.get_mut().try_recv().is_ok()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn event(&self) -> String {
        format!("gate {}", self.port)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.knocks.get_mut().close();
        // The thread that accepts finds out by the next connection.
        std::net::TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

pub(crate) async fn open(mut gate: TcpStream) {
    gate.write_all(&[1]).await.expect("it waits");
}
