//! Scenarios: Rhai scripts that say in which order functions are deployed, invoked and left alone.
//!
//! The script steers; loops that are measured run natively.
//! A scenario reaches nothing but a [`kelvin_platform::Platform`], a [`Host`] and what lies beside it, its [`ScriptFolder`]:
//! no other files, no network, no clock, no randomness of its own, so that the same seed gives the same calls and events.
//! What a script can call is listed by [`functions`].

mod blocks;
mod by_value;
mod caller;
mod chance;
mod compare;
mod conditions;
mod deploy;
mod diagnose;
mod documentation;
mod ends;
mod engine;
mod error;
mod event_file;
mod event_source;
mod events;
mod fields;
mod figure;
mod folder;
mod function;
mod host;
mod json;
mod kept;
mod language;
mod limits;
mod load;
mod matrix;
mod memory;
mod modules;
mod moment;
mod nominal;
mod number;
mod order;
mod outcome;
mod parallel;
mod parameters;
mod pause;
mod pipe;
mod quantity;
mod random;
mod result;
mod run;
mod runtime;
mod script;
mod service;
mod session;
mod signature;
mod suggest;
mod tally;
mod template;
mod threshold;
mod waits;

pub use conditions::parse_gap;
pub use documentation::documentation;
pub use error::{ErrorKind, Place, ScenarioError};
pub use folder::{NoFolder, ScriptFolder};
pub use host::{
    Batch, Deployment, Host, HostError, LoadFacts, LoadKind, Measure, OfLoad, Progress, Resolved,
    Side, Slot, Source, Wanted, WantedRung,
};
pub use language::functions;
pub use limits::Limits;
pub use nominal::{NominalPlatform, Totals};
pub use outcome::Outcome;
pub use parameters::{Parameter, ParameterKind};
pub use pause::{parse_duration, written_duration};
pub use pipe::PipeFacts;
pub use run::RunOptions;
pub use runtime::{Client, WantedRuntime};
pub use script::Script;
pub use service::{ServiceChange, ServiceId, StartedService, WantedService};
pub use signature::Signature;
