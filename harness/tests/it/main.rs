//! End to end: the real command line, real builds, real processes.

mod alone;
mod check;
mod cpu_limit;
mod exit;
mod experiments;
mod explain;
mod failures;
mod foreign;
mod interrupt;
mod io;
mod kit;
mod ladder;
mod load;
mod misbehaviour;
mod mistakes;
mod modules;
mod processes;
mod report;
mod resume;
mod run;
mod runtimes;
mod scenarios;
mod services;
mod shipped;
mod tables;
mod tidy;
