//! The two traits that workloads implement.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Case, InitContext, InvokeContext, WorkloadError};

/// Pure computation: no I/O, no clock, no async. The clean baseline.
pub trait Compute: Send + Sync + Sized + 'static {
    /// Of the workload, its package and its binary.
    const NAME: &'static str;
    /// The payload of an invocation.
    type Event: Serialize + DeserializeOwned + Send + Sync;
    /// What the caller gets.
    type Response: Serialize + DeserializeOwned + Send;

    /// The init phase: whatever is made once per execution environment. What costs something is
    /// [`Prepared`](crate::Prepared), so that the cost can be moved.
    fn init() -> Self;

    /// Makes everything that is [`Prepared`](crate::Prepared): `self.keys.get()?` for each. Called at most once, in the
    /// init phase or after the first response; nothing else may happen here.
    fn prepare(&self) -> Result<(), WorkloadError> {
        Ok(())
    }

    /// Answers one event. The same event always gets the same response.
    fn compute(&self, event: &Self::Event) -> Result<Self::Response, WorkloadError>;

    /// Inputs with known answers; at least one, and the first is the default one.
    fn cases() -> Vec<Case<Self::Event>>;
}

/// What a handler runs. Every [`Compute`] is one; workloads with I/O implement it themselves, with plain `async fn`s.
pub trait Workload: Send + Sync + Sized + 'static {
    /// Of the workload, its package and its binary.
    const NAME: &'static str;
    /// The payload of an invocation.
    type Event: Serialize + DeserializeOwned + Send + Sync;
    /// What the caller gets.
    type Response: Serialize + DeserializeOwned + Send;

    /// The init phase: whatever is made once per execution environment; what costs something is
    /// [`Prepared`](crate::Prepared), so that the cost can be moved. A failure is reported to Lambda as an error of
    /// the init phase, and the process ends.
    fn init(ctx: &InitContext) -> impl Future<Output = Result<Self, WorkloadError>> + Send;

    /// Makes everything that is [`Prepared`](crate::Prepared): `self.client.get().await?` for each. Called at most once,
    /// in the init phase or after the first response; nothing else may happen here.
    fn prepare(&self) -> impl Future<Output = Result<(), WorkloadError>> + Send {
        async { Ok(()) }
    }

    /// Answers one event. Waits for I/O are put inside [`InvokeContext::io`], so that they are told from computation.
    fn handle(
        &self,
        event: Self::Event,
        ctx: &InvokeContext,
    ) -> impl Future<Output = Result<Self::Response, WorkloadError>> + Send;

    /// Work that no caller waits for, after each response (or error) was posted. It is billed, and the next invocation
    /// waits for it.
    fn after_response(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Inputs with known answers; at least one, and the first is the default one.
    fn cases() -> Vec<Case<Self::Event>>;
}

impl<C: Compute> Workload for C {
    const NAME: &'static str = <C as Compute>::NAME;
    type Event = <C as Compute>::Event;
    type Response = <C as Compute>::Response;

    async fn init(_: &InitContext) -> Result<Self, WorkloadError> {
        Ok(<C as Compute>::init())
    }

    async fn prepare(&self) -> Result<(), WorkloadError> {
        <C as Compute>::prepare(self)
    }

    async fn handle(
        &self,
        event: Self::Event,
        _: &InvokeContext,
    ) -> Result<Self::Response, WorkloadError> {
        self.compute(&event)
    }

    fn cases() -> Vec<Case<Self::Event>> {
        <C as Compute>::cases()
    }
}
