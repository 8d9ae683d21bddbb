//! Estimates with their intervals: pure functions over numbers.
//!
//! Nothing here knows of Lambda, of files or of time; the unit of a result is the unit of what went in.
//! Every interval is a two-sided 95 % confidence interval, and every function is deterministic: none draws random numbers.

mod by_launch;
mod estimate;
mod log_normal;
mod mean;
mod order_statistics;
mod sample;
mod share;
mod signed_rank;
mod times;
mod walsh;

pub use by_launch::{ByLaunch, Seen, own_quantile_needs};
pub use estimate::{Estimate, Interval, TooFew};
pub use log_normal::LogNormal;
pub use mean::{MEAN_NEEDS, mean};
pub use order_statistics::{quantile, quantile_needs};
pub use sample::Sample;
pub use share::{share, share_needs};
pub use signed_rank::{PSEUDO_MEDIAN_NEEDS, pseudo_median};
pub use times::{more, times};
