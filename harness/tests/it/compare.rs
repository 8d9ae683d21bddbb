//! `kelvin compare`: functions of one run, and of two.

use crate::kit::{Place, bad_function};

/// Two functions of one program, in as many blocks.
fn script(blocks: u32) -> String {
    format!(
        "page_cache(\"warm\");
         let fs = [\"a\", \"b\"].map(|name| deploy(#{{ bootstrap: \"{}\", name: name, memory: 1769 }}));
         blocks({blocks}, fs, |f| {{ f.recycle(); f.invoke(\"echo\"); f.repeat(2, \"echo\"); }});",
        bad_function()
    )
}

fn compare(place: &Place, args: &[&str]) -> crate::kit::Done {
    let mut all = vec!["compare"];
    all.extend(args);
    place.wait(&mut place.with_results(&all))
}

#[test]
fn one_program_is_neither_worse_nor_better_than_itself() {
    let place = Place::new();
    place.run_script(&script(8), &[]).exits(0);
    let done = compare(&place, &["--run", "latest", "a", "b", "--fail-on", "regression"]).exits(0);
    let done = done.prints("Baseline: a").prints("Both are the same program");
    assert_eq!(done.stdout.matches("same program\n").count(), 4, "{}", done.stdout);
    let explained = compare(&place, &["--run", "latest", "a", "b", "--explain"]).exits(0);
    explained.prints("INIT: paired in 8 blocks").prints("launches of each, at least 6: 8, yes");
    // Too few blocks for any verdict are no error, unless somebody asks.
    let few = Place::new();
    let text = script(2).replace("memory: 1769", "memory: if name == \"a\" { 1769 } else { 1768 }");
    few.run_script(&text, &[]).exits(0);
    let latest = ["--run", "latest", "a", "b"];
    compare(&few, &latest).exits(0).prints("cannot tell");
    let asked = [&latest[..], &["--fail-on", "regression,inconclusive"]].concat();
    compare(&few, &asked).exits(5);
}

#[test]
fn functions_of_two_runs_are_compared_by_name() {
    let place = Place::new();
    place.run_script(&script(6), &[]).exits(0);
    let first = place.only_directory().display().to_string();
    place.run_script(&script(7), &[]).exits(0);
    let done = compare(&place, &[&first, "latest", "--explain"]).exits(0);
    let done = done.prints("measured in two runs").prints("6 launches and 7, not paired");
    // Both functions, all numbers.
    assert_eq!(done.stdout.matches("same program\n").count(), 8, "{}", done.stdout);
}

#[test]
fn what_cannot_be_compared_says_what_there_is() {
    let place = Place::new();
    compare(&place, &["latest", "latest"]).exits(1).complains("there are no runs in");
    place.run_script(&script(1), &[]).exits(0);
    let unknown = compare(&place, &["--run", "latest", "a", "c"]).exits(1);
    unknown.complains("there is no function \"c\" in run").complains("it has a, b");
    compare(&place, &["a", "b"])
        .exits(1)
        .complains("two functions of one run are compared with --run");
    compare(&place, &["a"]).exits(2);
}
