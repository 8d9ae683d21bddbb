//! What the emulator has of the page cache: a pool of private files, or the reason why cold starts are warm here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use kelvin_lambda::PageCacheFacts;
use kelvin_platform::PageCache;

use super::residency::probe;
use super::{Images, Lease, Pool, Program, mapped_files};

/// Named in a record; of the others there is the count.
const MOST_NAMED: usize = 8;

/// Prepares cold starts.
#[derive(Clone, Debug)]
pub(crate) struct PageCaches {
    pool: Result<Pool, String>,
    /// Environments in their init phase.
    starting: Arc<AtomicU32>,
}

impl PageCaches {
    /// Copies go to `folder`, which is made.
    pub(crate) fn new(folder: &Path, images: Images) -> PageCaches {
        let pool = Pool::new(folder.to_owned(), images).and_then(|pool| {
            probe(folder)?;
            Ok(pool)
        });
        let pool = pool.map_err(|error| error.to_string());
        PageCaches { pool, starting: Arc::default() }
    }

    /// Why no start can be cold, if none can.
    pub(crate) fn why_warm(&self) -> Option<&str> {
        self.pool.as_ref().err().map(String::as_str)
    }
}

/// An environment in its init phase.
#[derive(Debug)]
pub(crate) struct Starting(Arc<AtomicU32>);

impl Starting {
    /// How many there are, this one included.
    pub(crate) fn at_once(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The files of one function, for one cold start after the other.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    caches: PageCaches,
    program: Arc<Program>,
    wanted: PageCache,
    /// Set once a start has mapped nothing that was not known beforehand.
    settled: Arc<AtomicBool>,
    /// What a start reads outside of its package, once that has been looked for.
    outside: Arc<OnceLock<Vec<PathBuf>>>,
}

/// What a start was prepared with.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    pub lease: Option<Lease>,
    /// Whether the start had to wait for it.
    pub waited: bool,
}

impl Files {
    pub(crate) fn new(caches: PageCaches, program: Program, wanted: PageCache) -> Files {
        Files {
            caches,
            program: Arc::new(program),
            wanted,
            settled: Arc::default(),
            outside: Arc::default(),
        }
    }

    /// Counts an environment in its init phase until the returned value is dropped.
    pub(crate) fn begin(&self) -> Starting {
        self.caches.starting.fetch_add(1, Ordering::Relaxed);
        Starting(Arc::clone(&self.caches.starting))
    }

    /// Prepares a start. What takes long happens on another thread.
    pub(crate) async fn prepare(&self) -> Ready {
        let (program, wanted) = (Arc::clone(&self.program), self.wanted);
        let pool = self.caches.pool.clone().ok();
        let outside = Arc::clone(&self.outside);
        let prepared = tokio::task::spawn_blocking(move || {
            outside.get_or_init(|| program.outside());
            match wanted {
                PageCache::Cold => pool.map(|pool| pool.lease(&program)),
                PageCache::Warm => {
                    read_whole(&program.bootstrap);
                    None
                }
            }
        });
        // A panic over there has been printed; the start goes on with the original.
        Ready { lease: prepared.await.ok().flatten(), waited: false }
    }

    /// What a start reads outside of its package, as far as that is known once a start has been prepared.
    pub(crate) fn outside(&self) -> &[PathBuf] {
        self.outside.get().map_or(&[], Vec::as_slice)
    }

    /// Right before the start: evicts what has come back, and says what there is.
    pub(crate) fn check(&self, ready: &Ready) -> PageCacheFacts {
        let cold = self.wanted == PageCache::Cold;
        let Some(lease) = &ready.lease else {
            let bytes = std::fs::metadata(&self.program.bootstrap).map_or(0, |file| file.len());
            let resident_bytes = super::resident_bytes(&self.program.bootstrap);
            let why = self.caches.why_warm().filter(|_| cold).map(str::to_owned);
            let not_evicted = why.into_iter().collect();
            return PageCacheFacts {
                cold,
                bytes,
                resident_bytes,
                not_evicted,
                ..PageCacheFacts::default()
            };
        };
        let checked = lease.check();
        let prepared = &lease.prepared;
        let mut not_evicted = Vec::new();
        let named = prepared.not_evicted.named.iter().chain(&prepared.unknown.named);
        for (path, what) in named.take(MOST_NAMED) {
            not_evicted.push(format!("{}: {what}", path.display()));
        }
        let all = prepared.not_evicted.n_paths + prepared.unknown.n_paths;
        if let Some(more) = all.checked_sub(not_evicted.len() as u64).filter(|more| *more > 0) {
            not_evicted.push(format!("and {more} more files"));
        }
        PageCacheFacts {
            cold,
            bytes: prepared.bytes,
            resident_bytes: Some(checked.resident_bytes),
            not_evicted,
            copied_bytes: prepared.copied_bytes,
            prepare_ns: prepared.took_ns,
            waited: ready.waited,
            starting: 0,
        }
    }

    /// After INIT: adds to the facts what the process has mapped that was not evicted, and has it evicted from the next start
    /// on.
    pub(crate) fn learn(&self, ready: &Ready, pid: i32, facts: &mut PageCacheFacts) {
        let (Some(lease), Ok(pool)) = (&ready.lease, &self.caches.pool) else { return };
        if self.settled.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mapped) = mapped_files(pid) else { return };
        let missed = lease.not_covered(&mapped);
        if missed.is_empty() {
            self.settled.store(true, Ordering::Relaxed);
            return;
        }
        for path in missed.iter().take(MOST_NAMED) {
            let file = path.display();
            facts.not_evicted.push(format!("{file}: nothing said that it would be loaded"));
        }
        pool.learn(&self.program, &missed);
    }
}

/// So that a start that is to be warm is.
fn read_whole(file: &Path) {
    if let Ok(mut file) = std::fs::File::open(file) {
        std::io::copy(&mut file, &mut std::io::sink()).ok();
    }
}
