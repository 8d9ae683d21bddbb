//! `docs/scenarios.md`: what is registered and declared here, as one page.

use std::fmt::Write;

use kelvin_lambda::MAX_REQUEST_BYTES;

use crate::event_source::{KINDS, Key};
use crate::modules::MAX_MODULES;
use crate::template::PLACEHOLDERS;
use crate::{Limits, Signature, engine, event_file, functions, result};

const INTRODUCTION: &str = "\
<!-- Written by `cargo run -p kelvin-scenario --example scenarios-doc`; edit what is registered in crates/scenario/src instead. -->

# Scenarios

A scenario is a [Rhai](https://rhai.rs/book/) script that says in which order functions are deployed, invoked and left alone.
The script steers; the loops that are measured are native.

```sh
cargo kelvin run my-scenario.rhai --set launches=40 --seed 1
cargo kelvin run my-scenario.rhai --dry-run       # without building or starting anything but interpreters, which are asked what they have
cargo kelvin list scenarios                       # those that come with Kelvin, and their parameters
```

The first comment of a script says what it is for.
Times are in milliseconds where a name ends with `_ms`; memory sizes are in MB.
What is left to chance follows from the seed: the same seed and the same script give the same calls and the same events.
";

const RHAI: &str = "\
## What Rhai brings

Variables (`let`, `const`), numbers, texts with \"double quotes\" and `` `templates ${1 + 1}` ``, arrays, maps (`#{ a: 1 }`), \
functions (`fn`), closures (`|x| x + 1`), `if`, `switch`, `for`, `while`, `loop`, `try` and `catch`, `throw` and `exit()` \
are as in [Rhai's book](https://rhai.rs/book/language/), and so are the functions of numbers, texts, arrays and maps.
Unlike there, a closure may use the variable whose `map()`, `filter()` or other method calls it, if that method changes nothing; \
for `retain()`, `sort()` and the like a copy is needed, which the error says.
A failed invocation is a value with a `status` and no error; what `try` catches are mistakes of the script and `throw`.
A scenario ends early if it is stopped (Ctrl-C) or over a limit, and no `catch` holds that back.
There is no `eval` and no `sleep` (there is `pause()`), no clock, no network and, but for what is written here, no file.
";

const MODULES: &str = "\
## Modules

`import \"NAME\" as m;` makes the functions of the file `NAME.rhai` beside the script known as `m::function()`. \
The name is a plain one, without a folder; a scenario that comes with Kelvin imports modules that come with it.
Modules are found and compiled before anything runs, and can import others, but not in a circle.
What a module is to have besides functions, it exports: `const STEP = 64; export STEP;` is `m::STEP`.
A closure that a module makes can be called in functions of that module only; closures can be handed to them without limit.
The run's record keeps the modules as they ran.

```rhai
// tools.rhai
fn cold(f) {
    f.recycle();
    f.invoke()
}
```

```rhai
import \"tools\" as t;

let f = deploy(#{ workload: \"json\" });
note(t::cold(f).init_ms);
```

";

/// The page.
pub fn documentation() -> String {
    let mut page = INTRODUCTION.to_owned();
    example(&mut page, "A whole scenario", include_str!("../examples/first.rhai"));
    page.push_str("\n## Functions\n\n");
    let function = Signature::EXAMPLE_FUNCTION;
    line(
        &mut page,
        &format!("In the examples, `f` is `{function}` unless they deploy one themselves."),
    );
    let mut group = "";
    for signature in functions() {
        if signature.group != group {
            group = signature.group;
            line(&mut page, &format!("\n### {group}"));
        }
        describe(&mut page, &signature);
    }
    page.push_str("\n## Values\n");
    invocation(&mut page);
    kinds(&mut page);
    placeholders(&mut page);
    constants(&mut page);
    page.push('\n');
    page.push_str(MODULES);
    page.push_str(RHAI);
    limits(&mut page, &Limits::default());
    page.push_str("\n## Another whole scenario\n\n");
    code(&mut page, include_str!("../examples/search.rhai"));
    page
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

fn code(page: &mut String, script: &str) {
    line(page, &format!("```rhai\n{}\n```", script.trim_end()));
}

fn example(page: &mut String, title: &str, script: &str) {
    line(page, &format!("\n## {title}\n"));
    code(page, script);
}

fn describe(page: &mut String, signature: &Signature) {
    let Signature { usage, doc, returns, example, .. } = signature;
    line(page, &format!("\n#### `{usage}`\n"));
    line(page, &doc.replace(". ", ".\n"));
    if !returns.is_empty() {
        line(page, &format!("Returns {returns}."));
    }
    page.push('\n');
    code(page, example);
}

fn table<'a>(page: &mut String, head: [&str; 2], rows: impl Iterator<Item = (&'a str, String)>) {
    line(page, &format!("\n| {} | {} |\n|---|---|", head[0], head[1]));
    for (name, text) in rows {
        line(page, &format!("| `{name}` | {} |", text.replace('|', "\\|")));
    }
}

