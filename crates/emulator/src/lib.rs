//! An embedded AWS Lambda: the real protocol and the real processes, on this machine.
//!
//! [`Emulator`] implements [`kelvin_platform::Platform`].
//! It starts a function's bootstrap as a process, speaks the Runtime API with it on a port of its own, and measures every
//! invocation by the timing contract of [`kelvin_lambda::Timing`].
//!
//! All of it runs on one thread, the serving thread; one task owns each function, and one each of its environments.
//! While an invocation is in flight and a core is free, that thread polls instead of sleeping, so that it adds as little as
//! possible to what it measures.

mod awake;
mod batch;
mod client;
mod clock;
mod cores;
pub mod cpu;
mod deployable;
mod doors;
mod emulator;
mod env_vars;
mod environment;
mod error;
mod facts;
mod failure;
mod frame;
mod function;
mod idle_lifetime;
mod init_parts;
mod load;
mod measured;
mod memory;
mod output;
mod package;
mod page_cache;
mod prepared;
mod process;
mod refusal;
mod request;
mod runtime_api;
mod sandboxes;
mod scaling;
mod serving;
mod shown;
mod spin;
mod starts;
mod throttled;
mod usage;
mod watch;
mod worker;

pub use awake::{AwakeCores, AwakeCoresError};
pub use cores::Beside;
pub use deployable::{Deployable, Surroundings, copy_package, package_bytes};
pub use doors::Doors;
pub use emulator::{Emulator, Options};
pub use env_vars::{Libraries, env_vars};
pub use error::StartError;
pub use frame::Frame;
pub use kelvin_sandbox::{GuardProgram, StartError as SandboxError, TASK_ROOT, TMP, guard};
pub use page_cache::is_on_disk;
pub use scaling::{IdleExpiry, ReleaseDelay, Scaling};
pub use watch::Limits;
