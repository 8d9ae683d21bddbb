//! The functions of the language: how each is called and what it does, in one list.

use std::sync::Arc;

use rhai::{
    Array, Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext, RhaiNativeFunc,
};

use crate::fields::show;
use crate::function::{self, Function, own_event};
use crate::limits::Limits;
use crate::matrix::matrix;
use crate::pause;
use crate::result::InvocationResult;
use crate::session::{Fault, Raised, Session};
use crate::{Progress, engine, service};

/// How a function of the language is called, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// For instance `f.repeat(n)`.
    pub usage: &'static str,
    /// One line.
    pub doc: &'static str,
}

impl Signature {
    /// Its name alone.
    pub fn name(&self) -> &'static str {
        let call = self.usage.split_once('(').map_or(self.usage, |(call, _)| call);
        call.rsplit_once('.').map_or(call, |(_, name)| name)
    }
}

/// Every function that scenarios have beyond Rhai's own.
pub fn functions() -> Vec<Signature> {
    let session = Arc::new(Session::without_outside(Limits::default()));
    register(&mut engine::sandbox(&session.limits), &session)
}

/// Registers functions and keeps the list.
pub(crate) struct Language<'e> {
    pub(crate) engine: &'e mut Engine,
    session: &'e Arc<Session>,
    signatures: Vec<Signature>,
}

impl Language<'_> {
    pub(crate) fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        usage: &'static str,
        doc: &'static str,
        function: impl FnOnce(Arc<Session>) -> FUNC,
    ) where
        R: Clone + Send + Sync + 'static,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        let signature = Signature { usage, doc };
        self.engine.register_fn(signature.name(), function(Arc::clone(self.session)));
        self.signatures.push(signature);
    }
}

/// Makes every function of the language known to `engine`.
pub(crate) fn register(engine: &mut Engine, session: &Arc<Session>) -> Vec<Signature> {
    engine.register_type_with_name::<Function>("function");
    engine.register_type_with_name::<InvocationResult>("invocation");
    let mut language = Language { engine, session, signatures: Vec::new() };
    add_plan(&mut language);
    add_function(&mut language);
    add_invoke(&mut language);
    add_measure(&mut language);
    add_result(&mut language);
    service::add(&mut language);
    add_properties(language.engine);
    language.signatures
}

fn add_plan(language: &mut Language<'_>) {
    language.add(
        "params(#{ key: default, … })",
        "Declares what can be set from outside, and returns the values.",
        |s| move |ctx: NativeCallContext<'_>, defaults: Map| s.answer(&ctx, s.declare(defaults)),
    );
    language.add(
        "matrix(#{ key: [value, …], … })",
        "Every combination as an array of maps; the last key by the alphabet varies fastest.",
        |s| {
            move |ctx: NativeCallContext<'_>, axes: Map| {
                let cells = matrix(axes, s.limits.array_elements);
                s.answer(&ctx, cells.map_err(|e| Fault::Mistake(format!("matrix: {e}"))))
            }
        },
    );
    language.add(
        "deploy(#{ workload | bootstrap, name, variant, memory, timeout, architecture, env, ephemeral_storage, reserved_concurrency })",
        "Builds and creates a function.",
        |s| move |ctx: NativeCallContext<'_>, map: Map| s.answer(&ctx, s.deploy(map)),
    );
    language.add(
        "blocks(n, functions, |f| …)",
        "Runs each function once per block, in a random order and then in its reverse.",
        |s| {
            move |ctx: NativeCallContext<'_>, n: i64, functions: Array, body: FnPtr| {
                s.blocks(&ctx, n, functions, &body)
            }
        },
    );
    language.add("pause(\"5m\")", "Lets time pass: a text like \"200ms\", or seconds.", |s| {
        move |ctx: NativeCallContext<'_>, value: Dynamic| s.answer(&ctx, s.pause(&value))
    });
}

fn add_function(language: &mut Language<'_>) {
    language.add("f.recycle()", "Makes the next invocation a cold start.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function| s.answer(&ctx, s.recycle(&f.0))
    });
    language.add(
        "f.configure(#{ memory, timeout, ephemeral_storage, env })",
        "Changes the configuration, so that the next invocation is a cold start.",
        |s| {
            move |ctx: NativeCallContext<'_>, f: Function, map: Map| {
                s.answer(&ctx, s.configure(&f.0, map))
            }
        },
    );
    language.add("f.remove()", "Deletes the function.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function| s.answer(&ctx, s.remove(&f.0))
    });
    language.add("f.describe()", "Its name, workload, variant and configuration as a map.", |_| {
        |f: Function| function::describe(&f.0)
    });
}

