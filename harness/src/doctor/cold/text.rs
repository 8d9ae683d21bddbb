//! The tables of the starts, as text.

use std::fmt::Write;

use super::result::{Compared, Place, Row, SAME, median};

/// Files that are named of each program; of the others there is the count.
const MOST_NAMED: usize = 3;

pub(super) fn render(compared: &Compared) -> String {
    let mut text = String::new();
    let line = &mut text;
    starts(line, compared);
    match &compared.no_bare {
        None => verdicts(line, &compared.rows),
        Some(reason) => {
            writeln!(line, "\nBare starts are missing, with which cold ones are compared:").ok();
            reason.lines().for_each(|part| _ = writeln!(line, "  {part}"));
        }
    }
    files(line, compared);
    if !compared.left_out.is_empty() {
        writeln!(line, "\nLeft out:").ok();
        compared.left_out.iter().for_each(|reason| _ = writeln!(line, "  {reason}"));
    }
    text
}

fn starts(line: &mut String, compared: &Compared) {
    writeln!(
        line,
        "Starts from exec to the first request; ms, medians of {}. Warm and cold\n\
         by the emulator, bare without it after the caches of the machine were dropped.\n",
        if compared.rounds == 1 {
            "1 round".to_owned()
        } else {
            format!("{} rounds", compared.rounds)
        }
    )
    .ok();
    writeln!(line, "{:<20}{:>10}{:>10}{:>10}   cold / bare, 95 %", "", "warm", "cold", "bare").ok();
    for row in &compared.rows {
        write!(line, "{:<20}", row.name).ok();
        for values in [&row.warm_ms, &row.cold_ms, &row.bare_ms] {
            let median = median(values).map(|ms| format!("{ms:.2}"));
            write!(line, "{:>10}", median.as_deref().unwrap_or("–")).ok();
        }
        let ratio = match row.ratio() {
            Ok(estimate) => {
                let interval = estimate.ci95.map(|ci| format!("{:.2}–{:.2}", ci.low, ci.high));
                format!("{:.2}  {}", estimate.value, interval.unwrap_or_default())
            }
            Err(_) => "–".to_owned(),
        };
        writeln!(line, "   {ratio}").ok();
    }
}

/// A line a program.
fn verdicts(line: &mut String, rows: &[Row]) {
    writeln!(line).ok();
    for row in rows {
        let same = format!("{:.2}–{:.2}", SAME.low, SAME.high);
        let verdict = match row.ratio().and_then(|estimate| estimate.ci95) {
            Ok(interval) => match Place::of(interval) {
                Place::Overlaps => format!("the interval overlaps {same}"),
                Place::Below => format!("cold starts are too fast: the interval is below {same}"),
                Place::Above => format!("cold starts are too slow: the interval is above {same}"),
            },
            Err(few) => format!("no interval: {}; add --rounds", few.of(["round", "rounds"])),
        };
        writeln!(line, "{}: {verdict}", row.name).ok();
    }
    writeln!(
        line,
        "\nWhat other processes have mapped, such as the C library, stays in the page\n\
         cache when caches are dropped; the emulator evicts a copy of it."
    )
    .ok();
}

fn files(line: &mut String, compared: &Compared) {
    writeln!(
        line,
        "\nFiles of the emulator's cold starts: their size, what of it was resident at the\n\
         start at most, and preparing: time a start, copies in all, starts that waited\n"
    )
    .ok();
    writeln!(
        line,
        "{:<20}{:>10}{:>14}{:>10}{:>11}{:>10}",
        "", "MB", "resident kB", "ms", "copied MB", "waited"
    )
    .ok();
    for row in &compared.rows {
        let files = row.files();
        let resident = files.resident_bytes.map(|bytes| format!("{:.0}", bytes as f64 / 1e3));
        writeln!(
            line,
            "{:<20}{:>10.2}{:>14}{:>10.1}{:>11.2}{:>10}",
            row.name,
            files.bytes as f64 / 1e6,
            resident.as_deref().unwrap_or("not known"),
            files.prepare_ms,
            files.copied_bytes as f64 / 1e6,
            files.waited,
        )
        .ok();
    }
    for row in &compared.rows {
        let not_evicted = row.files().not_evicted;
        if not_evicted.is_empty() {
            continue;
        }
        writeln!(line, "Not evicted of {}:", row.name).ok();
        not_evicted.iter().take(MOST_NAMED).for_each(|file| _ = writeln!(line, "  {file}"));
        if not_evicted.len() > MOST_NAMED {
            writeln!(line, "  and {} more", not_evicted.len() - MOST_NAMED).ok();
        }
    }
    if let Some(reason) = &compared.not_private {
        writeln!(line, "Functions have no files of their own: {reason}").ok();
    }
}

