//! The layer in front of every service: it accepts connections, waits, and fails as it was told to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::backend::{Backend, Body, BoxError};
use crate::connection::{Connection, ResetFlag};
use crate::latency::Distribution;
use crate::plan::{Fate, Fault, Plan};
use crate::{Errors, ServiceKind, answers, cut};

/// What can be changed while the service runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) latency: Distribution,
    pub(crate) errors: Errors,
}

/// Connections that wait until they are accepted.
const BACKLOG: i32 = 1024;

/// A port that stays ours whether or not anybody listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound, and never listening: connections to the port are refused unless another socket listens.
    _holder: TcpSocket,
}

impl Port {
    /// Any that is free.
    pub(crate) fn any() -> io::Result<Port> {
        let holder = TcpSocket::new_v4()?;
        holder.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        // After the bind, so that the system gives out no port that somebody else has bound like this.
        holder.set_reuseaddr(true)?;
        Ok(Port { address: holder.local_addr()?, _holder: holder })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        socket.listen(BACKLOG.unsigned_abs())
    }
}

/// The layer of one service.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) kind: ServiceKind,
    pub(crate) backend: Backend,
    pub(crate) plan: Mutex<Plan>,
    pub(crate) settings: watch::Receiver<Settings>,
}

impl Front {
    /// Serves until the settings can change no more, which is when the service is dropped.
    ///
    /// `listener` must be one of the port; while all connections are refused, it is closed.
    pub(crate) async fn serve(self: Arc<Front>, port: Port, listener: TcpListener) {
        let mut settings = self.settings.clone();
        let mut listening = Some(listener);
        loop {
            if settings.borrow_and_update().errors.refuse_all() {
                listening = None;
            } else if listening.is_none() {
                listening = port.listen().ok();
            }
            tokio::select! {
                changed = settings.changed() => if changed.is_err() { return },
                () = self.accept_all(listening.as_ref()) => {}
            }
        }
    }

    /// Serves on a socket that somebody else has opened, perhaps in another network, and that refuses connections when the
    /// port of the service would. The socket must not block.
    pub(crate) async fn serve_besides(self: Arc<Front>, socket: std::net::TcpListener) {
        let mut settings = self.settings.clone();
        let mut refusing = false;
        loop {
            let refuse = settings.borrow_and_update().errors.refuse_all();
            if refuse && !refusing {
                // A socket that listens stops by this, and stays bound (shutdown(2)).
                rustix::net::shutdown(&socket, rustix::net::Shutdown::Both).ok();
            } else if refusing && !refuse {
                rustix::net::listen(&socket, BACKLOG).ok();
            }
            refusing = refuse;
            // Watched anew each time: a socket that was shut down once counts as closed for whoever has watched it.
            let watched = socket.try_clone().and_then(TcpListener::from_std);
            let Ok(listening) = watched else { return };
            tokio::select! {
                changed = settings.changed() => if changed.is_err() { return },
                () = self.accept_all(Some(&listening).filter(|_| !refusing)) => {}
            }
        }
    }

    /// Never completes.
    async fn accept_all(self: &Arc<Front>, listener: Option<&TcpListener>) {
        let Some(listener) = listener else { return std::future::pending().await };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.accepted(stream),
                // Too many open files: some will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn accepted(self: &Arc<Front>, stream: TcpStream) {
        let errors = self.settings.borrow().errors;
        if self.plan().refuses(&errors) {
            stream.set_zero_linger().ok();
            return;
        }
        stream.set_nodelay(true).ok();
        let front = Arc::clone(self);
        tokio::spawn(async move {
            let reset = ResetFlag::default();
            let connection = TokioIo::new(Connection::new(stream, reset.clone()));
            let service = service_fn(|request| front.answer(request, &reset));
            // A client that goes away in the middle is no concern of ours.
            http1::Builder::new().serve_connection(connection, service).await.ok();
        });
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        reset: &ResetFlag,
    ) -> Result<Response<Body>, BoxError> {
        let arrived = Instant::now();
        let Settings { latency, errors } = *self.settings.borrow();
        let Fate { delay, fault } = self.plan().request(latency, &errors);
        kelvin_load::wait_until(arrived + delay).await;
        match fault {
            None => self.backend.answer(request).await,
            Some(Fault::Error) => {
                take(request).await;
                Ok(answers::error(self.kind))
            }
            Some(Fault::Throttle) => {
                take(request).await;
                Ok(answers::throttle(self.kind))
            }
            Some(Fault::Reset) => cut::in_half(self.backend.answer(request).await?, reset),
        }
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().expect("nothing panics while it holds the plan")
    }
}

/// Reads a request to its end, as the service would have.
async fn take(request: Request<Incoming>) {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}
