//! The crate lambda-simulator as a contestant.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use lambda_simulator::{InvocationStatus, Simulator};
use serde_json::Value;

use crate::contest::{Contestant, Role, nanoseconds};
use crate::http::{PATIENCE, Patience, Wait};
use crate::process::{By, Process};
use crate::{ANSWER, EVENT};

/// A simulator on the runtime that its documentation uses, of several threads.
pub(crate) struct LambdaSimulator {
    simulator: Simulator,
    runtime: tokio::runtime::Runtime,
    event: Value,
    answer: Value,
    wait: Wait,
    _bootstrap: Process,
}

impl LambdaSimulator {
    pub(crate) fn start(bootstrap: &Path, wait: Wait) -> anyhow::Result<LambdaSimulator> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let simulator = Simulator::builder().function_name("hello").build();
        let simulator = runtime.block_on(simulator)?;
        let address = simulator.addr().to_string();
        let bootstrap = Process::bootstrap(bootstrap, &address, By::Spawn)?;
        let event = serde_json::from_slice(EVENT)?;
        let answer = serde_json::from_slice(ANSWER)?;
        let mut served =
            LambdaSimulator { simulator, runtime, event, answer, wait, _bootstrap: bootstrap };
        served.repeat(1, &mut Vec::new()).context("the first invocation")?;
        Ok(served)
    }

    async fn invoke(&self) -> anyhow::Result<u64> {
        let event = self.event.clone();
        let asked = Instant::now();
        let id = self.simulator.enqueue_payload(event).await;
        let state = match self.wait {
            Wait::Sleep => self.simulator.wait_for_invocation_complete(&id, PATIENCE).await?,
            Wait::Spin => {
                let mut patience = Patience::new();
                loop {
                    let state = self.simulator.get_invocation_state(&id).await;
                    let state = state.context("the simulator has lost an invocation")?;
                    if !matches!(
                        state.status,
                        InvocationStatus::Pending | InvocationStatus::InProgress
                    ) {
                        break state;
                    }
                    patience.check()?;
                    std::hint::spin_loop();
                }
            }
        };
        let answered = Instant::now();
        let answer = state.response.as_ref().map(|response| &response.payload);
        ensure!(answer == Some(&self.answer), "the answer is {answer:?}");
        Ok(nanoseconds(answered - asked))
    }
}

impl Contestant for LambdaSimulator {
    fn role(&self) -> Role {
        Role::Peer
    }

    fn repeat(&mut self, invocations: u64, latencies: &mut Vec<u64>) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            for _ in 0..invocations {
                latencies.push(self.invoke().await?);
            }
            Ok(())
        })
    }
}
