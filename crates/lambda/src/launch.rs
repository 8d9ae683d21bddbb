//! What a platform knows of a launch: an execution environment from its start on.

/// What a platform can tell of an execution environment, with the first invocation that it serves.
///
/// What is not known is `None`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchFacts {
    /// Cores on which its processes ran when it was started.
    pub cpus: Vec<usize>,
    /// How many cores its processes saw.
    pub visible_cpus: Option<usize>,
    /// Core on which the thread that took the times polled meanwhile; `None` if it had none of its own.
    pub serving_cpu: Option<usize>,
    /// Where the time of its init phase went.
    pub init: InitParts,
    /// What its files had to do with the page cache of the machine.
    pub page_cache: Option<PageCacheFacts>,
}

/// Where the time of an init phase went, in nanoseconds, and what was read in it.
///
/// INIT is CPU, page-in and the rest. CPU of several threads at once may be longer than INIT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitParts {
    /// CPU time of the process, from exec(2) on, of all its threads.
    pub cpu_ns: Option<u64>,
    /// Time in which the process could have run and waited for a core.
    pub run_queue_ns: Option<u64>,
    /// Time for which the process waited for its pages to be read.
    pub page_in_ns: Option<u64>,
    /// How `page_in_ns` is known.
    pub page_in_by: PageInBy,
    /// Page faults that had to wait for the disk.
    pub major_faults: Option<u64>,
    /// Bytes that were read from the disk for it.
    pub read_bytes: Option<u64>,
}

/// How the time that a process waits for its pages is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageInBy {
    /// The kernel accounts it.
    Accounted,
    /// It is what CPU and run queue leave of INIT where something was read: other waits are in it.
    #[default]
    Residue,
}

/// What the files that a function reads when it starts had to do with the page cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageCacheFacts {
    /// Whether they were to be evicted before the start.
    pub cold: bool,
    /// Size of all of them.
    pub bytes: u64,
    /// How much of them was resident at the start; `None` where the kernel does not say.
    pub resident_bytes: Option<u64>,
    /// What could not be evicted, or is not known to have been, each with the reason; bounded.
    pub not_evicted: Vec<String>,
    /// Bytes that were copied to prepare the launch, so that it shares no file with another environment.
    pub copied_bytes: u64,
    /// Time that preparing took, outside of every measurement unless `waited`.
    pub prepare_ns: u64,
    /// Whether the start had to wait for it, because nothing had been prepared ahead.
    pub waited: bool,
    /// How many environments were in their init phase at the same time, this one included: they share the disk.
    pub starting: u32,
}
