//! Columns that line up.

use std::iter;

/// A table with a heading of two lines.
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// One column.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) head: [&'static str; 2],
    pub(crate) align: Align,
}

/// How a column lines up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text. The first such column is shortened if the table is too wide.
    Left,
    /// Text that ends flush.
    Right,
    /// Numbers, by their decimal points.
    Decimal,
}

const GAP: usize = 2;

impl Table {
    /// The heading and the rows, at most `width` wide unless the columns of numbers alone are wider.
    pub(crate) fn lines(&self, width: usize) -> (Vec<String>, Vec<String>) {
        let mut cells: Vec<Vec<String>> =
            (0..self.columns.len()).map(|column| self.aligned(column)).collect();
        let mut widths: Vec<usize> = iter::zip(&self.columns, &cells)
            .map(|(column, cells)| {
                column
                    .head
                    .iter()
                    .copied()
                    .chain(cells.iter().map(String::as_str))
                    .map(length)
                    .max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if let Some(text) = self.columns.iter().position(|column| column.align == Align::Left) {
            let least =
                self.columns[text].head.iter().copied().map(length).max().unwrap_or(0).max(8);
            widths[text] = widths[text].saturating_sub(total.saturating_sub(width)).max(least);
            for cell in &mut cells[text] {
                *cell = shortened(cell, widths[text]);
            }
        }
        let line = |cell: &dyn Fn(usize) -> String| {
            let padded = (0..self.columns.len())
                .map(|column| pad(&cell(column), widths[column], self.columns[column].align));
            padded.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        let heads = (0..2).map(|i| line(&|column| self.columns[column].head[i].to_owned()));
        let rows = (0..self.rows.len()).map(|row| line(&|column| cells[column][row].clone()));
        (heads.filter(|head| !head.is_empty()).collect(), rows.collect())
    }

    /// The cells of a column, with numbers of equal length after the point.
    fn aligned(&self, column: usize) -> Vec<String> {
        let cells: Vec<&str> = self.rows.iter().map(|row| row[column].as_str()).collect();
        if self.columns[column].align != Align::Decimal {
            return cells.into_iter().map(str::to_owned).collect();
        }
        let decimals = |cell: &str| cell.find('.').map_or(0, |point| cell.len() - point);
        let most = cells.iter().copied().map(decimals).max().unwrap_or(0);
        let is_number = |cell: &str| cell.contains(|c: char| c.is_ascii_digit());
        cells
            .into_iter()
            .map(|cell| {
                let fill = if is_number(cell) { most - decimals(cell) } else { 0 };
                format!("{cell}{}", " ".repeat(fill))
            })
            .collect()
    }
}

/// At most so many characters.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn pad(text: &str, width: usize, align: Align) -> String {
    let fill = " ".repeat(width.saturating_sub(length(text)));
    if align == Align::Left { format!("{text}{fill}") } else { format!("{fill}{text}") }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: usize, rows: &[[&str; 3]]) -> String {
        let column = |head, align| Column { head, align };
        let table = Table {
            columns: vec![
                column(["", "function"], Align::Left),
                column(["INIT", "p50"], Align::Decimal),
                column(["", "launches"], Align::Right),
            ],
            rows: rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect(),
        };
        let (heads, rows) = table.lines(width);
        [heads, rows].concat().join("\n")
    }

    #[test]
    fn numbers_line_up_by_their_points() {
        insta::assert_snapshot!(
            check(60, &[["json-128", "12.3", "20"], ["html-1769", "0.0412", "8"], ["x", "–", "120"]]),
            @r"
                      INIT
        function       p50  launches
        json-128   12.3           20
        html-1769   0.0412         8
        x                –       120
        "
        );
    }

    #[test]
    fn a_long_name_is_shortened_to_fit() {
        insta::assert_snapshot!(check(34, &[["thumbnail-release-1769", "12.3", "20"]]), @r"
                            INIT
        function             p50  launches
        thumbnail-release…  12.3        20
        ");
        insta::assert_snapshot!(check(1, &[["thumbnail-release-1769", "12.3", "20"]]), @r"
                  INIT
        function   p50  launches
        thumbna…  12.3        20
        ");
    }
}
