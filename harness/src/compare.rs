//! `kelvin compare`.

use anyhow::{Context, bail};
use kelvin_analysis::{Side, Verdict, compare as compare_sides};
use kelvin_record::Run;
use kelvin_report::{Sides, render_comparison};

use crate::cli::{CompareArgs, FailOn};
use crate::exit::Exit;
use crate::{results, terminal};

pub(crate) fn compare(args: &CompareArgs) -> anyhow::Result<Exit> {
    let sides = match &args.run {
        Some(name) => {
            let run = results::open(name, &args.out)?;
            of_one_run(&run, &args.baseline, &args.candidate)?
        }
        None => {
            let [baseline, candidate] = [&args.baseline, &args.candidate].map(|name| {
                results::open(name, &args.out).with_context(|| {
                    format!("failed to open \"{name}\" as a run; two functions of one run are compared with --run")
                })
            });
            of_two_runs(&baseline?, &candidate?)?
        }
    };
    terminal::print(&render_comparison(&sides, args.explain, &terminal::style()))?;
    Ok(exit(&sides, &args.fail_on))
}

/// Two functions of a run.
fn of_one_run(run: &Run, baseline: &str, candidate: &str) -> anyhow::Result<Vec<Sides>> {
    let find = |name: &str| {
        let mut found = (0..).zip(&run.record.functions).filter(|(_, f)| f.name == name);
        match (found.next(), found.next()) {
            (Some((function, _)), None) => Ok(Side { run, function }),
            (Some(_), Some(_)) => bail!(
                "function \"{name}\" has several configurations in run {}; deploy them under names of their own",
                run.record.run_id
            ),
            (None, _) => {
                let known: Vec<&str> =
                    run.record.functions.iter().map(|f| f.name.as_str()).collect();
                bail!(
                    "there is no function \"{name}\" in run {}; it has {}",
                    run.record.run_id,
                    known.join(", ")
                )
            }
        }
    };
    let pair = (find(baseline)?, find(candidate)?);
    let names = vec![(baseline.to_owned(), candidate.to_owned())];
    Ok(sides(&[pair], names))
}

/// All functions that two runs have in common, by name and memory size.
fn of_two_runs(baseline: &Run, candidate: &Run) -> anyhow::Result<Vec<Sides>> {
    let mut pairs = Vec::new();
    let mut names = Vec::new();
    for (of_baseline, a) in baseline.record.functions.iter().enumerate() {
        let same = candidate
            .record
            .functions
            .iter()
            .position(|b| a.name == b.name && a.memory_mb == b.memory_mb);
        let Some(of_candidate) = same else { continue };
        pairs.push((
            Side { run: baseline, function: of_baseline },
            Side { run: candidate, function: of_candidate },
        ));
        let name = |run: &Run| format!("{} of run {}", a.name, run.record.run_id);
        names.push((name(baseline), name(candidate)));
    }
    if pairs.is_empty() {
        bail!(
            "runs {} and {} have no function in common, by name and memory size",
            baseline.record.run_id,
            candidate.record.run_id
        );
    }
    Ok(sides(&pairs, names))
}

fn sides(pairs: &[(Side<'_>, Side<'_>)], names: Vec<(String, String)>) -> Vec<Sides> {
    let found = compare_sides(pairs);
    let of_pair = |((baseline, candidate), found)| Sides { baseline, candidate, found };
    names.into_iter().zip(found).map(of_pair).collect()
}

/// What was asked to fail does.
fn exit(sides: &[Sides], fail_on: &[FailOn]) -> Exit {
    let judged = sides.iter().filter(|sides| !sides.found.is_same);
    let verdicts: Vec<Verdict> = judged
        .flat_map(|sides| &sides.found.metrics)
        .filter_map(|compared| Some(compared.found.as_ref().ok()?.1.verdict))
        .collect();
    let is_asked = |what| fail_on.contains(&what);
    let any = |is: fn(&Verdict) -> bool| verdicts.iter().any(is);
    if is_asked(FailOn::Regression) && any(|verdict| *verdict == Verdict::Regression) {
        Exit::CheckFailed
    } else if is_asked(FailOn::Inconclusive)
        && any(|verdict| matches!(verdict, Verdict::Inconclusive { .. }))
    {
        Exit::Inconclusive
    } else {
        Exit::Done
    }
}
