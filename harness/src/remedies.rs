//! What would make this machine enforce what it does not: a command, or what is needed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kelvin_lambda::Enforcement;

/// The limits that depend on the machine, in the order in which people read of them, each with its remedy; empty where there
/// is nothing to say.
pub(crate) fn of_machine() -> [(&'static str, &'static str); 12] {
    let namespaces = for_namespaces();
    [
        ("memory", ""),
        ("freeze", "systemd-run --user --scope -p Delegate=yes kelvin …"),
        ("private /tmp", namespaces),
        ("private /var/task", namespaces),
        ("read-only files", "Linux 5.12 or later"),
        ("own processes", namespaces),
        ("own IPC", namespaces),
        ("own network", namespaces),
        ("outside world", "sudo apt-get install passt, and sudo chmod 666 /dev/net/tun"),
        ("processes and threads", "Linux 6.14 or later, or run as root"),
        ("visible cpus", "give this machine or container a second core, and allow seccomp(2)"),
        ("page cache", "TMPDIR=/a/folder/on/a/disk kelvin run …, or what makes /tmp private"),
    ]
}

/// Distributions forbid namespaces to ordinary users in one of two ways.
fn for_namespaces() -> &'static str {
    let restricted = Path::new("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    if fs::read_to_string(restricted).is_ok_and(|text| text.trim() == "1") {
        "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    } else {
        "sudo sysctl user.max_user_namespaces=10000, or for a container --security-opt seccomp=unconfined"
    }
}

/// Whether nothing better is to be had for this limit.
pub(crate) fn is_best(by: Option<&str>) -> bool {
    by.is_some_and(|by| by != "stop signal")
}

/// What would change that a run did not enforce this. `options` are those that decide what is enforced, as the run had them.
pub(crate) fn of_run(entry: &Enforcement, options: &BTreeMap<String, String>) -> Option<String> {
    let limit = entry.limit.as_str();
    let option = match limit {
        "cpu" => ("cpu-limit", "off"),
        "memory" => ("memory-limit", "off"),
        "freeze" => ("freeze", "off"),
        "ephemeral storage" | "private /tmp" | "private /var/task" => ("private-files", "off"),
        "idle expiry" => ("idle-expiry", "never"),
        _ => ("", ""),
    };
    if is_best(entry.by.as_deref()) {
        return None;
    }
    if entry.by.is_none() && options.get(option.0).is_some_and(|value| value == option.1) {
        return Some(format!("leave out --{} {}", option.0, option.1));
    }
    let remedy = match limit {
        "ephemeral storage" => for_namespaces(),
        "own cores" => "give this machine or container a second core",
        "requests a second" => "nothing; Kelvin has no such limit",
        _ => {
            of_machine().into_iter().find(|(known, _)| *known == limit).map_or("", |found| found.1)
        }
    };
    (!remedy.is_empty()).then(|| remedy.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_turned_it_off_is_left_out() {
        let check =
            |limit: &str, by: Option<&str>, options: &[(&str, &str)], expected: Option<&str>| {
                let entry = Enforcement {
                    limit: limit.to_owned(),
                    by: by.map(str::to_owned),
                    note: Some("because".to_owned()),
                };
                let options =
                    options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                let remedy = of_run(&entry, &options.collect());
                assert_eq!(remedy.as_deref(), expected, "{limit} by {by:?}");
            };
        let systemd = Some("systemd-run --user --scope -p Delegate=yes kelvin …");
        check("freeze", None, &[("freeze", "off")], Some("leave out --freeze off"));
        check("freeze", Some("stop signal"), &[("freeze", "on")], systemd);
        check("freeze", Some("cgroup freezer"), &[("freeze", "on")], None);
        check("cpu", None, &[("cpu-limit", "off")], Some("leave out --cpu-limit off"));
        check("own cores", None, &[], Some("give this machine or container a second core"));
        check("something else", None, &[], None);
    }
}
