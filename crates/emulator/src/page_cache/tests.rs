//! Leases of real files on this machine's disk.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::report::LookedAt;
use super::residency::{evict, probe};
use super::*;
use kelvin_sandbox::TASK_ROOT;

/// A folder beside the test's own executable: `/tmp` may be in memory.
fn on_disk() -> TempDir {
    let program = std::env::current_exe().unwrap();
    let folder =
        tempfile::Builder::new().prefix("page cache ").tempdir_in(program.parent().unwrap());
    folder.unwrap()
}

/// Whether files can be evicted here and it can be told: not so in a sandbox that hides it, or where the target folder is in
/// memory. What does not depend on it is tested all the same.
fn can_tell(place: &TempDir) -> bool {
    let probed = probe(place.path());
    if let Err(error) = &probed {
        println!("residency is not looked at: {error}");
    }
    probed.is_ok()
}

struct Kit {
    place: TempDir,
    pool: Pool,
    can_tell: bool,
}

fn kit(images: Images) -> Option<Kit> {
    let place = on_disk();
    if !is_on_disk(place.path()).unwrap() {
        assert!(Pool::new(place.path().join("copies"), images).is_err());
        println!("the target folder is in memory");
        return None;
    }
    let pool = Pool::new(place.path().join("copies"), images).unwrap();
    let can_tell = can_tell(&place);
    Some(Kit { place, pool, can_tell })
}

