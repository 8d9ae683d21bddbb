//! An emulator with one function, driven from a test.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, Scaling, StartError};
use kelvin_lambda::{FunctionConfig, INIT_TIMEOUT, Invocation, Start, Status, Timeout};
use kelvin_platform::{
    FunctionId, FunctionSpec, Gaps, InvokeRequest, PageCache, Platform, RepeatPlan,
};
use tempfile::TempDir;

pub(crate) struct Kit {
    pub emulator: Emulator,
    pub runtime: tokio::runtime::Runtime,
    /// After the emulator, which must have left nothing in it.
    pub folder: Folder,
}

/// Holds everything of one emulator, and is a text that only its functions have in their environment.
pub(crate) struct Folder(TempDir);

/// Without limits: what most tests are about does not depend on them.
pub(crate) fn kit() -> Kit {
    kit_of(|_| ())
}

pub(crate) fn kit_with(limits: Limits) -> Kit {
    kit_of(|options| options.limits = limits)
}

pub(crate) fn kit_of(change: impl FnOnce(&mut Options)) -> Kit {
    try_kit_of(change).expect("the emulator starts")
}

pub(crate) fn try_kit_of(change: impl FnOnce(&mut Options)) -> Result<Kit, StartError> {
    let folder = Folder(TempDir::new().expect("a temporary folder"));
    let mut options = Options {
        temporary_folder: folder.path().to_owned(),
        limits: Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: true },
        scaling: Scaling::default(),
        awake_cores: false,
        init_timeout: INIT_TIMEOUT,
        guard: GuardProgram {
            path: env!("CARGO_BIN_EXE_kelvin-test-guard").into(),
            args: Vec::new(),
        },
        hidden: Vec::new(),
        left_out: Vec::new(),
    };
    change(&mut options);
    let emulator = Emulator::start(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(Kit { emulator, runtime: runtime.expect("a runtime"), folder })
}

impl Kit {
    /// Deploys the function that misbehaves on demand.
    pub(crate) fn deploy(&self, change: impl FnOnce(&mut FunctionConfig)) -> FunctionId {
        self.deploy_bootstrap(env!("CARGO_BIN_EXE_kelvin-test-function").into(), change)
    }

    pub(crate) fn deploy_bootstrap(
        &self,
        bootstrap: PathBuf,
        change: impl FnOnce(&mut FunctionConfig),
    ) -> FunctionId {
        let mut config = FunctionConfig::new("function");
        config.timeout = Timeout::new(30).expect("in range");
        change(&mut config);
        let spec = spec(config, bootstrap);
        self.runtime.block_on(self.emulator.deploy(spec)).expect("the function can be deployed")
    }

    /// Invokes with the JSON string `what`.
    pub(crate) fn invoke(&self, function: FunctionId, what: &str) -> Invocation {
        let request = InvokeRequest { log_tail: true, ..request(what) };
        self.runtime
            .block_on(self.emulator.invoke(function, request, Gaps::NONE))
            .expect("the emulator works")
    }

    pub(crate) fn repeat(
        &self,
        function: FunctionId,
        what: &str,
        invocations: u64,
    ) -> Vec<Invocation> {
        let request = request(what);
        let mut all = Vec::new();
        let mut sink = |batch| all.extend(batch);
        let plan = RepeatPlan { request, invocations, gaps: Gaps::NONE };
        let repeated = self.emulator.repeat(function, plan, &mut sink);
        self.runtime.block_on(repeated).expect("the emulator works");
        all
    }

    pub(crate) fn recycle(&self, function: FunctionId) {
        self.runtime.block_on(self.emulator.recycle(function)).expect("the emulator works");
    }
}

pub(crate) fn request(what: &str) -> InvokeRequest {
    InvokeRequest::new(Bytes::from(format!("\"{what}\"")))
}

impl Folder {
    pub(crate) fn new(folder: TempDir) -> Folder {
        Folder(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The emulator's own folders in it.
    pub(crate) fn emulators(&self) -> usize {
        let entries = fs::read_dir(self.path()).expect("it is there").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("kelvin-")).count()
    }

    /// Command lines of functions and of all that they started. What has ended has neither environment nor folder, also
    /// where nobody has looked yet.
    pub(crate) fn processes(&self) -> Vec<String> {
        let command_line = |process: PathBuf| fs::read(process.join("cmdline")).unwrap_or_default();
        self.found()
            .map(|process| String::from_utf8_lossy(&command_line(process)).replace('\0', " "))
            .collect()
    }

    /// Process ids of the same.
    pub(crate) fn pids(&self) -> Vec<i32> {
        self.found().filter_map(|process| process.file_name()?.to_str()?.parse().ok()).collect()
    }

    /// Their folders under `/proc`.
    fn found(&self) -> impl Iterator<Item = PathBuf> {
        let mark = self.path().as_os_str().as_encoded_bytes();
        let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
        processes.map(|process| process.path()).filter(move |process| {
            let marked = |file: &str| {
                let text = fs::read(process.join(file)).unwrap_or_default();
                text.windows(mark.len()).any(|text| text == mark)
            };
            // Who has files of its own has a mount in that folder.
            marked("environ")
                || (marked("mountinfo") && !marked("cmdline"))
                || fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(self.path()))
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.processes(), [""; 0], "still running");
            assert_eq!(self.emulators(), 0, "folders are left");
        }
    }
}

/// Whether something is enforced on this machine; says so if it is not, and what the test then leaves out.
pub(crate) fn is_enforced(kit: &Kit, limit: &str) -> bool {
    let facts = kit.emulator.describe();
    let entry = facts.enforcement.into_iter().find(|entry| entry.limit == limit);
    let entry = entry.expect("the emulator knows it");
    if entry.by.is_none() {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "not checked: {limit}: {}", entry.note.unwrap_or_default()).ok();
    }
    entry.by.is_some()
}

/// Whether a process is stopped by a signal, or its cgroup is frozen.
pub(crate) fn is_frozen(pid: i32) -> bool {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let groups = read("cgroup");
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let mounts = fs::read_to_string("/proc/mounts").expect("this is Linux");
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"));
    let mount = mount.and_then(|line| line.split(' ').nth(1));
    let frozen = group.zip(mount).is_some_and(|(group, mount)| {
        fs::read_to_string(format!("{mount}{group}/cgroup.freeze")).is_ok_and(|text| text == "1\n")
    });
    let stat = read("stat");
    // What has ended meanwhile does nothing either.
    frozen || stat.contains(") T ") || stat.contains(") Z ") || stat.is_empty()
}

/// Status, start and response of an invocation, for comparison.
pub(crate) fn seen(invocation: &Invocation) -> (Status, Start, String) {
    let response = String::from_utf8_lossy(&invocation.response);
    let response = response.replace(&invocation.request_id, "ID");
    (invocation.status, invocation.start, response)
}

/// A function whose starts are warm in the page cache: most tests are about something else.
pub(crate) fn spec(config: FunctionConfig, bootstrap: impl Into<PathBuf>) -> FunctionSpec {
    let spec = FunctionSpec::new(config, bootstrap.into());
    FunctionSpec { page_cache: PageCache::Warm, ..spec }
}
