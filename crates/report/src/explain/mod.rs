//! What a report says in a word, said at length: topics by their names.

mod enforced;
mod terms;

pub(crate) use enforced::in_a_line;
pub use enforced::render_enforced;
use terms::TERMS;

use crate::page::{Page, Role, Style};

/// Something that can be explained.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// How it is asked for.
    pub id: &'static str,
    /// Other words for it, such as the headings of columns.
    pub also: &'static [&'static str],
    /// What it is, in a line.
    pub short: &'static str,
    /// The explanation, a paragraph each.
    pub text: &'static [&'static str],
}

/// Topics of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What stands over its list.
    pub title: &'static str,
    /// In the order of the list.
    pub topics: &'static [Topic],
}

/// What there is to know of a run, and the words in its report. Whoever has topics of another kind adds a section.
pub const SECTIONS: &[Section] = &[
    Section { title: "A run", topics: &[enforced::TOPIC] },
    Section { title: "Words in reports", topics: TERMS },
];

/// The topic of that name, whatever its case; of several words, such as a heading, that of all of them or else of the first
/// that is known.
pub fn topic<'a>(sections: &'a [Section], name: &str) -> Option<&'a Topic> {
    let all = || sections.iter().flat_map(|section| section.topics);
    let is = |name: &str| {
        let same = |word: &&str| word.eq_ignore_ascii_case(name);
        all().find(|topic| same(&topic.id) || topic.also.iter().any(same))
    };
    is(name).or_else(|| name.split([' ', '-', '_']).find_map(is))
}

/// The list of all topics.
pub fn render_topics(sections: &[Section], style: &Style) -> String {
    let mut page = Page::new(*style);
    for (at, section) in sections.iter().enumerate() {
        if at > 0 {
            page.gap();
        }
        page.text(Role::Title, 2, section.title);
        for Topic { id, short, .. } in section.topics {
            page.text(Role::Plain, 6, &format!("  {id}: {short}"));
        }
    }
    page.render()
}

/// One topic.
pub fn render_topic(topic: &Topic, style: &Style) -> String {
    let mut page = Page::new(*style);
    add_topic(&mut page, topic);
    page.render()
}

fn add_topic(page: &mut Page, topic: &Topic) {
    page.text(Role::Title, 2, &format!("{}: {}", topic.id, topic.short));
    for paragraph in topic.text {
        page.text(Role::Plain, 0, paragraph);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_has_two_explanations() {
        let mut seen = BTreeSet::new();
        for topic in SECTIONS.iter().flat_map(|section| section.topics) {
            for word in [topic.id].iter().chain(topic.also) {
                assert!(seen.insert(word.to_ascii_lowercase()), "{word} is there twice");
            }
            assert!(!topic.text.is_empty() && topic.short.ends_with(char::is_alphanumeric));
        }
    }

    #[test]
    fn topics_are_found_by_what_is_read() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(topic(SECTIONS, name).map(|topic| topic.id), expected, "{name}");
        };
        check("enforced", Some("enforced"));
        check("ci", Some("interval"));
        check("95 % interval", Some("interval"));
        check("total p90", Some("total"));
        check("Cold Starts", Some("cold"));
        check("as called", Some("gap"));
        check("SATURATED", Some("gap"));
        check("W012", None);
        check("", None);
    }
}
