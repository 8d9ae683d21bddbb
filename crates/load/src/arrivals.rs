//! When the requests of an open loop are due, worked out before it begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A schedule has at most so many moments: 80 MB of them.
pub const MOST_ARRIVALS: usize = 10_000_000;

/// How requests are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// At equal distances; where the rate grows, at ever shorter ones.
    Even,
    /// At random and independently of each other (a Poisson process), as those of many users are.
    Poisson,
}

/// A stretch of time with a rate that stays, or that changes evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// How long; without an end if `None`, which only the last phase of a limited schedule can be.
    pub duration: Option<Duration>,
    /// Requests a second at its beginning; positive or zero.
    pub from: f64,
    /// Requests a second at its end; the same as `from` in a phase without an end.
    pub to: f64,
}

/// There would be more than [`MOST_ARRIVALS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyArrivals;

impl fmt::Display for TooManyArrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there would be more than {MOST_ARRIVALS} requests")
    }
}

impl std::error::Error for TooManyArrivals {}

/// The moments of a load in nanoseconds from its start, ascending: at most `limit` of them.
///
/// `chance` gives numbers from 0 to below 1, each equally likely; it is asked only for [`Spread::Poisson`].
///
/// Moments are where the integral of the rate reaches whole numbers, for an even spread, or the points of a Poisson process
/// of rate one (time change; Çınlar, "Introduction to Stochastic Processes", §4.7). Where the rate is zero for a while, a
/// number that the integral has reached is due when the rate rises again, as the first one is when it first rises.
pub fn arrivals(
    phases: &[Phase],
    spread: Spread,
    limit: Option<usize>,
    mut chance: impl FnMut() -> f64,
) -> Result<Arc<[u64]>, TooManyArrivals> {
    let mut step = move || match spread {
        Spread::Even => 1.0,
        // The logarithm of zero must not be taken.
        Spread::Poisson => -(1.0 - chance()).ln(),
    };
    // An even load begins at once, and then waits between requests.
    let mut next = if spread == Spread::Even { 0.0 } else { step() };
    let mut moments = Vec::new();
    let (mut begun, mut expected) = (Duration::ZERO, 0.0);
    for phase in phases {
        let end = expected + phase.expected();
        while next < end - ROUNDING && limit.is_none_or(|limit| moments.len() < limit) {
            if moments.len() >= MOST_ARRIVALS {
                return Err(TooManyArrivals);
            }
            moments.push(nanoseconds(begun).saturating_add(phase.reaches_ns(next - expected)));
            next += step();
        }
        begun = begun.saturating_add(phase.duration.unwrap_or_default());
        expected = end;
    }
    Ok(moments.into())
}

/// Requests that sums of floats may be wrong by: what is due at the very end of a phase belongs to the next one.
const ROUNDING: f64 = 1e-9;

impl Phase {
    /// The integral of its rate: how many requests it is expected to have.
    fn expected(&self) -> f64 {
        match self.duration {
            Some(duration) => duration.as_secs_f64() * (self.from + self.to) / 2.0,
            None if self.from > 0.0 => f64::INFINITY,
            None => 0.0,
        }
    }

