//! What `cargo bench` measured, read from where criterion keeps it.
//!
//! Criterion does not document these files, so this is the only place that knows them, and nothing here is an error: what
//! cannot be read is a reason.

use std::path::{Path, PathBuf};
use std::{env, fs};

use kelvin_artifact::Workspace;
use kelvin_report::{CaseName, Criterion};
use serde::Deserialize;

/// What is known of these cases.
pub(crate) fn of(cases: impl IntoIterator<Item = CaseName>) -> Criterion {
    let folder = folder();
    let estimate = |(workload, case): CaseName| {
        let folder = folder.as_ref().map_err(Clone::clone);
        let mean_ns = folder.and_then(|folder| mean_ns(folder, &workload, &case));
        ((workload, case), mean_ns)
    };
    cases.into_iter().map(estimate).collect()
}

/// Where criterion keeps its estimates for benchmarks of this folder's workspace.
fn folder() -> Result<PathBuf, String> {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return Ok(home.into());
    }
    let workspace = env::current_dir().ok().and_then(|folder| Workspace::of(&folder).ok());
    let target = workspace.map(|workspace| workspace.target_folder.join("criterion"));
    target.ok_or_else(|| "this folder belongs to no cargo workspace".to_owned())
}

/// `estimates.json` of criterion 0.8, as far as it is of use.
#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Criterion's mean of a benchmark that has the workload as its group and the case as its parameter, in nanoseconds.
fn mean_ns(folder: &Path, workload: &str, case: &str) -> Result<f64, String> {
    let path = [workload, case, "new", "estimates.json"].into_iter().map(file_name);
    let path = folder.join(path.collect::<PathBuf>());
    let text = fs::read(&path).map_err(|_| {
        format!("there is no {}; `cargo bench -- {workload}` makes it", path.display())
    })?;
    let estimates: Estimates = serde_json::from_slice(&text)
        .map_err(|error| format!("{} has another format: {error}", path.display()))?;
    let ns = estimates.mean.point_estimate;
    if ns.is_finite() && ns > 0.0 { Ok(ns) } else { Err(format!("{} is no time", path.display())) }
}

/// As criterion makes names of folders.
fn file_name(name: &str) -> String {
    let special = ['?', '"', '/', '\\', '*', '<', '>', ':', '|', '^'];
    let mut name = name.replace(special, "_");
    name.truncate(name.floor_char_boundary(64));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_read_and_anything_else_is_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let check = |text: Option<&str>, expected: Result<f64, &str>| {
            let place = folder.path().join("json/a_b/new");
            fs::create_dir_all(&place).unwrap();
            fs::remove_file(place.join("estimates.json")).ok();
            if let Some(text) = text {
                fs::write(place.join("estimates.json"), text).unwrap();
            }
            let found = mean_ns(folder.path(), "json", "a/b")
                .map_err(|why| why.replace(&folder.path().display().to_string(), "DIR"));
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        let file = "DIR/json/a_b/new/estimates.json";
        let real = r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.5,"upper_bound":2.5},
            "point_estimate":2.0,"standard_error":0.1},"median":{},"slope":null}"#;
        check(Some(real), Ok(2.0));
        check(None, Err(&format!("there is no {file}; `cargo bench -- json` makes it")));
        check(Some(r#"{"mean":{"point_estimate":-1.0}}"#), Err(&format!("{file} is no time")));
        let changed = "missing field `mean` at line 1 column 2";
        check(Some("{}"), Err(&format!("{file} has another format: {changed}")));
    }
}
