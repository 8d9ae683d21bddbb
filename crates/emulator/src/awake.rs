//! Idle cores that do not sleep while somebody waits.
//!
//! A function that waits for its event, or for a service, leaves its core idle. An idle core halts, and takes its time to wake
//! up: on a virtual machine tens of microseconds, as the host has to be asked for the core again. Whoever writes a latency of
//! zero to `/dev/cpu_dma_latency` and keeps it open has them stay in their shallowest state instead ("PM Quality Of Service
//! Interface", kernel documentation), which on x86 is to poll; when the process ends, however it does, the wish ends with it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

const DEVICE: &str = "/dev/cpu_dma_latency";
/// What idle cores do is up to this driver.
const DRIVER: &str = "/sys/devices/system/cpu/cpuidle/current_driver";
/// The name of their shallowest state.
const STATE: &str = "/sys/devices/system/cpu/cpu0/cpuidle/state0/name";

/// Microseconds that a core may take to wake up.
const NONE: i32 = 0;
/// The kernel's `PM_QOS_CPU_LATENCY_DEFAULT_VALUE`: no wish.
const ANY: i32 = 2_000_000_000;

/// The wish that cores do not sleep, in force from [`AwakeCores::hold`] to [`AwakeCores::release`].
#[derive(Debug)]
pub struct AwakeCores {
    device: File,
    held: AtomicBool,
}

/// Why idle cores may sleep.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum AwakeCoresError {
    #[error("{DEVICE} cannot be opened")]
    Device(#[source] io::Error),
    #[error("the kernel has no driver that could keep them awake")]
    NoDriver,
}

impl AwakeCoresError {
    /// What would help, as a command where there is one.
    pub fn remedy(&self) -> &'static str {
        match self {
            AwakeCoresError::Device(error) if error.kind() == ErrorKind::PermissionDenied => {
                "sudo chown $USER /dev/cpu_dma_latency"
            }
            AwakeCoresError::Device(_) => {
                "for a container --device /dev/cpu_dma_latency; otherwise a kernel with CONFIG_CPU_IDLE"
            }
            AwakeCoresError::NoDriver => {
                "boot the kernel with a cpuidle driver; in a virtual machine with cpuidle_haltpoll.force=1"
            }
        }
    }
}

impl AwakeCores {
    /// Opens the device; wishes for nothing yet.
    pub fn open() -> Result<AwakeCores, AwakeCoresError> {
        let device = File::options().write(true).open(DEVICE).map_err(AwakeCoresError::Device)?;
        // Where this file cannot be read, the kernel may have a driver.
        if fs::read_to_string(DRIVER).is_ok_and(|driver| driver.trim() == "none") {
            return Err(AwakeCoresError::NoDriver);
        }
        Ok(AwakeCores { device, held: AtomicBool::new(false) })
    }

    /// The state in which idle cores stay, as the kernel calls it: `POLL`, or for instance `WFI` on Arm.
    pub fn state(&self) -> String {
        let name = fs::read_to_string(STATE).map(|name| name.trim().to_owned());
        name.unwrap_or_else(|_| "that is the shallowest".to_owned())
    }

    /// From now on no core sleeps. Returns whether they could before; then it takes some microseconds, as all idle cores are
    /// woken.
    pub fn hold(&self) -> bool {
        let first = !self.held.swap(true, Ordering::Relaxed);
        if first {
            self.wish(NONE);
        }
        first
    }

    /// From now on cores may sleep.
    pub fn release(&self) {
        if self.held.swap(false, Ordering::Relaxed) {
            self.wish(ANY);
        }
    }

    /// The kernel takes any number, so this cannot fail on the device.
    fn wish(&self, microseconds: i32) {
        (&self.device).write_all(&microseconds.to_ne_bytes()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_is_written_once_and_taken_back_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let device = file.reopen().unwrap();
        let awake = AwakeCores { device, held: AtomicBool::new(false) };
        assert!(awake.hold());
        assert!(!awake.hold());
        awake.release();
        awake.release();
        assert!(awake.hold());
        let written = fs::read(file.path()).unwrap();
        let expected: Vec<u8> = [NONE, ANY, NONE].into_iter().flat_map(i32::to_ne_bytes).collect();
        assert_eq!(written, expected);
    }
}
