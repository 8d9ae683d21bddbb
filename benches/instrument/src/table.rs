//! Tables as text and as Markdown, and what is said meanwhile.

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Markdown,
}

/// A title, rows of cells, and notes below them. The first column is text, the others are figures.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    /// A row of two cells, where there are more columns, is a name with a remark.
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: &str, head: &[&str]) -> Table {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        Table { title: title.to_owned(), head, rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    pub(crate) fn render(&self, form: Form) -> String {
        let mut lines = match form {
            Form::Text => vec![self.title.clone(), String::new()],
            Form::Markdown => vec![format!("### {}", self.title), String::new()],
        };
        lines.push(self.line(&self.head, form));
        if form == Form::Markdown {
            lines.push(format!("|---|{}", "--:|".repeat(self.head.len() - 1)));
        }
        lines.extend(self.rows.iter().map(|row| self.line(row, form)));
        lines.push(String::new());
        lines.extend(self.notes.iter().cloned());
        lines.push(String::new());
        lines.join("\n")
    }

    fn line(&self, row: &[String], form: Form) -> String {
        if form == Form::Markdown {
            let empty = self.head.len() - row.len();
            let cells = row.iter().map(|cell| cell.replace('|', "\\|"));
            let cells: Vec<_> = cells.chain(std::iter::repeat_n(String::new(), empty)).collect();
            return format!("| {} |", cells.join(" | "));
        }
        let is_remark = row.len() < self.head.len();
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = self.width(column);
            match column {
                0 => format!("{cell:width$}"),
                _ if is_remark => cell.clone(),
                _ => format!("{cell:>width$}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }

    fn width(&self, column: usize) -> usize {
        let full = self.rows.iter().filter(|row| column == 0 || row.len() == self.head.len());
        let cells = full.chain([&self.head]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    }
}

/// Nanoseconds as µs.
pub(crate) fn microseconds(nanoseconds: f64) -> String {
    format!("{:.1}", nanoseconds / 1e3)
}

/// Nanoseconds as ms.
pub(crate) fn milliseconds(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1e6)
}

/// Bytes as MB.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
}

/// How often `part` contains `whole`; empty without one.
pub(crate) fn ratio(part: f64, whole: Option<f64>) -> String {
    whole.map(|whole| format!("{:.2}", part / whole)).unwrap_or_default()
}

/// Writes to standard output.
#[expect(clippy::print_stdout, reason = "the tables are what this program is for")]
pub(crate) fn show(text: &str) {
    println!("{text}");
}

/// Says on standard error what is going on.
#[expect(clippy::print_stderr, reason = "a run takes minutes")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Says on standard error what is wrong.
pub(crate) fn complain(text: &str) {
    say(&format!("instrument: {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("Title", &["who", "p50", "ratio"]);
        table.row(vec!["floor".to_owned(), "52.1".to_owned(), ratio(1.0, None)]);
        table.row(vec!["Kelvin".to_owned(), "160.25".to_owned(), ratio(3.0, Some(2.0))]);
        table.row(vec!["other".to_owned(), "not available: a | b".to_owned()]);
        table.note("Note.");
        table
    }

    #[test]
    fn text_is_aligned() {
        let expected = "Title\n\nwho        p50  ratio\nfloor     52.1\nKelvin  160.25   1.50\n\
                        other   not available: a | b\n\nNote.\n";
        assert_eq!(table().render(Form::Text), expected);
    }

    #[test]
    fn markdown_has_every_cell() {
        let expected = "### Title\n\n| who | p50 | ratio |\n|---|--:|--:|\n| floor | 52.1 |  |\n\
                        | Kelvin | 160.25 | 1.50 |\n| other | not available: a \\| b |  |\n\nNote.\n";
        assert_eq!(table().render(Form::Markdown), expected);
    }
}
