//! Modules beside a script.

use insta::assert_snapshot;

use crate::fake::{Ran, Setup, run_script};
use crate::folder::compile;

type Files = [(&'static str, &'static str)];

fn run(files: &Files, script: &str) -> Ran {
    match compile(files, script) {
        Ok(script) => run_script(&script, Setup::default()),
        Err(error) => Ran { result: Err(error), log: Vec::new() },
    }
}

fn notes(files: &Files, script: &str) -> String {
    let ran = run(files, script);
    if let Err(error) = ran.result {
        panic!("{}", error.render());
    }
    let notes: Vec<&str> = ran.log.iter().filter_map(|line| line.strip_prefix("note ")).collect();
    notes.join("\n")
}

fn mistake(files: &Files, script: &str) -> String {
    run(files, script).result.expect_err(script).render()
}

const TOOLS: (&str, &str) = (
    "tools.rhai",
    r#"// Tools.
import "deeper" as d;
const STEP = 64;
export STEP;

fn twice(n) { helper(n) }
fn helper(n) { n * d::two() }
fn here() { `${platform} ${seed}` }

fn launch(f) {
    f.recycle();
    f.invoke()
}

fn broken(f) {
    f.recyle();
}
fn removed(f) {
    f.remove();
    f.invoke();
}
fn endless() { loop { } }
fn waits() {
    pause("1h");
}
fn each(functions, body) { blocks(1, functions, |f| body.call(f)); }
fn closure() { |n| helper(n) + 1 }
fn wrong(n) { [n].map(|x| x.nothing()) }
"#,
);

const DEEPER: (&str, &str) =
    ("deeper.rhai", "fn two() { 2 }\nfn throws() {\n    throw \"deep\";\n}\n");

