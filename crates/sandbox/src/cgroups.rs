//! The cgroups of execution environments. The guard makes them and removes them, because it outlives the emulator.
//!
//! ```text
//! OWN                        the cgroup in which Kelvin was started
//! ├─ kelvin-harness-PID      version 2 with the cpu controller only: Kelvin itself, with the guard
//! └─ kelvin-XXXXXX           one an emulator
//!    └─ ID                   one an environment; its init is not in it
//! ```
//!
//! There is one such tree in each hierarchy that is used: that of the cpu controller where the CPU is limited by it, version
//! 2 to freeze, and that of the pids controller.
//!
//! In version 2 a cgroup hands on its controllers only while it has no processes of its own (kernel documentation, "Control
//! Group v2", "No Internal Process Constraint"). So Kelvin first goes into a leaf, and comes back at the end. The root of the
//! hierarchy is exempt.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kelvin_lambda::MemorySize;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::cause::with_cause;
use crate::cgroup::{Cgroup, CgroupError, CgroupVersion, lists_cpu, own_freezer, own_pids, write};
use crate::limits::PROCESSES;

/// What the emulator asks the guard to make.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CgroupPlan {
    /// Where the CPU is to be limited by cgroup: the cgroup in which the emulator runs.
    pub cpu: Option<Cgroup>,
    /// The emulator's process.
    pub harness: u32,
    /// Of the emulator's cgroups; no other has it.
    pub name: String,
}

/// What the guard could make of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    /// Holds the cgroups of environments; `None` where the CPU is not to be limited by cgroup.
    pub cpu: Option<Result<Cgroup, Refusal>>,
    /// Holds the cgroups that can be frozen, or says why there are none.
    pub freezer: Result<Cgroup, String>,
    /// Why processes are not counted by a cgroup, if they are not.
    pub no_pids: Option<String>,
}

/// The cgroups of environments, in all hierarchies that are used.
#[derive(Default)]
pub(crate) struct Hierarchies {
    cpu: Option<Cgroups>,
    others: Vec<Cgroup>,
    left: Vec<Cgroup>,
}

impl Hierarchies {
    pub(crate) fn make(&mut self, plan: &CgroupPlan) -> Made {
        let cpu = plan.cpu.as_ref().map(|own| {
            let plan = CpuPlan { own: own.clone(), harness: plan.harness, name: plan.name.clone() };
            Cgroups::make(&plan).map_err(Refusal::from)
        });
        let cpu = cpu.map(|made| made.map(|made| self.cpu.insert(made).layout.top.clone()));
        // A process is in one group of version 2.
        let of_cpu = cpu.as_ref().and_then(|made| made.as_ref().ok());
        let freezer = match of_cpu.filter(|top| top.version == CgroupVersion::V2) {
            Some(top) => Ok(top.clone()),
            None => self.make_top(own_freezer(), &plan.name),
        };
        let freezer = freezer.and_then(|top| match try_freezer(&top) {
            Ok(()) => Ok(top),
            Err(error) => {
                self.remove_top(&top);
                Err(error)
            }
        });
        let pids = self.make_top(own_pids(), &plan.name);
        let freezer = freezer.map_err(|error| with_cause(&error));
        Made { cpu, freezer, no_pids: pids.err().map(|error| with_cause(&error)) }
    }

    fn make_top(
        &mut self,
        own: Result<Cgroup, CgroupError>,
        name: &str,
    ) -> Result<Cgroup, CgroupError> {
        let top = own?.child(name);
        make_folder(&top)?;
        self.others.push(top.clone());
        Ok(top)
    }

    fn remove_top(&mut self, top: &Cgroup) {
        if let Some(at) = self.others.iter().position(|other| other == top) {
            remove(&self.others.swap_remove(at)).ok();
        }
    }

