//! `blocks()` and `expect_status()`: the functions that call a closure of the script.

use kelvin_lambda::Status;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, NativeCallContext};

use crate::fields::show;
use crate::function::Function;
use crate::order::BlockOrders;
use crate::session::{Expectation, Fault, Outside, Raised, Session};
use crate::{Progress, Slot, parallel, suggest};

/// A checked call of `blocks()`.
struct Plan<'a> {
    outside: &'a Outside,
    blocks: u64,
    functions: Vec<Function>,
    orders: BlockOrders,
}

impl Session {
    /// Gives every function one turn in each of `n` blocks.
    pub(crate) fn blocks(
        &self,
        ctx: &NativeCallContext<'_>,
        n: i64,
        functions: Array,
        body: &FnPtr,
    ) -> Raised<()> {
        let Plan { outside, blocks, functions, orders } =
            self.plan(n, functions).map_err(|fault| self.raise(ctx, fault))?;
        let positions = functions.len() as u64;
        for (block, order) in (0..blocks).zip(orders) {
            for (position, index) in (0..).zip(order) {
                self.go_on().map_err(|fault| self.raise(ctx, fault))?;
                // Closures need not have a step of their own.
                if self.tick().is_some() {
                    let end = EvalAltResult::ErrorTerminated(Dynamic::UNIT, ctx.call_position());
                    return Err(end.into());
                }
                let function = &functions[index];
                let slot = Slot { block, position };
                let name = function.0.name.as_str();
                outside.host.progress(Progress::Turn { slot, blocks, positions, name });
                self.state().slot = Some(slot);
                let turn = body.call_within_context::<Dynamic>(ctx, (function.clone(),));
                self.state().slot = None;
                drop(turn?);
            }
        }
        Ok(())
    }

    fn plan(&self, n: i64, functions: Array) -> Result<Plan<'_>, Fault> {
        let outside = self.outside("blocks")?;
        let Some(blocks) = u64::try_from(n).ok().filter(|blocks| *blocks > 0) else {
            return Err(format!("blocks: expected 1 or more blocks, got {n}").into());
        };
        if functions.is_empty() {
            return Err("blocks: expected functions, got an empty array".to_owned().into());
        }
        let function = |value: Dynamic| {
            let shown = show(&value);
            value
                .try_cast::<Function>()
                .ok_or_else(|| format!("blocks: expected an array of functions, got {shown} in it"))
        };
        let functions = functions.into_iter().map(function).collect::<Result<Vec<_>, _>>()?;
        let mut state = self.state();
        if parallel::is_closure() {
            return Err("blocks() cannot be called inside parallel()".to_owned().into());
        }
        if state.slot.is_some() {
            return Err("blocks() cannot be called inside blocks()".to_owned().into());
        }
        let orders = BlockOrders::new(self.seed, state.calls_of_blocks, functions.len());
        state.calls_of_blocks += 1;
        drop(state);
        Ok(Plan { outside, blocks, functions, orders })
    }

    /// Calls the closure; invocations in it may end with `status`, and one of them must.
    pub(crate) fn expect_status(
        &self,
        ctx: &NativeCallContext<'_>,
        status: &str,
        body: &FnPtr,
    ) -> Raised<Dynamic> {
        let expected = self.outside("expect_status").and_then(|outside| {
            let known = Status::ALL.map(Status::as_str);
            let found = Status::from_name(status);
            let status = found.ok_or_else(|| suggest::unknown("status", status, known))?;
            self.add_check("expect_status", status.as_str())?;
            Ok((outside, status))
        });
        let (outside, status) = expected.map_err(|fault| self.raise(ctx, fault))?;
        let thread = std::thread::current().id();
        self.state().expectations.push(Expectation { status, met: false, thread });
        let value = body.call_within_context::<Dynamic>(ctx, ());
        let expectation = {
            // Closures of parallel() come and go in any order.
            let expectations = &mut self.state().expectations;
            let own = expectations.iter().rposition(|expectation| expectation.thread == thread);
            own.map(|own| expectations.remove(own))
        };
        let value = value?;
        let met = expectation.is_some_and(|expectation| expectation.met);
        self.check(outside, &format!("expect_status {}", status.as_str()), met, None);
        Ok(value)
    }
}
