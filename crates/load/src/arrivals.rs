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
/// of rate one (time change; Çınlar, "Introduction to Stochastic Processes", §4.7).
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
    let (mut begun_s, mut expected) = (0.0, 0.0);
    for phase in phases {
        let seconds = phase.duration.map(|duration| duration.as_secs_f64());
        let end = expected + seconds.map_or(f64::INFINITY, |s| s * (phase.from + phase.to) / 2.0);
        while next < end && limit.is_none_or(|limit| moments.len() < limit) {
            if moments.len() >= MOST_ARRIVALS {
                return Err(TooManyArrivals);
            }
            let at = begun_s + phase.reaches(next - expected, seconds);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "casts of floats saturate, and no moment is negative"
            )]
            moments.push((at * 1e9).round() as u64);
            next += step();
        }
        begun_s += seconds.unwrap_or(0.0);
        expected = end;
    }
    Ok(moments.into())
}

impl Phase {
    /// After how many seconds the integral of the rate is `count`.
    fn reaches(&self, count: f64, seconds: Option<f64>) -> f64 {
        let slope = seconds.map_or(0.0, |seconds| (self.to - self.from) / seconds);
        if slope == 0.0 {
            return count / self.from;
        }
        // from·t + slope·t²/2 = count, in the form that is exact for small slopes.
        2.0 * count / (self.from + (self.from * self.from + 2.0 * slope * count).max(0.0).sqrt())
    }
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

    proptest! {
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
