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
use crate::signature::Signature;
use crate::{
    Progress, caller, compare, conditions, engine, event_file, event_source, figure, load, number,
    parallel, pipe, random, runtime, service, template, threshold,
};

/// Every function that scenarios have beyond Rhai's own.
pub fn functions() -> Vec<Signature> {
    let session = Arc::new(Session::without_outside(Limits::default()));
    register(&mut engine::sandbox(&session.limits), &session)
}

/// Registers functions and keeps the list.
pub(crate) struct Language<'e> {
    pub(crate) engine: &'e mut Engine,
    session: &'e Arc<Session>,
    group: &'static str,
    signatures: Vec<Signature>,
}

impl Language<'_> {
    /// What the functions have to do with that are added next.
    pub(crate) fn group(&mut self, group: &'static str) {
        self.group = group;
    }

    /// Adds a function; what it returns and an example are said of what this returns.
    pub(crate) fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        usage: &'static str,
        doc: &'static str,
        function: impl FnOnce(Arc<Session>) -> FUNC,
    ) -> &mut Signature
    where
        R: Clone + Send + Sync + 'static,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        let signature = Signature { group: self.group, usage, doc, returns: "", example: "" };
        self.engine.register_fn(signature.name(), function(Arc::clone(self.session)));
        self.signatures.push(signature);
        self.signatures.last_mut().expect("it has just been added")
    }
}

/// Makes every function of the language known to `engine`.
pub(crate) fn register(engine: &mut Engine, session: &Arc<Session>) -> Vec<Signature> {
    engine.register_type_with_name::<Function>("function");
    engine.register_type_with_name::<InvocationResult>("invocation");
    let mut language = Language { engine, session, group: "", signatures: Vec::new() };
    add_plan(&mut language);
    add_function(&mut language);
    runtime::add(&mut language);
    add_invoke(&mut language);
    add_repeat(&mut language);
    caller::add(&mut language);
    conditions::add(&mut language);
    pipe::add(&mut language);
    load::add(&mut language);
    compare::add(&mut language);
    parallel::add(&mut language);
    event_source::add(&mut language);
    event_file::add(&mut language);
    template::add(&mut language);
    random::add(&mut language);
    add_result(&mut language);
    number::add(&mut language);
    figure::add(&mut language);
    service::add(&mut language);
    add_properties(language.engine, session);
    language.signatures
}

fn add_plan(language: &mut Language<'_>) {
    language.group("The plan");
    language
        .add(
            "params(#{ key: default, … })",
            "Declares what can be set from outside with `--set key=value`. It is called once, before anything is deployed. The default gives the type; a map like #{ default: 20, help: \"…\", choices: [10, 20], min: 1, max: 100 } says more, of which only the default is needed. An array is a list of values.",
            |s| {
                move |ctx: NativeCallContext<'_>, defaults: Map| s.answer(&ctx, s.declare(defaults))
            },
        )
        .returns("a map with the values")
        .example("let p = params(#{\n    memory: [128, 512],\n    launches: #{ default: 20, min: 1, help: \"cold starts of each function\" },\n});\nnote(`${p.launches} launches at each of ${p.memory} MB`);");
    language
        .add(
            "matrix(#{ key: [value, …], … })",
            "Every combination. The last key by the alphabet varies fastest. A value that is not an array stands for an array of one.",
            |s| {
                move |ctx: NativeCallContext<'_>, axes: Map| {
                    let cells = matrix(axes, s.limits.array_elements);
                    s.answer(&ctx, cells.map_err(|e| Fault::Mistake(format!("matrix: {e}"))))
                }
            },
        )
        .returns("an array of maps")
        .example("let functions = matrix(#{ workload: [\"hello\", \"json\"], memory: [128, 512] }).map(|cell| deploy(cell));");
    language
        .add(
            "blocks(n, functions, |f| …)",
            "Gives each function one turn in each of n blocks, in a random order and then in its reverse, so that slow drift of the machine meets every function alike.",
            |s| {
                move |ctx: NativeCallContext<'_>, n: i64, functions: Array, body: FnPtr| {
                    s.blocks(&ctx, n, functions, &body)
                }
            },
        )
        .example("blocks(3, [f], |f| {\n    f.recycle();\n    f.invoke();\n    f.repeat(10);\n});");
    language
        .add("seconds(\"5m\")", "The length of a time as pause() takes it.", |s| {
            move |ctx: NativeCallContext<'_>, value: Dynamic| {
                let read = pause::duration(&value).map_err(|e| format!("seconds: {e}").into());
                s.answer(&ctx, read.map(|duration| duration.as_secs_f64()))
            }
        })
        .returns("seconds, as a decimal number")
        .example("note(seconds(\"1.5m\"));");
    language
        .add(
            "pause(\"5m\")",
            "Lets time pass: a text like \"200ms\", \"1.5s\", \"5m\" or \"2h\", or a number of seconds. On a simulated platform it passes at once.",
            |s| {
                move |ctx: NativeCallContext<'_>, value: Dynamic| s.answer(&ctx, s.pause(&value))
            },
        )
        .example("f.invoke();\npause(\"5m\");\nnote(f.invoke().start);");
}

