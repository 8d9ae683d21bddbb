//! What may be done about a failure, by its cause. Where the function's own words say it, there is nothing to add.

use std::collections::HashMap;

use kelvin_lambda::{INIT_TIMEOUT, MemorySize, Status, ThrottleReason};
use kelvin_record::{FunctionRecord, InvocationRecord, Run};

/// How the inits of the functions of a run went.
pub(crate) struct Inits(HashMap<u32, [u64; 2]>);

impl Inits {
    pub(crate) fn of(run: &Run) -> Inits {
        let mut counts: HashMap<u32, [u64; 2]> = HashMap::new();
        for row in &run.invocations {
            // What was refused has no environment.
            let Some(function) = run.function_of(row).filter(|_| row.launch.is_some()) else {
                continue;
            };
            let [failed, all] = counts.entry(function).or_default();
            *failed += u64::from(row.init_failed);
            *all += 1;
        }
        Inits(counts)
    }

    /// Whether no event ever reached the function.
    pub(crate) fn of_function(&self, function: u32) -> bool {
        self.0.get(&function).is_some_and(|[failed, all]| failed == all)
    }
}

/// For a function whose first failure of a kind is this one; `always` if its INIT never went well.
pub(crate) fn advice(
    function: &FunctionRecord,
    first: &InvocationRecord,
    always: bool,
) -> Option<String> {
    if !first.init_failed {
        return of_invocation(function, first);
    }
    let reached = match always {
        true => {
            "INIT failed every time, so that no event reached the function: more launches would not help."
        }
        false => "INIT failed, so that no event reached the function.",
    };
    let why = of_init(function, first).map(|why| format!(" {why}"));
    Some(format!("{reached}{}", why.unwrap_or_default()))
}

/// An init that failed twice, the second time inside of the invocation.
fn of_init(function: &FunctionRecord, first: &InvocationRecord) -> Option<String> {
    let message = first.error_message.as_deref().unwrap_or_default();
    match (first.status, first.error_type.as_deref().unwrap_or_default()) {
        (Status::Timeout, _) => Some(format!(
            "It took longer than {} s, and, when it was tried again within the invocation, longer than the timeout of {} s: \
             a longer timeout in deploy() lets it come to its end.",
            INIT_TIMEOUT.as_secs(),
            function.timeout_s.seconds(),
        )),
        (Status::OutOfMemory, _) => Some(more_memory(function)),
        (_, "Runtime.InvalidEntrypoint") => Some(
            "The log has what this machine says of the bootstrap: its first line (#!), its permission to be executed, or its \
             architecture."
                .to_owned(),
        ),
        (_, "Sandbox.Failure") => Some(of_kelvin()),
        (Status::Crash, _) if message.contains("without providing a reason") => Some(
            "The program came to its end. A bootstrap asks the Runtime API for one event after another, as lambda_runtime and \
             AWS's runtime interface clients do; code for a managed runtime is deployed with `runtime` and `handler`."
                .to_owned(),
        ),
        (Status::Crash, _) if message.ends_with("exit status 127") => Some(
            "A shell ends with 127 where it does not find a command: what the bootstrap starts has to be in its package or in \
             a folder of PATH that functions see."
                .to_owned(),
        ),
        (Status::Crash, _) => {
            Some("The program ended before it asked for an event.".to_owned())
        }
        _ => None,
    }
}

fn of_invocation(function: &FunctionRecord, first: &InvocationRecord) -> Option<String> {
    let message = first.error_message.as_deref().unwrap_or_default();
    match first.status {
        Status::Timeout => {
            let seconds = function.timeout_s.seconds();
            let core = f64::from(function.memory_mb.mb()) / f64::from(MemorySize::ONE_VCPU.mb());
            let slow = format!(
                ", and more memory gives it more than the {:.0} % of a core that it has with {}",
                100.0 * core,
                function.memory_mb
            );
            Some(format!(
                "Its timeout is {seconds} s: `timeout` in deploy() sets it, up to 900 s{}.",
                if core < 1.0 { slow } else { String::new() }
            ))
        }
        Status::OutOfMemory => Some(more_memory(function)),
        Status::Throttled => of_throttle(function, message),
        Status::WrongAnswer => {
            let case = first.case.as_deref().unwrap_or("its case");
            Some(format!(
                "The function answered, but not as its case \"{case}\" says: the message has the first difference."
            ))
        }
        Status::Crash if first.error_type.as_deref() == Some("Sandbox.Failure") => Some(of_kelvin()),
        Status::Crash if message.contains("without providing a reason") => Some(
            "Its process ended with exit code 0 instead of answering and asking for the next event: something in it exits."
                .to_owned(),
        ),
        Status::Crash if message.ends_with("signal: killed") => Some(
            "Something killed its process: not the memory limit, which has a status of its own.".to_owned(),
        ),
        Status::Crash | Status::TooLarge | Status::Error | Status::Ok => None,
    }
}

fn of_throttle(function: &FunctionRecord, message: &str) -> Option<String> {
    let is = |reason: ThrottleReason| message.ends_with(&format!("Reason: {}", reason.as_str()));
    let reserved = function.reserved_concurrency.unwrap_or_default();
    if is(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded) {
        Some(format!(
            "All {reserved} environments that `reserved_concurrency` allows were at work. In f.load(), `allow: [\"throttled\"]` \
             says that this may be."
        ))
    } else if is(ThrottleReason::ConcurrentInvocationLimitExceeded) {
        Some("The concurrency of the account was used up: `--concurrency` sets it.".to_owned())
    } else if is(ThrottleReason::FunctionInvocationRateLimitExceeded) {
        Some("The function was to grow faster than Lambda lets it: a load with a ramp gives it time.".to_owned())
    } else {
        None
    }
}

fn more_memory(function: &FunctionRecord) -> String {
    format!("It used more than its {}: `memory` in deploy() sets it.", function.memory_mb)
}

fn of_kelvin() -> String {
    "Kelvin could not provide what the environment needs, which is not the function's fault; `kelvin doctor` says what this \
     machine allows."
        .to_owned()
}
