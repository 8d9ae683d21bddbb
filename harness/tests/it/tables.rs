//! Tables are as wide as the terminal, and no two functions look alike in them.

use std::path::Path;

use crate::kit::Place;

/// Two functions that a cut at the end would make one.
fn versions(place: &Place) -> String {
    let named = |text: String| {
        text.replace("\"json-release-128\"", "\"checkout-service-handler-v1\"")
            .replace("\"json-release-512\"", "\"checkout-service-handler-v2\"")
    };
    display(&place.recorded(named))
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// The labels of the first table.
fn labels(report: &str) -> Vec<&str> {
    let (_, table) = report.split_once("\nfunction ").expect("there is a table");
    table.lines().skip(1).take(2).filter_map(|row| row.split(' ').next()).collect()
}

#[test]
fn a_file_gets_tables_as_wide_as_they_are() {
    let place = Place::new();
    let run = versions(&place);
    let report = place.wait(&mut place.kelvin(&["report", &run])).exits(0).stdout;
    assert_eq!(labels(&report), ["checkout-service-handler-v1", "checkout-service-handler-v2"]);
    assert!(report.lines().any(|line| line.chars().count() > 100), "{report}");
    assert!(!report.contains("Left out"), "{report}");
}

#[test]
fn a_terminal_gets_tables_that_fit() {
    let place = Place::new();
    let run = versions(&place);
    for (columns, expected) in [
        (40, ["checko…ler-v1", "checko…ler-v2"]),
        (80, ["checkout-se…handler-v1", "checkout-se…handler-v2"]),
        (140, ["checkout-service-handler-v1", "checkout-service-handler-v2"]),
    ] {
        let report = place.on_terminal(columns, &mut place.kelvin(&["report", &run]));
        assert!(report.lines().all(|line| line.chars().count() <= columns.into()), "{report}");
        assert_eq!(labels(&report), expected, "{report}");
        assert_eq!(report.contains("Left out for lack of width:"), columns < 140, "{report}");
        // What somebody has said counts more.
        let mut said = place.kelvin(&["report", &run]);
        assert_eq!(place.on_terminal(20, said.env("COLUMNS", columns.to_string())), report);
        let mut to_a_file = place.kelvin(&["report", &run]);
        let to_a_file = to_a_file.env("COLUMNS", columns.to_string());
        assert_eq!(place.wait(to_a_file).exits(0).stdout, report);
    }
    // A terminal that does not know how wide it is has 80 columns.
    let [unknown, usual] =
        [0, 80].map(|c| place.on_terminal(c, &mut place.kelvin(&["report", &run])));
    assert_eq!(unknown, usual);
}

#[test]
fn names_that_cannot_be_shortened_have_numbers() {
    let place = Place::new();
    let named = |text: String| {
        text.replace("\"json-release-128\"", "\"the-service-of-the-blue-checkout-in-the-north\"")
            .replace("\"json-release-512\"", "\"the-service-of-the-pink-checkout-in-the-north\"")
    };
    let run = display(&place.recorded(named));
    let mut report = place.kelvin(&["report", &run]);
    let report = place.wait(report.env("COLUMNS", "40")).exits(0);
    assert!(report.stdout.lines().all(|line| line.chars().count() <= 40), "{}", report.stdout);
    let labels = labels(&report.stdout);
    assert!(labels[0].ends_with("…#1") && labels[1].ends_with("…#2"), "{labels:?}");
    // A name that no line can hold goes on in the next one.
    let words: String = report.stdout.split_whitespace().collect();
    for line in [
        "#1=the-service-of-the-blue-checkout-in-the-north",
        "#2=the-service-of-the-pink-checkout-in-the-north",
    ] {
        assert_eq!(words.matches(line).count(), 1, "{}", report.stdout);
    }
}

#[test]
fn a_function_that_was_configured_is_told_from_itself() {
    let place = Place::new();
    let script =
        "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\", memory: 128 });
        f.invoke(); f.configure(#{ timeout: 20 }); f.invoke();";
    let done = place.run_script(script, &[]).exits(0);
    let rows = done.stdout.lines().filter(|line| line.contains("cold total"));
    let rows: Vec<&str> = rows.filter_map(|row| row.split("  ").next()).collect();
    assert_eq!(rows, ["f, configuration 1", "f, configuration 2"], "{}", done.stdout);
}
