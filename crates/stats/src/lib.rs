//! Estimates with their intervals: pure functions over numbers.
//!
//! Nothing here knows of Lambda, of files or of time; the unit of a result is the unit of what went in.
//! Every interval is a two-sided 95 % confidence interval, and every function is deterministic: where one draws random numbers,
//! they follow from a seed that it is given.

mod alternative;
mod by_launch;
mod critical_value;
mod estimate;
mod log_normal;
mod mean;
mod modes;
mod multiple;
mod order_key;
mod order_statistics;
mod outliers;
mod pareto;
mod power;
mod rank_sum_test;
mod ranks;
mod sample;
mod share;
mod shift;
mod signed_rank;
mod signed_rank_test;
mod spread;
mod times;
mod walsh;
mod warm_up;

pub use alternative::Alternative;
pub use by_launch::{ByLaunch, Seen, own_quantile_needs};
pub use estimate::{Estimate, Interval, TooFew};
pub use log_normal::LogNormal;
pub use mean::{MEAN_NEEDS, mean};
pub use modes::{Mode, modes};
pub use multiple::{benjamini_hochberg, holm};
pub use order_statistics::{quantile, quantile_needs};
pub use outliers::{Outlier, outliers};
pub use pareto::{Point, knee, pareto_front, pareto_robustness};
pub use power::{detectable_effect, effect_found, pairs_needed};
pub use rank_sum_test::{RankSum, rank_sum_test, share_greater};
pub use sample::Sample;
pub use share::{share, share_needs};
pub use shift::shift;
pub use signed_rank::{PSEUDO_MEDIAN_NEEDS, pseudo_median};
pub use signed_rank_test::signed_rank_test;
pub use spread::{deviation, median};
pub use times::{more, times};
pub use warm_up::{Course, WARM_UP_LOOKS_AT, WarmUp, warm_up};
