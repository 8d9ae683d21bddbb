//! What the kernel's texts say of a machine.

use crate::HostRecord;
use crate::digest::sha256_hex;

/// Contents of the files that describe a machine; `None` for those that are not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostTexts {
    pub(crate) arch: String,
    pub(crate) cpuinfo: Option<String>,
    pub(crate) meminfo: Option<String>,
    pub(crate) loadavg: Option<String>,
    pub(crate) kernel: Option<String>,
    pub(crate) governor: Option<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) numa_nodes: Option<u32>,
    pub(crate) in_container: bool,
}

impl HostTexts {
    pub(crate) fn host(&self) -> HostRecord {
        let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
        let mut host = HostRecord {
            machine_key: String::new(),
            arch: self.arch.clone(),
            cpu_model: self.cpu_model(),
            cpu_signature: self.cpu_signature(),
            cores_logical: self.cores_logical(),
            numa_nodes: self.numa_nodes,
            mem_bytes: self.mem_bytes(),
            kernel: trimmed(&self.kernel),
            virt: self.virt().to_owned(),
            governor: trimmed(&self.governor),
            loadavg_start: self.load_averages(),
            timer_lateness: None,
        };
        host.machine_key = machine_key(&host);
        host
    }

    /// The first value of a field of `/proc/cpuinfo`.
    fn cpu(&self, field: &str) -> Option<&str> {
        let lines = self.cpuinfo.as_deref()?.lines();
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.trim() == field).map(|(_, value)| value.trim())
    }

    fn cpu_model(&self) -> Option<String> {
        if let Some(name) = self.cpu("model name") {
            return Some(name.to_owned());
        }
        let (implementer, part) = (self.cpu("CPU implementer")?, self.cpu("CPU part")?);
        Some(format!("implementer {implementer}, part {part}"))
    }

    fn cpu_signature(&self) -> Option<String> {
        if let Some(family) = self.cpu("cpu family") {
            let (model, stepping) = (self.cpu("model")?, self.cpu("stepping")?);
            return Some(format!("family {family}, model {model}, stepping {stepping}"));
        }
        let (variant, revision) = (self.cpu("CPU variant")?, self.cpu("CPU revision")?);
        Some(format!("variant {variant}, revision {revision}"))
    }

    fn cores_logical(&self) -> Option<u32> {
        let is_core =
            |line: &&str| line.split_once(':').is_some_and(|(name, _)| name.trim() == "processor");
        let cores = self.cpuinfo.as_deref()?.lines().filter(is_core).count();
        u32::try_from(cores).ok().filter(|&cores| cores > 0)
    }

    fn mem_bytes(&self) -> Option<u64> {
        let line =
            self.meminfo.as_deref()?.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kilobytes.checked_mul(1024)
    }

    fn load_averages(&self) -> Option<[f64; 3]> {
        let mut numbers = self.loadavg.as_deref()?.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok().filter(|load: &f64| load.is_finite());
        Some([next()?, next()?, next()?])
    }

    fn virt(&self) -> &'static str {
        const KINDS: [(&str, &str); 8] = [
            ("Amazon EC2", "nitro"),
            ("Google", "kvm"),
            ("KVM", "kvm"),
            ("QEMU", "kvm"),
            ("VMware", "vmware"),
            ("VirtualBox", "virtualbox"),
            ("Xen", "xen"),
            ("Virtual Machine", "hyper-v"),
        ];
        let texts = || self.vendor.iter().chain(&self.product);
        let kind = KINDS.iter().find(|(name, _)| texts().any(|text| text.contains(name)));
        let flags = self.cpu("flags");
        let hypervisor =
            flags.is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
        match kind {
            // A machine of Amazon's or Google's may be bare metal; x86 processors tell.
            Some((_, kind)) if hypervisor || flags.is_none() => kind,
            _ if hypervisor => "vm",
            _ if self.in_container => "container",
            _ if flags.is_some() => "none",
            _ => "unknown",
        }
    }
}

