//! What an emulator, AWS and a simulated fleet are to a scenario: the trait [`Platform`].
//!
//! No platform lives here, and nothing here does I/O.

mod caller;
mod error;
mod gap;
mod network;
mod page_cache;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kelvin_lambda::{
    EphemeralStorage, FunctionConfig, Invocation, MemorySize, PlatformFacts, Timeout,
};

pub use caller::{Caller, CallerError, CognitoIdentity};
pub use error::PlatformError;
pub use gap::{Gap, Gaps};
pub use network::Network;
pub use page_cache::PageCache;

/// What every call of a platform returns.
pub type PlatformFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, PlatformError>> + Send + 'a>>;

/// Where the invocations of a loop go, in batches and in order, outside every measurement.
pub type Sink<'a> = dyn FnMut(Vec<Invocation>) + Send + 'a;

/// A place where functions are deployed and invoked.
///
/// A failed invocation is an [`Invocation`] with a status, never an `Err`: an `Err` means that the platform could not do
/// what was asked.
/// Dropping a future gives up waiting; what was deployed stays until [`Platform::remove`] or the platform's own end.
pub trait Platform: Send + Sync {
    /// What it is and what it enforces.
    fn describe(&self) -> PlatformFacts;

    /// Creates a function. Fails on a configuration that AWS would refuse and on code that is not there.
    fn deploy(&self, spec: FunctionSpec) -> PlatformFuture<'_, FunctionId>;

    /// Changes a function's configuration. As on AWS, the next invocation is a cold start.
    fn configure(&self, function: FunctionId, change: ConfigChange) -> PlatformFuture<'_, ()>;

    /// Ends the function's execution environments, so that the next invocation is a cold start.
    fn recycle(&self, function: FunctionId) -> PlatformFuture<'_, ()>;

    /// Invokes once and waits until the execution environment is ready for the next invocation.
    ///
    /// The request is sent when the first of the gaps has passed since the function's last invocation ended, and at once
    /// where that needs a cold start.
    /// The latency of the result ends where the caller has the response, which is earlier.
    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        gaps: Gaps,
    ) -> PlatformFuture<'_, Invocation>;

    /// Invokes one after another, in a native loop: the next is sent when the one before is complete and its gap has passed.
    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()>;

    /// Puts the function under load: by a schedule that is kept whatever the function does, or with a number of clients.
    ///
    /// Ends when every request that was sent is complete. Invocations reach the sink in the order of their completion; with
    /// an open loop each has its [`Invocation::intended_at_ns`]. A platform that cannot do it says so.
    fn load<'a>(
        &'a self,
        function: FunctionId,
        plan: LoadPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        let _ = (function, plan, sink);
        Box::pin(async { Err(PlatformError::Unsupported { what: "load" }) })
    }

    /// Lets time pass, real or virtual.
    fn sleep(&self, duration: Duration) -> PlatformFuture<'_, ()>;

    /// Ends the function's execution environments and deletes it.
    fn remove(&self, function: FunctionId) -> PlatformFuture<'_, ()>;
}

/// A function of one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// What to deploy.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// Name, memory size, timeout, …
    pub config: FunctionConfig,
    /// The executable that speaks the Runtime API.
    pub bootstrap: PathBuf,
    /// What its cold starts find in the page cache.
    pub page_cache: PageCache,
    /// Files and folders outside of its package that it is known to read when it starts: an interpreter and its library.
    pub reads: Vec<PathBuf>,
    /// Whose network its processes use; `None` for what the platform does otherwise.
    pub network: Option<Network>,
}

impl FunctionSpec {
    /// A function whose cold starts are cold in the page cache, and of which nothing is known but its bootstrap.
    pub fn new(config: FunctionConfig, bootstrap: PathBuf) -> FunctionSpec {
        FunctionSpec {
            config,
            bootstrap,
            page_cache: PageCache::default(),
            reads: Vec::new(),
            network: None,
        }
    }
}

/// What to change of a function's configuration; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct ConfigChange {
    /// Memory size.
    pub memory_size: Option<MemorySize>,
    /// Timeout.
    pub timeout: Option<Timeout>,
    /// Size of `/tmp`.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// All of the user's environment variables, as AWS replaces them: all or none.
    pub env_vars: Option<std::collections::BTreeMap<String, String>>,
}

impl ConfigChange {
    /// The configuration after the change.
    pub fn apply(self, config: &mut FunctionConfig) {
        let ConfigChange { memory_size, timeout, ephemeral_storage, env_vars } = self;
        config.memory_size = memory_size.unwrap_or(config.memory_size);
        config.timeout = timeout.unwrap_or(config.timeout);
        config.ephemeral_storage = ephemeral_storage.unwrap_or(config.ephemeral_storage);
        if let Some(env_vars) = env_vars {
            config.env_vars = env_vars;
        }
    }
}

/// One synchronous request (`InvocationType=RequestResponse`).
#[derive(Clone, Debug)]
pub struct InvokeRequest {
    /// The event, as JSON.
    pub payload: Bytes,
    /// Whether to return the log's last 4 KB (`LogType=Tail`). A failed invocation returns it anyway.
    pub log_tail: bool,
    /// What the caller tells beside the event.
    pub caller: Option<Arc<Caller>>,
}

impl InvokeRequest {
    /// A request of a caller who sends the event and nothing else.
    pub fn new(payload: Bytes) -> InvokeRequest {
        InvokeRequest { payload, log_tail: false, caller: None }
    }
}

/// A closed loop.
#[derive(Clone, Debug)]
pub struct RepeatPlan {
    /// What is sent each time.
    pub request: InvokeRequest,
    /// How often.
    pub invocations: u64,
    /// What lies before each of them, but for a cold start.
    pub gaps: Gaps,
}

/// A load: which requests, and when.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Sent one after another, and from the first again when all have been; at least one.
    pub requests: Vec<InvokeRequest>,
    /// When they are sent.
    pub shape: LoadShape,
}

/// When the requests of a load are sent.
#[derive(Clone, Debug)]
pub enum LoadShape {
    /// An open loop: at these moments, in nanoseconds from the start of the load, ascending.
    ///
    /// The schedule is kept whatever the function does. Latency counts from the moment at which a request was due, so that a
    /// caller who waits in line is not forgotten ("coordinated omission").
    Open(Arc<[u64]>),
    /// A closed loop: each client sends its next request when it has the response to the one before and its gap has passed.
    Closed {
        /// At once; at least one.
        clients: u32,
        /// When no more are sent.
        until: LoadEnd,
        /// What lies between a client's response and its next request. Without gaps an environment can be used again as soon
        /// as it is ready.
        gaps: Gaps,
    },
}

/// The end of a closed loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadEnd {
    /// After so many requests of all clients together.
    Invocations(u64),
    /// After this time; requests that are under way then are completed.
    Elapsed(Duration),
}
