//! How long to wait before a request is sent again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How often a request is sent at most.
pub(crate) const ATTEMPTS: u32 = 4;
const FIRST_MS: u64 = 50;

/// The waits of one request, as "full jitter" draws them: anything from nothing to a limit that doubles ("Exponential
/// Backoff And Jitter", AWS Architecture Blog). So those that failed together do not come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    chance: fastrand::Rng,
    /// Of requests sent.
    attempts: u32,
}

impl Backoff {
    /// The same invocation waits as long for the same resource each time.
    pub(crate) fn new(request_id: &str, resource: u32) -> Backoff {
        let mut hasher = DefaultHasher::new();
        (request_id, resource).hash(&mut hasher);
        Backoff { chance: fastrand::Rng::with_seed(hasher.finish()), attempts: 1 }
    }

    /// How long to wait for the next attempt; `None` if there is none.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if self.attempts >= ATTEMPTS {
            return None;
        }
        let limit = FIRST_MS << (self.attempts - 1);
        self.attempts += 1;
        Some(Duration::from_millis(self.chance.u64(0..=limit)))
    }

    /// Of requests that were sent again.
    pub(crate) fn retries(&self) -> u32 {
        self.attempts - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_few_and_bounded_and_the_same_again() {
        for resource in 0..1000 {
            let waits = |request_id| {
                let mut backoff = Backoff::new(request_id, resource);
                let waits: Vec<_> = std::iter::from_fn(|| backoff.next()).collect();
                (waits, backoff.retries())
            };
            let (drawn, retries) = waits("a");
            assert_eq!((drawn.len(), retries), (3, 3));
            for (wait, limit_ms) in drawn.iter().zip([50, 100, 200]) {
                assert!(*wait <= Duration::from_millis(limit_ms), "{drawn:?}");
            }
            assert_eq!(waits("a").0, drawn);
        }
    }
}
