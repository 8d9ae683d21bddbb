//! Progress on standard error: a bar on a terminal, a line a block elsewhere, nothing with `--quiet`.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// What the run is at, for whoever looks.
#[derive(Debug)]
pub(crate) struct Progress {
    display: Display,
    pace: Mutex<Pace>,
}

/// Where progress goes.
#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    /// With the last line.
    Lines(Mutex<String>),
    Silent,
}

/// What decides it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub quiet: bool,
    /// Standard error is a terminal that can move its cursor.
    pub interactive: bool,
}

/// A turn of one function in one block, both counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn<'a> {
    pub block: u64,
    pub blocks: u64,
    pub position: u64,
    pub positions: u64,
    /// Of the function.
    pub name: &'a str,
    /// As a share, where it is known.
    pub noise: Option<f64>,
}

impl Progress {
    pub(crate) fn new(conditions: Conditions) -> Progress {
        let display = match conditions {
            Conditions { quiet: true, .. } => Display::Silent,
            Conditions { interactive: true, .. } => Display::Bar(ProgressBar::no_length()),
            _ => Display::Lines(Mutex::default()),
        };
        Progress { display, pace: Mutex::default() }
    }

    /// Something whose length is not known. A bar turns by itself, which costs time of a core: not for measurements.
    pub(crate) fn busy(&self, message: String) {
        match &self.display {
            Display::Bar(bar) => {
                bar.set_style(style("{spinner} {wide_msg}"));
                bar.set_message(message);
                bar.enable_steady_tick(Duration::from_millis(150));
            }
            Display::Lines(_) => self.line(message),
            Display::Silent => {}
        }
    }

    /// More about what was begun with [`Progress::busy`]; not worth a line of its own.
    pub(crate) fn detail(&self, message: String) {
        if let Display::Bar(bar) = &self.display {
            bar.set_message(message);
        }
    }

    /// Drawn once, and not again before the next turn; elsewhere, a line for the first turn of a block.
    pub(crate) fn turn(&self, turn: &Turn<'_>) {
        let (at, of) = (turn.block * turn.positions + turn.position, turn.blocks * turn.positions);
        let left = {
            let mut pace = self.pace.lock().expect("nothing panics while it holds the pace");
            pace.left(at, of, Instant::now())
        };
        let mut parts = vec![format!("block {} of {}", turn.block + 1, turn.blocks)];
        parts.extend(left.map(|left| format!("{} left", short(left))));
        parts.extend(turn.noise.map(|noise| format!("noise ±{}", percent(noise))));
        match &self.display {
            Display::Bar(bar) => {
                bar.disable_steady_tick();
                bar.set_length(of);
                bar.set_style(style("{bar:16} {wide_msg}"));
                // The name comes last: it is what a narrow terminal can cut off.
                parts.push(turn.name.to_owned());
                bar.set_message(parts.join(" · "));
                bar.set_position(at);
                bar.tick();
            }
            Display::Lines(_) if turn.position == 0 => self.line(parts.join(" · ")),
            Display::Lines(_) | Display::Silent => {}
        }
    }

    /// What was just done took no time, because it was on record: how long the rest takes is to be seen.
    pub(crate) fn skipped(&self) {
        *self.pace.lock().expect("nothing panics while it holds the pace") = Pace::default();
    }

    /// Something that stays on the screen, also with `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| terminal::complain(text)),
            Display::Lines(_) | Display::Silent => terminal::complain(text),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    /// Prints a line unless it is the one before.
    fn line(&self, message: String) {
        let Display::Lines(last) = &self.display else { return };
        let mut last = last.lock().expect("nothing panics while it holds the last line");
        if *last != message {
            terminal::complain(&message);
            *last = message;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// How fast turns pass.
#[derive(Debug, Default)]
struct Pace {
    /// When the first of them began, and which one it was.
    since: Option<(Instant, u64)>,
}

impl Pace {
    /// How long the rest takes if it goes on like that; `None` before a turn has passed.
    fn left(&mut self, at: u64, of: u64, now: Instant) -> Option<Duration> {
        match self.since {
            Some((begin, first)) if at > first => {
                let passed = (at - first) as f64;
                Some((now - begin).mul_f64(of.saturating_sub(at) as f64 / passed))
            }
            _ => {
                self.since = Some((now, at));
                None
            }
        }
    }
}

/// For people: `45s`, `1m 12s`, `2h 5m`.
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_on_like_what_has_passed() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut pace = Pace::default();
        assert_eq!(pace.left(4, 24, begin), None);
        assert_eq!(pace.left(5, 24, after(2)), Some(Duration::from_secs(38)));
        assert_eq!(pace.left(14, 24, after(20)), Some(Duration::from_secs(20)));
        // Other blocks begin.
        assert_eq!(pace.left(0, 10, after(30)), None);
        assert_eq!(pace.left(5, 10, after(31)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn numbers_are_short() {
        let check = |ms, expected| assert_eq!(short(Duration::from_millis(ms)), expected);
        check(0, "0s");
        check(1, "1s");
        check(72_000, "1m 12s");
        check(3_600_000, "1h 0m");
        check(93_599_000, "25h 59m");
        assert_eq!(
            [0.0, 0.0082, 0.0994, 0.0996, 1.5].map(percent),
            ["0.0 %", "0.8 %", "9.9 %", "10 %", "150 %"]
        );
    }
}
