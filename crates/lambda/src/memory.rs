//! Memory size, the one dial of a function: CPU follows it.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::InvalidConfig;

/// The memory size of a function in MB (1 MB is 1,048,576 bytes, as everywhere in Lambda): 128 to 10,240 in steps of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MemorySize(u32);

impl MemorySize {
    /// The smallest memory size, which is also AWS's default.
    pub const MIN: MemorySize = MemorySize(128);
    /// The largest memory size.
    pub const MAX: MemorySize = MemorySize(10_240);
    /// The memory size with "the equivalent of one vCPU" ("Configure Lambda function memory").
    pub const ONE_VCPU: MemorySize = MemorySize(1_769);

    /// Checks the range.
    pub fn new(mb: u32) -> Result<MemorySize, InvalidConfig> {
        if (Self::MIN.0..=Self::MAX.0).contains(&mb) {
            Ok(MemorySize(mb))
        } else {
            Err(InvalidConfig::MemorySize { mb })
        }
    }

    /// Megabytes.
    pub fn mb(self) -> u32 {
        self.0
    }

    /// Gigabytes, the unit that is billed: 1,024 MB are 1.
    pub fn gb(self) -> f64 {
        f64::from(self.0) / 1024.0
    }

    /// How many vCPUs a function of this size sees. Measured by users of Lambda; AWS documents only the ends of the scale.
    pub fn visible_vcpus(self) -> usize {
        match self.0 {
            ..=3_008 => 2,
            3_009..=5_307 => 3,
            5_308..=7_076 => 4,
            7_077..=8_845 => 5,
            _ => 6,
        }
    }

    /// Bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0) << 20
    }
}

impl TryFrom<u32> for MemorySize {
    type Error = InvalidConfig;
    fn try_from(mb: u32) -> Result<MemorySize, InvalidConfig> {
        MemorySize::new(mb)
    }
}

impl From<MemorySize> for u32 {
    fn from(size: MemorySize) -> u32 {
        size.0
    }
}

impl FromStr for MemorySize {
    type Err = InvalidConfig;
    fn from_str(text: &str) -> Result<MemorySize, InvalidConfig> {
        text.parse()
            .map_err(|_: ParseIntError| InvalidConfig::NotANumber { text: text.to_owned() })
            .and_then(MemorySize::new)
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.0)
    }
}
