//! What the invocations of a function cost.

use kelvin_lambda::{PriceTable, Start};
use kelvin_record::{Billing, CostSummary, InvocationRecord, StartCost};
use kelvin_stats::ByLaunch;

use kelvin_analysis::FunctionRows;

/// Mean Billed Duration and cost of cold and of warm starts.
pub(crate) fn of_function(
    function: &FunctionRows<'_>,
    prices: &PriceTable,
    billing: Billing,
) -> CostSummary {
    let basis = match billing {
        Billing::Estimated => "estimate for this CPU",
        Billing::Reported => "billed by AWS",
    };
    let by_launch = |launches: Vec<Vec<&InvocationRecord>>| -> ByLaunch {
        let billed = |row: &InvocationRecord| row.billed_ms as f64;
        let launches = launches.into_iter().enumerate();
        launches.flat_map(|(n, rows)| rows.into_iter().map(move |row| (n, billed(row)))).collect()
    };
    let cold = by_launch(function.cold().into_iter().map(|row| vec![row]).collect());
    let warm = by_launch(function.warm());
    CostSummary {
        price_table: prices.id.clone(),
        basis: basis.to_owned(),
        cold: of_start(function, prices, &cold, Start::Cold),
        warm: of_start(function, prices, &warm, Start::Warm),
    }
}

fn of_start(
    function: &FunctionRows<'_>,
    prices: &PriceTable,
    billed: &ByLaunch,
    start: Start,
) -> StartCost {
    let Ok(mean) = billed.mean() else {
        return StartCost {
            billed_ms: None,
            billed_ci95: None,
            compute_usd_per_million: None,
            request_usd_per_million: None,
            reason: Some(function.why_none(start).to_owned()),
        };
    };
    let config = function.record;
    let cost =
        prices.cost(config.memory_mb, config.architecture, config.ephemeral_storage_mb, mean.value);
    StartCost {
        billed_ms: Some(rounded(mean.value)),
        billed_ci95: mean.ci95.ok().map(|ci95| [rounded(ci95.low), rounded(ci95.high)]),
        compute_usd_per_million: Some(rounded(cost.compute_usd * 1e6)),
        request_usd_per_million: Some(rounded(cost.request_usd * 1e6)),
        reason: None,
    }
}

/// To six decimals.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
