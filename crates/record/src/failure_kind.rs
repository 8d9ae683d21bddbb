//! Which failures are the same for whoever reads them: their kinds, and what is kept of the first of each.
//!
//! Two failures are of one kind if function, status and error type are the same, both were expected or not, both came from
//! INIT or not, and their messages are the same but for what differs from one invocation to the next.

use std::collections::HashMap;

use kelvin_lambda::Status;

use crate::InvocationRecord;

/// So many kinds are told apart; what comes after them is of one more, for each function and status.
pub const MOST_FAILURE_KINDS: usize = 10_000;

/// So many messages of one error type are told apart.
const MOST_MESSAGES: usize = 16;

/// Of a message, so many characters tell it from others.
const TELLING: usize = 200;

/// The kinds that a run has seen so far, each with its number: they are counted from 0 as they are met.
#[derive(Debug, Default)]
pub struct FailureKinds {
    numbers: HashMap<Key, u64>,
    /// How many messages of each error type there are.
    messages: HashMap<OfType, usize>,
    next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OfType {
    function: u32,
    status: Status,
    expected: bool,
    init_failed: bool,
    /// `None` once there are too many.
    error_type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    of_type: OfType,
    /// `None` once there are too many.
    message: Option<String>,
}

impl FailureKinds {
    /// Numbers a failure of this function that is about to be recorded. Only the first of its kind keeps message and log; a
    /// good invocation is left as it is. Returns whether it is the first.
    pub fn number(&mut self, function: u32, row: &mut InvocationRecord) -> bool {
        if row.status == Status::Ok {
            return false;
        }
        let (number, is_first) = self.of(function, row);
        row.failure_kind = Some(number);
        if !is_first {
            (row.error_message, row.log_tail) = (None, None);
        }
        is_first
    }

    /// Takes over a failure on record, so that no kind gets its number again.
    pub fn learn(&mut self, function: u32, row: &InvocationRecord) {
        let Some(number) = row.failure_kind else { return };
        self.next = self.next.max(number + 1);
        if row.error_message.is_some() {
            let key = self.key(function, row);
            self.numbers.entry(key).or_insert(number);
        }
    }

    /// The number of a failure's kind, and whether it is the first of it.
    pub fn of(&mut self, function: u32, row: &InvocationRecord) -> (u64, bool) {
        let key = self.key(function, row);
        if let Some(number) = self.numbers.get(&key) {
            return (*number, false);
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(key, number);
        (number, true)
    }

    fn key(&mut self, function: u32, row: &InvocationRecord) -> Key {
        let InvocationRecord { status, expected, init_failed, .. } = *row;
        let error_type = row.error_type.clone();
        let mut of_type = OfType { function, status, expected, init_failed, error_type };
        let message = row.error_message.as_deref().unwrap_or_default();
        let mut message = Some(message_shape(status, row.request_id.as_deref(), message));
        let key = Key { of_type: of_type.clone(), message: message.clone() };
        if self.numbers.contains_key(&key) {
            return key;
        }
        if self.numbers.len() >= MOST_FAILURE_KINDS {
            (of_type.error_type, of_type.init_failed, message) = (None, false, None);
            return Key { of_type, message };
        }
        let messages = self.messages.entry(of_type.clone()).or_default();
        if *messages >= MOST_MESSAGES {
            return Key { of_type, message: None };
        }
        *messages += 1;
        key
    }
}

/// What tells the message of a failure from others: its first line, without the request id. Numbers, ids and what is in quotes
/// do not count where the function says it; what the platform says is always in the same words.
pub fn message_shape(status: Status, request_id: Option<&str>, message: &str) -> String {
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let line = match request_id {
        Some(id) if !id.is_empty() => line.replace(id, "#"),
        _ => line.to_owned(),
    };
    let line: String = line.chars().take(TELLING).collect();
    match status {
        Status::Error | Status::WrongAnswer => masked(&line),
        _ => line,
    }
}

/// With `#` for words that have digits and for what is in quotes.
fn masked(line: &str) -> String {
    let mut unquoted = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(at);
        let quote = quoted.chars().next().unwrap_or_default();
        unquoted.push_str(before);
        // An apostrophe is within a word.
        let opens = !before.ends_with(char::is_alphanumeric);
        let end = quoted[1..].find(quote).filter(|_| opens);
        rest = match end {
            Some(end) => {
                unquoted.push('#');
                &quoted[end + 2..]
            }
            None => {
                unquoted.push(quote);
                &quoted[1..]
            }
        };
    }
    unquoted.push_str(rest);
    unquoted.split_whitespace().map(without_digits).collect::<Vec<_>>().join(" ")
}

fn without_digits(word: &str) -> &str {
    if word.contains(|c: char| c.is_ascii_digit()) { "#" } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_same_but_for_what_differs_each_time() {
        let check = |a: &str, b: &str, same: bool| {
            assert_eq!(masked(a) == masked(b), same, "{} / {}", masked(a), masked(b));
        };
        check("bad card 4111-1111", "bad card 5500-0000", true);
        check("no item 'a' in \"items\"", "no item 'b c' in \"orders\"", true);
        check("can't reach a host", "can't reach b host", false);
        check("at /a/0: expected 1, got 2", "at /a/7: expected 3, got 9", true);
        check("connect ECONNREFUSED 127.0.0.1:80", "connect ETIMEDOUT 127.0.0.1:80", false);
        check("an open ' quote", "an open ' quote", true);
        check("é'ü' `ö`", "é'ü' `ä`", true);
        assert_eq!(masked("a \"b c\" d1  e"), "a # # e");
    }
}
