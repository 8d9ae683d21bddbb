//! How many execution environments a load kept busy at the same moment.

use kelvin_record::InvocationRecord;

/// The most at any moment; an environment is busy from when it is handed the event until the caller has the response.
pub(super) fn most(rows: &[&InvocationRecord]) -> u64 {
    let mut changes: Vec<(u64, i64)> = Vec::new();
    for row in rows.iter().filter(|row| row.launch.is_some()) {
        let (begin, end) = busy(row);
        changes.extend([(begin, 1), (end, -1)]);
    }
    // At the same moment, one becomes free before another is taken.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i64, 0_i64);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    most.unsigned_abs()
}

fn busy(row: &InvocationRecord) -> (u64, u64) {
    let end = row.intended_ns.unwrap_or(row.at_ns) + row.latency_ns;
    let parts = [row.response_latency_ns, row.response_duration_ns];
    let took: u64 = parts.iter().filter_map(|part| part.value()).sum();
    (end.saturating_sub(took), end)
}

#[cfg(test)]
mod tests {
    use kelvin_record::Measured;

    use super::*;

    /// From when, until when, and whether somebody served it.
    fn check(invocations: &[(u64, u64, bool)], expected: u64) {
        let rows: Vec<InvocationRecord> = invocations
            .iter()
            .map(|&(begin, end, served)| InvocationRecord {
                launch: served.then_some(1),
                at_ns: begin / 2,
                latency_ns: end - begin / 2,
                response_latency_ns: Measured::Value(end - begin),
                ..row()
            })
            .collect();
        assert_eq!(most(&rows.iter().collect::<Vec<_>>()), expected, "{invocations:?}");
    }

    fn row() -> InvocationRecord {
        let text = r#"{"launch":1,"index":0,"start":"warm","status":"ok","at_ns":0,"latency_ns":0,"billed_ms":1,
            "request_bytes":0,"response_bytes":0}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn counts_what_overlaps() {
        check(&[], 0);
        check(&[(0, 10, true)], 1);
        check(&[(0, 10, true), (10, 20, true)], 1);
        check(&[(0, 10, true), (9, 20, true), (12, 13, true)], 2);
        check(&[(12, 13, true), (9, 20, true), (0, 13, true)], 3);
        // Whoever is refused keeps nobody busy.
        check(&[(0, 10, true), (5, 6, false)], 1);
    }
}
