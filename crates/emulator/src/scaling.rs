//! How many execution environments there may be, and how long one may be idle.
//!
//! "Understanding Lambda function scaling" and "Configuring reserved concurrency for a function" (AWS Lambda developer
//! guide).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kelvin_lambda::ThrottleReason;

use crate::idle_lifetime;

/// What AWS leaves unreserved for the functions that reserve nothing.
const LEAST_UNRESERVED: u32 = 100;

/// The limits of an account and how environments come and go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Invocations at once, of all functions together.
    pub concurrency: u32,
    /// How many environments a function may start at once …
    pub burst: u32,
    /// … and how many more a second.
    pub per_second: u32,
    /// When an environment that nobody uses is ended.
    pub idle: IdleExpiry,
    /// How long an environment cannot be used again after an invocation of a load.
    pub release: ReleaseDelay,
    /// Decides the lifetimes that are drawn.
    pub seed: u64,
}

impl Default for Scaling {
    /// An account's quotas as they are by default: 1,000 invocations at once, and 1,000 new environments every 10 s for each
    /// function, refilled continuously. Idle environments end as on AWS.
    fn default() -> Scaling {
        Scaling {
            concurrency: 1000,
            burst: 1000,
            per_second: 100,
            idle: IdleExpiry::Aws,
            release: ReleaseDelay::Aws,
            seed: 0,
        }
    }
}

/// When an environment that nobody uses is ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IdleExpiry {
    /// After a time drawn from what was measured on AWS: mostly 5 to 6 minutes (`reference/idle_lifetime.csv`).
    Aws,
    /// After this time.
    After(Duration),
    /// When its function is recycled, changed or removed, and not before.
    Never,
}

impl IdleExpiry {
    /// How long an environment that becomes idle now may stay; `None` for ever.
    pub(crate) fn lifetime(self, chance: &mut fastrand::Rng) -> Option<Duration> {
        match self {
            IdleExpiry::Aws => Some(idle_lifetime::at(chance.f64())),
            IdleExpiry::After(lifetime) => Some(lifetime),
            IdleExpiry::Never => None,
        }
    }
}

/// How long an environment cannot be used again after it has answered an invocation of a load and is ready.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReleaseDelay {
    /// As was measured on AWS: 4 to 9 ms, half of the time no more than 5.5 ms (own analysis of 7,716 choices in the logs of
    /// "Demystifying Serverless Costs on Public Platforms", EuroSys '26).
    Aws,
    /// Not at all.
    None,
    /// So long.
    After(Duration),
}

impl ReleaseDelay {
    /// One delay.
    pub(crate) fn draw(self, chance: &mut fastrand::Rng) -> Duration {
        match self {
            // Between the three published quantiles there is nothing to go by: straight lines.
            ReleaseDelay::Aws => {
                let at = chance.f64();
                let ms = if at < 0.5 { 4.0 + 3.0 * at } else { 5.5 + 7.0 * (at - 0.5) };
                Duration::from_secs_f64(ms / 1e3)
            }
            ReleaseDelay::None => Duration::ZERO,
            ReleaseDelay::After(delay) => delay,
        }
    }
}

/// The concurrency that the functions of an account share.
///
/// The counters are only touched by the serving thread; they are atomic because tasks could run anywhere.
#[derive(Debug)]
pub(crate) struct Account {
    limit: u32,
    reserved: AtomicU32,
    unreserved_in_flight: AtomicU32,
}

impl Account {
    pub(crate) fn new(limit: u32) -> Account {
        Account { limit, reserved: AtomicU32::new(0), unreserved_in_flight: AtomicU32::new(0) }
    }

    /// Sets concurrency aside for one function. Fails, with what is left to reserve, if the others would be left with less
    /// than AWS leaves them; nothing can always be reserved.
    pub(crate) fn reserve(&self, wanted: u32) -> Result<(), u32> {
        let reserved = self.reserved.load(Ordering::Relaxed);
        let left = self.limit.saturating_sub(LEAST_UNRESERVED).saturating_sub(reserved);
        if wanted > left {
            return Err(left);
        }
        self.reserved.fetch_add(wanted, Ordering::Relaxed);
        Ok(())
    }

