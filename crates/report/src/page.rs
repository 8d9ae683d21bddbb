//! Lines of text with a part to play, for terminals that can show it and for those that cannot.

use crate::shorten::Numbers;
use crate::table::{Lines, Spare, Table};

/// How a report may look. Colour and symbols only repeat what the words say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With escape sequences.
    pub color: bool,
    /// With characters beyond ASCII.
    pub unicode: bool,
    /// Columns of the terminal, which no table is to exceed. `None` for files and pipes: tables are as wide as they are.
    pub width: Option<usize>,
}

impl Style {
    /// Text is not broken into longer lines, however wide the terminal is.
    const TEXT: usize = 100;
    /// Nothing is made to fit into less.
    const LEAST: usize = 20;

    fn text_width(self) -> usize {
        self.width.unwrap_or(Style::TEXT).clamp(Style::LEAST, Style::TEXT)
    }
}

/// What a line is to the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Plain,
    Aside,
    Warning,
}

impl Role {
    /// Bold, faint or orange: never red against green.
    fn escape(self) -> Option<&'static str> {
        match self {
            Role::Title => Some("\x1b[1m"),
            Role::Plain => None,
            Role::Aside => Some("\x1b[2m"),
            Role::Warning => Some("\x1b[1;33m"),
        }
    }
}

/// A page in the making.
pub(crate) struct Page {
    style: Style,
    lines: Vec<(Role, String)>,
    /// Of names that tables have no room for.
    numbers: Numbers,
}

impl Page {
    pub(crate) fn new(style: Style) -> Page {
        Page { style, lines: Vec::new(), numbers: Numbers::default() }
    }

    /// Adds a text, broken between words; the lines after the first are indented.
    pub(crate) fn text(&mut self, role: Role, indent: usize, text: &str) {
        for line in wrapped(&printable(text), indent, self.style.text_width()) {
            self.lines.push((role, line));
        }
    }

    /// Adds a line of other people's text as it is, spaces included, after `mark`; what is too long goes on in the next line.
    pub(crate) fn quote(&mut self, mark: &str, text: &str) {
        let room = self.style.text_width().saturating_sub(mark.chars().count()).max(1);
        let text: Vec<char> = visible(text.trim_end()).chars().collect();
        let mut lines =
            text.chunks(room).map(|line| line.iter().collect()).collect::<Vec<String>>();
        if lines.is_empty() {
            lines.push(String::new());
        }
        let line = |line: String| (Role::Plain, format!("{mark}{line}").trim_end().to_owned());
        self.lines.extend(lines.into_iter().map(line));
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.lines.push((Role::Plain, String::new()));
    }

    /// Adds a table. Where it is too wide, it does without columns that it can spare, and says so below; names are shortened,
    /// and numbered where they would look alike.
    pub(crate) fn table(&mut self, table: &Table, spare: &[Spare]) {
        let width = self.style.width.map(|width| width.max(Style::LEAST));
        let Lines { heads, rows, left_out, whole } = table.lines(width, spare, &mut self.numbers);
        self.lines.extend(heads.into_iter().map(|line| (Role::Aside, printable(&line))));
        self.lines.extend(rows.into_iter().map(|line| (Role::Plain, printable(&line))));
        for line in self.numbers.legend() {
            self.text(Role::Plain, 2, &line);
        }
        if !left_out.is_empty() {
            let list = left_out.join(", ");
            let text =
                format!("Left out for lack of width: {list}. COLUMNS={whole} has room for all.");
            self.text(Role::Aside, 2, &text);
        }
    }

    /// The page as text.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        for (role, line) in &self.lines {
            let line = if self.style.unicode { line.clone() } else { ascii(line) };
            match role.escape().filter(|_| self.style.color && !line.is_empty()) {
                Some(escape) => text.extend([escape, &line, "\x1b[0m\n"]),
                None => text.extend([line.as_str(), "\n"]),
            }
        }
        text
    }
}

/// Other people's text as it may be shown: what would steer the terminal, or turn round the direction of writing, is escaped as
/// in Rust (`\u{1b}`); a tab is two spaces.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '\t' => shown.push_str("  "),
            c if c.is_control() || is_invisible(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// Marks of direction and joiners, ends of lines and paragraphs, and the byte order mark (Unicode, "Format").
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The same, on one line: error messages and notes are other people's text, too.
fn printable(text: &str) -> String {
    visible(&text.replace(['\n', '\r'], " "))
}

/// The symbols of the report in ASCII, each of the same width.
fn ascii(text: &str) -> String {
    let plain = |c| match c {
        '·' => '|',
        '–' => '-',
        '×' => 'x',
        '…' | '±' => '~',
        'µ' => 'u',
        '÷' => '/',
        '−' => '-',
        '→' => '>',
        '│' => '|',
        '█' => '#',
        '░' => ':',
        other => other,
    };
    text.chars().map(plain).collect()
}

fn wrapped(text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let leading = text.len() - text.trim_start().len();
    line.push_str(&text[..leading]);
    let mut empty = true;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if !empty && line.chars().count() + 1 + word.len() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        // A word that no line can hold is broken where the line ends.
        while line.chars().count() + word.len() > width {
            let rest = word.split_off(width - line.chars().count());
            line.extend(word);
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            word = rest;
        }
        line.extend(word);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: Style, text: &str) -> String {
        let mut page = Page::new(style);
        page.text(Role::Warning, 2, text);
        page.render()
    }

    #[test]
    fn breaks_lines_between_words() {
        let text = check(Style::default(), &"word ".repeat(30));
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("  word")), "{text}");
        let long = check(Style::default(), &"x".repeat(250));
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [100, 100, 54]);
        let lengths = |width| {
            let text = check(Style { width: Some(width), ..Style::default() }, &"x".repeat(250));
            text.lines().map(str::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(140), [100, 100, 54]);
        assert_eq!(lengths(80), [80, 80, 80, 16]);
        assert_eq!(lengths(0)[..2], [20, 20]);
    }

    #[test]
    fn other_peoples_text_does_not_steer_the_terminal() {
        assert_eq!(check(Style::default(), "a\x1b[2Jb\nc"), "a\\u{1b}[2Jb c\n");
        let quoted = |text: &str| {
            let mut page = Page::new(Style { unicode: true, ..Style::default() });
            page.quote("> ", text);
            page.render()
        };
        let check = |text: &str, expected: &str| assert_eq!(quoted(text), expected);
        check("", ">\n");
        check("  a\t b", ">   a   b\n");
        check("\u{7}\u{9b}2J\0", "> \\u{7}\\u{9b}2J\\u{0}\n");
        check("a\u{202e}b\u{feff}", "> a\\u{202e}b\\u{feff}\n");
        check("\x1b]0;title\x07", "> \\u{1b}]0;title\\u{7}\n");
        let long = quoted(&"é".repeat(200));
        assert!(long.lines().all(|line| line.starts_with("> ") && line.chars().count() <= 100));
        assert_eq!(long.lines().count(), 3);
    }

    #[test]
    fn colour_and_symbols_are_optional() {
        let style = |color, unicode| Style { color, unicode, width: None };
        assert_eq!(check(style(false, true), "20 × 100"), "20 × 100\n");
        assert_eq!(check(style(false, false), "20 × 100"), "20 x 100\n");
        assert_eq!(check(style(true, false), "20 × 100"), "\x1b[1;33m20 x 100\x1b[0m\n");
    }
}
