//! `kelvin report` and `kelvin list`: looking again at what was recorded.

use serde_json::Value;

use crate::kit::{Place, hello};

const SCRIPT: &str = "
    let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"greeter\" });
    blocks(2, [f], |f| { f.recycle(); f.invoke(); f.repeat(3); });
";

#[test]
fn a_report_is_what_the_run_had_printed() {
    let place = Place::new();
    let ran = place.run_script(SCRIPT, &[]).exits(0);
    let directory = place.only_directory();
    let id = directory.file_name().unwrap().to_str().unwrap();
    for name in [directory.to_str().unwrap(), id, &id[..18], "latest"] {
        let report = place.wait(&mut place.with_results(&["report", name])).exits(0);
        assert_eq!((report.stdout.as_str(), report.stderr.as_str()), (ran.stdout.as_str(), ""));
    }
    // `latest` is the default.
    let report = place.wait(&mut place.with_results(&["report", "--format", "json"])).exits(0);
    assert_eq!(report.stdout, std::fs::read_to_string(directory.join("summary.json")).unwrap());
}

#[test]
fn the_beginning_of_an_id_must_tell_runs_apart() {
    let place = Place::new();
    let script = "deploy(#{ bootstrap: \"/bin/false\" });";
    place.run_script(script, &["--quiet"]).exits(0);
    place.run_script(script, &["--quiet"]).exits(0);
    let done = place.wait(&mut place.with_results(&["report", "2"])).exits(1);
    done.complains("several runs begin with \"2\": ");
}

#[test]
fn colours_are_there_when_they_are_wanted() {
    let place = Place::new();
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let check = |args: &[&str], env_vars: &[(&str, &str)], expected: bool| {
        let mut command = place.with_results(&["report"]);
        command.args(args).envs(env_vars.iter().copied());
        let report = place.wait(&mut command).exits(0);
        assert_eq!(report.stdout.contains('\x1b'), expected, "{args:?} {env_vars:?}");
    };
    check(&[], &[], false);
    check(&["--color", "always"], &[], true);
    check(&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false);
    check(&[], &[("CLICOLOR_FORCE", "1")], true);
    check(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
}

#[test]
fn symbols_are_there_when_the_locale_has_them() {
    let place = Place::new();
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let report = place.wait(place.with_results(&["report"]).env("LANG", "C")).exits(0);
    assert!(report.stdout.is_ascii(), "{}", report.stdout);
    let report = place.wait(place.with_results(&["report"]).env("LANG", "C.UTF-8")).exits(0);
    assert!(!report.stdout.is_ascii(), "{}", report.stdout);
}

#[test]
fn a_table_goes_between_the_markers_of_a_file() {
    let place = Place::new();
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let file = place.path("README.md");
    let file = file.to_str().unwrap();
    let splice = || place.wait(&mut place.with_results(&["report", "--splice", file]));
    std::fs::write(file, "no markers\n").unwrap();
    splice().exits(1).complains("<!-- kelvin:begin -->");
    std::fs::write(file, "before\n<!-- kelvin:begin -->\n<!-- kelvin:end -->\nafter\n").unwrap();
    let done = splice().exits(0);
    assert_eq!(done.stdout, "");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.starts_with("before\n<!-- kelvin:begin -->\n\n| function |"), "{text}");
    assert!(text.ends_with("<!-- kelvin:end -->\nafter\n"), "{text}");
    let row = text.lines().find(|line| line.starts_with("| greeter | 128 | "));
    let cells: Vec<&str> = row.expect("a row of the function").split(" | ").collect();
    let bytes = std::fs::metadata(hello()).unwrap().len();
    let megabytes: f64 = cells[2].parse().expect("the size of its bootstrap");
    assert!((megabytes - bytes as f64 / 1_048_576.0).abs() < 0.1, "{bytes} bytes: {text}");
    assert_eq!(cells[3], "2", "{text}");
}

#[test]
fn a_file_can_have_several_tables() {
    let place = Place::new();
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let file = place.path("README.md");
    let file = file.to_str().unwrap();
    let splice = |name| {
        let args = ["report", "--splice", file, "--markers", name];
        place.wait(&mut place.with_results(&args))
    };
    let first = "<!-- kelvin:begin -->\nfirst\n<!-- kelvin:end -->\n";
    std::fs::write(file, first.to_owned() + "<!-- kelvin:begin sizes -->\n<!-- kelvin:end -->\n")
        .unwrap();
    splice("size").exits(1).complains("<!-- kelvin:begin size -->");
    splice("sizes").exits(0);
    let text = std::fs::read_to_string(file).unwrap();
    let second = text.strip_prefix(first).expect("the other table is as it was");
    assert!(second.starts_with("<!-- kelvin:begin sizes -->\n\n| function |"), "{text}");
    place.wait(&mut place.with_results(&["report", "--markers", "sizes"])).exits(2);
}

#[test]
fn lists_tell_what_there_is() {
    let place = Place::new();
    let list = |what| place.wait(&mut place.with_results(&["list", what])).exits(0);
    list("runs").prints("no runs in ");
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let run = place.only_run().record;
    let runs = list("runs");
    let expected = format!("{}  ok  script.rhai  1 functions, 2 launches\n", run.run_id);
    assert_eq!(runs.stdout, expected);
    let workloads = list("workloads").stdout;
    let names: Vec<_> = workloads.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"hello") && names.contains(&"json"), "{workloads}");
    let scenarios = list("scenarios").prints("cold-warm  Cold and warm starts");
    scenarios.prints("--set launches=20").prints("--set workload=hello,json");
}

