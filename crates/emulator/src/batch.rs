//! What becomes of a loop of invocations before anybody hears of it: each batch wakes another thread.

use kelvin_lambda::Invocation;

use crate::clock::now_ns;
use crate::measured::Measured;

/// A batch ends after so many invocations …
pub(crate) const BATCH_INVOCATIONS: u64 = 1000;
/// … or after so long, so that an interruption loses no more than that …
const BATCH_NS: u64 = 250_000_000;
/// … or so many bytes of responses, so that memory stays bounded.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// The invocations of one loop, in order. Their records are made at the end, outside of every measurement.
#[derive(Debug)]
pub(crate) struct Batch {
    measured: Vec<Measured>,
    most: u64,
    began_ns: u64,
    bytes: usize,
}

impl Batch {
    /// At most so many invocations.
    pub(crate) fn new(most: u64) -> Batch {
        Batch { measured: Vec::new(), most, began_ns: now_ns(), bytes: 0 }
    }

    pub(crate) fn push(&mut self, measured: Measured) {
        self.bytes += measured.response_bytes();
        self.measured.push(measured);
    }

    /// Whether it may have another invocation after the next.
    pub(crate) fn has_room_for_two(&self) -> bool {
        (self.measured.len() as u64) + 1 < self.most.min(BATCH_INVOCATIONS)
            && self.bytes < BATCH_BYTES
            && now_ns() - self.began_ns < BATCH_NS
    }

    pub(crate) fn into_records(self) -> Vec<Invocation> {
        self.measured.into_iter().map(Measured::into_invocation).collect()
    }
}
