//! The documentation says what is there, and its examples work.

use std::path::Path;

use kelvin_scenario::{documentation, functions};

use crate::accepting;

#[test]
fn the_page_is_the_one_that_the_code_gives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md");
    let page = std::fs::read_to_string(path).expect("there is a docs/scenarios.md");
    assert!(
        page == documentation(),
        "docs/scenarios.md is not up to date: cargo run -p kelvin-scenario --example scenarios-doc"
    );
}

#[test]
fn every_example_runs() {
    for function in functions() {
        let run = accepting::run(&function.whole_example());
        run.unwrap_or_else(|error| panic!("{}:\n{}", function.usage, error.render()));
    }
}

#[test]
fn both_whole_scenarios_run() {
    let totals = accepting::run(include_str!("../../examples/first.rhai"));
    let totals = totals.unwrap_or_else(|error| panic!("{}", error.render()));
    assert_eq!((totals.functions, totals.launches, totals.invocations), (4, 40, 40 * 21));
    let totals = accepting::run(include_str!("../../examples/search.rhai"));
    let totals = totals.unwrap_or_else(|error| panic!("{}", error.render()));
    assert_eq!((totals.functions, totals.invocations % 22), (1, 0));
}