#[test]
fn a_ladder_tells_where_the_time_goes() {
    let place = Place::new();
    let script = "
        let small = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"small\", timeout: 30 });
        let whole = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"whole\", memory: 1769, timeout: 30 });
        blocks(2, [small, whole], |f| { f.recycle(); f.invoke(); f.repeat(3); });
    ";
    place.run_script(script, &["--quiet"]).exits(0);
    let report = |args: &[&str]| {
        let mut command = place.with_results(&["report", "--ladder"]);
        place.wait(command.args(args)).exits(0)
    };
    let text = report(&[]);
    let text = text.prints("small · 128 MB · warm · mean of 6 invocations in 2 launches\n");
    let text = text.prints("– ±: needs 10 launches, has 2\n").prints("at full speed (whole) = ×");
    text.prints("predicted by");
    let ladder: Value = serde_json::from_str(&report(&["--format", "json"]).stdout).unwrap();
    for function in ladder["functions"].as_array().unwrap() {
        for (start, parts) in [("warm", 9), ("cold", 12)] {
            let ns = |value: &Value| (value.as_f64().unwrap() * 1e6).round();
            let split = &function[start];
            let of_parts = split["parts"].as_array().unwrap();
            assert_eq!(of_parts.len(), parts, "{split}");
            let sum: f64 = of_parts.iter().map(|part| ns(&part["mean_ms"]["value"])).sum();
            assert_eq!(sum, ns(&split["latency_ms"]["value"]), "{split}");
        }
    }
    let file = place.path("LADDER.md");
    std::fs::write(&file, "<!-- kelvin:begin -->\n<!-- kelvin:end -->\n").unwrap();
    report(&["--splice", file.to_str().unwrap()]);
    let markdown = std::fs::read_to_string(file).unwrap();
    assert!(markdown.contains("| whole, 1769 MB | warm (µs), 2 launches |"), "{markdown}");
}

#[test]
fn a_damaged_run_says_so_in_every_form() {
    let place = Place::new();
    place.run_script(SCRIPT, &["--quiet"]).exits(0);
    let directory = place.only_directory();
    let command = |args: &[&str]| place.wait(&mut place.with_results(args));
    let document = |args: &[&str], code: i32| -> Value {
        let done = command(&[args, &["--format", "json"]].concat()).exits(code);
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    };
    assert_eq!(document(&["report"], 0)["truncated"], Value::Null);
    assert_eq!(document(&["list", "runs"], 0)[0]["status"], "ok");
    let launches = directory.join("launches.jsonl");
    let text = std::fs::read_to_string(&launches).unwrap();
    // Cut off within the second of two lines, which can be read but for that one.
    std::fs::write(&launches, &text[..text.len() - 5]).unwrap();
    let why = "launches.jsonl is cut off; 2 launches were recorded and 1 are here";
    for args in [&["report"][..], &["report", "--ladder"]] {
        let report = document(args, 1);
        assert_eq!((&report["status"], &report["truncated"]), (&"damaged".into(), &why.into()));
        let report = command(args).exits(1).prints(&format!("TRUNCATED: {why}\n"));
        report.complains(" is damaged: launches.jsonl is cut off");
    }
    let list = document(&["list", "runs"], 1);
    assert_eq!(list[0]["status"], "damaged");
    let why = "launches.jsonl is shorter than when the run ended";
    assert_eq!(list[0]["error"], why);
    command(&["list", "runs"]).exits(1).prints("  damaged  script.rhai  ").prints(why);
    // What cannot be read at all.
    std::fs::write(&launches, text.replace("\"launch\":1", "\"launch\":-1")).unwrap();
    for args in [&["report"][..], &["report", "--ladder"]] {
        let report = document(args, 1);
        assert_eq!(
            (&report["schema"], &report["status"]),
            (&"kelvin/error".into(), &"damaged".into())
        );
        assert!(report["error"].as_str().unwrap().contains("launches.jsonl line 2: "), "{report}");
    }
    std::fs::write(directory.join("run.json"), "{").unwrap();
    let id = directory.file_name().and_then(|name| name.to_str()).unwrap();
    let list = document(&["list", "runs"], 1);
    assert_eq!((&list[0]["status"], &list[0]["run_id"]), (&"damaged".into(), &id.into()));
    command(&["list", "runs"]).exits(1).prints("  damaged  cannot be read: ");
    assert_eq!(document(&["report"], 1)["status"], "damaged");
}

#[test]
fn lists_are_documents_too() {
    let place = Place::new();
    let list = |what| -> Vec<Value> {
        let done =
            place.wait(&mut place.with_results(&["list", what, "--format", "json"])).exits(0);
        serde_json::from_str(&done.stdout).unwrap()
    };
    assert!(list("runs").is_empty());
    assert!(list("workloads").iter().any(|workload| workload["name"] == "hello"));
    let scenarios = list("scenarios");
    let named = scenarios.iter().find(|scenario| scenario["name"] == "cold-warm").unwrap();
    assert_eq!(named["parameters"][0]["name"], "launches");
    assert_eq!(named["parameters"][0]["default"], serde_json::json!(["20"]));
}
