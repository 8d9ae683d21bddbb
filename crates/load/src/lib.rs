//! When things are due, and waiting until then to the microsecond.
//!
//! [`Pacer`] keeps the schedule of an open loop, whatever becomes of what it sets off; [`wait_until`] is what it, and
//! whoever else must be punctual, waits with.
//! Nothing here knows what is sent, or where to.

mod pacer;
mod wait;

pub use pacer::{Due, Pacer};
pub use wait::{Timer, wait_until};
