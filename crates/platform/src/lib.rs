//! What an emulator, AWS and a simulated fleet are to a scenario: the trait [`Platform`].
//!
//! No platform lives here, and nothing here does I/O.

mod error;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use kelvin_lambda::{
    EphemeralStorage, FunctionConfig, Invocation, MemorySize, PlatformFacts, Timeout,
};

pub use error::PlatformError;

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
    /// The latency of the result ends where the caller has the response, which is earlier.
    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
    ) -> PlatformFuture<'_, Invocation>;

    /// Invokes one after another, in a native loop: the next is sent when the one before is complete.
    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()>;

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
}

/// A closed loop.
#[derive(Clone, Debug)]
pub struct RepeatPlan {
    /// What is sent each time.
    pub request: InvokeRequest,
    /// How often.
    pub invocations: u64,
}
