//! Reports of recorded runs, as text.

mod properties;
mod sample;
mod text;
