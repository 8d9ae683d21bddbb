//! Methods that only look at what they are called on are called on a copy of it.
//!
//! Rhai keeps a variable locked while a method of it, or of a part of it, runs, so that a closure that such a method calls
//! could not use the variable: `p.sizes.map(|mb| deploy(#{ workload: p.workload, memory: mb }))` would be a data race, which
//! `({p.sizes}).map(…)` is not. Scripts are therefore compiled with such brackets; whoever shows a place of a script asks
//! [`Brackets`] where it is in the text that was written.

use std::collections::BTreeMap;

use rhai::{AST, ASTFlags, ASTNode, BinaryExpr, Expr, FnCallExpr, FnPtr, Position, Stmt};

use crate::functions;

/// Methods of arrays and maps that call closures and change nothing.
const LOOKING: [&str; 9] =
    ["all", "filter", "find", "find_map", "index_of", "map", "reduce", "reduce_rev", "some"];

/// Where brackets were put in, by line: before which character of the line, and how many characters they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Brackets(BTreeMap<usize, Vec<(usize, usize)>>);

impl Brackets {
    /// From a place in the text that was compiled to that in the text that was written.
    pub(crate) fn written(&self, compiled: Position) -> Position {
        let (Some(line), Some(column)) = (compiled.line(), compiled.position()) else {
            return compiled;
        };
        let mut shift = 0;
        for &(before, width) in self.0.get(&line).map_or(&[][..], Vec::as_slice) {
            if column < before + shift {
                break;
            }
            shift += width.min(column - before - shift);
        }
        let column = u16::try_from(column - shift).unwrap_or(u16::MAX);
        Position::new(u16::try_from(line).unwrap_or(u16::MAX), column)
    }

    fn add(&mut self, at: Position, width: usize) {
        if let (Some(line), Some(column)) = (at.line(), at.position()) {
            let line = self.0.entry(line).or_default();
            line.push((column, width));
            line.sort_unstable();
        }
    }
}

/// The text with brackets around what such methods are called on; `None` if there is nothing to do.
pub(crate) fn bracketed(ast: &AST, text: &str) -> Option<(String, Brackets)> {
    let mut places: Vec<(Position, &str)> = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some((from, to)) = looked_at(ast, path)
            && begins(text, from, |c| c.is_alphabetic() || c == '_')
            && begins(text, to, |c| c == '.' || c == '?')
        {
            places.push((from, "({"));
            places.push((to, "})"));
        }
        true
    });
    if places.is_empty() {
        return None;
    }
    let key = |at: &Position| (at.line().unwrap_or(0), at.position().unwrap_or(0));
    places.sort_by_key(|(at, _)| key(at));
    places.dedup();
    let mut brackets = Brackets::default();
    let mut out = String::with_capacity(text.len() + 2 * places.len());
    let mut places = places.into_iter().peekable();
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        for (column, c) in (1..).zip(content.chars()) {
            while let Some((at, put)) = places.next_if(|(at, _)| key(at) == (line, column)) {
                out.push_str(put);
                brackets.add(at, put.len());
            }
            out.push(c);
        }
    }
    Some((out, brackets))
}

/// Whether the character at a place is such a one.
fn begins(text: &str, at: Position, is_such: impl Fn(char) -> bool) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else { return false };
    let line = text.split_inclusive('\n').nth(line - 1);
    column > 0 && line.and_then(|line| line.chars().nth(column - 1)).is_some_and(is_such)
}

/// A closure that uses a variable of which the method that calls it may change something: the variable, the method and its
/// place. Such a call always fails.
pub(crate) fn locked_out(ast: &AST) -> Option<(String, String, Position)> {
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some((Expr::Variable(variable, ..), methods)) = whole_chain(path) {
            let name = variable.1.as_str();
            found = methods
                .take_while(|(call, _, _)| !only_looks(ast, call))
                .find(|(call, _, _)| call.args.iter().any(|arg| captures(arg, name)))
                .map(|(call, _, position)| (name.to_owned(), call.name.to_string(), position));
        }
        found.is_none()
    });
    found
}

