//! What is noted while an invocation is served, and the record that becomes of it.

use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::{
    FunctionConfig, FunctionError, InitPhase, Interval, Invocation, LaunchFacts, Provenance,
    ReportLine, Start, Status, Timing, billed_ms,
};

use crate::clock::now_ns;
use crate::failure::{Failure, end_line};
use crate::output::Written;
use crate::process::Process;
use crate::request::Request;
use crate::runtime_api::Answer;
use crate::throttled::{Spans, overlap_ns};

/// Moments and findings of one invocation. All moments are nanoseconds of the monotonic clock.
#[derive(Debug)]
pub(crate) struct Measured {
    request_id: String,
    config: Arc<FunctionConfig>,
    environment: u64,
    pub start: Start,
    init_ns: Option<u64>,
    launch: Option<Arc<LaunchFacts>>,
    /// By the caller.
    sent_at: u64,
    /// By the caller's schedule.
    intended_at: Option<u64>,
    accepted_at: u64,
    /// The event was handed to the runtime; with a suppressed init, the invoke phase began.
    pub handed_at: u64,
    pub cpu_before_ns: Option<u64>,
    answer: Option<Answered>,
    /// The caller has the response; that of a failure, if there was none before.
    answered_at: Option<u64>,
    /// The runtime's next `/next`.
    pub runtime_ready_at: Option<u64>,
    /// The last of what was waited for, of runtime and extensions; or the failure.
    pub ready_at: Option<u64>,
    event: Bytes,
    /// What the init phase of the environment wrote and how it ended, if it failed.
    failed_init: String,
    wants_log: bool,
    next_follows: bool,
    /// Whether it can be told when the environment was held back by its CPU limit.
    throttled: bool,
    outcome: Option<Outcome>,
}

/// How an environment begins an invocation.
#[derive(Debug)]
pub(crate) struct Begun {
    pub environment: u64,
    pub start: Start,
    pub init_ns: Option<u64>,
    pub launch: Option<Arc<LaunchFacts>>,
    pub failed_init: String,
    pub at: u64,
    /// Whether it can be told when the environment is held back by its CPU limit.
    pub throttled: bool,
    /// Whether another request follows as soon as this one is complete.
    pub next_follows: bool,
}

#[derive(Debug)]
struct Answered {
    begun_at: u64,
    ended_at: u64,
    status: Status,
    error: Option<FunctionError>,
    payload: Bytes,
}

/// What is known only at the end.
#[derive(Debug)]
struct Outcome {
    status: Status,
    error: Option<FunctionError>,
    payload: Bytes,
    cpu_ns: Option<u64>,
    max_memory_bytes: Option<u64>,
    spans: Option<kelvin_lambda::SpanLine>,
    holds: Vec<Interval>,
    throttled_total_ns: Option<u64>,
    log: Option<Written>,
    init_failed: bool,
}

impl Measured {
    pub(crate) fn begin(request: &Request, config: &Arc<FunctionConfig>, begun: Begun) -> Measured {
        let Begun { environment, start, init_ns, launch, failed_init, at, throttled, next_follows } =
            begun;
        Measured {
            request_id: request.id.clone(),
            config: Arc::clone(config),
            environment,
            start,
            init_ns,
            launch,
            sent_at: request.sent_at,
            intended_at: request.intended_at,
            accepted_at: request.accepted_at,
            handed_at: at,
            cpu_before_ns: None,
            answer: None,
            answered_at: None,
            runtime_ready_at: None,
            ready_at: None,
            event: request.invoke.payload.clone(),
            wants_log: request.invoke.log_tail,
            failed_init,
            next_follows,
            throttled,
            outcome: None,
        }
    }

    /// The response is there, and the caller has it with that.
    pub(crate) fn answered(&mut self, begun_at: u64, ended_at: u64, answer: Answer) {
        let (status, error, payload) = match answer {
            Answer::Response(payload) => (Status::Ok, None, payload),
            Answer::Error { body, error } => (Status::Error, Some(error), body),
            Answer::TooLarge => {
                let error = FunctionError::response_too_large();
                let payload = error.to_payload().into();
                (Status::TooLarge, Some(error), payload)
            }
        };
        self.answer = Some(Answered { begun_at, ended_at, status, error, payload });
        self.answered_at = Some(now_ns());
    }

    /// What the caller is told at the end of the response: of the failure that ended it, or of the answer.
    pub(crate) fn result(&self) -> Result<(), FunctionError> {
        let failure = self.outcome.as_ref().map(|outcome| &outcome.error);
        let error = failure.or_else(|| self.answer.as_ref().map(|answer| &answer.error));
        error.and_then(Option::clone).map_or(Ok(()), Err)
    }

    /// Of the response that the caller has at the end.
    pub(crate) fn response_bytes(&self) -> usize {
        self.outcome.as_ref().map_or(0, |outcome| outcome.payload.len())
    }

    /// The runtime has answered and asked for the next event.
    pub(crate) fn complete(&mut self, process: &mut Process) {
        let answer = self.answer.as_ref().expect("only an answered invocation is complete");
        let (status, error, payload) =
            (answer.status, answer.error.clone(), answer.payload.clone());
        self.settle(status, error, payload, Some(process));
    }

