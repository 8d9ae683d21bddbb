//! The logs, inside the program.

use kelvin_workload::WorkloadError;

const LOGS: [(&str, &str); 3] = [
    ("day", include_str!("../cases/day.log")),
    ("hour", include_str!("../cases/hour.log")),
    ("scan", include_str!("../cases/scan.log")),
];

/// The log of this name; the error lists the names that there are.
pub(crate) fn find(name: &str) -> Result<&'static str, WorkloadError> {
    let found = LOGS.into_iter().find(|&(known, _)| known == name);
    found.map(|(_, log)| log).ok_or_else(|| {
        let known = LOGS.map(|(name, _)| name).join(", ");
        WorkloadError::invalid_event(format!("there is no log \"{name}\"; the logs are {known}"))
    })
}