fn add_invoke(language: &mut Language<'_>) {
    language.add("f.invoke()", "Invokes once with the default case.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function| {
            s.answer(&ctx, s.invoke(&f.0, f.0.default_event()))
        }
    });
    language.add("f.invoke(event)", "Invokes once with this event; any answer is right.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function, event: Dynamic| {
            s.answer(&ctx, own_event(&event).and_then(|e| s.invoke(&f.0, e)))
        }
    });
    language.add("f.invoke_case(\"name\")", "Invokes once with the case of that name.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function, name: &str| {
            s.answer(&ctx, f.0.case_event(name).and_then(|e| s.invoke(&f.0, e)))
        }
    });
    language.add(
        "f.repeat(n)",
        "Invokes n times in a native loop with the default case; returns #{ invocations, failed }.",
        |s| {
            move |ctx: NativeCallContext<'_>, f: Function, n: i64| {
                s.answer(&ctx, s.repeat(&f.0, n, f.0.default_event()))
            }
        },
    );
    language.add("f.repeat(n, event)", "The same with an event.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function, n: i64, event: Dynamic| {
            s.answer(&ctx, own_event(&event).and_then(|e| s.repeat(&f.0, n, e)))
        }
    });
    language.add("f.repeat_case(n, \"name\")", "The same with a case.", |s| {
        move |ctx: NativeCallContext<'_>, f: Function, n: i64, name: &str| {
            s.answer(&ctx, f.0.case_event(name).and_then(|e| s.repeat(&f.0, n, e)))
        }
    });
}

fn add_measure(language: &mut Language<'_>) {
    language.add(
        "f.measure(\"compute\", n)",
        "Times the bare workload n times, \"serde\" with its payloads, without Lambda; returns #{ iterations, mean_ms }.",
        |s| {
            move |ctx: NativeCallContext<'_>, f: Function, rung: &str, n: i64| {
                s.answer(&ctx, s.measure(&f.0, rung, n))
            }
        },
    );
}

fn add_result(language: &mut Language<'_>) {
    language.add(
        "check(\"name\", condition)",
        "Fails the run, at its end, if the condition is false.",
        |s| {
            move |ctx: NativeCallContext<'_>, name: &str, passed: bool| {
                s.answer(&ctx, s.checked(name, passed))
            }
        },
    );
    language.add(
        "expect_status(\"timeout\", || …)",
        "Declares that invocations in the closure may end like that; one of them must.",
        |s| {
            move |ctx: NativeCallContext<'_>, status: ImmutableString, body: FnPtr| {
                s.expect_status(&ctx, &status, &body)
            }
        },
    );
    language.add("note(\"…\")", "Writes a line into the run's record.", |s| {
        move |text: &str| s.note(text)
    });
}

fn add_properties(engine: &mut Engine) {
    engine.register_indexer_get(|result: &mut InvocationResult, name: &str| -> Raised<Dynamic> {
        result.field(name).map_err(Into::into)
    });
    engine.register_indexer_get(|_: &mut Function, name: &str| -> Raised<Dynamic> {
        let known = "name, workload, variant, memory and the rest are in f.describe()";
        Err(format!("a function has no property \"{name}\"; {known}").into())
    });
    engine.register_fn("to_string", |result: InvocationResult| result.line());
    engine.register_fn("to_string", |f: Function| f.0.name.clone());
    // Rhai's own are for these two types.
    engine.register_fn("sleep", |_: i64| no_sleep());
    engine.register_fn("sleep", |_: f64| no_sleep());
}

fn no_sleep() -> Raised<()> {
    Err("scenarios do not sleep; write pause(\"1s\"), which passes on simulated platforms too"
        .into())
}

impl Session {
    /// The result of a function of the language as the interpreter wants it.
    pub(crate) fn answer<T>(
        &self,
        ctx: &NativeCallContext<'_>,
        result: Result<T, Fault>,
    ) -> Raised<T> {
        result.map_err(|fault| self.raise(ctx, fault))
    }

    fn pause(&self, value: &Dynamic) -> Result<(), Fault> {
        let outside = self.outside("pause")?;
        let duration = pause::duration(value).map_err(|e| format!("pause: {e}"))?;
        outside.host.progress(Progress::Pausing { duration });
        let action = || format!("failed to pause for {}", show(value));
        self.wait(outside, action, outside.platform.sleep(duration))
    }

    fn checked(&self, name: &str, passed: bool) -> Result<bool, Fault> {
        let outside = self.outside("check")?;
        self.check(outside, name, passed);
        Ok(passed)
    }

    /// `note()` and `print()`; silent while only parameters are read.
    pub(crate) fn note(&self, text: &str) {
        if let Some(host) = self.listener() {
            host.note(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_name_and_a_sentence() {
        let functions = functions();
        let names: Vec<&str> = functions.iter().map(Signature::name).collect();
        let expected = [
            "params",
            "matrix",
            "deploy",
            "blocks",
            "pause",
            "recycle",
            "configure",
            "remove",
            "describe",
            "invoke",
            "invoke",
            "invoke_case",
            "repeat",
            "repeat",
            "repeat_case",
            "measure",
            "check",
            "expect_status",
            "note",
            "service",
            "service",
            "latency",
            "errors",
            "bucket",
            "put",
            "table",
            "table",
            "item",
        ];
        assert_eq!(names, expected);
        assert!(functions.iter().all(|function| function.doc.ends_with('.')));
    }
}
