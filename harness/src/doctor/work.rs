//! A function that uses a stated amount of CPU time: this program itself, run as a bootstrap.

use std::process::ExitCode;
use std::time::Duration;

use kelvin_workload::{Answer, Case, InitContext, InvokeContext, Workload, WorkloadError};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Set for the function only, so that this program knows what it is.
pub(crate) const VARIABLE: &str = "KELVIN_DOCTOR";

/// Runs as the function, if that is what this process is.
pub(crate) fn run_as_function() -> Option<ExitCode> {
    let is_function = std::env::var_os(VARIABLE).is_some() && std::env::args_os().len() == 1;
    is_function.then(kelvin_handler::run::<Spin>)
}

/// What to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    /// CPU time of the handler's thread.
    pub cpu_ms: f64,
    /// Then a wait that needs no CPU.
    pub wait_ms: f64,
    /// Instead of a response, the end of the process.
    pub exit: bool,
}

impl Work {
    /// A response at once.
    pub(crate) const NONE: Work = Work { cpu_ms: 0.0, wait_ms: 0.0, exit: false };
}

struct Spin;

impl Workload for Spin {
    const NAME: &'static str = "spin";
    type Event = Work;
    type Response = f64;

    async fn init(_: &InitContext) -> Result<Spin, WorkloadError> {
        // Work whose time shows at which speed INIT runs.
        spin(10.0);
        Ok(Spin)
    }

    async fn handle(&self, work: Work, ctx: &InvokeContext) -> Result<f64, WorkloadError> {
        if work.exit {
            // What comes after the end of a process is measured.
            std::process::exit(1);
        }
        let used_ms = spin(work.cpu_ms);
        if work.wait_ms > 0.0 {
            // Not tokio's timer, which has whole milliseconds; nothing else runs in this process meanwhile.
            ctx.io(async { std::thread::sleep(Duration::from_secs_f64(work.wait_ms / 1e3)) }).await;
        }
        Ok(used_ms)
    }

    fn cases() -> Vec<Case<Work>> {
        let work = Work { cpu_ms: 1.0, ..Work::NONE };
        vec![Case::new(
            "millisecond",
            work,
            Answer::Check(|used| {
                let used = used.as_f64().ok_or("not a number")?;
                if used >= 1.0 { Ok(()) } else { Err(format!("{used} ms are too few")) }
            }),
        )]
    }
}

/// Computes until the thread has used so many milliseconds of CPU time; returns how many it did use.
fn spin(cpu_ms: f64) -> f64 {
    let begin = thread_cpu_ms();
    let mut state = 1_u64;
    loop {
        for _ in 0..200 {
            state =
                std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        let used = thread_cpu_ms() - begin;
        if used >= cpu_ms {
            return used;
        }
    }
}

fn thread_cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
