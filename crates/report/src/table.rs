//! Columns that line up, in as much width as there is.

use std::iter;

use crate::shorten::{self, Numbers, clipped, length, shortened};

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
    /// Names. They are shortened if the table is too wide; different ones stay different.
    Left,
    /// A remark on the row, which is cut at its end if the table is too wide.
    Remark,
    /// Text that ends flush.
    Right,
    /// Numbers, by their decimal points.
    Decimal,
}

/// A column that a table can do without, by its index, and what the reader is told that is missing. Those that can be missed
/// most easily come first.
pub(crate) type Spare = (usize, &'static str);

/// A table as it is shown.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<String>,
    /// What was left out for lack of width.
    pub(crate) left_out: Vec<&'static str>,
    /// How wide the table is with everything.
    pub(crate) whole: usize,
}

const GAP: usize = 2;

/// As long as there is a column to spare, the names of the first column are not shortened below this.
const COMFORTABLE: usize = 16;

/// The same of the names of other columns.
const COMFORTABLE_OTHERS: usize = 24;

/// They are never shortened below this.
const TIGHT_OTHERS: usize = 12;

/// Remarks are not cut to less.
const REMARK: usize = 20;

impl Table {
    /// The heading and the rows, at most `width` wide where it can be; as wide as they are without it.
    pub(crate) fn lines(
        &self,
        width: Option<usize>,
        spare: &[Spare],
        numbers: &mut Numbers,
    ) -> Lines {
        let mut cells: Vec<Vec<String>> =
            (0..self.columns.len()).map(|column| self.aligned(column)).collect();
        let widths = iter::zip(&self.columns, &cells).map(|(column, cells)| {
            let cells = cells.iter().map(|cell| length(cell));
            cells.chain([column.least()]).max().unwrap_or(0)
        });
        let mut fit = Fit { columns: &self.columns, widths: widths.collect(), shown: Vec::new() };
        fit.shown = (0..self.columns.len()).collect();
        let whole = fit.total();
        let left_out = width.map_or_else(Vec::new, |width| fit.shrink(width, spare));
        for &column in &fit.shown {
            let width = fit.widths[column];
            let align = self.columns[column].align;
            if cells[column].iter().all(|cell| length(cell) <= width) {
                continue;
            }
            let texts: Vec<&str> = cells[column].iter().map(String::as_str).collect();
            cells[column] = match align {
                Align::Remark => texts.into_iter().map(|text| clipped(text, width)).collect(),
                _ => shortened(&texts, width, numbers),
            };
        }
        let line = |cell: &dyn Fn(usize) -> String| {
            let padded = fit
                .shown
                .iter()
                .map(|&column| pad(&cell(column), fit.widths[column], self.columns[column].align));
            padded.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        let heads = (0..2).map(|i| line(&|column| self.columns[column].head[i].to_owned()));
        let rows = (0..self.rows.len()).map(|row| line(&|column| cells[column][row].clone()));
        Lines {
            heads: heads.filter(|head| !head.is_empty()).collect(),
            rows: rows.collect(),
            left_out,
            whole,
        }
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

impl Column {
    /// So wide is its heading.
    fn least(&self) -> usize {
        self.head.iter().copied().map(length).max().unwrap_or(0)
    }
}

/// How wide the columns of a table are, and which are shown.
struct Fit<'a> {
    columns: &'a [Column],
    widths: Vec<usize>,
    shown: Vec<usize>,
}

impl Fit<'_> {
    fn total(&self) -> usize {
        let widths = self.shown.iter().map(|column| self.widths[*column]);
        widths.sum::<usize>() + GAP * self.shown.len().saturating_sub(1)
    }

    /// Leaves out columns until the others have room, and shortens what has too little. Tells what is left out.
    fn shrink(&mut self, width: usize, spare: &[Spare]) -> Vec<&'static str> {
        let all = std::mem::take(&mut self.widths);
        self.widths = self.least(&all, Room::Comfortable);
        let mut left_out: Vec<Spare> = Vec::new();
        for &(column, called) in spare {
            if self.total() <= width {
                break;
            }
            self.shown.retain(|shown| *shown != column);
            left_out.push((column, called));
        }
        // A wide one may have made room for narrow ones that are easier to miss.
        for at in (0..left_out.len()).rev() {
            let (column, _) = left_out[at];
            if self.total() + GAP + self.widths[column] <= width {
                self.shown.push(column);
                left_out.remove(at);
            }
        }
        self.shown.sort_unstable();
        if self.total() > width {
            self.widths = self.least(&all, Room::Tight);
        }
        // The first columns get what is left.
        for &column in &self.shown.clone() {
            let left = width.saturating_sub(self.total());
            self.widths[column] = all[column].min(self.widths[column] + left);
        }
        left_out.into_iter().map(|(_, called)| called).collect()
    }