fn invocation(page: &mut String) {
    page.push_str("\n### An invocation\n\nWhat `f.invoke()` returns. A property that does not apply is `()`.\n");
    table(page, ["property", ""], result::properties().map(|(name, doc)| (name, doc.to_owned())));
}

fn kinds(page: &mut String) {
    page.push_str("\n### Kinds of events\n\nWhat `event()` makes, as AWS documents it. A key marked with … may be a closure, which is called for each record.\n");
    for kind in KINDS {
        let (name, doc, source) = (kind.name, kind.doc, kind.page);
        line(page, &format!("\n#### `event(\"{name}\")`\n\n{doc}.\nSource: {source}."));
        let name = |key: &Key| {
            if key.of_record { format!("`{}` …", key.name) } else { format!("`{}`", key.name) }
        };
        line(page, "\n| key | |\n|---|---|");
        for key in kind.keys {
            line(page, &format!("| {} | {} |", name(key), key.doc.replace('|', "\\|")));
        }
    }
}

fn placeholders(page: &mut String) {
    page.push_str("\n### Placeholders of `template()`\n");
    let rows = PLACEHOLDERS.iter().map(|(_, usage, doc)| (*usage, (*doc).to_owned()));
    table(page, ["placeholder", "stands for"], rows);
    page.push_str("\nA placeholder that is a whole string keeps its type: `\"{{int 1 9}}\"` becomes a number, `\"no {{int 1 9}}\"` a text.\n");
}

fn constants(page: &mut String) {
    page.push_str("\n### Constants\n");
    table(
        page,
        ["constant", ""],
        engine::CONSTANTS.iter().map(|(name, doc)| (*name, (*doc).to_owned())),
    );
}

fn limits(page: &mut String, limits: &Limits) {
    page.push_str(
        "\n## Limits\n\nOf the script alone: what it measures is limited by its run time only.\n",
    );
    let mut row = |what: &str, limit: String| {
        write!(page, "\n| {what} | {limit} |").expect("writing to a string does not fail")
    };
    row("what", "at most".to_owned());
    row("---", "---".to_owned());
    row("steps of the interpreter", limits.operations.to_string());
    row("nested calls", limits.call_levels.to_string());
    row("nesting of an expression", limits.expression_depth.to_string());
    row("bytes of a text, or of all texts in a value", limits.string_bytes.to_string());
    row("elements of an array, with those of arrays in it", limits.array_elements.to_string());
    row("properties of a map, with those of maps in it", limits.map_properties.to_string());
    row("variables at the same time", limits.variables.to_string());
    row("notes, and answers; what comes after them is left out", limits.notes.to_string());
    row("checks and thresholds", limits.checks.to_string());
    row(
        "bytes of all notes, of all answers, and of all names of checks and thresholds",
        limits.text_bytes.to_string(),
    );
    row("functions and changes of their configuration", limits.functions.to_string());
    row("services and changes of them", limits.services.to_string());
    row(
        "memory, in MB, with what is kept of each invocation",
        (limits.memory_bytes >> 20).to_string(),
    );
    row("modules", MAX_MODULES.to_string());
    row("bytes of an event in a file", MAX_REQUEST_BYTES.to_string());
    row("bytes of all files of `events()`", event_file::MAX_BYTES.to_string());
    row(
        "run time, unless `--time-limit` says otherwise",
        format!("{} s", limits.run_time.as_secs()),
    );
    page.push('\n');
}
