//! The scenarios inside the binary, and how one is found by name or path.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use kelvin_scenario::{ScenarioError, Script};

use crate::script_folder::{Beside, Modules};

/// Name and text, by the alphabet.
pub(crate) const SCENARIOS: [(&str, &str); 16] = [
    ("after-response", include_str!("../scenarios/after-response.rhai")),
    ("bootstraps", include_str!("../scenarios/bootstraps.rhai")),
    ("break-it", include_str!("../scenarios/break-it.rhai")),
    ("burst", include_str!("../scenarios/burst.rhai")),
    ("chain", include_str!("../scenarios/chain.rhai")),
    ("cold-warm", include_str!("../scenarios/cold-warm.rhai")),
    ("fan-out", include_str!("../scenarios/fan-out.rhai")),
    ("init-shift", include_str!("../scenarios/init-shift.rhai")),
    ("io-ladder", include_str!("../scenarios/io-ladder.rhai")),
    ("keep-alive", include_str!("../scenarios/keep-alive.rhai")),
    ("ladder", include_str!("../scenarios/ladder.rhai")),
    ("memory", include_str!("../scenarios/memory.rhai")),
    ("payload", include_str!("../scenarios/payload.rhai")),
    ("runtimes", include_str!("../scenarios/runtimes.rhai")),
    ("spike", include_str!("../scenarios/spike.rhai")),
    ("steady", include_str!("../scenarios/steady.rhai")),
];

/// Whether one of them has this name.
pub(crate) fn is_shipped(name: &str) -> bool {
    SCENARIOS.iter().any(|(known, _)| *known == name)
}

/// The modules of these scenarios, by the alphabet.
const MODULES: &[(&str, &str)] =
    &[("io-cases", include_str!("../scenarios/modules/io-cases.rhai"))];

/// Compiles one of these scenarios; its paths start at the current folder.
pub(crate) fn compile(name: &str, text: &str) -> Result<Script, ScenarioError> {
    let beside = Beside { modules: Modules::Shipped(MODULES), events: PathBuf::from(".") };
    Script::compile_in(Arc::new(beside), name, text)
}

/// Finds a scenario: what looks like a path is one, anything else is a name.
pub(crate) fn find(scenario: &str) -> anyhow::Result<Script> {
    if let Some((name, text)) = SCENARIOS.into_iter().find(|(name, _)| *name == scenario) {
        return Ok(compile(name, text)?);
    }
    let path = Path::new(scenario);
    let is_path = scenario.contains('/') || path.extension().is_some_and(|e| e == "rhai");
    if !is_path {
        let names: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no scenario \"{scenario}\"; there are: {}; a script of your own is named by its path, FILE.rhai",
            names.join(", ")
        );
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("failed to read scenario {scenario}"))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Script::compile_in(Arc::new(Beside::script(path)), name, text)?)
}
