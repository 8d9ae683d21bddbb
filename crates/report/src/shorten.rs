//! Texts of one column that have to be shortened, such that different texts stay different.

use std::collections::{BTreeMap, BTreeSet};

/// No text is shortened to less: so much takes a number.
pub(crate) const LEAST: usize = 6;

/// What stands for what is left out.
const CUT: char = '…';

/// A number needs so many characters of the text before it to be worth them.
const HINT: usize = 3;

/// Which number stands for which text, on one page.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    texts: Vec<String>,
    /// How many of them the page has explained.
    explained: usize,
}

impl Numbers {
    /// The texts whose numbers nobody has explained yet, as lines of a legend.
    pub(crate) fn legend(&mut self) -> Vec<String> {
        let lines = (1..).zip(&self.texts).skip(self.explained);
        let lines = lines.map(|(number, text)| format!("#{number} = {text}")).collect();
        self.explained = self.texts.len();
        lines
    }

    /// The number of a text, from 1. Where it must not be that which it has, it gets another.
    fn of(&mut self, text: &str, is_free: impl Fn(usize) -> bool) -> usize {
        let known =
            (1..).zip(&self.texts).find(|(number, known)| *known == text && is_free(*number));
        if let Some((number, _)) = known {
            return number;
        }
        self.texts.push(text.to_owned());
        while !is_free(self.texts.len()) {
            self.texts.push(text.to_owned());
        }
        self.texts.len()
    }
}

/// The texts at most `width` long, which is [`LEAST`] or more. Where it can be, they are shortened in the middle; those that
/// would look like another are numbered.
pub(crate) fn shortened(texts: &[&str], width: usize, numbers: &mut Numbers) -> Vec<String> {
    let width = width.max(LEAST);
    let different: BTreeSet<&str> = texts.iter().copied().collect();
    let (short, long): (Vec<&str>, Vec<&str>) =
        different.into_iter().partition(|text| length(text) <= width);
    let mut labels: BTreeMap<&str, String> =
        short.iter().map(|text| (*text, (*text).to_owned())).collect();
    let (cut, alike) = heads(width)
        .map(|head| cut_at(&short, &long, head, width))
        .min_by_key(|(_, alike)| alike.len())
        .expect("there is a middle");
    labels.extend(cut);
    let mut taken: BTreeSet<String> = labels.values().cloned().collect();
    for text in alike {
        let number = numbers.of(text, |number| !taken.contains(&numbered(text, number, width)));
        let label = numbered(text, number, width);
        taken.insert(label.clone());
        labels.insert(text, label);
    }
    texts.iter().map(|text| labels[text].clone()).collect()
}

/// How much may be left before the cut, from the middle outward.
fn heads(width: usize) -> impl Iterator<Item = usize> {
    let (middle, most) = (width / 2, width / 4);
    (0..=most).flat_map(move |off| [middle - off, middle + off])
}

