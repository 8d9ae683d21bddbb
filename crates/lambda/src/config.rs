//! The configuration of a function, with the ranges that AWS checks.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MAX_ENV_BYTES, MemorySize};

/// What a function is configured to be, in the words of AWS's `CreateFunction`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionConfig {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    /// Memory, and with it CPU.
    pub memory_size: MemorySize,
    /// Of one invocation.
    pub timeout: Timeout,
    /// Of the binary.
    pub architecture: Architecture,
    /// Size of `/tmp`.
    pub ephemeral_storage: EphemeralStorage,
    /// Told to the function as `_HANDLER`; a custom runtime may ignore it.
    pub handler: String,
    /// The user's own environment variables; together at most [`MAX_ENV_BYTES`].
    pub env_vars: BTreeMap<String, String>,
    /// How many execution environments the function may have at once (`PutFunctionConcurrency`): these are set aside for it,
    /// and it gets no more. With 0 every request is throttled; with `None` the account's unreserved concurrency is its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
}

impl FunctionConfig {
    /// A function with AWS's defaults: 128 MB, 3 s, 512 MB of `/tmp`.
    pub fn new(name: impl Into<String>) -> FunctionConfig {
        FunctionConfig {
            name: name.into(),
            memory_size: MemorySize::MIN,
            timeout: Timeout::default(),
            architecture: Architecture::of_this_build(),
            ephemeral_storage: EphemeralStorage::default(),
            handler: "bootstrap".to_owned(),
            env_vars: BTreeMap::new(),
            reserved_concurrency: None,
        }
    }

    /// Checks what the types alone cannot: the name and the environment variables.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        let name_ok = (1..=64).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !name_ok {
            return Err(InvalidConfig::Name { name: self.name.clone() });
        }
        for name in self.env_vars.keys() {
            if is_reserved(name) {
                return Err(InvalidConfig::ReservedVariable { name: name.clone() });
            }
            let mut bytes = name.bytes();
            let name_ok = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
                && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !name_ok {
                return Err(InvalidConfig::VariableName { name: name.clone() });
            }
        }
        if let Some((name, _)) = self.env_vars.iter().find(|(_, value)| value.contains('\0')) {
            return Err(InvalidConfig::VariableValue { name: name.clone() });
        }
        let bytes = self.env_vars.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_ENV_BYTES {
            return Err(InvalidConfig::EnvironmentSize { bytes });
        }
        Ok(())
    }
}

/// Whether a variable is set by Lambda itself and may not be set by the user ("Defined runtime environment variables").
pub fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 20] = [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_TASK_ROOT",
    ];
    RESERVED.contains(&name) || name == "LAMBDA_RUNTIME_DIR"
}

/// The timeout of an invocation in whole seconds: 1 to 900, by default 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Timeout(u32);

impl Timeout {
    /// Checks the range.
    pub fn new(seconds: u32) -> Result<Timeout, InvalidConfig> {
        if (1..=900).contains(&seconds) {
            Ok(Timeout(seconds))
        } else {
            Err(InvalidConfig::Timeout { seconds })
        }
    }

    /// Whole seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// As a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.0))
    }
}

impl Default for Timeout {
    fn default() -> Timeout {
        Timeout(3)
    }
}

impl TryFrom<u32> for Timeout {
    type Error = InvalidConfig;
    fn try_from(seconds: u32) -> Result<Timeout, InvalidConfig> {
        Timeout::new(seconds)
    }
}

impl From<Timeout> for u32 {
    fn from(timeout: Timeout) -> u32 {
        timeout.0
    }
}

/// The size of `/tmp` in MB: 512 to 10,240, by default 512.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct EphemeralStorage(u32);

impl EphemeralStorage {
    /// Checks the range.
    pub fn new(mb: u32) -> Result<EphemeralStorage, InvalidConfig> {
        if (512..=10_240).contains(&mb) {
            Ok(EphemeralStorage(mb))
        } else {
            Err(InvalidConfig::EphemeralStorage { mb })
        }
    }

    /// Megabytes.
    pub fn mb(self) -> u32 {
        self.0
    }
}

impl Default for EphemeralStorage {
    fn default() -> EphemeralStorage {
        EphemeralStorage(512)
    }
}

