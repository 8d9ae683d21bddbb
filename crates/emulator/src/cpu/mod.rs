//! The CPU that a function gets: memory/1769 of a core after INIT, in the way in which AWS gives it.

mod account;
mod called;
pub(crate) mod cgroup;
mod limit;
mod model;
pub mod published;
mod tick;
mod visible;

pub use called::{called_gaps, called_walls, first_factor};
pub use kelvin_sandbox::{CgroupError, CgroupVersion};
pub use limit::CpuLimit;
pub(crate) use limit::Limiter;
pub use model::{Burst, predicted_wall, predicted_walls};
pub(crate) use tick::TickLimit;
pub use visible::visible_cpus;