    /// A function with reserved concurrency was removed.
    pub(crate) fn give_back(&self, reserved: u32) {
        self.reserved.fetch_sub(reserved, Ordering::Relaxed);
    }
}

/// The invocations of one function that are under way, from acceptance until the environment is ready again.
#[derive(Debug)]
pub(crate) struct Concurrency {
    reserved: Option<u32>,
    in_flight: u32,
}

impl Concurrency {
    pub(crate) fn new(reserved: Option<u32>) -> Concurrency {
        Concurrency { reserved, in_flight: 0 }
    }

    /// Counts one more invocation, or says why there may be none.
    pub(crate) fn begin(&mut self, account: &Account) -> Result<(), ThrottleReason> {
        match self.reserved {
            Some(reserved) if self.in_flight >= reserved => {
                return Err(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded);
            }
            Some(_) => {}
            None => {
                let limit = account.limit.saturating_sub(account.reserved.load(Ordering::Relaxed));
                if account.unreserved_in_flight.load(Ordering::Relaxed) >= limit {
                    return Err(ThrottleReason::ConcurrentInvocationLimitExceeded);
                }
                account.unreserved_in_flight.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.in_flight += 1;
        Ok(())
    }

    /// Counts one invocation less.
    pub(crate) fn end(&mut self, account: &Account) {
        self.in_flight -= 1;
        if self.reserved.is_none() {
            account.unreserved_in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Counts none any more.
    pub(crate) fn end_all(&mut self, account: &Account) {
        while self.in_flight > 0 {
            self.end(account);
        }
    }
}

/// How fast a function may get more environments: so many at once, then so many a second, which do not add up to more.
#[derive(Debug)]
pub(crate) struct ScalingRate {
    burst: f64,
    per_second: f64,
    left: f64,
    at: Instant,
}

impl ScalingRate {
    pub(crate) fn new(scaling: &Scaling, now: Instant) -> ScalingRate {
        let burst = f64::from(scaling.burst);
        ScalingRate { burst, per_second: f64::from(scaling.per_second), left: burst, at: now }
    }

    /// Whether one more environment may be started now; it is counted.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), ThrottleReason> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.burst);
        self.at = now;
        if self.left < 1.0 {
            return Err(ThrottleReason::FunctionInvocationRateLimitExceeded);
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_concurrency_is_taken_from_the_account_and_limits_its_function() {
        let account = Account::new(103);
        assert_eq!(account.reserve(4), Err(3), "100 stay unreserved");
        assert_eq!(account.reserve(2), Ok(()));
        let mut reserved = Concurrency::new(Some(2));
        let mut other = Concurrency::new(None);
        assert_eq!(reserved.begin(&account), Ok(()));
        assert_eq!(reserved.begin(&account), Ok(()));
        let too_many = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
        assert_eq!(reserved.begin(&account), Err(too_many));
        for _ in 0..101 {
            assert_eq!(other.begin(&account), Ok(()));
        }
        let too_many = ThrottleReason::ConcurrentInvocationLimitExceeded;
        assert_eq!(other.begin(&account), Err(too_many));
        other.end(&account);
        assert_eq!(other.begin(&account), Ok(()));
        reserved.end(&account);
        assert_eq!(reserved.begin(&account), Ok(()), "what is reserved is its own");
        assert_eq!(Account::new(10).reserve(0), Ok(()), "nothing can always be reserved");
        assert_eq!(
            Concurrency::new(Some(0)).begin(&account),
            Err(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded)
        );
    }

    #[test]
    fn environments_come_in_a_burst_and_then_at_a_rate() {
        let start = Instant::now();
        let scaling = Scaling { burst: 3, per_second: 2, ..Scaling::default() };
        let mut rate = ScalingRate::new(&scaling, start);
        let after = |ms| start + Duration::from_millis(ms);
        let mut taken = |ms| rate.take(after(ms)).is_ok();
        assert_eq!([0, 0, 0, 0, 499].map(&mut taken), [true, true, true, false, false]);
        assert_eq!([1000, 1000, 1000].map(&mut taken), [true, true, false]);
        // What is not used does not add up to more than the burst.
        assert_eq!([60_000; 4].map(&mut taken), [true, true, true, false]);
    }
}