impl TryFrom<u32> for EphemeralStorage {
    type Error = InvalidConfig;
    fn try_from(mb: u32) -> Result<EphemeralStorage, InvalidConfig> {
        EphemeralStorage::new(mb)
    }
}

impl From<EphemeralStorage> for u32 {
    fn from(storage: EphemeralStorage) -> u32 {
        storage.0
    }
}

/// The instruction set of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm (Graviton).
    Arm64,
}

impl Architecture {
    /// The architecture that this program was compiled for, which is the one that it can run.
    pub const fn of_this_build() -> Architecture {
        if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 }
    }

    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value that AWS would refuse, with the range that it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum InvalidConfig {
    MemorySize { mb: u32 },
    NotANumber { text: String },
    Timeout { seconds: u32 },
    EphemeralStorage { mb: u32 },
    Name { name: String },
    ReservedVariable { name: String },
    VariableName { name: String },
    VariableValue { name: String },
    EnvironmentSize { bytes: usize },
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemorySize { mb } => {
                write!(f, "memory size of {mb} MB is out of range: Lambda has 128 to 10240 MB")
            }
            Self::NotANumber { text } => write!(f, "\"{text}\" is not a whole number"),
            Self::Timeout { seconds } => {
                write!(f, "timeout of {seconds} s is out of range: Lambda has 1 to 900 s")
            }
            Self::EphemeralStorage { mb } => {
                write!(
                    f,
                    "ephemeral storage of {mb} MB is out of range: Lambda has 512 to 10240 MB"
                )
            }
            Self::Name { name } => write!(
                f,
                "function name \"{name}\" is not valid: 1 to 64 letters, digits, hyphens and underscores"
            ),
            Self::ReservedVariable { name } => {
                write!(f, "environment variable {name} is reserved: Lambda sets it itself")
            }
            Self::VariableName { name } => write!(
                f,
                "environment variable name \"{name}\" is not valid: a letter, then letters, digits and underscores"
            ),
            Self::VariableValue { name } => {
                write!(f, "the value of environment variable {name} contains a NUL byte")
            }
            Self::EnvironmentSize { bytes } => write!(
                f,
                "environment variables of {bytes} bytes are too large: Lambda takes {MAX_ENV_BYTES} bytes of names and values"
            ),
        }
    }
}

impl std::error::Error for InvalidConfig {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut FunctionConfig), expected: &Result<(), InvalidConfig>) {
        let mut config = FunctionConfig::new("json-release-128");
        change(&mut config);
        assert_eq!(&config.validate(), expected);
    }

    #[test]
    fn validates_names_and_variables() {
        check(|_| (), &Ok(()));
        check(|c| c.name = "a b".into(), &Err(InvalidConfig::Name { name: "a b".into() }));
        check(|c| c.name = String::new(), &Err(InvalidConfig::Name { name: String::new() }));
        check(|c| c.name = "a".repeat(65), &Err(InvalidConfig::Name { name: "a".repeat(65) }));
        let with = |name: &str, value: String| {
            let name = name.to_owned();
            move |c: &mut FunctionConfig| drop(c.env_vars.insert(name, value))
        };
        check(with("KELVIN_SPANS", "1".into()), &Ok(()));
        check(
            with("AWS_REGION", "x".into()),
            &Err(InvalidConfig::ReservedVariable { name: "AWS_REGION".into() }),
        );
        check(with("A", "x".repeat(4095)), &Ok(()));
        check(with("A", "x".repeat(4096)), &Err(InvalidConfig::EnvironmentSize { bytes: 4097 }));
        check(with("1A", String::new()), &Err(InvalidConfig::VariableName { name: "1A".into() }));
        check(with("A", "\0".into()), &Err(InvalidConfig::VariableValue { name: "A".into() }));
    }

    #[test]
    fn ranges_are_inclusive() {
        for (mb, ok) in [(127, false), (128, true), (10_240, true), (10_241, false)] {
            assert_eq!(MemorySize::new(mb).is_ok(), ok, "{mb}");
        }
        for (seconds, ok) in [(0, false), (1, true), (900, true), (901, false)] {
            assert_eq!(Timeout::new(seconds).is_ok(), ok, "{seconds}");
        }
        for (mb, ok) in [(511, false), (512, true), (10_240, true), (10_241, false)] {
            assert_eq!(EphemeralStorage::new(mb).is_ok(), ok, "{mb}");
        }
    }
}