    /// Makes the groups of an environment. Whoever writes `0` to each of the returned files is in it.
    pub(crate) fn enter(&self, id: u64) -> Result<(Vec<Cgroup>, Vec<File>), CgroupError> {
        let tops = self.cpu.iter().map(|cpu| &cpu.layout.top).chain(&self.others);
        let made: Result<Vec<_>, _> = tops.map(|top| make_group(top, id)).collect();
        let (groups, files): (Vec<Cgroup>, Vec<File>) = made?.into_iter().unzip();
        for group in &groups {
            let most = group.folder.join("pids.max");
            if most.exists() {
                write(&most, &PROCESSES.to_string())?;
            }
        }
        Ok((groups, files))
    }

    /// Lifts the quota of an environment that is to be killed: what is held back would die only when it gets its next one.
    pub(crate) fn lift_quota(&self, id: u64) {
        if let Some(cpu) = &self.cpu {
            // It may be gone with all that was in it.
            cpu.layout.top.child(&id.to_string()).set_quota(None).ok();
        }
    }

    /// Removes the groups of an environment that has ended, at the latest at the end of all.
    pub(crate) fn remove(&mut self, groups: Vec<Cgroup>) {
        self.left.extend(groups);
        self.left.retain(|group| remove(group).is_err());
    }

    /// Removes everything, when all processes of the guard's have been killed.
    pub(crate) fn end(&mut self) {
        for top in &self.others {
            remove_whole(top);
        }
        if let Some(cpu) = &mut self.cpu {
            cpu.end();
        }
    }
}

/// Whether a group in this one can be frozen.
fn try_freezer(top: &Cgroup) -> Result<(), CgroupError> {
    write(&top.folder.join("cgroup.freeze"), "0")
}

/// Where the CPU is limited by cgroup: what the guard is to make.
struct CpuPlan {
    own: Cgroup,
    harness: u32,
    name: String,
}

