//! The tables of the replay, as text.

use std::fmt::Write;

use kelvin_emulator::cpu::published::Figures;

use super::plan::FIRSTS;
use super::result::{Besides, Compared, Outcome, Size};

/// An invocation waits less where nothing else runs.
const QUIET_MS: f64 = 0.5;
const NOT_QUIET: &str =
    "NOT QUIET: something else was running; these numbers are not to be trusted";

pub(super) fn render(outcome: &Outcome) -> String {
    let mut text = String::new();
    let line = &mut text;
    let Outcome { launches, of, invocations, besides, functions } = outcome;
    let which = if launches == of { "all".to_owned() } else { format!("the first {launches} of") };
    writeln!(line, "Replayed: {which} {of} launches, {invocations} warm invocations each; ms.")
        .ok();
    let Besides { cpu_ms, waiting_ms, saturated_cpu_ms } = besides;
    writeln!(
        line,
        "Besides its work an invocation takes {cpu_ms:.3} ms of CPU ({saturated_cpu_ms:.3} without a gap),\n\
         which is taken off the work, and {waiting_ms:.3} ms of waiting, which is not."
    )
    .ok();
    if *waiting_ms > QUIET_MS {
        writeln!(line, "{NOT_QUIET}").ok();
    }
    functions.iter().for_each(|compared| durations(line, compared));
    scores(line, functions);
    firsts(line, functions);
    text
}

fn durations(line: &mut String, compared: &Compared) {
    writeln!(line, "\n{}: durations of warm invocations", compared.name).ok();
    writeln!(line, "    MB                     mean      p50      p75      p90    score").ok();
    for size in &compared.sizes {
        figures(line, &size.memory.mb().to_string(), "AWS", &size.aws, None);
        for (name, measured) in size.compared() {
            figures(line, "", name, &measured, Some(measured.log_error(&size.aws)));
        }
    }
    let whole = &compared.whole_core;
    figures(line, "1769", "AWS", &whole.aws, None);
    figures(
        line,
        "",
        "what is replayed",
        &whole.demands,
        Some(whole.demands.log_error(&whole.aws)),
    );
    let score = whole.without_limit.log_error(&whole.aws);
    figures(line, "", "without a limit", &whole.without_limit, Some(score));
}

fn figures(line: &mut String, memory: &str, name: &str, figures: &Figures, score: Option<f64>) {
    let [mean, p50, p75, p90] = figures.all();
    let score = score.map(|score| format!("{score:.3}")).unwrap_or_default();
    let row =
        format!("{memory:>6} {name:<16} {mean:>8.2} {p50:>8.2} {p75:>8.2} {p90:>8.2} {score:>8}");
    writeln!(line, "{}", row.trim_end()).ok();
}

/// How far everything is from AWS, in one table.
fn scores(line: &mut String, functions: &[Compared]) {
    writeln!(line, "\nScore: mean of |ln(this / AWS)| over mean, p50, p75 and p90").ok();
    let sizes = functions.first().map(|compared| compared.sizes.as_slice()).unwrap_or_default();
    let columns = |text: &mut String, cells: &[String]| {
        cells.iter().for_each(|cell| _ = write!(text, " {cell:>7}"));
        text.push('\n');
    };
    write!(line, "{:<31}", "    MB").ok();
    let sizes = sizes.iter().map(|size| size.memory.mb().to_string());
    let below = ["all".to_owned(), "to 512".to_owned()];
    columns(line, &sizes.chain(below).collect::<Vec<_>>());
    for compared in functions {
        let ways = compared.sizes.first().map(|size| size.compared());
        for (way, (name, _)) in ways.into_iter().flatten().enumerate() {
            let score = |size: &Size| size.compared()[way].1.log_error(&size.aws);
            let scores: Vec<f64> = compared.sizes.iter().map(score).collect();
            let to_512 =
                compared.sizes.iter().zip(&scores).filter(|(size, _)| size.memory.mb() <= 512);
            let to_512: Vec<f64> = to_512.map(|(_, score)| *score).collect();
            let title = if way == 0 { compared.name.as_str() } else { "" };
            write!(line, "{title:<15} {name:<15}").ok();
            let cells = scores.iter().copied().chain([mean(&scores), mean(&to_512)]);
            columns(line, &cells.map(|score| format!("{score:.3}")).collect::<Vec<_>>());
        }
    }
}

