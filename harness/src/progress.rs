//! Progress on standard error: a bar on a terminal, a line a step elsewhere, nothing with `--quiet`.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// Where progress goes.
#[derive(Debug)]
pub(crate) enum Progress {
    Bar(ProgressBar),
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

impl Progress {
    pub(crate) fn new(conditions: Conditions) -> Progress {
        match conditions {
            Conditions { quiet: true, .. } => Progress::Silent,
            Conditions { interactive: true, .. } => Progress::Bar(ProgressBar::no_length()),
            _ => Progress::Lines(Mutex::default()),
        }
    }

    /// Something whose length is not known. A bar turns by itself, which costs time of a core: not for measurements.
    pub(crate) fn busy(&self, message: String) {
        match self {
            Progress::Bar(bar) => {
                bar.set_style(style("{spinner} {wide_msg}"));
                bar.set_message(message);
                bar.enable_steady_tick(std::time::Duration::from_millis(150));
            }
            Progress::Lines(_) => self.line(message),
            Progress::Silent => {}
        }
    }

    /// More about what was begun with [`Progress::busy`]; not worth a line of its own.
    pub(crate) fn detail(&self, message: String) {
        if let Progress::Bar(bar) = self {
            bar.set_message(message);
        }
    }

    /// Step `at` of `of`, counted from 0. Drawn once, and not again before the next step.
    pub(crate) fn step(&self, at: u64, of: u64, message: String) {
        match self {
            Progress::Bar(bar) => {
                bar.disable_steady_tick();
                if bar.length() != Some(of) {
                    bar.set_length(of);
                    bar.set_style(style("{bar:24} {msg}  {elapsed} elapsed, {eta} left"));
                    bar.reset();
                }
                bar.set_message(message);
                bar.set_position(at);
                bar.tick();
            }
            Progress::Lines(_) => self.line(message),
            Progress::Silent => {}
        }
    }

    /// Something that stays on the screen, also with `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        match self {
            Progress::Bar(bar) => bar.suspend(|| terminal::complain(text)),
            Progress::Lines(_) | Progress::Silent => terminal::complain(text),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }

    /// Prints a line unless it is the one before.
    fn line(&self, message: String) {
        let Progress::Lines(last) = self else { return };
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are valid")
}
