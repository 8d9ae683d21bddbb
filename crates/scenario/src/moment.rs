//! Times in events: they follow from a count, since a scenario has no clock.

use jiff::Timestamp;

use crate::chance::Chance;

/// Midnight, 1 January 2026, UTC, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_767_225_600_000;

/// A time to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    ms: i64,
}

impl Moment {
    /// Within second number `second` since the beginning of 2026; chance decides the millisecond.
    pub(crate) fn in_second(second: u64, chance: &mut Chance) -> Moment {
        // Some thousand years later, events happen all at once.
        let second = i64::try_from(second).unwrap_or(i64::MAX).min(100_000_000_000);
        Moment { ms: BEGIN_MS + second * 1000 + chance.int(0, 999) }
    }

    /// So much later.
    pub(crate) fn plus_ms(self, ms: i64) -> Moment {
        Moment { ms: self.ms + ms }
    }

    /// Milliseconds since 1970.
    pub(crate) fn ms(self) -> i64 {
        self.ms
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(self) -> i64 {
        self.ms / 1000
    }

    /// Seconds since 1970, with milliseconds.
    pub(crate) fn seconds_and_ms(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact for many thousand years")]
        let ms = self.ms as f64;
        ms / 1000.0
    }

    /// `2026-01-01T00:00:00.123Z` (RFC 3339).
    pub(crate) fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// The same without milliseconds.
    pub(crate) fn rfc3339_seconds(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `01/Jan/2026:00:00:00 +0000`, as API Gateway and the Common Log Format have it.
    pub(crate) fn common_log(self) -> String {
        self.format("%d/%b/%Y:%H:%M:%S +0000")
    }

    fn format(self, form: &str) -> String {
        let time = Timestamp::from_millisecond(self.ms).expect("moments are within jiff's range");
        time.strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        let moment = Moment { ms: BEGIN_MS + 5 };
        assert_eq!(moment.rfc3339(), "2026-01-01T00:00:00.005Z");
        assert_eq!(moment.rfc3339_seconds(), "2026-01-01T00:00:00Z");
        assert_eq!(moment.common_log(), "01/Jan/2026:00:00:00 +0000");
        assert_eq!((moment.seconds(), moment.seconds_and_ms()), (1_767_225_600, 1_767_225_600.005));
    }

    #[test]
    fn any_second_is_a_time() {
        for second in [0, 1, u64::MAX] {
            let mut chance = Chance::new(0, Purpose::Script, 0);
            assert!(Moment::in_second(second, &mut chance).rfc3339().ends_with('Z'));
        }
    }
}
