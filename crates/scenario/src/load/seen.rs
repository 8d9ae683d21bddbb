//! What a load tells its script.

use std::collections::BTreeSet;

use kelvin_lambda::{Invocation, Start, Status};
use rhai::{Dynamic, Map};

use crate::figure::{count, load_map, milliseconds};

/// Counts and numbers of one load.
#[derive(Default)]
pub(super) struct Seen {
    sent: u64,
    ok: u64,
    failed: u64,
    throttled: u64,
    cold: u64,
    environments: BTreeSet<u64>,
    /// Of good answers.
    latency_ns: Vec<u64>,
    duration_ns: Vec<u64>,
    /// By how much requests were sent later than they were due.
    behind_ns: Vec<u64>,
    first_ns: Option<u64>,
    last_ns: u64,
}

impl Seen {
    pub(super) fn add(&mut self, recorded: &[Invocation]) {
        for invocation in recorded {
            let times = invocation.times();
            self.sent = self.sent.saturating_add(times);
            let due_ns = invocation.intended_at_ns.unwrap_or(invocation.sent_at_ns);
            if invocation.intended_at_ns.is_some() {
                self.behind_ns.push(invocation.sent_at_ns.saturating_sub(due_ns));
            }
            self.first_ns = Some(self.first_ns.map_or(due_ns, |first| first.min(due_ns)));
            let ended_ns = due_ns.saturating_add(invocation.timing.latency_ns);
            self.last_ns = self.last_ns.max(ended_ns);
            self.environments.extend(invocation.environment);
            match invocation.status {
                Status::Ok => {
                    self.ok = self.ok.saturating_add(times);
                    self.cold += u64::from(invocation.start == Start::Cold);
                    self.latency_ns.push(invocation.timing.latency_ns);
                    self.duration_ns.extend(invocation.timing.duration_ns());
                }
                Status::Throttled => self.throttled += 1,
                _ => self.failed += 1,
            }
        }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn to_map(&self, open: bool) -> Map {
        let took_ns = self.last_ns.saturating_sub(self.first_ns.unwrap_or(self.last_ns));
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        let (seconds, good) = (took_ns as f64 / 1e9, self.ok as f64);
        let per_second = if seconds > 0.0 { (good / seconds).into() } else { Dynamic::UNIT };
        let behind =
            if open { load_map(&milliseconds(&self.behind_ns)).into() } else { Dynamic::UNIT };
        Map::from([
            ("sent".into(), count(self.sent)),
            ("ok".into(), count(self.ok)),
            ("failed".into(), count(self.failed)),
            ("throttled".into(), count(self.throttled)),
            ("cold".into(), count(self.cold)),
            ("environments".into(), count(self.environments.len() as u64)),
            ("seconds".into(), seconds.into()),
            ("per_second".into(), per_second),
            ("latency".into(), load_map(&milliseconds(&self.latency_ns)).into()),
            ("duration".into(), load_map(&milliseconds(&self.duration_ns)).into()),
            ("behind".into(), behind),
        ])
    }
}
