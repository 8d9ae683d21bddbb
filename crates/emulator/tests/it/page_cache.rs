//! Cold starts find nothing in the page cache, and say what they found.

use std::sync::Arc;

use kelvin_lambda::{FunctionConfig, Invocation, LaunchFacts, PageCacheFacts, Start};
use kelvin_platform::{FunctionId, FunctionSpec, PageCache, Platform};

use crate::kit::{Kit, kit_of};

/// An emulator with its folder on a disk, as in memory nothing can be cold; `None` where there is none.
fn kit() -> Option<Kit> {
    let kit = kit_of(|_| ());
    let entries = kit.emulator.describe().enforcement;
    let entry = entries.into_iter().find(|entry| entry.limit == "page cache").expect("it is told");
    assert!(entry.by.is_some() || entry.note.is_some(), "{entry:?}");
    entry.by.is_some().then_some(kit)
}

fn deploy(kit: &Kit, name: &str, page_cache: PageCache) -> FunctionId {
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function").into();
    let spec =
        FunctionSpec { page_cache, ..FunctionSpec::new(FunctionConfig::new(name), bootstrap) };
    kit.runtime.block_on(kit.emulator.deploy(spec)).expect("the function can be deployed")
}

fn facts(invocation: &Invocation) -> (Arc<LaunchFacts>, PageCacheFacts) {
    assert_eq!(invocation.start, Start::Cold);
    let launch = invocation.launch.clone().expect("a cold start tells of its launch");
    let page_cache = launch.page_cache.clone().expect("and of the page cache");
    (launch, page_cache)
}

#[test]
fn each_cold_start_is_cold_also_beside_others_of_the_same_package() {
    let Some(kit) = kit() else { return };
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_kelvin-test-function")).unwrap().len();
    let functions = ["one", "two"].map(|name| deploy(&kit, name, PageCache::Cold));
    for round in 0..3 {
        for function in functions {
            let (launch, page_cache) = facts(&kit.invoke(function, "echo"));
            assert!(page_cache.cold && page_cache.bytes >= size, "{page_cache:?}");
            let warm = page_cache.resident_bytes.expect("this machine can tell");
            // What could not be evicted is named.
            assert!(warm == 0 || !page_cache.not_evicted.is_empty(), "{page_cache:?}");
            assert_eq!(page_cache.starting, 1);
            assert!(!page_cache.waited, "it was prepared ahead");
            let init = launch.init;
            assert!(init.cpu_ns > Some(0) && init.major_faults.is_some(), "{init:?}");
            if round > 0 {
                assert_eq!(page_cache.copied_bytes, 0, "copies are used again");
            }
        }
        functions.iter().for_each(|function| kit.recycle(*function));
    }
}

#[test]
fn a_warm_page_cache_is_said_to_be_warm() {
    let Some(kit) = kit() else { return };
    let function = deploy(&kit, "warm", PageCache::Warm);
    let (_, page_cache) = facts(&kit.invoke(function, "echo"));
    // The kernel tells of a file only who owns it or may write it.
    assert!(!page_cache.cold && page_cache.resident_bytes != Some(0), "{page_cache:?}");
}
