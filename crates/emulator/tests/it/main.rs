//! The emulator from outside: real processes, real protocol.

mod cgroup;
mod failures;
mod files;
mod gate;
mod kit;
mod left_behind;
mod limits;
mod load;
mod protocol;
mod python;
mod repeat;
mod scaling;
mod timing;