#[test]
fn functions_of_a_module_do_what_functions_of_the_script_do() {
    let script = r#"
        import "tools" as t;
        let f = deploy(#{ workload: "hello" });
        note(t::twice(21));
        note(t::STEP);
        note(t::here());
        note(t::launch(f).status);
        let sum = 0;
        t::each([f], |f| { sum += 1; f.invoke(); });
        note(sum);
        t::each([f], |f| plus(f));
        fn plus(f) { note(f); }
        fn inside() { t::twice(2) }
        note(inside());
        import "deeper" as d;
        note(d::two());
    "#;
    assert_snapshot!(notes(&[TOOLS, DEEPER], script), @"
    42
    64
    fake 0
    ok
    1
    hello-release-128
    4
    2
    ");
}

#[test]
fn a_module_is_evaluated_once() {
    let a = ("a.rhai", "note(\"a\");\nfn one() { 1 }");
    let b = ("b.rhai", "import \"a\" as a;\nfn two() { a::one() + 1 }");
    let script = "import \"a\" as a;\nimport \"b\" as b;\nimport \"a\" as again;\nnote(a::one() + b::two());";
    assert_snapshot!(notes(&[a, b], script), @"
    a
    3
    ");
}

#[test]
fn a_script_knows_its_modules() {
    let script = compile(&[TOOLS, DEEPER], "import \"tools\" as t;").unwrap();
    let names: Vec<&str> = script.modules().map(|(name, _)| name).collect();
    assert_eq!(names, ["deeper", "tools"]);
    assert_eq!(script.modules().next(), Some(("deeper", DEEPER.1)));
    let script = compile(&[TOOLS], "let a = 1;").unwrap();
    assert_eq!(script.modules().count(), 0);
    let module = ("p.rhai", "fn defaults() { #{ n: 1 } }");
    let script = compile(&[module], "import \"p\" as p; params(p::defaults()); loop {}").unwrap();
    assert_eq!(script.parameters().unwrap()[0].to_string(), "n=1");
}

#[test]
fn an_error_in_a_module_is_shown_there() {
    let script = |call: &str| {
        format!("import \"tools\" as t;\nlet f = deploy(#{{ workload: \"hello\" }});\n{call};")
    };
    let mistake = |call: &str| mistake(&[TOOLS, DEEPER], &script(call));
    let all = [
        mistake("t::broken(f)"),
        mistake("t::removed(f)"),
        mistake("t::endless()"),
        mistake("t::wrong(1)"),
        mistake("blocks(1, [f], |f| t::broken(f))"),
        mistake("t::each([f], |f| f.nonsense())"),
        mistake("t::each([f], |f| called(f)); fn called(f) { f.nonsense() }"),
        mistake("t::closure().call(3)"),
        mistake("import \"deeper\" as d; d::throws()"),
        mistake("t::twice(1, 2)"),
        mistake("t::twize(1)"),
        mistake("twice(1)"),
        mistake("s::twice(1)"),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    error: unknown function "recyle"; did you mean "recycle"?
      --> tools.rhai:16:7
       |
    16 |     f.recyle();
       |       ^

    error: invoke: function "hello-release-128" was removed
      --> tools.rhai:20:7
       |
    20 |     f.invoke();
       |       ^

    error: the script took more than 200000 steps; does a loop never end?
     --> test.rhai:3:4
      |
    3 | t::endless();
      |    ^

    error: unknown function "nothing"
      --> tools.rhai:28:29
       |
    28 | fn wrong(n) { [n].map(|x| x.nothing()) }
       |                             ^

    error: unknown function "recyle"; did you mean "recycle"?
      --> tools.rhai:16:7
       |
    16 |     f.recyle();
       |       ^

    error: unknown function "nonsense"
     --> test.rhai:3:20
      |
    3 | t::each([f], |f| f.nonsense());
      |                    ^

    error: unknown function "nonsense"
     --> test.rhai:3:47
      |
    3 | t::each([f], |f| called(f)); fn called(f) { f.nonsense() };
      |                                               ^

    error: a closure of module "tools" can be called in functions of that module only
     --> test.rhai:3:14
      |
    3 | t::closure().call(3);
      |              ^

    error: deep
     --> deeper.rhai:3:5
      |
    3 |     throw "deep";
      |     ^

    error: wrong arguments for "t::twice": got (whole number, whole number), expected t::twice(n)
     --> test.rhai:3:4
      |
    3 | t::twice(1, 2);
      |    ^

    error: unknown function "t::twize"; did you mean "t::twice"?
     --> test.rhai:3:4
      |
    3 | t::twize(1);
      |    ^

    error: unknown function "twice"; did you mean "t::twice"?
     --> test.rhai:3:1
      |
    3 | twice(1);
      | ^

    error: unknown module "s"; write import "s" as s; before it is used
     --> test.rhai:3:1
      |
    3 | s::twice(1);
      | ^
    "#);
}

#[test]
fn a_stop_in_a_module_is_shown_there() {
    let stopped = |call: &str| {
        let script =
            format!("import \"tools\" as t;\nlet f = deploy(#{{ workload: \"hello\" }});\n{call};");
        let script = compile(&[TOOLS, DEEPER], &script).unwrap();
        let ran = run_script(&script, Setup { hangs: true, ..Setup::default() });
        ran.result.unwrap_err().render()
    };
    let both = [stopped("t::waits()"), stopped("t::each([f], |f| f.invoke())")];
    assert_snapshot!(both.join("\n"), @r#"
    error: stopped by the user
      --> tools.rhai:24:5
       |
    24 |     pause("1h");
       |     ^

    error: stopped by the user
     --> test.rhai:3:20
      |
    3 | t::each([f], |f| f.invoke());
      |                    ^
    "#);
}

#[test]
fn a_module_that_is_wrong_itself() {
    let wrong = |text: &'static str, script: &str| mistake(&[("wrong.rhai", text)], script);
    let import = "import \"wrong\" as w;";
    let all = [
        wrong("fn a() {\n    let = 1;\n}", import),
        wrong("let a = 1;\nnote(b);", import),
        wrong("let a = 1;\na.missing();", import),
        wrong("import \"wrong\" as w;", import),
        wrong("import \"other\" as o;", import),
        wrong("fn f() { deploy(#{ workload: \"jsn\" }) }", "import \"wrong\" as w;\nw::f();"),
        wrong("params(#{ a: 1 });", "params(#{ b: 1 });\nimport \"wrong\" as w;"),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    error: expecting name of a variable
     --> wrong.rhai:2:9
      |
    2 |     let = 1;
      |         ^

    error: unknown variable "b"; did you mean "a"?
     --> wrong.rhai:2:6
      |
    2 | note(b);
      |      ^

    error: unknown function "missing"
     --> wrong.rhai:2:3
      |
    2 | a.missing();
      |   ^

    error: modules import each other: wrong → wrong
     --> wrong.rhai:1:8
      |
    1 | import "wrong" as w;
      |        ^

    error: unknown module "other"; known: wrong
     --> wrong.rhai:1:8
      |
    1 | import "other" as o;
      |        ^

    error: unknown workload "jsn"; did you mean "json"? known: hello, json, compress, jwt, html, http-api, matrix, pagerank, regex, script, s3-object, dynamodb-item, fan-out, sqs-batch, thumbnail, payload, delays, audit
     --> wrong.rhai:1:10
      |
    1 | fn f() { deploy(#{ workload: "jsn" }) }
      |          ^

    error: params() can be called only once
     --> wrong.rhai:1:1
      |
    1 | params(#{ a: 1 });
      | ^
    "#);
}

#[test]
fn names_of_modules_are_plain() {
    let message = |script: &str| {
        run(&[TOOLS, DEEPER], script).result.map_err(|error| error.message).expect_err(script)
    };
    let messages = [
        message("import \"tool\" as t;"),
        message("import \"tools.rhai\" as t;"),
        message("import \"../tools\" as t;"),
        message("import \"/etc/passwd\" as t;"),
        message("import \"\" as t;"),
        message("let name = \"tools\"; import name as t;"),
        message("fn f() { if true { import \"tool\" as t; } }"),
        message("for i in 0..200 { import \"deeper\" as d; }"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    unknown module "tool"; did you mean "tools"? known: tools, deeper
    import: expected the name of a file beside the script without its ending .rhai, got "tools.rhai"
    import: expected the name of a file beside the script without its ending .rhai, got "../tools"
    import: expected the name of a file beside the script without its ending .rhai, got "/etc/passwd"
    import: expected the name of a file beside the script without its ending .rhai, got ""
    import: expected a name in quotes
    unknown module "tool"; did you mean "tools"? known: tools, deeper
    more than 100 imports; import modules once, at the beginning
    "#);
}

#[test]
fn modules_cannot_import_in_a_circle() {
    let files = [
        ("a.rhai", "import \"b\" as b;"),
        ("b.rhai", "fn f() {\n    import \"c\" as c;\n}"),
        ("c.rhai", "import \"a\" as a;"),
    ];
    assert_snapshot!(mistake(&files, "import \"a\" as a;"), @r#"
    error: modules import each other: a → b → c → a
     --> c.rhai:1:8
      |
    1 | import "a" as a;
      |        ^
    "#);
}
