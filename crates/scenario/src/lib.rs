//! Scenarios: Rhai scripts that say in which order functions are deployed, invoked and left alone.
//!
//! The script steers; loops that are measured run natively.
//! A scenario reaches nothing but a [`kelvin_platform::Platform`] and a [`Host`]: no files, no network, no clock, no
//! randomness of its own, so that the same seed gives the same calls.
//! What a script can call is listed by [`functions`].

mod blocks;
mod chance;
mod deploy;
mod diagnose;
mod documentation;
mod engine;
mod error;
mod event_source;
#[cfg_attr(not(test), expect(dead_code, reason = "loads take their payloads from here"))]
mod events;
mod fields;
mod function;
mod host;
mod json;
mod language;
mod limits;
mod matrix;
mod moment;
mod nominal;
mod number;
mod order;
mod outcome;
mod parameters;
mod pause;
mod random;
mod result;
mod run;
mod script;
mod service;
mod session;
mod signature;
mod suggest;
mod template;

pub use documentation::documentation;
pub use error::{ErrorKind, Place, ScenarioError};
pub use host::{
    Batch, Deployment, Host, HostError, Progress, Resolved, Slot, Source, Wanted, WantedRung,
};
pub use language::functions;
pub use limits::Limits;
pub use nominal::{NominalPlatform, Totals};
pub use outcome::Outcome;
pub use parameters::{Parameter, ParameterKind};
pub use pause::parse_duration;
pub use run::RunOptions;
pub use script::Script;
pub use service::{ServiceChange, ServiceId, StartedService, WantedService};
pub use signature::Signature;
