//! The union of the waits of one invocation.

use kelvin_lambda::{Interval, SpanLine};

/// When an invocation waited: overlapping waits count once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Length of the union of all waits, in nanoseconds.
    pub total_ns: u64,
    /// The first [`SpanLine::MAX_WAITS`] pieces of the union, disjoint and in order.
    pub intervals: Vec<Interval>,
    /// Waits that have begun and not ended.
    open: usize,
    /// When the number of open waits last left zero.
    since_ns: u64,
}

impl Waits {
    pub(crate) fn begin(&mut self, now_ns: u64) {
        if self.open == 0 {
            self.since_ns = now_ns;
        }
        self.open += 1;
    }

    pub(crate) fn end(&mut self, now_ns: u64) {
        self.open = self.open.saturating_sub(1);
        if self.open > 0 {
            return;
        }
        let piece = Interval(self.since_ns, now_ns);
        self.total_ns += piece.ns();
        if self.intervals.len() < SpanLine::MAX_WAITS {
            self.intervals.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` begins a wait and `-` ends one, at the number that follows.
    fn waits(script: &str) -> Waits {
        let mut waits = Waits::default();
        for step in script.split_whitespace() {
            let (sign, at) = step.split_at(1);
            let at = at.parse().expect("every step has a time");
            if sign == "+" { waits.begin(at) } else { waits.end(at) }
        }
        waits
    }

    #[test]
    fn overlapping_waits_count_once() {
        let check = |script, total_ns, intervals: &[(u64, u64)]| {
            let waits = waits(script);
            let got: Vec<_> = waits.intervals.iter().map(|i| (i.0, i.1)).collect();
            assert_eq!((waits.total_ns, got.as_slice()), (total_ns, intervals), "{script}");
        };
        check("", 0, &[]);
        check("+1 -4", 3, &[(1, 4)]);
        check("+1 -4 +10 -11", 4, &[(1, 4), (10, 11)]);
        check("+1 +2 -4 -9", 8, &[(1, 9)]);
        check("+1 +2 +3 -3 -3 -5 +7 -9", 6, &[(1, 5), (7, 9)]);
    }

    #[test]
    fn the_list_is_bounded_and_the_total_is_not() {
        let mut waits = Waits::default();
        for n in 0..1000 {
            waits.begin(10 * n);
            waits.end(10 * n + 3);
        }
        assert_eq!(waits.total_ns, 3000);
        assert_eq!(waits.intervals.len(), SpanLine::MAX_WAITS);
        assert_eq!(waits.intervals[63], Interval(630, 633));
    }
}