impl Kit {
    /// A package of a shell script and some neighbours.
    fn package(&self) -> PathBuf {
        let folder = self.place.path().join("package");
        fs::create_dir_all(folder.join("lib/deep")).unwrap();
        fs::write(folder.join("bootstrap"), "#!/bin/sh\nexec \"$LAMBDA_TASK_ROOT/app\" x\n")
            .unwrap();
        fs::copy("/bin/sh", folder.join("app")).unwrap();
        fs::write(folder.join("lib/deep/data"), vec![7; 100_000]).unwrap();
        fs::write(folder.join("empty"), "").unwrap();
        for name in ["bootstrap", "app"] {
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink("lib/deep/data", folder.join("link")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        symlink(".", folder.join("circle")).unwrap();
        folder
    }

    fn whole(&self) -> Program {
        program(&self.package().join("bootstrap"), true)
    }
}

pub(super) fn program(bootstrap: &Path, whole: bool) -> Program {
    Program {
        bootstrap: bootstrap.to_owned(),
        whole,
        path: "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned(),
        library_path: "/var/task:/var/task/lib".to_owned(),
        files: Vec::new(),
        folders: Vec::new(),
    }
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

fn canonical(path: &str) -> PathBuf {
    Path::new(path).canonicalize().unwrap()
}

fn is_libc(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc."))
}

/// Whoever is root may read everything.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn what_this_program_maps_is_found_before_it_runs() {
    let own = std::env::current_exe().unwrap();
    let files = program(&own, false).start_files(&tree::Links::default()).unwrap();
    assert_eq!((files.folder.clone(), &files.bootstrap), (None, &own.canonicalize().unwrap()));
    assert!(files.not_found.is_empty(), "{files:?}");
    let mapped = mapped_files(std::process::id().try_into().unwrap()).unwrap();
    // Other tests of this process map other files for a moment, to look at their pages or for a backtrace.
    let is_loaded = |file: &&PathBuf| **file == own || file.to_string_lossy().contains(".so");
    let loaded = mapped.iter().filter(is_loaded);
    let missed: Vec<_> = loaded.filter(|file| !files.covers(file)).collect();
    assert!(missed.is_empty(), "{missed:?} of {mapped:?}");
    assert!(files.images.iter().any(|image| is_libc(image)));
}

#[test]
fn a_script_leads_to_its_interpreters_programs_and_libraries() {
    let place = on_disk();
    let folder = place.path().canonicalize().unwrap();
    let (package, python) = (folder.join("a package"), folder.join("opt"));
    fs::create_dir_all(python.join("bin")).unwrap();
    fs::create_dir_all(python.join("lib/python3.9/json")).unwrap();
    fs::create_dir(&package).unwrap();
    fs::copy("/bin/sh", python.join("bin/python3.9")).unwrap();
    symlink("python3.9", python.join("bin/python3")).unwrap();
    let start = format!(
        "exec '{}' -m client missing/file \"$_HANDLER\"",
        python.join("bin/python3").display()
    );
    let check = |text: &str, path: &str, expected: &[&Path], not_found: &[&str]| {
        fs::write(package.join("bootstrap"), text).unwrap();
        let mut program = program(&package.join("bootstrap"), true);
        program.path = path.to_owned();
        let files = program.start_files(&tree::Links::default()).unwrap();
        for image in expected {
            assert!(files.images.contains(*image), "{text}: {} in {files:?}", image.display());
        }
        assert!(files.images.iter().any(|image| is_libc(image)), "{text}: {files:?}");
        let missing: Vec<_> = files.not_found.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(missing, not_found, "{text}");
        files
    };
    let (sh, env) = (canonical("/bin/sh"), canonical("/usr/bin/env"));
    let files =
        check(&format!("#!/bin/sh\n{start}\n"), "", &[&sh, &python.join("bin/python3.9")], &[]);
    assert_eq!(files.folders, [python.join("lib/python3.9")].into());
    let path = format!("{}:/bin", python.join("bin").display());
    let files = check(
        "#!/usr/bin/env python3\nimport x\n",
        &path,
        &[&env, &python.join("bin/python3.9")],
        &[],
    );
    assert_eq!(files.folders.len(), 1);
    check("#!/bin/sh\nexec missing-program\n", "/bin", &[&sh], &["missing-program"]);
    check(
        "#!/bin/sh\nexec $LAMBDA_TASK_ROOT/x\n",
        "",
        &[&sh],
        &[package.join("x").to_str().unwrap()],
    );
    // In a circle: ends all the same.
    check("#!/bin/sh\nexec /var/task/bootstrap\n", "", &[&sh], &[]);
}

#[test]
fn a_missing_bootstrap_is_no_panic_and_said() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let missing = program(&kit.place.path().join("missing"), false);
    let lease = kit.pool.lease(&missing);
    assert_eq!(lease.bootstrap, missing.bootstrap);
    assert_eq!(lease.prepared.not_evicted.n_paths, 1);
    assert_eq!(lease.check().resident_bytes, 0);
}

#[test]
fn the_first_lease_has_the_original_the_second_a_copy_that_is_used_again() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    let original = kit.place.path().join("package").canonicalize().unwrap();
    let first = kit.pool.lease(&whole);
    if kit.can_tell {
        assert_eq!(first.folder.as_deref(), Some(&*original), "{:?}", first.prepared);
    }
    let second = kit.pool.lease(&whole);
    let (of_first, of_second) = (first.folder.clone().unwrap(), second.folder.clone().unwrap());
    assert_ne!(inode(&first.bootstrap), inode(&second.bootstrap));
    assert_ne!(inode(&of_first.join("app")), inode(&of_second.join("app")));
    for mount in &second.mounts {
        assert!(mount.copy.starts_with(kit.place.path()) && mount.target.is_absolute());
        assert_eq!(fs::read(&mount.copy).unwrap(), fs::read(&mount.target).unwrap());
    }
    assert!(second.prepared.copied_bytes > 100_000);
    // As the original, in all that can be seen.
    for name in ["bootstrap", "app", "lib/deep/data", "empty", "link", "dangling", "circle"] {
        let (a, b) = (original.join(name), of_second.join(name));
        let (ours, theirs) = (fs::symlink_metadata(&a).unwrap(), fs::symlink_metadata(&b).unwrap());
        assert_eq!(ours.file_type(), theirs.file_type(), "{name}");
        if ours.is_symlink() {
            assert_eq!(fs::read_link(a).unwrap(), fs::read_link(b).unwrap(), "{name}");
        } else {
            assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap(), "{name}");
            assert_eq!((ours.mode(), ours.mtime()), (theirs.mode(), theirs.mtime()), "{name}");
        }
    }
    let mode = fs::metadata(kit.place.path().join("copies")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(second);
    let third = kit.pool.lease(&whole);
    assert_eq!(third.folder, Some(of_second));
    assert_eq!(third.prepared.copied_bytes, 0, "{:?}", third.prepared);
}

