//! Reports of recorded runs, as text.

mod failures;
mod ladder;
mod properties;
mod sample;
mod text;
