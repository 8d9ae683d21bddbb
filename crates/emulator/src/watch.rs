//! What is watched and enforced while a process runs: its CPU limit, its memory limit, and its freeze.

use kelvin_lambda::{FunctionConfig, Interval, MemorySize};
use kelvin_sandbox::{Cgroup, Freezer};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Duration, sleep};

use crate::clock::now_ns;
use crate::cpu::cgroup::CgroupLimit;
use crate::cpu::{CgroupError, CpuLimit, Limiter, TickLimit};
use crate::sandboxes::Held;
use crate::spin::Spin;
use crate::usage::Usage;

/// Which of Lambda's limits are enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU in proportion to memory, and by which mechanism.
    pub cpu: CpuLimit,
    /// The environment is killed when its processes use more memory together than the memory size.
    pub memory: bool,
    /// Processes are stopped between invocations.
    pub freeze: bool,
    /// `/tmp`, with the size of the ephemeral storage, and `/var/task` are the environment's own. Where the machine does not
    /// allow that, they are not, and [`Platform::describe`](kelvin_platform::Platform::describe) says why.
    pub files: bool,
}

impl Limits {
    /// Whether processes are stopped at times.
    pub(crate) fn stops(&self) -> bool {
        self.freeze || self.cpu == CpuLimit::Tick
    }
}

/// Memory and children are looked at this often where no CPU limit sets the pace.
const LOOK_NS: u64 = 4_000_000;

/// A look in a loop of invocations may be so old: the kernel takes as long for one as a short invocation takes.
const FRESH_NS: u64 = 1_000_000;

/// Watches one process and everything that it started.
#[derive(Debug)]
pub(crate) struct Watch {
    limits: Limits,
    memory_bytes: u64,
    usage: Usage,
    freezer: Option<Freezer>,
    group: Option<Pid>,
    cpu: Option<Box<dyn Limiter>>,
    phase: Phase,
    looked_at: u64,
    next_look: u64,
    /// Before this there is no look: one of many processes takes long, and must leave time for everything else.
    pause_until: u64,
    stopped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// At full speed.
    Init,
    Invoke,
    /// Between invocations.
    Idle,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    OutOfMemory,
}

impl Watch {
    /// Of the function `pid` in the environment of `init`.
    pub(crate) fn new(
        limits: Limits,
        config: &FunctionConfig,
        pid: i32,
        init: i32,
        held: Held,
    ) -> Watch {
        Watch {
            limits,
            memory_bytes: config.memory_size.bytes(),
            usage: Usage::of(pid, init),
            freezer: held.freezer,
            group: Pid::from_raw(pid),
            cpu: limiter(limits.cpu, config.memory_size, held.cpu),
            phase: Phase::Init,
            looked_at: 0,
            next_look: now_ns() + LOOK_NS,
            pause_until: 0,
            stopped: false,
        }
    }

    /// CPU time of the processes so far.
    pub(crate) fn cpu_ns(&mut self) -> Option<u64> {
        self.usage.cpu_ns()
    }

    /// The peak so far. Looks at memory and descendants, unless that was done within the last millisecond and the next
    /// invocation follows at once.
    pub(crate) fn peak_bytes(&mut self, next_follows: bool) -> Option<u64> {
        if !next_follows || now_ns() - self.looked_at >= FRESH_NS {
            self.look_at_usage();
        }
        self.usage.peak_bytes()
    }

    /// Nobody needs the processes for now: finds those that there are, and freezes them.
    pub(crate) fn rest(&mut self) {
        self.look_at_usage();
        self.end();
    }

    /// Ends the full speed of INIT. Must come before the first invocation.
    pub(crate) fn limit_cpu(&mut self) -> Result<(), CgroupError> {
        self.cpu.as_mut().map_or(Ok(()), |cpu| cpu.enforce())
    }

    /// An invocation begins: opens the books, and thaws. Returns the CPU time of the processes so far.
    pub(crate) fn begin(&mut self, now: u64) -> Option<u64> {
        self.phase = Phase::Invoke;
        // In a loop of short invocations none would be looked at: what the last one has left must not be too much.
        self.next_look = if self.is_out_of_memory() { now } else { now + LOOK_NS };
        let cpu_ns = self.usage.cpu_ns();
        let held = self.cpu.as_mut().is_some_and(|cpu| cpu.begin(now, cpu_ns.unwrap_or(0)));
        self.stop(held);
        cpu_ns
    }

