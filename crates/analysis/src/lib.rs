//! What may be said of measurements: from records to numbers of launches, comparisons and verdicts.
//!
//! Pure functions: the unit of observation is a launch, never an invocation, because invocations of one launch are not
//! independent of each other.

mod comparison;
mod functions;
mod metric;
mod sides;
mod threshold;
mod verdict;

pub use comparison::{Comparison, Design, NotComparable};
pub use functions::FunctionRows;
pub use metric::{Metric, Number};
pub use sides::{Compared, Found, Side, compare};
pub use verdict::{Demand, Figure, Judgement, SIGNIFICANCE, Step, Verdict, judge};
