//! The CPU that a function gets: memory/1769 of a core after INIT, in the way in which AWS gives it.

mod account;
pub(crate) mod cgroup;
mod limit;
mod model;
mod tick;
mod visible;

pub use cgroup::{CgroupError, CgroupVersion};
pub use limit::CpuLimit;
pub(crate) use limit::Limiter;
pub use model::{Burst, predicted_wall, predicted_walls, published};
pub(crate) use tick::TickLimit;
pub use visible::visible_cpus;