/// From where to where goes what a method looks at, if the last node of the path is the whole chain of such a call.
fn looked_at(ast: &AST, path: &[ASTNode<'_>]) -> Option<(Position, Position)> {
    let (root, mut methods) = whole_chain(path)?;
    let (_, dot, _) = methods.find(|(call, _, _)| only_looks(ast, call))?;
    Some((root.start_position(), dot))
}

/// A call in a chain, the place of its dot, and its own.
type Method<'a> = (&'a FnCallExpr, Position, Position);

/// What a chain begins with and the methods in it, if the last node of the path is a whole chain that begins with a variable.
fn whole_chain<'a>(path: &[ASTNode<'a>]) -> Option<(&'a Expr, impl Iterator<Item = Method<'a>>)> {
    let (ASTNode::Expr(expr), outer) = path.split_last()? else { return None };
    let is_part = match outer.last() {
        Some(ASTNode::Expr(outer)) => Link::of(outer)
            .is_some_and(|link| link.goes_on() && std::ptr::eq(&raw const link.chain.rhs, *expr)),
        _ => false,
    };
    let first = Link::of(expr).filter(|_| !is_part)?;
    let root = &first.chain.lhs;
    match root {
        Expr::Variable(variable, ..) if variable.2.is_empty() => {}
        Expr::ThisPtr(_) => {}
        // Whatever a call returns is a copy.
        _ => return None,
    }
    let links = std::iter::successors(Some(first), Link::next);
    let method = |link: Link<'a>| match link.item() {
        Expr::MethodCall(call, position) if link.is_dot => {
            Some((&**call, link.position, *position))
        }
        _ => None,
    };
    Some((root, links.filter_map(method)))
}

/// Whether a closure that is written there uses a variable.
fn captures(arg: &Expr, variable: &str) -> bool {
    let is_used = |path: &[ASTNode<'_>]| match path.last() {
        Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => {
            let is_it = |arg: &Expr| matches!(arg, Expr::Variable(used, ..) if used.1 == variable);
            call.name == "curry" && call.args.iter().skip(1).any(is_it)
        }
        _ => false,
    };
    !arg.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| !is_used(path))
}

/// A step of a chain like `a.b[c].d()`, with the rest of it.
struct Link<'a> {
    chain: &'a BinaryExpr,
    is_dot: bool,
    flags: ASTFlags,
    position: Position,
}

impl<'a> Link<'a> {
    fn of(expr: &'a Expr) -> Option<Link<'a>> {
        let (chain, is_dot, flags, position) = match expr {
            Expr::Dot(chain, flags, position) => (chain, true, flags, position),
            Expr::Index(chain, flags, position) => (chain, false, flags, position),
            _ => return None,
        };
        Some(Link { chain, is_dot, flags: *flags, position: *position })
    }

    /// The step after this one.
    fn next(&self) -> Option<Link<'a>> {
        Link::of(&self.chain.rhs).filter(|_| self.goes_on())
    }

    /// What this step leads to.
    fn item(&self) -> &'a Expr {
        self.next().map_or(&self.chain.rhs, |next| &next.chain.lhs)
    }

    /// Whether a chain on the right is the rest of this one, and not an index of its own.
    fn goes_on(&self) -> bool {
        self.is_dot || !self.flags.contains(ASTFlags::BREAK)
    }
}

/// Whether a method changes nothing of what it is called on.
fn only_looks(ast: &AST, call: &FnCallExpr) -> bool {
    let name = call.name.as_str();
    // The script may have a function of this name, which can change `this`.
    if ast.iter_functions().any(|function| function.name == name) {
        return false;
    }
    LOOKING.contains(&name)
        || name == "for_each" && !call.args.iter().any(|arg| may_change_this(ast, arg))
}

