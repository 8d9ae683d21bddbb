//! Which core is whose, and what a function sees of them.

use kelvin_lambda::{Invocation, MemorySize};

use crate::kit::{Kit, kit, seen};

/// What the function sees and where it runs, and what the record says of its launch.
fn look(kit: &Kit, function: kelvin_platform::FunctionId) -> (usize, usize, Invocation) {
    let invocation = kit.invoke(function, "cores");
    let answer = seen(&invocation).2;
    let (sees, runs_on) = answer.trim_matches('"').split_once(' ').expect("two numbers");
    (sees.parse().expect("a number"), runs_on.parse().expect("a number"), invocation)
}

#[test]
fn a_function_runs_beside_the_serving_thread_and_sees_what_lambda_shows() {
    let kit = kit();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let function = kit.deploy(|config| config.memory_size = MemorySize::MIN);
    let mut homes = Vec::new();
    for _ in 0..4 {
        let (sees, runs_on, first) = look(&kit, function);
        let facts = first.launch.expect("the first invocation tells of its launch");
        assert_eq!(facts.visible_cpus, Some(sees), "the record says what the function sees");
        assert!(facts.cpus.contains(&runs_on), "{facts:?} {runs_on}");
        if cores > 1 {
            let serving = facts.serving_cpu.expect("there is a core for it");
            assert!(!facts.cpus.contains(&serving), "{facts:?}");
            assert_eq!(sees, MemorySize::MIN.visible_vcpus().min(cores));
        }
        for _ in 0..5 {
            assert!(facts.cpus.contains(&look(&kit, function).1), "it stays there");
        }
        homes.push(facts.cpus.clone());
        kit.recycle(function);
    }
    if cores > 1 {
        assert!(homes.iter().any(|home| *home != homes[0]), "launches change cores: {homes:?}");
    }
}

#[test]
fn where_more_work_than_there_are_cores_all_are_answered() {
    let kit = kit();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let functions: Vec<_> = (0..cores + 1)
        .map(|at| kit.deploy(|config| config.name = format!("function-{at}")))
        .collect();
    std::thread::scope(|scope| {
        for function in functions {
            let kit = &kit;
            scope.spawn(move || {
                for _ in 0..3 {
                    assert_eq!(seen(&kit.invoke(function, "spin 20")).2, "\"spun\"");
                }
            });
        }
    });
}
