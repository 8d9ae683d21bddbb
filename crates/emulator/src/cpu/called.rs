//! What the books alone predict of invocations as callers of Lambda make them: one after another, with a gap between them.

use std::time::Duration;

use kelvin_lambda::MemorySize;
use kelvin_platform::{Gap, Gaps};

use super::model::{Burst, predicted_wall, predicted_walls};
use crate::clock::nanoseconds;

/// The gaps in a launch of a replay: others for each function, size and launch, and the same in every replay.
pub fn called_gaps(gap: Gap, function: usize, memory: MemorySize, launch: usize) -> Gaps {
    let seed = (function as u64) << 48 | u64::from(memory.mb()) << 24 | launch as u64;
    Gaps::new(gap, seed)
}

/// How long each of these invocations takes in milliseconds, after a first one that does nothing. Each needs a whole core for
/// its demand, in milliseconds, and the first of the gaps lies before the first of them.
pub fn called_walls(demands_ms: &[f64], gaps: Gaps, memory: MemorySize) -> Vec<f64> {
    let cold = Burst { cpu_ns: 0, idle_ns: nanoseconds(gaps.nth(0)) };
    let warm = demands_ms.iter().zip(1..).map(|(demand_ms, number)| Burst {
        cpu_ns: nanoseconds(milliseconds(*demand_ms)),
        idle_ns: nanoseconds(gaps.nth(number)),
    });
    let bursts: Vec<Burst> = std::iter::once(cold).chain(warm).collect();
    let walls = predicted_walls(&bursts, memory);
    walls.into_iter().skip(1).map(|wall| wall as f64 / 1e6).collect()
}

/// By how much a first invocation needs more CPU time than it takes at 1,769 MB: the factor with which the books come nearest
/// to these durations at smaller sizes, by the squares of the logarithms.
///
/// AWS shows a function two processors, and what a runtime compiles beside the handler can run on the other one, so the time
/// on a whole core can be less than the CPU time.
pub fn first_factor(at_one_vcpu_ms: f64, published: &[(MemorySize, f64)]) -> f64 {
    let distance = |factor: f64| {
        let of = |(memory, published_ms): &(MemorySize, f64)| {
            let wall = predicted_wall(milliseconds(at_one_vcpu_ms * factor), *memory);
            (wall.as_secs_f64() * 1e3 / published_ms).ln().powi(2)
        };
        published.iter().map(of).sum::<f64>()
    };
    // Walls jump by whole periods, so there is no slope to follow.
    let candidates = (500..=2000).map(|thousandths| f64::from(thousandths) / 1e3);
    candidates.min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(1.0)
}

fn milliseconds(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kelvin_stats::Sample;

    use super::*;
    use crate::cpu::published::{Called, Figures, called};

    /// How far the books are from AWS with this gap, by memory size: 128, 256, 512 and 1,024 MB.
    fn scores(function: usize, called: &Called, gap: Gap) -> Vec<f64> {
        let score = |(memory, published): &(MemorySize, Figures)| {
            let launches = called.demands_ms.iter().enumerate();
            let walls = launches.flat_map(|(launch, demands_ms)| {
                called_walls(demands_ms, called_gaps(gap, function, *memory, launch), *memory)
            });
            let walls: Sample = walls.collect();
            let quantile = |q| walls.quantile(q).unwrap();
            let figures = Figures {
                mean_ms: walls.mean().unwrap(),
                p50_ms: quantile(0.5),
                p75_ms: quantile(0.75),
                p90_ms: quantile(0.9),
            };
            figures.log_error(published)
        };
        called.warm[..4].iter().map(score).collect()
    }

    #[test]
    fn the_books_are_as_far_from_aws_as_was_found() {
        let check = |what, scores: &[f64], expected: f64| {
            let found = scores.iter().sum::<f64>() / scores.len() as f64;
            assert!((found - expected).abs() < 0.03, "{what}: {found}");
        };
        let all = called();
        let as_called = scores(1, &all[1], Gap::AsCalled);
        check("NewtonsoftJson, 128 to 512 MB", &as_called[..3], 0.11);
        check("NewtonsoftJson, all sizes", &as_called, 0.09);
        let saturated = scores(1, &all[1], Gap::None);
        check("NewtonsoftJson without a gap, 128 to 512 MB", &saturated[..3], 1.46);
        check("NewtonsoftJson without a gap, all sizes", &saturated, 1.23);
        let as_called = scores(0, &all[0], Gap::AsCalled);
        check("Minimal, 128 MB", &as_called[..1], 0.75);
        check("Minimal, the other sizes", &as_called[1..], 0.01);
    }

    #[test]
    fn what_comes_after_a_whole_idle_period_takes_its_demand() {
        let demands_ms = [3.0, 1.0, 3.9];
        let walls = |gap| called_walls(&demands_ms, Gaps::new(gap, 1), MemorySize::MIN);
        assert_eq!(walls(Gap::Fixed(Duration::from_millis(60))), demands_ms);
        let saturated = walls(Gap::None);
        assert!(saturated.iter().sum::<f64>() > 20.0, "{saturated:?}");
        assert_eq!(called_walls(&[], Gaps::NONE, MemorySize::MIN), [0.0; 0]);
    }

    #[test]
    fn launches_have_gaps_of_their_own() {
        let first = |function, mb, launch| {
            let memory = MemorySize::new(mb).unwrap();
            called_gaps(Gap::AsCalled, function, memory, launch).nth(0)
        };
        let same = first(0, 128, 0);
        assert_eq!(first(0, 128, 0), same);
        let others = [first(1, 128, 0), first(0, 256, 0), first(0, 128, 1)];
        assert!(!others.contains(&same), "{same:?} {others:?}");
    }

    #[test]
    fn first_invocations_need_more_than_they_take_on_a_whole_core() {
        let check = |called: &Called, sizes, expected: f64| {
            let (_, at_one_vcpu_ms) = called.first_ms[4];
            let factor = first_factor(at_one_vcpu_ms, &called.first_ms[..sizes]);
            assert!((factor - expected).abs() < 0.01, "{}: {factor}", called.name);
        };
        let all = called();
        check(&all[0], 3, 1.272);
        check(&all[1], 3, 1.143);
        // At 1,024 MB the two functions are faster than one thread could be.
        check(&all[0], 4, 1.157);
        check(&all[1], 4, 1.117);
        assert!((first_factor(10.0, &[]) - 0.5).abs() < 1e-9, "anything is as good");
    }
}