fn add_function(language: &mut Language<'_>) {
    language.group("Functions");
    language
        .add(
            "deploy(#{ workload | bootstrap | runtime, client, code, handler, name, variant, memory, timeout, architecture, env, ephemeral_storage, reserved_concurrency, page_cache, network })",
            "Builds a workload of the cargo workspace, takes an executable by its path, or puts code into a runtime, and creates a function. Memory and ephemeral storage are in MB, the timeout is in seconds; reserved concurrency is how many execution environments it may have at once; `page_cache` is that of its cold starts, as page_cache() has it; `network` is \"private\" (a loopback of its own for each execution environment, and of the rest the services of the scenario; the default where the machine allows it), \"outside\" (the same, and the outside world through pasta) or \"host\" (this machine's: the function reaches what listens here); the variant is the cargo profile that it is built with, and features of the package after it: `release`, `small`, `release+http-only`. A relative path starts at the script's folder (at the current one in a scenario that comes with Kelvin): that of a bootstrap, of code, of events, and of any other file that a script names; events, traces and modules have to lie in that folder. The folder that a bootstrap lies in is its package, whatever the bootstrap is called: it comes along as `/var/task`, with the files that links lead to, and without `.git`, what a CACHEDIR.TAG calls a cache (cargo's `target`), and Kelvin's results; alone goes an executable that is not called `bootstrap` and lies in a folder of programs (`bin`, `sbin`, or one that cargo builds into). A package has at most 250 MB. A bootstrap is told of its handler by `_HANDLER`. A runtime is `python` or `nodejs`, or a version of them as Lambda calls it (`python3.13`, `nodejs22.x`), and runs in AWS's own runtime interface client, which `kelvin runtimes install python nodejs` installs; `client: \"stand-in\"` has a loop over the standard library stand in for it. Its code is a folder in which the handler is found (`app.handler` unless it says otherwise), and without code it answers what the workload `hello` does. `AWS_LAMBDA_EXEC_WRAPPER` in `env` starts a runtime as on Lambda, and has no meaning for a bootstrap.",
            |s| move |ctx: NativeCallContext<'_>, map: Map| s.answer(&ctx, s.deploy(map)),
        )
        .returns("the function")
        .example("let f = deploy(#{ workload: \"json\", memory: 512, env: #{ TABLE: \"items\" } });\nlet g = deploy(#{ runtime: \"python\", code: \"functions/orders\", handler: \"orders.handler\" });");
    language
        .add("f.recycle()", "Makes the next invocation a cold start.", |s| {
            move |ctx: NativeCallContext<'_>, f: Function| s.answer(&ctx, s.recycle(&f.0))
        })
        .example("f.invoke();\nf.recycle();\nnote(f.invoke().start);");
    language
        .add(
            "f.configure(#{ memory, timeout, ephemeral_storage, env })",
            "Changes the configuration, so that the next invocation is a cold start. What is not named stays as it is.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, map: Map| {
                    s.answer(&ctx, s.configure(&f.0, map))
                }
            },
        )
        .example("for memory in [128, 512, 1769] {\n    f.configure(#{ memory: memory });\n    note(f.invoke().duration_ms);\n}");
    language
        .add(
            "f.remove()",
            "Deletes the function. Those that are left are deleted at the end.",
            |s| move |ctx: NativeCallContext<'_>, f: Function| s.answer(&ctx, s.remove(&f.0)),
        )
        .example("f.remove();");
    language
        .add("f.describe()", "What is known of a function.", |_| {
            |f: Function| function::describe(&f.0)
        })
        .returns("a map with `name`, `workload`, `variant`, `memory`, `timeout`, `architecture`, `ephemeral_storage`, `env` and `cases`, which is an array of names")
        .example("note(f.describe().memory);");
    language
        .add(
            "f.cost(billed_ms)",
            "What one invocation costs that is billed so many milliseconds, which may be a mean: memory and request fee, at the function's memory size and the prices of us-east-1.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, billed_ms: Dynamic| {
                    s.answer(&ctx, s.cost(&f.0, &billed_ms))
                }
            },
        )
        .returns("US dollars")
        .example("let r = f.invoke();\nnote(`a million of these: $${significant(1e6 * f.cost(r.billed_ms), 3)}`);");
}

