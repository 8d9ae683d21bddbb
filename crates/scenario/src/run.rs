//! What a run of a scenario is given.

use std::collections::BTreeMap;
use std::time::Duration;

use kelvin_lambda::{PriceTable, US_EAST_1};
use kelvin_platform::{Gap, PageCache};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::Limits;

/// Settings, limits, and the means to wait and to stop.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Values for the parameters that the script declares.
    pub settings: BTreeMap<String, Vec<String>>,
    /// Decides every order that is left to chance.
    pub seed: u64,
    /// How much the script may use.
    pub limits: Limits,
    /// For `cost_usd`.
    pub prices: PriceTable,
    /// What lies between invocations, whatever the script says for all of its loops; `None` leaves it to the script.
    pub gap: Option<Gap>,
    /// What cold starts find in the page cache, whatever the script says for all functions; `None` leaves it to the script.
    pub page_cache: Option<PageCache>,
    /// Where the platform's futures are waited for. Its timer must be enabled, and a runtime of one thread must be driven by
    /// somebody else meanwhile.
    pub runtime: Handle,
    /// `true` ends the run, also in the middle of a wait. A dropped sender never does.
    pub stop: watch::Receiver<bool>,
    /// How long the script may be evaluated, where the platform answers nominally: the limit of the run time is then one of
    /// what the script would wait.
    pub nominal: Option<Duration>,
}

impl RunOptions {
    /// No settings, seed 0, default limits, prices of us-east-1.
    pub fn new(runtime: Handle, stop: watch::Receiver<bool>) -> RunOptions {
        RunOptions {
            settings: BTreeMap::new(),
            seed: 0,
            limits: Limits::default(),
            prices: US_EAST_1(),
            gap: None,
            page_cache: None,
            runtime,
            stop,
            nominal: None,
        }
    }
}
