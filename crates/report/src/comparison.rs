//! Functions side by side, as text.

use kelvin_analysis::{Compared, Comparison, Design, Figure, Found, Metric, Step, Verdict};

use crate::number::{interval, megabytes, three_digits};
use crate::page::{Page, Role, Style};
use crate::table::{Align, Column, Spare, Table};

/// A baseline and a candidate, as they are called.
#[derive(Debug)]
pub struct Sides {
    /// Name of the baseline, and of its run where there are two.
    pub baseline: String,
    /// The same of the candidate.
    pub candidate: String,
    /// What was found.
    pub found: Found,
}

/// The comparison of functions, with each step on the way to a verdict where `explain` asks for it.
pub fn render_comparison(all: &[Sides], explain: bool, style: &Style) -> String {
    let mut page = Page::new(*style);
    for (number, sides) in all.iter().enumerate() {
        if number > 0 {
            page.gap();
        }
        add(&mut page, sides);
        if explain {
            add_steps(&mut page, sides);
        }
    }
    page.gap();
    page.text(
        Role::Aside,
        2,
        "Ratio: candidate / baseline, the Hodges-Lehmann estimate over launches with its 95 % interval; below 1 is better. Worse \
         and better are by more than the threshold, with a chance of at most 1 % of being wrong in any of these comparisons; \
         the same: the whole interval is within the threshold. Needs: how much would probably find twice the threshold.",
    );
    page.render()
}

const SPARE: [Spare; 2] = [(5, "threshold"), (7, "needs")];

fn add(page: &mut Page, sides: &Sides) {
    let Sides { baseline, candidate, found } = sides;
    page.text(Role::Title, 2, &format!("Baseline: {baseline}"));
    page.text(Role::Title, 2, &format!("Candidate: {candidate}"));
    if let Some(remark) = &found.remark {
        page.text(Role::Warning, 2, remark);
    }
    if found.is_same {
        let same = "Both are the same program in the same configuration: what differs is noise.";
        page.text(Role::Warning, 2, same);
    }
    let column = |head, align| Column { head, align };
    let columns = vec![
        column(["", "metric"], Align::Left),
        column(["", "baseline"], Align::Right),
        column(["", "candidate"], Align::Right),
        column(["", "ratio"], Align::Right),
        column(["", "95 % interval"], Align::Right),
        column(["", "threshold"], Align::Right),
        column(["", "verdict"], Align::Left),
        column(["", "needs"], Align::Right),
    ];
    let rows = found.metrics.iter().map(|compared| row(compared, found.is_same)).collect();
    page.gap();
    page.table(&Table { columns, rows }, &SPARE);
}

fn row(compared: &Compared, is_same: bool) -> Vec<String> {
    let metric = compared.metric;
    let mut cells = vec![metric.name().to_owned()];
    match &compared.found {
        Err(why) => {
            cells.extend(["–", "–", "–", "–", "–"].map(str::to_owned));
            cells.extend([why.clone(), String::new()]);
        }
        Ok((comparison, judgement)) => {
            let ratio = comparison.ratio;
            let bounds = ratio.ci95.map_or_else(
                |too_few| too_few.of(["launch", "launches"]),
                |bounds| interval([bounds.low, bounds.high], ratio.value),
            );
            cells.extend([
                with_unit(metric, comparison.baseline),
                with_unit(metric, comparison.candidate),
                three_digits(ratio.value),
                bounds,
                format!("{} %", three_digits(100.0 * metric.demand().threshold)),
                if is_same { "same program" } else { verdict(judgement.verdict) }.to_owned(),
                if is_same { String::new() } else { needs(comparison, judgement.verdict) },
            ]);
        }
    }
    cells
}

fn with_unit(metric: Metric, value: f64) -> String {
    match metric {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of bytes; casts of floats saturate"
        )]
        Metric::MaxMemory => format!("{} MB", three_digits(megabytes(value as u64))),
        Metric::Init | Metric::ColdTotal | Metric::WarmP50 => {
            format!("{} ms", three_digits(value / 1e6))
        }
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Regression => "WORSE",
        Verdict::Improvement => "better",
        Verdict::Equivalent => "the same",
        Verdict::Inconclusive { .. } => "cannot tell",
    }
}

/// How many blocks, or launches of each, would probably tell.
fn needs(comparison: &Comparison, verdict: Verdict) -> String {
    let unit = match comparison.design {
        Design::Paired { .. } => "blocks",
        Design::Unpaired { .. } => "launches",
    };
    match verdict {
        Verdict::Inconclusive { needs: Some(needs) } => format!("{needs} {unit}"),
        _ => String::new(),
    }
}

fn add_steps(page: &mut Page, sides: &Sides) {
    for compared in &sides.found.metrics {
        let Ok((comparison, judgement)) = &compared.found else { continue };
        page.gap();
        let how = match comparison.design {
            Design::Paired { blocks } => format!("paired in {blocks} blocks"),
            Design::Unpaired { baseline, candidate } => {
                format!("{baseline} launches and {candidate}, not paired")
            }
        };
        page.text(Role::Plain, 2, &format!("{}: {how}", compared.metric.name()));
        for step in &judgement.steps {
            let Step { question, value, demand, passed, .. } = *step;
            let answer = if passed { "yes" } else { "no" };
            let [value, demand] =
                [value, demand].map(|number| figure(compared.metric, step.figure, number));
            page.text(Role::Aside, 4, &format!("  {question} {demand}: {value}, {answer}"));
        }
    }
}

fn figure(metric: Metric, figure: Figure, value: f64) -> String {
    match figure {
        Figure::Launches => format!("{value}"),
        Figure::OfMetric => with_unit(metric, value),
        Figure::Chance => three_digits(value),
        Figure::Factor => format!("{} %", three_digits(100.0 * value)),
    }
}
