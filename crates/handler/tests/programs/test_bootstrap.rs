//! A bootstrap for the tests of `kelvin-handler`, with a mark in the log for everything that should happen in order.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use kelvin_workload::{Answer, Case, InitContext, InvokeContext, Workload, WorkloadError};

fn main() -> ExitCode {
    kelvin_handler::run::<Doubler>()
}

/// Doubles a number. `TEST_INIT=fail` makes its init phase fail, and 13 its work.
struct Doubler;

/// What goes in and out: named numbers.
type Numbers = BTreeMap<String, i32>;

impl Workload for Doubler {
    const NAME: &'static str = "doubler";
    type Event = Numbers;
    type Response = Numbers;

    async fn init(ctx: &InitContext) -> Result<Doubler, WorkloadError> {
        match ctx.var("TEST_INIT").as_deref() {
            Some("fail") => {
                Err(WorkloadError::init_failed("could not read the table", "no such file"))
            }
            _ => Ok(Doubler),
        }
    }

    async fn handle(&self, event: Numbers, ctx: &InvokeContext) -> Result<Numbers, WorkloadError> {
        match ctx.io(std::future::ready(event.get("number"))).await {
            Some(13) => Err(WorkloadError::work_failed("could not double 13", "bad luck")),
            Some(number) => Ok([("doubled".to_owned(), 2 * number)].into()),
            None => Err(WorkloadError::invalid_event("the event has no \"number\"")),
        }
    }

    async fn after_response(&self) {
        let mut log = std::io::stdout().lock();
        log.write_all(b"after response\n").expect("the test reads the log");
    }

    fn cases() -> Vec<Case<Numbers>> {
        let event = [("number".to_owned(), 21)].into();
        vec![Case::new("answer", event, Answer::Json(serde_json::json!({ "doubled": 42 })))]
    }
}
