//! Scenarios from outside: what a script makes a platform and a host do, and how it ends.

mod accepting;
mod calls;
mod documentation;
mod dry_run;
mod events;
mod fake;
mod mistakes;
mod shipped;
mod stopping;
