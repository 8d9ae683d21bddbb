//! What happens to each request and each connection, drawn in advance of it.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Errors;
use crate::latency::Distribution;

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Error,
    Throttle,
    Reset,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) delay: Duration,
    pub(crate) fault: Option<Fault>,
}

/// An endless sequence of fates, the same for the same seed in every version of Kelvin.
///
/// Delays, faults and connections have streams of their own, and each request takes one number of each: whoever changes the
/// latency meets the same faults.
#[derive(Debug)]
pub(crate) struct Plan {
    delays: ChaCha8Rng,
    faults: ChaCha8Rng,
    connections: ChaCha8Rng,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Plan {
        let stream = |number| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&seed.to_le_bytes());
            let mut rng = ChaCha8Rng::from_seed(key);
            rng.set_stream(number);
            rng
        };
        Plan { delays: stream(0), faults: stream(1), connections: stream(2) }
    }

    /// Of the next request.
    pub(crate) fn request(&mut self, latency: Distribution, errors: &Errors) -> Fate {
        let delay = latency.quantile(uniform(&mut self.delays));
        let drawn = uniform(&mut self.faults);
        let fault = if drawn < errors.error {
            Some(Fault::Error)
        } else if drawn < errors.error + errors.throttle {
            Some(Fault::Throttle)
        } else if drawn < errors.error + errors.throttle + errors.reset {
            Some(Fault::Reset)
        } else {
            None
        };
        Fate { delay, fault }
    }

    /// Whether the next connection is refused.
    pub(crate) fn refuses(&mut self, errors: &Errors) -> bool {
        uniform(&mut self.connections) < errors.refuse
    }
}

/// Between 0 and 1, both excluded: the middles of 2^52 equal parts.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "52 bits fit into a double")]
    let part = (rng.next_u64() >> 12) as f64;
    (part + 0.5) / 4_503_599_627_370_496.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Latency, ServiceKind};

    fn fates(seed: u64, latency: &str, errors: &str, n: usize) -> Vec<Fate> {
        let latency: Latency = latency.parse().unwrap();
        let latency = latency.distribution(ServiceKind::S3).unwrap();
        let errors = errors.parse().unwrap();
        let mut plan = Plan::new(seed);
        (0..n).map(|_| plan.request(latency, &errors)).collect()
    }

    #[test]
    fn seed_1_has_had_these_fates_from_the_beginning() {
        let fates = fates(1, "p50=4ms p99=20ms", "error=20% throttle=20% reset=20%", 6);
        let fates = fates.iter().map(|fate| format!("{:.1?} {:?}", fate.delay, fate.fault));
        insta::assert_snapshot!(fates.collect::<Vec<_>>().join("\n"), @"
        3.2ms Some(Error)
        2.8ms None
        7.1ms None
        10.4ms Some(Throttle)
        8.3ms Some(Throttle)
        1.9ms None
        ");
    }

    #[test]
    fn the_same_seed_gives_the_same_and_another_gives_others() {
        let all = |seed| fates(seed, "same-zone", "10%", 100);
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn another_latency_meets_the_same_faults() {
        let faults = |latency| {
            let fates = fates(3, latency, "error=10% reset=10%", 200);
            fates.into_iter().map(|fate| fate.fault).collect::<Vec<_>>()
        };
        assert_eq!(faults("4ms"), faults("p50=1ms p99=90ms"));
    }

    #[test]
    fn shares_are_kept() {
        let errors: Errors = "error=10% throttle=20% reset=30% refuse=40%".parse().unwrap();
        let n = 10_000;
        let fates = fates(5, "none", &errors.to_string(), n);
        let count = |fault| fates.iter().filter(|fate| fate.fault == fault).count();
        assert!((900..1_100).contains(&count(Some(Fault::Error))));
        assert!((1_850..2_150).contains(&count(Some(Fault::Throttle))));
        assert!((2_850..3_150).contains(&count(Some(Fault::Reset))));
        let mut plan = Plan::new(5);
        let refused = (0..n).filter(|_| plan.refuses(&errors)).count();
        assert!((3_850..4_150).contains(&refused));
    }

    #[test]
    fn all_and_none_are_exact() {
        let check = |errors: &str, expected| {
            assert!(fates(9, "none", errors, 1_000).iter().all(|fate| fate.fault == expected));
        };
        check("none", None);
        check("error=1", Some(Fault::Error));
        check("throttle=1", Some(Fault::Throttle));
        check("reset=1", Some(Fault::Reset));
    }
}
