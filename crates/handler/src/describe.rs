//! `--describe`: the workload, its cases, and how this program was built.

use std::collections::BTreeMap;
use std::io::{self, Write};

use kelvin_lambda::Description;
use kelvin_workload::Workload;

use crate::modes::{DONE, FAILED};

pub(crate) fn run<W: Workload>(stdout: &mut impl Write, stderr: &mut impl Write) -> io::Result<u8> {
    let cases: Result<Vec<_>, _> = W::cases().iter().map(|case| case.describe()).collect();
    let text = cases.and_then(|cases| {
        serde_json::to_string_pretty(&Description {
            workload: W::NAME.to_owned(),
            cases,
            build: build_facts(),
        })
    });
    match text {
        Ok(text) => {
            writeln!(stdout, "{text}")?;
            Ok(DONE)
        }
        Err(error) => {
            writeln!(stderr, "{}: failed to write a case as JSON: {error}", W::NAME)?;
            Ok(FAILED)
        }
    }
}

fn build_facts() -> BTreeMap<String, String> {
    let facts = [
        ("kelvin", env!("CARGO_PKG_VERSION")),
        ("profile", if cfg!(debug_assertions) { "debug" } else { "release" }),
        ("opt_level", env!("KELVIN_OPT_LEVEL")),
        ("panic", if cfg!(panic = "abort") { "abort" } else { "unwind" }),
        ("rustc", env!("KELVIN_RUSTC")),
        ("target", env!("KELVIN_TARGET")),
        ("target_features", env!("KELVIN_TARGET_FEATURES")),
    ];
    facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