#[cfg(test)]
mod tests {
    use kelvin_lambda::PageCacheFacts;

    use super::*;

    fn row(name: &str, times: f64, n: u32) -> Row {
        let ms = |factor: f64| -> Vec<f64> {
            (0..n).map(|round| factor * (10.0 + f64::from(round % 4))).collect()
        };
        let facts = PageCacheFacts {
            cold: true,
            bytes: 2_345_678,
            resident_bytes: (times < 2.0).then_some(4096),
            not_evicted: (0..n / 2).map(|n| format!("/lib/{n}: in use")).collect(),
            copied_bytes: 1_500_000,
            prepare_ns: 12_340_000,
            waited: false,
            starting: 1,
        };
        Row {
            name: name.to_owned(),
            warm_ms: ms(0.1),
            cold_ms: ms(times),
            bare_ms: ms(1.0),
            facts: vec![facts],
        }
    }

    fn compared() -> Compared {
        let rows = vec![
            row("C bootstrap", 1.02, 1),
            row("hello (Rust)", 0.5, 8),
            row("awslambdaric", 100.0, 9),
            row("kelvin itself", 1.1, 10),
        ];
        let left_out = vec!["hello: the current folder is not in a cargo workspace".to_owned()];
        Compared { rounds: 10, rows, left_out, no_bare: None, not_private: None }
    }

    #[test]
    fn tables_fit_a_terminal() {
        let text = render(&compared());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text, @"
        Starts from exec to the first request; ms, medians of 10 rounds. Warm and cold
        by the emulator, bare without it after the caches of the machine were dropped.

                                  warm      cold      bare   cold / bare, 95 %
        C bootstrap               1.00     10.20     10.00   –
        hello (Rust)              1.15      5.75     11.50   0.50  0.50–0.50
        awslambdaric              1.10   1100.00     11.00   100.00  100.00–100.00
        kelvin itself             1.10     12.10     11.00   1.10  1.10–1.10

        C bootstrap: no interval: needs 6 rounds, has 1; add --rounds
        hello (Rust): cold starts are too fast: the interval is below 0.85–1.15
        awslambdaric: cold starts are too slow: the interval is above 0.85–1.15
        kelvin itself: the interval overlaps 0.85–1.15

        What other processes have mapped, such as the C library, stays in the page
        cache when caches are dropped; the emulator evicts a copy of it.

        Files of the emulator's cold starts: their size, what of it was resident at the
        start at most, and preparing: time a start, copies in all, starts that waited

                                    MB   resident kB        ms  copied MB    waited
        C bootstrap               2.35             4      12.3       1.50         0
        hello (Rust)              2.35             4      12.3       1.50         0
        awslambdaric              2.35     not known      12.3       1.50         0
        kelvin itself             2.35             4      12.3       1.50         0
        Not evicted of hello (Rust):
          /lib/0: in use
          /lib/1: in use
          /lib/2: in use
          and 1 more
        Not evicted of awslambdaric:
          /lib/0: in use
          /lib/1: in use
          /lib/2: in use
          and 1 more
        Not evicted of kelvin itself:
          /lib/0: in use
          /lib/1: in use
          /lib/2: in use
          and 2 more

        Left out:
          hello: the current folder is not in a cargo workspace
        ");
    }

    #[test]
    fn without_bare_starts_it_is_said_what_adds_them() {
        let mut compared = compared();
        compared.no_bare = Some("it cannot be written\nto add them: sudo kelvin".to_owned());
        compared.rows.truncate(1);
        compared.rows[0].bare_ms.clear();
        compared.left_out.clear();
        let text = render(&compared);
        insta::assert_snapshot!(text, @"
        Starts from exec to the first request; ms, medians of 10 rounds. Warm and cold
        by the emulator, bare without it after the caches of the machine were dropped.

                                  warm      cold      bare   cold / bare, 95 %
        C bootstrap               1.00     10.20         –   –

        Bare starts are missing, with which cold ones are compared:
          it cannot be written
          to add them: sudo kelvin

        Files of the emulator's cold starts: their size, what of it was resident at the
        start at most, and preparing: time a start, copies in all, starts that waited

                                    MB   resident kB        ms  copied MB    waited
        C bootstrap               2.35             4      12.3       1.50         0
        ");
    }
}
