//! Whether a schedule is held: an open loop against an echo in the same process, each on a thread of its own.
//!
//! `cargo run --release -p kelvin-load --example hold -- 20000 10` sends 20,000 requests a second for 10 seconds.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kelvin_load::Pacer;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// A request is where its answer goes, and its number.
type Request = (oneshot::Sender<u64>, u64);

/// What is known of one request.
struct Sent {
    late_ns: u64,
    answered: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let rate: u64 = args.next().map_or(Ok(20_000), |rate| rate.parse())?;
    let seconds: u64 = args.next().map_or(Ok(10), |seconds| seconds.parse())?;
    if rate == 0 || seconds < 2 {
        return Err("expected a rate of at least 1 a second, and at least 2 seconds".into());
    }
    let schedule: Arc<[u64]> = (0..rate * seconds).map(|i| i * 1_000_000_000 / rate).collect();

    let (requests, inbox) = mpsc::unbounded_channel();
    let echo = std::thread::spawn(|| echo(inbox));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (all, took) = runtime.block_on(send(Arc::clone(&schedule), requests));
    echo.join().map_err(|_| "the echo has panicked")?;
    report(&all, took, rate, seconds);
    Ok(())
}

/// Answers every request with its number, until nobody can ask any more.
fn echo(mut inbox: mpsc::UnboundedReceiver<Request>) {
    while let Some((answer, number)) = inbox.blocking_recv() {
        answer.send(number).ok();
    }
}

/// Sends all that is due when it is due, whatever becomes of it. Returns the time until the last answer, too.
async fn send(
    schedule: Arc<[u64]>,
    requests: mpsc::UnboundedSender<Request>,
) -> (Vec<Sent>, Duration) {
    let mut all: Vec<Sent> = Vec::with_capacity(schedule.len());
    let mut under_way = JoinSet::new();
    let start = Instant::now();
    let mut pacer = Pacer::new(start, schedule);
    let mut all_sent = false;
    while !all_sent || !under_way.is_empty() {
        tokio::select! {
            biased;
            due = pacer.next(|| true), if !all_sent => {
                let Some(due) = due else {
                    all_sent = true;
                    continue;
                };
                let sent = start + Duration::from_nanos(due.intended_ns);
                let (answer, answered) = oneshot::channel();
                let number = due.index as u64;
                let late = sent.elapsed();
                let late_ns = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
                all.push(Sent { late_ns, answered: false });
                requests.send((answer, number)).ok();
                under_way.spawn(async move { (due.index, answered.await == Ok(number)) });
            }
            Some(answered) = under_way.join_next() => {
                if let Ok((index, right)) = answered {
                    all[index].answered = right;
                }
            }
        }
    }
    (all, start.elapsed())
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn report(all: &[Sent], took: Duration, rate: u64, seconds: u64) {
    let answered = all.iter().filter(|sent| sent.answered).count();
    let per_second = usize::try_from(rate).unwrap_or(usize::MAX).min(all.len());
    let late = |of: &[Sent], share: f64| {
        let mut late: Vec<u64> = of.iter().map(|sent| sent.late_ns).collect();
        late.sort_unstable();
        quantile_us(&late, share)
    };
    let (first, last) = (&all[..per_second], &all[all.len() - per_second..]);
    println!("asked for     {rate} requests a second for {seconds} s: {} requests", all.len());
    println!("answered      {answered}, the last after {:.3} s", took.as_secs_f64());
    println!("rate held     {:.1} requests a second", all.len() as f64 / took.as_secs_f64());
    println!(
        "lateness      p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, max {:.1} µs",
        late(all, 0.5),
        late(all, 0.99),
        late(all, 0.999),
        late(all, 1.0)
    );
    println!(
        "drift         p50 {:.1} µs in the first second, {:.1} µs in the last",
        late(first, 0.5),
        late(last, 0.5)
    );
}

/// Of a sorted list, in microseconds.
fn quantile_us(sorted: &[u64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is an index"
    )]
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[at] as f64 / 1e3
}
