//! Rules of this repository that no compiler checks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::kit::root;

/// Which of our packages a package may depend on. What is not here is forbidden, in build scripts too and, but for
/// [`TEST_ARROWS`], in tests; a new arrow needs its reason in ARCHITECTURE.md.
const ARROWS: [(&str, &[&str]); 19] = [
    ("kelvin-lambda", &[]),
    ("kelvin-stats", &[]),
    ("kelvin-load", &[]),
    ("kelvin-analysis", &["kelvin-record", "kelvin-stats", "kelvin-lambda"]),
    ("kelvin-services", &["kelvin-load", "kelvin-stats"]),
    ("kelvin-platform", &["kelvin-lambda", "kelvin-stats"]),
    ("kelvin-record", &["kelvin-lambda"]),
    ("kelvin-artifact", &["kelvin-lambda"]),
    ("kelvin-workload", &["kelvin-lambda"]),
    ("kelvin-handler", &["kelvin-workload", "kelvin-lambda"]),
    ("kelvin-sandbox", &["kelvin-lambda"]),
    ("kelvin-emulator", &["kelvin-platform", "kelvin-lambda", "kelvin-load", "kelvin-sandbox"]),
    ("kelvin-aws", &["kelvin-platform", "kelvin-lambda"]),
    ("kelvin-fleet", &["kelvin-platform", "kelvin-lambda", "kelvin-record"]),
    ("kelvin-api", &["kelvin-emulator", "kelvin-lambda"]),
    ("kelvin-scenario", &["kelvin-platform", "kelvin-lambda", "kelvin-stats", "kelvin-load"]),
    ("kelvin-report", &["kelvin-analysis", "kelvin-record", "kelvin-stats", "kelvin-lambda"]),
    ("workloads/*", &["kelvin-workload", "kelvin-handler"]),
    // All of crates/ and never workloads/*, which it starts as processes.
    ("kelvin", &["crates/*"]),
];

/// Which of them its tests may depend on besides: a workload with I/O is tested against the services that it calls, and the
/// emulator's books against published quantiles.
const TEST_ARROWS: [(&str, &[&str]); 2] =
    [("workloads/*", &["kelvin-services"]), ("kelvin-emulator", &["kelvin-stats"])];

/// Files are split at this length.
const LONGEST_FILE: usize = 600;

struct Package {
    folder: PathBuf,
    manifest: Table,
}

impl Package {
    fn name(&self) -> &str {
        self.manifest["package"]["name"].as_str().expect("a name is a string")
    }

    /// `crates`, `workloads`, or the package's own folder.
    fn group(&self) -> &str {
        let relative = self.folder.strip_prefix(root()).expect("packages are inside the root");
        relative.iter().next().and_then(|name| name.to_str()).expect("folders have plain names")
    }

    /// Of every kind.
    fn dependencies(&self) -> impl Iterator<Item = (&str, &Value)> {
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        kinds.into_iter().flat_map(|kind| self.dependencies_of_kind(kind))
    }

    fn dependencies_of_kind(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let table = self.manifest.get(kind).and_then(Value::as_table);
        let of_targets = self.manifest.get("target").and_then(Value::as_table);
        let of_targets = of_targets.into_iter().flat_map(|targets| targets.values());
        let of_targets = of_targets.filter_map(move |target| target.get(kind)?.as_table());
        table.into_iter().chain(of_targets).flatten().map(|(name, value)| (name.as_str(), value))
    }
}

