//! The parts of one invocation's time: the timing contract of Kelvin.
//!
//! | name | from → to |
//! |---|---|
//! | latency | the caller sends → the caller has the whole response |
//! | queue | request accepted → handed to an execution environment that is ready; a cold start's init lies inside |
//! | init | the function's program is executed → its first `/next` |
//! | response latency | event handed to `/next` → the runtime begins `/response` |
//! | response duration | begin → end of `/response` |
//! | post-response | end of `/response` → next `/next`; no caller waits for it |
//! | extension overhead | the runtime's next `/next` → the last extension's |
//! | duration | response latency + response duration + post-response + extension overhead; AWS's Duration |

use serde::{Deserialize, Serialize};

/// What was measured of one invocation, in integer nanoseconds of one monotonic clock.
///
/// `None` means that this platform cannot measure the part, or that the part did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The caller sends → the caller has the whole response or error.
    pub latency_ns: u64,
    /// Request accepted → handed to an execution environment.
    pub queue_ns: Option<u64>,
    /// Init Duration; cold starts only. A suppressed init lies inside `response_latency_ns` instead.
    pub init_ns: Option<u64>,
    /// Event handed over → the runtime begins its response, or the invocation fails.
    pub response_latency_ns: Option<u64>,
    /// Begin → end of the response.
    pub response_duration_ns: Option<u64>,
    /// End of the response → next `/next`.
    pub post_response_ns: Option<u64>,
    /// The runtime's next `/next` → the last extension's next.
    pub extension_overhead_ns: Option<u64>,
    /// CPU time of the environment's processes in this invocation (INIT not included).
    pub cpu_ns: Option<u64>,
    /// Time in which the environment was held back by its CPU limit while it had work; no other part contains it.
    pub throttled_ns: Option<u64>,
    /// The same where only a total is known, over all CPUs and until the runtime is ready for the next event. It lies somewhere
    /// inside the other parts, so it is none of the ladder; then `throttled_ns` is `None`.
    pub throttled_total_ns: Option<u64>,
    /// Span of the handler: payload → event.
    pub decode_ns: Option<u64>,
    /// Span of the handler: its own time without `io`.
    pub compute_ns: Option<u64>,
    /// Span of the handler: the union of its waits for I/O.
    pub io_ns: Option<u64>,
    /// Span of the handler: response → payload.
    pub encode_ns: Option<u64>,
}

impl Timing {
    /// AWS's Duration; `None` where its parts are not known.
    pub fn duration_ns(&self) -> Option<u64> {
        Some(
            self.response_latency_ns?
                + self.response_duration_ns?
                + self.post_response_ns?
                + self.extension_overhead_ns.unwrap_or(0),
        )
    }

    /// `init + duration` of a cold start.
    pub fn cold_total_ns(&self) -> Option<u64> {
        Some(self.init_ns? + self.duration_ns()?)
    }

    /// The parts that add up to the latency; `None` unless the platform measures them and the handler reported its spans.
    pub fn ladder(&self) -> Option<Ladder> {
        let signed = |ns: u64| i64::try_from(ns).ok();
        let latency = signed(self.latency_ns)?;
        let queue_ns = signed(self.queue_ns?)?;
        let response_latency = signed(self.response_latency_ns?)?;
        let response_duration_ns = signed(self.response_duration_ns?)?;
        let decode_ns = signed(self.decode_ns?)?;
        let compute_ns = signed(self.compute_ns?)?;
        let io_ns = signed(self.io_ns?)?;
        let encode_ns = signed(self.encode_ns?)?;
        let throttled_ns = signed(self.throttled_ns.unwrap_or(0))?;
        Some(Ladder {
            client_ns: latency - queue_ns - response_latency - response_duration_ns,
            queue_ns,
            runtime_ns: response_latency
                - decode_ns
                - compute_ns
                - io_ns
                - encode_ns
                - throttled_ns,
            decode_ns,
            compute_ns,
            io_ns,
            encode_ns,
            throttled_ns,
            response_duration_ns,
        })
    }
}

/// The latency of one invocation, part by part; the parts add up to it exactly.
///
/// `client` and `runtime` are what is left over, so they are negative where measurements contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// Outside the platform.
    pub client_ns: i64,
    /// Waiting for an execution environment, its INIT included.
    pub queue_ns: i64,
    /// The language's runtime and the Runtime API.
    pub runtime_ns: i64,
    /// Payload → event.
    pub decode_ns: i64,
    /// The handler's own time.
    pub compute_ns: i64,
    /// The handler's waits.
    pub io_ns: i64,
    /// Response → payload.
    pub encode_ns: i64,
    /// Held back by the CPU limit.
    pub throttled_ns: i64,
    /// Transfer of the response.
    pub response_duration_ns: i64,
}

impl Ladder {
    /// Names and values, in the order in which they happen.
    pub fn parts(&self) -> [(&'static str, i64); 9] {
        [
            ("client", self.client_ns),
            ("queue", self.queue_ns),
            ("runtime", self.runtime_ns),
            ("decode", self.decode_ns),
            ("compute", self.compute_ns),
            ("io", self.io_ns),
            ("encode", self.encode_ns),
            ("throttled", self.throttled_ns),
            ("response_duration", self.response_duration_ns),
        ]
    }

    /// The latency.
    pub fn sum_ns(&self) -> i64 {
        self.parts().iter().map(|(_, ns)| ns).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_adds_up_to_the_latency_with_and_without_attribution() {
        let check = |throttled_ns, throttled_total_ns, runtime_ns| {
            let timing = Timing {
                latency_ns: 1_000,
                queue_ns: Some(100),
                response_latency_ns: Some(700),
                response_duration_ns: Some(50),
                throttled_ns,
                throttled_total_ns,
                decode_ns: Some(10),
                compute_ns: Some(300),
                io_ns: Some(40),
                encode_ns: Some(20),
                ..Timing::default()
            };
            let ladder = timing.ladder().unwrap();
            assert_eq!(ladder.sum_ns(), 1_000);
            assert_eq!((ladder.client_ns, ladder.runtime_ns), (150, runtime_ns));
        };
        check(None, None, 330);
        check(Some(200), None, 130);
        // A total may even be larger than the latency, and is no part of it.
        check(None, Some(1_500), 330);
    }
}
