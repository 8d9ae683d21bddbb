//! What a workload is: code to be measured, its inputs, and the answers that are known to be right.
//!
//! A workload that only computes implements [`Compute`]; one that waits for something implements [`Workload`].
//! Every `Compute` is a `Workload`, so whoever runs workloads needs to know only the latter.
//! Nothing here knows of Lambda's Runtime API: turning a workload into a bootstrap is the crate `kelvin-handler`.
//!
//! Import the trait that you implement and not both: they share the names of their items.

mod answer;
mod canonical;
mod case;
mod check;
mod clock;
mod context;
mod error;
mod prepared;
mod traits;
mod waits;

pub use answer::{Answer, verify};
pub use canonical::{canonical_json, sha256_hex};
pub use case::Case;
pub use check::{check_cases, check_cases_with_io};
pub use clock::monotonic_ns;
pub use context::{InitContext, InvokeContext};
pub use error::WorkloadError;
pub use prepared::{Prepared, PreparedAsync};
pub use traits::{Compute, Workload};
pub use waits::Waits;