    /// The invocation has ended: charges it, and freezes. After an init phase there is nothing to charge.
    pub(crate) fn end(&mut self) {
        let invoked = std::mem::replace(&mut self.phase, Phase::Idle) == Phase::Invoke;
        // Now and not when the next one begins: the books begin anew after an idle period, and so must know when it began.
        if let (true, Some(cpu), Some(cpu_ns)) = (invoked, &mut self.cpu, self.usage.cpu_ns()) {
            cpu.advance(now_ns(), cpu_ns);
        }
        self.stop(self.limits.freeze);
    }

    /// When the environment was held in this invocation.
    pub(crate) fn holds(&self) -> &[Interval] {
        self.cpu.as_ref().map_or(&[], |cpu| cpu.holds())
    }

    /// How long it was held in this invocation, where only a total is known.
    pub(crate) fn throttled_total_ns(&self) -> Option<u64> {
        self.cpu.as_ref()?.throttled_total_ns()
    }

    /// Waits until [`Watch::look`] is due. Cancel safe.
    pub(crate) async fn due(&self, spin: &Spin) {
        let next_event = self.cpu.as_ref().and_then(|cpu| cpu.next_event());
        let due = match (next_event, self.phase) {
            (_, Phase::Idle) => return std::future::pending().await,
            (Some(next_event), Phase::Invoke) => next_event,
            // Also where nothing is limited: what children use is seen only while they live.
            _ => self.next_look,
        };
        let due = due.max(self.pause_until);
        loop {
            let now = now_ns();
            if now >= due {
                return;
            }
            if spin.is_spinning() {
                tokio::task::yield_now().await;
            } else {
                sleep(Duration::from_nanos(due - now)).await;
            }
        }
    }

    /// Charges CPU time, stops or continues, and looks at memory.
    pub(crate) fn look(&mut self) -> Found {
        let now = now_ns();
        self.next_look = now + LOOK_NS;
        let cpu_ns = self.usage.cpu_ns();
        if cpu_ns.is_none() {
            // The process is gone, which is about to be told. Nothing must be due until then: this thread has to hear it.
            self.phase = Phase::Idle;
            return Found::Nothing;
        }
        if let (Phase::Invoke, Some(cpu), Some(cpu_ns)) = (self.phase, &mut self.cpu, cpu_ns) {
            let held = cpu.advance(now, cpu_ns);
            self.stop(held);
        }
        self.look_at_usage();
        self.pause_until = self.looked_at + (self.looked_at - now);
        if self.is_out_of_memory() { Found::OutOfMemory } else { Found::Nothing }
    }

    fn look_at_usage(&mut self) {
        self.usage.look(self.memory_bytes);
        self.looked_at = now_ns();
    }

    /// At the last look.
    fn is_out_of_memory(&self) -> bool {
        self.limits.memory && self.usage.memory_bytes() > self.memory_bytes
    }

    /// Stops or continues all processes of the environment.
    fn stop(&mut self, stop: bool) {
        if stop == self.stopped {
            return;
        }
        self.stopped = stop;
        if let Some(freezer) = &self.freezer {
            // A group that is gone has nothing in it.
            freezer.set(stop).ok();
            return;
        }
        let signal = if stop { Signal::STOP } else { Signal::CONT };
        // Whoever is gone needs neither.
        if let Some(group) = self.group {
            kill_process_group(group, signal).ok();
        }
        for pid in self.usage.others().filter_map(Pid::from_raw) {
            kill_process(pid, signal).ok();
        }
    }
}

fn limiter(
    limit: CpuLimit,
    memory: MemorySize,
    cgroup: Option<Cgroup>,
) -> Option<Box<dyn Limiter>> {
    match limit {
        CpuLimit::Off => None,
        CpuLimit::Tick => Some(Box::new(TickLimit::new(memory))),
        CpuLimit::Cgroup => Some(Box::new(CgroupLimit::new(cgroup?, memory))),
    }
}
