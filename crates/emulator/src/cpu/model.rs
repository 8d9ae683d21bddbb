//! What the books alone predict.

use std::time::Duration;

use kelvin_lambda::MemorySize;

use super::account::Account;
use crate::clock::nanoseconds;

/// How long one busy thread takes for `cpu` of work, beginning in an environment that was idle.
pub fn predicted_wall(cpu: Duration, memory: MemorySize) -> Duration {
    let burst = Burst { cpu_ns: nanoseconds(cpu), idle_ns: 0 };
    predicted_walls(&[burst], memory).first().copied().map_or(cpu, Duration::from_nanos)
}

/// One invocation as the books see it: one thread's CPU time without a pause, and then none until the next one begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// CPU time, in nanoseconds.
    pub cpu_ns: u64,
    /// From its end to the beginning of the next, in nanoseconds.
    pub idle_ns: u64,
}

/// How long each of these takes, in nanoseconds, one after another in one environment that was idle before the first.
///
/// What follows within a period of 20 ms pays the debt of what came before: short work is free alone and is not back to back.
pub fn predicted_walls(bursts: &[Burst], memory: MemorySize) -> Vec<u64> {
    // Any moment will do that is at least two periods after the beginning of time.
    let mut now = 1_000_000_000;
    let mut account = Account::new(memory);
    let wall = |burst: &Burst| {
        let begin = now;
        if !account.wake(begin) {
            account.advance(begin, 0);
        }
        now = end_of(&mut account, begin, burst.cpu_ns);
        let wall = now - begin;
        now += burst.idle_ns;
        wall
    };
    bursts.iter().map(wall).collect()
}

/// When work that begins now is done.
fn end_of(account: &mut Account, begin: u64, work: u64) -> u64 {
    let (mut now, mut done) = (begin, 0);
    loop {
        let next = account.next_event();
        let used = if account.is_held() { 0 } else { next - now };
        if done + used >= work && !account.is_held() {
            let rest = work - done;
            account.advance(now + rest, rest);
            return now + rest;
        }
        done += used;
        now = next;
        account.advance(now, used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::published;

    fn ms(duration: Duration) -> f64 {
        duration.as_secs_f64() * 1e3
    }

    fn predicted_ms(cpu_ms: f64, memory: MemorySize) -> f64 {
        ms(predicted_wall(Duration::from_secs_f64(cpu_ms / 1e3), memory))
    }

    #[test]
    fn reproduces_the_published_table_of_short_work() {
        let table = published::short_work();
        assert_eq!(table.len(), 16);
        let errors = table.iter().map(|&(memory, published_ms)| {
            let predicted =
                predicted_ms(published::SHORT_CPU_MS, memory) + published::SHORT_FIXED_MS;
            (predicted / published_ms - 1.0).abs()
        });
        let mean = errors.sum::<f64>() / 16.0;
        // The same books, kept by another program in another language, are off by 5.6 %.
        assert!((mean - 0.056).abs() < 0.0005, "mean error {mean}");
    }

    #[test]
    fn long_work_follows_the_linear_rule() {
        for mb in [128, 256, 512, 1024] {
            let memory = MemorySize::new(mb).unwrap();
            let linear = 10_000.0 * 1769.0 / f64::from(mb);
            let predicted = predicted_ms(10_000.0, memory);
            assert!((predicted / linear - 1.0).abs() < 0.01, "{mb} MB: {predicted} ms");
        }
    }

    #[test]
    fn work_below_a_tick_is_not_slowed() {
        for cpu_ms in [0.5, 2.0, 3.9] {
            assert!((predicted_ms(cpu_ms, MemorySize::MIN) - cpu_ms).abs() < 1e-6);
        }
        assert!(predicted_ms(4.1, MemorySize::MIN) > 20.0);
    }

    #[test]
    fn short_work_back_to_back_is_held_back_as_if_it_were_one() {
        let loop_of = |idle_ns| {
            let bursts = [Burst { cpu_ns: 1_000_000, idle_ns }; 60];
            predicted_walls(&bursts, MemorySize::MIN).iter().sum::<u64>()
        };
        let (alone, linear) = (60_000_000, 60_000_000 * 1769 / 128);
        assert!(loop_of(0).abs_diff(linear) < linear / 10, "{}", loop_of(0));
        // What is idle pays as well; after whole periods of it, the books begin anew.
        assert!((alone + 1..loop_of(0)).contains(&loop_of(5_000_000)), "{}", loop_of(5_000_000));
        assert_eq!(loop_of(40_000_000), alone);
    }

    #[test]
    fn a_whole_core_is_never_held() {
        assert!((predicted_ms(500.0, MemorySize::ONE_VCPU) - 500.0).abs() < 1e-6);
    }
}
