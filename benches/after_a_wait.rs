//! What a wait does to the computation after it, in a program that has nothing to do with Kelvin, Lambda or I/O.
//!
//! It reads one event of the workload `dynamodb-item` again and again: at once, after it has kept its core busy for a while,
//! and after it has slept as long. Prints medians in µs as a Markdown table:
//! `cargo run --release -p kelvin-benches --example after-a-wait`

use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

const EVENT: &str = include_str!("../workloads/dynamodb-item/cases/add.event.json");
const WAITS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(2),
    Duration::from_millis(10),
    Duration::from_millis(50),
];
const ROUNDS: usize = 100;

fn main() -> io::Result<()> {
    let mut busy = WAITS.map(|_| Vec::new());
    let mut asleep = WAITS.map(|_| Vec::new());
    // In turns, so that what comes and goes on this machine meets all of them.
    for _ in 0..ROUNDS {
        for (wait, (busy, asleep)) in WAITS.iter().zip(busy.iter_mut().zip(&mut asleep)) {
            busy.push(measure(|| spin(*wait)));
            asleep.push(measure(|| std::thread::sleep(*wait)));
        }
    }
    let mut out = io::stdout();
    writeln!(out, "| wait (ms) | core kept busy (µs) | asleep (µs) |\n|--:|--:|--:|")?;
    for (wait, (busy, asleep)) in WAITS.iter().zip(busy.iter_mut().zip(&mut asleep)) {
        writeln!(out, "| {} | {:.1} | {:.1} |", wait.as_millis(), median(busy), median(asleep))?;
    }
    Ok(())
}

fn spin(wait: Duration) {
    let since = Instant::now();
    while since.elapsed() < wait {
        std::hint::spin_loop();
    }
}

/// Reads the event ten times, so that a wait finds it as the one before has left it, waits, and reads it once more.
fn measure(wait: impl Fn()) -> f64 {
    for _ in 0..10 {
        read();
    }
    wait();
    let since = Instant::now();
    read();
    since.elapsed().as_secs_f64() * 1e6
}

fn read() {
    black_box(serde_json::from_str::<serde_json::Value>(black_box(EVENT)).ok());
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
