//! Scripts on the platform that answers nominally.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kelvin_lambda::{FunctionConfig, Invocation};
use kelvin_platform::FunctionId;
use kelvin_scenario::{
    Batch, Deployment, Host, HostError, NominalPlatform, Progress, Resolved, RunOptions, Script,
    Slot, Totals, Wanted,
};

/// Accepts everything.
#[derive(Default)]
struct Accepting(Mutex<Vec<FunctionConfig>>);

impl Host for Accepting {
    fn resolve(&self, _: &Wanted) -> Result<Resolved, HostError> {
        let (cases, env_vars) = (Vec::new(), std::collections::BTreeMap::new());
        Ok(Resolved { bootstrap: "bootstrap".into(), workload: None, cases, env_vars })
    }
    fn deployed(&self, _: FunctionId, deployment: &Deployment) {
        self.0.lock().expect("nobody panics").push(deployment.spec.config.clone());
    }
    fn launch(&self, _: FunctionId, _: Option<Slot>) {}
    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError> {
        Ok(batch.invocations)
    }
    fn removed(&self, _: FunctionId) {}
    fn note(&self, _: &str) {}
    fn check(&self, _: &str, _: bool) {}
    fn progress(&self, _: Progress<'_>) {}
}

fn totals(script: &str) -> Totals {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let platform = Arc::new(NominalPlatform::standing_for("emulator"));
    let script = Script::compile("test.rhai", script).expect("it compiles");
    let options = RunOptions::new(runtime.handle().clone(), stopped);
    let host = Arc::new(Accepting::default());
    script.run(options, Arc::clone(&platform) as _, host).expect("it runs");
    platform.totals()
}

#[test]
fn the_shipped_scenario_can_be_tried_dry() {
    let totals = totals(include_str!("../../../../harness/scenarios/cold-warm.rhai"));
    assert_eq!((totals.functions, totals.launches, totals.invocations), (12, 240, 240 * 21));
}

#[test]
fn counts_launches_invocations_time_and_cost() {
    let Totals { functions, launches, invocations, time, cost } = totals(
        r#"
        if platform != "emulator" { throw platform; }
        let f = deploy(#{ workload: "x" });
        blocks(3, [f], |f| { f.recycle(); f.invoke(); f.repeat(5000); });
        f.configure(#{ memory: 1024 });
        f.invoke();
        f.invoke();
        pause("2h");
        f.remove();
        deploy(#{ workload: "x" });
        "#,
    );
    assert_eq!((functions, launches, invocations), (2, 4, 15_005));
    let invoking = Duration::from_millis(4 * 20 + 15_005);
    assert_eq!(time, Duration::from_secs(7200) + invoking);
    // 128 MB: 3 cold starts of 21 ms and 15,000 of 1 ms; 1,024 MB: one of each.
    let gb_seconds = (3.0 * 21.0 + 15_000.0) / 8000.0 + 22.0 / 1000.0;
    assert!((cost.compute_usd / gb_seconds - 1.5e-5).abs() < 2e-6, "{cost:?}");
    assert!((cost.request_usd - 15_005.0 * 2e-7).abs() < 1e-9, "{cost:?}");
}
