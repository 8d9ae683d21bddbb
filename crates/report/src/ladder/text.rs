//! The ladders for a terminal.

use kelvin_record::{Estimate, Run};

use crate::head;
use crate::label::Names;
use crate::ladder::parts::apportioned;
use crate::ladder::{FunctionLadder, HeldBack, LadderReport, Part, StartLadder, checks};
use crate::number::three_digits;
use crate::page::{Page, Role, Style};
use crate::reasons::{EMPTY, Reasons};
use crate::table::{Align, Column, Spare, Table};

const SPARE: [Spare; 2] = [(4, "bars and remarks"), (3, "share")];

/// The ladders of a run. `report` is that of the run.
pub fn render_ladder_text(run: &Run, report: &LadderReport, style: &Style) -> String {
    let mut page = Page::new(*style);
    head::add(&mut page, run);
    if report.functions.is_empty() {
        page.gap();
        page.text(Role::Plain, 2, "No function was deployed.");
    }
    let names = names(report);
    for (function, name) in report.functions.iter().zip(&names.beside_memory) {
        add_function(&mut page, function, name);
    }
    add_reading_aids(&mut page);
    page.render()
}

/// What the functions of a report are called.
pub(super) fn names(report: &LadderReport) -> Names {
    Names::of(report.functions.iter().map(|f| (f.name.as_str(), f.memory_mb)))
}

fn add_function(page: &mut Page, function: &FunctionLadder, name: &str) {
    let title = format!("{name} · {} MB", function.memory_mb.mb());
    let StartLadder { invocations, launches, .. } = function.warm;
    let of = format!("mean of {invocations} invocations in {launches} launches");
    add_start(page, &format!("{title} · warm"), &of, &function.warm);
    let of = format!("mean of the first invocation of {} launches", function.cold.launches);
    add_start(page, &format!("{title} · cold"), &of, &function.cold);
    if let Some(rungs) = &function.rungs {
        checks::add_rungs(page, &title, rungs);
    }
    if let Some(check) = &function.criterion {
        checks::add_criterion(page, &function.warm, check);
    }
}

fn add_start(page: &mut Page, title: &str, of: &str, ladder: &StartLadder) {
    page.gap();
    if ladder.launches == 0 {
        let why = ladder.latency_ms.reason.as_deref().unwrap_or("nothing was measured");
        page.text(Role::Title, 2, &format!("{title}: {why}"));
        return;
    }
    page.text(Role::Title, 2, &format!("{title} · {of}"));
    let (table, reasons) = table(ladder);
    page.table(&table, &SPARE);
    for line in reasons.lines() {
        page.text(Role::Aside, 2, &line);
    }
    if let Some(ms) = ladder.throttled_total_ms {
        let text = format!(
            "held back in total: {} µs over all CPUs, which lies somewhere inside of the parts above",
            micros(ms)
        );
        page.text(Role::Plain, 2, &text);
    }
    if let Some(held_back) = &ladder.held_back {
        page.text(Role::Plain, 2, &held_back_line(held_back));
    }
    if ladder.left_out > 0 {
        let text = format!(
            "{} more invocations are left out: they report less, for instance no spans",
            ladder.left_out
        );
        page.text(Role::Plain, 2, &text);
    }
}

fn table(ladder: &StartLadder) -> (Table, Reasons) {
    let column = |name, align| Column { head: ["", name], align };
    let columns = vec![
        column("part", Align::Left),
        column("µs", Align::Decimal),
        column("± 95 %", Align::Decimal),
        column("share", Align::Right),
        column("", Align::Remark),
    ];
    let shown = shown_micros(ladder);
    let latency = ladder.latency_ms.value.unwrap_or(0.0);
    let mut reasons = Reasons::new(1);
    let mut rows = Vec::new();
    let mut add = |name: &str, estimate: &Estimate, shown: [&str; 3]| {
        reasons.value("", name, estimate);
        reasons.interval("", "±", estimate);
        let half = estimate.ci95.map_or_else(|| EMPTY.to_owned(), |ci95| micros(half(ci95)));
        let [value, share, remark] = shown;
        rows.push([name, value, &half, share, remark.trim()].map(str::to_owned).to_vec());
    };
    for (part, value) in ladder.parts.iter().zip(shown) {
        let share = part.mean_ms.value.filter(|_| latency > 0.0).map(|ms| ms / latency);
        let remark = format!("{} {}", bar(share, part.below_resolution), remark(part));
        let share = share.map(|share| format!("{:.0} %", share * 100.0)).unwrap_or_default();
        add(part.name, &part.mean_ms, [&value, &share, &remark]);
    }
    let mut total = |name: &str, estimate: &Estimate, remark: &str| {
        let value = estimate.value.map_or_else(|| EMPTY.to_owned(), micros);
        add(name, estimate, [&value, "", remark]);
    };
    total("latency", &ladder.latency_ms, "the sum of the parts above");
    for part in &ladder.after {
        let remark = format!("after the response, in the bill {}", remark(part));
        total(part.name, &part.mean_ms, &remark);
    }
    let has_init = ladder.parts.iter().any(|part| part.name.starts_with("init"));
    let billed = if has_init { "init + duration are billed" } else { "what is billed" };
    total("duration", &ladder.duration_ms, billed);
    (Table { columns, rows }, reasons)
}

