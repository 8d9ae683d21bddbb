//! What a script had to say, and what must be known of invocations that are in no table.

use kelvin_lambda::Start;
use kelvin_record::Run;

use crate::label::Names;
use crate::page::{Page, Role};
use kelvin_analysis::FunctionRows;

/// Adds the notes, if there are some.
pub(crate) fn add(page: &mut Page, run: &Run, names: &Names) {
    let functions = FunctionRows::of(run);
    let mut notes = run.record.notes.clone();
    for (function, name) in functions.iter().zip(&names.full) {
        let suppressed = function.succeeded(Start::SuppressedInit).count();
        if suppressed > 0 {
            notes.push(format!(
                "{suppressed} of {name}'s invocations found a process that had to be started again (suppressed init): their \
                 duration contains an INIT, so they are in neither table."
            ));
        }
        let proactive = function.succeeded(Start::ProactiveInit).count();
        if proactive > 0 {
            notes.push(format!(
                "{proactive} of {name}'s invocations were the first of an environment that no caller had waited for (proactive \
                 init): they are in neither table."
            ));
        }
    }
    if run.incomplete > 0 {
        notes.push(format!(
            "{} invocations are left out because not all of their launch is recorded.",
            run.incomplete
        ));
    }
    if notes.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "Notes");
    for note in notes {
        page.text(Role::Plain, 2, &format!("- {note}"));
    }
}