/// Whether a closure may change `this`; anything but a closure may.
fn may_change_this(ast: &AST, closure: &Expr) -> bool {
    let mut name = None;
    closure.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) = path.last()
            && let Some(function) = value.read_lock::<FnPtr>()
        {
            name.get_or_insert_with(|| function.fn_name().to_owned());
        }
        name.is_none()
    });
    let Some(name) = name.filter(|name| name.starts_with("anon$")) else { return true };
    let body = ast.clone_functions_only_filtered(|_, _, _, function, _| function == name);
    let changes = |path: &[ASTNode<'_>]| match path.last() {
        Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => is_this(&assigned.1.lhs),
        // A method of `this` may change it, and so may a function of Rhai's own.
        Some(ASTNode::Expr(Expr::MethodCall(..))) => path.iter().any(|node| match node {
            ASTNode::Expr(expr) => Link::of(expr).is_some_and(|link| is_this(&link.chain.lhs)),
            _ => false,
        }),
        Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => {
            let is_known = || functions().iter().any(|known| known.name() == call.name.as_str());
            call.op_token.is_none() && call.args.first().is_some_and(is_this) && !is_known()
        }
        _ => false,
    };
    // A walk that is not ended has found nothing.
    !body.walk(&mut |path: &[ASTNode<'_>]| !changes(path))
}

/// `this`, or a part of it.
fn is_this(expr: &Expr) -> bool {
    match expr {
        Expr::ThisPtr(_) => true,
        other => Link::of(other).is_some_and(|link| is_this(&link.chain.lhs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, engine};

    fn check(text: &str, expected: &str) {
        let engine = engine::sandbox(&Limits::default());
        let ast = engine.compile(text).unwrap();
        let (compiled, brackets) =
            bracketed(&ast, text).unwrap_or_else(|| (text.to_owned(), Brackets::default()));
        assert_eq!(compiled, expected);
        assert!(engine.compile(&compiled).is_ok());
        // Every character is where it was written.
        for (line, (written, compiled)) in (1..).zip(text.lines().zip(compiled.lines())) {
            let written: Vec<char> = written.chars().collect();
            for (column, c) in (1..).zip(compiled.chars()) {
                let at = brackets.written(Position::new(line, column)).position().unwrap();
                let is_bracket = written.get(at - 1) != Some(&c);
                assert!(!is_bracket || "({})".contains(c), "{c} {line}:{column} → {at}");
            }
        }
    }

    #[test]
    fn what_is_looked_at_is_in_brackets() {
        check("let p = 1; p.map(|x| p)", "let p = 1; ({p}).map(|x| p)");
        check("let p = 1; p.a[0].map(|x| p.b).len()", "let p = 1; ({p.a[0]}).map(|x| p.b).len()");
        check("let p = 1; p[p.find(|x| p)].a", "let p = 1; p[({p}).find(|x| p)].a");
        check(
            "let p = 1;\nlet n = `é ${p.a.map(|x| p.b.filter(|y| p))}`; p.b.some(|x| p)",
            "let p = 1;\nlet n = `é ${({p.a}).map(|x| ({p.b}).filter(|y| p))}`; ({p.b}).some(|x| p)",
        );
        check("let p = 1; p.pop().map(|x| p)", "let p = 1; ({p.pop()}).map(|x| p)");
        check(
            "let p = 1; fn f() { this.a.all(|x| x) }",
            "let p = 1; fn f() { ({this.a}).all(|x| x) }",
        );
        check("let p = 1; p.for_each(|| p.a + this)", "let p = 1; ({p}).for_each(|| p.a + this)");
    }

    #[test]
    fn a_closure_is_locked_out_by_the_method_that_calls_it() {
        let check = |text: &str, expected: Option<(&str, &str, u16)>| {
            let ast = engine::sandbox(&Limits::default()).compile(text).unwrap();
            let expected = expected.map(|(variable, method, column)| {
                (variable.to_owned(), method.to_owned(), Position::new(1, column))
            });
            assert_eq!(locked_out(&ast), expected, "{text}");
        };
        check("let p = 1; p.a.retain(|x| p.b)", Some(("p", "retain", 16)));
        check("let p = 1; let q = || p.for_each(|| this += p);", Some(("p", "for_each", 25)));
        check("let p = 1; let q = 2; p.retain(|x| q); p.map(|x| p).retain(|x| p)", None);
        check("let p = 1; p.push(p.len())", None);
    }

    #[test]
    fn what_may_change_stays_itself() {
        for text in [
            "let p = 1; let q = 1; p.retain(|x| q)",
            "let p = 1; let q = 1; p.sort(|x, y| q)",
            "let p = 1; p.for_each(|| this += p)",
            "let p = 1; p.for_each(|| this.a.push(p))",
            "let p = 1; p.for_each(|| push(this, p))",
            "let p = 1; let f = || this = 2; p.for_each(f)",
            "let p = 1; fn map(f) { this = 2; } p.map(|x| p)",
            "[1].map(|x| x); (1..2).filter(|x| x); \"p.map(|x| p)\"",
        ] {
            check(text, text);
        }
    }
}
