//! How much longer the CPU limit makes an invocation, and how much longer a model of it would.
//!
//! Being held back multiplies, so that its part of the ladder is laid beside its factor: duration ÷ the duration at full
//! speed. The model knows that short work is not slowed in proportion, and that work back to back pays old debts.

use kelvin_lambda::{MemorySize, Start, Status};
use kelvin_record::InvocationRecord;
use serde::Serialize;

use kelvin_analysis::FunctionRows;

/// CPU time of one thread without a pause, and then none until the next burst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// CPU time, in nanoseconds.
    pub cpu_ns: u64,
    /// From its end to the beginning of the next, in nanoseconds.
    pub idle_ns: u64,
}

/// By which factor the CPU limit makes invocations longer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldBack {
    /// Mean duration.
    pub duration_ms: Option<f64>,
    /// Mean duration at full speed.
    pub full_speed_ms: Option<f64>,
    /// The function that it was measured of; `null` if it is the duration without the time held back.
    pub full_speed_of: Option<String>,
    /// The one divided by the other.
    pub factor: Option<f64>,
    /// The same by the model, for the recorded CPU times in their order.
    pub predicted: Option<f64>,
    /// `factor / predicted − 1`.
    pub residual: Option<f64>,
    /// Why one of them is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The launches of one function as the model sees them.
pub(super) struct Launches<'a> {
    function: &'a FunctionRows<'a>,
    /// Nanoseconds by which the model holds each invocation back that it was asked about.
    predicted: Vec<(&'a InvocationRecord, f64)>,
}

/// The function with a whole core that is otherwise the same, if the run has one; of several, the smallest.
pub(super) fn full_speed<'a>(
    of: &FunctionRows<'_>,
    functions: &'a [FunctionRows<'a>],
) -> Option<&'a FunctionRows<'a>> {
    let is_same = |other: &&FunctionRows<'_>| {
        let (a, b) = (of.record, other.record);
        b.memory_mb >= MemorySize::ONE_VCPU
            && a.binary_sha256.is_some()
            && (&a.binary_sha256, &a.env_names) == (&b.binary_sha256, &b.env_names)
    };
    functions.iter().filter(is_same).min_by_key(|other| other.record.memory_mb)
}

impl<'a> Launches<'a> {
    pub(super) fn of(
        function: &'a FunctionRows<'a>,
        model: &dyn Fn(&[Burst], MemorySize) -> Vec<u64>,
    ) -> Launches<'a> {
        let mut launches: Vec<Vec<&InvocationRecord>> = Vec::new();
        let mut rows = function.rows.clone();
        rows.sort_by_key(|row| (row.launch, row.index));
        for row in rows {
            match launches.last_mut() {
                Some(launch) if launch[0].launch == row.launch => launch.push(row),
                _ => launches.push(vec![row]),
            }
        }
        let mut predicted = Vec::new();
        for launch in &launches {
            let Some(bursts) = bursts(launch) else { continue };
            let walls = model(&bursts, function.record.memory_mb);
            for ((row, burst), wall) in launch.iter().zip(&bursts).zip(walls) {
                predicted.push((*row, wall.saturating_sub(burst.cpu_ns) as f64));
            }
        }
        Launches { function, predicted }
    }

    pub(super) fn warm(&self, full_speed: Option<&FunctionRows<'_>>) -> HeldBack {
        let full_speed = full_speed.map(|function| (function, function.warm().concat()));
        self.factor(&self.function.warm().concat(), Start::Warm, full_speed)
    }

    pub(super) fn cold(&self, full_speed: Option<&FunctionRows<'_>>) -> HeldBack {
        let full_speed = full_speed.map(|function| (function, function.cold()));
        self.factor(&self.function.cold(), Start::Cold, full_speed)
    }

    /// Of these invocations, which are of this start, against those of a function at full speed.
    fn factor(
        &self,
        rows: &[&InvocationRecord],
        start: Start,
        full_speed: Option<(&FunctionRows<'_>, Vec<&InvocationRecord>)>,
    ) -> HeldBack {
        let durations = |rows: &[&InvocationRecord]| {
            mean(rows.iter().map(|row| Some(row.timing().duration_ns()? as f64)))
        };
        let duration = durations(rows);
        let measured = full_speed.and_then(|(function, rows)| {
            Some((durations(&rows)?, Some(function.record.name.clone())))
        });
        let without = || {
            let free = |row: &&InvocationRecord| {
                let timing = row.timing();
                Some(timing.duration_ns()?.saturating_sub(timing.throttled_ns?) as f64)
            };
            Some((mean(rows.iter().map(free))?, None))
        };
        let full = measured.or_else(without).filter(|(ns, _)| *ns > 0.0);
        let of_model =
            self.predicted.iter().filter(|(row, _)| row.status == Status::Ok && row.start == start);
        let held = mean(of_model.map(|(_, ns)| Some(*ns)));
        let (ns, full_speed_of) = full.unzip();
        let factor = duration.zip(ns).map(|(duration, ns)| duration / ns);
        let predicted = held.zip(ns).map(|(held, ns)| (ns + held) / ns);
        let reason = if factor.is_none() {
            Some("nothing with this bootstrap has a whole core, nor is the time held back known")
        } else if predicted.is_none() {
            Some("not every invocation's CPU time is measured")
        } else {
            None
        };
        HeldBack {
            duration_ms: duration.map(|ns| ns.round() / 1e6),
            full_speed_ms: ns.map(|ns| ns.round() / 1e6),
            full_speed_of: full_speed_of.flatten(),
            factor: factor.map(rounded),
            predicted: predicted.map(rounded),
            residual: factor
                .zip(predicted)
                .map(|(factor, by_model)| rounded(factor / by_model - 1.0)),
            reason: reason.map(str::to_owned),
        }
    }
}

/// The CPU time of a launch, invocation by invocation; `None` if one of them has none.
fn bursts(launch: &[&InvocationRecord]) -> Option<Vec<Burst>> {
    let next = launch.iter().skip(1).map(|row| Some(row.at_ns)).chain([None]);
    let burst = |(row, next): (&&InvocationRecord, Option<u64>)| {
        let cpu_ns = row.cpu_ns.value()?;
        let until_next = next.map_or(0, |next| next.saturating_sub(row.at_ns));
        let before = row.init_ns.value().unwrap_or(0) + row.throttled_ns.value().unwrap_or(0);
        let busy = cpu_ns.saturating_add(before);
        Some(Burst { cpu_ns, idle_ns: until_next.saturating_sub(busy) })
    };
    launch.iter().zip(next).map(burst).collect()
}

/// The mean; `None` of nothing, or if one of them is not known.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// To four decimals.
fn rounded(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}