impl CpuPlan {
    /// What has to be where.
    fn layout(&self) -> Layout {
        let leaf_name = format!("kelvin-harness-{}", self.harness);
        // Another emulator of the same process may have put the process into the leaf.
        let in_leaf = self.own.folder.file_name().is_some_and(|name| *name == *leaf_name);
        let base = match self.own.folder.parent() {
            Some(parent) if in_leaf => {
                Cgroup { version: self.own.version, folder: parent.to_owned() }
            }
            _ => self.own.clone(),
        };
        let control = base.folder.join("cgroup.subtree_control");
        // The root has no type.
        let must_leave = base.folder.join("cgroup.type").exists() && !lists_cpu(&control);
        let needs_leaf = base.version == CgroupVersion::V2 && (in_leaf || must_leave);
        Layout {
            leaf: needs_leaf.then(|| base.child(&leaf_name)),
            top: base.child(&self.name),
            base,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Layout {
    base: Cgroup,
    leaf: Option<Cgroup>,
    top: Cgroup,
}

/// Why it could not be made, in a message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Refused { path: PathBuf, errno: i32 },
    Occupied { folder: PathBuf, others: usize },
}

impl From<CgroupError> for Refusal {
    fn from(error: CgroupError) -> Refusal {
        match error {
            CgroupError::Refused { path, source } => {
                let errno = source.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
                Refusal::Refused { path, errno }
            }
            CgroupError::Occupied { folder, others } => Refusal::Occupied { folder, others },
            // Those are found before anything is made.
            CgroupError::Read { .. }
            | CgroupError::NotMounted
            | CgroupError::OutsideMount { .. }
            | CgroupError::NotDelegated { .. } => {
                unreachable!("making cgroups does not fail like this: {error}")
            }
        }
    }
}

impl From<Refusal> for CgroupError {
    fn from(refusal: Refusal) -> CgroupError {
        match refusal {
            Refusal::Refused { path, errno } => {
                CgroupError::Refused { path, source: io::Error::from_raw_os_error(errno) }
            }
            Refusal::Occupied { folder, others } => CgroupError::Occupied { folder, others },
        }
    }
}

/// Where the CPU is limited by cgroup: what the guard has made.
struct Cgroups {
    layout: Layout,
}

impl Cgroups {
    /// Makes the emulator's cgroup, and tries whether a quota can be set in it. When that fails, all is as it was.
    fn make(plan: &CpuPlan) -> Result<Cgroups, CgroupError> {
        let mut cgroups = Cgroups { layout: plan.layout() };
        match cgroups.set_up(plan.harness) {
            Ok(()) => Ok(cgroups),
            Err(error) => {
                cgroups.end();
                Err(error)
            }
        }
    }

    fn set_up(&self, harness: u32) -> Result<(), CgroupError> {
        let Layout { base, leaf, top } = &self.layout;
        if let Some(leaf) = leaf {
            make_folder(leaf)?;
            write(&leaf.procs(), &harness.to_string())?;
            write(&leaf.procs(), "0")?;
        }
        if base.version == CgroupVersion::V2 {
            hand_on_cpu(base)?;
        }
        make_folder(top)?;
        if top.version == CgroupVersion::V2 {
            hand_on_cpu(top)?;
        }
        top.set_quota(Some(MemorySize::MIN))?;
        top.set_quota(None)
    }

    /// Removes everything, when all processes of the guard's have been killed.
    fn end(&mut self) {
        let Layout { base, leaf, top } = &self.layout;
        remove_whole(top);
        let Some(leaf) = leaf else { return };
        // Another emulator of the same process may still need it, and then removes it.
        if groups_in(base).iter().any(|group| group != leaf) {
            return;
        }
        // Whatever fails here leaves an empty group or Kelvin in its leaf, which limits nothing.
        write(&base.folder.join("cgroup.subtree_control"), "-cpu").ok();
        for pid in processes(leaf) {
            write(&base.procs(), &pid.as_raw_nonzero().to_string()).ok();
        }
        fs::remove_dir(&leaf.folder).ok();
    }
}

/// Removes a group with all groups in it.
fn remove_whole(top: &Cgroup) {
    let deadline = Instant::now() + Duration::from_secs(5);
    // Busy means that a process in it is still ending.
    while remove_tree(top).is_err_and(|error| is_busy(&error)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn make_group(top: &Cgroup, id: u64) -> Result<(Cgroup, File), CgroupError> {
    let group = top.child(&id.to_string());
    make_folder(&group)?;
    let path = group.procs();
    let opened = OpenOptions::new().write(true).open(&path);
    match opened {
        Ok(procs) => Ok((group, procs)),
        Err(source) => {
            remove(&group).ok();
            Err(CgroupError::refused(&path, source))
        }
    }
}

/// Makes the cpu controller available to the groups in this one.
fn hand_on_cpu(group: &Cgroup) -> Result<(), CgroupError> {
    let control = group.folder.join("cgroup.subtree_control");
    if lists_cpu(&control) {
        return Ok(());
    }
    write(&control, "+cpu").map_err(|error| match error {
        CgroupError::Refused { source, .. } if is_busy(&source) => {
            let others = processes(group).len();
            CgroupError::Occupied { folder: group.folder.clone(), others }
        }
        error => error,
    })
}

fn is_busy(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ResourceBusy
}

fn make_folder(group: &Cgroup) -> Result<(), CgroupError> {
    match fs::create_dir(&group.folder) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(CgroupError::refused(&group.folder, source))
        }
        _ => Ok(()),
    }
}

fn remove(group: &Cgroup) -> io::Result<()> {
    for pid in processes(group) {
        // It may have ended by now: that is what is wanted.
        kill_process(pid, Signal::KILL).ok();
    }
    match fs::remove_dir(&group.folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes a group after those in it. A function may have made some of its own there.
fn remove_tree(group: &Cgroup) -> io::Result<()> {
    for group in groups_in(group) {
        remove_tree(&group)?;
    }
    remove(group)
}

fn groups_in(group: &Cgroup) -> Vec<Cgroup> {
    let Ok(entries) = fs::read_dir(&group.folder) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    folders.map(|entry| Cgroup { version: group.version, folder: entry.path() }).collect()
}

fn processes(group: &Cgroup) -> Vec<Pid> {
    let list = fs::read_to_string(group.procs()).unwrap_or_default();
    // Processes of a namespace that cannot be seen from here are listed as 0.
    list.lines().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A folder that looks like a cgroup.
    fn fake(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            fs::write(folder.path().join(file), text).unwrap();
        }
        folder
    }

    fn plan(version: CgroupVersion, own: &Path) -> CpuPlan {
        let own = Cgroup { version, folder: own.to_owned() };
        CpuPlan { own, harness: 77, name: "kelvin-abc".to_owned() }
    }

    #[test]
    fn kelvin_leaves_its_group_only_where_the_kernel_wants_it() {
        use CgroupVersion::{V1, V2};
        let check = |version, files: &[(&str, &str)], needs_leaf| {
            let folder = fake(files);
            let layout = plan(version, folder.path()).layout();
            assert_eq!(layout.leaf.is_some(), needs_leaf, "{files:?}");
            assert_eq!(layout.base.folder, folder.path());
            assert_eq!(layout.top.folder, folder.path().join("kelvin-abc"));
        };
        check(V1, &[], false);
        check(V2, &[("cgroup.subtree_control", "")], false);
        check(V2, &[("cgroup.type", "domain\n"), ("cgroup.subtree_control", "")], true);
        check(V2, &[("cgroup.type", "domain\n"), ("cgroup.subtree_control", "cpu io\n")], false);
    }

    #[test]
    fn a_second_emulator_of_a_process_uses_the_same_leaf() {
        let base = fake(&[("cgroup.type", "domain\n"), ("cgroup.subtree_control", "cpu\n")]);
        let leaf = base.path().join("kelvin-harness-77");
        let layout = plan(CgroupVersion::V2, &leaf).layout();
        assert_eq!(layout.base.folder, base.path());
        assert_eq!(layout.leaf.unwrap().folder, leaf);
        assert_eq!(layout.top.folder, base.path().join("kelvin-abc"));
        // Another process's leaf is a group like any other.
        let other = base.path().join("kelvin-harness-7");
        assert_eq!(plan(CgroupVersion::V2, &other).layout().base.folder, other);
    }

    #[test]
    fn what_is_written_in_which_version() {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        let own = fake(&[("cgroup.type", "domain\n"), ("cgroup.subtree_control", "")]);
        let cgroups = Cgroups { layout: plan(CgroupVersion::V2, own.path()).layout() };
        cgroups.set_up(77).unwrap();
        assert_eq!(read(own.path().join("cgroup.subtree_control")), "+cpu");
        assert_eq!(read(own.path().join("kelvin-harness-77/cgroup.procs")), "0");
        let top = own.path().join("kelvin-abc");
        assert_eq!(read(top.join("cgroup.subtree_control")), "+cpu");
        assert_eq!(read(top.join("cpu.max")), "max 20000");

        let own = fake(&[]);
        let cgroups = Cgroups { layout: plan(CgroupVersion::V1, own.path()).layout() };
        cgroups.set_up(77).unwrap();
        let top = own.path().join("kelvin-abc");
        assert_eq!(read(top.join("cpu.cfs_period_us")), "20000");
        assert_eq!(read(top.join("cpu.cfs_quota_us")), "-1");
        assert_eq!(fs::read_dir(own.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_refusal_reaches_the_emulator_as_it_was() {
        let check = |error: CgroupError| {
            let expected = format!("{error:?}");
            let message = serde_json::to_vec(&Refusal::from(error)).unwrap();
            let refusal: Refusal = serde_json::from_slice(&message).unwrap();
            assert_eq!(format!("{:?}", CgroupError::from(refusal)), expected);
        };
        check(CgroupError::refused(Path::new("/a"), io::Error::from_raw_os_error(13)));
        check(CgroupError::Occupied { folder: "/a".into(), others: 3 });
    }

    #[test]
    fn a_group_that_cannot_be_made_is_an_error_with_its_path() {
        let own = fake(&[("kelvin-abc", "a file where the group should be")]);
        let error = Cgroups::make(&plan(CgroupVersion::V1, own.path())).map(|_| ()).unwrap_err();
        assert!(matches!(error, CgroupError::Refused { path, .. } if path.starts_with(own.path())));
    }
}
