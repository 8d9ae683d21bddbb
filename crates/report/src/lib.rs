//! Records in, statistics and text out.
//!
//! Everything here is a pure function of the records of a run: the same files give the same bytes, today and later.
//! Nothing here knows on which platform a run was made, beyond printing its name and what it says of itself.

mod advice;
mod checks;
mod comparison;
mod cost;
mod explain;
mod failures;
mod footer;
mod head;
mod kinds;
mod label;
mod ladder;
mod load;
mod markdown;
mod metric;
mod notes;
mod number;
mod page;
mod pipes;
mod quoted;
mod reasons;
mod seen;
mod shorten;
mod starts;
mod summarise;
mod table;
mod text;

pub use comparison::{Sides, render_comparison};
pub use explain::{SECTIONS, Section, Topic, render_enforced, render_topic, render_topics, topic};
pub use ladder::{
    Beside, Burst, CaseName, Criterion, CriterionCheck, FunctionLadder, HeldBack, LadderReport,
    Part, Rung, Rungs, StartLadder, cases_of, ladder, render_ladder_json, render_ladder_markdown,
    render_ladder_text,
};
pub use markdown::render_markdown_table;
pub use page::Style;
pub use summarise::summarise;
pub use text::render_text;

/// The summary as a JSON document, as `summary.json` has it.
pub fn render_json(summary: &kelvin_record::Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary is plain JSON");
    text.push('\n');
    text
}
