//! The end of a run: complete records, what there is to say, and the exit code.

use kelvin_lambda::PlatformFacts;
use kelvin_record::{RESPONSES_LIMIT_BYTES, Run, RunStatus, Summary};
use kelvin_report::summarise;
use kelvin_scenario::{ErrorKind, ScenarioError};

use crate::cli::Format;
use crate::exit::{Exit, is_broken_pipe};
use crate::run::go_on::GoOn;
use crate::run::recorder::{Finished, Recorder};
use crate::{report, terminal};

/// What the command line says of the end.
pub(super) struct Ending {
    pub format: Format,
    /// Whether checks that are undecided have an exit code of their own.
    pub inconclusive: bool,
    pub go_on: GoOn,
}

/// Completes the records and prints what there is to say.
pub(super) fn finish(
    recorder: Recorder,
    ended: Result<(), ScenarioError>,
    platform: PlatformFacts,
    ending: &Ending,
) -> anyhow::Result<Exit> {
    let error = ended.err();
    let stopped = error.as_ref().is_some_and(|error| error.kind == ErrorKind::Stopped);
    let status = match &error {
        Some(_) if stopped => Some(RunStatus::Interrupted),
        Some(_) => Some(RunStatus::Failed),
        None => None,
    };
    let message = error.as_ref().filter(|_| !stopped).map(ToString::to_string);
    let finished = recorder.finish(platform, status, message, summarise)?;
    let printed = match &finished {
        Some(finished) => print(&finished.run, &finished.summary, ending.format),
        None => Ok(()),
    };
    if stopped {
        terminal::complain("interrupted");
    } else if let Some(error) = &error {
        terminal::complain(&error.render());
    } else if finished.is_none() {
        terminal::complain("the scenario deployed no function: there is nothing to report");
    }
    if let Some(finished) = &finished {
        terminal::complain(&format!("recorded in {}", finished.directory.display()));
    }
    if stopped {
        terminal::complain(&to_go_on(finished.as_ref(), &ending.go_on));
        // Who has hung up reads nothing, which is no other end.
        return Ok(Exit::Interrupted);
    }
    // The result is another matter than whether somebody has read it to its end.
    printed.or_else(|error| if is_broken_pipe(&error) { Ok(()) } else { Err(error) })?;
    Ok(match &finished {
        _ if error.is_some() => Exit::NotCarriedOut,
        Some(finished) => exit(&finished.run, ending.inconclusive),
        None => Exit::Done,
    })
}

/// How the rest of an interrupted run is measured.
fn to_go_on(finished: Option<&Finished>, go_on: &GoOn) -> String {
    match finished {
        None => "nothing was recorded, so there is nothing to resume".to_owned(),
        Some(Finished { has_responses: false, .. }) => format!(
            "it cannot be resumed, as the script has read more than {} MB of responses",
            RESPONSES_LIMIT_BYTES >> 20
        ),
        Some(finished) => format!("to go on: {}", go_on.command(&finished.run.record.run_id)),
    }
}

fn exit(run: &Run, inconclusive: bool) -> Exit {
    let mut failed = run.record.checks.iter().filter(|check| !check.passed);
    let undecided = |of: &kelvin_record::MeasureRecord| of.undecided;
    match run.record.status {
        RunStatus::InvocationsFailed => Exit::InvocationsFailed,
        RunStatus::ChecksFailed
            if inconclusive && failed.all(|c| c.measure.as_ref().is_some_and(undecided)) =>
        {
            Exit::Inconclusive
        }
        RunStatus::ChecksFailed => Exit::CheckFailed,
        _ => Exit::Done,
    }
}

fn print(run: &Run, summary: &Summary, format: Format) -> anyhow::Result<()> {
    if run.invocations.is_empty() && run.incomplete == 0 && format == Format::Text {
        return Ok(());
    }
    report::print(run, summary, format)
}