/// The long texts cut after `head` characters; and those of them that look like another then.
fn cut_at<'a>(
    short: &[&'a str],
    long: &[&'a str],
    head: usize,
    width: usize,
) -> (BTreeMap<&'a str, String>, Vec<&'a str>) {
    let mut like: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for text in long {
        like.entry(cut(text, head, width)).or_default().push(text);
    }
    let mut labels = BTreeMap::new();
    let mut alike = Vec::new();
    for (label, texts) in like {
        match texts.as_slice() {
            [one] if !short.contains(&label.as_str()) => _ = labels.insert(*one, label),
            _ => alike.extend(texts),
        }
    }
    alike.sort_unstable();
    (labels, alike)
}

fn cut(text: &str, head: usize, width: usize) -> String {
    let rest = length(text) - (width - 1 - head);
    text.chars().take(head).chain([CUT]).chain(text.chars().skip(rest)).collect()
}

/// `#3`, after as much of the text as there is room for.
fn numbered(text: &str, number: usize, width: usize) -> String {
    let number = format!("#{number}");
    let room = width.saturating_sub(number.len() + 1);
    if room < HINT {
        return number;
    }
    text.chars().take(room).chain([CUT]).chain(number.chars()).collect()
}

/// At most so many characters, cut at the end: for what need not be told apart.
pub(crate) fn clipped(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain([CUT]).collect()
}

/// In characters.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(width: usize, texts: &[&str], expected: &[&str], legend: &[&str]) {
        let mut numbers = Numbers::default();
        assert_eq!(shortened(texts, width, &mut numbers), expected);
        assert_eq!(numbers.legend(), legend);
        assert!(numbers.legend().is_empty(), "each number is explained once");
    }

    #[test]
    fn names_are_cut_in_the_middle_where_they_stay_different() {
        let versions = ["checkout-service-handler-v1", "checkout-service-handler-v2"];
        check(27, &versions, &versions, &[]);
        check(16, &versions, &["checkout…dler-v1", "checkout…dler-v2"], &[]);
        check(16, &["short", versions[0], "short"], &["short", "checkout…dler-v1", "short"], &[]);
    }

    #[test]
    fn the_cut_is_where_they_do_not_differ() {
        let names = ["a-blue-checkout-service-handler", "a-pink-checkout-service-handler"];
        check(16, &names, &["a-blue-c…handler", "a-pink-c…handler"], &[]);
        let names = ["checkout-blue-service-handler", "checkout-pink-service-handler"];
        check(16, &names, &["checkout-b…ndler", "checkout-p…ndler"], &[]);
    }

    #[test]
    fn those_that_would_look_alike_are_numbered() {
        let names = [
            "the-checkout-blue-service-handler",
            "the-checkout-pink-service-handler",
            "another-service-handler",
        ];
        check(
            14,
            &names,
            &["the-checkou…#1", "the-checkou…#2", "another…andler"],
            &["#1 = the-checkout-blue-service-handler", "#2 = the-checkout-pink-service-handler"],
        );
        check(
            6,
            &names[..2],
            &["the…#1", "the…#2"],
            &["#1 = the-checkout-blue-service-handler", "#2 = the-checkout-pink-service-handler"],
        );
    }

    #[test]
    fn a_number_is_the_same_on_all_of_a_page() {
        let mut numbers = Numbers::default();
        let names = ["the-checkout-blue-service", "the-checkout-pink-service"];
        let first = shortened(&names, 10, &mut numbers);
        assert_eq!(numbers.legend().len(), 2);
        assert_eq!(shortened(&[names[1], names[0]], 10, &mut numbers), [&*first[1], &*first[0]]);
        assert!(numbers.legend().is_empty());
    }

    proptest! {
        /// Few different letters, so that many texts are alike; some look like labels.
        #[test]
        fn different_texts_have_different_labels_which_lead_back(
            texts in proptest::collection::vec("[ab]{0,3}[a-c…#12]{0,16}", 1..40),
            width in LEAST..24_usize,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut numbers = Numbers::default();
            let labels = shortened(&texts, width, &mut numbers);
            let legend = numbers.legend();
            for (text, label) in texts.iter().zip(&labels) {
                prop_assert!(length(label) <= width, "{label}");
                for (other, of_other) in texts.iter().zip(&labels) {
                    prop_assert_eq!(text == other, label == of_other, "{} {}", text, other);
                }
                prop_assert!(leads_back(label, text, &legend), "{label} of {text}: {legend:?}");
            }
        }
    }

    /// Whether a reader finds the text of a label: it is the text, the legend has it, or it is the text without its middle.
    fn leads_back(label: &str, text: &str, legend: &[String]) -> bool {
        let is_cut = label.match_indices(CUT).any(|(at, cut)| {
            text.starts_with(&label[..at]) && text.ends_with(&label[at + cut.len()..])
        });
        let number = label.rsplit_once('#').map(|(_, number)| format!("#{number} = {text}"));
        label == text || is_cut || number.is_some_and(|line| legend.contains(&line))
    }
}