fn add_invoke(language: &mut Language<'_>) {
    language.group("Invocations");
    language
        .add(
            "f.invoke()",
            "Invokes once with the default case. A failure is no error of the script: the invocation says what became of it.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function| {
                    s.answer(&ctx, s.invoke(&f, f.0.default_event()))
                }
            },
        )
        .returns("the invocation")
        .example("let r = f.invoke();\nnote(`${r.start}: ${r.duration_ms} ms`);");
    language
        .add("f.invoke(event)", "Invokes once with this event; any answer is right.", |s| {
            move |ctx: NativeCallContext<'_>, f: Function, event: Dynamic| {
                s.answer(&ctx, own_event(&event).and_then(|e| s.invoke(&f, e)))
            }
        })
        .returns("the invocation")
        .example("let r = f.invoke(#{ id: 7, tags: [\"a\", \"b\"] });\nnote(r.response);");
    language
        .add(
            "f.invoke_case(\"name\")",
            "Invokes once with the case of that name, whose answer is checked.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, name: &str| {
                    let event = f.0.case_event(name).map_err(Fault::from);
                    s.answer(&ctx, event.and_then(|e| s.invoke(&f, e)))
                }
            },
        )
        .returns("the invocation")
        .example("for name in f.describe().cases {\n    f.invoke_case(name);\n}");
}

fn add_repeat(language: &mut Language<'_>) {
    language
        .add(
            "f.repeat(n)",
            "Invokes n times, one after another, in a native loop with the default case.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, n: i64| {
                    s.answer(&ctx, s.repeat(&f, n, f.0.default_event()))
                }
            },
        )
        .returns("a map with `invocations` and, of them, `failed`")
        .example("let done = f.repeat(100);\ncheck(\"none failed\", done.failed == 0);");
    language
        .add("f.repeat(n, event)", "The same with an event.", |s| {
            move |ctx: NativeCallContext<'_>, f: Function, n: i64, event: Dynamic| {
                s.answer(&ctx, own_event(&event).and_then(|e| s.repeat(&f, n, e)))
            }
        })
        .returns("a map with `invocations` and `failed`")
        .example("f.repeat(100, #{ id: 7 });");
    language
        .add("f.repeat_case(n, \"name\")", "The same with a case.", |s| {
            move |ctx: NativeCallContext<'_>, f: Function, n: i64, name: &str| {
                let event = f.0.case_event(name).map_err(Fault::from);
                s.answer(&ctx, event.and_then(|e| s.repeat(&f, n, e)))
            }
        })
        .returns("a map with `invocations` and `failed`")
        .example("for name in f.describe().cases {\n    f.repeat_case(10, name);\n}");
    language
        .add(
            "f.measure(\"compute\", n)",
            "Times the bare workload n times, without Lambda; with \"serde\", its payloads too.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, rung: &str, n: i64| {
                    s.answer(&ctx, s.measure(&f.0, rung, n))
                }
            },
        )
        .returns("a map with `iterations` and `mean_ms`")
        .example("note(f.measure(\"compute\", 30).mean_ms);");
}

