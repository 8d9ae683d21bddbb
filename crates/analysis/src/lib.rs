//! What may be said of measurements: comparisons and verdicts.
//!
//! Pure functions over numbers: the unit of observation is a launch, never an invocation, because invocations of one launch
//! are not independent of each other.

mod comparison;
mod threshold;
mod verdict;

pub use comparison::{Comparison, Design, NotComparable};
pub use verdict::{Demand, Judgement, SIGNIFICANCE, Step, Verdict, judge};
