//! `kelvin list`.

use std::env;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use kelvin_artifact::Workspace;
use kelvin_record::list_runs;

use crate::cli::{ListArgs, Listed};
use crate::exit::Exit;
use crate::{scenario_help, shipped, terminal};

pub(crate) fn list(args: &ListArgs) -> anyhow::Result<Exit> {
    let text = match args.what {
        Listed::Workloads => workloads(&Workspace::of(&env::current_dir()?)?),
        Listed::Scenarios => scenarios()?,
        Listed::Runs => runs(&args.out)?,
    };
    terminal::print(&text)?;
    Ok(Exit::Done)
}

fn workloads(workspace: &Workspace) -> String {
    if workspace.workloads.is_empty() {
        return format!(
            "no package of the workspace {} says [package.metadata.kelvin] in its Cargo.toml\n",
            workspace.root.display()
        );
    }
    let workloads = workspace.workloads.iter();
    columns(
        workloads.map(|workload| {
            [workload.name.clone(), workload.description.clone().unwrap_or_default()]
        }),
    )
}

fn scenarios() -> anyhow::Result<String> {
    let mut text = String::new();
    for (name, source) in shipped::SCENARIOS {
        let script = shipped::compile(name, source)?;
        writeln!(text, "{name}  {}", script.summary()).expect("writing to a string does not fail");
        text.push_str(&scenario_help::list(&script.parameters()?));
    }
    Ok(text)
}

fn runs(folder: &Path) -> anyhow::Result<String> {
    let runs = list_runs(folder).context("failed to list runs")?;
    if runs.is_empty() {
        return Ok(format!("no runs in {}\n", folder.display()));
    }
    Ok(columns(runs.iter().map(|run| {
        let facts = match &run.facts {
            Ok(facts) => format!(
                "{}  {}  {} functions, {} launches",
                facts.status.as_str(),
                facts.scenario,
                facts.functions,
                facts.launches
            ),
            Err(error) => format!("cannot be read: {error}"),
        };
        [run.run_id.as_str().to_owned(), facts]
    })))
}

/// Two columns, the second without a fixed width.
fn columns(rows: impl Iterator<Item = [String; 2]>) -> String {
    let rows: Vec<[String; 2]> = rows.collect();
    let width = rows.iter().map(|[left, _]| left.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for [left, right] in rows {
        let line = format!("{left:width$}  {right}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
