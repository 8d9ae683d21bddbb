//! Scenarios from outside: what a script makes a platform and a host do, and how it ends.

mod calls;
mod dry_run;
mod fake;
mod mistakes;
mod shipped;
mod stopping;
