//! `kelvin report`.

use kelvin_record::{Run, Summary};
use kelvin_report::{render_json, render_markdown_table, render_text, summarise};

use crate::cli::{Format, ReportArgs};
use crate::exit::Exit;
use crate::{results, splice, terminal};

pub(crate) fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    let run = results::open(&args.run, &args.out)?;
    let summary = summarise(&run);
    if let Some(file) = &args.splice {
        splice::splice(file, &markdown(&run, &summary))?;
        terminal::complain(&format!(
            "wrote the result of {} into {}",
            run.record.run_id.as_str(),
            file.display()
        ));
    } else {
        print(&run, &summary, args.format)?;
    }
    Ok(Exit::Done)
}

/// Prints a result to standard output: of a run just made or of one read back, the same.
pub(crate) fn print(run: &Run, summary: &Summary, format: Format) -> anyhow::Result<()> {
    let text = match format {
        Format::Text => render_text(run, summary, &terminal::style()),
        Format::Json => render_json(summary),
    };
    terminal::print(&text)?;
    Ok(())
}

/// A table with what made it.
fn markdown(run: &Run, summary: &Summary) -> String {
    let record = &run.record;
    let date = record.started_at.split('T').next().unwrap_or_default();
    let cpu = record.host.cpu_model.as_deref().unwrap_or("an unknown CPU");
    let cores = record.host.cores_logical.map(|cores| format!("{cores} × ")).unwrap_or_default();
    format!(
        "{}\nMade with `kelvin {}` on {date}, on {cores}{cpu}, {}.\n",
        render_markdown_table(summary),
        record.argv.get(1..).unwrap_or_default().join(" "),
        record.host.arch,
    )
}
