//! Prices and the cost of an invocation, in US dollars before tax.

use serde::{Deserialize, Serialize};

use crate::{Architecture, EphemeralStorage, MemorySize};

/// Prices of one region on one day, first tier of the month, without free tier and savings plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceTable {
    /// Names region and date; stamped into every run.
    pub id: String,
    /// AWS region.
    pub region: String,
    /// Where the prices are from.
    pub source: String,
    /// One GB-second on x86_64.
    pub x86_64_gb_second: f64,
    /// One GB-second on arm64.
    pub arm64_gb_second: f64,
    /// One request.
    pub request: f64,
    /// One GB-second of ephemeral storage above 512 MB.
    pub storage_gb_second: f64,
}

/// Prices in us-east-1 on 2026-09-19, from the AWS price list (offer AWSLambda).
pub const US_EAST_1: fn() -> PriceTable = || PriceTable {
    id: "aws-lambda-us-east-1-2026-09-19".to_owned(),
    region: "us-east-1".to_owned(),
    source: "AWS price list, offer AWSLambda, 2026-09-19, tier 1".to_owned(),
    x86_64_gb_second: 0.000_016_666_7,
    arm64_gb_second: 0.000_013_333_4,
    request: 2e-7,
    storage_gb_second: 3.09e-8,
};

/// The two parts of a price, in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// GB-seconds of memory and of ephemeral storage.
    pub compute_usd: f64,
    /// The fee of the request.
    pub request_usd: f64,
}

impl Cost {
    /// Both parts.
    pub fn total_usd(self) -> f64 {
        self.compute_usd + self.request_usd
    }
}

impl PriceTable {
    /// Cost of one invocation of `billed_ms` (a mean may have decimals), by the formula of the page "AWS Lambda Pricing".
    pub fn cost(
        &self,
        memory_size: MemorySize,
        architecture: Architecture,
        storage: EphemeralStorage,
        billed_ms: f64,
    ) -> Cost {
        let seconds = billed_ms / 1000.0;
        let gb_second = match architecture {
            Architecture::X86_64 => self.x86_64_gb_second,
            Architecture::Arm64 => self.arm64_gb_second,
        };
        let storage_gb = f64::from(storage.mb() - EphemeralStorage::default().mb()) / 1024.0;
        Cost {
            compute_usd: seconds
                * (memory_size.gb() * gb_second + storage_gb * self.storage_gb_second),
            request_usd: self.request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_follow_the_published_formula() {
        let prices = US_EAST_1();
        let check = |mb, architecture, billed_ms, compute_usd: f64| {
            let cost = prices.cost(
                MemorySize::new(mb).unwrap(),
                architecture,
                EphemeralStorage::default(),
                billed_ms,
            );
            assert!((cost.compute_usd / compute_usd - 1.0).abs() < 1e-4, "{cost:?}");
            assert_eq!(cost.request_usd, 2e-7);
        };
        // 128 MB for 1 ms on x86_64: $2.083e-9.
        check(128, Architecture::X86_64, 1.0, 2.083_34e-9);
        // The request fee equals 96 ms at 128 MB and 6.9 ms at 1,769 MB.
        check(128, Architecture::X86_64, 96.0, 2e-7);
        check(1769, Architecture::X86_64, 6.946_4, 2e-7);
        check(1024, Architecture::Arm64, 1000.0, 0.000_013_333_4);
    }

    #[test]
    fn storage_above_512_mb_costs_regardless_of_memory() {
        let storage = EphemeralStorage::new(1536).unwrap();
        let cost = |mb| {
            let size = MemorySize::new(mb).unwrap();
            let with = US_EAST_1().cost(size, Architecture::X86_64, storage, 1000.0);
            let without =
                US_EAST_1().cost(size, Architecture::X86_64, EphemeralStorage::default(), 1000.0);
            with.compute_usd - without.compute_usd
        };
        assert!((cost(128) - 3.09e-8).abs() < 1e-15);
        assert!((cost(1024) - 3.09e-8).abs() < 1e-15);
    }
}
