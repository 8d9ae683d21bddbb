//! Keeping a schedule.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Timer;

/// A moment this near is waited for by yielding, where the caller allows it: a thread that sleeps in the kernel wakes up
/// some tens of microseconds late.
const NEAR: Duration = Duration::from_micros(100);
/// So many overdue moments come one after another before others have their turn: they must not be starved by a schedule that
/// nobody could keep.
const IN_A_ROW: u32 = 32;

/// Gives out the moments of a schedule, each when it has come, in order and without leaving one out.
///
/// Moments are counted from the start, so that being late once makes nothing after it late: what is overdue comes at once.
#[derive(Debug)]
pub struct Pacer {
    start: Instant,
    schedule: Arc<[u64]>,
    next: usize,
    timer: Timer,
    in_a_row: u32,
}

/// A moment of a schedule that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its number, from 0.
    pub index: usize,
    /// When it was due, in nanoseconds from the start.
    pub intended_ns: u64,
}

impl Pacer {
    /// A schedule in nanoseconds from `start`, ascending.
    pub fn new(start: Instant, schedule: Arc<[u64]>) -> Pacer {
        Pacer { start, schedule, next: 0, timer: Timer::default(), in_a_row: 0 }
    }

    /// Waits for the next moment; `None` after the last. Cancel safe.
    ///
    /// While `may_spin` says so, the last microseconds are spent yielding to other tasks instead of sleeping in the kernel.
    pub async fn next(&mut self, may_spin: impl Fn() -> bool) -> Option<Due> {
        let intended_ns = *self.schedule.get(self.next)?;
        let moment = self.start + Duration::from_nanos(intended_ns);
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            tokio::task::yield_now().await;
        }
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.in_a_row = 0;
            if !may_spin() {
                self.timer.until(moment).await;
            } else if left > NEAR {
                self.timer.until(moment - NEAR).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
        self.in_a_row += 1;
        let due = Due { index: self.next, intended_ns };
        self.next += 1;
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(schedule: &[u64], may_spin: bool) -> Vec<Due> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let mut pacer = Pacer::new(start, schedule.into());
            let mut all = Vec::new();
            while let Some(due) = pacer.next(|| may_spin).await {
                assert!(start.elapsed() >= Duration::from_nanos(due.intended_ns), "too early");
                all.push(due);
            }
            all
        })
    }

    #[test]
    fn every_moment_comes_once_in_order_and_never_early() {
        let schedules: [&[u64]; 4] =
            [&[], &[0], &[0, 0, 0, 1_000, 300_000], &[2_000_000, 2_000_001, 2_500_000]];
        for schedule in schedules {
            for may_spin in [false, true] {
                let expected: Vec<Due> = (0..)
                    .zip(schedule)
                    .map(|(index, &intended_ns)| Due { index, intended_ns })
                    .collect();
                assert_eq!(paced(schedule, may_spin), expected);
            }
        }
    }

    #[test]
    fn what_is_overdue_comes_at_once_and_keeps_its_moment() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // The whole schedule lies in the past: no timer could be waited for.
            let start = Instant::now() - Duration::from_secs(10);
            let mut pacer = Pacer::new(start, [1, 2, 1_000_000_000].into());
            let mut intended = Vec::new();
            while let Some(due) = pacer.next(|| false).await {
                intended.push(due.intended_ns);
            }
            assert_eq!(intended, [1, 2, 1_000_000_000]);
        });
    }
    #[test]
    fn a_schedule_that_nobody_could_keep_starves_nobody() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let turns = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&turns);
            tokio::spawn(async move {
                loop {
                    counted.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            });
            let mut pacer = Pacer::new(Instant::now(), vec![0; 3_200].into());
            while pacer.next(|| true).await.is_some() {}
            assert!(turns.load(Ordering::Relaxed) >= 99);
        });
    }
}
