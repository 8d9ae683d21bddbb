//! Other people's messages and logs, as far as a report shows them.

/// So many lines of a log are shown, its last ones …
const MOST_LINES: usize = 8;
/// … and so many characters of each.
const MOST_OF_LINE: usize = 300;

/// The end of a log, without the lines that the platform writes.
pub(crate) struct Log {
    pub(crate) lines: Vec<String>,
    of: usize,
}

impl Log {
    pub(crate) fn of(text: &str) -> Log {
        let own: Vec<&str> = lines(text).filter(|line| !is_platforms(line)).collect();
        let last = &own[own.len().saturating_sub(MOST_LINES)..];
        let lines = last.iter().map(|line| {
            // Its fields are far apart.
            let is_report = line.starts_with("INIT_REPORT ");
            let line = if is_report { line.replace('\t', " ") } else { (*line).to_owned() };
            shortened_in_the_middle(line.trim_end(), MOST_OF_LINE)
        });
        let lines = lines.collect();
        Log { lines, of: own.len() }
    }

    pub(crate) fn title(&self) -> String {
        if self.lines.len() == self.of {
            "log:".to_owned()
        } else {
            format!("log, the last {} of {} lines:", self.lines.len(), self.of)
        }
    }
}

/// The lines of a text that are not empty. AWS's client for Python ends the lines of a message with a carriage return.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty())
}

/// Whether Lambda writes the line itself. INIT_REPORT stays where INIT failed: it says how long it took.
fn is_platforms(line: &str) -> bool {
    ["START RequestId: ", "END RequestId: ", "REPORT RequestId: "]
        .iter()
        .any(|begin| line.starts_with(begin))
}

/// At most so many characters: the beginning and the end, which say most.
pub(crate) fn shortened_in_the_middle(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let end = most / 3;
    let beginning: String = text.chars().take(most - end - 3).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{beginning} … {end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, title: &str, lines: &[&str]) {
        let log = Log::of(text);
        assert_eq!(
            (log.title().as_str(), log.lines),
            (title, lines.iter().map(|l| (*l).to_owned()).collect())
        );
    }

    #[test]
    fn a_log_is_what_the_function_wrote() {
        check("", "log:", &[]);
        check("no newline", "log:", &["no newline"]);
        check(
            "START RequestId: a Version: $LATEST\nb\r\n\n  c\nEND RequestId: a\nREPORT RequestId: a\t\n",
            "log:",
            &["b", "  c"],
        );
        let many: String = (0..20).map(|n| format!("{n}\n")).collect();
        check(
            &many,
            "log, the last 8 of 20 lines:",
            &["12", "13", "14", "15", "16", "17", "18", "19"],
        );
    }

    #[test]
    fn a_line_of_any_length_is_short() {
        let log = Log::of(&format!("begin{}end", "x".repeat(1 << 20)));
        assert_eq!(log.lines.len(), 1);
        let line = &log.lines[0];
        assert_eq!(line.chars().count(), MOST_OF_LINE);
        assert!(line.starts_with("beginxxx") && line.contains("x … x") && line.ends_with("xxend"));
        assert_eq!(shortened_in_the_middle("äöü", 3), "äöü");
    }
}
