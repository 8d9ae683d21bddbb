//! When things are due, and waiting until then to the microsecond.
//!
//! [`arrivals`] makes the schedule of an open loop, and [`trace`] that of one that was recorded; [`Pacer`] keeps it,
//! whatever becomes of what it sets off; and [`wait_until`] is what it, and whoever else must be punctual, waits with.
//! Nothing here knows what is sent, or where to.

mod arrivals;
#[cfg(test)]
mod chance;
mod pacer;
mod trace;
mod wait;

pub use arrivals::{MOST_ARRIVALS, Phase, Spread, TooManyArrivals, arrivals};
pub use pacer::{Due, Pacer};
pub use trace::{Trace, TraceError, TraceOptions, trace};
pub use wait::{Timer, wait_until};
