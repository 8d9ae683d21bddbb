//! `kelvin list`.

use std::env;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use kelvin_artifact::Workspace;
use kelvin_record::{RunFacts, RunListing, RunStatus, list_runs};
use serde_json::{Value, json};

use crate::cli::{Format, ListArgs, Listed};
use crate::exit::Exit;
use crate::{results, scenario_help, shipped, terminal};

pub(crate) fn list(args: &ListArgs) -> anyhow::Result<Exit> {
    let json = args.format == Format::Json;
    let mut exit = Exit::Done;
    let text = match args.what {
        Listed::Workloads => {
            let workspace = Workspace::of(&env::current_dir()?)?;
            if json { document(&workloads_json(&workspace)) } else { workloads(&workspace) }
        }
        Listed::Scenarios if json => document(&scenarios_json()?),
        Listed::Scenarios => scenarios()?,
        Listed::Runs => {
            let listed = list_runs(&args.out).context("failed to list runs")?;
            if listed.iter().any(is_damaged) {
                exit = Exit::NotCarriedOut;
            }
            if json { document(&runs_json(&listed)) } else { runs(&listed, &args.out) }
        }
    };
    terminal::print(&text)?;
    Ok(exit)
}

fn document(list: &[Value]) -> String {
    format!("{:#}\n", Value::from(list))
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

fn workloads_json(workspace: &Workspace) -> Vec<Value> {
    let workloads = workspace.workloads.iter();
    workloads.map(|w| json!({ "name": w.name, "description": w.description })).collect()
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

fn scenarios_json() -> anyhow::Result<Vec<Value>> {
    let scenario = |(name, source)| {
        let script = shipped::compile(name, source)?;
        let parameters = script.parameters()?;
        let parameters = parameters.iter().map(|parameter| {
            json!({
                "name": parameter.name,
                "default": parameter.default,
                "expected": parameter.expected(),
                "list": parameter.list,
                "help": parameter.help,
            })
        });
        let parameters: Vec<Value> = parameters.collect();
        Ok(json!({ "name": name, "description": script.description(), "parameters": parameters }))
    };
    shipped::SCENARIOS.into_iter().map(scenario).collect()
}

fn runs(runs: &[RunListing], folder: &Path) -> String {
    if runs.is_empty() {
        return format!("no runs in {}\n", folder.display());
    }
    columns(runs.iter().map(|run| {
        let facts = match &run.facts {
            Ok(facts) => {
                let RunFacts { status, damage, scenario, functions, launches } = facts;
                let status = status.as_str();
                let damage = damage.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                format!("{status}  {scenario}  {functions} functions, {launches} launches{damage}")
            }
            Err(error) => format!("{}  cannot be read: {error}", results::status_of(error)),
        };
        [run.run_id.as_str().to_owned(), facts]
    }))
}

fn runs_json(runs: &[RunListing]) -> Vec<Value> {
    let run = |RunListing { directory, run_id, facts }: &RunListing| match facts {
        Ok(facts) => json!({
            "run_id": run_id,
            "directory": directory,
            "status": facts.status,
            "error": facts.damage,
            "scenario": facts.scenario,
            "functions": facts.functions,
            "launches": facts.launches,
        }),
        Err(error) => json!({
            "run_id": run_id,
            "directory": directory,
            "status": results::status_of(error),
            "error": error.to_string(),
        }),
    };
    runs.iter().map(run).collect()
}

/// Whether a run of the list cannot be read, or not all of it.
fn is_damaged(run: &RunListing) -> bool {
    run.facts.as_ref().map_or(true, |facts| facts.status == RunStatus::Damaged)
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
