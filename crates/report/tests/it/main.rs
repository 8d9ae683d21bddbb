//! Reports of recorded runs, as text.

mod ladder;
mod properties;
mod sample;
mod text;