    /// After how many nanoseconds the integral of the rate is `count`.
    fn reaches_ns(&self, count: f64) -> u64 {
        // What the phase before has left over can be nothing, and a ramp from 0 divides by nothing there.
        if count <= 0.0 {
            return 0;
        }
        let slope = self.duration.map_or(0.0, |d| (self.to - self.from) / d.as_secs_f64());
        // from·t + slope·t²/2 = count, in the form that is exact for small slopes.
        let root = (self.from * self.from + 2.0 * slope * count).max(0.0).sqrt();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "casts of floats saturate, and no moment is negative"
        )]
        let ns = (2.0 * count / (self.from + root) * 1e9).round() as u64;
        self.duration.map_or(ns, |duration| ns.min(nanoseconds(duration)))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::chance;

    fn phase(seconds: f64, from: f64, to: f64) -> Phase {
        Phase { duration: Some(Duration::from_secs_f64(seconds)), from, to }
    }

    fn even(phases: &[Phase], limit: Option<usize>) -> Vec<u64> {
        let moments = arrivals(phases, Spread::Even, limit, || unreachable!("nothing is drawn"));
        moments.expect("there are few").iter().map(|ns| ns / 1_000_000).collect()
    }

    #[test]
    fn an_even_load_has_equal_distances() {
        assert_eq!(even(&[phase(1.0, 4.0, 4.0)], None), [0, 250, 500, 750]);
        let endless = Phase { duration: None, from: 10.0, to: 10.0 };
        assert_eq!(even(&[endless], Some(3)), [0, 100, 200]);
        assert_eq!(even(&[phase(1.0, 0.0, 0.0), phase(0.5, 4.0, 4.0)], None), [1000, 1250]);
        assert_eq!(even(&[], None), [0; 0]);
    }

    #[test]
    fn a_ramp_has_as_many_requests_as_its_mean_rate_says() {
        // ∫ (2 + 4t) dt = 2t + 2t² reaches 0, 1, 2, 3 at these times, whose fractions of milliseconds are cut off.
        assert_eq!(even(&[phase(1.0, 2.0, 6.0)], None), [0, 366, 618, 822]);
        assert_eq!(even(&[phase(10.0, 0.0, 100.0)], None).len(), 500);
        let down = even(&[phase(10.0, 100.0, 0.0)], None);
        assert_eq!(down.len(), 500);
        assert!(down[499] < 10_000);
    }

    #[test]
    fn a_phase_begins_where_the_one_before_has_ended() {
        // ∫ 10t dt = 5t² reaches 0, 1, 2, 3, 4 at these times of the second phase.
        let up = [phase(1.0, 4.0, 4.0), phase(1.0, 0.0, 10.0)];
        assert_eq!(even(&up, None), [0, 250, 500, 750, 1000, 1447, 1632, 1774, 1894]);
        // Nothing is due in a pause; what it was too early for is due when the rate rises again.
        let pause = [phase(1.0, 2.0, 2.0), phase(3.0, 0.0, 0.0), phase(1.0, 0.0, 4.0)];
        assert_eq!(even(&pause, None), [0, 500, 4000, 4707]);
        // 10t − 5t² reaches 0 to 4; the fifth is due at the very end, where the next phase begins.
        let down = [phase(1.0, 10.0, 0.0), phase(1.0, 2.0, 2.0)];
        assert_eq!(even(&down, None), [0, 105, 225, 367, 552, 1000, 1500]);
        // 2.5 requests and then 2 a second: the half that is left over is due a quarter of a second later.
        let half = [phase(1.0, 2.5, 2.5), phase(1.0, 2.0, 2.0)];
        assert_eq!(even(&half, None), [0, 400, 800, 1250, 1750]);
        // Seven tenths of a second in seven phases, at a rate whose sums of floats are not whole.
        assert_eq!(even(&[phase(0.1, 30.0, 30.0); 7], None).len(), 21);
        let nothing = Phase { duration: None, from: 0.0, to: 0.0 };
        assert_eq!(even(&[nothing], Some(3)), [0; 0]);
    }

    #[test]
    fn each_phase_of_a_poisson_load_has_its_share() {
        let phases = [
            phase(1.0, 4.0, 4.0),
            phase(2.0, 0.0, 10.0),
            phase(1.0, 0.0, 0.0),
            phase(2.0, 6.0, 0.0),
        ];
        let ends = [1_000_000_000, 3_000_000_000, 4_000_000_000, 6_000_000_000];
        let seeds = 500;
        let mut counts = [0.0_f64; 4];
        for seed in 0..seeds {
            for at in arrivals(&phases, Spread::Poisson, None, chance(seed)).unwrap().iter() {
                counts[ends.iter().position(|end| at < end).unwrap()] += 1.0;
            }
        }
        for (count, expected) in counts.into_iter().zip([4.0, 10.0, 0.0, 6.0]) {
            let expected: f64 = expected * seeds as f64;
            assert!((count - expected).abs() <= 4.0 * expected.sqrt(), "{count} of {expected}");
        }
    }

    #[test]
    fn a_poisson_load_varies_as_it_should() {
        // Counts of a Poisson process in equal stretches have a variance equal to their mean.
        let moments = arrivals(&[phase(1000.0, 20.0, 20.0)], Spread::Poisson, None, chance(7));
        let mut counts = vec![0.0; 1000];
        for at in moments.unwrap().iter() {
            counts[usize::try_from(at / 1_000_000_000).unwrap()] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / 1000.0;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 999.0;
        assert!((mean - 20.0).abs() < 0.5, "{mean}");
        assert!((variance / mean - 1.0).abs() < 0.15, "{variance}");
    }

    #[test]
    fn there_is_an_end() {
        let endless = [Phase { duration: None, from: 1.0, to: 1.0 }];
        assert_eq!(arrivals(&endless, Spread::Even, None, || 0.5), Err(TooManyArrivals));
    }

    /// The integral of the rate up to so many seconds.
    fn integral(phases: &[Phase], until: f64) -> f64 {
        let mut begun = 0.0;
        let mut sum = 0.0;
        for phase in phases {
            let lasts = phase.duration.unwrap().as_secs_f64();
            let t = (until - begun).clamp(0.0, lasts);
            sum += phase.from * t + (phase.to - phase.from) / lasts * t * t / 2.0;
            begun += lasts;
        }
        sum
    }

    proptest! {
        #[test]
        fn moments_are_where_the_integral_of_the_rate_says(
            phases in prop::collection::vec((1_u32..40, 0_u32..40, 0_u32..40), 1..5),
            cuts in prop::collection::vec(0.01_f64..0.99, 4),
            at in 0.0_f64..1.0,
        ) {
            // Tenths of seconds and whole rates, so that requests often fall on the ends of phases.
            let phases: Vec<Phase> = phases
                .into_iter()
                .map(|(tenths, from, to)| phase(f64::from(tenths) / 10.0, from.into(), to.into()))
                .collect();
            // However phases are cut in two, the load is the same.
            let cut: Vec<Phase> = phases
                .iter()
                .zip(cuts)
                .flat_map(|(whole, cut)| {
                    let lasts = whole.duration.unwrap();
                    let first = lasts.mul_f64(cut);
                    let share = first.as_secs_f64() / lasts.as_secs_f64();
                    let between = whole.from + share * (whole.to - whole.from);
                    [
                        Phase { duration: Some(first), from: whole.from, to: between },
                        Phase { duration: Some(lasts - first), from: between, to: whole.to },
                    ]
                })
                .collect();
            let length: f64 = phases.iter().map(|p| p.duration.unwrap().as_secs_f64()).sum();
            for t in [at * length, length] {
                // The first is due at once, so in all that have begun before t the integral is rounded up.
                let due = integral(&phases, t);
                for load in [&phases, &cut] {
                    let moments = arrivals(load, Spread::Even, None, || 0.5).unwrap();
                    let begun = moments.iter().filter(|&&ns| (ns as f64) < t * 1e9).count() as f64;
                    prop_assert!(begun >= (due - 1e-6).ceil(), "{begun} of {due} before {t}");
                    prop_assert!(begun <= (due + 1e-6).ceil(), "{begun} of {due} before {t}");
                }
            }
        }

        #[test]
        fn moments_ascend_within_their_phases_and_repeat(
            seed: u64,
            poisson: bool,
            phases in prop::collection::vec((0.01_f64..5.0, 0.0_f64..200.0, 0.0_f64..200.0), 1..5),
        ) {
            let spread = if poisson { Spread::Poisson } else { Spread::Even };
            let phases: Vec<Phase> = phases.into_iter().map(|(s, a, b)| phase(s, a, b)).collect();
            let moments = arrivals(&phases, spread, None, chance(seed)).unwrap();
            prop_assert_eq!(&moments, &arrivals(&phases, spread, None, chance(seed)).unwrap());
            prop_assert!(moments.is_sorted());
            let length: f64 = phases.iter().map(|p| p.duration.unwrap().as_secs_f64()).sum();
            prop_assert!(moments.last().is_none_or(|&last| last as f64 / 1e9 <= length + 1e-6));
            if !poisson {
                let expected: f64 = phases
                    .iter()
                    .map(|p| p.duration.unwrap().as_secs_f64() * (p.from + p.to) / 2.0)
                    .sum();
                prop_assert!((moments.len() as f64 - expected).abs() <= 1.0 + 1e-6);
            }
        }
    }
}
