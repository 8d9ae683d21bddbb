//! AWS Lambda's vocabulary as plain data.
//!
//! Everything here is a value: what a function is configured to be, what one invocation cost in time and money, what an
//! error looks like to the caller.
//! Nothing here does I/O, reads a clock or knows which platform an invocation ran on.

mod billing;
mod config;
mod description;
mod facts;
mod function_error;
mod invocation;
mod launch;
mod limits;
mod memory;
mod price;
mod report_line;
mod spans;
mod throttle;
mod timing;

pub use billing::billed_ms;
pub use config::{
    Architecture, EphemeralStorage, FunctionConfig, InvalidConfig, Timeout, is_reserved,
};
pub use description::{Answer, CaseDescription, Description};
pub use facts::{Enforcement, PlatformFacts};
pub use function_error::FunctionError;
pub use invocation::{Invocation, Provenance, Start, Status};
pub use launch::{InitParts, LaunchFacts, PageCacheFacts, PageInBy};
pub use limits::{
    INIT_TIMEOUT, LOG_TAIL_BYTES, MAX_CLIENT_CONTEXT_BYTES, MAX_ENV_BYTES, MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES, log_tail,
};
pub use memory::MemorySize;
pub use price::{Cost, PriceTable, US_EAST_1};
pub use report_line::{InitPhase, InitReportLine, ReportLine};
pub use spans::{Interval, SpanLine};
pub use throttle::ThrottleReason;
pub use timing::{Ladder, Timing};