    /// What columns need that would be so wide if there were room for everything.
    fn least(&self, all: &[usize], room: Room) -> Vec<usize> {
        let first = self.columns.iter().position(|column| column.align == Align::Left);
        let least = |(at, column): (usize, &Column)| {
            let least = match (column.align, room) {
                (Align::Left, Room::Comfortable) if Some(at) == first => COMFORTABLE,
                (Align::Left, Room::Comfortable) => COMFORTABLE_OTHERS,
                (Align::Left, Room::Tight) if Some(at) == first => shorten::LEAST,
                (Align::Left, Room::Tight) => TIGHT_OTHERS,
                (Align::Remark, _) => REMARK,
                (Align::Right | Align::Decimal, _) => return all[at],
            };
            all[at].min(least.max(column.least()))
        };
        self.columns.iter().enumerate().map(least).collect()
    }
}

/// How much room a table has for names.
#[derive(Clone, Copy)]
enum Room {
    /// As long as there is a column to spare.
    Comfortable,
    Tight,
}

fn pad(text: &str, width: usize, align: Align) -> String {
    let fill = " ".repeat(width.saturating_sub(length(text)));
    match align {
        Align::Left | Align::Remark => format!("{text}{fill}"),
        Align::Right | Align::Decimal => format!("{fill}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: Option<usize>, rows: &[[&str; 3]]) -> String {
        let column = |head, align| Column { head, align };
        let table = Table {
            columns: vec![
                column(["", "function"], Align::Left),
                column(["INIT", "p50"], Align::Decimal),
                column(["", "launches"], Align::Right),
            ],
            rows: rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect(),
        };
        let mut numbers = Numbers::default();
        let lines = table.lines(width, &[(2, "launches")], &mut numbers);
        let mut text = [lines.heads, lines.rows, numbers.legend()].concat();
        if !lines.left_out.is_empty() {
            text.push(format!("{} of {}", lines.left_out.join(", "), lines.whole));
        }
        text.join("\n")
    }

    #[test]
    fn numbers_line_up_by_their_points() {
        insta::assert_snapshot!(
            check(None, &[["json-128", "12.3", "20"], ["html-1769", "0.0412", "8"], ["x", "–", "120"]]),
            @r"
                      INIT
        function       p50  launches
        json-128   12.3           20
        html-1769   0.0412         8
        x                –       120
        "
        );
    }

    const VERSIONS: [[&str; 3]; 2] = [
        ["checkout-service-handler-v1", "12.3", "20"],
        ["checkout-service-handler-v2", "1.23", "4"],
    ];

    #[test]
    fn a_table_fits() {
        insta::assert_snapshot!(check(Some(44), &VERSIONS), @r"
                                      INIT
        function                       p50  launches
        checkout-service-handler-v1  12.3         20
        checkout-service-handler-v2   1.23         4
        ");
        insta::assert_snapshot!(check(Some(34), &VERSIONS), @r"
                            INIT
        function             p50  launches
        checkout…ndler-v1  12.3         20
        checkout…ndler-v2   1.23         4
        ");
        insta::assert_snapshot!(check(Some(24), &VERSIONS), @r"
                            INIT
        function             p50
        checkout…ndler-v1  12.3
        checkout…ndler-v2   1.23
        launches of 44
        ");
        insta::assert_snapshot!(check(Some(1), &VERSIONS), @r"
                   INIT
        function    p50
        chec…-v1  12.3
        chec…-v2   1.23
        launches of 44
        ");
    }
}
