//! Waiting to the microsecond.
//!
//! The runtime's own timer counts milliseconds and rounds up, which would add half a millisecond to each wait. A timer of
//! the kernel (timerfd_create(2)) wakes the thread when it is due, without anything spinning meanwhile: this machine's
//! cores are wanted by what is measured.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Completes at `deadline`; at once if that has passed.
///
/// Whoever waits often keeps a [`Timer`].
pub async fn wait_until(deadline: Instant) {
    Timer::default().until(deadline).await;
}

/// A timer of the kernel, made when it is first needed.
#[derive(Debug, Default)]
pub struct Timer {
    timer: Option<AsyncFd<OwnedFd>>,
}

impl Timer {
    /// Completes at `deadline`; at once if that has passed. Cancel safe.
    pub async fn until(&mut self, deadline: Instant) {
        if deadline <= Instant::now() {
            return;
        }
        // Without descriptors to spare, later is better than never.
        if self.expired(deadline).await.is_err() {
            tokio::time::sleep_until(deadline.into()).await;
        }
    }

    async fn expired(&mut self, deadline: Instant) -> io::Result<()> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            none => none.insert(timer()?),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        // Zero would disarm the timer.
        let left = left.max(Duration::from_nanos(1));
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            },
        };
        timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        // Read, not only looked at: the timer may have expired for an earlier wait, which was given up.
        let read = |timer: &OwnedFd| Ok(rustix::io::read(timer, &mut [0; 8])?);
        timer.async_io(Interest::READABLE, read).await?;
        Ok(())
    }
}

fn timer() -> io::Result<AsyncFd<OwnedFd>> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
    // SAFETY: an OwnedFd is open for as long as it lives, returns the same descriptor each time, and lives in the AsyncFd.
    #[expect(unsafe_code, reason = "tokio has no type of its own for timers of the kernel")]
    let timer = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE)? };
    Ok(timer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_too_early() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for micros in [0, 1, 300, 1_500, 3_000] {
                let deadline = Instant::now() + Duration::from_micros(micros);
                wait_until(deadline).await;
                assert!(Instant::now() >= deadline);
            }
        });
    }
    #[test]
    fn a_wait_that_was_given_up_does_not_end_the_next_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut timer = Timer::default();
            for _ in 0..100 {
                let given_up = timer.until(Instant::now() + Duration::from_micros(20));
                // It may have expired by the time at which somebody looks.
                tokio::select! {
                    biased;
                    () = given_up => {}
                    () = tokio::task::yield_now() => {}
                }
                let deadline = Instant::now() + Duration::from_micros(200);
                timer.until(deadline).await;
                assert!(Instant::now() >= deadline);
            }
        });
    }
}
