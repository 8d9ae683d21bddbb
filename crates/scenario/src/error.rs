//! Why a scenario did not run to its end, and how that is shown with the line of the script.

use std::error::Error;
use std::fmt::Write;

/// A scenario could not be compiled, or ended early.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ScenarioError {
    /// Who has to do something about it.
    pub kind: ErrorKind,
    /// What happened, as a fragment in lower case.
    pub message: String,
    /// Where in the script, if anywhere.
    pub place: Option<Place>,
    /// Why, where somebody else said so.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of early ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The script is wrong, or used more than it may.
    Script,
    /// A setting from outside does not fit the parameters that the script declares.
    Settings,
    /// The user stopped it.
    Stopped,
    /// It took longer than its limit, or will.
    Deadline,
    /// It was evaluated on a nominal platform, and there was more of it than is counted.
    Uncounted,
    /// The platform could not do what was asked.
    Platform,
    /// The host could not do what was asked: no such workload, a build that failed, a disk that is full.
    Host,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the script.
    pub script: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The text of the line.
    pub text: String,
}

impl ScenarioError {
    /// Message, causes and the line of the script, for a terminal. Ends with a line break.
    pub fn render(&self) -> String {
        let mut out = format!("error: {}", self.message);
        let mut cause = self.source();
        while let Some(error) = cause {
            // Other programs' words may end with line breaks.
            let text = error.to_string();
            write!(out, ": {}", text.trim_end()).expect("writing to a string does not fail");
            cause = error.source();
        }
        out.push('\n');
        if let Some(place) = &self.place {
            out.push_str(&place.render());
        }
        out
    }
}

impl Place {
    fn render(&self) -> String {
        let Place { script, line, column, text } = self;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let text = text.replace('\t', " ");
        let indent = " ".repeat(column.saturating_sub(1));
        format!(
            "{margin}--> {script}:{line}:{column}\n{margin} |\n{number} | {text}\n{margin} | {indent}^\n"
        )
    }
}
