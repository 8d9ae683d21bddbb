//! The end of a report: how much it rests on, and how to read it.

use kelvin_lambda::Status;
use kelvin_record::{Billing, Run};

use crate::page::{Page, Role};

/// Adds what the script found out, where it did.
pub(crate) fn add_answers(page: &mut Page, run: &Run) {
    if run.record.answers.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "Answer");
    for answer in &run.record.answers {
        page.text(Role::Plain, 0, answer);
    }
}

/// Adds the counts and the reading aids.
pub(crate) fn add(page: &mut Page, run: &Run) {
    page.gap();
    page.text(Role::Plain, 2, &counts(run));
    page.gap();
    page.text(
        Role::Aside,
        2,
        "Cold: one number a launch; total is INIT + first invocation; interval by order statistics. Warm: each launch counts \
         once, as its invocations are not independent; a quantile is the typical one of the launches' own (Hodges-Lehmann), \
         with its signed-rank interval. A mean is that of the launches' means.",
    );
    let whose = if run.loads.is_empty() { "Latency" } else { "Latency of cold and warm starts" };
    page.text(
        Role::Aside,
        2,
        &format!(
            "{whose} is the service time of a closed loop, one request at a time; it is not the response time under load."
        ),
    );
    let prices = &run.record.price_table.id;
    match run.record.billing {
        Billing::Estimated => {
            page.text(
                Role::Aside,
                2,
                "A cold start begins with INIT here. On AWS its caller waits for placement and code download besides: 90 to \
                 140 ms (PeterUlb/lambdabench), which are not emulated.",
            );
            page.text(
                Role::Aside,
                2,
                &format!("Costs are estimates for this CPU, by the prices {prices}."),
            );
        }
        Billing::Reported => {
            let text =
                format!("Costs are of the durations that AWS billed, by the prices {prices}.");
            page.text(Role::Aside, 2, &text);
        }
    }
}

/// Counted in the rows themselves: a run that was killed has no counts of its own.
fn counts(run: &Run) -> String {
    let failed = run.invocations.iter().filter(|row| row.status != Status::Ok).count();
    let unexpected = run.invocations.iter().filter(|row| row.is_unexpected_failure()).count();
    let failed = match (failed, unexpected) {
        (0, _) => "none failed".to_owned(),
        (failed, 0) => format!("{failed} failed, all as expected"),
        (failed, unexpected) => format!("{failed} failed, {unexpected} of them UNEXPECTEDLY"),
    };
    let of_loads = run.invocations.iter().filter(|row| row.load.is_some()).count();
    let of_loads = if of_loads > 0 { format!(" ({of_loads} of loads)") } else { String::new() };
    let (launches, invocations) = (run.launches.len(), run.invocations.len());
    format!("{launches} launches, {invocations} invocations{of_loads}, {failed}.")
}
