//! `kelvin report`.

use std::path::Path;

use anyhow::bail;
use kelvin_record::{RecordError, Run, RunStatus, Summary};
use kelvin_report::{
    render_json, render_ladder_markdown, render_markdown_table, render_text, summarise,
};

use crate::cli::{Format, ReportArgs};
use crate::exit::Exit;
use crate::{ladder, results, splice, terminal};

pub(crate) fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    let directory = results::find(&args.run, &args.out)?;
    let run = match Run::open(&directory) {
        Ok(run) => run,
        Err(error) => return unreadable(args, &directory, error),
    };
    if args.ladder {
        let report = ladder::of(&run);
        show(
            args,
            &run,
            || ladder::render(&run, &report, args.format),
            || render_ladder_markdown(&report),
        )?;
    } else {
        let summary = summarise(&run);
        show(
            args,
            &run,
            || render(&run, &summary, args.format),
            || render_markdown_table(&summary),
        )?;
    }
    match &run.truncated {
        Some(why) if run.status() == RunStatus::Damaged => {
            bail!("run {} is damaged: {why}", run.record.run_id)
        }
        _ => Ok(Exit::Done),
    }
}

/// Says why there is no result; in a document of its own, too, where one was asked for.
fn unreadable(args: &ReportArgs, directory: &Path, error: RecordError) -> anyhow::Result<Exit> {
    let status = results::status_of(&error);
    let error = anyhow::Error::new(error).context("failed to report the run");
    if args.format == Format::Json {
        let document = serde_json::json!({
            "schema": "kelvin/error",
            "schema_version": 1,
            "directory": directory,
            "status": status,
            "error": format!("{error:#}"),
        });
        terminal::print(&format!("{document:#}\n"))?;
    }
    Err(error)
}

/// Prints a result, or puts it into a file as Markdown.
fn show(
    args: &ReportArgs,
    run: &Run,
    text: impl FnOnce() -> String,
    markdown: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let Some(file) = &args.splice else {
        terminal::print(&text())?;
        return Ok(());
    };
    splice::splice(file, args.markers.as_deref(), &with_origin(run, &markdown()))?;
    let id = run.record.run_id.as_str();
    terminal::complain(&format!("wrote the result of {id} into {}", file.display()));
    Ok(())
}

/// Prints a result to standard output: of a run just made or of one read back, the same.
pub(crate) fn print(run: &Run, summary: &Summary, format: Format) -> anyhow::Result<()> {
    terminal::print(&render(run, summary, format))?;
    Ok(())
}

fn render(run: &Run, summary: &Summary, format: Format) -> String {
    match format {
        Format::Text => render_text(run, summary, &terminal::style()),
        Format::Json => render_json(summary),
    }
}

/// A table with what made it.
fn with_origin(run: &Run, table: &str) -> String {
    let record = &run.record;
    let date = record.started_at.split('T').next().unwrap_or_default();
    let cpu = record.host.cpu_model.as_deref().unwrap_or("an unknown CPU");
    let cores = record.host.cores_logical.map(|cores| format!("{cores} × ")).unwrap_or_default();
    format!(
        "{table}\nMade with `kelvin {}` on {date}, on {cores}{cpu}, {}.\n",
        record.argv.get(1..).unwrap_or_default().join(" "),
        record.host.arch,
    )
}
