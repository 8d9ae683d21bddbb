//! Where this process's own cgroup is, in the hierarchy that has the cpu controller.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Cgroup, CgroupError, CgroupVersion};

/// The cgroup of this process in the hierarchy that has the cpu controller, in one of the two versions.
///
/// Fails if there is none, or if the controller is not handed on to it.
pub fn own() -> Result<Cgroup, CgroupError> {
    let own = locate("cpu", &read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)?;
    if own.version == CgroupVersion::V2 && !lists_cpu(&own.folder.join("cgroup.controllers")) {
        return Err(CgroupError::NotDelegated { folder: own.folder });
    }
    Ok(own)
}

/// The cgroup of this process in the hierarchy of version 2, in which every group can be frozen, whatever controllers it has.
pub(crate) fn own_freezer() -> Result<Cgroup, CgroupError> {
    let cgroups = read("/proc/self/cgroup")?;
    let mounts = read("/proc/self/mountinfo")?;
    let unified: Vec<&str> = mounts.lines().filter(|line| line.contains(" - cgroup2 ")).collect();
    locate("", &unified.join("\n"), &cgroups)
}

/// The cgroup of this process in the hierarchy of the pids controller, where that is one of version 1.
pub(crate) fn own_pids() -> Result<Cgroup, CgroupError> {
    let own = locate("pids", &read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)?;
    if own.version == CgroupVersion::V2 {
        // A group hands on a controller only while it has no processes of its own.
        return Err(CgroupError::NotDelegated { folder: own.folder });
    }
    Ok(own)
}

/// Whether a file like `cgroup.controllers` names the cpu controller.
pub(crate) fn lists_cpu(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|list| list.split_whitespace().any(|name| name == "cpu"))
}

fn read(path: &str) -> Result<String, CgroupError> {
    fs::read_to_string(path).map_err(|source| CgroupError::Read { path: path.into(), source })
}

/// The cgroup of a process by its `/proc/PID/mountinfo` and `/proc/PID/cgroup` (proc_pid_mountinfo(5), cgroups(7)).
///
/// A controller is in one hierarchy only. If it has none of version 1, it can be only in the unified one.
fn locate(controller: &str, mountinfo: &str, cgroups: &str) -> Result<Cgroup, CgroupError> {
    let mounts: Vec<Mount> =
        mountinfo.lines().filter_map(|line| Mount::parse(controller, line)).collect();
    let has_v1 = mounts.iter().any(|mount| mount.version == CgroupVersion::V1);
    let version = if has_v1 { CgroupVersion::V1 } else { CgroupVersion::V2 };
    let mut mounts = mounts.iter().filter(|mount| mount.version == version).peekable();
    if mounts.peek().is_none() {
        return Err(CgroupError::NotMounted);
    }
    let path = path_in(controller, version, cgroups).ok_or(CgroupError::NotMounted)?;
    let folder = mounts.find_map(|mount| mount.folder_of(path));
    let folder = folder.ok_or_else(|| CgroupError::OutsideMount { path: path.to_owned() })?;
    Ok(Cgroup { version, folder })
}

/// The path of a line `ID:CONTROLLERS:PATH`.
fn path_in<'a>(controller: &str, version: CgroupVersion, cgroups: &'a str) -> Option<&'a str> {
    cgroups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let wanted = match version {
            CgroupVersion::V1 => controllers.split(',').any(|name| name == controller),
            CgroupVersion::V2 => id == "0" && controllers.is_empty(),
        };
        wanted.then_some(path)
    })
}

/// A mounted hierarchy that has, or may have, a controller.
struct Mount {
    version: CgroupVersion,
    /// Which part of the hierarchy is mounted.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    fn parse(controller: &str, line: &str) -> Option<Mount> {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, point) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        let (kind, options) = (right.next()?, right.nth(1)?);
        let version = match kind {
            "cgroup" if options.split(',').any(|option| option == controller) => CgroupVersion::V1,
            "cgroup2" => CgroupVersion::V2,
            _ => return None,
        };
        Some(Mount { version, root: unescaped(root).into(), point: unescaped(point).into() })
    }

    fn folder_of(&self, path: &str) -> Option<PathBuf> {
        let within = Path::new(path).strip_prefix(&self.root).ok()?;
        // In a namespace of cgroups, what lies above its root begins with "/..".
        let above = within.components().any(|part| part == std::path::Component::ParentDir);
        // Joining an empty path would add a slash.
        let folder = self.point.components().chain(within.components()).collect();
        (!above).then_some(folder)
    }
}

/// Spaces, tabs, line ends and backslashes are written as three octal digits.
fn unescaped(field: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(field.to_owned(), |field, (code, text)| field.replace(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const V2: &str = "\
24 1 259:1 / / rw - ext4 /dev/root rw
30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
";

    #[test]
    fn the_own_cgroup_is_found_in_the_hierarchy_of_the_cpu_controller() {
        let check =
            |mountinfo: &str, cgroups: &str, expected: Result<(CgroupVersion, &str), &str>| {
                let found = locate("cpu", mountinfo, cgroups);
                let found = found.as_ref().map(|own| (own.version, own.folder.to_str().unwrap()));
                assert_eq!(found.map_err(ToString::to_string), expected.map_err(str::to_owned));
            };
        use CgroupVersion::{V1 as One, V2 as Two};
        let root = "5:cpuset:/other\n3:cpu,cpuacct:/\n0::/unified\n";
        check(V1, root, Ok((One, "/sys/fs/cgroup/cpu,cpuacct")));
        let nested = "3:cpu,cpuacct:/user.slice/a:b\n";
        check(V1, nested, Ok((One, "/sys/fs/cgroup/cpu,cpuacct/user.slice/a:b")));
        let scope = "0::/user.slice/user-1000.slice/run-1.scope\n";
        check(V2, scope, Ok((Two, "/sys/fs/cgroup/user.slice/user-1000.slice/run-1.scope")));
        // A container sees a part of the hierarchy, mounted where the whole is elsewhere.
        let bound = "40 39 0:29 /docker/a1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
        check(bound, "3:cpu:/docker/a1/b\n", Ok((One, "/sys/fs/cgroup/cpu/b")));
        let outside =
            "this process's cgroup /elsewhere lies outside of the mounted file system of cgroups";
        check(bound, "3:cpu:/elsewhere\n", Err(outside));
        let above =
            "this process's cgroup /../a lies outside of the mounted file system of cgroups";
        check(V2, "0::/../a\n", Err(above));
        let spaced = V2.replace("/sys/fs/cgroup", "/mnt/c\\040g");
        check(&spaced, "0::/a\n", Ok((Two, "/mnt/c g/a")));
        let unmounted = "no file system of cgroups with the cpu controller is mounted";
        check("24 1 259:1 / / rw - ext4 /dev/root rw\n", scope, Err(unmounted));
        check(V2, "", Err(unmounted));
        check("nonsense\n1 2 3 - \n", "nonsense\n", Err(unmounted));
    }

    #[test]
    fn cpu_is_looked_for_as_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cgroup.controllers");
        assert!(!lists_cpu(&path));
        let check = |text, expected| {
            fs::write(&path, text).unwrap();
            assert_eq!(lists_cpu(&path), expected, "{text:?}");
        };
        check("cpuset cpu io memory\n", true);
        check("cpuset io\n", false);
        check("", false);
    }
}