    /// The environment cannot go on.
    ///
    /// If that happens after the answer, the caller has it; the invocation still counts as failed, as in AWS's REPORT.
    pub(crate) fn fail(&mut self, failure: &Failure, process: Option<&mut Process>) {
        let now = now_ns();
        self.ready_at = Some(now);
        self.answered_at.get_or_insert(now);
        let (status, error, failed) = failure.describe(&self.request_id, &self.config);
        let payload = self.answer.as_ref().map_or(failed, |answer| answer.payload.clone());
        let init_failed = process.as_ref().is_none_or(|process| !process.output.has_begun());
        let init_ns = now.saturating_sub(self.handed_at);
        let init_report = failure.init_report(InitPhase::Invoke, init_ns, &self.config);
        let outcome = self.settle(status, Some(error), payload, process);
        outcome.init_failed = init_failed;
        let log = outcome.log.get_or_insert_default();
        if init_failed {
            failure.end_log(&mut log.init);
            log.init.push_str(&init_report.to_string());
        } else {
            failure.end_log(&mut log.invoke);
        }
    }

    fn settle(
        &mut self,
        status: Status,
        error: Option<FunctionError>,
        payload: Bytes,
        process: Option<&mut Process>,
    ) -> &mut Outcome {
        let mut outcome = Outcome {
            status,
            error,
            payload,
            cpu_ns: None,
            max_memory_bytes: None,
            spans: None,
            holds: Vec::new(),
            throttled_total_ns: None,
            log: None,
            init_failed: false,
        };
        if let Some(process) = process {
            process.output.drain();
            outcome.spans = process.output.take_spans(&self.request_id);
            let cpu_after = process.cpu_ns();
            outcome.cpu_ns = self
                .cpu_before_ns
                .zip(cpu_after)
                .map(|(before, after)| after.saturating_sub(before));
            outcome.max_memory_bytes = process.peak_bytes(self.next_follows);
            outcome.holds = process.holds().to_vec();
            outcome.throttled_total_ns = process.throttled_total_ns();
            if self.wants_log || status != Status::Ok {
                outcome.log = Some(process.output.written());
            }
        }
        self.outcome.insert(outcome)
    }

    /// The record.
    pub(crate) fn into_invocation(self) -> Invocation {
        let outcome = self.outcome.expect("a served invocation has been completed or failed");
        let ended_at = self.ready_at.unwrap_or(self.handed_at);
        let (response_begun_at, response_ended_at) = match &self.answer {
            Some(answer) => (answer.begun_at, answer.ended_at),
            // Without an answer the whole duration is the wait for one.
            None => (ended_at, ended_at),
        };
        let waited = Interval(self.handed_at, response_begun_at);
        let runtime_ready_at = self.runtime_ready_at.unwrap_or(ended_at);
        let throttled_ns = self.throttled.then(|| overlap_ns(&outcome.holds, waited));
        let spans = outcome.spans.as_ref().map(|spans| Spans::of(spans, &outcome.holds));
        let answered_at = self.answered_at.unwrap_or(ended_at);
        let timing = Timing {
            latency_ns: answered_at.saturating_sub(self.intended_at.unwrap_or(self.sent_at)),
            queue_ns: Some(self.handed_at.saturating_sub(self.accepted_at)),
            init_ns: self.init_ns,
            response_latency_ns: Some(response_begun_at.saturating_sub(self.handed_at)),
            response_duration_ns: Some(response_ended_at.saturating_sub(response_begun_at)),
            post_response_ns: Some(runtime_ready_at.saturating_sub(response_ended_at)),
            extension_overhead_ns: Some(ended_at.saturating_sub(runtime_ready_at)),
            cpu_ns: outcome.cpu_ns,
            throttled_ns,
            throttled_total_ns: outcome.throttled_total_ns,
            decode_ns: spans.map(|spans| spans.decode_ns),
            compute_ns: spans.map(|spans| spans.compute_ns),
            io_ns: spans.map(|spans| spans.io_ns),
            encode_ns: spans.map(|spans| spans.encode_ns),
        };
        let duration_ns = timing.duration_ns().unwrap_or(0);
        let billed_ms = billed_ms(duration_ns, timing.init_ns);
        let report = ReportLine {
            request_id: &self.request_id,
            duration_ns,
            billed_ms,
            memory_size: self.config.memory_size,
            max_memory_bytes: outcome.max_memory_bytes.unwrap_or(0),
            init_ns: timing.init_ns,
            status: outcome.status,
            error_type: outcome.error.as_ref().map(|error| error.error_type.as_str()),
        };
        let log_tail = outcome.log.map(|log| {
            let before = self.failed_init + &log.init;
            log_tail(&self.request_id, before, &log.invoke, &report)
        });
        Invocation {
            provenance: Provenance::Made,
            environment: Some(self.environment),
            start: self.start,
            status: outcome.status,
            sent_at_ns: self.sent_at,
            intended_at_ns: self.intended_at,
            timing,
            launch: self.launch,
            max_memory_bytes: outcome.max_memory_bytes,
            billed_ms,
            request_bytes: self.event.len() as u64,
            event: self.event,
            response: outcome.payload,
            error: outcome.error,
            init_failed: outcome.init_failed,
            log_tail,
            request_id: self.request_id,
        }
    }
}

/// The last 4 KB of what CloudWatch would show: what INIT wrote, START, what was written since, END, REPORT.
///
/// What INIT writes comes before START in CloudWatch and in what `LogType=Tail` returns of a cold start; `INIT_START` does not.
fn log_tail(request_id: &str, mut init: String, log: &str, report: &ReportLine<'_>) -> String {
    end_line(&mut init);
    let newline = if log.is_empty() || log.ends_with('\n') { "" } else { "\n" };
    let whole = format!(
        "{init}START RequestId: {request_id} Version: $LATEST\n{log}{newline}END RequestId: {request_id}\n{report}"
    );
    kelvin_lambda::log_tail(&whole).to_owned()
}
