//! `kelvin check`: scenarios evaluated like in a dry run, each with its verdict.

use anyhow::Context;
use kelvin_scenario::ScenarioError;

use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::run::RunConfig;
use crate::run::dry::{self, Planned};
use crate::signals::Stop;
use crate::{shipped, terminal};

/// Evaluates every scenario; one that is wrong does not keep the others from being looked at. What they note is left out: its
/// figures are nominal. A threshold that the plan is too small for is a warning.
pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("failed to watch for signals")?;
    let runtime = RunConfig::runtime()?;
    let mut options = RunConfig::options(&args.settings, args.seed.into(), &runtime, &stop)?;
    options.limits.run_time = args.time_limit.unwrap_or(options.limits.run_time);
    let mut exit = Exit::Done;
    for scenario in &args.scenarios {
        let checked = shipped::find(scenario)
            .and_then(|script| Ok(dry::evaluate(&script, options.clone(), |_| {})?));
        match checked {
            Ok(planned) => {
                terminal::print(&format!("{scenario}: ok: {}\n", describe(&planned)))?;
                for line in planned.warnings() {
                    terminal::complain(&format!("{scenario}: warning: {line}"));
                }
            }
            Err(_) if stop.is_wanted() => {}
            Err(error) => {
                exit = Exit::NotCarriedOut;
                complain(scenario, &error);
            }
        }
        stop.check()?;
    }
    Ok(exit)
}

fn complain(scenario: &str, error: &anyhow::Error) {
    let text = match error.downcast_ref::<ScenarioError>() {
        Some(error) => error.render(),
        None => format!("error: {error:#}"),
    };
    terminal::complain(&format!("{scenario}: {text}"));
}

/// Nominal durations are short, so that everything is a lower bound.
fn describe(planned: &Planned) -> String {
    let totals = &planned.totals;
    let count = |n: u64, [one, many]: [&str; 2]| format!("{n} {}", if n == 1 { one } else { many });
    let stopped = planned.stopped.as_ref();
    format!(
        "{}{}, {}, {}, at least {:.1} s and ${:.6} on AWS{}",
        if stopped.is_some() { "more than " } else { "" },
        count(totals.functions, ["function", "functions"]),
        count(totals.launches, ["launch", "launches"]),
        count(totals.invocations, ["invocation", "invocations"]),
        totals.time.as_secs_f64(),
        totals.cost.total_usd(),
        stopped.map(|why| format!("; {why}")).unwrap_or_default(),
    )
}
