//! Records of launches while they last.

use kelvin_lambda::{Invocation, Status};
use kelvin_platform::Gap;
use kelvin_record::{LaunchRecord, Measured};
use kelvin_scenario::Slot;

/// Adds one of its invocations to the record of a launch; `gap` lay before it.
pub(super) fn note(launch: &mut LaunchRecord, invocation: &Invocation, gap: Option<Gap>) {
    launch.invocations += 1;
    launch.failed += u64::from(invocation.status != Status::Ok);
    if let Some(init_ns) = invocation.timing.init_ns {
        launch.init_ns = Measured::Value(init_ns);
    }
    if let Some(facts) = &invocation.launch {
        launch.cpus.clone_from(&facts.cpus);
        launch.visible_cpus = facts.visible_cpus;
        launch.serving_cpu = facts.serving_cpu;
        launch.init = Some((&facts.init).into());
        launch.page_cache = facts.page_cache.as_ref().map(Into::into);
    }
    // No gap lies before a launch's first invocation.
    if let Some(gap) = gap.filter(|_| launch.invocations > 1) {
        let gap = gap.to_string();
        if !launch.gaps.contains(&gap) {
            launch.gaps.push(gap);
        }
    }
    if let Some(bytes) = invocation.max_memory_bytes {
        launch.max_memory_bytes = Measured::Value(bytes);
    }
}

/// The record of a launch that has had no invocation yet.
pub(super) fn begun(
    launch: u64,
    function: u32,
    slot: Option<Slot>,
    started_offset_ns: u64,
) -> LaunchRecord {
    LaunchRecord {
        launch,
        function,
        block: slot.map(|slot| slot.block),
        position: slot.map(|slot| slot.position),
        started_offset_ns,
        init_ns: Measured::NotApplicable,
        cut_short: false,
        invocations: 0,
        failed: 0,
        max_memory_bytes: Measured::NotApplicable,
        gaps: Vec::new(),
        cpus: Vec::new(),
        visible_cpus: None,
        serving_cpu: None,
        init: None,
        page_cache: None,
    }
}
