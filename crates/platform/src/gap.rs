//! What lies between two invocations of a closed loop.

use std::fmt;
use std::time::Duration;

use kelvin_stats::LogNormal;

/// The gap that callers of Lambda leave, in seconds: fitted to the warm durations of one function of LambdaSharp's benchmark
/// of 2022 at four memory sizes, and checked against those of others (METHODOLOGY.md, "The gap").
///
/// It has two parts. After its REPORT an environment cannot be used again for 4 to 9 ms, and a caller's next request has to
/// travel through the Invoke API.
const AS_CALLED: LogNormal = LogNormal { median: 0.0175, sigma: 0.45 };

/// No gap is longer: as long as a function may run.
const LONGEST: Duration = Duration::from_secs(900);

/// The time from the end of an invocation, when its environment is ready again, to the beginning of the next one of the same
/// closed loop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Gap {
    /// The published gap of callers who invoke one after another: log-normal, median 17.5 ms, σ 0.45.
    #[default]
    AsCalled,
    /// The next request is sent at once. No caller of Lambda sees that: the function is saturated.
    None,
    /// Always the same.
    Fixed(Duration),
    /// Log-normal.
    LogNormal {
        /// Half of the gaps are no longer.
        p50: Duration,
        /// All but one in a hundred are no longer.
        p99: Duration,
    },
}

impl Gap {
    /// The mean length.
    pub fn mean(self) -> Duration {
        match self.distribution() {
            Ok(fixed) => fixed,
            Err(log_normal) => length(log_normal.mean()),
        }
    }

    fn quantile(self, p: f64) -> Duration {
        match self.distribution() {
            Ok(fixed) => fixed,
            Err(log_normal) => length(log_normal.quantile(p)),
        }
    }

    fn distribution(self) -> Result<Duration, LogNormal> {
        match self {
            Gap::AsCalled => Err(AS_CALLED),
            Gap::None => Ok(Duration::ZERO),
            Gap::Fixed(duration) => Ok(duration.min(LONGEST)),
            Gap::LogNormal { p50, p99 } => {
                Err(LogNormal::of_quantiles(p50.as_secs_f64(), p99.as_secs_f64()))
            }
        }
    }
}

fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::AsCalled => f.write_str("as called"),
            Gap::None => f.write_str("none"),
            Gap::Fixed(duration) => write!(f, "{duration:?}"),
            Gap::LogNormal { p50, p99 } => write!(f, "p50={p50:?} p99={p99:?}"),
        }
    }
}

/// The gaps of one closed loop, one after another: the same for the same seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaps {
    /// How they are distributed.
    pub gap: Gap,
    /// Decides their lengths.
    pub seed: u64,
    /// How many invocations of the loop came before.
    pub before: u64,
}

impl Gaps {
    /// No gaps: a saturated function.
    pub const NONE: Gaps = Gaps { gap: Gap::None, seed: 0, before: 0 };

    /// The gaps of a loop from its beginning.
    pub fn new(gap: Gap, seed: u64) -> Gaps {
        Gaps { gap, seed, before: 0 }
    }

    /// The same after so many more invocations.
    #[must_use]
    pub fn after(self, invocations: u64) -> Gaps {
        Gaps { before: self.before + invocations, ..self }
    }

    /// The gap before the invocation of this number, counted from where these gaps begin.
    pub fn nth(self, number: u64) -> Duration {
        self.gap.quantile(uniform(self.seed, self.before + number))
    }
}

/// A number between 0 and 1, both excluded: the output of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014) at this place of its sequence, so that no place needs those before it.
fn uniform(seed: u64, place: u64) -> f64 {
    let mut z = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    let drawn = (z >> 11) as f64;
    (drawn + 0.5) / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_as_called_are_those_that_were_published() {
        let gaps = Gaps::new(Gap::AsCalled, 7);
        let mut drawn: Vec<f64> = (0..10_001).map(|n| gaps.nth(n).as_secs_f64() * 1e3).collect();
        drawn.sort_by(f64::total_cmp);
        let check = |share: usize, expected: f64| {
            let found = drawn[share * 100];
            assert!((found / expected - 1.0).abs() < 0.03, "{share} %: {found} {expected}");
        };
        check(50, 17.5);
        check(10, 17.5 * (-0.45_f64 * 1.281_551_6).exp());
        check(90, 17.5 * (0.45_f64 * 1.281_551_6).exp());
        let mean = drawn.iter().sum::<f64>() / 10_001.0;
        assert!((mean / (Gap::AsCalled.mean().as_secs_f64() * 1e3) - 1.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn the_same_seed_gives_the_same_gaps_wherever_a_loop_is_cut() {
        let gaps = Gaps::new(Gap::AsCalled, 3);
        let whole: Vec<_> = (0..9).map(|n| gaps.nth(n)).collect();
        let cut: Vec<_> =
            (0..4).map(|n| gaps.nth(n)).chain((0..5).map(|n| gaps.after(4).nth(n))).collect();
        assert_eq!(whole, cut);
        assert_ne!(whole[0], Gaps::new(Gap::AsCalled, 4).nth(0));
    }

    #[test]
    fn other_gaps_are_as_long_as_they_say() {
        let ms = Duration::from_millis;
        assert_eq!(Gaps::NONE.nth(5), Duration::ZERO);
        assert_eq!(Gaps::new(Gap::Fixed(ms(20)), 1).nth(9), ms(20));
        assert_eq!(Gap::Fixed(Duration::from_secs(9999)).mean(), LONGEST);
        let drawn = Gap::LogNormal { p50: ms(10), p99: ms(40) };
        assert!((drawn.quantile(0.99).as_secs_f64() - 0.04).abs() < 1e-6);
        assert_eq!(drawn.to_string(), "p50=10ms p99=40ms");
        assert_eq!(Gap::AsCalled.to_string(), "as called");
    }
}
