//! Closures use the variables around them, also where a method of one of those calls them.

use insta::assert_snapshot;

use crate::fake::run;

/// What a script notes.
fn noted(script: &str) -> Vec<String> {
    let ran = run(script);
    ran.result.unwrap_or_else(|error| panic!("{script}\n{}", error.render()));
    ran.log.iter().filter_map(|line| Some(line.strip_prefix("note ")?.to_owned())).collect()
}

#[test]
fn a_closure_may_use_what_it_is_called_for() {
    let check = |script: &str, expected: &str| {
        let declared =
            "let p = #{ xs: [1, 2, 3], k: 2, m: #{ ys: [4, 5] } };\nlet xs = [3, 1, 2];\n";
        assert_eq!(noted(&format!("{declared}{script}")), [expected], "{script}");
    };
    check("note(p.xs.map(|x| x * p.k));", "[2, 4, 6]");
    check("note(p.m.ys.map(|y| y + p.xs.filter(|x| x < p.k).len()));", "[5, 6]");
    check("note(xs.map(|x| x + xs.len()));", "[6, 4, 5]");
    check("note(xs.filter(|x| x == xs[0]));", "[3]");
    check("note(xs.reduce(|sum, x| sum + x * xs.len(), 0));", "18");
    check("note(xs.some(|x| x > xs.len()));", "false");
    check("note(xs.find(|x| x < xs[0]));", "1");
    check("note(xs.index_of(|x| x == xs[2]));", "2");
    check("let n = 0; p.xs.for_each(|| n += this * p.k); note(n);", "12");
    check("let ks = []; p.xs.for_each(|i| ks.push(i + p.xs.len())); note(ks);", "[3, 4, 5]");
    check("let g = |x| x * p.k; note(p.xs.map(|x| g.call(x)));", "[2, 4, 6]");
    check("fn double(ys, k) { ys.map(|y| y * k + ys.len()) } note(double([1], 2));", "[3]");
    check("note(`${p.xs.map(|x| x * p.k)}`);", "[2, 4, 6]");
    check("note(map(p.xs, |x| x * p.k));", "[2, 4, 6]");
    check("for i in 0..1 { let q = p.xs.map(|x| x + i + p.k); note(q); }", "[3, 4, 5]");
    check("note(p.xs.pop() + p.xs.map(|x| p.xs.len()).len());", "5");
    check(
        "let t = 0; while t < xs.len() { t += xs.filter(|x| x > xs.len() - 1).len(); } note(t);",
        "3",
    );
}

#[test]
fn what_a_closure_finds_by_deploying_is_the_same() {
    let ran = run("let p = params(#{ memory: [128, 512], workload: \"json\" });\n\
                   let fs = p.memory.map(|mb| deploy(#{ workload: p.workload, memory: mb }));\n\
                   blocks(1, fs, |f| { fs.for_each(|| note(`${fs.len()} ${this}`)); });");
    assert_eq!(ran.result.map(|outcome| outcome.functions).map_err(|e| e.render()), Ok(2));
}

#[test]
fn methods_that_change_still_do() {
    let check = |script: &str, expected: &str| {
        assert_eq!(
            noted(&format!("let xs = [3, 1, 2];\n{script}\nnote(xs);")),
            [expected],
            "{script}"
        );
    };
    check("xs.for_each(|| this *= 2);", "[6, 2, 4]");
    check("let n = 2; xs.for_each(|| this *= n);", "[6, 2, 4]");
    check("let n = 1; xs.retain(|x| x > n);", "[3, 2]");
    check("xs.sort(|a, b| a - b);", "[1, 2, 3]");
    check("fn map(f) { this.push(4); } let n = 1; xs.map(|x| n);", "[3, 1, 2, 4]");
}

#[test]
fn where_it_cannot_be_the_line_and_the_way_out_are_told() {
    let rendered = |script: &str| run(script).result.expect_err(script).render();
    assert_snapshot!(rendered("let xs = [3, 1, 2];\nxs.retain(|x| x > xs.len());"), @r#"
    error: a closure cannot use "xs" while retain() of "xs", or of a part of it, calls it; write let copy = xs; before, and use the copy in the closure
     --> test.rhai:2:4
      |
    2 | xs.retain(|x| x > xs.len());
      |    ^
    "#);
    assert_snapshot!(rendered("let ops = #{ k: 2 };\nops.f = |x| x * ops.k;\nnote(ops.f.call(3));"), @r"
    error: a closure uses a variable that is locked, as a method of the variable calls it; write let copy = …; before, and use the copy in the closure
     --> test.rhai:3:12
      |
    3 | note(ops.f.call(3));
      |            ^
    ");
    assert_eq!(
        noted("let xs = [3, 1, 2];\nlet copy = xs;\nxs.retain(|x| x >= copy.len());\nnote(xs);"),
        ["[3]"]
    );
}

#[test]
fn errors_are_shown_where_they_were_written() {
    let rendered = |script: &str| run(script).result.expect_err(script).render();
    assert_snapshot!(rendered("let p = #{ xs: [1], k: 2 }; note(p.xs.map(|x| p.n)); note(1);"), @r#"
    error: the map has no property "n"; did you mean "k"?
     --> test.rhai:1:49
      |
    1 | let p = #{ xs: [1], k: 2 }; note(p.xs.map(|x| p.n)); note(1);
      |                                                 ^
    "#);
    assert_snapshot!(rendered("let p = #{ xs: [1], k: 2 };\np.xs.map(|x| p.k); f(1);"), @r#"
    error: unknown function "f"
     --> test.rhai:2:20
      |
    2 | p.xs.map(|x| p.k); f(1);
      |                    ^
    "#);
    assert_snapshot!(rendered("let p = #{ xs: [64] };\nlet all = p.xs.map(|mb| deploy(#{ workload: \"json\", memory: mb }));"), @r#"
    error: deploy: memory size of 64 MB is out of range: Lambda has 128 to 10240 MB
     --> test.rhai:2:25
      |
    2 | let all = p.xs.map(|mb| deploy(#{ workload: "json", memory: mb }));
      |                         ^
    "#);
}
