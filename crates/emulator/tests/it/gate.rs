//! A gate before which functions wait until the test lets them through.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

/// Holds functions back until it opens.
pub(crate) struct Gate {
    listener: TcpListener,
    port: u16,
}

impl Gate {
    pub(crate) async fn new() -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        Gate { listener, port }
    }

    /// Waits until one more function stands before it.
    pub(crate) async fn knock(&self) -> TcpStream {
        self.listener.accept().await.expect("a function knocks").0
    }

    pub(crate) fn event(&self) -> String {
        format!("gate {}", self.port)
    }
}

pub(crate) async fn open(mut gate: TcpStream) {
    gate.write_all(&[1]).await.expect("it waits");
}
