//! `kelvin explain`.

use anyhow::bail;
use kelvin_record::list_runs;
use kelvin_report::{
    SECTIONS, Section, Topic, render_enforced, render_topic, render_topics, topic,
};

use crate::cli::ExplainArgs;
use crate::exit::{CODES, Exit};
use crate::{remedies, results, terminal};

/// The only topic that is about a run.
const ENFORCED: &str = "enforced";

/// What this program adds to the topics of reports.
const OF_PROGRAM: Section = Section {
    title: "This program",
    topics: &[Topic {
        id: "exit-codes",
        also: &["exit code", "exit codes", "exit"],
        short: "how a command tells what it came to",
        text: CODES,
    }],
};

pub(crate) fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let sections: Vec<Section> = SECTIONS.iter().copied().chain([OF_PROGRAM]).collect();
    let Some(name) = &args.topic else {
        let list = render_topics(&sections, &terminal::style());
        terminal::print(&format!("{list}\n`kelvin explain TOPIC` explains one.\n"))?;
        return Ok(Exit::Done);
    };
    let Some(found) = topic(&sections, name) else { bail!(unknown(name, &sections)) };
    if let (Some(run), true) = (&args.run, found.id != ENFORCED) {
        bail!("\"{}\" is the same in every run; leave out {run}", found.id);
    }
    let text = if found.id == ENFORCED { enforced(args, found)? } else { of(found) };
    terminal::print(&text)?;
    Ok(Exit::Done)
}

fn of(topic: &Topic) -> String {
    render_topic(topic, &terminal::style())
}

/// Of the run that is named, or of the latest; where there is no run at all, what the word means.
fn enforced(args: &ExplainArgs, topic: &Topic) -> anyhow::Result<String> {
    if args.run.is_none() && list_runs(&args.out)?.is_empty() {
        let none = format!("There is no run in {}.", args.out.display());
        return Ok(format!(
            "{}{none} `kelvin doctor` says what this machine can enforce.\n",
            of(topic)
        ));
    }
    let run = results::open(args.run.as_deref().unwrap_or("latest"), &args.out)?.record;
    let remedy = |entry: &kelvin_lambda::Enforcement| remedies::of_run(entry, &run.limits);
    Ok(render_enforced(&run, &remedy, &terminal::style()))
}

fn unknown(name: &str, sections: &[Section]) -> String {
    let topics = sections.iter().flat_map(|section| section.topics);
    let words = topics.flat_map(|topic| [topic.id].into_iter().chain(topic.also.iter().copied()));
    let near =
        |word: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    let nearest = words.min_by_key(near).filter(|word| near(word) <= 2);
    let nearest = nearest.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default();
    format!("there is no topic \"{name}\"; `kelvin explain` lists them{nearest}")
}
