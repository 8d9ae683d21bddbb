//! `parallel()`: closures of a script at the same time, each on a thread of its own.

use std::cell::RefCell;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, ThreadId};
use std::time::Duration;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, NativeCallContext};
use tokio::sync::watch;

use crate::fields::show;
use crate::language::Language;
use crate::script::STACK_BYTES;
use crate::session::{Fault, Raised, Session};
use crate::waits;

/// Each is a thread with an interpreter's stack.
const MOST_CLOSURES: usize = 64;

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "parallel([|| …, || …])",
            "Calls the closures at the same time, up to 64, and waits for all of them. Each gets a copy of the variables that it uses: what it has found out it returns. The first that fails ends the others, and then the script fails with its error; what was measured until then is on record. Within them there is neither blocks() nor another parallel(). Arrivals follow from the seed; numbers that closures draw themselves depend on who is faster.",
            |s| {
                move |ctx: NativeCallContext<'_>, closures: Array| s.parallel(&ctx, closures)
            },
        )
        .returns("an array of what they return, in their order")
        .example("let f = deploy(#{ workload: \"json\" });\nlet g = deploy(#{ workload: \"hello\" });\nlet both = parallel([|| f.load(#{ rate: 10, duration: 1 }), || g.load(#{ rate: 20, duration: 1 })]);\nnote(`${both[0].sent} and ${both[1].sent} requests`);");
}

/// The closures of one call.
struct Group {
    /// The thread that has called `parallel()`.
    parent: ThreadId,
    /// Set once one of them has failed, for the interpreter, which looks at every operation.
    ended: AtomicBool,
    /// The same for those that wait.
    tell: watch::Sender<bool>,
    /// How long the one waits that waits longest, of an evaluation.
    longest: Mutex<Duration>,
    /// What the first that failed says.
    error: Mutex<Option<Box<EvalAltResult>>>,
}

thread_local! {
    /// Whose closure this thread runs. Threads are made for one closure and end with it.
    static GROUP: RefCell<Option<Arc<Group>>> = const { RefCell::new(None) };
}

impl Group {
    fn new() -> Arc<Group> {
        let (tell, _) = watch::channel(false);
        Arc::new(Group {
            parent: thread::current().id(),
            ended: AtomicBool::new(false),
            tell,
            longest: Mutex::default(),
            error: Mutex::default(),
        })
    }

    /// Ends all closures. What others say after the first is that they were ended.
    fn fail(&self, error: Box<EvalAltResult>) {
        self.error().get_or_insert(error);
        self.ended.store(true, Ordering::Relaxed);
        self.tell.send_replace(true);
    }

    fn longest(&self) -> MutexGuard<'_, Duration> {
        self.longest.lock().expect("nothing panics while it holds a duration")
    }

    /// A closure has ended, which has waited so long.
    fn has_waited(&self, waited: Duration) {
        let mut longest = self.longest();
        *longest = waited.max(*longest);
    }

    fn error(&self) -> MutexGuard<'_, Option<Box<EvalAltResult>>> {
        self.error.lock().expect("nothing panics while it holds an error")
    }
}

/// Whether the running thread is that of a closure.
pub(crate) fn is_closure() -> bool {
    GROUP.with_borrow(Option::is_some)
}

/// Whether `other` is the running thread or the one that started it.
pub(crate) fn concerns_me(other: ThreadId) -> bool {
    let is_parent = |group: &Arc<Group>| group.parent == other;
    other == thread::current().id()
        || GROUP.with_borrow(|group| group.as_ref().is_some_and(is_parent))
}

/// Whether the running thread is that of a closure beside one that has failed.
pub(crate) fn is_ended() -> bool {
    let ended = |group: &Arc<Group>| group.ended.load(Ordering::Relaxed);
    GROUP.with_borrow(|group| group.as_ref().is_some_and(ended))
}

/// Completes when a closure beside the running thread's has failed. Made on the thread that waits.
pub(crate) fn ended() -> impl Future<Output = ()> {
    let group = GROUP.with_borrow(Clone::clone);
    async move {
        match group {
            Some(group) => {
                let told = group.tell.subscribe().wait_for(|ended| *ended).await.map(drop);
                told.expect("the group, which is held here, has the sender");
            }
            None => std::future::pending().await,
        }
    }
}

impl Session {
    fn parallel(&self, ctx: &NativeCallContext<'_>, closures: Array) -> Raised<Array> {
        let closures = self.closures(closures).map_err(|fault| self.raise(ctx, fault))?;
        let group = Group::new();
        let values = thread::scope(|scope| {
            let mut running = Vec::new();
            for mut closure in closures {
                // Closures that use the same variable would hold it against each other.
                closure.iter_curry_mut().for_each(|value| *value = take(value).flatten());
                let own = Arc::clone(&group);
                let begin = move || {
                    GROUP.set(Some(Arc::clone(&own)));
                    let called = closure.call_within_context::<Dynamic>(ctx, ());
                    own.has_waited(waits::of_closure());
                    match called {
                        Ok(value) => value.flatten(),
                        Err(error) => {
                            own.fail(error);
                            Dynamic::UNIT
                        }
                    }
                };
                let builder =
                    thread::Builder::new().name("parallel".to_owned()).stack_size(STACK_BYTES);
                match builder.spawn_scoped(scope, begin) {
                    Ok(thread) => running.push(thread),
                    Err(error) => {
                        let message = format!("parallel: failed to start a thread: {error}");
                        group.fail(self.raise(ctx, message.into()));
                        break;
                    }
                }
            }
            // All of them: a script that catches the error must not go on beside its closures.
            let ended = running.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ended.collect()
        });
        self.closures_waited(*group.longest());
        match group.error().take() {
            None => Ok(values),
            Some(error) => Err(error),
        }
    }

    fn closures(&self, closures: Array) -> Result<Vec<FnPtr>, Fault> {
        self.outside("parallel")?;
        if is_closure() {
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
