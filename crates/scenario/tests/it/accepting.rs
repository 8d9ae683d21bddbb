//! A host that accepts everything, for scripts on the platform that answers nominally.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kelvin_lambda::Invocation;
use kelvin_platform::FunctionId;
use kelvin_scenario::{
    Batch, Client, Deployment, Host, HostError, NominalPlatform, Outcome, Progress, Resolved,
    RunOptions, ScenarioError, Script, ServiceChange, ServiceId, Slot, Source, StartedService,
    Totals, Wanted, WantedRung, WantedService,
};

use crate::folder::compile;

struct Accepting;

impl Host for Accepting {
    /// Nothing was built, so any name may be that of a case.
    fn resolve(&self, wanted: &Wanted) -> Result<Resolved, HostError> {
        Ok(Resolved {
            reads: Vec::new(),
            bootstrap: "bootstrap".into(),
            workload: match &wanted.source {
                Source::Workload(name) => Some(name.clone()),
                _ => None,
            },
            cases: Vec::new(),
            env_vars: BTreeMap::new(),
            variant: None,
        })
    }
    fn runtimes(&self, _client: Client) -> Result<Vec<String>, HostError> {
        Ok(vec!["nodejs".to_owned(), "python".to_owned()])
    }
    fn service(&self, _: &WantedService) -> Result<StartedService, HostError> {
        Ok(StartedService { id: ServiceId(0), env_vars: BTreeMap::new() })
    }
    fn change_service(&self, _: ServiceId, _: &ServiceChange) -> Result<(), HostError> {
        Ok(())
    }
    fn deployed(&self, _: FunctionId, _: &Deployment) {}
    fn launch(&self, _: FunctionId, _: Option<Slot>) {}
    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError> {
        Ok(batch.invocations)
    }
    fn measure(&self, _: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
        Ok(vec![1])
    }
    fn removed(&self, _: FunctionId) {}
    fn note(&self, _: &str) {}
    fn check(&self, _: &str, _: bool, _: Option<&kelvin_scenario::Measure>) {}
    fn progress(&self, _: Progress<'_>) {}
}

/// What the examples of the documentation have beside them.
const FILES: [(&str, &str); 3] = [
    ("orders/a.json", "{\"quantity\": 1}"),
    ("orders/b.json", "{\"quantity\": 2}"),
    ("azure-2019.csv", include_str!("../../../load/samples/azure-2019-synthetic.csv")),
];

/// What a script does.
pub(crate) fn run(script: &str) -> Result<Totals, ScenarioError> {
    run_script(&compile(&FILES, script)?)
}

/// What a compiled script does.
pub(crate) fn run_script(script: &Script) -> Result<Totals, ScenarioError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let platform = Arc::new(NominalPlatform::standing_for("emulator"));
    let mut options = RunOptions::new(runtime.handle().clone(), stopped);
    // Nothing is waited for.
    options.limits.run_time = Duration::MAX;
    script.run(options, Arc::clone(&platform) as _, Arc::new(Accepting))?;
    Ok(platform.totals())
}

/// How the evaluation of a script ends that may take so long.
pub(crate) fn evaluate(script: &str, may_take: Duration) -> Result<Outcome, ScenarioError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let platform = Arc::new(NominalPlatform::standing_for("emulator"));
    let mut options = RunOptions::new(runtime.handle().clone(), stopped);
    options.nominal = Some(may_take);
    compile(&FILES, script)?.run(options, platform, Arc::new(Accepting))
}