/// The parts to a tenth of a microsecond, such that the column adds up.
fn shown_micros(ladder: &StartLadder) -> Vec<String> {
    let ns: Vec<f64> =
        ladder.parts.iter().map(|part| part.mean_ms.value.unwrap_or(0.0) * 1e6).collect();
    let tenths = apportioned(&ns, 100.0);
    let text = |(part, tenths): (&Part, i64)| match part.mean_ms.value {
        Some(_) => format!("{:.1}", tenths as f64 / 10.0),
        None => EMPTY.to_owned(),
    };
    ladder.parts.iter().zip(tenths).map(text).collect()
}

pub(super) fn micros(ms: f64) -> String {
    format!("{:.1}", ms * 1e3)
}

pub(super) fn half([low, high]: [f64; 2]) -> f64 {
    (high - low) / 2.0
}

/// A bar of at most 20 characters for the share of the latency; hatched if the part may as well be nothing.
fn bar(share: Option<f64>, below_resolution: bool) -> String {
    let twentieths = (share.unwrap_or(0.0) * 20.0).round().clamp(0.0, 20.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 20")]
    let length = twentieths as usize;
    (if below_resolution { "░" } else { "█" }).repeat(length)
}

fn remark(part: &Part) -> String {
    match (part.below_resolution, part.mean_ms.ci95) {
        (true, Some(ci95)) => format!("below resolution (±{} µs)", micros(half(ci95))),
        _ => String::new(),
    }
}

fn held_back_line(held_back: &HeldBack) -> String {
    let of = held_back.full_speed_of.as_deref().unwrap_or("duration − throttled");
    let numbers = (held_back.duration_ms, held_back.full_speed_ms, held_back.factor);
    let measured = match numbers {
        (Some(duration), Some(full_speed), Some(factor)) => Some(format!(
            "duration {} ms ÷ {} ms at full speed ({of}) = ×{}",
            three_digits(duration),
            three_digits(full_speed),
            three_digits(factor)
        )),
        _ => None,
    };
    let predicted = held_back.predicted.zip(held_back.residual).map(|(factor, residual)| {
        let percent = format!("{:+.1} %", residual * 100.0).replace('-', "−");
        let factor = three_digits(factor);
        format!("predicted by the tick model for that CPU time: ×{factor}, residual {percent}")
    });
    let missing = held_back.reason.as_ref().map(|reason| format!("{EMPTY}: {reason}"));
    let texts: Vec<String> = [measured, predicted, missing].into_iter().flatten().collect();
    format!("CPU limit: {}", texts.join("; "))
}

fn add_reading_aids(page: &mut Page) {
    page.gap();
    for text in [
        "A part is the mean of the launches' means, with Student's interval over launches; an interval that includes 0 is below \
         resolution. Means of parts add up, medians would not.",
        "client and runtime are what is left over, so that they are negative where measurements contradict each other. \
         Of a cold start, the parts of init and queue add up to what the timing contract calls queue.",
        "init_page_in is the time that INIT waited for its pages: accounted by the kernel where it does that, otherwise what CPU \
         and run queue leave of INIT where anything was read.",
        "The tick model holds back one busy thread with the recorded CPU times of the launch, in their order.",
    ] {
        page.text(Role::Aside, 2, text);
    }
}
