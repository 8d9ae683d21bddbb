//! The emulator from outside: real processes, real protocol.

mod cgroup;
mod cores;
mod edge;
mod extensions;
mod failures;
mod files;
mod frames;
mod gap;
mod gate;
mod http;
mod kit;
mod left_behind;
mod limits;
mod load;
mod page_cache;
mod protocol;
mod python;
mod repeat;
mod scaling;
mod timing;
