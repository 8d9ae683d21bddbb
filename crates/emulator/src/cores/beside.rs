//! Threads of the harness, which must not take time from a function that is measured.

use rustix::thread::gettid;

use super::Cores;
use super::bind::bind_thread;

/// Keeps threads of this process away from the cores of functions that work.
#[derive(Clone, Debug)]
pub struct Beside {
    cores: Cores,
}

impl Beside {
    pub(super) fn new(cores: Cores) -> Beside {
        Beside { cores }
    }

    /// From now on the calling thread runs beside the serving thread, and never on a core of a function that works, as long
    /// as fewer environments work than there are cores. Threads that it starts begin on the same cores; those that are to
    /// stay join, too.
    pub fn join(&self) {
        if self.cores.why_free().is_some() {
            return;
        }
        let state = &mut *self.cores.state();
        let thread = gettid().as_raw_nonzero().get();
        if !state.beside.contains(&thread) {
            state.beside.push(thread);
        }
        bind_thread(thread, &state.beside_on);
    }

    /// Lets the calling thread use all cores while it does this, and whatever it starts meanwhile for ever: programs that
    /// build, and threads that serve functions.
    pub fn leave_while<T>(&self, work: impl FnOnce() -> T) -> T {
        let _bound_again = self.cores.why_free().is_none().then(|| Absent::new(&self.cores));
        work()
    }
}

/// A thread that is away; it comes back when this is dropped.
struct Absent<'a> {
    cores: &'a Cores,
    thread: i32,
    was_beside: bool,
}

impl Absent<'_> {
    fn new(cores: &Cores) -> Absent<'_> {
        let thread = gettid().as_raw_nonzero().get();
        let beside = &mut cores.state().beside;
        let was_beside = beside.contains(&thread);
        beside.retain(|known| *known != thread);
        bind_thread(thread, &cores.shared.all);
        Absent { cores, thread, was_beside }
    }
}

impl Drop for Absent<'_> {
    fn drop(&mut self) {
        if self.was_beside {
            let state = &mut *self.cores.state();
            state.beside.push(self.thread);
            bind_thread(self.thread, &state.beside_on);
        }
    }
}
