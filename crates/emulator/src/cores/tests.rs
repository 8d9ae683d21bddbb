//! Which threads are bound where, on this machine's real cores.

use super::*;

fn cores_of(thread: i32) -> Vec<usize> {
    let set = sched_getaffinity(rustix::process::Pid::from_raw(thread)).unwrap();
    (0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect()
}

fn shares(a: &[usize], b: &[usize]) -> bool {
    a.iter().any(|core| b.contains(core))
}

/// Runs on a thread of its own, which may be bound.
fn on_a_thread(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(test).join()).unwrap();
}

#[test]
fn an_environment_that_works_shares_no_core_with_the_serving_thread_nor_with_threads_beside_it() {
    on_a_thread(|| {
        let cores = Cores::of_this_thread(allowed().len());
        if cores.why_free().is_some() {
            return; // Of one core nothing can be shared out.
        }
        cores.serve_here();
        let me = gettid().as_raw_nonzero().get();
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel::<()>();
            let (thread_to, thread) = std::sync::mpsc::channel();
            let beside = cores.beside();
            scope.spawn(move || {
                beside.join();
                thread_to.send(gettid().as_raw_nonzero().get()).unwrap();
                told.recv().ok();
            });
            let harness = thread.recv().unwrap();
            for launch in 0..5 {
                cores.enter(launch, launch, MemorySize::MIN);
                cores.begin(launch);
                let share = cores.share(launch);
                assert_eq!(Some(share.serving.unwrap()), cores_of(me).first().copied());
                assert!(!shares(&share.on, &cores_of(me)), "{share:?}");
                assert!(!shares(&share.on, &cores_of(harness)), "{share:?}");
                assert_eq!(share.visible.len(), 2.min(cores.count()));
                cores.end(launch);
                cores.leave(launch);
            }
            drop(tell);
        });
    });
}

#[test]
fn where_too_many_work_all_cores_are_for_them_until_fewer_do() {
    on_a_thread(|| {
        let all = allowed();
        let cores = Cores::of_this_thread(2.min(all.len()));
        if cores.why_free().is_some() {
            return;
        }
        cores.serve_here();
        for environment in [1, 2] {
            cores.enter(environment, 0, MemorySize::MIN);
            cores.begin(environment);
        }
        assert_eq!(cores.share(2).on.len(), 2, "as many as it sees");
        cores.end(1);
        let share = cores.share(2);
        assert!(share.serving.is_some_and(|serving| !share.on.contains(&serving)), "{share:?}");
    });
}

#[test]
fn a_thread_that_leaves_may_use_every_core_and_comes_back() {
    on_a_thread(|| {
        let all = allowed();
        let cores = Cores::of_this_thread(all.len());
        if cores.why_free().is_some() {
            return;
        }
        cores.enter(1, 0, MemorySize::MIN);
        cores.begin(1);
        let beside = cores.beside();
        beside.join();
        let bound = allowed();
        assert!(bound.len() < all.len());
        assert_eq!(beside.leave_while(allowed), all);
        assert_eq!(allowed(), bound);
    });
}
