//! The state machine together with those who wait for its answers.

use kelvin_lambda::FunctionConfig;
use tokio::sync::oneshot;

use super::state::{Effects, Input, Outcome, RuntimeApi};
use super::{ApiCall, CallId, NextEvent, Reply, Said};

/// So many requests that nobody answers are nobody's: those whose connections are gone are forgotten.
const MANY: usize = 64;

/// The Runtime API of one process.
#[derive(Debug)]
pub(crate) struct Service {
    api: RuntimeApi,
    /// Requests without an answer; hardly ever more than one.
    unanswered: Vec<(CallId, oneshot::Sender<Reply>)>,
}

/// A reply that is sent when the caller has its answer.
#[derive(Debug)]
pub(crate) struct PendingReply {
    to: oneshot::Sender<Reply>,
    reply: Reply,
}

impl PendingReply {
    pub(crate) fn send(self) {
        self.to.send(self.reply).ok();
    }
}

impl Service {
    pub(crate) fn new(config: &FunctionConfig) -> Service {
        Service { api: RuntimeApi::new(config), unanswered: Vec::new() }
    }

    /// Whether the process hears of its end.
    pub(crate) fn has_extensions(&self) -> bool {
        self.api.has_extensions()
    }

    /// What an extension has reported before the process ended.
    pub(crate) fn extension_error(&self) -> Option<&'static str> {
        self.api.extension_error()
    }

    /// Takes one request, or a part of one, and answers whatever can be answered now.
    ///
    /// The reply to an answer is returned beside the outcome, so that the caller can pass the answer on first.
    pub(crate) fn take(&mut self, call: ApiCall) -> Option<(Outcome, Option<PendingReply>)> {
        let ApiCall { id, at, said } = call;
        let input = match said {
            Said::Whole(request, reply) => {
                if self.unanswered.len() >= MANY {
                    self.unanswered.retain(|(_, waiting)| !waiting.is_closed());
                }
                self.unanswered.push((id, reply));
                Input::Request(id, request)
            }
            Said::Begun(begun) => Input::Begun(id, begun),
            Said::Part(data) => Input::Part(id, data),
        };
        let effects = self.api.on(input, at);
        self.carry_out(effects)
    }

    /// Hands an event to the runtime, which must be ready.
    pub(crate) fn hand_over(&mut self, event: NextEvent, now: u64) {
        let effects = self.api.on(Input::Event(event), now);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects) -> Option<(Outcome, Option<PendingReply>)> {
        let Effects { reply, others, outcome, reply_after } = effects;
        for (id, reply) in reply.into_iter().chain(others) {
            if let Some(to) = self.waiting(id) {
                // A request whose connection is gone has nobody to answer.
                to.send(reply).ok();
            }
        }
        let pending =
            reply_after.and_then(|(id, reply)| Some(PendingReply { to: self.waiting(id)?, reply }));
        outcome.map(|outcome| (outcome, pending))
    }

    fn waiting(&mut self, id: CallId) -> Option<oneshot::Sender<Reply>> {
        let at = self.unanswered.iter().rposition(|(waiting, _)| *waiting == id)?;
        Some(self.unanswered.swap_remove(at).1)
    }
}
