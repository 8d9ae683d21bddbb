//! How many requests a trace has in each of its hours, and how far apart they are.
//!
//! `cargo run -p kelvin-load --example trace -- crates/load/samples/azure-2019-synthetic.csv`

use std::error::Error;
use std::io::Write;

use kelvin_load::{TraceOptions, trace};

const HOUR_NS: u64 = 3_600_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/azure-2019-synthetic.csv");
    let path = std::env::args().nth(1).unwrap_or_else(|| sample.to_owned());
    let trace = trace(&std::fs::read(&path)?, &TraceOptions::default(), || 0.5)?;
    let mut out = std::io::stdout().lock();
    let function = trace.function.as_deref().unwrap_or("the trace");
    writeln!(out, "{function}: {} requests", trace.moments.len())?;
    for hour in trace.moments.chunk_by(|a, b| a / HOUR_NS == b / HOUR_NS) {
        let gaps = hour.windows(2).map(|pair| pair[1] - pair[0]);
        let least = gaps.min().map_or("–".to_owned(), |ns| format!("{:.1} s", ns as f64 / 1e9));
        writeln!(
            out,
            "{:>4}: {:>6} requests, at least {least} apart",
            hour[0] / HOUR_NS,
            hour.len()
        )?;
    }
    Ok(())
}
