//! What holds of every report.

use kelvin_record::Run;
use kelvin_report::{Style, render_ladder_text, render_markdown_table, render_text, summarise};

use crate::ladder::report;
use crate::sample::{chained, failed, killed, recorded, under_load};

/// From here on everything fits.
const NARROWEST: usize = 40;

/// Runs of every kind, with names as long as Lambda allows them; functions differ in the middle or at the end.
fn long_names() -> Vec<Run> {
    let mut all = vec![recorded(), failed(), killed(3), killed(0), under_load(), chained()];
    for run in &mut all {
        run.record.error = Some("x".repeat(300));
        for (at, function) in run.record.functions.iter_mut().enumerate() {
            function.name =
                format!("{}{at}{}", "a-long-name-".repeat(3), "-of-a-function".repeat(2));
        }
    }
    let at_the_end = all.clone().into_iter().map(|mut run| {
        for (at, function) in run.record.functions.iter_mut().enumerate() {
            function.name = format!("checkout-service-handler-v{at}");
        }
        run
    });
    all.iter().cloned().chain(at_the_end).collect()
}

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    for run in long_names() {
        for width in [NARROWEST, 50, 60, 80, 100, 140] {
            let style = Style { unicode: true, width: Some(width), ..Style::default() };
            let ladder = report(&run);
            let texts = [
                render_text(&run, &summarise(&run), &style),
                render_ladder_text(&run, &ladder, &style),
            ];
            for line in texts.iter().flat_map(|text| text.lines()) {
                assert!(line.chars().count() <= width, "{width}: {line}");
                assert_eq!(line.trim_end(), line);
            }
        }
    }
}

#[test]
fn tables_for_files_are_whole() {
    for run in long_names() {
        let style = Style { unicode: true, ..Style::default() };
        let text = render_text(&run, &summarise(&run), &style);
        assert!(!text.contains("Left out") && !text.contains("#1"), "{text}");
    }
}

#[test]
fn no_two_functions_look_alike() {
    for run in long_names() {
        for width in [None, Some(NARROWEST), Some(60), Some(80), Some(140)] {
            let style = Style { unicode: true, width, ..Style::default() };
            let text = render_text(&run, &summarise(&run), &style);
            for title in ["Cold starts", "Warm starts"] {
                let (_, table) = text.split_once(title).expect("it has such a table");
                let (_, rows) = table.split_once("\nfunction ").expect("it has a heading");
                let mut labels = rows.lines().skip(1).filter_map(|row| row.split(' ').next());
                assert_ne!(labels.next(), labels.next(), "{text}");
            }
        }
    }
}

#[test]
fn without_unicode_all_is_ascii_and_without_colour_nothing_steers_the_terminal() {
    for run in [recorded(), failed(), killed(0)] {
        let text = render_text(&run, &summarise(&run), &Style::default());
        assert!(text.is_ascii(), "{text}");
        assert!(text.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()), "{text}");
    }
}

#[test]
fn colour_changes_no_word() {
    let run = failed();
    let render =
        |color| render_text(&run, &summarise(&run), &Style { color, unicode: true, width: None });
    let mut colored = render(true);
    for escape in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;33m"] {
        assert!(colored.contains(escape));
        colored = colored.replace(escape, "");
    }
    assert_eq!(colored, render(false));
}

#[test]
fn the_order_of_records_does_not_matter() {
    let run = recorded();
    let mut turned = run.clone();
    // Launches may be recorded mixed; within each, invocations keep their order.
    turned.invocations.sort_by_key(|row| (row.index, row.launch));
    assert_eq!(summarise(&run), summarise(&turned));
}

#[test]
fn a_run_without_functions_has_a_report() {
    let mut run = killed(0);
    run.record.functions.clear();
    let summary = summarise(&run);
    assert!(render_text(&run, &summary, &Style::default()).contains("No function was deployed."));
    assert_eq!(render_markdown_table(&summary).lines().count(), 2);
}