fn add_result(language: &mut Language<'_>) {
    language.group("Results");
    language
        .add(
            "check(\"name\", condition)",
            "A condition that must hold. One that does not fails the run, at its end.",
            |s| {
                move |ctx: NativeCallContext<'_>, name: &str, passed: bool| {
                    s.answer(&ctx, s.checked(name, passed))
                }
            },
        )
        .returns("the condition")
        .example("check(\"the first is cold\", f.invoke().start == \"cold\");");
    language
        .add(
            "expect_status(\"timeout\", || …)",
            "Declares that invocations in the closure may end like that, which then does not fail the run; one of them must. Statuses are `ok`, `error`, `timeout`, `crash`, `out_of_memory`, `wrong_answer`, `throttled` and `too_large`.",
            |s| {
                move |ctx: NativeCallContext<'_>, status: ImmutableString, body: FnPtr| {
                    s.expect_status(&ctx, &status, &body)
                }
            },
        )
        .returns("what the closure returns")
        .example("let r = expect_status(\"error\", || f.invoke(#{ nonsense: true }));\nnote(r.error_type);");
    threshold::add(language);
    language
        .add("note(\"…\")",
            "Writes a line into the run's record, and prints it; any value is written as text. `print()` does the same.",
            |s| {
                move |ctx: NativeCallContext<'_>, value: Dynamic| -> Raised<()> {
                    s.note(&as_text(&ctx, &value)?, Some(&ctx));
                    Ok(())
                }
            },
        )
        .example("note(`measured on ${platform} with seed ${seed}`);");
    language
        .add(
            "answer(\"…\")",
            "Writes the answer to the scenario's question, in whole sentences, into the run's record; the report ends with it.",
            |s| {
                move |ctx: NativeCallContext<'_>, value: Dynamic| -> Raised<()> {
                    s.give_answer(&as_text(&ctx, &value)?, &ctx);
                    Ok(())
                }
            },
        )
        .example("let cold = f.invoke();\nlet warm = f.invoke();\nanswer(`A cold start takes ${significant(cold.latency_ms - warm.latency_ms, 3)} ms more than a warm one.`);");
}

/// A value as the interpreter itself writes it.
fn as_text(ctx: &NativeCallContext<'_>, value: &Dynamic) -> Raised<ImmutableString> {
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.clone()),
        Err(_) => ctx.call_native_fn("to_string", (value.clone(),)),
    }
}

fn add_properties(engine: &mut Engine, session: &Arc<Session>) {
    let s = Arc::clone(session);
    engine.register_indexer_get(
        move |ctx: NativeCallContext<'_>, result: &mut InvocationResult, name: &str| {
            s.answer(&ctx, s.property(result, name))
        },
    );
    engine.register_indexer_get(|_: &mut Function, name: &str| -> Raised<Dynamic> {
        let known = "name, workload, variant, memory and the rest are in f.describe()";
        Err(format!("a function has no property \"{name}\"; {known}").into())
    });
    engine.register_fn("to_string", |result: InvocationResult| result.line());
    engine.register_fn("to_string", |f: Function| f.0.name.clone());
    // Rhai's own are for the first two types; the third is what pause() takes.
    engine.register_fn("sleep", |_: i64| no_sleep());
    engine.register_fn("sleep", |_: f64| no_sleep());
    engine.register_fn("sleep", |_: &str| no_sleep());
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
        self.will_wait(duration)?;
        outside.host.progress(Progress::Pausing { duration });
        let action = || format!("failed to pause for {}", show(value));
        self.wait(outside, action, outside.platform.sleep(duration))
    }

    fn checked(&self, name: &str, passed: bool) -> Result<bool, Fault> {
        let outside = self.outside("check")?;
        self.add_check("check", name)?;
        self.check(outside, name, passed, None);
        Ok(passed)
    }
}
