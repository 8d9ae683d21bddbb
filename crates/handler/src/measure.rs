//! `--measure`: times the workload without Lambda around it, in the very binary that is deployed.

use std::hint::black_box;
use std::io::{self, BufWriter, Write};

use kelvin_workload::{
    Answer, InitContext, InvokeContext, Workload, WorkloadError, monotonic_ns, verify,
};

use crate::args::{Measure, Rung};
use crate::function::async_runtime;
use crate::invocation::{decode, encode};
use crate::modes::{DONE, FAILED, USAGE, WRONG_ANSWER, find_case};

/// Prints the nanoseconds of each iteration, one line each. Stops at the first wrong answer.
pub(crate) fn run<W: Workload>(
    measure: &Measure,
    ctx: &InitContext,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> io::Result<u8> {
    let case = match find_case::<W>(measure.case.as_deref()) {
        Ok(case) => case,
        Err(mistake) => {
            writeln!(stderr, "{}: {mistake}", W::NAME)?;
            return Ok(USAGE);
        }
    };
    let payload = serde_json::to_vec(&case.event).map_err(io::Error::from)?;
    async_runtime()?.block_on(async {
        let workload = match prepared::<W>(ctx).await {
            Ok(workload) => workload,
            Err(error) => {
                writeln!(stderr, "{}: init failed: {}", W::NAME, error.error_message())?;
                return Ok(FAILED);
            }
        };
        let mut lines = BufWriter::new(stdout);
        let mut judge = Judge { answer: &case.answer, known_right: None };
        for _ in 0..measure.iterations {
            let verdict = match iteration(&workload, measure.rung, &payload).await {
                Ok((ns, response)) => judge.check(response).map(|()| ns),
                Err(error) => Err(format!("{}: {}", error.error_type(), error.error_message())),
            };
            match verdict {
                Ok(ns) => writeln!(lines, "{ns}")?,
                Err(reason) => {
                    lines.flush()?;
                    writeln!(stderr, "{}: wrong answer to case {}: {reason}", W::NAME, case.name)?;
                    return Ok(WRONG_ANSWER);
                }
            }
            workload.after_response().await;
        }
        lines.flush()?;
        Ok(DONE)
    })
}

/// A workload with everything made that is made once: none of it is timed.
async fn prepared<W: Workload>(ctx: &InitContext) -> Result<W, WorkloadError> {
    let workload = W::init(ctx).await?;
    workload.prepare().await?;
    Ok(workload)
}

/// One invocation: the nanoseconds of what the rung includes, and the response as a payload.
async fn iteration<W: Workload>(
    workload: &W,
    rung: Rung,
    payload: &[u8],
) -> Result<(u64, String), WorkloadError> {
    let ctx = InvokeContext::default();
    match rung {
        Rung::Compute => {
            let event = decode::<W>(payload)?;
            let begin = monotonic_ns();
            let response = black_box(workload.handle(black_box(event), &ctx).await)?;
            let end = monotonic_ns();
            Ok((end - begin, encode::<W>(&response)?.get().to_owned()))
        }
        Rung::Serde => {
            let begin = monotonic_ns();
            let event = decode::<W>(black_box(payload))?;
            let response = workload.handle(event, &ctx).await?;
            let response = black_box(encode::<W>(&response)?);
            let end = monotonic_ns();
            Ok((end - begin, response.get().to_owned()))
        }
    }
}

/// Checks responses; one that is spelled like the last right one is right without another look.
struct Judge<'a> {
    answer: &'a Answer,
    known_right: Option<String>,
}

impl Judge<'_> {
    fn check(&mut self, response: String) -> Result<(), String> {
        if self.known_right.as_ref() == Some(&response) {
            return Ok(());
        }
        let value = serde_json::from_str(&response).map_err(|error| error.to_string())?;
        verify(self.answer, &value)?;
        self.known_right = Some(response);
        Ok(())
    }
}
