//! The intervals that are printed cover what they are printed beside, in samples as they are made: launches that differ by
//! 2 %, with invocations of three kinds of spread.

use kelvin_stats::{ByLaunch, Estimate, Sample, pseudo_median};

const WARM: u32 = 20;
/// Samples of each size; of 6,000, intervals covered from 93.1 % (p90 with outliers, 40 launches) to 95.6 %.
const SAMPLES: u32 = 600;

/// Numbers from 0 to below 1, each equally likely (SplitMix64).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

type Draw = fn(&mut Chance) -> f64;

const SPREADS: [(&str, Draw); 3] = [
    ("exponential", Chance::exponential),
    ("log-normal", |chance| (0.5 * chance.normal()).exp()),
    ("outliers", |chance| {
        let usual = 1.0 + 0.05 * chance.normal();
        if chance.uniform() < 0.05 { 10.0 * usual } else { usual }
    }),
];

fn launches(chance: &mut Chance, draw: Draw, n: u32) -> ByLaunch {
    let mut numbers = Vec::new();
    for launch in 0..n {
        let own = (0.02 * chance.normal()).exp();
        numbers.extend((0..WARM).map(|_| (launch, own * draw(chance))));
    }
    numbers.into_iter().collect()
}

#[test]
fn warm_quantiles_lie_in_their_intervals_as_often_as_these_say() {
    for (name, draw) in SPREADS {
        let mut chance = Chance(1);
        // The same quantity of so many launches that nothing is left to chance.
        let many = launches(&mut chance, draw, 10_000);
        let truth = [0.5, 0.9].map(|q| {
            let own: Sample = many.own_quantiles(q).into_iter().flatten().collect();
            pseudo_median(&own).unwrap().value
        });
        for n in [10, 20, 40] {
            let mut covered = [0_u32; 2];
            for _ in 0..SAMPLES {
                let sample = launches(&mut chance, draw, n);
                for ((q, truth), covered) in [0.5, 0.9].into_iter().zip(truth).zip(&mut covered) {
                    let Estimate { value, ci95 } = sample.quantile(q).unwrap();
                    let interval = ci95.unwrap();
                    assert!(interval.contains(value), "{name}, {n} launches: {value} {interval:?}");
                    *covered += u32::from(interval.contains(truth));
                }
            }
            let expected = 0.93 * f64::from(SAMPLES);
            // One of a thousand sets of samples falls below that although the coverage is 93 %.
            let least = expected - 3.1 * (expected * 0.07).sqrt();
            for (q, covered) in ["p50", "p90"].into_iter().zip(covered) {
                let share = 100.0 * f64::from(covered) / f64::from(SAMPLES);
                assert!(f64::from(covered) >= least, "{name}, {n} launches, {q}: {share} %");
            }
        }
    }
}
