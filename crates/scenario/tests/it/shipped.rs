//! The scenarios that come with Kelvin.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use kelvin_scenario::Script;

use crate::accepting;
use crate::fake::{Setup, run_script};
use crate::folder::compile_as as compile;

const MODULES: &[(&str, &str)] =
    &[("io-cases.rhai", include_str!("../../../../harness/scenarios/modules/io-cases.rhai"))];

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../harness/scenarios");
    let files = std::fs::read_dir(folder).expect("the folder of scenarios is there");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("it can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rhai"));
    paths.sort();
    paths
}

fn load(path: &Path) -> Script {
    let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("it can be read");
    compile(MODULES, name, text).unwrap_or_else(|error| panic!("{}", error.render()))
}

#[test]
fn every_shipped_scenario_runs_and_says_what_it_is() {
    let paths = shipped();
    assert!(!paths.is_empty());
    for path in paths {
        let script = load(&path);
        assert!(script.summary().ends_with('.'), "{}: {}", path.display(), script.summary());
        script.parameters().unwrap_or_else(|error| panic!("{}", error.render()));
        // Samples are as large as on a real platform, so that scripts find what they work with.
        let totals = accepting::run_script(&script);
        let totals = totals.unwrap_or_else(|error| panic!("{}", error.render()));
        assert!(totals.invocations > 0, "{}", path.display());
    }
}

#[test]
fn cold_warm_launches_once_per_block_and_function() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../harness/scenarios/cold-warm.rhai");
    let script = load(&path);
    assert_eq!(script.summary(), "Cold and warm starts, the way the published studies count them.");
    let parameters: Vec<String> =
        script.parameters().unwrap().iter().map(ToString::to_string).collect();
    assert_snapshot!(parameters.join("\n"), @r"
    launches=20
    memory=128,512,1769
    variant=release
    warm=10
    workload=hello,json,compress,jwt
    ");
    let setup = Setup {
        seed: 1,
        settings: vec![
            ("workload", &["hello", "json"]),
            ("memory", &["128"]),
            ("launches", &["2"]),
            ("warm", &["2"]),
        ],
        ..Setup::default()
    };
    let ran = run_script(&script, setup);
    assert_snapshot!(ran.log.join("\n"), @r#"
    (deploying hello-release-128: Workload("hello"))
    deploy hello-release-128: /built/hello-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 0: hello-release-128, Some("hello"), release
    (deploying json-release-128: Workload("json"))
    deploy json-release-128: /built/json-release, 128 MB, 3 s, {"KELVIN_SPANS": "1"}
    deployed 1: json-release-128, Some("json"), release
    (turn 0 of 2, 0 of 2: hello-release-128)
    recycle 0
    launch 0 in 0.0
    invoke 0: {"n":"small"}, log true
    record 0 Some("small"): ["ok"], expecting nothing
    (repeating hello-release-128 2 times)
    repeat 0: 2 × {"n":"small"}, log false
    record 0 Some("small"): ["ok"], expecting nothing
    record 0 Some("small"): ["ok"], expecting nothing
    (turn 0 of 2, 1 of 2: json-release-128)
    recycle 1
    launch 1 in 0.1
    invoke 1: {"n":"small"}, log true
    record 1 Some("small"): ["ok"], expecting nothing
    (repeating json-release-128 2 times)
    repeat 1: 2 × {"n":"small"}, log false
    record 1 Some("small"): ["ok"], expecting nothing
    record 1 Some("small"): ["ok"], expecting nothing
    (turn 1 of 2, 0 of 2: json-release-128)
    recycle 1
    launch 1 in 1.0
    invoke 1: {"n":"small"}, log true
    record 1 Some("small"): ["ok"], expecting nothing
    (repeating json-release-128 2 times)
    repeat 1: 2 × {"n":"small"}, log false
    record 1 Some("small"): ["ok"], expecting nothing
    record 1 Some("small"): ["ok"], expecting nothing
    (turn 1 of 2, 1 of 2: hello-release-128)
    recycle 0
    launch 0 in 1.1
    invoke 0: {"n":"small"}, log true
    record 0 Some("small"): ["ok"], expecting nothing
    (repeating hello-release-128 2 times)
    repeat 0: 2 × {"n":"small"}, log false
    record 0 Some("small"): ["ok"], expecting nothing
    record 0 Some("small"): ["ok"], expecting nothing
    answer The median cold start takes from 8.50 ms (8.50–8.50) with hello-release-128 to 8.50 ms (8.50–8.50) with json-release-128.
    "#);
}
