//! Runs written to a temporary folder, read back, and cut short in every way.

mod directory;
mod fixture;
mod invocation;
mod loads;
mod sample;
mod schemas;
mod truncation;
