//! A bootstrap for the tests of `kelvin-handler`, with a mark in the log for everything that should happen in order.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use kelvin_workload::{
    Answer, Case, InitContext, InvokeContext, Prepared, PreparedAsync, Workload, WorkloadError,
};

fn main() -> ExitCode {
    kelvin_handler::run::<Doubler>()
}

/// Doubles a number; with 7 it begins a line of its log. `TEST_INIT=fail` makes its init phase fail, 13 its work, and
/// `TEST_TABLE=fail` the making of what it prepares.
struct Doubler {
    table: Prepared<i32>,
    client: PreparedAsync<()>,
}

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
            _ => Ok(Doubler {
                table: make_table(ctx.var("TEST_TABLE").as_deref() == Some("fail")),
                client: PreparedAsync::new(async || {
                    log("client made");
                    Ok(())
                }),
            }),
        }
    }

    async fn prepare(&self) -> Result<(), WorkloadError> {
        self.client.get().await?;
        self.table.get()?;
        Ok(())
    }

    async fn handle(&self, event: Numbers, ctx: &InvokeContext) -> Result<Numbers, WorkloadError> {
        if event.get("number") == Some(&7) {
            write!(std::io::stdout(), "seven, ").expect("the test reads the log");
        }
        match ctx.io(std::future::ready(event.get("number"))).await {
            Some(13) => Err(WorkloadError::work_failed("could not double 13", "bad luck")),
            // Zero needs no table, and no number needs the client.
            Some(0) => Ok([("doubled".to_owned(), 0)].into()),
            Some(number) => Ok([("doubled".to_owned(), self.table.get()? * number)].into()),
            None => Err(WorkloadError::invalid_event("the event has no \"number\"")),
        }
    }

    async fn after_response(&self) {
        log("after response");
    }

    fn cases() -> Vec<Case<Numbers>> {
        let event = [("number".to_owned(), 21)].into();
        vec![Case::new("answer", event, Answer::Json(serde_json::json!({ "doubled": 42 })))]
    }
}

fn make_table(fails: bool) -> Prepared<i32> {
    Prepared::new(move || {
        log("table made");
        if fails {
            return Err(WorkloadError::preparation_failed("could not make the table", "no wood"));
        }
        Ok(2)
    })
}

fn log(mark: &str) {
    let mut log = std::io::stdout().lock();
    writeln!(log, "{mark}").expect("the test reads the log");
}
