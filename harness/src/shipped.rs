//! The scenarios inside the binary, and how one is found by name or path.

use std::path::Path;

use anyhow::{Context, bail};
use kelvin_scenario::Script;

/// Name and text, by the alphabet.
pub(crate) const SCENARIOS: [(&str, &str); 5] = [
    ("cold-warm", include_str!("../scenarios/cold-warm.rhai")),
    ("fan-out", include_str!("../scenarios/fan-out.rhai")),
    ("init-shift", include_str!("../scenarios/init-shift.rhai")),
    ("io-ladder", include_str!("../scenarios/io-ladder.rhai")),
    ("ladder", include_str!("../scenarios/ladder.rhai")),
];

/// Finds a scenario: what looks like a path is one, anything else is a name.
pub(crate) fn find(scenario: &str) -> anyhow::Result<Script> {
    if let Some((name, text)) = SCENARIOS.into_iter().find(|(name, _)| *name == scenario) {
        return Ok(Script::compile(name, text)?);
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
    Ok(Script::compile(name, text)?)
}
