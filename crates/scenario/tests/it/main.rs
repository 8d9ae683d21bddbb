//! Scenarios from outside: what a script makes a platform and a host do, and how it ends.

mod accepting;
mod bounds;
mod calls;
mod closures;
mod documentation;
mod dry_run;
mod event_sources;
mod events;
mod fake;
mod feedback;
mod folder;
mod load;
mod mistakes;
mod modules;
mod shipped;
mod stopping;