#[test]
fn what_is_lent_is_not_in_the_page_cache_and_what_comes_back_is_evicted_again() {
    let Some(kit) = kit(Images::Mounted) else { return };
    if !kit.can_tell {
        return;
    }
    let whole = kit.whole();
    let leases = [kit.pool.lease(&whole), kit.pool.lease(&whole)];
    for lease in &leases {
        assert_eq!(lease.prepared.resident_bytes, 0, "{:?}", lease.prepared);
        assert_eq!(lease.prepared.not_evicted.n_paths, 0, "{:?}", lease.prepared);
        let data = lease.folder.as_ref().unwrap().join("lib/deep/data");
        assert_eq!(resident_bytes(&data), Some(0));
        fs::read(&data).unwrap();
        assert_eq!(resident_bytes(&data), Some(100_000));
        let checked = lease.check();
        assert_eq!((checked.resident_bytes, checked.looked_at), (0, LookedAt::All), "{checked:?}");
        assert!(checked.returned_bytes >= 100_000);
        assert_eq!(resident_bytes(&data), Some(0));
    }
    // Those that everybody has mapped come as copies.
    let targets: Vec<_> = leases[0].mounts.iter().map(|mount| mount.target.clone()).collect();
    assert!(targets.iter().any(|target| is_libc(target)), "{targets:?}");
}

#[test]
fn a_copy_of_what_has_changed_is_not_used_again() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    let first = kit.pool.lease(&whole);
    let old = kit.pool.lease(&whole).folder.clone().unwrap();
    let data = kit.place.path().join("package/lib/deep/data");
    fs::write(data, vec![8; 99_999]).unwrap();
    let new = kit.pool.lease(&whole);
    let folder = new.folder.clone().unwrap();
    assert_ne!(folder, old);
    assert_eq!(fs::read(folder.join("lib/deep/data")).unwrap(), vec![8; 99_999]);
    assert!(!old.exists(), "what nobody needs is removed");
    drop((first, new));
}

#[test]
fn a_bare_executable_comes_without_its_neighbours_and_under_its_name() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let bare = program(&kit.package().join("app"), false);
    let leases = [kit.pool.lease(&bare), kit.pool.lease(&bare)];
    assert_ne!(inode(&leases[0].bootstrap), inode(&leases[1].bootstrap));
    for lease in &leases {
        assert_eq!(
            (lease.folder.as_ref(), lease.bootstrap.file_name()),
            (None, Some("app".as_ref()))
        );
        assert_eq!(fs::metadata(&lease.bootstrap).unwrap().mode() & 0o777, 0o755);
        assert!(lease.prepared.bytes < 100_000_000);
        assert!(lease.start_files.as_ref().unwrap().folders.is_empty());
    }
}

