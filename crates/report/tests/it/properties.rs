//! What holds of every report.

use kelvin_report::{Style, render_markdown_table, render_text, summarise};

use crate::sample::{failed, killed, recorded};

#[test]
fn no_line_is_longer_than_100_columns() {
    let mut long = failed();
    for function in &mut long.record.functions {
        function.name =
            "a-function-with-a-name-as-long-as-lambda-allows-one-to-be-64-chars".to_owned();
    }
    long.record.error = Some("x".repeat(300));
    for run in [recorded(), failed(), killed(3), killed(0), long] {
        let text = render_text(&run, &summarise(&run), &Style { color: false, unicode: true });
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert_eq!(line.trim_end(), line);
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
    let render = |color| render_text(&run, &summarise(&run), &Style { color, unicode: true });
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
