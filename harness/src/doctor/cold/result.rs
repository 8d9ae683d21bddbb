//! What the starts took, and what follows from it: pure functions.

use kelvin_lambda::PageCacheFacts;
use kelvin_stats::{Estimate, Interval, Sample, TooFew, times};

/// Ratios between these are taken for the same.
pub(super) const SAME: Interval = Interval { low: 0.85, high: 1.15 };

/// Everything that is printed.
pub(super) struct Compared {
    pub rounds: u32,
    pub rows: Vec<Row>,
    /// Programs that are not there, each with the reason.
    pub left_out: Vec<String>,
    /// Why there are no bare starts, and what adds them.
    pub no_bare: Option<String>,
    /// Why functions have no files of their own, if they have none.
    pub not_private: Option<String>,
}

/// The starts of one program, in the order of the rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub name: String,
    pub warm_ms: Vec<f64>,
    pub cold_ms: Vec<f64>,
    pub bare_ms: Vec<f64>,
    /// Of the cold starts.
    pub facts: Vec<PageCacheFacts>,
}

/// What the emulator's cold starts found in the page cache, and what preparing them took.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Files {
    /// Of all files of a start, at most.
    pub bytes: u64,
    /// At the start, at most; `None` where the kernel did not always say.
    pub resident_bytes: Option<u64>,
    /// The mean.
    pub prepare_ms: f64,
    /// For all starts together.
    pub copied_bytes: u64,
    /// How many starts had to wait for their preparation.
    pub waited: usize,
    /// Each once.
    pub not_evicted: Vec<String>,
}

/// Where an interval is, seen from [`SAME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Overlaps,
    Below,
    Above,
}

impl Row {
    pub(super) fn new(name: &str) -> Row {
        Row { name: name.to_owned(), ..Row::default() }
    }

    /// How many times the bare start the emulator's cold start takes.
    pub(super) fn ratio(&self) -> Result<Estimate, TooFew> {
        times(self.cold_ms.iter().copied().zip(self.bare_ms.iter().copied()))
    }

    pub(super) fn files(&self) -> Files {
        let mut files = Files { resident_bytes: Some(0), ..Files::default() };
        for facts in &self.facts {
            files.bytes = files.bytes.max(facts.bytes);
            let both = files.resident_bytes.zip(facts.resident_bytes);
            files.resident_bytes = both.map(|(most, resident)| most.max(resident));
            files.prepare_ms += facts.prepare_ns as f64 / 1e6 / self.facts.len() as f64;
            files.copied_bytes += facts.copied_bytes;
            files.waited += usize::from(facts.waited);
            for reason in &facts.not_evicted {
                if !files.not_evicted.contains(reason) {
                    files.not_evicted.push(reason.clone());
                }
            }
        }
        files
    }
}

impl Place {
    pub(super) fn of(interval: Interval) -> Place {
        if interval.high < SAME.low {
            Place::Below
        } else if interval.low > SAME.high {
            Place::Above
        } else {
            Place::Overlaps
        }
    }
}

pub(super) fn median(values: &[f64]) -> Option<f64> {
    Sample::new(values.to_vec()).quantile(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_pairs_of_a_round() {
        // The machine gets slower from round to round, by more than what is compared.
        let bare_ms: Vec<f64> = (0..10).map(|round| f64::from(1 << round)).collect();
        let cold_ms = bare_ms.iter().map(|ms| ms * 1.1).collect();
        let row = Row { cold_ms, bare_ms, ..Row::default() };
        let ratio = row.ratio().unwrap();
        assert!((ratio.value - 1.1).abs() < 1e-9, "{ratio:?}");
        assert_eq!(Place::of(ratio.ci95.unwrap()), Place::Overlaps);
        assert!(Row { bare_ms: Vec::new(), ..row }.ratio().is_err());
    }

    #[test]
    fn intervals_lie_below_or_above_or_overlap() {
        let check = |low, high, expected| {
            assert_eq!(Place::of(Interval { low, high }), expected, "{low} to {high}");
        };
        check(0.5, 0.84, Place::Below);
        check(0.5, 0.85, Place::Overlaps);
        check(0.9, 1.1, Place::Overlaps);
        check(0.5, 2.0, Place::Overlaps);
        check(1.15, 2.0, Place::Overlaps);
        check(1.16, 2.0, Place::Above);
    }

    #[test]
    fn files_are_summed_up() {
        let facts = |resident_bytes, waited| PageCacheFacts {
            bytes: 100,
            resident_bytes,
            not_evicted: vec!["a".to_owned()],
            copied_bytes: 5,
            prepare_ns: 2_000_000,
            waited,
            ..PageCacheFacts::default()
        };
        let row = |facts| Row { facts, ..Row::default() };
        let files = row(vec![facts(Some(3), true), facts(Some(1), false)]).files();
        let expected = Files {
            bytes: 100,
            resident_bytes: Some(3),
            prepare_ms: 2.0,
            copied_bytes: 10,
            waited: 1,
            not_evicted: vec!["a".to_owned()],
        };
        assert_eq!(files, expected);
        assert_eq!(row(vec![facts(None, true), facts(Some(1), true)]).files().resident_bytes, None);
    }
}
