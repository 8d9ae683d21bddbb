//! `parallel()`: closures of a script at the same time, each on a thread of its own.

use std::collections::HashMap;
use std::mem::take;
use std::thread::{self, ThreadId};

use rhai::{Array, Dynamic, FnPtr, NativeCallContext};

use crate::fields::show;
use crate::language::Language;
use crate::script::STACK_BYTES;
use crate::session::{Raised, Session};

/// Each is a thread with an interpreter's stack.
const MOST_CLOSURES: usize = 64;

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "parallel([|| …, || …])",
            "Calls the closures at the same time, up to 64, and waits for all of them. Each gets a copy of the variables that it uses: what it has found out it returns. If one fails, the script fails when all have ended. Within them there is neither blocks() nor another parallel(), and what is drawn at random depends on who is faster.",
            |s| {
                move |ctx: NativeCallContext<'_>, closures: Array| s.parallel(&ctx, closures)
            },
        )
        .returns("an array of what they return, in their order")
        .example("let f = deploy(#{ workload: \"json\" });\nlet g = deploy(#{ workload: \"hello\" });\nlet both = parallel([|| f.load(#{ rate: 10, duration: 1 }), || g.load(#{ rate: 20, duration: 1 })]);\nnote(`${both[0].sent} and ${both[1].sent} requests`);");
}

/// Which threads are those of closures, and who has started them.
#[derive(Default)]
pub(crate) struct Family {
    parents: HashMap<ThreadId, ThreadId>,
}

impl Family {
    /// Whether the running thread is that of a closure.
    pub(crate) fn has_me(&self) -> bool {
        self.parents.contains_key(&thread::current().id())
    }

    /// Whether `other` is the running thread or the one that started it.
    pub(crate) fn concerns_me(&self, other: ThreadId) -> bool {
        let me = thread::current().id();
        other == me || self.parents.get(&me) == Some(&other)
    }
}

impl Session {
    fn parallel(&self, ctx: &NativeCallContext<'_>, closures: Array) -> Raised<Array> {
        let closures = self.closures(closures).map_err(|fault| self.raise(ctx, fault))?;
        let parent = thread::current().id();
        thread::scope(|scope| {
            let mut running = Vec::new();
            for mut closure in closures {
                // Closures that use the same variable would hold it against each other.
                closure.iter_curry_mut().for_each(|value| *value = take(value).flatten());
                let begin = move || {
                    let me = thread::current().id();
                    self.state().family.parents.insert(me, parent);
                    let result = closure.call_within_context::<Dynamic>(ctx, ());
                    self.state().family.parents.remove(&me);
                    result.map(Dynamic::flatten)
                };
                let builder =
                    thread::Builder::new().name("parallel".to_owned()).stack_size(STACK_BYTES);
                match builder.spawn_scoped(scope, begin) {
                    Ok(thread) => running.push(thread),
                    Err(error) => {
                        let message = format!("parallel: failed to start a thread: {error}");
                        return Err(self.raise(ctx, message.into()));
                    }
                }
            }
            let ended = running.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            // All of them first: a script that catches the error must not go on beside its closures.
            let ended: Vec<Raised<Dynamic>> = ended.collect();
            ended.into_iter().collect()
        })
    }

    fn closures(&self, closures: Array) -> Result<Vec<FnPtr>, crate::session::Fault> {
        self.outside("parallel")?;
        if self.state().family.has_me() {
            return Err("parallel() cannot be called inside parallel()".to_owned().into());
        }
        if closures.len() > MOST_CLOSURES {
            let n = closures.len();
            return Err(
                format!("parallel: expected at most {MOST_CLOSURES} closures, got {n}").into()
            );
        }
        let closure = |value: Dynamic| {
            let shown = show(&value);
            value.try_cast::<FnPtr>().ok_or_else(|| {
                format!("parallel: expected an array of closures, got {shown} in it").into()
            })
        };
        closures.into_iter().map(closure).collect()
    }
}
