//! Modules and files of events beside a script.

use std::fs;

use crate::kit::Place;

const SCRIPT: &str = "import \"tools\" as t;
let p = params(#{ n: #{ default: 2, min: 1, max: 3, help: \"how often\" } });
let f = t::hello();
for event in events(\"names/*.json\") { f.repeat(p.n, event); }
";

const TOOLS: &str = "fn hello() {
    deploy(#{ workload: \"hello\", variant: \"dev\" })
}
";

fn place() -> (Place, String) {
    let place = Place::new();
    fs::create_dir(place.path("names")).expect("the folder is new");
    let files = [
        ("tools.rhai", TOOLS),
        ("names/a.json", r#"{"name": "Ada"}"#),
        ("names/b.json", r#"{"name": "Grace"}"#),
        ("names/README.md", "no event"),
    ];
    for (name, text) in files {
        fs::write(place.path(name), text).expect("the folder is writable");
    }
    let script = place.script(SCRIPT);
    (place, script)
}

#[test]
fn a_run_uses_them_and_keeps_the_modules() {
    let (place, script) = place();
    place.run(&script, &[]).exits(0);
    let run = place.only_run();
    assert_eq!(run.invocations.len(), 4);
    let directory = place.results().join(run.record.run_id.as_str());
    assert_eq!(fs::read_to_string(directory.join("scenario.rhai")).unwrap(), SCRIPT);
    assert_eq!(fs::read_to_string(directory.join("modules/tools.rhai")).unwrap(), TOOLS);
}

#[test]
fn a_dry_run_finds_them_too() {
    let (place, script) = place();
    let done = place.run(&script, &["--dry-run", "--format", "json", "--set", "n=3"]).exits(0);
    let totals: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(totals["invocations"], 6);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let (place, script) = place();
    let done = place.run(&script, &["--dry-run", "--set", "n=4"]).exits(1);
    assert!(done.stderr.contains("n: expected a whole number from 1 to 3, got \"4\""));
    fs::write(place.path("tools.rhai"), TOOLS.replace("workload:", "worklod:")).unwrap();
    let done = place.run(&script, &["--dry-run"]).exits(1);
    assert!(done.stderr.contains("did you mean \"workload\"?"), "{}", done.stderr);
    assert!(done.stderr.contains("--> tools.rhai:2:5"), "{}", done.stderr);
    fs::remove_file(place.path("tools.rhai")).unwrap();
    let done = place.run(&script, &["--dry-run"]).exits(1);
    assert!(done.stderr.contains("unknown module \"tools\""), "{}", done.stderr);
    assert!(done.stderr.contains("--> script.rhai:1:8"), "{}", done.stderr);
}
