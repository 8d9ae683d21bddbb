//! The parts of one invocation, in as much detail as was measured.

use kelvin_lambda::Timing;
use kelvin_record::{InitRecord, InvocationRecord};

use crate::starts::init_parts;

/// Names and nanoseconds, in the order in which they happen; they add up to the latency exactly.
pub(super) type Parts = Vec<(&'static str, i64)>;

/// Splits an invocation: into all parts of the timing contract; without spans, with one part for the handler and its
/// runtime; or, where the platform tells nothing of itself, with one part for the platform.
pub(super) fn of(row: &InvocationRecord, init: Option<&InitRecord>) -> Parts {
    let timing = row.timing();
    let mut parts =
        full(&timing).or_else(|| without_spans(&timing)).unwrap_or_else(|| of_platform(&timing));
    if let Some(init_ns) = timing.init_ns {
        set_init_apart(&mut parts, init_ns, init);
    }
    parts
}

fn full(timing: &Timing) -> Option<Parts> {
    Some(timing.ladder()?.parts().to_vec())
}

fn without_spans(timing: &Timing) -> Option<Parts> {
    let queue = signed(timing.queue_ns?);
    let response_latency = signed(timing.response_latency_ns?);
    let response_duration = signed(timing.response_duration_ns?);
    let throttled = signed(timing.throttled_ns.unwrap_or(0));
    Some(vec![
        ("client", signed(timing.latency_ns) - queue - response_latency - response_duration),
        ("queue", queue),
        ("runtime_and_handler", response_latency - throttled),
        ("throttled", throttled),
        ("response_duration", response_duration),
    ])
}

fn of_platform(timing: &Timing) -> Parts {
    let spans = [
        ("decode", timing.decode_ns),
        ("compute", timing.compute_ns),
        ("io", timing.io_ns),
        ("encode", timing.encode_ns),
    ];
    let spans = spans.into_iter().filter_map(|(name, ns)| Some((name, signed(ns?))));
    let mut parts: Parts = vec![("platform", signed(timing.latency_ns))];
    for (name, ns) in spans {
        parts[0].1 -= ns;
        parts.push((name, ns));
    }
    parts
}

/// INIT lies inside of the queue, or of the platform where that is all there is.
fn set_init_apart(parts: &mut Parts, init_ns: u64, init: Option<&InitRecord>) {
    let around = |(name, _): &(&str, i64)| matches!(*name, "queue" | "platform");
    if let Some(at) = parts.iter().position(around) {
        parts[at].1 -= signed(init_ns);
        match init.and_then(|init| init_parts(init_ns, init)) {
            Some(ns) => {
                let names = ["init_cpu", "init_page_in", "init_rest"];
                parts.splice(at..at, std::iter::zip(names, ns.map(signed)));
            }
            None => parts.insert(at, ("init", signed(init_ns))),
        }
    }
}

/// No measured time is longer than 292 years.
fn signed(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}

/// Whole numbers of `unit` for values that are not, with the sum of the values rounded once: so that a column adds up.
pub(super) fn apportioned(values: &[f64], unit: f64) -> Vec<i64> {
    let mut whole: Vec<i64> = values.iter().map(|value| floor(value / unit)).collect();
    let sum: f64 = values.iter().sum();
    let missing = floor(sum / unit + 0.5) - whole.iter().sum::<i64>();
    let mut by_rest: Vec<usize> = (0..values.len()).collect();
    let rest = |at: usize| values[at] / unit - (values[at] / unit).floor();
    by_rest.sort_by(|&a, &b| rest(b).total_cmp(&rest(a)));
    for at in by_rest.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        whole[at] += 1;
    }
    whole
}

#[expect(clippy::cast_possible_truncation, reason = "no measured time has more than 2^53 units")]
fn floor(x: f64) -> i64 {
    x.floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_parts_add_up_to_the_rounded_sum() {
        let check = |values: &[f64], unit, expected: &[i64]| {
            assert_eq!(apportioned(values, unit), expected, "{values:?}");
        };
        check(&[], 1.0, &[]);
        check(&[0.4, 0.4, 0.4], 1.0, &[1, 0, 0]);
        check(&[1.5, 2.5, -0.7], 1.0, &[2, 2, -1]);
        check(&[149.0, 151.0], 100.0, &[1, 2]);
        check(&[7.0, 8.0], 1.0, &[7, 8]);
    }

    #[test]
    fn what_was_not_measured_is_inside_of_another_part() {
        let check = |timing: Timing, expected: &[(&str, i64)]| {
            let parts = full(&timing)
                .or_else(|| without_spans(&timing))
                .unwrap_or_else(|| of_platform(&timing));
            assert_eq!(parts, expected);
            assert_eq!(parts.iter().map(|(_, ns)| ns).sum::<i64>(), 1_000);
        };
        let only_latency = Timing { latency_ns: 1_000, ..Timing::default() };
        check(only_latency, &[("platform", 1_000)]);
        let spans = Timing { compute_ns: Some(300), decode_ns: Some(1), ..only_latency };
        check(spans, &[("platform", 699), ("decode", 1), ("compute", 300)]);
        let without_spans = Timing {
            queue_ns: Some(100),
            response_latency_ns: Some(700),
            response_duration_ns: Some(50),
            throttled_ns: Some(200),
            ..only_latency
        };
        check(
            without_spans,
            &[
                ("client", 150),
                ("queue", 100),
                ("runtime_and_handler", 500),
                ("throttled", 200),
                ("response_duration", 50),
            ],
        );
    }

    #[test]
    fn init_is_a_part_of_its_own() {
        let mut parts = vec![("client", 1), ("queue", 10)];
        set_init_apart(&mut parts, 7, None);
        assert_eq!(parts, [("client", 1), ("init", 7), ("queue", 3)]);
    }
}
