//! Values that cost something to make and are made once per execution environment: compiled patterns, parsed keys,
//! clients of services, warm caches.
//!
//! When they are made is not the workload's business but an experiment: in the init phase, at first use, or after the
//! first response. A workload says how to make a value where it makes itself (`init`), gets it where it needs it, and
//! gets it once more in its `prepare`, which whoever runs the workload calls at the right time, or never.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use once_cell::sync::OnceCell;

use crate::WorkloadError;

type Made<T> = Result<T, WorkloadError>;

/// A value that is made once, no later than when it is first needed.
///
/// An invocation that needs the value before anybody prepared it makes it, and pays for it.
pub struct Prepared<T> {
    value: OnceCell<T>,
    make: Box<dyn Fn() -> Made<T> + Send + Sync>,
}

impl<T> Prepared<T> {
    /// A value that `make` makes, later. Its failure is best a [`WorkloadError::PreparationFailed`].
    pub fn new(make: impl Fn() -> Made<T> + Send + Sync + 'static) -> Prepared<T> {
        Prepared { value: OnceCell::new(), make: Box::new(make) }
    }

    /// The value, made now if it was not made before. A failure is not kept: whoever needs the value next tries again.
    pub fn get(&self) -> Result<&T, WorkloadError> {
        self.value.get_or_try_init(&self.make)
    }
}

impl<T: fmt::Debug> fmt::Debug for Prepared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.value.get()).finish()
    }
}

/// The same for values whose making waits for something, such as a client that first asks for its credentials.
pub struct PreparedAsync<T> {
    value: tokio::sync::OnceCell<T>,
    make: Box<dyn Fn() -> Making<T> + Send + Sync>,
}

type Making<T> = Pin<Box<dyn Future<Output = Made<T>> + Send>>;

impl<T> PreparedAsync<T> {
    /// A value that `make` makes, later. Its failure is best a [`WorkloadError::PreparationFailed`].
    pub fn new<F>(make: impl Fn() -> F + Send + Sync + 'static) -> PreparedAsync<T>
    where
        F: Future<Output = Made<T>> + Send + 'static,
    {
        PreparedAsync {
            value: tokio::sync::OnceCell::new(),
            make: Box::new(move || Box::pin(make())),
        }
    }

    /// The value, made now if it was not made before; concurrent callers wait for the one that makes it. A failure is
    /// not kept: whoever needs the value next tries again.
    pub async fn get(&self) -> Result<&T, WorkloadError> {
        self.value.get_or_try_init(&self.make).await
    }
}

impl<T: fmt::Debug> fmt::Debug for PreparedAsync<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PreparedAsync").field(&self.value.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Succeeds at the third attempt and says how many it took.
    fn third_time(attempts: &AtomicU32) -> Made<u32> {
        match attempts.fetch_add(1, Ordering::Relaxed) + 1 {
            attempt @ 3.. => Ok(attempt),
            _ => Err(WorkloadError::preparation_failed("could not make it", "not yet")),
        }
    }

    fn is_failure(result: &Made<&u32>) -> bool {
        matches!(result, Err(WorkloadError::PreparationFailed { .. }))
    }

    #[test]
    fn a_value_is_made_when_first_needed_and_never_again() {
        let attempts = Arc::new(AtomicU32::new(0));
        let value = Prepared::new({
            let attempts = Arc::clone(&attempts);
            move || third_time(&attempts)
        });
        assert_eq!(attempts.load(Ordering::Relaxed), 0);
        assert!(is_failure(&value.get()));
        assert!(is_failure(&value.get()), "a failure is not kept");
        assert_eq!(format!("{value:?}"), "Prepared(None)");
        assert_eq!(value.get().unwrap(), &3);
        assert_eq!(value.get().unwrap(), &3);
        assert_eq!(attempts.load(Ordering::Relaxed), 3);
        assert_eq!(format!("{value:?}"), "Prepared(Some(3))");
    }

    #[test]
    fn so_is_one_whose_making_waits() {
        fn get(value: &PreparedAsync<u32>) -> Made<&u32> {
            let mut context = Context::from_waker(Waker::noop());
            match pin!(value.get()).poll(&mut context) {
                Poll::Ready(result) => result,
                Poll::Pending => panic!("nothing here waits"),
            }
        }
        let attempts = Arc::new(AtomicU32::new(0));
        let value = PreparedAsync::new({
            let attempts = Arc::clone(&attempts);
            move || {
                let attempts = Arc::clone(&attempts);
                async move { third_time(&attempts) }
            }
        });
        assert_eq!(attempts.load(Ordering::Relaxed), 0);
        assert!(is_failure(&get(&value)));
        assert!(is_failure(&get(&value)), "a failure is not kept");
        assert_eq!(get(&value).unwrap(), &3);
        assert_eq!(get(&value).unwrap(), &3);
        assert_eq!(attempts.load(Ordering::Relaxed), 3);
        assert_eq!(format!("{value:?}"), "PreparedAsync(Some(3))");
    }
}
