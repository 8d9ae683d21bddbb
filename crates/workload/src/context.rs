//! What a workload is given besides its event.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Waits, monotonic_ns};

type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the init phase may look at.
pub struct InitContext {
    var: Lookup,
}

impl InitContext {
    /// A context in which `var` finds environment variables. Workloads do not read the environment themselves, so
    /// that tests can give each its own.
    pub fn new(var: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> InitContext {
        InitContext { var: Box::new(var) }
    }

    /// An environment variable of the function; `None` if it is not set or not UTF-8.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.var)(name)
    }
}

impl Default for InitContext {
    /// No environment variable is set.
    fn default() -> InitContext {
        InitContext::new(|_| None)
    }
}

impl fmt::Debug for InitContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitContext").finish_non_exhaustive()
    }
}

/// What one invocation is given: its identity, and the place where it says that it waits.
#[derive(Debug, Default)]
pub struct InvokeContext {
    request_id: String,
    /// `None` if nobody asked for the spans of this invocation.
    waits: Option<Mutex<Waits>>,
}

impl InvokeContext {
    /// A context that keeps nothing of the waits.
    pub fn new(request_id: impl Into<String>) -> InvokeContext {
        InvokeContext { request_id: request_id.into(), waits: None }
    }

    /// A context that keeps the waits, for [`InvokeContext::into_parts`].
    pub fn recording(request_id: impl Into<String>) -> InvokeContext {
        InvokeContext { request_id: request_id.into(), waits: Some(Mutex::default()) }
    }

    /// AWS request id of the invocation; empty outside Lambda.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Awaits `operation` and counts the time as I/O rather than computation.
    ///
    /// Waits that overlap count once, and one that is cancelled counts until then. Whatever else the invocation does
    /// meanwhile, such as computation in another branch of a `join!`, counts as I/O too.
    pub async fn io<F: Future>(&self, operation: F) -> F::Output {
        let _wait = self.waits.as_ref().map(Wait::begin);
        operation.await
    }

    /// The request id, and the waits so far; none if the context does not keep them.
    pub fn into_parts(self) -> (String, Waits) {
        let waits = self.waits.map_or_else(Waits::default, |waits| {
            waits.into_inner().unwrap_or_else(PoisonError::into_inner)
        });
        (self.request_id, waits)
    }
}

/// An open wait; it ends when this is dropped, however that comes about.
struct Wait<'a>(&'a Mutex<Waits>);

impl<'a> Wait<'a> {
    fn begin(waits: &'a Mutex<Waits>) -> Wait<'a> {
        lock(waits).begin(monotonic_ns());
        Wait(waits)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        lock(self.0).end(monotonic_ns());
    }
}

/// A panic in between leaves the numbers as they were, so a poisoned lock is no reason to panic again.
fn lock(waits: &Mutex<Waits>) -> MutexGuard<'_, Waits> {
    waits.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_wait_is_kept_only_when_recording() {
        let check = |ctx: InvokeContext, kept: usize| {
            assert_eq!(poll(pin!(ctx.io(ready(7)))), Poll::Ready(7));
            assert_eq!(ctx.into_parts().1.intervals.len(), kept);
        };
        check(InvokeContext::new("id"), 0);
        check(InvokeContext::recording("id"), 1);
    }

    #[test]
    fn a_cancelled_wait_ends_when_it_is_dropped() {
        let ctx = InvokeContext::recording("id");
        {
            let mut first = pin!(ctx.io(pending::<()>()));
            assert_eq!(poll(first.as_mut()), Poll::Pending);
            let second = pin!(ctx.io(pending::<()>()));
            assert_eq!(poll(second), Poll::Pending);
            // A future that was never polled has not waited.
            let _never_polled = ctx.io(pending::<()>());
        }
        let before = monotonic_ns();
        let (_, waits) = ctx.into_parts();
        assert_eq!(waits.intervals.len(), 1, "{waits:?}");
        assert!(waits.intervals[0].1 <= before);
        assert_eq!(waits.total_ns, waits.intervals[0].ns());
    }

    #[test]
    fn variables_come_from_whoever_makes_the_context() {
        let ctx = InitContext::new(|name| (name == "A").then(|| "1".to_owned()));
        assert_eq!(ctx.var("A").as_deref(), Some("1"));
        assert_eq!(ctx.var("B"), None);
        assert_eq!(InitContext::default().var("PATH"), None);
    }
}