fn machine_key(host: &HostRecord) -> String {
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let kernel: Vec<&str> = host.kernel.as_deref().unwrap_or_default().split('.').take(2).collect();
    let parts = [
        host.arch.clone(),
        host.cpu_model.clone().unwrap_or_default(),
        host.cpu_signature.clone().unwrap_or_default(),
        number(host.cores_logical),
        number(host.numa_nodes),
        kernel.join("."),
        host.virt.clone(),
    ];
    format!("sha256:{}", sha256_hex(parts.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> HostTexts {
        let core = |n: u32| {
            format!(
                "processor\t: {n}\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n\
                 model name\t: AMD EPYC 9V74\nstepping\t: 1\ncpu MHz\t\t: {n}596.1\nflags\t\t: fpu hypervisor aes\n\n"
            )
        };
        HostTexts {
            arch: "x86_64".to_owned(),
            cpuinfo: Some((0..4).map(core).collect()),
            meminfo: Some("MemTotal:        4026532 kB\nMemFree: 1 kB\n".to_owned()),
            loadavg: Some("0.11 0.13 0.07 1/85 7125\n".to_owned()),
            kernel: Some("6.8.0-45-generic\n".to_owned()),
            governor: None,
            vendor: Some("Amazon EC2\n".to_owned()),
            product: Some("c7a.xlarge\n".to_owned()),
            numa_nodes: Some(1),
            in_container: false,
        }
    }

    #[test]
    fn reads_the_kernels_texts() {
        let host = texts().host();
        assert_eq!(host.cpu_model.as_deref(), Some("AMD EPYC 9V74"));
        assert_eq!(host.cpu_signature.as_deref(), Some("family 25, model 17, stepping 1"));
        assert_eq!(host.cores_logical, Some(4));
        assert_eq!(host.mem_bytes, Some(4_026_532 * 1024));
        assert_eq!(host.kernel.as_deref(), Some("6.8.0-45-generic"));
        assert_eq!(host.virt, "nitro");
        assert_eq!(host.loadavg_start, Some([0.11, 0.13, 0.07]));
        assert_eq!(
            host.unavailable().into_keys().collect::<Vec<_>>(),
            ["host.governor".to_owned()]
        );
    }

    #[test]
    fn the_key_knows_the_machine_and_not_its_moods() {
        let key = texts().host().machine_key;
        let same = |change: &dyn Fn(&mut HostTexts)| {
            let mut other = texts();
            change(&mut other);
            other.host().machine_key == key
        };
        assert!(same(&|t| t.loadavg = None));
        assert!(same(&|t| t.meminfo = None));
        assert!(same(&|t| t.kernel = Some("6.8.12".to_owned())));
        assert!(!same(&|t| t.kernel = Some("6.9.0".to_owned())));
        assert!(!same(&|t| t.arch = "aarch64".to_owned()));
        assert!(!same(&|t| t.numa_nodes = Some(2)));
        assert!(!same(&|t| t.vendor = None));
    }

    #[test]
    fn knows_where_it_runs() {
        let check = |flags: Option<&str>, vendor: Option<&str>, in_container, expected| {
            let texts = HostTexts {
                cpuinfo: flags.map(|flags| format!("flags : {flags}\n")),
                vendor: vendor.map(str::to_owned),
                in_container,
                ..HostTexts::default()
            };
            assert_eq!(texts.virt(), expected, "{flags:?} {vendor:?}");
        };
        check(Some("fpu hypervisor"), None, true, "vm");
        check(Some("fpu"), Some("Amazon EC2"), false, "none");
        check(Some("fpu"), None, true, "container");
        check(None, Some("Amazon EC2"), false, "nitro");
        check(None, None, false, "unknown");
    }

    #[test]
    fn a_silent_kernel_is_no_error() {
        let host = HostTexts::default().host();
        assert_eq!(host.unavailable().len(), 8);
        let arm = HostTexts {
            cpuinfo: Some("processor : 0\nCPU implementer : 0x41\nCPU part : 0xd40\n".to_owned()),
            ..HostTexts::default()
        };
        assert_eq!(arm.host().cpu_model.as_deref(), Some("implementer 0x41, part 0xd40"));
    }
}
