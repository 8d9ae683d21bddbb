//! What of Lambda's limits was enforced in a run: in a line, and at length.

use kelvin_lambda::Enforcement;
use kelvin_record::RunRecord;

use super::{Topic, add_topic};
use crate::page::{Page, Role, Style};

pub(super) const TOPIC: Topic = Topic {
    id: "enforced",
    also: &["enforcement", "limits"],
    short: "what of Lambda's limits was enforced, by what, and what was not",
    text: &[
        "Lambda limits what a function may use and see. What of that a platform enforces, it says of itself, and every run has it \
         on record. Where a limit is not enforced, the numbers may be other than on Lambda: without the CPU limit, for instance, a \
         small function is as fast as a large one.",
        "Enforced in part is what has a weaker means than Lambda's, or another extent. `--require cpu,memory,…` makes it an error \
         if one of these is not enforced.",
    ],
};

/// What was enforced, in a line: nothing that was not is left unnamed.
pub(crate) fn in_a_line(enforcement: &[Enforcement]) -> String {
    let list = |extent| -> String {
        let entries = enforcement.iter().filter(|entry| Extent::of(entry) == extent);
        entries.map(|entry| entry.limit.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (not, in_part) = (list(Extent::None), list(Extent::Part));
    let all = match (enforcement.iter().any(|entry| entry.by.is_some()), not.as_str()) {
        (false, _) => "nothing".to_owned(),
        (true, "") => "all".to_owned(),
        (true, not) => format!("all but {not}"),
    };
    let in_part = if in_part.is_empty() { in_part } else { format!("; in part {in_part}") };
    format!("enforced: {all}{in_part} (kelvin explain enforced)")
}

/// The topic, and every limit of a run: by what it was enforced, or what would change that by `remedy`.
pub fn render_enforced(
    run: &RunRecord,
    remedy: &dyn Fn(&Enforcement) -> Option<String>,
    style: &Style,
) -> String {
    let mut page = Page::new(*style);
    add_topic(&mut page, &TOPIC);
    let platform = &run.platform;
    let of = format!("{} {}, run {}", platform.name, platform.version, run.run_id);
    for extent in [Extent::Whole, Extent::Part, Extent::None] {
        let entries = platform.enforcement.iter().filter(|entry| Extent::of(entry) == extent);
        for (at, entry) in entries.enumerate() {
            if at == 0 {
                page.gap();
                page.text(Role::Title, 2, &format!("{} · {of}", extent.title()));
            }
            add_entry(&mut page, entry, remedy(entry));
        }
    }
    page.render()
}

/// How far a limit was enforced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Part,
    None,
}

impl Extent {
    fn of(entry: &Enforcement) -> Extent {
        match (&entry.by, &entry.note) {
            (Some(_), None) => Extent::Whole,
            (Some(_), Some(_)) => Extent::Part,
            (None, _) => Extent::None,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Extent::Whole => "Enforced",
            Extent::Part => "Enforced in part",
            Extent::None => "Not enforced",
        }
    }
}

fn add_entry(page: &mut Page, entry: &Enforcement, remedy: Option<String>) {
    let Enforcement { limit, by, note } = entry;
    let what: Vec<&str> = [by, note].into_iter().flatten().map(String::as_str).collect();
    let what = if what.is_empty() { "no reason is on record".to_owned() } else { what.join("; ") };
    page.text(Role::Plain, 4, &format!("  {limit}: {what}"));
    if let Some(remedy) = remedy {
        page.text(Role::Aside, 6, &format!("    to change it: {remedy}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_whatever_was_not_enforced() {
        let entry = |limit: &str, by: Option<&str>, note: Option<&str>| Enforcement {
            limit: limit.to_owned(),
            by: by.map(str::to_owned),
            note: note.map(str::to_owned),
        };
        let cpu = entry("cpu", Some("tick model"), None);
        let network = entry("own network", None, Some("not allowed"));
        let files = entry("files", None, None);
        let freeze = entry("freeze", Some("stop signal"), Some("processes can tell"));
        let check = |entries: &[&Enforcement], expected: &str| {
            let entries: Vec<Enforcement> = entries.iter().map(|&entry| entry.clone()).collect();
            assert_eq!(
                in_a_line(&entries),
                format!("enforced: {expected} (kelvin explain enforced)")
            );
        };
        check(&[], "nothing");
        check(&[&network], "nothing");
        check(&[&cpu], "all");
        check(&[&cpu, &network, &files], "all but own network, files");
        check(&[&cpu, &network, &freeze], "all but own network; in part freeze");
    }
}