fn firsts(line: &mut String, functions: &[Compared]) {
    writeln!(
        line,
        "\nFirst invocations: their duration at 1,769 MB times a factor, as CPU work of\nfresh environments; ms, medians, measured of {FIRSTS}; without INIT"
    )
    .ok();
    for compared in functions {
        writeln!(line, "{}: factor {:.3}", compared.name, compared.first_factor).ok();
        writeln!(line, "    MB      AWS    books    error  measured    error").ok();
        for first in &compared.firsts {
            writeln!(
                line,
                "{:>6} {:>8.1} {:>8.1} {:>+7.1}% {:>9.1} {:>+7.1}%",
                first.memory.mb(),
                first.aws_ms,
                first.books_ms,
                percent(first.books_ms / first.aws_ms),
                first.measured_ms,
                percent(first.measured_ms / first.aws_ms),
            )
            .ok();
        }
    }
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::result::{First, WholeCore};
    use super::*;
    use kelvin_lambda::MemorySize;

    fn times(factor: f64) -> Figures {
        let [mean_ms, p50_ms, p75_ms, p90_ms] = [12.5, 6.25, 14.0, 26.0].map(|ms| ms * factor);
        Figures { mean_ms, p50_ms, p75_ms, p90_ms }
    }

    #[test]
    fn tables_fit_a_terminal() {
        let size = |mb: u32, aws| Size {
            memory: MemorySize::new(mb).unwrap(),
            aws: times(aws),
            books: times(aws * 1.1),
            as_called: times(aws * 1.2),
            without_gap: times(3.0),
            without_limit: times(0.2),
        };
        let first = |mb: u32, aws_ms: f64| First {
            memory: MemorySize::new(mb).unwrap(),
            aws_ms,
            books_ms: aws_ms * 0.98,
            measured_ms: aws_ms + 20.0,
        };
        let compared = |name: &str| Compared {
            name: name.to_owned(),
            sizes: vec![size(128, 1.0), size(512, 0.25), size(1024, 0.2)],
            whole_core: WholeCore {
                aws: times(0.2),
                demands: times(0.21),
                without_limit: times(0.22),
            },
            first_factor: 1.2345,
            firsts: vec![first(128, 2370.73), first(1024, 54.5)],
        };
        let functions = vec![compared("Minimal"), compared("NewtonsoftJson")];
        let besides = Besides { cpu_ms: 0.3517, waiting_ms: 0.151, saturated_cpu_ms: 0.0911 };
        let outcome = Outcome { launches: 16, of: 40, invocations: 100, besides, functions };
        let text = render(&outcome);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text, @"
        Replayed: the first 16 of 40 launches, 100 warm invocations each; ms.
        Besides its work an invocation takes 0.352 ms of CPU (0.091 without a gap),
        which is taken off the work, and 0.151 ms of waiting, which is not.

        Minimal: durations of warm invocations
            MB                     mean      p50      p75      p90    score
           128 AWS                 12.50     6.25    14.00    26.00
               books alone         13.75     6.88    15.40    28.60    0.095
               as called           15.00     7.50    16.80    31.20    0.182
               without a gap       37.50    18.75    42.00    78.00    1.099
               without a limit      2.50     1.25     2.80     5.20    1.609
           512 AWS                  3.12     1.56     3.50     6.50
               books alone          3.44     1.72     3.85     7.15    0.095
               as called            3.75     1.88     4.20     7.80    0.182
               without a gap       37.50    18.75    42.00    78.00    2.485
               without a limit      2.50     1.25     2.80     5.20    0.223
          1024 AWS                  2.50     1.25     2.80     5.20
               books alone          2.75     1.38     3.08     5.72    0.095
               as called            3.00     1.50     3.36     6.24    0.182
               without a gap       37.50    18.75    42.00    78.00    2.708
               without a limit      2.50     1.25     2.80     5.20    0.000
          1769 AWS                  2.50     1.25     2.80     5.20
               what is replayed     2.62     1.31     2.94     5.46    0.049
               without a limit      2.75     1.38     3.08     5.72    0.095

        NewtonsoftJson: durations of warm invocations
            MB                     mean      p50      p75      p90    score
           128 AWS                 12.50     6.25    14.00    26.00
               books alone         13.75     6.88    15.40    28.60    0.095
               as called           15.00     7.50    16.80    31.20    0.182
               without a gap       37.50    18.75    42.00    78.00    1.099
               without a limit      2.50     1.25     2.80     5.20    1.609
           512 AWS                  3.12     1.56     3.50     6.50
               books alone          3.44     1.72     3.85     7.15    0.095
               as called            3.75     1.88     4.20     7.80    0.182
               without a gap       37.50    18.75    42.00    78.00    2.485
               without a limit      2.50     1.25     2.80     5.20    0.223
          1024 AWS                  2.50     1.25     2.80     5.20
               books alone          2.75     1.38     3.08     5.72    0.095
               as called            3.00     1.50     3.36     6.24    0.182
               without a gap       37.50    18.75    42.00    78.00    2.708
               without a limit      2.50     1.25     2.80     5.20    0.000
          1769 AWS                  2.50     1.25     2.80     5.20
               what is replayed     2.62     1.31     2.94     5.46    0.049
               without a limit      2.75     1.38     3.08     5.72    0.095

        Score: mean of |ln(this / AWS)| over mean, p50, p75 and p90
            MB                              128     512    1024     all  to 512
        Minimal         books alone       0.095   0.095   0.095   0.095   0.095
                        as called         0.182   0.182   0.182   0.182   0.182
                        without a gap     1.099   2.485   2.708   2.097   1.792
                        without a limit   1.609   0.223   0.000   0.611   0.916
        NewtonsoftJson  books alone       0.095   0.095   0.095   0.095   0.095
                        as called         0.182   0.182   0.182   0.182   0.182
                        without a gap     1.099   2.485   2.708   2.097   1.792
                        without a limit   1.609   0.223   0.000   0.611   0.916

        First invocations: their duration at 1,769 MB times a factor, as CPU work of
        fresh environments; ms, medians, measured of 5; without INIT
        Minimal: factor 1.234
            MB      AWS    books    error  measured    error
           128   2370.7   2323.3    -2.0%    2390.7    +0.8%
          1024     54.5     53.4    -2.0%      74.5   +36.7%
        NewtonsoftJson: factor 1.234
            MB      AWS    books    error  measured    error
           128   2370.7   2323.3    -2.0%    2390.7    +0.8%
          1024     54.5     53.4    -2.0%      74.5   +36.7%
        ");
        assert!(!text.contains(NOT_QUIET));
        let busy = Besides { waiting_ms: 2.0, ..besides };
        let all = render(&Outcome { launches: 40, besides: busy, ..outcome });
        assert!(all.contains(NOT_QUIET));
        assert!(all.starts_with("Replayed: all 40 launches, 100 warm invocations each; ms.\n"));
    }
}