fn manifest(folder: &Path) -> Table {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("it is there").flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

/// Every package, by the globs of the workspace's manifest.
fn packages() -> Vec<Package> {
    let workspace = manifest(root());
    let members = workspace["workspace"]["members"].as_array().expect("a list");
    let folders = members.iter().flat_map(|member| {
        let member = member.as_str().expect("a list of strings");
        match member.strip_suffix("/*") {
            Some(parent) => folders(&root().join(parent)),
            None => vec![root().join(member)],
        }
    });
    folders.map(|folder| Package { manifest: manifest(&folder), folder }).collect()
}

/// Every source file of every package.
fn sources() -> Vec<PathBuf> {
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = packages().into_iter().map(|package| package.folder).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("it is there").flatten() {
            let path = entry.path();
            if path.is_dir() && entry.file_name() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources
}

#[test]
fn packages_depend_on_each_other_as_drawn() {
    let packages = packages();
    let groups: BTreeMap<&str, &str> = packages.iter().map(|p| (p.name(), p.group())).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let group = format!("{}/*", package.group());
        // Benchmarks measure whatever is hot.
        if package.group() == "benches" {
            continue;
        }
        let of_package = |(from, _): &&(&str, _)| [package.name(), &group].contains(from);
        let Some((_, drawn)) = ARROWS.iter().find(of_package) else {
            wrong.push(format!("{} is not in the list of arrows", package.name()));
            continue;
        };
        let of_tests = TEST_ARROWS.iter().find(of_package).map_or(&[][..], |(_, drawn)| drawn);
        for (kind, besides) in
            [("dependencies", &[][..]), ("build-dependencies", &[]), ("dev-dependencies", of_tests)]
        {
            for (name, _) in package.dependencies_of_kind(kind) {
                let Some(group) = groups.get(name) else { continue };
                let group = format!("{group}/*");
                let allowed = |to: &&str| *to == name || *to == group;
                if !drawn.iter().chain(besides).any(allowed) {
                    wrong.push(format!("{} → {name}", package.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn versions_of_dependencies_are_in_one_place() {
    for package in packages() {
        for (name, dependency) in package.dependencies() {
            let inherited = dependency.get("workspace").and_then(Value::as_bool);
            assert_eq!(inherited, Some(true), "{name} of {}", package.name());
        }
        let table = package.manifest["package"].as_table().expect("a table");
        for field in ["version", "edition", "rust-version", "license", "publish"] {
            let inherited = table.get(field).and_then(|value| value.get("workspace"));
            assert_eq!(inherited, Some(&Value::Boolean(true)), "{field} of {}", package.name());
        }
    }
}

#[test]
fn every_package_has_the_lints_and_the_name_of_its_folder() {
    for package in packages() {
        let lints = package.manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints, Some(&Value::Boolean(true)), "[lints] of {}", package.name());
        let folder = package.folder.file_name().and_then(|name| name.to_str()).expect("a name");
        let expected = match package.group() {
            "crates" => format!("kelvin-{folder}"),
            "harness" => "kelvin".to_owned(),
            "benches" => continue,
            _ => folder.to_owned(),
        };
        assert_eq!(package.name(), expected);
    }
}

#[test]
fn every_folder_of_workloads_is_a_workload() {
    let workloads: Vec<_> = packages().into_iter().filter(|p| p.group() == "workloads").collect();
    assert!(!workloads.is_empty());
    for package in workloads {
        let name = package.name();
        let metadata = package.manifest["package"].get("metadata").and_then(|m| m.get("kelvin"));
        assert!(metadata.is_some(), "{name} has no [package.metadata.kelvin]");
        let cases = package.folder.join("cases");
        if cases.is_dir() {
            assert!(cases.join("README.md").is_file(), "{name}: where do its cases come from?");
        }
    }
}

#[test]
fn every_workload_has_its_bootstrap_measured() {
    let scenario = root().join("harness/scenarios/bootstraps.rhai");
    let scenario = fs::read_to_string(scenario).expect("it is there");
    for package in packages().into_iter().filter(|p| p.group() == "workloads") {
        let name = package.name();
        assert!(scenario.contains(&format!("\"{name}\"")), "bootstraps.rhai leaves out {name}");
    }
}

#[test]
fn every_scenario_is_shipped() {
    let place = crate::kit::Place::new();
    let list = place.wait(&mut place.kelvin(&["list", "scenarios"])).exits(0);
    let folder = root().join("harness/scenarios");
    for scenario in fs::read_dir(folder).expect("it is there").flatten() {
        let path = scenario.path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let start = format!("{name}  ");
        assert!(list.stdout.lines().any(|line| line.starts_with(&start)), "{name}");
    }
}

#[test]
fn every_source_file_says_what_it_is_for_and_is_short() {
    let sources = sources();
    assert!(sources.len() > 50, "{sources:?}");
    for path in sources {
        let text = fs::read_to_string(&path).expect("sources are UTF-8");
        assert!(text.starts_with("//! "), "{} does not begin with //!", path.display());
        let merged = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
        assert!(!text.lines().any(merged), "{} has two versions of a line", path.display());
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_change_log_knows_this_version() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).expect("there is a CHANGELOG.md");
    let version = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    let known = |line: &str| line.starts_with("## [Unreleased]") || line.starts_with(&version);
    assert!(text.lines().any(known), "CHANGELOG.md has no heading {version} or ## [Unreleased]");
}
