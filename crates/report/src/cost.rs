//! What the invocations of a function cost.

use kelvin_lambda::{PriceTable, Start};
use kelvin_record::{Billing, CostSummary, InvocationRecord, StartCost};

use crate::functions::FunctionRows;

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
    let warm: Vec<&InvocationRecord> = function.warm().into_iter().flatten().collect();
    CostSummary {
        price_table: prices.id.clone(),
        basis: basis.to_owned(),
        cold: of_start(function, prices, &function.cold(), Start::Cold),
        warm: of_start(function, prices, &warm, Start::Warm),
    }
}

fn of_start(
    function: &FunctionRows<'_>,
    prices: &PriceTable,
    rows: &[&InvocationRecord],
    start: Start,
) -> StartCost {
    if rows.is_empty() {
        return StartCost {
            billed_ms: None,
            compute_usd_per_million: None,
            request_usd_per_million: None,
            reason: Some(function.why_none(start).to_owned()),
        };
    }
    let billed_ms = rows.iter().map(|row| row.billed_ms as f64).sum::<f64>() / rows.len() as f64;
    let config = function.record;
    let cost =
        prices.cost(config.memory_mb, config.architecture, config.ephemeral_storage_mb, billed_ms);
    StartCost {
        billed_ms: Some(rounded(billed_ms)),
        compute_usd_per_million: Some(rounded(cost.compute_usd * 1e6)),
        request_usd_per_million: Some(rounded(cost.request_usd * 1e6)),
        reason: None,
    }
}

/// To six decimals.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