#[test]
fn leases_at_once_share_no_file() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    let leases: Vec<Lease> = std::thread::scope(|scope| {
        let lease = || scope.spawn(|| kit.pool.lease(&whole));
        let threads: Vec<_> = (0..4).map(|_| lease()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let paths = |lease: &Lease| -> Vec<PathBuf> {
        let copies = lease.mounts.iter().map(|mount| mount.copy.clone());
        copies.chain([lease.bootstrap.clone()]).collect()
    };
    let mut inodes: Vec<u64> = leases.iter().flat_map(paths).map(|path| inode(&path)).collect();
    let n_files = inodes.len();
    inodes.sort_unstable();
    inodes.dedup();
    assert_eq!(inodes.len(), n_files);
}

#[test]
fn what_somebody_has_mapped_stays_and_is_said() {
    let Some(kit) = kit(Images::InPlace) else { return };
    let own = std::env::current_exe().unwrap();
    let mut bare = program(&kit.package().join("app"), false);
    bare.files.push(own.clone());
    let lease = kit.pool.lease(&bare);
    assert_eq!(lease.mounts, []);
    if kit.can_tell {
        assert!(lease.prepared.resident_bytes > 0);
        let named = &lease.prepared.not_evicted.named;
        assert!(named.iter().any(|(path, _)| *path == own.canonicalize().unwrap()), "{named:?}");
        // Where it can be mounted, it is a copy that does not stay.
        let pool = Pool::new(kit.place.path().join("others"), Images::Mounted).unwrap();
        let lease = pool.lease(&bare);
        assert_eq!(lease.prepared.resident_bytes, 0, "{:?}", lease.prepared);
        assert!(lease.mounts.iter().any(|mount| mount.target == own.canonicalize().unwrap()));
    }
}

#[test]
fn what_cannot_be_read_does_not_stand_in_the_way() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    let data = kit.place.path().join("package/lib/deep/data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o000)).unwrap();
    let (first, second) = (kit.pool.lease(&whole), kit.pool.lease(&whole));
    for lease in [&first, &second] {
        assert!(lease.bootstrap.exists());
        if !is_root() {
            let named = &lease.prepared.not_evicted.named;
            assert!(named.iter().any(|(path, _)| path.ends_with("data")), "{named:?}");
            assert_eq!(lease.folder, whole.package().ok());
        }
        lease.check();
    }
}

#[test]
fn links_that_lead_out_of_a_package_come_along() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    let outside = kit.place.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "a").unwrap();
    fs::write(outside.join("b"), "b").unwrap();
    symlink("../outside", kit.place.path().join("package/folder")).unwrap();
    symlink(outside.join("a"), kit.place.path().join("package/file")).unwrap();
    symlink(kit.place.path().join("package"), kit.place.path().join("by link")).unwrap();
    let linked = program(&kit.place.path().join("by link/bootstrap"), true);
    let lease = kit.pool.lease(&linked);
    let files = lease.start_files.as_ref().unwrap();
    assert_eq!(files.folder, whole.package().ok());
    assert!(files.covers(&outside.canonicalize().unwrap().join("b")), "{files:?}");
    assert!(lease.first.iter().chain(&lease.rest).any(|(path, _)| path.ends_with("outside/b")));
}

#[test]
fn what_was_mapped_besides_is_learned() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let bare = program(&kit.package().join("app"), false);
    let besides = kit.place.path().canonicalize().unwrap().join("module.so");
    fs::write(&besides, vec![1; 5000]).unwrap();
    let lease = kit.pool.lease(&bare);
    let loader = lease.start_files.as_ref().unwrap().images.first().unwrap().clone();
    let task = Path::new(TASK_ROOT).join("bootstrap");
    let mapped = [besides.clone(), loader, task.clone(), lease.bootstrap.clone()];
    assert_eq!(lease.not_covered(&mapped), std::slice::from_ref(&besides));
    kit.pool.learn(&bare, &[besides.clone(), task, "/tmp/of the function alone".into()]);
    drop(lease);
    let next = kit.pool.lease(&bare);
    assert!(next.not_covered(&mapped).is_empty());
    assert!(next.first.iter().any(|(path, _)| path.ends_with("module.so")), "{next:?}");
    let other = program(&kit.place.path().join("package/bootstrap"), true);
    assert!(!kit.pool.lease(&other).start_files.as_ref().unwrap().images.contains(&besides));
}

#[test]
fn a_large_package_is_looked_at_in_part_before_its_start() {
    let Some(kit) = kit(Images::Mounted) else { return };
    let whole = kit.whole();
    for n in 0..300 {
        fs::write(kit.place.path().join(format!("package/lib/{n}")), "1").unwrap();
    }
    let lease = kit.pool.lease(&whole);
    assert_eq!(lease.check().looked_at, LookedAt::First);
    assert!(lease.prepared.n_files > 300);
}

#[test]
fn sparse_and_empty_files_are_counted_by_what_is_there() {
    let place = on_disk();
    if !can_tell(&place) {
        return;
    }
    let path = |name: &str| place.path().join(name);
    File::create(path("empty")).unwrap();
    // Larger than one look at its pages.
    File::create(path("huge")).unwrap().set_len(3 << 30).unwrap();
    fs::write(path("odd"), vec![1; 5001]).unwrap();
    for (name, expected) in [("empty", 0), ("huge", 0), ("odd", 5001)] {
        assert_eq!(resident_bytes(&path(name)), Some(expected), "{name}");
        evict(&path(name)).unwrap();
        assert_eq!(resident_bytes(&path(name)), Some(0), "{name}");
    }
    assert_eq!(resident_bytes(place.path()), None);
    assert_eq!(resident_bytes(&path("missing")), None);
    assert!(evict(place.path()).is_err());
}
