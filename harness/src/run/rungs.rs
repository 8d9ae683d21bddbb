//! `f.measure()`: the rungs of the ladder below Lambda, in the very binary that is deployed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kelvin_artifact::Measure;
use kelvin_emulator::cpu::visible_cpus;
use kelvin_emulator::{Libraries, env_vars};
use kelvin_scenario::{HostError, WantedRung};

use crate::signals::Stop;

/// Whoever measures for longer means fewer iterations.
const LIMIT: Duration = Duration::from_mins(10);

/// Runs `bootstrap --measure` with the environment variables and the cores that the function has in the emulator, without
/// its memory size and CPU limit.
pub(super) fn measure(
    bootstrap: &Path,
    wanted: &WantedRung<'_>,
    stop: &Stop,
) -> Result<Vec<u64>, HostError> {
    let config = wanted.config;
    let task_root = bootstrap.parent().unwrap_or(Path::new("/"));
    let libraries = Libraries::of(bootstrap, config, &[]);
    let env_vars: BTreeMap<String, String> =
        env_vars(config, "measure", task_root, None, libraries).into_iter().collect();
    let measure = Measure {
        rung: wanted.rung,
        case: wanted.case,
        iterations: wanted.iterations,
        env_vars: &env_vars,
        cpus: &visible_cpus(config.memory_size),
        limit: LIMIT,
    };
    kelvin_artifact::measure(bootstrap, &measure, &|| stop.is_wanted()).map_err(|error| {
        HostError::because(
            format!("failed to measure function \"{}\" without Lambda", config.name),
            error,
        )
    })
}
